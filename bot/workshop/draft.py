"""The draft of a corpus: a copy of its files beside them, which editors change and publish as a whole.

In the hidden folder ``.atelier`` of the corpus: ``brouillon`` (the draft, itself a corpus folder), ``base.json`` (what
the corpus was when the draft was last in step with it), ``index`` (of the draft), and what other modules keep.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from corpus.errors import MotamotError, reason
from corpus.files import copy_file, sha256_of, write_file

HOME = ".atelier"
_FILES = ("*.toml", "questions-connues.jsonl", "phrasings/*.toml", "documents/**/*")
"""What a corpus is made of, as an index sees it, and its known questions."""


_TICK = 100_000_000
"""Nanoseconds: what was touched so lately may be touched again within one tick of the clock of the disk."""


class WorkshopError(MotamotError):
    """What cannot be done in the workshop, why, and what to do; nothing that was there is lost."""


class ConflictError(WorkshopError):
    """Someone else changed the same thing meanwhile: nothing was written."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """How the draft and the corpus in service stand to each other, by names of files."""

    changed: tuple[str, ...]
    """Files that are other in the draft, added and removed ones included."""
    conflicts: tuple[str, ...]
    """Files that changed in the draft and in the corpus, differently."""


class Draft:
    """The draft of the corpus ``live``; made where there is none. Safe to use from several threads and processes.

    Raises:
        WorkshopError: The folder cannot be written.
    """

    def __init__(self, live: Path) -> None:
        self.live = live
        self.home = live / HOME
        self.folder = self.home / "brouillon"
        self.index = self.home / "index"
        with written(self.home):
            self.home.mkdir(exist_ok=True)
            if not (self.home / ".gitignore").is_file():
                write_file(self.home / ".gitignore", b"*\n")
        with self.locked():
            for path in self.home.rglob(".*.part"):  # what a killed process left half written
                path.unlink(missing_ok=True)
            self.step()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the draft: what is read and written in the block is one step for everyone else."""
        with written(self.home), (self.home / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def sync(self) -> Divergence:
        """Take up what changed in the corpus alone; how draft and corpus then differ."""
        with self.locked():
            return self.step()

    def read(self, name: str) -> bytes:
        """The content of a file, nothing where it is not there."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return b""

    def write(self, name: str, content: bytes) -> None:
        """Write a file in one step; to be called in a block of ``locked``."""
        write_file(self.folder / name, content)

    def remove(self, name: str) -> None:
        """Remove a file."""
        with written(self.home):
            (self.folder / name).unlink(missing_ok=True)

    def published(self) -> None:
        """Note that the corpus is now what the draft is; to be called in a block of ``locked``."""
        self._note(marks(self.live))

    def reset(self, names: tuple[str, ...] = ()) -> None:
        """Make the draft what the corpus is, or only these files of it."""
        with self.locked():
            for name in names or tuple(marks(self.folder).keys() | marks(self.live).keys()):
                copy_file(self.live / name, self.folder / name)
            self.step()

    def abandon(self) -> None:
        """Make the draft what the corpus is; what it was is kept beside it, until the next time."""
        kept = self.home / "brouillon-abandonne"
        with self.locked():
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(self.folder, kept)
        self.reset()

    def prefer(self, names: tuple[str, ...]) -> None:
        """Keep the draft's own version of files that changed in the corpus, too."""
        with self.locked():
            live = marks(self.live)
            self._note({**self._base(), **{name: live[name] for name in names if name in live}})

    def step(self) -> Divergence:
        """As ``sync``, in a block of ``locked``."""
        live, own, base = marks(self.live), marks(self.folder), self._base()
        for name in sorted(live.keys() | base.keys()):
            if live.get(name) != base.get(name) and own.get(name) == base.get(name):
                copy_file(self.live / name, self.folder / name)
                own = {k: v for k, v in own.items() if k != name} | ({name: live[name]} if name in live else {})
        agreed = {name: mark for name, mark in live.items() if own.get(name) == mark}
        kept = {name: mark for name, mark in base.items() if live.get(name) != own.get(name)}
        if agreed | kept != base:
            self._note(agreed | kept)
        changed = tuple(sorted(n for n in live.keys() | own.keys() if live.get(n) != own.get(n)))
        conflicts = tuple(n for n in changed if live.get(n) != base.get(n) and own.get(n) != base.get(n))
        return Divergence(changed, conflicts)

    def _base(self) -> dict[str, str]:
        try:
            content = json.loads((self.home / "base.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _note(self, base: Mapping[str, str]) -> None:
        write_file(self.home / "base.json", json.dumps(base, sort_keys=True, indent=1).encode())


def now() -> str:
    """ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def marks(folder: Path) -> dict[str, str]:
    """Name of each file of a corpus, relative to its folder -> SHA-256."""
    found = (path for pattern in _FILES for path in folder.glob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): _hash_of_file(path) for path in found}


def _hash_of_file(path: Path) -> str:
    seen = path.stat()
    if time.time_ns() - seen.st_mtime_ns < _TICK:
        return sha256_of(path)
    return _sha256(path, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


@lru_cache(10_000)
def _sha256(path: Path, *_: int) -> str:
    """Of a file, read again when the system says that it was touched."""
    return sha256_of(path)


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """What the system refuses to write is told in French, with the remedy.

    Raises:
        WorkshopError: It refused.
    """
    try:
        yield
    except OSError as error:
        raise WorkshopError(
            f"Rien n’a été enregistré : « {folder} » ne peut pas être écrit ({reason(error)}). Ce qui était là est "
            "intact ; libérez de la place ou vérifiez les droits du dossier, puis recommencez."
        ) from error

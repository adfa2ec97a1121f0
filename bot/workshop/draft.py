"""The draft of a corpus, a copy of its files beside them, and the dated versions that it is published as.

In the hidden folder ``.atelier`` of the corpus: ``brouillon`` (the draft, itself a corpus folder), ``base.json`` (what
the corpus was when the draft was last in step with it), ``index`` (of the draft), and what other modules keep.

A publication is first written whole (``versions/<date>``), then announced (``EN-COURS``), then put in service file by
file and index last. What is announced is finished at the next start, whatever ended it: a killed process loses nothing.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from corpus.catalogue import CORPUS_FILES
from corpus.errors import IndexStoreError, MotamotError, reason
from corpus.files import copy_file, sha256_of, write_file
from index.store import Store
from index.stored import keep_what_leaves

HOME = ".atelier"
_FILES = (*CORPUS_FILES, "questions-connues.jsonl")


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
    """The draft of the corpus ``live``; made where there is none. Safe to use from several threads and processes."""

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
    """What the system refuses to write is told in French, with the remedy."""
    try:
        yield
    except OSError as error:
        raise WorkshopError(
            f"Rien n’a été enregistré : « {folder} » ne peut pas être écrit ({reason(error)}). Ce qui était là est "
            "intact ; libérez de la place ou vérifiez les droits du dossier, puis recommencez."
        ) from error


# --- versions ---


KEPT = 50
"""Versions of the files of a corpus: a year of weekly publications."""


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a corpus."""

    id: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid4().hex[:4]}")
    at: str = field(default_factory=now)
    """ISO 8601, UTC."""
    author: str = ""
    note: str = ""
    changed: tuple[str, ...] = ()
    """Files that it changed."""
    gained: int | None = None
    """Questions of the replay that it won; None where it was not replayed."""
    lost: int | None = None


_RELEASE = TypeAdapter(Release)


class Releases:
    """The versions of one corpus; ``serve`` puts the index of the corpus as it is in service."""

    def __init__(self, draft: Draft, store: Store, serve: Callable[[], object]) -> None:
        self._draft = draft
        self._store = store
        self._serve = serve
        self._folder = draft.home / "versions"
        self._announced = draft.home / "EN-COURS"

    def all(self) -> list[Release]:
        """Newest first."""
        return sorted((r for p in self._folder.glob("*/version.json") if (r := _read(p))), key=lambda r: r.id)[::-1]

    def last(self) -> str:
        """When the last one was made, ISO 8601, UTC; empty before the first."""
        return max((release.at for release in self.all()), default="")

    def current(self) -> str:
        """Identifier of the version in service, empty before the first publication."""
        return _line(self._draft.home / "EN-SERVICE")

    def publish(self, author: str, note: str, gained: int, lost: int, is_checked: Callable[[], bool]) -> Release:
        """Put the draft in service, where ``is_checked`` still tells that the figures are those of the draft."""
        with self._draft.locked():
            found = self._draft.step()
            if not is_checked():
                raise WorkshopError("Le brouillon a changé pendant le contrôle : recommencez. Rien n’a été publié.")
            if found.conflicts:
                raise WorkshopError(
                    f"Le corpus en service a changé hors de l’atelier ({', '.join(found.conflicts)}) : choisissez "
                    "d’abord, sur la page Brouillon, laquelle des deux versions garder. Rien n’a été publié."
                )
            if not found.changed:
                raise WorkshopError("Le brouillon ne diffère pas du corpus en service : il n’y a rien à publier.")
            if not self.all():
                self._keep(self._draft.live, Release(note="Avant l’atelier"))
            made = Release(author=author, note=note, changed=found.changed, gained=gained, lost=lost)
            self._keep(self._draft.folder, made)
            self._put_in_service(made.id)
            self._prune()
        return made

    def revert(self, id_: str) -> Release:
        """Put an earlier version back in service; the draft keeps what it has."""
        with self._draft.locked():
            release = next((r for r in self.all() if r.id == id_), None)
            if release is None:
                raise WorkshopError("Cette version n’existe plus : rechargez la page.")
            self._draft.step()
            self._put_in_service(id_)
        return release

    def recover(self) -> None:
        """Finish what a killed process announced."""
        with self._draft.locked():
            if id_ := _line(self._announced):
                if (self._folder / id_ / "version.json").is_file():
                    self._put_in_service(id_)
                else:
                    self._announced.unlink()

    def _put_in_service(self, id_: str) -> None:
        live = self._draft.live
        files, before = marks(self._folder / id_ / "corpus"), marks(live)
        with written(live):
            with suppress(IndexStoreError):  # there is none, or it is damaged: it is built again
                keep_what_leaves(live, self._store.load(), set(files.values()))
            write_file(self._announced, id_.encode())
            for name in sorted(files.keys() | before.keys()):
                if files.get(name) != before.get(name):
                    copy_file(self._folder / id_ / "corpus" / name, live / name)
        self._serve()
        with written(live):
            self._draft.published()
            write_file(self._draft.home / "EN-SERVICE", id_.encode())
            self._announced.unlink()

    def _keep(self, corpus: Path, release: Release) -> None:
        unfinished = self._folder / f".{uuid4().hex}"
        try:
            for name in marks(corpus):
                copy_file(corpus / name, unfinished / "corpus" / name)
            write_file(unfinished / "version.json", _RELEASE.dump_json(release, indent=1))
            unfinished.replace(self._folder / release.id)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _prune(self) -> None:
        for old in self.all()[KEPT:]:
            if old.id != self.current():
                shutil.rmtree(self._folder / old.id, ignore_errors=True)


def _line(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _read(path: Path) -> Release | None:
    try:
        return _RELEASE.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None

"""The versions of an index, side by side in its folder, the pointer to the one in service, and their manifests.

``CURRENT`` names a folder ``v-…``, itself named after the SHA-256 of its manifest; builds write into
``.draft-…`` and take their turn at ``.lock``; ``WITHDRAWN`` lists what was rolled back from.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from corpus.errors import IndexStoreError, reason
from corpus.files import sha256_of

FORMAT = 13
"""Changes when an index written by another version of this code could be misread."""
CURRENT = "CURRENT"
MANIFEST = "manifest.json"
MEND = "reconstruisez-le avec « motamot build »."
KEPT = 3
"""The one in service and two to go back to: yesterday's mistake may be seen after today's build."""

_WITHDRAWN = "WITHDRAWN"
_LOCK = ".lock"
_DRAFT = ".draft-"
_POINTER = f".{CURRENT}-"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was made from and with."""

    format: int
    encoder: str
    """``Encoder.name``: model, version and weights."""
    dim: int
    fingerprint: str
    """SHA-256 over the corpus folder and everything else that shapes the index."""
    built: str
    """When, ISO 8601, UTC."""
    documents: dict[str, str]
    """Identifier -> SHA-256 of the file."""
    corpus: str
    """Absolute path of the corpus folder."""
    entries: dict[str, int]
    """Identifier of a document -> its number of entries."""
    versions: dict[str, str]
    """Library -> version it was built with."""
    files: dict[str, str]
    """Name of each other file -> its SHA-256."""


def manifest_of(content: Mapping[str, Any], index: object) -> Manifest:
    """The manifest of a version of an index, from its JSON.

    Raises:
        IndexStoreError: It is damaged or of another format.
    """
    if content.get("format") != FORMAT:
        raise IndexStoreError(
            f"L’index « {index} » vient d’une autre version de Motamot "
            f"(format {content.get('format')}, attendu {FORMAT}) : {MEND}"
        )
    try:
        return Manifest(**content)
    except TypeError as error:
        raise damaged(index, f"manifeste : {error}") from error


def damaged(index: object, what: object) -> IndexStoreError:
    """The error of an index that cannot be used."""
    return IndexStoreError(f"L’index « {index} » est abîmé ({what}) : {MEND}")


def corpus_in(manifest: Mapping[str, Any]) -> Path | None:
    """The corpus folder that an index of any format was built from; None where its manifest does not say."""
    found = manifest.get("corpus")
    return Path(found) if isinstance(found, str) else None


def remembered(folder: Path) -> dict[str, Any]:
    """The manifest of the version in service, whatever its format; empty where there is none."""
    try:
        return content(current(folder))
    except IndexStoreError:
        return {}


def content(version: Path) -> dict[str, Any]:
    """The JSON of the manifest of a version.

    Raises:
        IndexStoreError: It is damaged.
    """
    path = version / MANIFEST
    try:
        # What follows the dot parts versions of one content.
        if version.name.partition(".")[0] != name_of(path):
            raise ValueError("SHA-256")
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise damaged(version.parent, f"manifeste : {error}") from error


@contextmanager
def turn(folder: Path, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Hold the folder for one build, the others waiting; yields whether we had to wait ourselves.

    The system releases it when its holder ends, however it ends; what a killed one left behind is swept away.

    Raises:
        IndexStoreError: The folder cannot be written.
    """
    with written(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("a")
    with lock:
        with written(folder):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                waited = False
            except BlockingIOError:
                waited = True
                if on_wait:
                    on_wait()
                fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(folder)
        yield waited


def _sweep(folder: Path) -> None:
    for draft in folder.glob(f"{_DRAFT}*"):
        shutil.rmtree(draft, ignore_errors=True)
    for pointer in folder.glob(f"{_POINTER}*"):
        pointer.unlink(missing_ok=True)


@contextmanager
def drafted(folder: Path) -> Iterator[Path]:
    """A new folder to write a version in; what was not published is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    # Not mkdtemp: its folder is closed to others, and the account that serves may not be the one that builds.
    draft = folder / f"{_DRAFT}{uuid4().hex}"
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def publish(folder: Path, draft: Path) -> Path:
    """Make a draft, whole and with its manifest, the version in service."""
    name = name_of(draft / MANIFEST)
    # The same content may have been built within the same second: neither takes the place of the other.
    taken = sum(1 for _ in folder.glob(f"{name}*"))
    version = folder / (f"{name}.{taken}-{uuid4().hex[:4]}" if taken else name)
    _sync(draft)
    draft.replace(version)
    point_to(folder, version)
    _prune(folder, version)
    return version


def point_to(folder: Path, version: Path) -> None:
    """Put a version in service, in one step that a crash leaves done or not done."""
    _sync(folder)
    _replace(folder / CURRENT, version.name)
    _sync(folder)


def current(folder: Path) -> Path:
    """The version in service.

    Raises:
        IndexStoreError: There is none.
    """
    try:
        name = (folder / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexStoreError(f"Il n’y a pas d’index dans « {folder} » : {MEND}") from error
    if not name.startswith("v-") or "/" in name or "\0" in name or not (folder / name).is_dir():
        raise damaged(folder, f"version « {name} » absente")
    return folder / name


def is_in_service(folder: Path) -> bool:
    """Whether there is a version in service, whole or not."""
    try:
        current(folder)
    except IndexStoreError:
        return False
    return True


def newest_first(folder: Path) -> list[Path]:
    """Every version, in service or not, whole or not, by the moment it was built."""
    return sorted(folder.glob("v-*"), key=_built, reverse=True)


def _built(version: Path) -> tuple[str, int]:
    """As its manifest notes it, to the second, then as the disk does; the latter alone if it is damaged."""
    try:
        written = version.stat().st_mtime_ns
    except FileNotFoundError:
        return "", 0  # swept away meanwhile
    return _noted(version, "built") or datetime.fromtimestamp(written / 1e9, UTC).isoformat(timespec="seconds"), written


def fingerprint(version: Path) -> str:
    """Of the corpus and the settings that a version was built from; empty where its manifest is damaged."""
    return _noted(version, "fingerprint")


def _noted(version: Path, key: str) -> str:
    try:
        return str(json.loads((version / MANIFEST).read_text(encoding="utf-8"))[key])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _prune(folder: Path, in_service: Path) -> None:
    """Keep the newest versions; one that is still being read may go: its reader then turns to the newer one."""
    for old in [v for v in newest_first(folder) if v != in_service][KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    _sweep(folder)


def withdrawn(folder: Path) -> frozenset[str]:
    """Fingerprints of the corpora whose index was rolled back: none is built again unasked."""
    try:
        return frozenset((folder / _WITHDRAWN).read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError):
        return frozenset()


def withdraw(folder: Path, fingerprint: str) -> None:
    """Add one to them."""
    _replace(folder / _WITHDRAWN, "\n".join(sorted({*withdrawn(folder), fingerprint})))


def forgive(folder: Path) -> None:
    """Forget them: a build was asked for."""
    (folder / _WITHDRAWN).unlink(missing_ok=True)


def _replace(path: Path, content: str) -> None:
    draft = path.with_name(f"{_POINTER}{uuid4().hex}")
    try:
        write(draft, content.encode())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write(path: Path, content: bytes | Iterable[bytes | memoryview]) -> None:
    """Write a file down to the disk: an error there is an error here, and not a file cut short."""
    with path.open("wb") as file:
        for part in [content] if isinstance(content, bytes) else content:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Names in a folder are on the disk before anything points to them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def name_of(manifest: Path) -> str:
    """Of the version that has this manifest, before the dot that parts those of one content."""
    return f"v-{sha256_of(manifest)[:16]}"


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """What the system refuses to write is told in French, with the remedy."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        serving = " ; l’index précédent reste en service" if is_in_service(folder) else ""
        raise IndexStoreError(
            f"L’index ne peut pas être écrit dans « {folder} » ({reason(error)}) : vérifiez la place et les droits, "
            f"ou choisissez un autre dossier avec « --index »{serving}."
        ) from error

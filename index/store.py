"""Where an index lives: one interface, and a folder with its versions side by side, each file checksummed."""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from functools import cache
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.errors import IndexStoreError
from corpus.files import sha256_of
from index import versions
from index.dense import Dense, inverted_file
from index.lexical import Arrays
from index.stored import (
    FIELDS,
    SMALL_FILES,
    Raw,
    Stored,
    arrays_of,
    documents_json,
    entries_json,
    packed,
    restored,
    small_files,
)
from index.versions import Manifest, damaged, manifest_of

if TYPE_CHECKING:
    from index.database import Database

log = logging.getLogger(__name__)

_MAPPED = 2**20
"""Bytes from which an array has a file of its own, mapped into memory: only what is looked at is read."""


class Store(ABC):
    """The home of one index: its versions, each named as the store likes, of which one is in service."""

    @abstractmethod
    def turn(self, on_wait: Callable[[], None] | None = None) -> AbstractContextManager[bool]:
        """Hold it for one build, the others waiting; yields whether we had to wait ourselves."""

    @abstractmethod
    def save(self, stored: Stored) -> object:
        """Write a new version and put it in service in one atomic step; what was there answers until then.

        Raises:
            IndexStoreError: It cannot be written.
        """

    @abstractmethod
    def mark(self) -> Hashable | None:
        """What tells one version in service from the next, without reading it; None where there is none."""

    @abstractmethod
    def is_in_service(self) -> bool:
        """Whether there is a version in service, whole or not."""

    @abstractmethod
    def remembered(self) -> dict[str, Any]:
        """The manifest of the version in service, whatever its format; empty where there is none."""

    @abstractmethod
    def withdrawn(self) -> frozenset[str]:
        """Fingerprints of the corpora whose index was rolled back: none is built again unasked."""

    @abstractmethod
    def forgive(self) -> None:
        """Forget them: a build was asked for."""

    @abstractmethod
    def _current(self) -> Any:
        """The version in service; IndexStoreError where there is none."""

    @abstractmethod
    def _newest_first(self) -> Sequence[tuple[Any, str]]:
        """Every version, whole or not, and its fingerprint."""

    @abstractmethod
    def _read(self, version: Any) -> Stored:
        """A version, every file checked against its SHA-256; IndexStoreError where it is damaged or gone."""

    @abstractmethod
    def _serve(self, version: Any, withdrawn: str = "") -> None:
        """Put a version in service, and note the fingerprint of the one that is withdrawn for it."""

    def load(self) -> Stored:
        """The version in service.

        Raises:
            IndexStoreError: It is missing, foreign or damaged; the message says how to mend it.
        """
        version = self._current()
        while True:
            try:
                return self._read(version)
            except IndexStoreError:
                newer = self._current()
                if newer == version:
                    raise
                version = newer  # a build replaced the one that we were reading

    def rollback(self) -> Manifest:
        """Put the version before the one in service back in service; its manifest.

        The corpus of the version that is left is noted: it is not built again before it changes, or before a build
        is asked for.

        Raises:
            IndexStoreError: No older version is whole, or it cannot be written.
        """
        with self.turn():
            known = [version for version, _ in self._newest_first()]
            for older in known[known.index(self._current()) + 1 :]:
                if manifest := self._whole(older):
                    # Unknown where the one that is left is damaged.
                    self._serve(older, withdrawn=self.remembered().get("fingerprint", ""))
                    return manifest
        raise IndexStoreError(
            f"L’index « {self} » n’a pas de version précédente en bon état : corrigez le corpus, puis {versions.MEND}"
        )

    def switch(self, fingerprint: str) -> bool:
        """Put the newest whole version with this fingerprint in service, in a ``turn``; False where there is none.

        Raises:
            IndexStoreError: It cannot be written.
        """
        for version, own in self._newest_first():
            if own == fingerprint and self._whole(version):
                self._serve(version)
                return True
        return False

    def _whole(self, version: Any) -> Manifest | None:
        """The manifest of a version that can be read."""
        try:
            return self._read(version).manifest
        except IndexStoreError as error:
            log.warning("version %s of %s cannot be gone back to: %s", version, self, error)
            return None


class FolderStore(Store):
    """An index in a folder; what follows by the names of ``Store`` is documented there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def turn(self, on_wait: Callable[[], None] | None = None) -> AbstractContextManager[bool]:
        return versions.turn(self.folder, on_wait)

    def save(self, stored: Stored) -> Path:
        with versions.written(self.folder), versions.drafted(self.folder) as draft:
            arrays = arrays_of(stored)
            for name, lines in (("documents", documents_json(stored)), ("entries", entries_json(stored))):
                arrays[f"{name}.starts"] = _write_lines(draft / f"{name}.jsonl", lines)
            for field in FIELDS:
                if content := inverted_file(arrays[f"dense.{field}"], arrays["dense.trials"]):
                    versions.write(draft / f"{field}.faiss", content)
            large = {name for name, array in arrays.items() if array.nbytes >= _MAPPED}
            for name in sorted(large):
                versions.write(draft / f"{name}.npy", _npy(arrays[name]))
            versions.write(draft / "arrays.npz", packed({n: a for n, a in arrays.items() if n not in large}))
            for name, content in small_files(stored).items():
                versions.write(draft / name, content)
            files = {path.name: sha256_of(path) for path in sorted(draft.iterdir())}
            manifest = asdict(replace(stored.manifest, files=files))
            versions.write(draft / versions.MANIFEST, json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode())
            return versions.publish(self.folder, draft)

    def mark(self) -> tuple[int, int, int] | None:
        """Inode, date and size of the pointer to the version in service."""
        try:
            found = (self.folder / versions.CURRENT).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def is_in_service(self) -> bool:
        return versions.is_in_service(self.folder)

    def remembered(self) -> dict[str, Any]:
        return versions.remembered(self.folder)

    def withdrawn(self) -> frozenset[str]:
        return versions.withdrawn(self.folder)

    def forgive(self) -> None:
        versions.forgive(self.folder)

    def _current(self) -> Path:
        return versions.current(self.folder)

    def _newest_first(self) -> list[tuple[Path, str]]:
        return [(version, versions.fingerprint(version)) for version in versions.newest_first(self.folder)]

    def _serve(self, version: Path, withdrawn: str = "") -> None:
        with versions.written(self.folder):
            if withdrawn:
                versions.withdraw(self.folder, withdrawn)
            versions.point_to(self.folder, version)

    def _read(self, version: Path) -> Stored:
        manifest = manifest_of(versions.content(version), self)
        try:
            for name, wanted in manifest.files.items():
                if sha256_of(version / name) != wanted:
                    raise ValueError(f"fichier « {name} »")
            return _read(version, manifest)
        except (OSError, LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise damaged(self, error) from error


def store_at(place: Path | Store) -> Store:
    """The store at a place."""
    return FolderStore(place) if isinstance(place, Path) else place


@cache
def database(address: str) -> "Database":
    """The connections to a database, shared by the indexes in it.

    Raises:
        IndexStoreError: The extra "postgres" is not installed.
    """
    try:
        from index.database import Database
    except ImportError as error:
        raise IndexStoreError(
            "Le réglage « store » demande une bibliothèque de plus : « pip install 'motamot[postgres]' »."
        ) from error
    return Database(address)


def database_store(address: str, name: str) -> Store:
    """An index of a database."""
    connections = database(address)
    from index.postgres import DatabaseStore  # with the extra only

    return DatabaseStore(connections, name)


def _read(version: Path, manifest: Manifest) -> Stored:
    with np.load(version / "arrays.npz", allow_pickle=False) as small:
        arrays: Arrays = {name: small[name] for name in small.files}
    for path in version.glob("*.npy"):
        arrays[path.stem] = np.load(path, mmap_mode="r", allow_pickle=False)
    documents, entries = (
        _lines(version / f"{name}.jsonl", arrays[f"{name}.starts"]) for name in ("documents", "entries")
    )
    dense = {name: Dense.load(arrays[f"dense.{name}"], version / f"{name}.faiss") for name in FIELDS}
    files = {name: (version / name).read_bytes() for name in SMALL_FILES}
    return restored(manifest, files, arrays, dense, documents, entries)


def _lines(path: Path, starts: np.ndarray) -> Raw:
    """Reads lines of a file that stays mapped into memory."""
    content = np.memmap(path, dtype=np.uint8, mode="r")

    def read(rows: Sequence[int]) -> list[bytes]:
        return [content[starts[row] : starts[row + 1]].tobytes() for row in rows]

    return read


def _write_lines(path: Path, lines: Iterable[bytes]) -> np.ndarray:
    """Write one JSON a line; where each begins, and where the last ends."""
    written: list[int] = [0]

    def noted() -> Iterator[bytes]:
        for line in lines:
            written.append(len(line) + 1)
            yield line + b"\n"

    versions.write(path, noted())
    return np.asarray(list(accumulate(written)), dtype=np.int64)


def _npy(array: np.ndarray) -> tuple[bytes, memoryview]:
    """An array as NumPy's own file, without a copy of it."""
    header = BytesIO()
    whole = np.ascontiguousarray(array)
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(whole))
    return header.getvalue(), whole.reshape(-1).view(np.uint8).data

"""Encoding what is new: here, by several processes or on several machines, kept as it comes until an index holds it."""

import hashlib
import multiprocessing
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from corpus.errors import IndexStoreError
from index import data_home
from index.dense import Vectors
from index.encoder import Encoder

Key = tuple[bool, bytes]
"""Whether a text is a question, and its hash."""
Batch = tuple[bool, tuple[str, ...]]
BATCH = 64
HERE = 1
"""The number of processes that is this one alone."""


class Processes(Protocol):
    """What ``multiprocessing`` and Ray have alike."""

    def imap(self, function: Callable[[Any], Any], given: Iterable[Any]) -> Iterator[Any]:
        """Results in the order of what is given."""


def vectors_of(encoder: Encoder, batches: Sequence[Batch], pool: Processes | None = None) -> Iterator[Vectors]:
    """The vectors of each batch, in order."""
    return map(partial(_by, encoder), batches) if pool is None else pool.imap(_elsewhere, batches)


@contextmanager
def pool(n: int, load: Callable[[], Encoder], ray: str | None = None) -> Iterator[Processes | None]:
    """Processes that encode, each with an encoder of its own; None for none but this one.

    Args:
        n: How many; with Ray, as many as its machines have cores where it is ``HERE``.
        load: Makes an encoder, in the other process.
        ray: Address of a Ray cluster, such as ``auto``.

    Raises:
        IndexStoreError: The extra "ray" is not installed.
    """
    if ray is not None:
        try:
            from ray.util.multiprocessing import Pool as RayPool  # type: ignore[import-not-found]
        except ImportError as error:
            raise IndexStoreError(
                "L’option « --ray » demande une bibliothèque de plus : « pip install 'motamot[ray]' »."
            ) from error
        with RayPool(None if n == HERE else n, initializer=_start, initargs=(load,), ray_address=ray) as made:
            yield made
    elif n > HERE:
        with multiprocessing.get_context("spawn").Pool(n, _start, (load,)) as made:
            yield made
    else:
        yield None


_ENCODERS: list[Encoder] = []


def _start(load: Callable[[], Encoder]) -> None:
    _ENCODERS[:] = [load()]


def _elsewhere(batch: Batch) -> Vectors:
    return _by(_ENCODERS[0], batch)


def _by(encoder: Encoder, batch: Batch) -> Vectors:
    as_query, texts = batch
    return encoder.encode_queries(texts) if as_query else encoder.encode_passages(texts)


class Unfinished:
    """Vectors of a build that has not ended: one that was killed goes on from there.

    Args:
        encoder: Name of the encoder.
        dim: Length of a vector.
    """

    def __init__(self, encoder: str, dim: int) -> None:
        self._dim = dim
        self._path = data_home() / "unfinished" / f"{hashlib.sha256(encoder.encode()).hexdigest()[:16]}.sqlite3"

    def known(self) -> dict[Key, Vectors]:
        """Those that are there."""
        if not self._path.is_file():
            return {}
        try:
            with closing(self._open()) as connection:
                rows = connection.execute("SELECT is_query, digest, vector FROM encoded").fetchall()
        except sqlite3.Error:
            return {}  # damaged by the kill: they are encoded again
        whole = [row for row in rows if len(row[2]) == 4 * self._dim]
        return {(bool(is_query), digest): np.frombuffer(vector, np.float32) for is_query, digest, vector in whole}

    def keep(self, keys: Sequence[Key], vectors: Vectors) -> None:
        """Add some; where they cannot be written, a build that is killed begins again."""
        try:
            with closing(self._open()) as connection, connection:
                rows = [(*key, vector.astype(np.float32).tobytes()) for key, vector in zip(keys, vectors, strict=True)]
                connection.executemany("INSERT OR REPLACE INTO encoded VALUES (?, ?, ?)", rows)
        except (OSError, sqlite3.Error):
            return

    def forget(self) -> None:
        """An index holds them."""
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        Path(self._path.parent).mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=30)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS encoded (is_query, digest, vector, PRIMARY KEY (is_query, digest))"
        )
        return connection

"""Vectors of one field: exact cosines of any rows, and the nearest rows, found by FAISS where there are many."""

import os
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
import numpy.typing as npt

from index.records import Later

Vectors = npt.NDArray[np.float32]
Ints = npt.NDArray[np.integer[Any]]

FLAT = 10_000
"""Vectors that are all compared, in 3 ms (100,000: 25 ms); beyond, an inverted file chooses in 1 ms."""
_AT_ONCE = 100_000
"""Vectors added or compared at once: what is made of them takes 150 MB."""
RECALL = 0.98
"""Share of the true nearest that an inverted file must find, of those asked for."""
_TRIALS, _ASKED = 64, 100
_TRAINED_ON = 40
"""Vectors for each list of an inverted file: FAISS warns below 39."""


class Field(Protocol):
    """What a search asks of the vectors of one field, wherever they are."""

    def __len__(self) -> int: ...

    def scores(self, queries: Vectors, rows: Ints | None = None) -> Vectors:
        """Cosine with each query of every vector or of some rows, shape ``(n_queries, n)``, in [-1, 1]."""

    def nearest(self, queries: Vectors, k: int) -> Ints:
        """Rows of the ``k`` vectors nearest to each query, each row once, in no order."""

    def scores_later(self, queries: Vectors, rows: Ints) -> Later[Vectors]:
        """``scores``, begun now: what several fields are asked, a database answers at once."""

    def nearest_later(self, queries: Vectors, k: int) -> Later[Ints]:
        """``nearest``, begun now."""

    def all(self) -> Vectors:
        """Every vector, shape ``(n, dim)``, in the order they were given."""


class Dense:
    """Unit vectors in memory, or in a file that is mapped into it."""

    def __init__(
        self, vectors: Vectors, index: faiss.IndexIVF | None = None, file: tuple[int, int] | None = None
    ) -> None:
        if vectors.ndim != 2:
            raise ValueError(f"vectors must have shape (n, dim), got {vectors.shape}")
        self._vectors = vectors
        self._index = index
        self._file = file

    def __del__(self) -> None:
        if getattr(self, "_file", None):
            os.close(self._file[0])  # type: ignore[index]

    @classmethod
    def of(cls, vectors: Vectors) -> "Dense":
        """Unit vectors, shape ``(n, dim)``, all compared.

        Raises:
            ValueError: ``vectors`` is not two-dimensional.
        """
        return cls(np.ascontiguousarray(vectors, dtype=np.float32))

    def __len__(self) -> int:
        return len(self._vectors)

    @property
    def dim(self) -> int:
        return int(self._vectors.shape[1])

    def all(self) -> Vectors:
        """Every vector, shape ``(n, dim)``, in the order they were given."""
        return self._vectors

    def scores(self, queries: Vectors, rows: Ints | None = None) -> Vectors:
        """As ``Field.scores``.

        Raises:
            ValueError: ``queries`` is not ``(n_queries, dim)``.
        """
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(f"queries must have shape (n, {self.dim}), got {queries.shape}")
        found: Vectors = (self._vectors if rows is None else self._rows(rows)) @ queries.T
        return found.T

    def _rows(self, rows: Ints) -> Vectors:
        """Some vectors. From a file they are read run by run: mapped, each would draw its neighbours into memory."""
        if self._file is None:
            return self._vectors[rows]
        found = np.empty((len(rows), self.dim), np.float32)
        handle, offset = self._file
        bounds = [0, *(np.flatnonzero(np.diff(rows) != 1) + 1).tolist(), len(rows)]
        for start, end in pairwise(bounds if len(rows) else []):
            os.preadv(handle, [found[start:end].data.cast("B")], offset + int(rows[start]) * found.itemsize * self.dim)
        return found

    def nearest(self, queries: Vectors, k: int) -> Ints:
        """As ``Field.nearest``."""
        k = min(k, len(self))
        if self._index is not None:
            _, rows = self._index.search(np.ascontiguousarray(queries), k)
            return np.unique(rows[rows >= 0])
        return np.unique(_best(self.scores(queries), k))

    def scores_later(self, queries: Vectors, rows: Ints) -> Later[Vectors]:
        """As ``Field.scores_later``."""
        return partial(self.scores, queries, rows)

    def nearest_later(self, queries: Vectors, k: int) -> Later[Ints]:
        """As ``Field.nearest_later``."""
        return partial(self.nearest, queries, k)

    @classmethod
    def load(cls, vectors: Vectors, inverted_file: Path) -> "Dense":
        """From vectors that may be mapped into memory, and a file of what ``inverted_file`` gives, there or not.

        Raises:
            RuntimeError: FAISS cannot read the file.
            ValueError: It holds another kind of index, or one of other vectors.
        """
        if not inverted_file.exists():
            return cls(vectors)
        index = faiss.read_index(str(inverted_file), faiss.IO_FLAG_MMAP_IFC)
        if not isinstance(index, faiss.IndexIVF) or (index.ntotal, index.d) != vectors.shape:
            raise ValueError(f"{inverted_file.name} holds no inverted file of {vectors.shape} numbers")
        file = None
        if isinstance(vectors, np.memmap) and vectors.filename:
            file = os.open(vectors.filename, os.O_RDONLY), vectors.offset
        return cls(np.asarray(vectors), index, file)


def inverted_file(vectors: Vectors, queries: Vectors) -> bytes | None:
    """What finds the nearest of many vectors, in FAISS's own format; None where they are few.

    One byte a number, in some four times the square root of n lists; it looks into as many as RECALL takes for
    questions such as ``queries``, which lie elsewhere than texts. Not written by FAISS: on a full disk it cuts the
    file short and says nothing.
    """
    if len(vectors) <= FLAT:
        return None
    n, dim = vectors.shape
    n_lists = int(2 ** int(np.log2(min(4 * np.sqrt(n), n / _TRAINED_ON))))
    index: Any = faiss.index_factory(dim, f"IVF{n_lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.seed, index.cp.max_points_per_centroid = 0, _TRAINED_ON
    random = np.random.default_rng(0)
    index.train(vectors[np.sort(random.choice(n, min(n, _TRAINED_ON * n_lists), replace=False))])
    for start in range(0, n, _AT_ONCE):
        index.add(np.ascontiguousarray(vectors[start : start + _AT_ONCE]))
    queries, true = true_nearest(vectors, queries)
    index.nprobe = 8
    while index.nprobe < n_lists and recall(true, index.search(queries, _ASKED)[1]) < RECALL:
        index.nprobe = min(2 * index.nprobe, n_lists)
    content: bytes = faiss.serialize_index(index).tobytes()
    return content


def true_nearest(vectors: Vectors, queries: Vectors) -> tuple[Vectors, Ints]:
    """Some points between two of the queries, or, where there are few, of the vectors; and the nearest rows of each.

    A message speaks of more than one thing: over 500,000 passages, where .98 of the nearest of such points are found,
    so are .98 of those of citizens' messages; where .98 of those of plain headings are, .89.
    """
    random = np.random.default_rng(1)
    among = queries if len(queries) >= _TRIALS else vectors
    one, other = (among[random.choice(len(among), _TRIALS, replace=len(among) < _TRIALS)] for _ in range(2))
    chosen = (0.6 * one + 0.4 * other).astype(np.float32)
    chosen /= np.linalg.norm(chosen, axis=1, keepdims=True)
    return chosen, _exactly(vectors, chosen, _ASKED)


def _exactly(vectors: Vectors, queries: Vectors, k: int) -> Ints:
    """The true nearest of each query, some vectors at a time."""
    rows = np.zeros((len(queries), 0), dtype=np.intp)
    scores = np.zeros((len(queries), 0), dtype=np.float32)
    for start in range(0, len(vectors), _AT_ONCE):
        found = queries @ vectors[start : start + _AT_ONCE].T
        rows = np.hstack([rows, np.tile(np.arange(start, start + found.shape[1]), (len(queries), 1))])
        scores = np.hstack([scores, found])
        best = _best(scores, min(k, scores.shape[1]))
        rows, scores = np.take_along_axis(rows, best, 1), np.take_along_axis(scores, best, 1)
    return rows


def _best(scores: Vectors, k: int) -> Ints:
    """Columns of the ``k`` highest scores of each row, in no order."""
    return np.argpartition(-scores, k - 1, axis=1)[:, :k] if k else np.zeros((len(scores), 0), dtype=np.intp)


def recall(true: Ints, found: Ints) -> float:
    """Share of the true rows that were found, both of shape ``(n_queries, k)``."""
    pairs = zip(true.tolist(), found.tolist(), strict=True)
    return float(np.mean([len(set(own) & set(got)) / len(own) for own, got in pairs]))

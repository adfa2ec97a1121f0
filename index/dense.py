"""Vectors of one field: exact cosines of any rows, and the nearest rows, found by FAISS where there are many."""

from functools import partial
from mmap import MADV_RANDOM, mmap
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
"""Share of what all lists find for trial questions that an inverted file must find, of those asked for."""
_TRIALS, ASKED = 128, 100
_FEWEST, _BEYOND = 40, 2
"""Lists tried at first, and looked into for each that RECALL takes: messages lie further from texts than trials do. Of
4,096 over a million passages 32 find .996 of the nearest of trials and .968 of those of citizens' messages, 80 .991."""
_ITERATIONS = 10
"""Of k-means; FAISS makes 25."""
_TRAINED_ON = 40
"""Vectors for each list of an inverted file: FAISS warns below 39."""


class Field(Protocol):
    """What a search asks of the vectors of one field, wherever they are."""

    def scores_later(self, queries: Vectors, rows: Ints) -> Later[Vectors]:
        """Cosine with each query of some rows, shape ``(n_queries, n)``, in [-1, 1].

        Begun now: what several fields are asked, a database answers at once.
        """

    def nearest_later(self, queries: Vectors, k: int) -> Later[Ints]:
        """Rows of the ``k`` vectors nearest to each query, each row once, in no order; begun now."""

    def all(self) -> Vectors:
        """Every vector, shape ``(n, dim)``, in the order they were given."""


class Dense:
    """Unit vectors in memory, or in a file that is mapped into it.

    Args:
        vectors: Shape ``(n, dim)``.
        index: Finds the nearest; where there is none, all are compared.
    """

    def __init__(self, vectors: Vectors, index: faiss.IndexIVF | None = None) -> None:
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._index = index

    def all(self) -> Vectors:
        """As ``Field.all``."""
        return self._vectors

    def scores(self, queries: Vectors, rows: Ints | None = None) -> Vectors:
        """As ``Field.scores_later``, done; by default of every vector."""
        found: Vectors = (self._vectors if rows is None else self._vectors[rows]) @ queries.T
        return found.T

    def nearest(self, queries: Vectors, k: int) -> Ints:
        """As ``Field.nearest_later``, done."""
        k = min(k, len(self._vectors))
        if self._index is not None:
            _, rows = self._index.search(np.ascontiguousarray(queries), k)
            return np.unique(rows[rows >= 0])
        best = np.argpartition(-self.scores(queries), k - 1, axis=1)[:, :k] if k else np.zeros(0, np.intp)
        return np.unique(best)

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
        base: Any = vectors.base
        if isinstance(base, mmap):
            base.madvise(MADV_RANDOM)  # else each row that is read would draw its neighbours into memory
        return cls(vectors, index)


def inverted_file(vectors: Vectors, queries: Vectors) -> bytes | None:
    """What finds the nearest of many vectors, in FAISS's own format; None where they are few.

    One byte a number, in up to eight times the square root of n lists: with half of them, twice as many vectors are
    compared for the same recall. Not written by FAISS: on a full disk it cuts the file short and says nothing.

    Args:
        vectors: All, shape ``(n, dim)``.
        queries: Questions, as ``trials`` takes them.
    """
    if len(vectors) <= FLAT:
        return None
    n, dim = vectors.shape
    n_lists = int(2 ** int(np.log2(min(8 * np.sqrt(n), n / _TRAINED_ON))))
    index: Any = faiss.index_factory(dim, f"IVF{n_lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.seed, index.cp.max_points_per_centroid, index.cp.niter = 0, _TRAINED_ON, _ITERATIONS
    random = np.random.default_rng(0)
    index.train(vectors[np.sort(random.choice(n, min(n, _TRAINED_ON * n_lists), replace=False))])
    for start in range(0, n, _AT_ONCE):
        index.add(np.ascontiguousarray(vectors[start : start + _AT_ONCE]))
    asked, index.nprobe = trials(vectors, queries), n_lists
    true = index.search(asked, ASKED)[1]
    index.nprobe = _FEWEST
    while index.nprobe < n_lists and recall(true, index.search(asked, ASKED)[1]) < RECALL:
        index.nprobe = 2 * index.nprobe
    index.nprobe = min(_BEYOND * index.nprobe, n_lists)
    content: bytes = faiss.serialize_index(index).tobytes()
    return content


def trials(vectors: Vectors, queries: Vectors) -> Vectors:
    """Some points between two of the queries, or, where there are few, of the vectors.

    A message speaks of more than one thing: over a million passages, where .98 of the nearest of plain headings are
    found, .88 of those of citizens' messages are.
    """
    random = np.random.default_rng(1)
    among = queries if len(queries) >= _TRIALS else vectors
    one, other = (among[random.choice(len(among), _TRIALS, replace=len(among) < _TRIALS)] for _ in range(2))
    chosen = (0.6 * one + 0.4 * other).astype(np.float32)
    found: Vectors = chosen / np.linalg.norm(chosen, axis=1, keepdims=True)
    return found


def recall(true: Ints, found: Ints) -> float:
    """Share of the true rows that were found, both of shape ``(n_queries, k)``."""
    pairs = zip(true.tolist(), found.tolist(), strict=True)
    return float(np.mean([len(set(own) & set(got)) / len(own) for own, got in pairs]))

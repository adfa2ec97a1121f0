"""Dense vectors in FAISS: exact inner product, one index for each field."""

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

# Beyond this many vectors the far tail of a ranking is not looked at: it shares one floor score.
_DEEPEST = 4096


class Dense:
    """Unit vectors of one field, searched exactly by cosine."""

    def __init__(self, index: faiss.IndexFlatIP) -> None:
        self._index = index

    @classmethod
    def of(cls, vectors: Vectors) -> "Dense":
        """Index unit vectors, shape ``(n, dim)``.

        Raises:
            ValueError: ``vectors`` is not two-dimensional.
        """
        if vectors.ndim != 2:
            raise ValueError(f"vectors must have shape (n, dim), got {vectors.shape}")
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def vectors(self) -> Vectors:
        """Every vector, shape ``(n, dim)``, in the order they were given."""
        found: Vectors = np.asarray(self._index.reconstruct_n(0, len(self)))
        return found

    def vector(self, row: int) -> Vectors:
        """One vector, shape ``(dim,)``."""
        found: Vectors = np.asarray(self._index.reconstruct(row))
        return found

    def scores(self, queries: Vectors) -> npt.NDArray[np.float32]:
        """Cosine of every vector with each query, shape ``(n_queries, n)``, in [-1, 1].

        Raises:
            ValueError: ``queries`` is not ``(n_queries, dim)``.
        """
        if queries.ndim != 2 or queries.shape[1] != self.dim:
            raise ValueError(f"queries must have shape (n, {self.dim}), got {queries.shape}")
        if len(self) == 0:
            return np.zeros((len(queries), 0), dtype=np.float32)
        found, rows = self._index.search(np.ascontiguousarray(queries), min(len(self), _DEEPEST))
        scores = np.repeat(found[:, -1:], len(self), axis=1)
        np.put_along_axis(scores, rows, found, axis=1)
        return scores

    def to_bytes(self) -> bytes:
        """In FAISS's own format. Not written by FAISS: on a full disk it cuts the file short and says nothing."""
        content: bytes = faiss.serialize_index(self._index).tobytes()
        return content

    @classmethod
    def load(cls, path: Path) -> "Dense":
        """Read a file that holds ``to_bytes``.

        Raises:
            RuntimeError: FAISS cannot read the file.
            ValueError: It holds another kind of index.
        """
        index = faiss.read_index(str(path))
        if not isinstance(index, faiss.IndexFlatIP):
            raise ValueError(f"{path.name} holds {type(index).__name__}, expected IndexFlatIP")
        return cls(index)

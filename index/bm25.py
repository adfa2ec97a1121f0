"""BM25 over French stems: one index for each field of the corpus."""

from collections.abc import Sequence
from typing import Any

import bm25s
import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


class Bm25:
    """BM25 of one field; its texts come as lists of terms (see ``french.stems``).

    Lucene's variant (Kamphuis et al. 2020, "Which BM25 do you mean?") with the usual k1 and b.
    """

    def __init__(self, texts: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.75) -> None:
        self._size = len(texts)
        self._index: Any = None
        if any(texts):  # bm25s refuses a field that has no word at all
            vocabulary: dict[str, int] = {}
            ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in text] for text in texts]
            self._index = bm25s.BM25(k1=k1, b=b, method="lucene")
            # A copy: bm25s adds a word of its own, the empty one, which then has no column.
            self._index.index((ids, dict(vocabulary)), show_progress=False)
            self._vocabulary = vocabulary

    def scores(self, terms: Sequence[str]) -> Scores:
        """BM25 of every text for these terms, shape ``(n_texts,)``; 0 where no term is shared."""
        if self._index is None:
            return np.zeros(self._size, dtype=np.float32)
        ids = [self._vocabulary[term] for term in terms if term in self._vocabulary]
        if not ids:
            return np.zeros(self._size, dtype=np.float32)
        found: Scores = self._index.get_scores_from_ids(ids)
        return found

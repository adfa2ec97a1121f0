"""A linear classifier over an editor's phrasings: which target does a question ask for, if any."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from index.dense import Vectors
from index.fields import Rows

Doubles = npt.NDArray[np.float64]

OUTSIDE = -1
"""The class of questions that the corpus does not answer."""

# Chosen on a coarse grid by leave-one-out over the shipped phrasings: neighbours differ by under a point.
_RIDGE = 0.3
_DENSE_WEIGHT = 2.0
_DENSE_SHARPNESS = 2.0


@dataclass(frozen=True, slots=True)
class Example:
    """One question as the head reads it."""

    text: str
    """Folded."""
    terms: tuple[str, ...]


class Head:
    """Kernel ridge regression onto one indicator for each class (Saunders et al. 1998).

    The kernel adds character n-grams, stems with their bigrams, and an exponential of the cosine. It is
    solved in closed form, and so are its predictions for what it did not see: cross-validation costs nothing.

    Args:
        examples: Questions whose class is known.
        vectors: Theirs, shape ``(n, dim)``.
        labels: Class of each, shape ``(n,)``.
        groups: Examples of one group are left out together, shape ``(n,)``.
    """

    def __init__(self, examples: Sequence[Example], vectors: Vectors, labels: Rows, groups: Rows) -> None:
        self._chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        self._terms = TfidfVectorizer(analyzer=_with_bigrams, sublinear_tf=True)
        self._char_rows = self._chars.fit_transform([e.text for e in examples])
        self._term_rows = self._terms.fit_transform([e.terms for e in examples])
        self._mean = vectors.mean(axis=0)
        self._vectors = self._centred(vectors)
        self.classes: Rows = np.unique(labels)
        wanted = (labels[:, None] == self.classes).astype(np.float64)
        kernel = self._kernel(examples, vectors)
        inverse = np.linalg.inv(kernel + _RIDGE * np.eye(len(kernel)))
        self._dual: Doubles = inverse @ wanted
        self.left_out: Doubles = _left_out(kernel @ inverse, wanted, groups)
        """Score of each class for each example, had its group not been learned from; ``(n, n_classes)``."""

    def scores(self, examples: Sequence[Example], vectors: Vectors) -> Doubles:
        """Score of each class, near 1 for the right one and 0 for the others; shape ``(n, n_classes)``."""
        found: Doubles = self._kernel(examples, vectors) @ self._dual
        return found

    def _kernel(self, examples: Sequence[Example], vectors: Vectors) -> Doubles:
        chars = self._chars.transform([e.text for e in examples]) @ self._char_rows.T
        terms = self._terms.transform([e.terms for e in examples]) @ self._term_rows.T
        cosines = self._centred(vectors) @ self._vectors.T
        dense = _DENSE_WEIGHT * np.exp(_DENSE_SHARPNESS * (cosines.astype(np.float64) - 1))
        return np.asarray(chars.toarray() + terms.toarray() + dense)

    def _centred(self, vectors: Vectors) -> Vectors:
        moved = vectors - self._mean
        found: Vectors = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        return found


def _left_out(hat: Doubles, wanted: Doubles, groups: Rows) -> Doubles:
    """Predictions for each group by a regression that never saw it (Rao and Mitra 1971, by blocks)."""
    residual = wanted - hat @ wanted
    left_out = np.empty_like(wanted)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        block = np.eye(len(rows)) - hat[np.ix_(rows, rows)]
        left_out[rows] = wanted[rows] - np.linalg.solve(block, residual[rows])
    return left_out


def _with_bigrams(terms: Sequence[str]) -> list[str]:
    return [*terms, *(f"{a} {b}" for a, b in pairwise(terms))]

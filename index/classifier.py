"""A linear classifier over an editor's phrasings: which target does a question ask for, if any."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from index.dense import Vectors
from index.ranking import Opinion
from index.rows import Ints

Doubles = npt.NDArray[np.float64]

OUTSIDE = -1
"""The class of questions that the corpus does not answer."""

# Chosen on a coarse grid by leave-one-out over the shipped phrasings: neighbours differ by under a point.
_RIDGE = 0.3
_DENSE_WEIGHT = 2.0
_DENSE_SHARPNESS = 2.0

# Score differences of the classifier are small numbers; this makes them comparable with standardised fields.
_SCALE = 4.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """One question as the classifier reads it."""

    text: str
    """Folded."""
    terms: tuple[str, ...]


class Classifier:
    """Kernel ridge regression onto one indicator for each class (Saunders et al. 1998).

    The kernel adds character n-grams, stems with their bigrams, and an exponential of the cosine. It is
    solved in closed form, and so are its predictions for what it did not see: cross-validation costs nothing.

    Args:
        examples: Questions whose class is known.
        vectors: Theirs, shape ``(n, dim)``.
        labels: Class of each, shape ``(n,)``.
        groups: Examples of one group are left out together, shape ``(n,)``.
        wider: The same of ``left_out_wider``.
    """

    def __init__(
        self, examples: Sequence[Tokens], vectors: Vectors, labels: Ints, groups: Ints, wider: Ints | None = None
    ) -> None:
        self._chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        self._terms = TfidfVectorizer(analyzer=_with_bigrams, sublinear_tf=True)
        char_rows = self._chars.fit_transform([e.text for e in examples])
        term_rows = self._terms.fit_transform([e.terms for e in examples])
        self._mean = vectors.mean(axis=0)
        self._vectors = self._centred(vectors)
        self.classes: Ints = np.unique(labels)
        wanted = (labels[:, None] == self.classes).astype(np.float64)
        kernel = (char_rows @ char_rows.T + term_rows @ term_rows.T).toarray() + self._dense(vectors)
        inverse = np.linalg.inv(kernel + _RIDGE * np.eye(len(kernel)))
        self._dual: Doubles = inverse @ wanted
        # Two of the three kernels are linear: what their examples say is one weight for each gram and class.
        self._of_chars = _Linear(self._chars, char_rows, self._dual)
        self._of_terms = _Linear(self._terms, term_rows, self._dual)
        hat = kernel @ inverse
        self.left_out: Doubles = _left_out(hat, wanted, groups)
        """Score of each class for each example, had its group not been learned from; ``(n, n_classes)``."""
        self.left_out_wider: Doubles = self.left_out if wider is None else _left_out(hat, wanted, wider)
        """The same, had its wider group not been learned from."""

    def scores(self, examples: Sequence[Tokens], vectors: Vectors) -> Doubles:
        """Score of each class, near 1 for the right one and 0 for the others; shape ``(n, n_classes)``."""
        linear = [self._of_chars.scores(e.text) + self._of_terms.scores(e.terms) for e in examples]
        found: Doubles = np.stack(linear) + self._dense(vectors) @ self._dual
        return found

    def _dense(self, vectors: Vectors) -> Doubles:
        cosines = self._centred(vectors) @ self._vectors.T
        found: Doubles = _DENSE_WEIGHT * np.exp(_DENSE_SHARPNESS * (cosines.astype(np.float64) - 1))
        return found

    def _centred(self, vectors: Vectors) -> Vectors:
        moved = vectors - self._mean
        found: Vectors = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
        return found


class _Linear:
    """A linear kernel over TF-IDF rows, folded into one weight for each gram and class."""

    def __init__(self, vectorizer: TfidfVectorizer, rows: Any, dual: Doubles) -> None:
        self._grams_of = vectorizer.build_analyzer()
        self._vocabulary: dict[str, int] = vectorizer.vocabulary_
        self._idf: Doubles = vectorizer.idf_
        self._weights: Doubles = rows.T @ dual  # (n_grams, n_classes)

    def scores(self, text: Any) -> Doubles:
        """Share of the score of each class, shape ``(n_classes,)``, weighed as ``TfidfVectorizer.transform`` does."""
        counts = Counter(self._vocabulary[gram] for gram in self._grams_of(text) if gram in self._vocabulary)
        if not counts:
            return np.zeros(self._weights.shape[1])
        grams = np.fromiter(counts, dtype=np.intp)
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float64))) * self._idf[grams]
        found: Doubles = (weights / np.linalg.norm(weights)) @ self._weights[grams]
        return found


def _left_out(hat: Doubles, wanted: Doubles, groups: Ints) -> Doubles:
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


def opinion(classifier: Classifier | None, scores: Doubles | None, n_targets: int) -> Opinion | None:
    """Scores of the classifier's classes as an opinion on every target."""
    if classifier is None or scores is None:
        return None
    inside = classifier.classes != OUTSIDE
    targets = np.full(n_targets, float(min(0.0, scores[inside].min())))
    targets[classifier.classes[inside]] = scores[inside]
    outside = float(scores[~inside].max(initial=0.0))
    return Opinion((_SCALE * targets).astype(np.float32), outside)

"""A linear classifier over an editor's phrasings: which target does a question ask for, if any."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from index.dense import Vectors
from index.lexical import Doubles, Ints, Tfidf, char_grams
from index.query import Query
from index.ranking import Opinion

OUTSIDE = -1
"""The class of questions that the corpus does not answer."""

# Chosen on a coarse grid by leave-one-out over the shipped phrasings: neighbours differ by under a point.
_RIDGE = 0.3
_DENSE_WEIGHT = 2.0
_DENSE_SHARPNESS = 2.0

# Score differences of the classifier are small numbers; this makes them comparable with standardised fields.
_SCALE = 4.0


@dataclass(frozen=True, slots=True)
class Classifier:
    """Kernel ridge regression onto one indicator for each class (Saunders et al. 1998).

    The kernel adds character n-grams, stems with their bigrams, and an exponential of the cosine.
    """

    classes: Ints
    """Row of a target, or OUTSIDE; shape ``(n_classes,)``."""
    dual: Doubles
    """What each example says of each class, shape ``(n_examples, n_classes)``."""
    chars: Tfidf
    terms: Tfidf
    mean: Vectors
    """Of the vectors of the examples, shape ``(dim,)``."""
    vectors: Vectors
    """Of the examples, centred, shape ``(n_examples, dim)``."""

    def scores(self, queries: Sequence[Query], vectors: Vectors) -> Doubles:
        """Score of each class, near 1 for the right one and 0 for the others; shape ``(n, n_classes)``."""
        words = [self.chars.scores(_chars(q)) + self.terms.scores(_terms(q)) for q in queries]
        found: Doubles = (np.stack(words) + _dense_kernel(_centred(vectors, self.mean), self.vectors)) @ self.dual
        return found

    def opinion(self, scores: Doubles, n_targets: int) -> Opinion:
        """Scores of the classes, shape ``(n_classes,)``, as an opinion on every target."""
        inside = self.classes != OUTSIDE
        targets = np.full(n_targets, float(min(0.0, scores[inside].min())))
        targets[self.classes[inside]] = scores[inside]
        return Opinion((_SCALE * targets).astype(np.float32), float(scores[~inside].max(initial=0.0)))


def fit(examples: Sequence[Query], vectors: Vectors, labels: Ints, groups: Ints) -> tuple[Classifier, Doubles]:
    """Learn; solved in closed form, and so is what it says of what it did not see: cross-validation costs nothing.

    Args:
        examples: Questions whose class is known.
        vectors: Theirs, shape ``(n, dim)``.
        labels: Class of each, shape ``(n,)``.
        groups: Examples of one group are left out together, shape ``(n,)``.

    Returns:
        The classifier, and the scores of each class for each example, ``(n, n_classes)``, had neither it nor its group
        been learned from.
    """
    mean: Vectors = vectors.mean(axis=0)
    centred = _centred(vectors, mean)
    classes: Ints = np.unique(labels)
    wanted = (labels[:, None] == classes).astype(np.float64)
    chars, terms = Tfidf.of([_chars(e) for e in examples]), Tfidf.of([_terms(e) for e in examples])
    kernel = chars.products() + terms.products() + _dense_kernel(centred, centred)
    inverse = np.asarray(np.linalg.inv(kernel + _RIDGE * np.eye(len(kernel))), np.float64)
    dual: Doubles = inverse @ wanted
    return Classifier(classes, dual, chars, terms, mean, centred), _left_out(inverse, dual, wanted, groups)


def _chars(query: Query) -> list[str]:
    return char_grams(query.rewritten.folded, shortest=2)


def _terms(query: Query) -> list[str]:
    terms = (*query.terms, *query.added)
    return [*terms, *(f"{a} {b}" for a, b in pairwise(terms))]


def _centred(vectors: Vectors, mean: Vectors) -> Vectors:
    moved = vectors - mean
    found: Vectors = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    return found


def _dense_kernel(centred: Vectors, others: Vectors) -> Doubles:
    cosines = (centred @ others.T).astype(np.float64)
    found: Doubles = _DENSE_WEIGHT * np.exp(_DENSE_SHARPNESS * (cosines - 1))
    return found


def _left_out(inverse: Doubles, dual: Doubles, wanted: Doubles, groups: Ints) -> Doubles:
    """Predictions for each group by a regression that never saw it (Rifkin and Lippert 2007, by blocks)."""
    left_out = wanted.copy()
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        left_out[rows] -= np.linalg.solve(inverse[np.ix_(rows, rows)], dual[rows])
    return left_out

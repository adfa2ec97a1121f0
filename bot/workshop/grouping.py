"""Group questions that ask the same thing: their vectors, their words, and the entry that lies nearest to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.dense import Vectors
from index.french import STOP_WORDS, stems_of, words

MOST = 2_000
"""Texts grouped at once; distances are counted between all pairs, which takes a second for so many."""
# Shares of the likeness of two questions, and the likeness from which groups are joined (average linkage). Of the two
# FAQs of tests/reader_data/held, 62 % of the questions are then of the entry that most of their group ask for; with
# words or meaning alone 45 %.
_WORDS, _NEAREST, _JOIN = 0.2, 0.45, 0.45


@dataclass(frozen=True, slots=True)
class ToGroup:
    """What tells what a question is about."""

    text: str
    nearest: str | None
    """The entry that came first when it was asked."""


def grouped(questions: Sequence[ToGroup], vectors: Vectors) -> list[list[int]]:
    """Rows of the questions of each group.

    Args:
        questions: At most ``MOST``.
        vectors: Of their texts, of length 1, shape ``(n, dim)``.
    """
    if len(questions) < 2:
        return [[row] for row in range(len(questions))]
    from sklearn.cluster import AgglomerativeClustering  # a second of import

    alike = likeness(questions, vectors)
    found = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - _JOIN
    ).fit_predict(1 - alike)
    return [np.flatnonzero(found == group).tolist() for group in range(int(found.max()) + 1)]


def likeness(questions: Sequence[ToGroup], vectors: Vectors) -> npt.NDArray[np.float32]:
    """How much each two questions ask the same, from 0 to 1, shape ``(n, n)``."""
    # Vectors of questions to one service lie close together: what they have in common tells nothing.
    centred = vectors - vectors.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    nearest = np.asarray([question.nearest or f"?{row}" for row, question in enumerate(questions)])
    meant = np.clip(centred @ centred.T, 0, 1)
    same = (nearest[:, None] == nearest[None, :]).astype(np.float32)
    alike = (1 - _WORDS - _NEAREST) * meant + _WORDS * _shared_words(questions) + _NEAREST * same
    np.fill_diagonal(alike, 1.0)
    found: npt.NDArray[np.float32] = alike.astype(np.float32)
    return found


def _shared_words(questions: Sequence[ToGroup]) -> npt.NDArray[np.float32]:
    """Cosine of their stems, rare ones counting more."""
    bags = [set(stems_of(word for word in words(q.text) if word not in STOP_WORDS)) for q in questions]
    column = {stem: number for number, stem in enumerate(sorted(set().union(*bags)))}
    counts = np.zeros((len(bags), max(len(column), 1)), dtype=np.float32)
    for row, bag in enumerate(bags):
        counts[row, [column[stem] for stem in bag]] = 1
    counts *= np.log(1 + len(bags) / np.maximum(counts.sum(axis=0), 1))
    counts /= np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)
    found: npt.NDArray[np.float32] = counts @ counts.T
    return found

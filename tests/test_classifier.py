"""The classifier over phrasings; above all, that its leave-one-out scores come from never having seen the one."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from test_query import parser_of

from corpus.phrasings import Lexicon
from index import classifier as module
from index.classifier import OUTSIDE, Classifier, fit

QUESTIONS = [
    ("emprunter un livre", 0),
    ("livres a emprunter", 0),
    ("prendre un livre", 0),
    ("prêter un roman", 0),
    ("amende de retard", 1),
    ("retard d'un livre", 1),
    ("payer une amende", 1),
    ("quelle heure est-il", OUTSIDE),
    ("quelle est la météo", OUTSIDE),
    ("recette de la tarte", OUTSIDE),
]
LABELS = np.array([label for _, label in QUESTIONS])
ALONE = np.arange(len(QUESTIONS))
"""Each question is a group of its own."""
PARSER = parser_of([], Lexicon())
EXAMPLES = [PARSER.read(text) for text, _ in QUESTIONS]


def near_axes() -> npt.NDArray[np.float32]:
    """Random unit vectors near one axis for each class."""
    drawn = np.random.default_rng(0).normal(scale=0.4, size=(len(QUESTIONS), 5))
    drawn[np.arange(len(QUESTIONS)), LABELS % 3] += 1
    found: npt.NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return found


VECTORS = near_axes()


def kernel(classifier: Classifier) -> npt.NDArray[np.float64]:
    """The kernel of the examples, from scikit-learn's own rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # seconds, in each process that collects tests

    chars = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    terms = TfidfVectorizer(analyzer=lambda e: [*e, *map(" ".join, pairwise(e))], sublinear_tf=True)
    read = [e.rewritten.folded for e in EXAMPLES], [[*e.terms, *e.added] for e in EXAMPLES]
    fields = [chars.fit_transform(read[0]), terms.fit_transform(read[1])]
    cosines = classifier.vectors.astype(np.float64) @ classifier.vectors.T
    found: npt.NDArray[np.float64] = sum((f @ f.T).toarray() for f in fields) + 2 * np.exp(2 * (cosines - 1))
    return found


def refitted(classifier: Classifier, row: int, group: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Scores of one question by a ridge regression on the same kernel that never saw its group."""
    wanted = (LABELS[:, None] == classifier.classes).astype(float)
    kept = np.setdiff1d(ALONE, group)
    own = kernel(classifier)
    dual = np.linalg.solve(own[np.ix_(kept, kept)] + module._RIDGE * np.eye(len(kept)), wanted[kept])
    found: npt.NDArray[np.float64] = own[row, kept] @ dual
    return found


@pytest.mark.parametrize("groups", [ALONE, np.array([0, 0, 0, 1, 2, 3, 3, 4, 4, 5])], ids=["alone", "in groups"])
def test_leaving_out_equals_refitting_without_the_group(groups: npt.NDArray[np.intp]) -> None:
    classifier, left_out = fit(EXAMPLES, VECTORS, LABELS, groups)

    for row in ALONE:
        others = np.flatnonzero(groups == groups[row])
        assert left_out[row] == pytest.approx(refitted(classifier, row, others), abs=1e-6)


def test_leaving_one_out_does_not_flatter() -> None:
    """Words are weighed and vectors centred with the one that is left out: this must not raise its own score."""
    whole, left_out = fit(EXAMPLES, VECTORS, LABELS, ALONE)
    own = (LABELS[:, None] == whole.classes).argmax(axis=1)

    anew = []
    for row in ALONE:
        kept = np.setdiff1d(ALONE, [row])
        classifier, *_ = fit([EXAMPLES[i] for i in kept], VECTORS[kept], LABELS[kept], kept)
        anew.append(classifier.scores([EXAMPLES[row]], VECTORS[[row]])[0][own[row]])

    assert left_out[ALONE, own].mean() <= np.mean(anew)
    assert (left_out[ALONE, own] < whole.scores(EXAMPLES, VECTORS)[ALONE, own]).all()


def test_scores_are_highest_for_the_class_of_a_question() -> None:
    classifier, *_ = fit(EXAMPLES, VECTORS, LABELS, ALONE)

    found = classifier.scores([PARSER.read("emprunter des livres")], VECTORS[:1])

    assert classifier.classes.tolist() == [OUTSIDE, 0, 1]
    assert classifier.classes[found[0].argmax()] == 0
    assert found.shape == (1, 3)
    # Unknown words: the vector alone tells.
    assert classifier.classes[classifier.scores([PARSER.read("")], VECTORS[4:5])[0].argmax()] == 1

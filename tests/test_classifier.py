"""The classifier over phrasings; above all, that its leave-one-out scores come from never having seen the one."""

import numpy as np
import numpy.typing as npt
import pytest

from index import classifier as module
from index.classifier import OUTSIDE, Classifier, Tokens

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
RIDGE = 0.3


def examples() -> list[Tokens]:
    return [Tokens(text, tuple(text.split())) for text, _ in QUESTIONS]


def vectors(seed: int = 0) -> npt.NDArray[np.float32]:
    """Random unit vectors near one axis for each class."""
    drawn = np.random.default_rng(seed).normal(scale=0.4, size=(len(QUESTIONS), 5))
    drawn[np.arange(len(QUESTIONS)), LABELS % 3] += 1
    found: npt.NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return found


def refitted(classifier: Classifier, row: int, group: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Scores of one question by a ridge regression on the same kernel that never saw its group."""
    chars = classifier._chars.transform([e.text for e in examples()])
    terms = classifier._terms.transform([e.terms for e in examples()])
    kernel = (chars @ chars.T + terms @ terms.T).toarray() + classifier._dense(vectors())
    wanted = (LABELS[:, None] == classifier.classes).astype(float)
    kept = np.setdiff1d(ALONE, group)
    dual = np.linalg.solve(kernel[np.ix_(kept, kept)] + RIDGE * np.eye(len(kept)), wanted[kept])
    found: npt.NDArray[np.float64] = kernel[row, kept] @ dual
    return found


def test_the_ridge_of_this_test_is_that_of_the_code() -> None:
    assert module._RIDGE == RIDGE


def test_leave_one_out_equals_refitting_without_the_one() -> None:
    classifier = Classifier(examples(), vectors(), LABELS, ALONE)

    for row in ALONE:
        assert classifier.left_out[row] == pytest.approx(refitted(classifier, row, np.array([row])), abs=1e-9)


def test_a_group_is_left_out_as_a_whole() -> None:
    groups = np.array([0, 0, 0, 1, 2, 3, 3, 4, 4, 5])
    classifier = Classifier(examples(), vectors(), LABELS, groups)

    for row in ALONE:
        others = np.flatnonzero(groups == groups[row])
        assert classifier.left_out[row] == pytest.approx(refitted(classifier, row, others), abs=1e-9)


def test_a_wider_group_is_left_out_beside_the_narrow_one() -> None:
    wider = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    classifier = Classifier(examples(), vectors(), LABELS, ALONE, wider)

    for row in ALONE:
        assert classifier.left_out[row] == pytest.approx(refitted(classifier, row, np.array([row])), abs=1e-9)
        others = np.flatnonzero(wider == wider[row])
        assert classifier.left_out_wider[row] == pytest.approx(refitted(classifier, row, others), abs=1e-9)


def test_leaving_one_out_does_not_flatter() -> None:
    """Words are weighed and vectors centred with the one that is left out: this must not raise its own score."""
    whole = Classifier(examples(), vectors(), LABELS, ALONE)
    own = (LABELS[:, None] == whole.classes).argmax(axis=1)

    anew = []
    for row in ALONE:
        kept = np.setdiff1d(ALONE, [row])
        classifier = Classifier([examples()[i] for i in kept], vectors()[kept], LABELS[kept], kept)
        anew.append(classifier.scores([examples()[row]], vectors()[[row]])[0][own[row]])

    assert whole.left_out[ALONE, own].mean() <= np.mean(anew)


def test_a_question_left_out_is_scored_lower_than_one_that_was_learned() -> None:
    classifier = Classifier(examples(), vectors(), LABELS, ALONE)
    learned = classifier.scores(examples(), vectors())

    own = (LABELS[:, None] == classifier.classes).argmax(axis=1)
    assert (classifier.left_out[ALONE, own] < learned[ALONE, own]).all()


def test_scores_are_highest_for_the_class_of_a_question() -> None:
    classifier = Classifier(examples(), vectors(), LABELS, ALONE)

    found = classifier.scores([Tokens("emprunter des livres", ("emprunter", "livres"))], vectors()[:1])

    assert classifier.classes.tolist() == [OUTSIDE, 0, 1]
    assert classifier.classes[found[0].argmax()] == 0
    assert found.shape == (1, 3)


def test_a_question_of_unknown_words_is_scored_by_its_vector_alone() -> None:
    classifier = Classifier(examples(), vectors(), LABELS, ALONE)

    found = classifier.scores([Tokens("", ())], vectors()[4:5])

    assert classifier.classes[found[0].argmax()] == 1

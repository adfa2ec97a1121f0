"""BM25 on three texts, against values computed by hand."""

from math import log

import pytest

from index.bm25 import Bm25

TEXTS = [["contrat", "avenant"], ["contrat", "contrat", "maire", "signer"], ["maire", "commune", "vote"]]
"""Lengths 2, 4 and 3: 3 on average."""


def idf(holding: int) -> float:
    """Lucene's inverse document frequency of a word that ``holding`` of the 3 texts hold."""
    return log(1 + (3 - holding + 0.5) / (holding + 0.5))


def weight(count: int, length: int) -> float:
    """Lucene's weight of a word that stands ``count`` times in a text of ``length`` words, k1 = 1.2, b = 0.75."""
    return count / (count + 1.2 * (1 - 0.75 + 0.75 * length / 3))


def test_one_word_of_one_text() -> None:
    # ln(1 + 2.5/1.5) = 0.98083, times 1 / (1 + 1.2 * 0.75) = 0.52632.
    assert Bm25(TEXTS).scores(["avenant"]) == pytest.approx([0.51623, 0, 0], abs=1e-5)


def test_a_word_counts_less_when_many_texts_have_it_and_when_the_text_is_long() -> None:
    found = Bm25(TEXTS).scores(["contrat"])

    assert idf(2) == pytest.approx(0.47000, abs=1e-5)
    assert found == pytest.approx([idf(2) * weight(1, 2), idf(2) * weight(2, 4), 0], abs=1e-6)


def test_the_words_of_a_question_add_up() -> None:
    found = Bm25(TEXTS).scores(["maire", "commune"])

    assert found == pytest.approx([0, idf(2) * weight(1, 4), idf(2) * weight(1, 3) + idf(1) * weight(1, 3)], abs=1e-6)


def test_unknown_words_change_nothing() -> None:
    index = Bm25(TEXTS)

    assert index.scores(["avenant", "fusée"]).tolist() == index.scores(["avenant"]).tolist()
    assert index.scores(["fusée"]).tolist() == [0, 0, 0]
    assert index.scores([]).tolist() == [0, 0, 0]


@pytest.mark.parametrize("texts", [[], [[], []]])
def test_a_field_without_words_scores_nothing(texts: list[list[str]]) -> None:
    assert Bm25(texts).scores(["contrat"]).tolist() == [0.0] * len(texts)


def test_an_empty_text_among_others_scores_nothing() -> None:
    assert Bm25([["contrat"], []]).scores(["contrat"])[1] == 0


def test_an_empty_word_is_unknown() -> None:
    """bm25s adds one of its own to the vocabulary, which has no score."""
    assert Bm25(TEXTS).scores([""]).tolist() == [0, 0, 0]

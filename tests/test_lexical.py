"""Lexical fields: BM25 against values computed by hand, TF-IDF against scikit-learn, and both as arrays."""

from math import log

import numpy as np
import pytest

from index import lexical
from index.french import fold
from index.lexical import Bm25, TermMatrix, Tfidf, char_grams, flatten, restore

TEXTS = [["contrat", "avenant"], ["contrat", "contrat", "maire", "signer"], ["maire", "commune", "vote"]]
"""Lengths 2, 4 and 3: 3 on average."""


def idf(holding: int) -> float:
    """Lucene's inverse document frequency of a word that ``holding`` of the 3 texts hold."""
    return log(1 + (3 - holding + 0.5) / (holding + 0.5))


def weight(count: int, length: int) -> float:
    """Lucene's weight of a word that stands ``count`` times in a text of ``length`` words, k1 = 1.2, b = 0.75."""
    return count / (count + 1.2 * (1 - 0.75 + 0.75 * length / 3))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # ln(1 + 2.5/1.5) = 0.98083, times 1 / (1 + 1.2 * 0.75) = 0.52632.
        (["avenant"], [0.51623, 0, 0]),
        # A word counts less when many texts have it and when the text is long.
        (["contrat"], [idf(2) * weight(1, 2), idf(2) * weight(2, 4), 0]),
        # The words of a question add up; unknown ones change nothing.
        (["maire", "commune"], [0, idf(2) * weight(1, 4), idf(2) * weight(1, 3) + idf(1) * weight(1, 3)]),
        (["avenant", "fusée"], [0.51623, 0, 0]),
        (["fusée"], [0, 0, 0]),
        ([], [0, 0, 0]),
        # bm25s adds an empty word of its own to the vocabulary, which has no score.
        ([""], [0, 0, 0]),
    ],
)
def test_bm25_by_hand(words: list[str], expected: list[float]) -> None:
    assert Bm25.of(TEXTS).scores(words) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("texts", [[], [[], []]])
def test_a_field_or_a_text_without_words_scores_nothing(texts: list[list[str]]) -> None:
    assert Bm25.of(texts).scores(["contrat"]).tolist() == [0.0] * len(texts)
    assert Tfidf.of(texts).scores(["contrat"]).tolist() == [0.0] * len(texts)
    assert Bm25.of([["contrat"], []]).scores(["contrat"])[1] == 0


@pytest.mark.parametrize("shortest", [2, 3])
def test_character_grams_are_weighed_as_scikit_learn_does(shortest: int) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer  # seconds, in each process that collects tests

    texts = ["Le contrat est signé", "Un avenant", "Les contrats, le contrat", "", "à  deux"]
    queries = ["contrat contrat", "signee !", "L’avenant du CONTRAT", "zzz", ""]
    reference = TfidfVectorizer(analyzer="char_wb", ngram_range=(shortest, 5), sublinear_tf=True)
    rows = reference.fit_transform(map(fold, texts))
    field = Tfidf.of([char_grams(fold(text), shortest) for text in texts])

    for query in queries:
        expected = (rows @ reference.transform([fold(query)]).T).toarray().ravel()
        assert field.scores(char_grams(fold(query), shortest)) == pytest.approx(expected, abs=1e-9)
    assert field.scores(char_grams("contrat"))[0] > field.scores(char_grams("cntrat"))[0] > 0
    assert field.products() == pytest.approx((rows @ rows.T).toarray(), abs=1e-9)


def test_which_text_has_which_word() -> None:
    field = TermMatrix.present(TEXTS)

    expected = [[False, True, True], [False, False, False], [True, True, False]]
    assert field.holds(["maire", "fusée", "contrat"], np.arange(3)).tolist() == expected
    assert field.holds(["maire", "fusée"], np.array([0, 2])).tolist() == [[False, True], [False, False]]
    assert field.holds([], np.arange(3)).shape == (0, 3)


@pytest.mark.parametrize("texts", [TEXTS, [["été", "a b"], []], [[]], []])
def test_a_field_comes_back_from_its_arrays(texts: list[list[str]]) -> None:
    field = Bm25.of(texts)

    arrays = flatten(field, "x")
    loaded = restore(Bm25, arrays, "x")

    assert all(array.dtype.kind in "iuf" for array in arrays.values())  # what is written without pickle
    assert (loaded.n_texts, loaded.vocabulary) == (field.n_texts, field.vocabulary)
    for words in (["contrat", "maire"], ["été", "a b"]):
        assert np.array_equal(loaded.scores(words), field.scores(words))


def test_some_texts_have_the_scores_that_they_have_among_all() -> None:
    index, rows = Bm25.of(TEXTS), np.array([0, 2])

    for words in (["maire"], ["contrat", "maire", "maire"], ["fusée"], []):
        assert index.scores(words, rows).tolist() == index.scores(words)[rows].tolist()


def test_the_best_texts_are_those_that_score_highest(monkeypatch: pytest.MonkeyPatch) -> None:
    index = Bm25.of([["contrat"] * n + ["maire"] for n in range(5)])

    assert index.best(["contrat"], 2).tolist() == [4, 3] or index.best(["contrat"], 2).tolist() == [3, 4]
    assert sorted(index.best(["contrat", "fusée"], 9).tolist()) == [1, 2, 3, 4]
    monkeypatch.setattr(lexical, "_MOST_POSTINGS", 4)
    # A word of every text is left aside once a rarer one has named enough.
    assert sorted(index.best(["contrat", "maire"], 9).tolist()) == [1, 2, 3, 4]
    assert index.best(["fusée"], 9).tolist() == []


@pytest.mark.parametrize("sparse", [0, 10**9])
def test_the_best_of_many_texts_are_those_of_all_sums(sparse: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "_SPARSE", sparse)
    random = np.random.default_rng(0)
    texts, weights = random.integers(0, 9_000, 20_000).astype(np.int32), random.random(20_000)

    found = lexical._highest(texts, weights, 9_001, 100)

    assert sorted(found.tolist()) == sorted(np.argsort(np.bincount(texts, weights))[-100:].tolist())

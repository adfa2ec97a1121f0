"""When the reader is asked, and when it could change nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from small_corpus import small_encoder

from index.dense import Vectors
from index.marking import Marker
from index.ranking import SIGNALS, Weights
from index.searcher import Searcher


class RememberingReader:
    """Says 1 of every text, and remembers how often it was asked, and of what."""

    name = "remembering"

    def __init__(self) -> None:
        self.asked = 0
        self.texts: list[str] = []

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        self.asked += 1
        self.texts += texts
        return np.ones(len(texts), dtype=np.float32)


def calibration(**known: float) -> tuple[float, ...]:
    return (*(known.get(name, 0.0) for name in SIGNALS), known.get("intercept", 0.0))


@pytest.mark.parametrize(
    ("question", "weight_of_reader", "intercept", "sharpness", "asked"),
    [
        ("qui peut signer ce contrat", 0.1, 6.0, 50.0, 0),  # sure, whatever the reader says
        ("qui peut signer ce contrat", 0.1, -6.0, 50.0, 0),  # refused, whatever it says
        ("qui peut signer ce contrat", 2.0, 0.0, 50.0, 1),  # it decides
        ("qui peut signer ce contrat", 0.1, 6.0, 0.0, 1),  # every entry is as likely: it ranks them
        ("qui peut signer ce contrat", 0.1, -6.0, 0.0, 0),  # and all are refused
    ],
)
def test_the_reader_is_asked_only_where_it_may_change_something(
    small_searcher: Searcher,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    weight_of_reader: float,
    intercept: float,
    sharpness: float,
    asked: int,
) -> None:
    reader = RememberingReader()
    truth = calibration(reader_most=weight_of_reader, intercept=intercept)
    fields = tuple(sharpness for _ in small_searcher.learned.weights.fields)
    weights = replace(Weights(fields), reader=(1.0, 0.1), answerable=truth, right=truth)
    monkeypatch.setattr(small_searcher.encoder, "reader", reader)
    monkeypatch.setattr(small_searcher, "_marker", Marker(small_encoder()))  # it reads what is marked as well
    monkeypatch.setattr(small_searcher, "learned", replace(small_searcher.learned, weights=weights))

    small_searcher.search(small_searcher.read(question))

    assert reader.asked == asked


def test_the_reader_reads_an_entry_with_the_phrasing_that_a_question_is_nearest_to(
    small_searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, phrasings = RememberingReader(), small_searcher.rows.phrasings
    weights = replace(small_searcher.learned.weights, answerable=calibration(reader_most=2.0), right=calibration())
    monkeypatch.setattr(small_searcher.encoder, "reader", reader)
    monkeypatch.setattr(small_searcher, "_marker", Marker(small_encoder()))
    monkeypatch.setattr(small_searcher, "learned", replace(small_searcher.learned, weights=weights))

    small_searcher.search(small_searcher.read("svp payer une amende de retard, un rappel"))

    retard = next(text for text in reader.texts if "retard" in text)
    assert [phrasing for phrasing in phrasings if f"? {phrasing}\n" in retard] == ["amende de retard"]


@pytest.mark.parametrize(
    ("says", "others", "entry", "answered"),
    [
        (3.0, -8.0, "retard", True),
        (-4.0, 1.0, "salle", True),
        (-4.0, -8.0, "retard", False),
    ],
)
def test_what_was_quoted_is_quoted_again_where_the_reader_finds_that_it_answers_the_turn(
    small_searcher: Searcher, monkeypatch: pytest.MonkeyPatch, says: float, others: float, entry: str, answered: bool
) -> None:
    quoted = small_searcher.search(small_searcher.read("amende de retard")).hits[0]

    class Reader:
        name = "of one text"

        def read(self, query: str, texts: Sequence[str]) -> Vectors:
            said = [says if quoted.target.passage.text in text else others for text in texts]
            return np.asarray(said, dtype=np.float32)

    monkeypatch.setattr(small_searcher.encoder, "reader", Reader())
    monkeypatch.setattr(small_searcher, "_marker", Marker(small_encoder()))
    turn = small_searcher.read("et la salle ?")
    found = small_searcher.follow(turn, "amende de retard", quoted.row, lambda: small_searcher.search(turn))

    assert (found.hits[0].entry.id, found.answered) == (entry, answered)


@pytest.mark.parametrize(("turn", "sure"), [("et après ?", False), ("et après le retard ?", True)])
def test_a_turn_that_names_nothing_is_never_answered_surely(
    small_searcher: Searcher, monkeypatch: pytest.MonkeyPatch, turn: str, sure: bool
) -> None:
    monkeypatch.setattr(small_searcher.encoder, "reader", RememberingReader())
    monkeypatch.setattr(small_searcher, "_marker", Marker(small_encoder()))
    monkeypatch.setattr("index.following.followed", lambda ranking, *_: (ranking, 0.95))
    query = small_searcher.read(turn)

    found = small_searcher.follow(query, "amende de retard", None, lambda: small_searcher.search(query))

    assert (found.answered, found.sure) == (True, sure)

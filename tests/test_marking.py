"""Which sentences of an entry are marked."""

from collections.abc import Sequence

import numpy as np
import pytest
from fake_encoder import FakeEncoder

from corpus.document import Document, Entry, Passage, Source, Span
from corpus.phrasings import Target
from index import marking
from index.dense import Vectors
from index.marking import Marker

CATS, DOGS, BOTH = "Le chat dort.", "Le chien mange.", "Un chat joue."
TEXT = f"Nos bêtes\n{CATS} {DOGS} Un chat ronronne.\n{BOTH}"
DOCUMENT = Document(Source("f", "F", "V", "2024", "faq", "f.txt"), TEXT, "ab" * 32, ())


def at(words: str) -> Span:
    return Span(TEXT.index(words), TEXT.index(words) + len(words))


def passage(words: str) -> Passage:
    span = at(words)
    return Passage(DOCUMENT, "chat", span.start, span.end, span, at("Nos bêtes"))


FIRST, SECOND = passage(f"{CATS} {DOGS} Un chat ronronne."), passage(BOTH)
ENTRY = Entry(DOCUMENT, "chat", at("Nos bêtes"), Span(FIRST.start, SECOND.end), (FIRST, SECOND))


class Judge:
    """A reader that knows a logit for some sentences, and keeps what it read."""

    name = "judge"

    def __init__(self, logits: dict[str, float]) -> None:
        self.logits = logits
        self.seen: list[str] = []

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        return np.asarray([self.logits[text.partition("\n")[2]] for text in texts], dtype=np.float32)


PURRS = "Un chat ronronne."


@pytest.mark.parametrize(
    ("question", "second", "logits", "expected"),
    [
        # One sentence is ahead by its cosine: nothing is read.
        ("chien", -5.0, None, (0, [DOGS])),
        # Two are level, and the reader parts them; a small difference leaves both.
        ("chat", -5.0, {CATS: -2.0, PURRS: 4.0}, (0, [PURRS])),
        ("chat", -5.0, {CATS: 1.0, PURRS: 2.0}, (0, [CATS, PURRS])),
        # So is the sentence of a passage that is nearly as likely: a mark is of one passage.
        ("chat", -0.1, {CATS: 0.0, PURRS: 0.0, BOTH: 3.0}, (1, [BOTH])),
        ("chat", -0.1, {CATS: 3.0, PURRS: -1.0, BOTH: 3.0}, (0, [CATS])),
    ],
)
def test_the_reader_parts_sentences_that_are_level(
    question: str, second: float, logits: dict[str, float] | None, expected: tuple[int, list[str]]
) -> None:
    encoder = FakeEncoder(["chat", "chien"])
    encoder.reader = judge = Judge(logits or {})
    targets = [(Target(p, Span(p.start, p.end)), likelihood) for p, likelihood in ((FIRST, 0.0), (SECOND, second))]

    place, marked = Marker(encoder).mark(question, encoder.encode_queries([question])[0], ENTRY, targets)

    assert (place, [span.of(TEXT) for span in marked]) == expected
    assert sorted(judge.seen) == sorted(f"Nos bêtes\n{words}" for words in logits or ())


def test_a_passage_with_phrasings_keeps_its_mark() -> None:
    encoder = FakeEncoder(["chat", "chien"])
    own = Target(FIRST, Span(FIRST.start, FIRST.end), ("qui mange ?",))
    targets = [(own, -0.1), (Target(SECOND, Span(SECOND.start, SECOND.end)), -0.2)]
    chien = encoder.encode_queries(["chien"])[0]

    assert Marker(encoder).mark("chien", chien, ENTRY, targets) == (0, (at(DOGS),))
    chat = encoder.encode_queries(["chat"])[0]
    assert Marker(encoder).mark("chat", chat, ENTRY, targets) == (0, (at(CATS), at(PURRS)))


def test_a_sentence_is_compared_with_what_it_must_be_read_with() -> None:
    text = "Le chat :\nIl dort.\nLe chien :\nIl mange."
    document = Document(DOCUMENT.source, text, "cd" * 32, ())
    leads, items = [(0, 9), (19, 29)], [Span(10, 18), Span(30, 39)]
    cat, dog = (
        Passage(document, "p", item.start, item.end, item, context=(Span(*lead),))
        for lead, item in zip(leads, items, strict=True)
    )
    entry = Entry(document, "p", None, Span(0, len(text)), (cat, dog))
    encoder = FakeEncoder(["chat", "chien"])
    targets = [(Target(cat, items[0]), 0.0), (Target(dog, items[1]), -0.5)]

    marked = Marker(encoder).mark("chien", encoder.encode_queries(["chien"])[0], entry, targets)

    assert marked == (1, (items[1],))


def test_what_an_editor_pointed_to_is_not_chosen_again() -> None:
    targets = [(Target(FIRST, at(DOGS)), -0.1), (Target(SECOND, Span(SECOND.start, SECOND.end)), -0.1)]

    assert Marker(FakeEncoder([])).mark("chat", np.ones(1, np.float32), ENTRY, targets) == (0, ())


PRICES = (
    "Lieu\tPublic\tPrix\nPiscine\tenfant\t2 €\nPiscine\tadulte\t4 €\n"
    "Patinoire\tadulte\t6 €\nSauna\tadulte et senior\t9 €"
)


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        # What the words of a question do not tell apart is marked together, whichever row the encoder is nearest to.
        ("prix de la piscine", ["Piscine\tenfant\t2 €", "Piscine\tadulte\t4 €"]),
        ("la piscine pour un adulte", ["Piscine\tadulte\t4 €"]),
        ("un tarif senior pour adultes", ["Sauna\tadulte et senior\t9 €"]),
        # A row that shares no word says nothing of the others, unless the question names but the table.
        ("où nager ?", ["Piscine\tenfant\t2 €"]),
        ("lieu et prix", PRICES.split("\n")[1:]),
    ],
)
@pytest.mark.parametrize("is_long", [False, True], ids=["quoted whole", "row by row"])
def test_rows_of_a_table_with_the_same_words_of_a_question_are_marked_together(
    question: str, marked: list[str], is_long: bool
) -> None:
    first = "Piscine\tadulte" if "adulte" in question else "Piscine\tenfant"

    assert marked_rows(question, first, is_long=is_long) == marked


BANDS = "Quotient\tRepas\nMoins de 451\t2 €\n451 à 750\t3 €\n751 et plus\t4 €\nCommunes voisines\t5 €"


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        ("un repas avec un quotient de 620", ["451 à 750\t3 €"]),
        ("repas, QF 1 200 €", ["751 et plus\t4 €"]),
        # An hour, children: no quotient.
        ("un repas à 12 h", ["Moins de 451\t2 €"]),
        ("un repas pour 500 enfants", ["Moins de 451\t2 €"]),
        ("un repas en 2026", ["Moins de 451\t2 €"]),
        ("un repas pour 800 personnes, quotient de 620", ["451 à 750\t3 €"]),
        # Where the head of the table is the nearest, the row that has more of the question.
        ("quotient des communes voisines", ["Communes voisines\t5 €"]),
    ],
)
def test_a_number_asked_for_marks_the_row_whose_range_holds_it(question: str, marked: list[str]) -> None:
    first = "Quotient" if "communes" in question else "Moins"

    assert marked_rows(question, first, is_long=False, table=BANDS) == marked


def test_rows_that_are_far_apart_are_not_marked_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "_WIDEST", len("Piscine\tenfant\t2 €") + 5)

    assert marked_rows("prix de la piscine", "Piscine\tenfant", is_long=True) == ["Piscine\tenfant\t2 €"]


def marked_rows(question: str, first: str, *, is_long: bool, table: str = PRICES) -> list[str]:
    """What is marked in a table, where the row that begins with ``first`` is the likeliest."""
    document = Document(DOCUMENT.source, table, "ab" * 32, ())
    head, *rows = [Span(start := table.index(line), start + len(line)) for line in table.split("\n")]
    whole = Span(head.start, rows[-1].end)
    passages = tuple(
        Passage(document, "prix", r.start, r.end, r if is_long else whole, context=(head,) * (r is not head))
        for r in (head, *rows)
    )
    entry = Entry(document, "prix", None, whole, passages)
    encoder = FakeEncoder(["piscine", "adulte"])
    likeliest = next(p for p in passages if p.text.startswith(first))
    targets = [(Target(likeliest, Span(likeliest.start, likeliest.end)), 0.0)]
    _, spans = Marker(encoder).mark(question, encoder.encode_queries([question])[0], entry, targets)
    return [span.of(table) for span in spans]

"""Known questions and verdicts, each derived by hand."""

import json
from pathlib import Path

import openpyxl
import pytest
from conftest import plain

from bot.answer import Answer, Kind, Quote, QuoteSource, Ranked
from bot.evaluation.questions import (
    Excerpt,
    KnownQuestion,
    KnownQuestionsError,
    Outcome,
    Verdict,
    advice,
    evaluate,
    judge,
    read_batch,
    read_known_questions,
)
from corpus.document import Document, Entry, Passage, Source, Span

TEXT = "Qui signe ?\nLe maire signe. Le préfet\nsigne aussi. Quand ?\nL’avenant est voté en mai."
DOCUMENT = Document(Source("faq", "FAQ", "Ville", "2024-03", "faq", "faq.txt"), TEXT, "0" * 64, ())


def at(words: str) -> Span:
    start = TEXT.index(words)
    return Span(start, start + len(words))


def entry(id_: str, heading: str, body: str) -> Entry:
    span = at(body)
    return Entry(DOCUMENT, id_, at(heading), span, (Passage(DOCUMENT, id_, span.start, span.end, span),))


BOTH = "Le maire signe. Le préfet\nsigne aussi."
ENTRIES = [entry("qui", "Qui signe ?", BOTH), entry("quand", "Quand ?", "L’avenant est voté en mai.")]


def lines(path: Path, *rows: object) -> Path:
    path.write_text(
        "".join(f"{row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)}\n" for row in rows),
        encoding="utf-8",
    )
    return path


def known(tmp_path: Path, *rows: object) -> list[KnownQuestion]:
    return read_known_questions(lines(tmp_path / "q.jsonl", *rows), ENTRIES)


def test_an_excerpt_is_found_whatever_its_line_breaks_and_apostrophes(tmp_path: Path) -> None:
    [question] = known(
        tmp_path,
        {
            "id": "a",
            "turns": ["Qui\u2028signe ?"],
            "expect": ["Le préfet signe aussi.", "L'avenant est voté"],
            "tags": ["plain"],
        },
    )

    assert question == KnownQuestion(
        "a",
        ("Qui\u2028signe ?",),  # a line separator of Unicode inside a question ends no line
        Kind.ANSWER,
        (
            Excerpt("faq", at("Le préfet\nsigne aussi."), "qui"),
            Excerpt("faq", at("L’avenant est voté"), "quand"),
        ),
        ("plain",),
    )


FINE = {"id": "a", "turns": ["Qui ?"], "expect": ["Le maire"]}


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({**FINE, "expect": ["Le roi signe."]}, ["« Le roi signe. »", "aucun document"]),
        ({**FINE, "expect": []}, ["« expect »"]),
        ({**FINE, "expect": [" "]}, ["aucun document"]),
        ({**FINE, "id": ""}, ["« id »"]),
        ({**FINE, "turns": "Qui ?"}, ["« turns »"]),
        ({**FINE, "turns": [""]}, ["« turns »"]),
        ({**FINE, "kind": "clarify"}, ["'clarify'", "answer, refuse, smalltalk"]),
        (FINE, ["« a »", "déjà"]),
        ("{", ["JSON"]),
        ("[]", ["JSON"]),
    ],
)
def test_errors_name_the_file_and_the_line(tmp_path: Path, row: object, named: list[str]) -> None:
    with pytest.raises(KnownQuestionsError) as caught:
        known(tmp_path, FINE, "", row)

    # The blank line 2 is passed over and counted.
    assert [word for word in ["« q.jsonl »", "ligne 3", *named] if word not in plain(str(caught.value))] == []


TABLE = [
    ["id", "turns", "kind", "expect", "tags"],
    ["a", "Bonjour\nQui signe, le maire ou le préfet ?", "", "Le maire signe.\nLe préfet signe aussi.", "plain typo"],
    ["2", "Qui paie ?", "refuse", "", ""],
]


def write_csv(path: Path, delimiter: str, encoding: str) -> None:
    rows = [delimiter.join(f'"{cell}"' if "\n" in cell or delimiter in cell else cell for cell in row) for row in TABLE]
    path.write_bytes("\r\n".join(rows).encode(encoding))


def write_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in TABLE:
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    book.save(path)


@pytest.mark.parametrize("written", [(",", "utf-8"), (";", "utf-8-sig"), ("\t", "cp1252"), None], ids=str)
def test_a_table_is_read_as_the_same_questions(tmp_path: Path, written: tuple[str, str] | None) -> None:
    path = tmp_path / ("q.csv" if written else "q.xlsx")
    if written:
        write_csv(path, *written)
    else:
        write_xlsx(path)
    maire, prefet = (Excerpt("faq", at(words), "qui") for words in ("Le maire signe.", "Le préfet\nsigne aussi."))

    assert read_known_questions(path, ENTRIES) == [
        KnownQuestion(
            "a", ("Bonjour", "Qui signe, le maire ou le préfet ?"), Kind.ANSWER, (maire, prefet), ("plain", "typo")
        ),
        KnownQuestion("2", ("Qui paie ?",), Kind.REFUSE, ()),
    ]


@pytest.mark.parametrize(
    ("named", "content"),
    [
        ("q.txt", b"Qui ?"),
        ("q.xlsx", b"no workbook"),
        ("q.csv", b"\x00\x01\x02"),
        (r"q.csv.*ligne 3.*Le roi", b"id;question;expect\na;Qui ?;Le maire\nb;Qui ?;Le roi\n"),
        ("q.jsonl", b"\n\n"),
        ("nowhere.jsonl", None),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, named: str, content: bytes | None) -> None:
    path = tmp_path / named.partition(".*")[0]
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(KnownQuestionsError, match=named):
        read_known_questions(path, ENTRIES)


def test_a_batch_needs_no_expected_answer(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl", {"id": "a", "turns": ["Qui ?", "Et quand ?"]}, {"id": 2, "turns": ["Qui ?"]})

    assert read_batch(path) == [("a", ["Qui ?", "Et quand ?"]), ("2", ["Qui ?"])]
    for row in ({"id": "a"}, {"turns": ["Qui ?"]}, {"id": "a", "turns": []}, {"id": "a", "turns": [3]}):
        with pytest.raises(KnownQuestionsError, match=r"in\.jsonl.*ligne 1"):
            read_batch(lines(path, row))


def answer(kind: Kind, *highlights: str, entry: str = "qui", body: str = BOTH, ranking: str = "qui quand") -> Answer:
    """An answer that quotes ``body`` with these parts of it marked."""
    start = at(body).start
    marked = tuple((at(h).start - start, at(h).end - start) for h in highlights)
    source = QuoteSource("faq", entry, "FAQ", "Ville", "2024-03", None, None, None, None, "0" * 64)
    quotes = (Quote(body, marked, source, start, at(body).end),) if highlights else ()
    ranked = tuple(Ranked("faq", name, 0.5) for name in ranking.split())
    return Answer("Qui ?", kind, 0.9, "", quotes, ranking=ranked, elapsed_ms=20.0)


def question(*expect: str, kind: Kind = Kind.ANSWER, entry: str = "qui") -> KnownQuestion:
    return KnownQuestion("a", ("Qui ?",), kind, tuple(Excerpt("faq", at(words), entry) for words in expect))


MAYOR, PREFECT = "Le maire signe.", "Le préfet\nsigne aussi."  # 15 and 22 characters


@pytest.mark.parametrize(
    ("asked", "given", "verdict", "rank"),
    [
        (question(MAYOR), answer(Kind.ANSWER, MAYOR), Verdict.RIGHT, 1),
        (question(MAYOR), answer(Kind.ANSWER, PREFECT), Verdict.WRONG_PART, 1),
        # 22 of 37 characters lie inside what is expected.
        (question(PREFECT), answer(Kind.ANSWER, MAYOR, PREFECT), Verdict.RIGHT, 1),
        # The excerpts are taken together: neither alone holds most of what is marked.
        (question(MAYOR, PREFECT), answer(Kind.ANSWER, BOTH), Verdict.RIGHT, 1),
        # Exactly half is not most: "Le m" of "Le maire".
        (question("Le m"), answer(Kind.ANSWER, "Le maire"), Verdict.WRONG_PART, 1),
        # The right place of the document, but answered in the name of another entry.
        (question(MAYOR), answer(Kind.ANSWER, MAYOR, entry="quand", ranking="quand qui"), Verdict.WRONG_ENTRY, 2),
        (question(MAYOR), answer(Kind.REFUSE), Verdict.SILENT, 1),
        (question(MAYOR), answer(Kind.SMALLTALK, ranking=""), Verdict.SILENT, None),
        (question(MAYOR), answer(Kind.CLARIFY), Verdict.CLARIFIED, 1),
        (question(MAYOR), answer(Kind.CLARIFY, ranking="quand autre encore qui"), Verdict.WRONG_ENTRY, 4),
        (question(kind=Kind.REFUSE), answer(Kind.REFUSE), Verdict.RIGHT, None),
        (question(kind=Kind.REFUSE), answer(Kind.ANSWER, MAYOR), Verdict.NOT_REFUSED, None),
        (question(kind=Kind.SMALLTALK), answer(Kind.SMALLTALK), Verdict.RIGHT, None),
        (question(kind=Kind.SMALLTALK), answer(Kind.REFUSE), Verdict.NOT_COURTEOUS, None),
    ],
)
def test_verdicts(asked: KnownQuestion, given: Answer, verdict: Verdict, rank: int | None) -> None:
    judged = judge(asked, given)

    assert (judged.outcome.verdict, judged.outcome.rank) == (verdict, rank)


def test_the_earlier_turns_are_played_and_the_outcome_keeps_what_was_measured() -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    class Recorder:
        def ask(self, question: str, history: tuple[str, ...] = ()) -> Answer:
            asked.append((question, tuple(history)))
            return answer(Kind.REFUSE)

    three = KnownQuestion("a", ("Qui ?", "Le maire ?", "Et quand ?"), Kind.REFUSE, ())

    [judged] = evaluate(Recorder(), [three])

    assert asked == [("Et quand ?", ("Qui ?", "Le maire ?"))]
    assert judged.outcome.right
    outcome = judge(question(MAYOR, PREFECT), answer(Kind.ANSWER, MAYOR, ranking="quand qui")).outcome

    assert (outcome.wanted, outcome.ranking, outcome.rank) == (("faq/qui",), ("faq/quand", "faq/qui"), 2)
    assert (outcome.expected, outcome.kind, outcome.confidence, outcome.elapsed_ms) == ("answer", "answer", 0.9, 20.0)


@pytest.mark.parametrize(
    ("expect", "words"),
    [("faq/qui", f"Qui signe ?\n{BOTH}"), ("Qui signe ?", f"Qui signe ?\n{BOTH}"), ("Le maire", "Le maire")],
)
def test_what_is_expected_is_an_entry_a_heading_or_an_excerpt(tmp_path: Path, expect: str, words: str) -> None:
    [question] = read_known_questions(lines(tmp_path / "q.jsonl", {"id": 1, "turns": ["?"], "expect": expect}), ENTRIES)

    assert question.expect == (Excerpt("faq", at(words), "qui"),)


def failed(turn: str, entry: str, verdict: Verdict, kind: Kind = Kind.REFUSE) -> Outcome:
    expected = Kind.ANSWER if entry else Kind.REFUSE
    return Outcome(turn, (turn,), expected, kind, verdict, (entry,) if entry else (), (), 0.1, 1.0)


def test_advice_names_the_entries_that_most_questions_fail_on_and_their_most_central_question() -> None:
    found = advice(
        [
            failed("amende", "m/retard", Verdict.RIGHT, Kind.ANSWER),
            failed("la salle", "m/salle", Verdict.SILENT),
            failed("livre en retard", "m/retard", Verdict.SILENT),
            failed("pénalité", "m/retard", Verdict.WRONG_ENTRY, Kind.ANSWER),
            failed("un livre rendu en retard", "m/retard", Verdict.CLARIFIED, Kind.CLARIFY),
            failed("la piscine", "", Verdict.NOT_REFUSED, Kind.CLARIFY),
        ]
    )

    assert [(a.entry, len(a.questions)) for a in found] == [("m/retard", 3), ("m/salle", 1)]
    assert found[0].phrasing == "livre en retard"

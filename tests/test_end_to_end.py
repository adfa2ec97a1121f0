"""The shipped corpus with the real encoder, end to end: quoted, refused, measured, reproducible."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from test_assistant import wrong_headings

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from bot.evaluation.judge import Report, evaluate
from bot.evaluation.questions import read_known_questions
from index.e5.onnx_encoder import OnnxEncoder
from index.searcher import Searcher

pytestmark = pytest.mark.model

AVENANT = (
    "Les CTI en cours pourront être révisés par voie d’avenant afin de tenir compte de l’évolution des priorités "
    "stratégiques et des projets locaux dans le contexte de la relance."
)
KNOWN = ROOT / "tests" / "known_questions"


@pytest.fixture(scope="module")
def assistant(default_index: Path, encoder: OnnxEncoder) -> Assistant:
    return Assistant(Searcher.load(default_index, encoder))


@pytest.fixture(scope="module")
def report(assistant: Assistant) -> Report:
    """All known questions, judged."""
    entries = assistant.searcher.rows.entries
    files = [KNOWN / f"{half}.jsonl" for half in ("tune", "held")]
    return evaluate(assistant, [question for file in files for question in read_known_questions(file, entries)])


def marked(answer: Answer) -> list[str]:
    [quote, *_] = answer.quotes
    return [quote.text[a:b] for a, b in quote.highlights]


def test_the_sentence_on_the_amendment_is_quoted_from_page_2(assistant: Assistant) -> None:
    answer = assistant.ask("Peut-on modifier un CTI en cours par avenant ?")

    assert answer.kind == Kind.ANSWER
    assert marked(answer) == [AVENANT]
    source = answer.quotes[0].source
    assert (source.document, source.page, source.publisher) == ("faq-cti-crte", 2, "ANCT et AdCF")
    assert (source.question or "").startswith("Mon territoire s’est inscrit dans la démarche Territoires d’industrie")


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("le prog TI va jusqu'a kan", "une échéance revue jusqu’en 2027"),
        ("LE BINOME ELU INDUSTRIEL EST IL MAINTENU", "ne sont pas remis en cause par les CRTE"),
        ("notre petr sera-t-il associé au crte ?", "susceptibles d’être associés au CRTE"),
    ],
)
def test_hurried_questions_are_answered(assistant: Assistant, question: str, sentence: str) -> None:
    assert sentence in " ".join(marked(assistant.ask(question)))


def test_off_topic_questions_are_refused(assistant: Assistant) -> None:
    for asked in ("Quelle est la recette de la tarte aux pommes ?", "qui a gagné le tour de France"):
        answer = assistant.ask(asked)
        assert (answer.kind, answer.quotes) == (Kind.REFUSE, ())


def test_every_heading_is_answered_by_its_entry_when_asked_word_for_word(assistant: Assistant) -> None:
    assert set(assistant.about().examples) <= {e.heading_text for e in assistant.searcher.rows.entries}
    assert wrong_headings(assistant, "Quelle est la durée du CRTE ?") == []


def test_a_negation_after_another_question_is_read_as_if_alone(assistant: Assistant) -> None:
    for asked in (
        "Le CTI ne peut-il pas le modifier par avenant ?",
        "Pourquoi ne pas fusionner le CTI et le CRTE ?",
        "Les CRTE ne sont-ils pas signés pour la durée du mandat ?",
    ):
        alone, after = assistant.ask(asked), assistant.ask(asked, ["Qui fait partie du comité de projet du TI ?"])
        assert (alone.kind, alone.quotes) == (after.kind, after.quotes)


def test_every_quote_to_every_known_question_is_verbatim(report: Report, assistant: Assistant) -> None:
    documents = {entry.document.id: entry.document for entry in assistant.searcher.rows.entries}
    quotes = [quote for judged in report.judged for quote in judged.answer.quotes]

    assert len(quotes) > 100
    for quote in quotes:
        document = documents[quote.source.document]
        assert quote.text == document.text[quote.start : quote.end]
        assert quote.source.sha256 == document.sha256
        assert quote.source.page == document.page_at(quote.start + quote.highlights[0][0])
        assert all(0 <= a < b <= len(quote.text) for a, b in quote.highlights)


def test_no_known_question_that_was_right_is_lost(
    report: Report, record_property: Callable[[str, object], None]
) -> None:
    rows = map(json.loads, (KNOWN / "verdicts.jsonl").read_text(encoding="utf-8").splitlines())
    before = {row["id"]: row["verdict"] for row in rows}

    assert set(before) == {o.id for o in report.outcomes}
    changed = {
        o.id: f"{before[o.id]} -> {o.verdict}: {o.turns[-1]}" for o in report.outcomes if o.verdict != before[o.id]
    }
    if changed:
        lines = "\n".join(f"{id_}: {change}" for id_, change in changed.items())
        record_property("notice", f"verdicts that differ from known_questions/verdicts.jsonl (update it):\n{lines}")
    assert {id_: change for id_, change in changed.items() if before[id_] == "right"} == {}

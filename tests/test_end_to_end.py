"""The shipped corpus with the real encoder, end to end: quoted, refused, measured, the same in both stores."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_inputs import typed
from conftest import ROOT
from real_postgres import postgres
from test_assistant import assert_verbatim, wrong_headings

from bot import phrases
from bot.answer import Answer, Kind
from bot.assistant import Assistant
from bot.evaluation.questions import Judged, KnownQuestion, evaluate, read_known_questions
from index import candidates, postgres_search
from index import postgres as pg
from index.database import Database
from index.e5.onnx_encoder import OnnxEncoder
from index.searcher import Searcher
from index.store import FolderStore

pytestmark = pytest.mark.model

AVENANT = (
    "Les CTI en cours pourront être révisés par voie d’avenant afin de tenir compte de l’évolution des priorités "
    "stratégiques et des projets locaux dans le contexte de la relance."
)
KNOWN = ROOT / "tests" / "known_questions"


def remembered(work: Callable[..., Any]) -> Callable[..., Any]:
    """The same for each list of texts: a model is not asked twice."""

    @cache
    def known(*given: object) -> Any:
        return work(*given)

    return lambda *given: known(
        *(
            tuple(each) if isinstance(each, Sequence | np.ndarray) and not isinstance(each, str) else each
            for each in given
        )
    )


@pytest.fixture(scope="module")
def asked_once(encoder: OnnxEncoder) -> Iterator[OnnxEncoder]:
    """The encoder, which remembers what it said: the tests here ask the same questions."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((encoder, "encode_queries"), (encoder, "encode_passages"), (encoder.reader, "read")):
            patch.setattr(owner, name, remembered(getattr(owner, name)))
        yield encoder


@pytest.fixture(scope="module")
def assistant(default_index: Path, asked_once: OnnxEncoder) -> Assistant:
    return Assistant(Searcher.load(default_index, asked_once))


@pytest.fixture(scope="module")
def known(assistant: Assistant) -> list[KnownQuestion]:
    files = [KNOWN / f"{half}.jsonl" for half in ("tune", "held")]
    return [question for file in files for question in read_known_questions(file, assistant.searcher.rows.entries)]


@pytest.fixture(scope="module")
def judged(assistant: Assistant, known: list[KnownQuestion]) -> list[Judged]:
    return evaluate(assistant, known)


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


def test_the_words_of_a_turn_decide_what_is_quoted_after_a_question(assistant: Assistant) -> None:
    # The same sentence again has what the turn adds; what says nothing by itself gets nothing.
    again = assistant.ask("et pour le comité ?", ["Le binôme élu-industriel est-il remis en cause ?"])
    assert "le comité de projet local" in marked(again)[0]
    assert assistant.ask("qui contacter ?", ["À quoi servent les CRTE ?"]).kind is Kind.REFUSE
    signs = assistant.ask("et qui signe ?", ["si on est pas sur le même périmètre, on fait quoi"])
    assert signs.kind is Kind.REFUSE or signs.message == phrases.UNSURE


@pytest.mark.parametrize(
    ("earlier", "turn", "sentence"),
    [
        ("jusqu'à quand va le CRTE ?", "non pardon, le TI", "revue jusqu’en 2027"),
        ("comment faire un avenant au CRTE ?", "je voulais dire au CTI", "révisés par voie d’avenant"),
        ("à la même échelle, on fusionne CTI et CRTE ?", "et si les périmètres sont différents ?", "ne coïncide pas"),
        (
            "le CRTE fait pas la même taille que le CTI, c grave ?",
            "et on les écrit où, ses actions ?",
            "ne coïncide pas",
        ),
    ],
)
def test_a_correction_or_another_case_decides_after_a_question(
    assistant: Assistant, earlier: str, turn: str, sentence: str
) -> None:
    assert sentence in " ".join(assistant.ask(turn, [earlier]).quotes[0].text.split())


def test_every_quote_to_every_known_question_is_verbatim(judged: list[Judged], assistant: Assistant) -> None:
    answers = [each.answer for each in judged]
    quotes = [quote for answer in answers for quote in answer.quotes]

    assert len(quotes) > 100
    assert_verbatim(assistant, answers)
    for quote in quotes:
        document = assistant.library.document(quote.source.sha256)
        assert document is not None
        assert quote.source.page == document.page_at(quote.start + quote.highlights[0][0])


def test_whatever_is_typed_is_answered_or_refused(assistant: Assistant) -> None:
    asked = [text for text in typed() if len(text) < 500]
    answers = [assistant.ask(text) for text in asked]

    assert len(asked) > 50
    assert [answer.question for answer in answers] == asked
    assert_verbatim(assistant, answers)


def test_no_known_question_that_was_right_is_lost(
    judged: list[Judged], record_property: Callable[[str, object], None]
) -> None:
    rows = map(json.loads, (KNOWN / "verdicts.jsonl").read_text(encoding="utf-8").splitlines())
    before = {row["id"]: row["verdict"] for row in rows}
    outcomes = [each.outcome for each in judged]

    assert set(before) == {o.id for o in outcomes}
    changed = {o.id: f"{before[o.id]} -> {o.verdict}: {o.turns[-1]}" for o in outcomes if o.verdict != before[o.id]}
    if changed:
        lines = "\n".join(f"{id_}: {change}" for id_, change in changed.items())
        record_property("notice", f"verdicts that differ from known_questions/verdicts.jsonl (update it):\n{lines}")
    assert {id_: change for id_, change in changed.items() if before[id_] == "right"} == {}


def test_known_questions_have_the_same_answers_in_both_stores(
    default_index: Path, asked_once: OnnxEncoder, judged: list[Judged], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if it were large: candidates are chosen, and vectors and stems compared in the database.
    monkeypatch.setattr(candidates, "SMALL", 10)
    for module in (pg, postgres_search):
        monkeypatch.setattr(module, "LARGE", 10)
    with postgres() as server:
        store = pg.DatabaseStore(Database(server.address), "same")
        store.save(FolderStore(default_index).load())
        assistant = Assistant(Searcher.load(store, asked_once))
        assert isinstance(assistant.searcher.extractor.dense["passages"], postgres_search.DatabaseField)
        some = judged[::3]  # one question takes longer there
        there = [assistant.ask(turns[-1], turns[:-1]) for turns in (each.question.turns for each in some)]

    assert len(there) > 130
    both = zip(some, there, strict=True)
    assert [here.question.turns for here, answer in both if compared(here.answer) != compared(answer)] == []


def compared(answer: Answer) -> dict[str, Any]:
    """What is answered; probabilities to a thousandth, as vectors are added up in another order."""
    found = answer.to_json() | {"elapsed_ms": 0, "confidence": round(answer.confidence, 3)}
    found["ranking"] = [(each["document"], each["entry"]) for each in found["ranking"][:3]]
    return found

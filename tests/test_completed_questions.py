"""One question in two turns: a name after a question, or a question after a statement; and what is none."""

from pathlib import Path

import pytest
from benchmark_corpora import DATA, faq_questions

from bot import phrases
from bot.answer import ReadAs
from bot.assistant import Assistant
from index.build import build
from index.e5.onnx_encoder import OnnxEncoder
from index.searcher import Searcher

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def assistant(encoder: OnnxEncoder, tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    work: Path = tmp_path_factory.mktemp("completed")
    build(faq_questions(DATA / "calibrate" / "social.jsonl", work).folder, work / "index", encoder)
    return Assistant(Searcher.load(work / "index", encoder))


@pytest.mark.parametrize(
    ("turns", "entry", "as_"),
    [
        (["comment annuler ?", "repas"], "social-37", ReadAs.FOLLOW_UP),
        (["c’est combien ?", "le centre de loisirs"], "social-30", ReadAs.FOLLOW_UP),
        (["c’est combien ?", "la crèche", "le transport scolaire"], "social-33", ReadAs.FOLLOW_UP),
        (["Quels sont les horaires de France services ?", "le jeudi"], "social-45", ReadAs.FOLLOW_UP),
        # Subjects of their own.
        (["Combien coûte le transport scolaire ?", "carte perdue"], "social-34", ReadAs.ALONE),
        (["Quel est le tarif de la crèche municipale ?", "canicule"], "social-41", ReadAs.ALONE),
    ],
)
def test_a_name_completes_the_question_or_is_a_subject(
    assistant: Assistant, turns: list[str], entry: str, as_: ReadAs
) -> None:
    answer = assistant.ask(turns[-1], turns[:-1])

    assert (answer.quotes[0].source.entry, answer.reading.as_) == (entry, as_)


@pytest.mark.parametrize(
    ("turns", "entry", "as_"),
    [
        (["j’ai perdu ma carte de bus", "combien pour en avoir une autre ?"], "social-34", ReadAs.FOLLOW_UP),
        (["je n’ai pas eu de place en crèche", "comment faire ?"], "social-16", ReadAs.FOLLOW_UP),
        # Another question after it is read with the same statement.
        (["j’ai perdu ma carte de bus", "que faire ?", "combien ça coûte ?"], "social-34", ReadAs.FOLLOW_UP),
        # Complete in itself.
        (["j’ai deux enfants", "quel est le tarif du centre de loisirs ?"], "social-30", ReadAs.ALONE),
    ],
)
def test_a_question_after_a_statement_is_read_with_it(
    assistant: Assistant, turns: list[str], entry: str, as_: ReadAs
) -> None:
    answer = assistant.ask(turns[-1], turns[:-1])

    assert (answer.quotes[0].source.entry, answer.reading.as_) == (entry, as_)


def test_the_permalink_of_a_question_after_a_statement_gives_the_same_answer(assistant: Assistant) -> None:
    turns = ["j’ai perdu ma carte de bus", "que faire ?", "combien ça coûte ?"]
    answer = assistant.ask(turns[-1], turns[:-1])
    again = Assistant(assistant.searcher).ask(turns[-1], answer.reading.history)

    assert answer.reading.as_ is ReadAs.FOLLOW_UP
    assert (again.quotes, again.confidence) == (answer.quotes, answer.confidence)


def test_what_names_nothing_and_finds_the_same_has_a_reserve(assistant: Assistant) -> None:
    said = [
        assistant.ask(turn, ["j’ai perdu ma carte de bus"]) for turn in ("que faire ?", "combien ça va me coûter ?")
    ]

    assert [phrases.UNSURE in answer.message for answer in said] == [True, False]
    assert said[0].quotes[0].text == said[1].quotes[0].text


def test_what_names_nothing_goes_on_from_the_question_between(assistant: Assistant) -> None:
    turns = ["j’ai perdu ma carte de bus", "que faire ?", "et après ?"]

    assert [bool(assistant.ask(turn, turns[:place]).quotes) for place, turn in enumerate(turns)] == [True, True, False]


@pytest.mark.parametrize(
    ("statement", "turn"),
    [
        ("j’ai perdu ma carte de bus", "vous vendez des tomates ?"),
        ("j’ai perdu ma carte de bus", "combien coûte un timbre ?"),
        ("j’ai refusé un appartement hlm", "c’est noté où dans la loi ?"),
    ],
)
def test_a_statement_does_not_answer_what_nothing_does(assistant: Assistant, statement: str, turn: str) -> None:
    assert not assistant.ask(turn, [statement]).quotes


def test_what_one_reading_finds_alone_is_said_with_a_reserve(assistant: Assistant) -> None:
    alone = assistant.ask("centre de loisirs")
    after = assistant.ask("centre de loisirs", ["comment annuler ?"])

    assert phrases.ANSWERED in alone.message
    assert phrases.UNSURE in after.message


def test_what_nothing_answers_is_refused_after_a_question_too(assistant: Assistant) -> None:
    assert not assistant.ask("théâtre", ["Comment obtenir la carte senior de la commune ?"]).quotes

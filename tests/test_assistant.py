"""The assistant over the library's FAQ: it quotes, refuses, asks back, or is polite."""

import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from seed_files import write_documents
from small_corpus import FAQ, PHRASINGS, assistant_over, set_levels, small_encoder

from bot import phrases
from bot.answer import Answer, Half, Kind, Quote, QuoteSource, ReadAs, Reading
from bot.assistant import About, Assistant
from bot.courtesy import courtesy
from bot.reply import about
from corpus.split.sentences import sentences
from index.french import stems
from index.query import Query
from index.ranking import JOIN, Ranking
from index.result import AFTER_QUESTION, Levels, Result
from index.searcher import Searcher


def marked(quote: Quote) -> list[str]:
    return [quote.text[a:b] for a, b in quote.highlights]


@pytest.mark.parametrize(
    ("question", "entry", "sentence"),
    [
        ("qui peut avoir une carte ?", "inscription", "Une carte est remise à l’accueil."),
        ("AMENDE SI RETARD ?", "retard", "Aucune amende n’est due."),
        ("je veux louer la salle", "salle", "La salle est prêtée aux associations du canton."),
    ],
)
def test_it_answers_with_the_sentence_of_the_right_entry(
    small_assistant: Assistant, question: str, entry: str, sentence: str
) -> None:
    answer = small_assistant.ask(question)

    assert (answer.kind, answer.message, answer.question) == (Kind.ANSWER, phrases.ANSWERED, question)
    assert answer.quotes[0].source.entry == entry
    assert answer.quotes[0].text == FAQ[entry][1]
    assert marked(answer.quotes[0]) == [sentence]
    assert answer.confidence > 0.5
    assert answer.suggestions == ()


def test_the_source_is_that_of_the_catalogue(small_assistant: Assistant, small_searcher: Searcher) -> None:
    [quote, *_] = small_assistant.ask("amende de retard").quotes

    expected = QuoteSource(
        *("mediatheque", "retard", "Guide du lecteur", "Ville de Montbrun", "2024-03"),
        *(None, None, FAQ["retard"][0], None, small_searcher.manifest.documents["mediatheque"]),
        notice="édition de mars 2024",
    )
    assert quote.source == expected


def questions() -> Iterator[str]:
    """Every question, phrasing and answer of the library, random words of them, and what is not of them."""
    yield from ("quelle est la capitale du Pérou ?", "combien coûte une voiture")
    for question, answer in FAQ.values():
        yield from (question, answer)
    for asked in PHRASINGS.values():
        yield from asked
    rng = random.Random(7)
    vocabulary = " ".join(q + " " + a for q, a in FAQ.values()).split()
    for _ in range(60):
        yield " ".join(rng.sample(vocabulary, rng.randint(1, 9)))


def assert_verbatim(assistant: Assistant, answers: Iterable[Answer]) -> None:
    """What is quoted stands in the documents, and what is marked in the quote."""
    for quote in (quote for answer in answers for quote in answer.quotes):
        document = assistant.library.document(quote.source.sha256)
        assert document is not None
        assert quote.text == document.text[quote.start : quote.end]
        assert quote.text.strip()
        assert quote.highlights
        assert all(0 <= a < b <= len(quote.text) for a, b in quote.highlights)


def test_every_answer_quotes_slices_of_the_document_and_says_when_it_is_rather_wrong(
    small_assistant: Assistant,
) -> None:
    answers = [small_assistant.ask(question) for question in questions()]
    sure = small_assistant.searcher.levels.sure
    given = {(answer.confidence >= sure, answer.message) for answer in answers if answer.kind is Kind.ANSWER}

    assert given == {(True, phrases.ANSWERED), (False, phrases.UNSURE)}
    assert Kind.REFUSE in {answer.kind for answer in answers}
    assert [bool(answer.quotes) for answer in answers] == [answer.kind is Kind.ANSWER for answer in answers]
    assert_verbatim(small_assistant, answers)


def test_it_refuses_what_the_documents_do_not_answer_and_suggests_nothing_far(small_assistant: Assistant) -> None:
    for asked in ("quelle est la capitale du Pérou ?", "recette du gratin dauphinois", "asdf qsdf", "météo de demain"):
        answer = small_assistant.ask(asked)
        assert (answer.kind, answer.message, answer.quotes) == (Kind.REFUSE, phrases.REFUSED, ())
        assert (answer.confidence < 0.5, answer.suggestions) == (True, ())


def test_examples_work_when_asked(small_assistant: Assistant) -> None:
    by_question = {question: entry for entry, (question, _) in FAQ.items()}
    for example in small_assistant.about().examples:
        offered = small_assistant.ask(example)
        assert (offered.kind, offered.quotes[0].source.entry) == (Kind.ANSWER, by_question[example])


def test_between_two_entries_it_has_a_reserve_or_offers_them(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = small_assistant.ask("carte ou livres")
    found = small_assistant.searcher.search(small_assistant.searcher.read("carte ou livres")).answerable

    assert (answer.kind, answer.message, answer.quotes[0].source.entry) == (
        Kind.ANSWER,
        phrases.UNSURE,
        "pret",
    )
    assert answer.suggestions[0] == FAQ["inscription"][0]
    set_levels(monkeypatch, small_assistant.searcher, threshold=found + 0.01)
    offered = small_assistant.ask("carte ou livres")
    assert (offered.kind, offered.message, offered.quotes) == (Kind.CLARIFY, phrases.CLARIFY, ())
    assert offered.suggestions[:2] == (FAQ["pret"][0], FAQ["inscription"][0])
    set_levels(monkeypatch, small_assistant.searcher, offer=found + 0.01)
    refused = small_assistant.ask("carte ou livres")
    assert (refused.kind, refused.suggestions) == (Kind.REFUSE, offered.suggestions)


def test_it_says_what_it_read_otherwise(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("emprunter un bouquin, un roman, des livrs")
    assert answer.quotes[0].source.entry == "pret"
    # A misspelling, and not the everyday word that the lexicon knows.
    assert answer.understood == (("livrs", "livres"),)
    # Asked twice, the same answer.
    assert replace(small_assistant.ask(answer.question), elapsed_ms=answer.elapsed_ms) == answer


def test_it_is_polite(small_assistant: Assistant) -> None:
    for message in ("Bonjour !", "merci bcp", "es-tu un robot ?"):
        answer = small_assistant.ask(message)
        polite = courtesy(small_assistant.searcher.read(message), frozenset())
        assert polite is not None
        assert (answer.kind, answer.message) == (Kind.SMALLTALK, polite.reply)
        assert (answer.quotes, answer.ranking, answer.confidence) == ((), (), 1.0)
    for message in ("", "   ", "\n\t", "?", "…!", "\u200b"):
        assert small_assistant.ask(message).message == phrases.ASK_SOMETHING


def test_what_the_corpus_offers_wins_over_small_talk_that_is_hardly_likelier(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kinds(*messages: str) -> set[Kind]:
        return {small_assistant.ask(message).kind for message in messages}

    set_levels(monkeypatch, small_assistant.searcher, threshold=1.0)
    assert kinds("tu aimes les romans ?") == {Kind.CLARIFY}
    assert kinds("merci", "bonjour", "c'est nul", "tu es un robot ?") == {Kind.SMALLTALK}
    set_levels(monkeypatch, small_assistant.searcher, offer=1.0)
    assert kinds("tu aimes les romans ?") == {Kind.SMALLTALK}


@pytest.mark.parametrize(
    ("turn", "entry", "as_"),
    [
        ("et l'ordinateur ?", "internet", ReadAs.FOLLOW_UP),
        ("et c'est possible pour qui ?", "", ReadAs.FOLLOW_UP),  # what was quoted says no more of it
        ("Quelle amende faut-il payer après un retard ?", "retard", ReadAs.ALONE),
    ],
)
def test_only_half_a_sentence_is_read_with_what_came_before(
    small_assistant: Assistant, turn: str, entry: str, as_: ReadAs
) -> None:
    answer = small_assistant.ask(turn, ["Une association peut-elle avoir la salle ?"])

    assert (answer.quotes[0].source.entry if answer.quotes else "", answer.reading.as_) == (entry, as_)


def finds_after_question(searcher: Searcher, monkeypatch: pytest.MonkeyPatch, question: str, likely: float) -> None:
    """Let every turn after a question find what this question finds, so likely."""
    found = int(searcher.search(searcher.read(question)).hits[0].row)
    targets, entries = (np.zeros(n, np.float32) for n in (len(searcher.rows.targets), len(searcher.rows.entries)))
    targets[found] = entries[int(searcher.rows.entry_of_target[found])] = 1.0
    monkeypatch.setattr("index.following.followed", lambda *_: (Ranking(targets, entries), likely))


@pytest.mark.parametrize(
    ("turn", "likely", "kind"),
    [
        ("et l'amende de retard ?", 0.4, Kind.ANSWER),  # the passage that answers it when asked alone
        ("et une association ?", 0.4, Kind.CLARIFY),  # another one
        ("et combien ?", 0.2, Kind.REFUSE),
        ("et après ?", 0.95, Kind.CLARIFY),  # only the words of the question before find it, and nothing read it
    ],
)
def test_a_turn_after_a_question_that_does_not_say_enough_has_a_reserve(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch, turn: str, likely: float, kind: Kind
) -> None:
    searcher, marks = small_assistant.searcher, list[str]()
    finds_after_question(searcher, monkeypatch, "amende de retard", likely)
    mark = searcher._marker.mark
    monkeypatch.setattr(searcher._marker, "mark", lambda *given: marks.append(given[0]) or mark(*given))  # type: ignore[func-returns-value]

    answer = Assistant(searcher).ask(turn, ["Faut-il payer une amende ?"])

    assert (answer.kind, answer.reading.as_) == (kind, ReadAs.FOLLOW_UP)
    said = {Kind.ANSWER: phrases.UNSURE, Kind.CLARIFY: phrases.CLARIFY_ONE, Kind.REFUSE: phrases.REFUSED}
    assert answer.message == said[kind]
    # Only what is quoted is marked.
    assert sum(JOIN in asked for asked in marks) == (kind is Kind.ANSWER)


@pytest.mark.parametrize(
    ("answerable", "message"),
    [(0.03, phrases.REFUSED), (0.1, phrases.UNSURE), (0.3, phrases.ANSWERED)],
)
def test_a_turn_that_alone_says_nothing_that_the_documents_know_is_refused_after_a_question_too(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch, answerable: float, message: str
) -> None:
    searcher, search = small_assistant.searcher, small_assistant.searcher.search
    finds_after_question(searcher, monkeypatch, "amende de retard", 0.95)

    def alone(query: Query, k: int = 10) -> Result:
        found = search(query, k)
        return replace(found, answerable=answerable, confidence=answerable) if query.typed.text == turn else found

    monkeypatch.setattr(searcher, "search", alone)
    turn = "et l'amende des régions ?"
    assert Assistant(searcher).ask(turn, ["Faut-il payer une amende ?"]).message == message


@pytest.mark.parametrize(
    ("confidence", "message"),
    [(0.3, phrases.CLARIFY_ONE), (0.4, phrases.UNSURE), (0.85, phrases.ANSWERED)],
)
def test_an_entry_that_is_rather_not_the_right_one_is_offered(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch, confidence: float, message: str
) -> None:
    found = small_assistant.searcher.search(small_assistant.searcher.read("amende de retard"))
    likely = replace(found, answerable=0.9, confidence=confidence, levels=Levels(0.2, 0.25, 0.8))
    monkeypatch.setattr(small_assistant.searcher, "search", lambda *_: likely)

    answer = Assistant(small_assistant.searcher).ask("une amende ?")

    assert (answer.message, bool(answer.quotes)) == (message, message != phrases.CLARIFY_ONE)


@pytest.mark.parametrize("agree", [True, False])
def test_after_a_turn_that_leaned_both_readings_must_find_the_same(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch, agree: bool
) -> None:
    searcher = small_assistant.searcher
    hits = {name: searcher.search(searcher.read(name)).hits[:1] for name in ("amende de retard", "carte de lecteur")}
    late, card = hits.values()

    def follow(turn: Query, earlier: str, *_: object) -> Result:
        found = late if agree or JOIN not in earlier else card
        return Result(turn, found, 0.95, 0.95, AFTER_QUESTION)

    monkeypatch.setattr(searcher, "follow", follow)
    answer = Assistant(searcher).ask("et combien ?", ["Faut-il payer une amende ?", "et pour une association ?"])

    assert answer.message == (phrases.ANSWERED if agree else phrases.UNSURE)


def test_what_only_the_turn_alone_finds_is_said_with_a_reserve_where_it_leans_on_a_question(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, turn, search = small_assistant.searcher, "et l'amende ?", small_assistant.searcher.search
    sure = replace(search(searcher.read("amende de retard")), answerable=0.95, confidence=0.95)
    monkeypatch.setattr(searcher, "follow", lambda turn, *_: Result(turn, sure.hits, 0.1, 0.1, AFTER_QUESTION))
    monkeypatch.setattr(searcher, "search", lambda query: sure if query.typed.text == turn else search(query))

    told = Assistant(searcher).ask(turn, ["qui peut avoir une carte ?"])

    assert (told.message, told.reading.as_) == (phrases.UNSURE, ReadAs.ALONE)
    assert Assistant(searcher).ask(turn).message == phrases.ANSWERED


@pytest.mark.parametrize(("finds", "entry"), [("amende de retard", "retard"), ("carte de lecteur", "inscription")])
def test_what_a_correction_takes_back_is_quoted_again_only_where_nothing_else_is_found(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch, finds: str, entry: str
) -> None:
    searcher, told, search = small_assistant.searcher, ["qui peut avoir une carte ?"], small_assistant.searcher.search
    card, found = (search(searcher.read(asked)) for asked in (told[0], finds))
    monkeypatch.setattr(searcher, "follow", lambda turn, *_: Result(turn, card.hits, 0.9, 0.9, AFTER_QUESTION))
    monkeypatch.setattr(searcher, "search", lambda query: found if query.typed.text == "le rappel" else search(query))

    answer = Assistant(searcher).ask("non, le rappel", told)

    assert (answer.quotes[0].source.entry, answer.message) == (entry, phrases.UNSURE)
    assert answer.reading.as_ is ReadAs.CORRECTION


def test_a_turn_after_a_refusal_may_lean_on_what_was_quoted_before_it(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, told = small_assistant.searcher, ["qui peut avoir une carte ?", "quelle est la capitale du Pérou ?"]
    card = searcher.search(searcher.read(told[0])).hits

    def follow(turn: Query, earlier: str, *_: object) -> Result:
        likely = 0.9 if earlier == told[0] else 0.1
        return Result(turn, card, likely, likely, AFTER_QUESTION)

    monkeypatch.setattr(searcher, "follow", follow)
    answer = Assistant(searcher).ask("et pour elle ?", told)

    assert (answer.message, answer.reading) == (phrases.UNSURE, Reading(ReadAs.FOLLOW_UP, told[0], tuple(told)))
    assert Assistant(searcher).ask("et pour elle ?", answer.reading.history).reading == answer.reading
    assert Assistant(searcher).ask("et pour elle ?", told[1:]).kind is Kind.REFUSE


def test_small_talk_that_is_hardly_likely_is_a_turn_where_it_answers_after_a_question(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, turn = small_assistant.searcher, "vous l'aidez comment ?"
    card = searcher.search(searcher.read("qui peut avoir une carte ?")).hits
    assert Assistant(searcher).ask(turn).kind is Kind.SMALLTALK
    monkeypatch.setattr(searcher, "follow", lambda turn, *_: Result(turn, card, 0.7, 0.7, AFTER_QUESTION))

    assert Assistant(searcher).ask(turn, ["qui peut avoir une carte ?"]).kind is Kind.ANSWER


def test_acts_on_the_last_answer(small_assistant: Assistant, small_searcher: Searcher) -> None:
    asked = "qui peut avoir une carte ?"
    first = small_assistant.ask(asked)
    acts = {
        "répète": phrases.REPEATED,
        "montre-moi le passage entier": phrases.WHOLE_PASSAGE,
        "c'est à quelle page ?": phrases.where_from("Guide du lecteur", "Ville de Montbrun", "2024-03", None, None),
        "tu es sûr ?": phrases.how_sure(first.confidence),
        "imprimer": phrases.PRINTING,
    }
    for act, message in acts.items():
        # A courtesy in between is nothing to repeat.
        answer = small_assistant.ask(act, [asked, "merci"])
        assert (answer.kind, answer.message, answer.question) == (Kind.ANSWER, message, act)
        assert answer.reading == Reading(ReadAs.ACT, asked, (asked,))
        assert answer.quotes == first.quotes
        # Another process, which remembers nothing, says the same.
        fresh = Assistant(small_searcher).ask(act, [asked, "merci"])
        assert replace(fresh, elapsed_ms=answer.elapsed_ms) == answer
        assert small_assistant.ask(act).kind is Kind.SMALLTALK


def test_the_page_asked_for_after_a_refusal_is_that_of_the_last_quote(small_assistant: Assistant) -> None:
    told = ["qui peut avoir une carte ?", "quelle est la capitale du Pérou ?"]
    quoted = small_assistant.ask(told[0]).quotes
    for act in ("c'est à quelle page ?", "montre-moi le passage entier", "imprimer"):
        answer = small_assistant.ask(act, told)
        assert (answer.reading, answer.quotes) == (Reading(ReadAs.ACT, told[0], (told[0],)), quoted)
    # A refusal can be said again, and doubted.
    assert small_assistant.ask("répète", told).message == phrases.REFUSED
    assert small_assistant.ask("tu es sûr ?", told).kind is Kind.SMALLTALK


def test_an_act_is_a_question_where_there_is_nothing_that_it_could_be_about(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher, told = small_assistant.searcher, ["qui peut avoir une carte ?"]
    found = searcher.search(searcher.read("amende de retard"))
    search = searcher.search
    monkeypatch.setattr(searcher, "search", lambda query: found if query.typed.text == "imprimer" else search(query))

    assert Assistant(searcher).ask("imprimer").quotes[0].source.entry == "retard"
    assert Assistant(searcher).ask("imprimer", told).message == phrases.PRINTING


def test_a_page_goes_by_its_label(small_assistant: Assistant) -> None:
    answer = small_assistant.ask("qui peut avoir une carte ?")
    quote = replace(answer.quotes[0], source=replace(answer.quotes[0].source, page=4, page_label="iv"))
    said = about("source", replace(answer, quotes=(quote,)), small_assistant.library)
    assert said is not None
    assert ", page iv." in said.message


def test_a_question_offered_is_chosen_by_its_place(small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    set_levels(monkeypatch, small_assistant.searcher, threshold=0.999)
    offering = ["carte ou livres"]
    for turn, entry in (("la deuxième", "inscription"), ("2", "inscription"), ("oui", "pret"), ("la première", "pret")):
        answer = small_assistant.ask(turn, offering)
        assert (answer.kind, answer.quotes[0].source.entry) == (Kind.ANSWER, entry)
        assert answer.reading == Reading(ReadAs.ACT, offering[0], tuple(offering))
        # What follows leans on what was chosen.
        assert small_assistant.ask("répète", [*offering, turn]).quotes == answer.quotes
        # What was offered is said again, and is there to choose from after other words.
        repeated = small_assistant.ask("répète", offering)
        assert (repeated.suggestions, repeated.reading.as_) == (
            small_assistant.ask("carte ou livres").suggestions,
            ReadAs.ACT,
        )
        assert small_assistant.ask(turn, [*offering, "répète", "tu es sûr ?", "merci"]).quotes == answer.quotes
    none = small_assistant.ask(phrases.NONE_OF_THESE, offering)
    assert (none.kind, none.message) == (Kind.REFUSE, phrases.refused_again(offering))


def test_after_two_refusals_it_says_whom_to_ask_and_how(small_assistant: Assistant) -> None:
    first, second = "quelle est la capitale du Pérou ?", "recette du gratin dauphinois"
    assert small_assistant.ask(second, [first]).message == phrases.refused_again([first, second])
    assert small_assistant.ask(second, ["amende de retard"]).message == phrases.REFUSED


def test_a_refused_turn_that_names_nothing_is_leant_on_by_no_other(
    small_searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.searcher.AFTER_QUESTION", Levels(2.0, 2.0, 2.0))
    assistant, told = Assistant(small_searcher), ["horaires", "combien ?"]
    assert assistant.ask(told[1], told[:1]).kind is Kind.REFUSE
    assert assistant.ask("et pour la piscine ?", told).reading.of == told[0]


def test_where_one_passage_answers_two_questions_the_marks_of_both_are_shown(
    small_assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = small_assistant.searcher.search

    def marking(query: Query, k: int = 10) -> Result:
        found = search(query, k)
        passage = found.hits[0].target.passage
        first, second = [s.shift(passage.start) for s in sentences(passage.text)]
        return replace(found, marked=(second,) if "rappel" in query.text else (first,))

    monkeypatch.setattr(small_assistant.searcher, "search", marking)
    answer = small_assistant.ask("quelle amende de retard et quand part le rappel ?")
    assert (len(answer.quotes), len(answer.quotes[0].highlights)) == (1, 2)


def test_two_questions_get_two_quotes_or_one_is_named(small_assistant: Assistant) -> None:
    both = small_assistant.ask("quelle amende de retard et comment louer la salle ?")
    assert [quote.source.entry for quote in both.quotes] == ["retard", "salle"]
    assert both.halves == (Half("quelle amende de retard ?", 0), Half("comment louer la salle ?", 1))
    assert small_assistant.ask("la deuxième", [both.question]).quotes == both.quotes[1:]
    between = [both.question, "la deuxième", "répète"]
    assert small_assistant.ask("la première", between).quotes == both.quotes[:1]
    # What was chosen goes on: "la première" is no question.
    reading = small_assistant.ask("et pour une association ?", [both.question, "la deuxième"]).reading
    assert (reading.of, reading.history) == ("comment louer la salle ?", (both.question, "la deuxième"))
    one = small_assistant.ask("quelle amende de retard et quelle est la capitale du Pérou ?")
    assert [quote.source.entry for quote in one.quotes] == ["retard"]
    assert one.halves[1] == Half("quelle est la capitale du Pérou ?", None)


def test_the_ranking_lists_the_entries_best_first_whatever_the_kind(small_assistant: Assistant) -> None:
    for question in ("amende de retard", "quelle est la capitale du Pérou ?"):
        ranking = small_assistant.ask(question).ranking

        assert {r.entry for r in ranking} == set(FAQ)
        assert [r.score for r in ranking] == sorted((r.score for r in ranking), reverse=True)
        assert sum(r.score for r in ranking) == pytest.approx(1, abs=1e-3)
    [hit] = small_assistant.searcher.search(small_assistant.searcher.read("une carte"), k=1).hits
    assert (hit.entry.id, hit.rank) == ("inscription", 1)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        small_assistant.searcher.search(small_assistant.searcher.read("une carte"), k=0)


def test_it_says_what_it_knows(small_assistant: Assistant, small_searcher: Searcher) -> None:
    # The four shortest questions.
    examples = (FAQ["pret"][0], FAQ["retard"][0], FAQ["internet"][0], FAQ["inscription"][0])
    built = small_searcher.manifest.built
    assert small_assistant.about() == About(small_searcher.sources, (), examples, built, len(FAQ))


def wrong_headings(assistant: Assistant, earlier: str) -> list[tuple[str, Kind]]:
    """Headings that their entry does not answer when asked word for word, alone or after another question."""
    wrong = []
    for entry in assistant.searcher.rows.entries:
        if heading := entry.heading_text:
            greeted = f"Bonjour, {heading} Merci" if stems(heading) else heading
            for asked, history in ((heading, []), (heading.upper(), [earlier]), (greeted, [earlier])):
                answer = assistant.ask(asked, history)
                first = answer.quotes[0].source.entry if answer.quotes else None
                if (answer.kind, first) != (Kind.ANSWER, entry.id) or not answer.message.endswith(phrases.ANSWERED):
                    wrong.append((asked, answer.kind))
    return wrong


def test_a_heading_or_a_phrasing_is_answered_by_its_entry(small_assistant: Assistant) -> None:
    assert wrong_headings(small_assistant, "Qui peut avoir une carte ?") == []
    for entry, asked in PHRASINGS.items():
        for phrasing in asked:
            answer = small_assistant.ask(phrasing, ["Qui peut avoir une carte ?"])
            assert (answer.quotes[0].source.entry, answer.confidence) == (entry, 1.0)
            assert sum(r.score for r in answer.ranking) == pytest.approx(1, abs=1e-3)


def test_the_corpus_goes_before_small_talk(shared: Path, tmp_path: Path) -> None:
    text = (shared / "failing" / "md_questions_sur_le_service.md").read_text(encoding="utf-8")
    assistant = assistant_over(write_documents(tmp_path, {"faq.md": text}), small_encoder())

    assert len(assistant.searcher.rows.entries) == 7
    assert wrong_headings(assistant, "À quoi sert ce site ?") == []
    [quote, *_] = assistant.ask("que faites vous de mes donnees personnelles").quotes
    assert quote.text == "Le bureau garde le dossier de demande pendant cinq ans, puis le détruit."
    assert assistant.ask("merci beaucoup").kind == Kind.SMALLTALK


def test_to_import_the_assistant_brings_nothing_that_is_slow_to_import() -> None:
    seen = "import bot.assistant, sys; print({'torch', 'sklearn', 'scipy', 'gradio', 'bm25s'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout == "set()\n"

"""An editor who has written how people ask for some entries has not lost the others."""

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from fake_encoder import FakeEncoder
from small_corpus import FAQ, PHRASINGS, WORDS, assistant_over, write_corpus

from bot.assistant import Assistant
from index.ranking import SIGNALS, TEXT_FIELDS

UNASKED = {
    "horaires": ("À quelle heure ouvre la médiathèque ?", "Elle ouvre à dix heures. Le lundi est un jour de repos."),
    "parking": ("Où garer sa voiture ?", "Un parking gratuit est derrière le bâtiment. Il ferme à vingt heures."),
    "enfants": ("Y a-t-il des contes pour les enfants ?", "L’heure du conte a lieu le mercredi. L’entrée est libre."),
    "presse": ("Peut-on lire le journal sur place ?", "Dix journaux sont en salle de presse. Ils ne sortent pas."),
    "dons": ("Acceptez-vous les dons de livres ?", "Les dons sont reçus au bureau. Les encyclopédies sont refusées."),
    "musique": ("Prêtez-vous des disques ?", "Trois disques se prêtent à la fois. Les vinyles restent en rayon."),
    "expositions": ("Comment proposer une exposition ?", "Un dossier est à remettre en mars. Le jury répond en mai."),
}
ASKED = [
    ("A quelle heure ca ouvre la mediatheque", "horaires"),
    ("où je peux garer ma voiture", "parking"),
    ("des contes pour enfants ?", "enfants"),
    ("lire le journal", "presse"),
    ("vous prenez les dons de livres ?", "dons"),
    ("prêter des disques", "musique"),
    ("proposer une exposition", "expositions"),
]


@pytest.fixture(scope="module")
def encoder() -> FakeEncoder:
    return FakeEncoder((*WORDS, "heure", "voiture", "contes", "journal", "dons", "disques", "exposition"))


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, encoder: FakeEncoder) -> Assistant:
    return assistant_over(write_corpus(tmp_path_factory.mktemp("partial"), FAQ | UNASKED), encoder)


def test_what_phrasings_of_others_taught_does_not_refuse_an_entry_without(
    assistant: Assistant, encoder: FakeEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where an editor's many unanswered questions taught to refuse all that looks like no phrasing."""
    corpus = write_corpus(tmp_path / "corpus", FAQ | UNASKED)
    shutil.rmtree(corpus / "phrasings")
    bare, searcher = assistant_over(corpus, encoder).searcher, assistant.searcher
    never = (*[0.0] * len(SIGNALS), -9.0)
    weights = replace(searcher.learned.weights, answerable=never, right=never)
    monkeypatch.setattr(searcher, "learned", replace(searcher.learned, weights=weights))

    for question, entry in ASKED:
        found, before = (searcher.search(searcher.read(question)) for searcher in (searcher, bare))
        assert [hit.target.passage.entry for hit in (found.hits[0], before.hits[0])] == [entry, entry]
        assert found.confidence == pytest.approx(before.confidence, abs=0.1), question
        assert found.levels == before.levels
    assert not searcher.search(searcher.read("il faut une carte de membre pour venir ?")).offered


def test_a_turn_after_a_question_finds_an_entry_without_phrasings(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where phrasings taught to trust nothing else: what was learned elsewhere ranks the others."""
    searcher = assistant.searcher
    fields = tuple(0.0 if n < len(TEXT_FIELDS) else own for n, own in enumerate(searcher.learned.weights.fields))
    weights = replace(searcher.learned.weights, fields=fields)
    monkeypatch.setattr(searcher, "learned", replace(searcher.learned, weights=weights))

    for question, entry in ASKED:
        turn = searcher.read(question)
        found = searcher.follow(turn, "Que risque-t-on en cas de retard ?", None, partial(searcher.search, turn))
        assert found.hits[0].target.passage.entry == entry, question


def test_an_entry_that_nobody_wrote_phrasings_for_is_found_beside_the_others(assistant: Assistant) -> None:
    phrased = [("avoir une carte", "inscription"), ("amende si retard", "retard"), ("wifi", "internet")]
    for question, entry in ASKED + phrased:
        answer = assistant.ask(question)
        # Answered, or offered among few: without a reader nothing says that their own words are no detail.
        asked = (FAQ | UNASKED)[entry][0]
        assert [q.source.entry for q in answer.quotes[:1]] == [entry] or asked in answer.suggestions, question


def test_phrasings_of_an_entry_do_not_choose_among_its_passages(encoder: FakeEncoder, tmp_path: Path) -> None:
    prices = "La carte coûte dix euros.\n\nLa salle coûte trente euros.\n\nLe portage coûte deux euros."
    faq = FAQ | {"tarifs": ("Combien faut-il payer ?", prices)}
    asked = {"tarifs": ["prix de la carte", "prix de la salle", "combien pour le portage"]}
    assistant = assistant_over(write_corpus(tmp_path / "corpus", faq, PHRASINGS | asked), encoder)

    for question, passage in zip(asked["tarifs"], prices.split("\n\n"), strict=True):
        [quote, *_] = assistant.ask(question).quotes
        assert [quote.text[start:end] for start, end in quote.highlights] == [passage]

"""Turns that need what came before, and turns that do not."""

from collections.abc import Sequence

import pytest
from test_query import parser_of

from bot.conversation import Reading, is_elliptical, read_turn, subject
from corpus.phrasings import Lexicon
from index.french import FoldedText, stems

VOCABULARY = frozenset(
    stems("carte inscription livre emprunter retard amende salle association médiathèque ordinateur prolongation délai")
)
EARLIER = "Peut-on emprunter un livre sans carte ?"
PARSER = parser_of([], Lexicon())


def read(turn: str, history: Sequence[str] = (EARLIER,)) -> Reading:
    return read_turn(PARSER.read(turn), history, VOCABULARY)


@pytest.mark.parametrize(
    "turn",
    [
        "Peut-on réserver la salle pour une association ?",
        "une salle pour mon association de retraités",
        "et pour les vaccins de mon chien ?",  # half a sentence, but about something that no document has
        "Une association peut-elle louer un ordinateur, et sa carte suffit-elle ?",  # points back within itself
    ],
)
def test_a_complete_question_is_read_alone(turn: str) -> None:
    assert read(turn) == Reading(turn, None)


def test_half_a_sentence_is_read_with_the_question_before() -> None:
    for turn in ("et sans carte ?", "pourquoi ?", "combien ?", "et elle ?", "c'est tout ?", "et la prolongation ?"):
        assert read(turn) == Reading(None, f"{EARLIER} || {turn}")
    # Of several words, it may also stand alone.
    turn = "et la carte d'une association ?"
    assert read(turn) == Reading(turn, f"{EARLIER} || {turn}")


@pytest.mark.parametrize(
    ("turn", "history"), [("et la carte ?", []), ("et la carte ?", ["Bonjour", "ok"]), ("autre question", [])]
)
def test_without_anything_before_every_turn_is_read_alone(turn: str, history: list[str]) -> None:
    assert read(turn, history) == Reading(turn, None)


@pytest.mark.parametrize(
    ("turn", "asked"),
    [
        ("Rien à voir : comment louer la salle ?", "comment louer la salle ?"),
        ("autre question, et la carte ?", "et la carte ?"),
        ("Bon, changeons de sujet. La salle ?", "La salle ?"),
        ("Au fait la carte est gratuite ?", "la carte est gratuite ?"),
    ],
)
def test_a_change_of_subject_is_announced_and_the_announcement_dropped(turn: str, asked: str) -> None:
    assert read(turn) == Reading(asked, None)


@pytest.mark.parametrize(
    ("turn", "joined"),
    [
        # The word denied leaves the earlier question, the word meant joins it.
        ("non, pas le livre, la salle", "Peut-on emprunter un sans carte ? la salle"),
        ("Non pas la carte mais l'ordinateur", "Peut-on emprunter un livre sans ? l'ordinateur"),
        ("pas le livre, la salle, pardon", "Peut-on emprunter un sans carte ? la salle,"),
        ("non, la salle", f"{EARLIER} la salle"),
        ("ah non c'est la salle", f"{EARLIER} la salle"),
        ("je parlais de l'ordinateur", f"{EARLIER} l'ordinateur"),
        ("non je parlé de la salle", f"{EARLIER} de la salle"),
        ("pardon, je voulais dire la salle", f"{EARLIER} la salle"),
        ("oups la salle", f"{EARLIER} la salle"),
        ("au temps pour moi, la salle", f"{EARLIER} la salle"),
        ("Je me suis trompée, c'est l'ordinateur", f"{EARLIER} l'ordinateur"),
        ("erreur de ma part, la salle", f"{EARLIER} la salle"),
        ("j'ai mal écrit : la salle", f"{EARLIER} : la salle"),
        ("Erreur : la salle", f"{EARLIER} : la salle"),
        ("la salle je voulais dire", f"{EARLIER} la salle"),
        ("c'est de la salle que je parle", f"{EARLIER} de la salle"),
    ],
)
def test_a_correction_replaces_what_it_denies(turn: str, joined: str) -> None:
    assert read(turn) == Reading(None, joined)


def test_a_correction_that_is_a_sentence_may_stand_alone() -> None:
    said = "la salle n'est pas gratuite"
    assert read(f"erreur de ma part, {said}") == Reading(said, f"{EARLIER} {said}")


NEGATIONS = [
    "La carte ne peut-elle pas servir à une association ?",
    "Que faire si je ne rends pas le livre avant le délai ?",
    "La médiathèque ne prête pas les ordinateurs aux associations ?",
    "Je n'ai pas de carte, puis-je emprunter un livre ?",
    "Un livre rendu en retard n'est-il pas prolongé ?",
    "Pas de carte, pas de livre : est-ce la règle de la médiathèque ?",
    "Personne ne peut emprunter deux livres sans carte ?",
    "Ne faut-il jamais payer l'amende du retard ?",
    "Je ne parle pas français : une carte de la médiathèque est-elle possible ?",
    "Une erreur dans ma carte d'inscription, que faire ?",
    "J'ai fait tomber un livre de la médiathèque, pas l'ordinateur",
    "Vaut-il mieux prendre une carte plutôt que payer la salle ?",
    "On m'a parlé d'une amende de retard de livre",
    "Non-respect du délai : quelle amende pour un livre ?",
    "Quand je parle de la salle, est-ce celle de l'association ?",
    "Qui a la carte de la salle dont je parle ?",
    "Comment demander pardon pour un livre en retard ?",
]


def test_a_negation_is_no_correction() -> None:
    assert [turn for turn in NEGATIONS if read(turn).alone != turn] == []


def test_the_subject_is_the_last_question_that_says_something() -> None:
    assert subject(["Comment louer la salle ?", "merci", "ok"]) == "Comment louer la salle ?"
    assert subject(["Comment louer la salle ?", EARLIER]) == EARLIER
    # Four turns back at most: after that the visitor has moved on.
    assert subject(["Comment louer la salle ?", "ok", "ok", "ok", "ok"]) == ""
    assert subject([]) == ""


def test_which_turns_are_half_a_sentence() -> None:
    def halves(*turns: str) -> list[str]:
        return [turn for turn in turns if is_elliptical(FoldedText.of(turn), stems(turn), VOCABULARY)]

    half = ("", "et alors ?", "carte ?", "et la carte ?", "il faut quelle carte ?")
    assert halves(*half, "la carte de la médiathèque", "recette de cuisine", "et le prix du gaz ?") == list(half)

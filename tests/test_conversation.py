"""Turns that need what came before, and turns that do not."""

import pytest

from bot.conversation import Reading, is_elliptical, read_turn, subject
from index.french import stems

VOCABULARY = frozenset(
    stems("carte inscription livre emprunter retard amende salle association médiathèque ordinateur prolongation délai")
)
EARLIER = "Peut-on emprunter un livre sans carte ?"


@pytest.mark.parametrize(
    "turn",
    [
        "Peut-on réserver la salle pour une association ?",
        "Quelle est l'amende pour un livre rendu après le délai ?",
        "une salle pour mon association de retraités",
        "et pour les vaccins de mon chien ?",  # half a sentence, but about something that no document has
        "Une association peut-elle louer un ordinateur, et sa carte suffit-elle ?",  # points back within itself
    ],
)
def test_a_complete_question_is_read_alone(turn: str) -> None:
    assert read_turn(turn, [EARLIER], VOCABULARY) == Reading(turn, None)


@pytest.mark.parametrize(
    "turn", ["et sans carte ?", "pourquoi ?", "combien ?", "et elle ?", "c'est tout ?", "et la prolongation ?"]
)
def test_half_a_sentence_is_read_with_the_question_before(turn: str) -> None:
    assert read_turn(turn, [EARLIER], VOCABULARY).joined == f"{EARLIER} {turn}"


def test_half_a_sentence_of_several_words_may_also_stand_alone() -> None:
    assert read_turn("et la carte d'une association ?", [EARLIER], VOCABULARY) == Reading(
        "et la carte d'une association ?", f"{EARLIER} et la carte d'une association ?"
    )
    assert read_turn("pourquoi ?", [EARLIER], VOCABULARY).alone is None


def test_without_anything_before_every_turn_is_read_alone() -> None:
    assert read_turn("et la carte ?", [], VOCABULARY) == Reading("et la carte ?", None)
    assert read_turn("et la carte ?", ["Bonjour", "ok"], VOCABULARY) == Reading("et la carte ?", None)


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
    read = read_turn(turn, [EARLIER], VOCABULARY)

    assert read.joined is None
    assert read.alone is not None
    assert read.alone.lower() == asked.lower()


def test_an_announcement_alone_is_not_dropped() -> None:
    assert read_turn("autre question", [], VOCABULARY).alone == "autre question"


@pytest.mark.parametrize(
    ("turn", "read"),
    [
        # The word denied leaves the earlier question, the word meant joins it.
        ("non, pas le livre, la salle", "Peut-on emprunter un sans carte ? , la salle"),
        ("je parlais de l'ordinateur", "Peut-on emprunter un livre sans carte ? de l'ordinateur"),
        ("pardon, je voulais dire la salle", "Peut-on emprunter un livre sans carte ? la salle"),
    ],
)
def test_a_correction_replaces_what_it_denies(turn: str, read: str) -> None:
    assert read_turn(turn, [EARLIER], VOCABULARY) == Reading(None, read)


def test_the_subject_is_the_last_question_that_says_something() -> None:
    assert subject(["Comment louer la salle ?", "merci", "ok"]) == "Comment louer la salle ?"
    assert subject(["Comment louer la salle ?", EARLIER]) == EARLIER
    # Four turns back at most: after that the visitor has moved on.
    assert subject(["Comment louer la salle ?", "ok", "ok", "ok", "ok"]) == ""
    assert subject([]) == ""


@pytest.mark.parametrize(
    ("turn", "elliptical"),
    [
        ("", True),
        ("et alors ?", True),
        ("carte ?", True),
        ("et la carte ?", True),
        ("la carte de la médiathèque", False),
        ("il faut quelle carte ?", True),
        ("recette de cuisine", False),
        ("et le prix du gaz ?", False),
    ],
)
def test_which_turns_are_half_a_sentence(turn: str, elliptical: bool) -> None:
    assert is_elliptical(turn, VOCABULARY) is elliptical

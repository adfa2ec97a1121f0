"""Turns that need what came before, and turns that do not."""

import pytest
from test_query import parser_of

from bot.conversation import (
    NONE,
    Corrected,
    Halves,
    chosen,
    corrected,
    halves,
    is_correction,
    needs_choice,
    on_another_subject,
)
from bot.courtesy import leans
from corpus.phrasings import Lexicon
from index.french import FoldedText

EARLIER = "Peut-on emprunter un livre sans carte ?"
PARSER = parser_of([], Lexicon())


def read(turn: str) -> Corrected:
    assert is_correction(FoldedText.of(turn))
    return corrected(FoldedText.of(turn), EARLIER)


def test_a_turn_that_says_too_little_leans_on_the_question_before() -> None:
    half = [
        "et sans carte ?",
        "pourquoi ?",
        "et elle ?",
        "et la prolongation ?",
        "ok, et le dimanche ?",
        "c'est payant ?",
    ]
    whole = [
        "Peut-on réserver la salle pour une association ?",
        "qui signe le contrat",
        "comment rompre un bail ?",
        "Une association peut-elle louer un ordinateur, et sa carte suffit-elle ?",
        "la mairie n'ouvre pas le mercredi ?",
    ]
    assert [turn for turn in half if leans(PARSER.read(turn)) < 0.5] == []
    assert [turn for turn in whole if leans(PARSER.read(turn)) > 0.3] == []


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
    assert on_another_subject(turn) == asked
    assert on_another_subject(asked) == ""


@pytest.mark.parametrize(
    ("turn", "kept", "meant"),
    [
        # The word denied leaves the earlier question, the word meant joins it.
        ("non, pas le livre, la salle", "Peut-on emprunter un sans carte ?", "la salle"),
        ("non pas un livre, la salle", "Peut-on emprunter sans carte ?", "la salle"),
        ("Non pas la carte mais l'ordinateur", "Peut-on emprunter un livre sans ?", "l'ordinateur"),
        ("pas le livre, la salle, pardon", "Peut-on emprunter un sans carte ?", "la salle"),
        ("pas le livre, la salle", "Peut-on emprunter un sans carte ?", "la salle"),
        ("la salle, pas le livre", "Peut-on emprunter un sans carte ?", "la salle"),
        ("non, la salle", EARLIER, "la salle"),
        ("ah non c'est la salle", EARLIER, "la salle"),
        ("je parlais de l'ordinateur", EARLIER, "l'ordinateur"),
        ("non je parlé de la salle", EARLIER, "de la salle"),
        ("pardon, je voulais dire la salle", EARLIER, "la salle"),
        ("oups la salle", EARLIER, "la salle"),
        ("au temps pour moi, la salle", EARLIER, "la salle"),
        ("Je me suis trompée, c'est l'ordinateur", EARLIER, "l'ordinateur"),
        ("erreur de ma part, la salle", EARLIER, "la salle"),
        ("j'ai mal écrit : la salle", EARLIER, "la salle"),
        ("Erreur : la salle", EARLIER, "la salle"),
        ("la salle je voulais dire", EARLIER, "la salle"),
        ("c'est de la salle que je parle", EARLIER, "de la salle"),
    ],
)
def test_a_correction_replaces_what_it_denies(turn: str, kept: str, meant: str) -> None:
    assert read(turn) == Corrected(kept, meant, is_sentence=False)


def test_a_correction_leaves_what_the_question_denies_itself() -> None:
    said = corrected(FoldedText.of("non, pas la carte, le badge"), "Que faire si je n'ai pas ma carte ?")
    assert said == Corrected("Que faire si je n'ai pas ma ?", "le badge", is_sentence=False)


def test_a_correction_that_is_a_sentence_may_stand_alone() -> None:
    said = "la salle n'est pas gratuite"
    assert read(f"erreur de ma part, {said}") == Corrected(EARLIER, said, is_sentence=True)


NEGATIONS = [
    "La carte ne peut-elle pas servir à une association ?",
    "Que faire si je ne rends pas le livre avant le délai ?",
    "La médiathèque ne prête pas les ordinateurs aux associations ?",
    "Je n'ai pas de carte, puis-je emprunter un livre ?",
    "Un livre rendu en retard n'est-il pas prolongé ?",
    "Pas la carte, la salle est-elle gratuite ?",
    "La carte, pas cher ?",
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
    assert [turn for turn in NEGATIONS if is_correction(FoldedText.of(turn))] == []


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (
            "C'est combien la carte et comment on réserve la salle ?",
            Halves("C'est combien la carte ?", "comment on réserve la salle ?", True),
        ),
        (
            "On prend les clés où et faut les rendre quand ?",
            Halves("On prend les clés où ?", "faut les rendre quand ?", False),
        ),
        (
            "Quand la salle est-elle libre ? Et qui a les clés ?",
            Halves("Quand la salle est-elle libre ?", "qui a les clés ?", True),
        ),
        ("Comment réserver la salle et pour combien ?", Halves("Comment réserver la salle ?", "pour combien ?", True)),
        (
            "Est-ce que je peux réserver la salle pour le mariage de ma fille et qui a les clés ?",
            Halves("Est-ce que je peux réserver la salle pour le mariage de ma fille ?", "qui a les clés ?", True),
        ),
        # In-situ, or after what is no question by its form.
        (
            "Les livres se rendent où et la carte est à combien ?",
            Halves("Les livres se rendent où ?", "la carte est à combien ?", False),
        ),
        ("La salle est libre et qui a les clés ?", Halves("La salle est libre ?", "qui a les clés ?", False)),
        ("Les livres et la carte c'est combien ?", None),
        (f"Je veux bien{' et encore' * 9} la salle, mais qui a les clés et comment la réserver ?", None),
        ("Les livres et les disques sont-ils prêtés ?", None),
        ("Bonjour, comment louer la salle ?", None),
        ("C'est pour ma fille de 8 ans, comment l'inscrire ?", None),
        ("Qui a les clés et combien la salle coûte-t-elle et quand la rendre ?", None),
        ("Comment s'inscrire ?", None),
    ],
)
def test_two_questions_in_one(question: str, found: Halves | None) -> None:
    assert halves(question) == found


@pytest.mark.parametrize(
    ("turn", "row"),
    [
        *(("2", 1), ("la deuxième", 1), ("la première, redis-moi", 0), ("oui, la 3 stp", 2), ("celle du milieu", 1)),
        *(("la dernière", 2), ("oui", 0), ("aucune", NONE), ("Aucune de ces questions", NONE), ("le 4", None)),
        *(("2 enfants à la cantine", None), ("la première année est-elle gratuite ?", None), ("et la carte ?", None)),
    ],
)
def test_a_choice_among_three(turn: str, row: int | None) -> None:
    assert chosen(FoldedText.of(turn), 3) == row
    assert row is None or needs_choice(FoldedText.of(turn))

"""A question asked again of another acronym, or of another document."""

import pytest
from test_query import parser_of

from corpus.phrasings import Lexicon
from index.substitution import Names

PARSER = parser_of([], Lexicon())
NAMES = Names(
    ["CTI", "CRTE"],
    ["Règlement de la piscine municipale", "Règlement de la salle des fêtes", "Tarifs 2025", "Tarifs 2026"],
)


@pytest.mark.parametrize(
    ("earlier", "turn", "found"),
    [
        ("Qui signe le CTI ?", "et celui du crte ?", "Qui signe le crte ?"),
        ("un CTI finit quand, un CTI prolongé ?", "et le CRTE ?", "un CRTE finit quand, un CRTE prolongé ?"),
        ("combien coûte la piscine ?", "et la salle des fêtes ?", "combien coûte la salle des fêtes ?"),
        ("la salle des fêtes ouvre quand ?", "et la piscine municipale", "la piscine municipale ouvre quand ?"),
        ("combien en 2025 ?", "et en 2026 ?", "combien en 2026 ?"),
    ],
)
def test_the_question_is_asked_of_what_the_turn_names(earlier: str, turn: str, found: str) -> None:
    assert NAMES.substituted(PARSER.read(turn), PARSER.read(earlier)) == found


@pytest.mark.parametrize(
    ("earlier", "turn"),
    [
        ("combien coûte la piscine ?", "y a-t-il des douches à la salle des fêtes ?"),  # says more
        ("combien coûte la piscine ?", "et la piscine municipale ?"),  # the same
        ("combien ça coûte ?", "et la piscine ?"),  # nothing that it takes the place of
        ("combien coûte la piscine ou la salle des fêtes ?", "et en 2026 ?"),
        ("Qui signe le CTI ?", "et la piscine ?"),  # of another kind
        ("combien coûte la piscine ?", "et le règlement ?"),  # of several
    ],
)
def test_or_of_nothing_else(earlier: str, turn: str) -> None:
    assert NAMES.substituted(PARSER.read(turn), PARSER.read(earlier)) == ""

"""The formulas around a question are set aside; a formula alone, or a word of the question, is kept."""

import pytest
from test_query import parser_of

from corpus.lexicon import Lexicon

PARSER = parser_of([], Lexicon())


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Bonjour, qui signe ? Merci.", "qui signe ?"),
        ("Bonjour Madame, pouvez-vous me dire qui signe ? Merci d’avance pour votre réponse !", "qui signe ?"),
        ("merci de m'indiquer la durée du contrat", "la durée du contrat"),
        ("slt jvoudrais savoir si on signe stp", "jvoudrais savoir si on signe"),
        ("je voudrais savoir si on signe", "si on signe"),
        ("j’ai une question : quel délai ?\nCordialement", "quel délai ?"),
        ("Le préfet signe-t-il ? Bonne journée à bientôt", "Le préfet signe-t-il ?"),
    ],
)
def test_what_is_asked_is_a_slice_of_what_was_typed(question: str, asked: str) -> None:
    assert PARSER.read(question).asked == asked
    assert asked in question


@pytest.mark.parametrize(
    "question",
    [
        "bonjour",
        "Merci beaucoup et bonne fin de journée à vous",
        "dis-moi ton nom",
        "Comment dire bonjour en anglais ?",
        "À qui dire merci ?",
        "merci de votre aide",
        "Qui remercier pour son retour ?",
        "",
        "?!",
    ],
)
def test_the_rest_stays_whole(question: str) -> None:
    assert PARSER.read(question).asked == question

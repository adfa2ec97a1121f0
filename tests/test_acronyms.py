"""Acronyms that documents explain, and the other names that are read as one."""

import pytest
from test_query import parser_of

from corpus.phrasings import Lexicon
from index.french import stem
from index.vocabulary import explained, spelled

LEXICON = Lexicon(
    acronyms={"CRTE": ("contrat de relance et de transition écologique",)},
    words={"contrat de relance": ("CRTE",), "contrat vert": ("CRTE",), "agglo": ("intercommunalité",)},
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Le parc naturel régional (PNR) est créé.", {"PNR": ("parc naturel régional",)}),
        ("une autorité administrative indépendante (AAI)", {"AAI": ("autorité administrative indépendante",)}),
        ("le PNR (parc naturel régional) est créé", {"PNR": ("parc naturel régional",)}),
        ("le code (CRTE) est inconnu", {}),
        ("selon la page suivante (PDF)", {}),
    ],
)
def test_what_a_text_explains(text: str, found: dict[str, tuple[str, ...]]) -> None:
    assert explained([text]) == found


def test_an_acronym_of_another_language_is_believed_from_the_third_time_on() -> None:
    texts = [f"{first} d’impact sur la protection (PIA)" for first in ("l’analyse", "une analyse", "cette analyse")]

    assert explained(texts[:2]) == {}
    assert explained(texts) == {"PIA": ("analyse d’impact sur la protection",)}  # an elided word heads none


def test_letters_inside_words_count_where_most_begin_one() -> None:
    assert spelled("FICOBA", "le fichier des comptes bancaires ") == "fichier des comptes bancaires"
    assert spelled("XYZ", "le fichier des comptes bancaires ") is None


@pytest.mark.parametrize(
    ("typed", "read", "said"),
    [
        ("le contrat vert est signé", "le CRTE est signé", [("contrat vert", "CRTE")]),
        ("nos contrats verts, vite", "nos CRTE, vite", [("contrats verts", "CRTE")]),
        # The longest name wins, and that it is the acronym goes without saying.
        ("le contrat de relance et de transition écologique", "le CRTE", []),
        # A single word may mean something else: it stays, and its meaning is added.
        ("notre agglo", "notre agglo (intercommunalité)", []),
        ("", "", []),
    ],
)
def test_another_name_is_read_as_the_acronym(typed: str, read: str, said: list[tuple[str, str]]) -> None:
    query = parser_of([], LEXICON).read(typed)
    assert (query.text, list(query.replaced)) == (read, said)


def test_a_parser_spells_out_what_the_documents_explain() -> None:
    parser = parser_of(["Le parc naturel régional (PNR) est créé."], Lexicon())

    assert parser.read("qui dirige le PNR ?").spelled_out == "qui dirige le parc naturel régional ?"
    assert parser.read("qui dirige le parc ?").spelled_out is None


def test_everyday_words_are_added_where_the_documents_have_them() -> None:
    asked = "mon patron"

    assert parser_of(["L’employeur répond."], Lexicon()).read(asked).added == (stem("employeur"),)
    assert parser_of(["Le maire répond."], Lexicon()).read(asked).added == ()
    # The editor's own line goes before that of the thesaurus.
    own = parser_of(["L’employeur répond. Le maire aussi."], Lexicon(words={"patron": ("maire",)}))
    assert own.read(asked).added == (stem("maire"),)

"""French as people type it: folding, words, and inflections that share one key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.french import STOP_WORDS, FoldedText, Runs, fold, is_french, stem, stems, words


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Élève", "eleve"),
        ("ÇA ET LÀ", "ca et la"),
        ("L’Œuvre où", "l'oeuvre ou"),
        ("ex æquo", "ex aequo"),
        ("e\u0301te\u0301", "ete"),  # accents as separate characters, as macOS writes them
        ("l`État", "l'etat"),
        ("l‘État", "l'etat"),
        ("Straße", "strasse"),
        ("ﬁnancement", "financement"),  # a ligature that PDFs leave behind
        ("CRTE 2021", "crte 2021"),
        ("", ""),
    ],
)
def test_folding_takes_case_accents_and_ligatures_away(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "L’intercommunalité s'est inscrite en 2019 !",
            ["l", "intercommunalite", "s", "est", "inscrite", "en", "2019"],
        ),
        ("Peut-on… (re)signer ?", ["peut", "on", "re", "signer"]),
        ("aujourd’hui, quelqu’une", ["aujourd'hui", "quelqu'une"]),
        ("jusqu’en", ["jusqu", "en"]),
        ("n°6231/SG_2", ["n", "6231", "sg", "2"]),  # NFKD makes "n°" n and a degree sign that is no letter
        ("« » — …", []),
    ],
)
def test_words_split_at_elisions_and_punctuation(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "family",
    [
        "signer signé signée signés signees signe signent signait",
        "modifier modifie modifié modifiées modification modifications",
        "réviser révisé révisés revises révision REVISION",
        "intercommunalité intercommunalités intercommunalite",
        "local locale locaux locales",
        "élu élus élue élues elu",
        "État états ETAT",
        "œuvre oeuvre œuvres",
    ],
)
def test_inflections_of_one_word_share_a_key(family: str) -> None:
    assert len({stem(fold(word)) for word in family.split()}) == 1


def test_different_words_keep_different_keys_and_those_without_meaning_have_none() -> None:
    for one, other in (("contrat", "contraire"), ("maire", "marier"), ("signer", "signaler"), ("préfet", "préférer")):
        assert stem(fold(one)) != stem(fold(other))
    assert stems("Est-ce que les contrats sont signés ?") == [stem("contrat"), stem("signer")]
    assert stems("Pouvez-vous me dire ce que c'est ?") == []
    assert all(stem(fold(word)) for word in ("eeee", "e" * 2000, "ééééé"))


def test_stop_words_are_folded_words() -> None:
    assert {word for word in STOP_WORDS if words(word) != [word]} == set()
    assert {"le", "est", "pourquoi", "aujourd'hui"} <= STOP_WORDS
    assert not {"contrat", "commune", "refuser"} & STOP_WORDS


def test_the_dictionary_knows_words_without_their_accents() -> None:
    assert [word for word in ("revision", "etes", "revizion", "crte") if is_french(word)] == ["revision", "etes"]


@given(st.text(alphabet=st.characters(codec="cp1252")))
def test_words_are_found_once_with_their_places(text: str) -> None:
    found = FoldedText.of(text)

    assert fold(found.folded) == found.folded == fold(text)
    assert list(found.words) == words(text)
    assert all(word in fold(text[a:b]) for word, (a, b) in zip(found.words, found.spans, strict=True))


def test_expressions_are_found_by_their_first_word() -> None:
    runs = Runs([(("a",), 1), (("a", "b"), 2), (("b", "c"), 3)])

    assert list(runs.all("abcab")) == [1, 2, 3, 1, 2]
    assert list(runs.longest("abcab")) == [(0, 2, 2), (3, 5, 2)]

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import BlockKind
from corpus.layout.compose import clean
from corpus.layout.lines import INVISIBLE, is_white

# What printed pages are made of, so that hypothesis meets the rules and not only letters.
WORDS = """
le Contrat écolo- gique sous- ? . : ; - o • l 1. 2. I. A. 1° a) Q : R : Article 3 ANNEXE 1 Sommaire
......... 12 Page 3/4 https://a.fr/b- c?d=1 « » ( ) , … 12 - 4 -
"""
WHITE = ["\n", "\n\n", "\n\n\n", "\r\n", *"\f\t \u00a0\u00ad\u200b\ufeff\0\x85"]
FRAGMENTS = st.sampled_from([*WORDS.split(), *WHITE])
PRINTED = st.one_of(
    st.text(), st.lists(FRAGMENTS, max_size=60).map(" ".join), st.lists(FRAGMENTS, max_size=60).map("".join)
)


def texts(raw: str) -> list[str]:
    reading = clean(raw).reading
    return [reading.text[block.start : block.end] for block in reading.blocks]


def headings(raw: str) -> list[tuple[int, str]]:
    reading = clean(raw).reading
    return [(b.level, reading.text[b.start : b.end]) for b in reading.blocks if b.kind is BlockKind.HEADING]


def kinds(raw: str) -> list[tuple[str, int]]:
    return [(block.kind.value, block.level) for block in clean(raw).reading.blocks]


@given(PRINTED)
def test_every_character_of_the_text_stands_in_the_file(raw: str) -> None:
    layout = clean(raw)

    assert len(layout.origin) == len(layout.reading.text)
    for char, origin in zip(layout.reading.text, layout.origin, strict=True):
        assert raw[origin] == char or (char in " \n" and is_white(raw[origin]))
    inked = [at for char, at in zip(layout.reading.text, layout.origin, strict=True) if not char.isspace()]
    assert inked == sorted(set(inked))


@given(PRINTED.filter(lambda raw: "\f" not in raw))
def test_without_pages_nothing_is_lost_but_hyphens(raw: str) -> None:
    kept = "".join(clean(raw).reading.text.split())
    seen = "".join(char for char in raw if not (is_white(char) or char in INVISIBLE or "\ue000" <= char <= "\uf8ff"))

    assert kept.replace("-", "") == seen.replace("-", "")


@given(PRINTED)
def test_blocks_and_pages_are_ordered_and_cover_the_text(raw: str) -> None:
    reading = clean(raw).reading

    end = 0
    for block in reading.blocks:
        assert end <= block.start < block.end
        assert not reading.text[end : block.start].strip()
        assert reading.text[block.start : block.end] == reading.text[block.start : block.end].strip()
        end = block.end
    assert not reading.text[end:].strip()
    assert list(reading.pages) == sorted(reading.pages)
    assert len(reading.pages) <= raw.count("\f") + 1
    assert (reading.pages[0] == 0) if reading.pages else ("\f" not in raw or not raw.strip())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("la contractua-\nlisation", "la contractualisation"),
        ("un sous-\npréfet", "un sous-préfet"),
        ("pour Saint-\nDenis", "pour Saint-Denis"),
        ("la loi n° 2016-\n483 du 20 avril", "la loi n° 2016-483 du 20 avril"),
        ("le ser -\nvice public", "le service public"),
        ("le règlement, ou règle -\nment", "le règlement, ou règlement"),
        ("le maire -\nson adjoint", "le maire - son adjoint"),
        ("le con\u00ad\ntrat", "le contrat"),
        # The document itself spells the word, which no dictionary knows.
        ("un porte-greffe et des porte-\ngreffe", "un porte-greffe et des porte-greffe"),
        ("la télédéclaration, puis la télé-\ndéclaration", "la télédéclaration, puis la télédéclaration"),
    ],
)
def test_hyphens_of_line_ends_go_and_those_of_words_stay(raw: str, expected: str) -> None:
    assert clean(raw).reading.text == expected


def test_words_and_signs_are_left_alone() -> None:
    raw = "L'élu·e  dit :\u00a0« ŒUVRE ﬁnie »…   1\u202f000\u00a0€ \u00a0 net"

    assert clean(raw).reading.text == "L'élu·e dit :\u00a0« ŒUVRE ﬁnie »… 1\u202f000\u00a0€ net"


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("le site https://a.beta.gouv.\nfr/blog/16/.  Ensuite", "https://a.beta.gouv.fr/blog/16/"),
        ("voir https://a.gouv.fr/\ndownload/circ?id=45084", "https://a.gouv.fr/download/circ?id=45084"),
        ("voir https://a.gouv.fr/id/JORF-\n000042/ en ligne", "https://a.gouv.fr/id/JORF-000042/"),
        ("voir https://www.anct.gouv.fr/accueil/\net la suite", "https://www.anct.gouv.fr/accueil/"),
    ],
)
def test_addresses_cut_by_a_line_end_are_whole(raw: str, url: str) -> None:
    reading = clean(raw).reading

    assert url in re.findall(r"https?://[^ ]*[^ .]", reading.text)


def test_wrapped_lines_are_joined_and_blank_lines_part_paragraphs() -> None:
    raw = "Le contrat est signé par le préfet et\nles intercommunalités.\n\nIl dure six ans.\n"

    assert texts(raw) == ["Le contrat est signé par le préfet et les intercommunalités.", "Il dure six ans."]


def test_in_a_text_printed_with_blank_lines_everywhere_short_lines_part_paragraphs() -> None:
    raw = """Les contrats ont vocation à assurer une territorialisation du plan de relance, et à

accompagner les collectivités dans leur projet de territoire sur la durée du mandat. Ils

sont signés pour six ans.

Le préfet de département les signe au nom de l'État, après avis du comité de pilotage,

puis il en rend compte.
"""

    assert [text[:12] for text in texts(raw)] == ["Les contrats", "Le préfet de"]


LONG = (
    "Chaque foyer reçoit une aide de la commune, sur demande écrite déposée en mairie avant la fin du mois de juin. "
    * 2
)
LABELLED = """Q : Qui signe le contrat de relance et de transition
écologique de la commune ?
R : Le maire et le préfet le signent dans le mois qui
suit la délibération du conseil, en mairie centrale.
Q : Quand est-il signé par le maire et par le préfet ?
Pour en savoir plus : le site de la commune."""


@pytest.mark.parametrize(
    ("raw", "starts"),
    [
        (f"{LONG.strip()}\n{LONG.strip()}\nIl dure six ans.", ["Chaque", "Chaque", "Il"]),  # lines never wrapped
        (LABELLED, ["Q", "R", "Q", "Pour"]),
    ],
)
def test_lines_that_no_space_parts_are_paragraphs_where_they_are_whole_or_labelled(raw: str, starts: list[str]) -> None:
    assert [text.split()[0] for text in texts(raw)] == starts


def test_a_paragraph_or_a_word_may_run_over_a_page_break() -> None:
    raw = "Le préfet signe le contrat de relance avec les intercommu-\n\fnalités du territoire.\n\nFin."

    reading = clean(raw).reading

    assert texts(raw) == ["Le préfet signe le contrat de relance avec les intercommunalités du territoire.", "Fin."]
    assert reading.text[reading.pages[1] :].startswith("nalités du territoire.")


def test_running_headers_footers_and_page_numbers_are_dropped() -> None:
    words = ["premier", "deuxième", "troisième"]
    pages = [
        f"Guide de l'élu, p. {number}\n\nLe {word} principe est celui de la liberté.\n\n- {number} -\nMairie"
        for number, word in enumerate(words, 1)
    ]

    reading = clean("\f".join(pages)).reading

    assert reading.text == "\n\n".join(f"Le {word} principe est celui de la liberté." for word in words)
    assert [reading.text[start:][:6] for start in reading.pages] == ["Le pre", "Le deu", "Le tro"]


def test_titles_that_open_every_page_are_no_header() -> None:
    pages = [
        f"Article {number}\n\nLes {word} sont associées au comité."
        for number, word in ((3, "villes"), (4, "écoles"), (7, "régions"))
    ]

    assert [text for _, text in headings("\f".join(pages))] == ["Article 3", "Article 4", "Article 7"]


def test_numbers_that_do_not_grow_with_the_pages_are_text() -> None:
    assert texts("Total des contrats :\n\n830\fTotal des aides :\n\n1200")[1::2] == ["830", "1200"]


def test_items_nest_by_their_bullets_and_by_the_letters_that_fonts_draw_as_bullets() -> None:
    raw = """Deux cas se présentent :
l le périmètre est le même :
o le contrat est intégré ;
o le contrat est valorisé ;
l le périmètre diffère.
"""

    assert kinds(raw) == [("paragraph", 0), ("item", 1), ("item", 2), ("item", 2), ("item", 1)]
    assert clean(raw).reading.text == raw.strip()


def test_headings_of_a_circular_get_their_levels() -> None:
    raw = """Préambule

Le contrat engage l'État et les communes.

I. - Les objectifs

Le contrat est unique pour tout le territoire.

A. Le périmètre

Le périmètre est celui de l'intercommunalité.

B. Le calendrier

Le calendrier est fixé par le préfet de département.

II. - La gouvernance

Article 3

Le préfet préside le comité. Il siège chaque année.

Article 4. – Les communes sont associées au comité.

Article 5 : charge le préfet de l'exécution.

ANNEXE 1 : Modèle

Le modèle est indicatif.

ANNEXE : TARIFS

Le tarif est de dix euros.

Annexe – Contacts

Le bureau est ouvert le lundi.
"""

    assert headings(raw) == [
        (1, "Préambule"),
        (1, "I. - Les objectifs"),
        (2, "A. Le périmètre"),
        (2, "B. Le calendrier"),
        (1, "II. - La gouvernance"),
        (2, "Article 3"),
        (2, "Article 4. –"),
        (2, "Article 5 :"),
        (1, "ANNEXE 1 : Modèle"),
        (1, "ANNEXE : TARIFS"),
        (1, "Annexe – Contacts"),
    ]


def test_a_number_or_a_dash_inside_a_wrapped_sentence_opens_nothing() -> None:
    raw = """Le protocole, prévu à l'article
2. de la présente circulaire, précède le contrat, qui
– pour six ans – lie l'État."""

    assert len(texts(raw)) == 1


def test_a_numbered_list_is_no_row_of_headings() -> None:
    raw = """Le circuit de la demande :
1. Signature de l'agent
2. Avis du supérieur
3. Décision

Elle est notifiée."""

    assert kinds(raw) == [("paragraph", 0), ("item", 1), ("item", 1), ("item", 1), ("paragraph", 0)]

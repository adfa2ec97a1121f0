"""The first corpus, entry by entry: the expected text was copied by hand from the file."""

from hashlib import sha256
from pathlib import Path

import pytest
from conftest import ROOT

from corpus.document import Document, Entry, Passage, Source, Span
from corpus.readers.text import read_text
from corpus.split.split import split

FILE = ROOT / "corpus" / "documents" / "faq-cti-crte.txt"

# Beginning and end of heading and body, as copied by hand from the file; page on which the body starts.
ENTRIES = [
    ("", "Dans le prolongement du … avec les mandats municipaux.", 1),
    ("", "Les contrats de relance … du projet de territoire.", 1),
    ("80% des CRTE seront … assurer leur articulation ?", "Les CRTE seront structurés … le cadre des CRTE.", 1),
    ("", "Référence : circulaire du … des CRTE : https://www.legifrance.gouv.fr/download/pdf/circ?id=45084", 1),
    (
        "Mon territoire s’est inscrit … préparation du CRTE ?",
        "Si l’intercommunalité signataire d’un … de ces deux contrats.",
        1,
    ),
    (
        "Mon territoire prépare ou … préparation d’un CRTE ?",
        "La préparation d’un CRTE … démarches qui s’enrichissent mutuellement.",
        2,
    ),
    ("Lorsque l’animation de mon … une échelle infra ?", "Tous les acteurs qui … n’en seront pas signataires.", 2),
    ("Mon Territoire d'industrie bénéficie … ce type d’aides ?", "Dans la mesure où … au titre de TI.", 2),
    ("", "Pour en savoir plus sur les CRTE : https://agence-cohesion-territoires.gouv.fr/CRTE", 2),
]

# The passages of question 2: text, quote, context, page.
AMENDMENT = "Les CTI en cours … contexte de la relance."
GOVERNANCE = "En termes de gouvernance, … de ces deux contrats."
LEAD_IN = "Si l’intercommunalité signataire d’un … envisagées, et notamment :"
SAME = "- Le CRTE est … que le CTI :"
OTHER = "- Le périmètre du … de ce dernier :"
HYPOTHESIS_SAME = "- Le CRTE est … cohésion sociale, mobilités, etc.)."
HYPOTHESIS_OTHER = "- Le périmètre du … CRTE pour chaque intercommunalité."
PASSAGES = [
    (LEAD_IN, LEAD_IN, [], 1),
    (SAME, HYPOTHESIS_SAME, [LEAD_IN], 1),
    ("o La ou les … seul contrat in fine.", HYPOTHESIS_SAME, [LEAD_IN, SAME], 1),
    ("o Le CRTE peut … cohésion sociale, mobilités, etc.).", HYPOTHESIS_SAME, [LEAD_IN, SAME], 2),
    (OTHER, HYPOTHESIS_OTHER, [LEAD_IN], 2),
    ("o en les mentionnant … l’échelle du CRTE ;", HYPOTHESIS_OTHER, [LEAD_IN, OTHER], 2),
    ("o en les mentionnant … CRTE pour chaque intercommunalité.", HYPOTHESIS_OTHER, [LEAD_IN, OTHER], 2),
    (AMENDMENT, AMENDMENT, [], 2),
    (GOVERNANCE, GOVERNANCE, [], 2),
]


def ends(text: str) -> str:
    """A text of up to ten words, else the first and the last four."""
    words = text.split()
    return " ".join(words) if len(words) <= 10 else f"{' '.join(words[:4])} … {' '.join(words[-4:])}"


@pytest.fixture(scope="module")
def document() -> Document:
    data = FILE.read_bytes()
    reading = read_text(data, FILE.name)
    source = Source("faq-cti-crte", "Foire aux questions", "ANCT et AdCF", "2021-05", "faq", FILE.name)
    return Document(source, reading.text, sha256(data).hexdigest(), reading.blocks, reading.pages)


@pytest.fixture(scope="module")
def entries(document: Document) -> list[Entry]:
    return split(document)


def test_the_seed_is_unchanged(shared: Path) -> None:
    assert FILE.read_bytes() == (shared / "seeds" / FILE.name).read_bytes()


def test_every_entry_has_its_heading_its_body_and_its_page(document: Document, entries: list[Entry]) -> None:
    found = [(ends(entry.heading_text), ends(entry.body_text), document.page_at(entry.body.start)) for entry in entries]

    assert found == ENTRIES


def test_each_hypothesis_keeps_its_question_and_what_introduces_it(document: Document, entries: list[Entry]) -> None:
    def shown(passage: Passage) -> tuple[str, str, list[str], int | None]:
        context = [ends(span.of(document.text)) for span in passage.context]
        return ends(passage.text), ends(passage.quote.of(document.text)), context, document.page_at(passage.start)

    second = entries[4]

    assert [shown(passage) for passage in second.passages] == PASSAGES
    assert {passage.question for passage in second.passages} == {second.heading}


def test_the_other_answers_are_one_passage_quoted_whole(entries: list[Entry]) -> None:
    for entry in [*entries[:4], *entries[5:]]:
        [passage] = entry.passages
        assert Span(passage.start, passage.end) == passage.quote == entry.body
        assert passage.question == entry.heading
        assert passage.context == ()


def test_the_words_between_are_those_that_were_compared_by_hand(document: Document) -> None:
    found = sha256(document.text.encode()).hexdigest()

    assert found == "5a2690cf7737c4ce4a5881e59d5e159f69917ae86562853223ddba480b05b465"
    [_, second] = document.pages
    assert document.text[second:].startswith("o Le CRTE peut également « valoriser »")


def test_the_identifiers_of_the_seed_are_stable(entries: list[Entry]) -> None:
    assert [entry.id for entry in entries] == [
        "dans-le-prolongement-du-pack-rebond-presente-en-juillet-2020",
        "les-contrats-de-relance-et-de-transition-ecologique-crte-ont",
        "80-des-crte-seront-conclus-a-l-echelle-intercommunale-alors",
        "reference-circulaire-du-premier-ministre-du-20-novembre-2020",
        "mon-territoire-s-est-inscrit-dans-la-demarche-territoires-d",
        "mon-territoire-prepare-ou-modifie-son-cti-en-2021-cette",
        "lorsque-l-animation-de-mon-territoire-d-industrie-est",
        "mon-territoire-d-industrie-beneficie-de-financements-de-l",
        "pour-en-savoir-plus-sur-les-crte-https-agence-cohesion",
    ]

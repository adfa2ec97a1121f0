"""The first corpus, entry by entry: the expected text was copied by hand from the file."""

from hashlib import sha256
from pathlib import Path

import pytest
from conftest import ROOT

from corpus.document import Document, Entry, Passage, Source, Span
from corpus.readers.text import read_text
from corpus.split.split import split

FILE = ROOT / "corpus" / "documents" / "faq-cti-crte.txt"

INTRODUCTIONS = [
    """Dans le prolongement du Pack Rebond présenté en juillet 2020 et des mesures prises en faveur de
    la relance, les ministres en charge de la cohésion des territoires et de l’industrie, en accord avec
    les présidents de Régions de France et de l’AdCF, ont souhaité que le programme Territoires
    d'industrie continue à s’enrichir et proposé que les Territoires d'industrie puissent poursuivre la
    dynamique de leur plan d’actions avec une échéance revue jusqu’en 2027, en cohérence avec les
    mandats municipaux.""",
    """Les contrats de relance et de transition écologique (CRTE) ont vocation à assurer une
    territorialisation du plan de relance 2020-2022, à favoriser l’investissement public et privé dans
    tous les territoires, ainsi qu’à accompagner les collectivités dans leur projet de territoire sur la
    durée du mandat 2020-2026. Les CRTE visent à traduire les ambitions communes des territoires en
    matière de transition écologique, de développement économique et de cohésion territoriale. Les CRTE
    n’ont donc pas vocation à intégrer uniquement des projets liés à la transition écologique. Il s’agit
    bien de contrats intégrateurs permettant de disposer d’une vision globale des actions qui vont être
    déployées dans le courant du mandat pour mettre en œuvre l’ensemble du projet de territoire.""",
]
REFERENCE = """Référence : circulaire du Premier ministre du 20 novembre 2020 relative à l’élaboration
des CRTE : https://www.legifrance.gouv.fr/download/pdf/circ?id=45084"""
MORE = "Pour en savoir plus sur les CRTE : https://agence-cohesion-territoires.gouv.fr/CRTE"

QUESTION_1 = """80% des CRTE seront conclus à l’échelle intercommunale alors que le programme
Territoires d'industrie s’est majoritairement déployé à l’échelle de regroupements d’intercommunalités.
Lorsque les deux démarches coexistent sur des périmètres différents, comment assurer leur articulation
?"""
ANSWER_1 = """Les CRTE seront structurés par les orientations stratégiques définies par le projet de
territoire. Celui-ci sera largement fondé sur les démarches déjà effectuées ou en cours, en termes de
planification et de contractualisation. Aussi, les territoires intégreront dans leur réflexion globale
les enjeux économiques et industriels, et les travaux déjà effectués dans le cadre de Territoires
d’industrie seront un atout pour les territoires concernés. Les intercommunalités des TI « valoriseront
» ainsi systématiquement leur plan d’actions dans le cadre des CRTE."""

QUESTION_2 = """Mon territoire s’est inscrit dans la démarche Territoires d’industrie depuis 2019 ou
2020. Est-il impacté par la préparation du CRTE ?"""
LEAD_IN = """Si l’intercommunalité signataire d’un CTI est engagée dans l’élaboration d’un CRTE, elle
est invitée à valoriser le programme TI dans ce cadre. Plusieurs hypothèses peuvent être envisagées, et
notamment :"""
SAME = "- Le CRTE est signé à la même échelle que le CTI :"
SAME_1 = """o La ou les intercommunalités ainsi que l’Etat peuvent décider d’intégrer totalement le CTI
dans le CRTE. Dans ce cas, les outils de pilotage prévus dans le CTI initial pourront perdurer si les
partenaires le souhaitent mais il n’y aura plus qu’un seul contrat in fine."""
SAME_2 = """o Le CRTE peut également « valoriser » des actions définies dans le CTI dans un souci de
mise en perspective des actions en faveur de l’industrie avec d’autres politiques publiques (emploi,
cohésion sociale, mobilités, etc.)."""
OTHER = """- Le périmètre du CRTE ne coïncide pas avec celui du CTI : sans remettre en cause la
pérennité du CTI, le CRTE pourra valoriser les actions de ce dernier :"""
OTHER_1 = "o en les mentionnant dans un programme global de développement économique à l’échelle du CRTE ;"
OTHER_2 = """o en les mentionnant dans le programme d’actions prévu par le CRTE pour chaque
    intercommunalité."""
AMENDMENT = """Les CTI en cours pourront être révisés par voie d’avenant afin de tenir compte de
l’évolution des priorités stratégiques et des projets locaux dans le contexte de la relance."""
GOVERNANCE = """En termes de gouvernance, le binôme élu-industriel et le comité de projet local assurant
l’animation du TI ne sont pas remis en cause par les CRTE. Des synergies pourront exister entre les
instances de pilotage de ces deux contrats."""

QUESTION_3 = """Mon territoire prépare ou modifie son CTI en 2021. Cette démarche est-elle impactée par
la préparation d’un CRTE ?"""
ANSWER_3 = """La préparation d’un CRTE n’empêche pas l’adoption d’un CTI ou sa modification. Les
intercommunalités concernées sont invitées à articuler les deux démarches qui s’enrichissent
mutuellement."""
QUESTION_4 = """Lorsque l’animation de mon Territoire d'industrie est assurée par une structure qui
intervient pour le compte de plusieurs intercommunalités (pays, PETR, pôle métropolitain, PNR…),
celle-ci sera-t-elle associée à l’élaboration du CRTE s’il est conclu à une échelle infra ?"""
ANSWER_4 = """Tous les acteurs qui concourent au développement du territoire sont susceptibles d’être
associés au CRTE, même s’ils n’en seront pas signataires."""
QUESTION_5 = """Mon Territoire d'industrie bénéficie de financements de l’Etat pour des actions
réalisées à l’échelle de plusieurs intercommunalités et portées par une structure intervenant pour leur
compte (pays, PETR, pôle métropolitain, PNR…). Si le CRTE est conclu à l’échelle intercommunale, le TI
pourra-t-il continuer à bénéficier de ce type d’aides ?"""
ANSWER_5 = """Dans la mesure où les CTI perdurent, la structure porteuse du CTI pourra continuer à
bénéficier de financements de l’Etat pour la réalisation de ses projets. Il est néanmoins recommandé de
rappeler dans le CRTE le rôle de coordination que cette structure assure au titre de TI."""

# Heading, body, page on which the body starts; in the order of the file.
ENTRIES = [
    ("", INTRODUCTIONS[0], 1),
    ("", INTRODUCTIONS[1], 1),
    (QUESTION_1, ANSWER_1, 1),
    ("", REFERENCE, 1),
    (
        QUESTION_2,
        "\n".join([LEAD_IN, SAME, SAME_1, SAME_2, OTHER, OTHER_1, OTHER_2, AMENDMENT, GOVERNANCE]),
        1,
    ),
    (QUESTION_3, ANSWER_3, 2),
    (QUESTION_4, ANSWER_4, 2),
    (QUESTION_5, ANSWER_5, 2),
    ("", MORE, 2),
]

# The passages of question 2: text, quote, context, page.
HYPOTHESIS_SAME = "\n".join([SAME, SAME_1, SAME_2])
HYPOTHESIS_OTHER = "\n".join([OTHER, OTHER_1, OTHER_2])
PASSAGES = [
    (LEAD_IN, LEAD_IN, [], 1),
    (SAME, HYPOTHESIS_SAME, [LEAD_IN], 1),
    (SAME_1, HYPOTHESIS_SAME, [LEAD_IN, SAME], 1),
    (SAME_2, HYPOTHESIS_SAME, [LEAD_IN, SAME], 2),
    (OTHER, HYPOTHESIS_OTHER, [LEAD_IN], 2),
    (OTHER_1, HYPOTHESIS_OTHER, [LEAD_IN, OTHER], 2),
    (OTHER_2, HYPOTHESIS_OTHER, [LEAD_IN, OTHER], 2),
    (AMENDMENT, AMENDMENT, [], 2),
    (GOVERNANCE, GOVERNANCE, [], 2),
]


def words(text: str) -> list[str]:
    return text.split()


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
    found = [
        (words(entry.heading_text), words(entry.body_text), document.page_at(entry.body.start)) for entry in entries
    ]

    assert found == [(words(heading), words(body), page) for heading, body, page in ENTRIES]


def test_each_hypothesis_keeps_its_question_and_what_introduces_it(document: Document, entries: list[Entry]) -> None:
    def shown(passage: Passage) -> tuple[list[str], list[str], list[list[str]], int | None]:
        context = [words(span.of(document.text)) for span in passage.context]
        quote = words(passage.quote.of(document.text))
        return words(passage.text), quote, context, document.page_at(passage.start)

    second = entries[4]

    assert [shown(passage) for passage in second.passages] == [
        (words(text), words(quote), [words(part) for part in context], page) for text, quote, context, page in PASSAGES
    ]
    assert {passage.question for passage in second.passages} == {second.heading}


def test_the_other_answers_are_one_passage_quoted_whole(entries: list[Entry]) -> None:
    for entry in [*entries[:4], *entries[5:]]:
        [passage] = entry.passages
        assert Span(passage.start, passage.end) == passage.quote == entry.body
        assert passage.question == entry.heading
        assert passage.context == ()


def test_titles_and_link_lists_are_no_entries(document: Document, entries: list[Entry]) -> None:
    shown = " ".join(entry.heading_text + entry.body_text for entry in entries)

    assert "Fiche technique produite" not in shown
    assert "Articulation entre les contrats" not in shown
    assert document.text.count("https://www.legifrance.gouv.fr/download/pdf/circ?id=45084") == 1
    assert document.text.count("https://agence-cohesion-territoires.gouv.fr/CRTE") == 1


def test_the_second_page_starts_inside_the_second_answer(document: Document) -> None:
    assert len(document.pages) == 2
    assert document.text[document.pages[1] :].startswith("o Le CRTE peut également « valoriser »")


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

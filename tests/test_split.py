import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Block, BlockKind, Document, Entry, Source, StructuredText
from corpus.layout.compose import clean
from corpus.readers.builder import Builder, TextRun
from corpus.readers.html import read_html
from corpus.readers.table import read_csv
from corpus.readers.text import read_markdown
from corpus.split.split import slug, split

HEADING, QUESTION, PARAGRAPH, ITEM, TABLE = BlockKind
LONG = "Le contrat fixe les actions que le territoire mène avec l'État pendant six ans. " * 10


def document(reading: StructuredText, kind: str = "faq") -> Document:
    source = Source("note", "Note", "ANCT", "2021-05", kind, "note.txt")
    return Document(source, reading.text, "0" * 64, reading.blocks, reading.pages)


def entries(raw: str, kind: str = "faq") -> list[Entry]:
    return split(document(clean(raw).reading, kind))


def built(*blocks: tuple[BlockKind, int, str], kind: str = "faq") -> list[Entry]:
    builder = Builder()
    for block_kind, level, text in blocks:
        builder.add([TextRun(text)], block_kind, level)
    return split(document(builder.reading(), kind))


def placed(*blocks: tuple[BlockKind, int, str], kind: str = "faq") -> list[Entry]:
    """The same of blocks as they are."""
    text, made = "", []
    for block_kind, level, words in blocks:
        made.append(Block(len(text), len(text) + len(words), block_kind, level))
        text += words + "\n\n"
    return split(document(StructuredText(text, tuple(made)), kind))


def paragraphs(*texts: str) -> str:
    return "\n\n".join(texts) + "\n"


def pairs(found: list[Entry]) -> list[tuple[str, str]]:
    return [(entry.heading_text, entry.body_text) for entry in found]


def quotes(entry: Entry) -> list[str]:
    return [passage.quote.of(entry.document.text) for passage in entry.passages]


def contexts(entry: Entry) -> list[list[str]]:
    return [[span.of(entry.document.text) for span in passage.context] for passage in entry.passages]


def above(found: list[Entry]) -> list[list[str]]:
    return [[span.of(entry.document.text) for span in entry.passages[0].section] for entry in found]


PIECES = st.sampled_from(
    ["Oui", "Q : ", "R : ", "1. Qui ?", "2. Quoi ?", "Référence : x", "Cas :", "Fin.", "Sommaire", "a ..... 3", LONG]
)
BLOCKS = st.lists(
    st.tuples(st.sampled_from(list(BlockKind)), st.integers(1, 3), st.lists(PIECES, min_size=1, max_size=3))
)


@given(BLOCKS, st.sampled_from(["faq", "circular"]))
def test_passages_cover_the_body_of_their_entry_in_order(
    blocks: list[tuple[BlockKind, int, list[str]]], kind: str
) -> None:
    found = placed(*((block_kind, level, " ".join(pieces).strip()) for block_kind, level, pieces in blocks), kind=kind)
    text = found[0].document.text if found else ""

    end = 0
    for entry in found:
        assert entry.body.start >= end
        end = entry.body.start
        for passage in entry.passages:
            assert end <= passage.start < passage.end <= entry.body.end
            assert not text[end : passage.start].strip()
            assert entry.body.start <= passage.quote.start <= passage.start
            assert passage.end <= passage.quote.end <= entry.body.end
            assert passage.entry == entry.id
            assert passage.question == entry.heading
            end = passage.end
        assert not text[end : entry.body.end].strip()
    assert len({entry.id for entry in found}) == len(found)


def test_what_was_left_out_inside_an_answer_is_of_the_passage_before_it() -> None:
    blocks = [(HEADING, 1, "1. Qui ? Oui"), (PARAGRAPH, 0, "Oui"), (PARAGRAPH, 0, "Sommaire"), (HEADING, 2, "Oui")]

    [entry] = placed(*blocks, (PARAGRAPH, 0, "Non"))
    assert [passage.text for passage in entry.passages] == ["Oui\n\nOui\n\nSommaire", "Oui\n\nNon"]


@given(st.text(), st.sampled_from(["faq", "guide"]))
def test_any_text_can_be_split(raw: str, kind: str) -> None:
    for entry in entries(raw, kind):
        assert entry.passages


def test_the_articles_above_the_first_question_keep_their_headings() -> None:
    found = built(
        (HEADING, 1, "Article 1 – Objet"),
        (PARAGRAPH, 0, "Le règlement vaut pour la salle."),
        (HEADING, 1, "Article 2 – Nettoyage"),
        (PARAGRAPH, 0, "Le ménage revient à l'utilisateur."),
        (HEADING, 1, "Questions posées"),
        (PARAGRAPH, 0, "Q : Peut-on louer le dimanche ?"),
        (PARAGRAPH, 0, "R : Oui."),
    )

    assert pairs(found) == [
        ("Article 1 – Objet", "Le règlement vaut pour la salle."),
        ("Article 2 – Nettoyage", "Le ménage revient à l'utilisateur."),
        ("Peut-on louer le dimanche ?", "Oui."),
    ]
    assert above(found) == [[], [], ["Questions posées"]]


def test_a_request_without_an_answer_is_no_question() -> None:
    raw = "Les pièces\n\nDemande : le formulaire rempli.\n\nD : la preuve du domicile.\n\nUn reçu est remis.\n"

    assert not any(entry.heading_text.startswith(("le formulaire", "la preuve")) for entry in entries(raw))


def test_a_code_article_is_no_answer_label() -> None:
    raw = (
        "Q : Quel texte ?\n\nR : Le code rural.\n\nR. 230-5 du code rural s'applique aussi.\n\nQ : Et ?\n\nR : Rien.\n"
    )

    assert entries(raw)[0].body_text == "Le code rural.\n\nR. 230-5 du code rural s'applique aussi."


ASKED = [
    ("Quand déposer la demande ?", "Trois semaines avant l'ouverture."),
    ("Combien coûte une terrasse ?", "Trente euros par mètre carré."),
]


@pytest.mark.parametrize(
    "raw",
    [
        "{0} {1}\n\n{2}\n\n{3}",
        "{0}\n\n{1}\n\n{2} {3}",
        "{0} {1}\n\n{2} {3}",
        "Q. {0}\n\nR. {1}\n\nQ. {2}\n\nR. {3}",
        "Q1 - {0}\n\nR1 - {1}\n\nQ1 - {2}\n\nR1 - {3}",
        "D : {0}\n\nR : {1}\n\nD : {2}\n\nR : {3}",
        "Demande n° 1 : {0} R : {1}\n\nDemande n° 2 : {2} R : {3}",
        "Question n° 4 – {0}\n\nREPONSE – {1}\n\nQuestion n° 4 – {2}\n\nREPONSE – {3}",
        "Q : {0} R : {1}\n\nQ : {2} {3}",
        "Question 1 - {0}\nRéponse - {1}\n\nQuestion 2 - {2}\nRéponse - {3}",
        "Question 1. {0}\nRéponse 1. {1}\n\nQuestion 2. {2}\nRéponse 2. {3}",
        "Q/ {0}\nR/ {1}\nQ/ {2}\nR/ {3}",
        "Q1 {0}\nR1 {1}\n\nQ2 {2}\nR2 {3}",
        "Q: {0}\nA: {1}\n\nQ: {2}\nA: {3}",
        "Question de Mme Roy : {0}\nRéponse du maire : {1}\n\nQuestion n° 2 posée par M. Le Goff : {2} Réponse : {3}",
        "{0} {1}\n{2} {3}",
        "{0}\n{1}\n\n{2}\n{3}",
        ">> {0}\n   -> {1}\n>> {2}\n   -> {3}",
        "Sommaire\n\n{0}\n{2}\n\n{0}\n\n{1}\n\n{2}\n\n{3}",
    ],
)
def test_a_text_shows_its_questions_with_labels_and_without(raw: str) -> None:
    found = pairs(entries(raw.format(*ASKED[0], *ASKED[1])))
    assert [(asked, said.removeprefix("-> ")) for asked, said in found] == ASKED


def test_an_answer_that_begins_with_a_number_loses_its_label() -> None:
    raw = "Q1. Quand ?\nR1. Un mois avant.\n\nQ2. Quel prix ?\nR2. 120 euros par an.\n\nQ3. Et la taxe ?\nR. 16,4 %.\n"

    assert pairs(entries(raw)) == [
        ("Quand ?", "Un mois avant."),
        ("Quel prix ?", "120 euros par an."),
        ("Et la taxe ?", "16,4 %."),
    ]


def test_who_asks_in_minutes_and_is_answered_asks_a_question_and_who_only_speaks_does_not() -> None:
    said = "M. Vert présente le chantier : il finit en mai."
    asked = ["Mme Blanc : Quel en est le prix ?", "Réponse de M. Vert : Dix euros.", "Mme Roux : Et où ?", "R : Ici."]
    found = built((HEADING, 1, "Piscine"), *((PARAGRAPH, 0, text) for text in [said, *asked]), kind="page")

    headed = [(asked, answer) for asked, answer in pairs(found) if asked]
    assert headed == [("Quel en est le prix ?", "Dix euros."), ("Et où ?", "Ici.")]


def test_numbered_questions_without_their_mark_head_the_lines_below() -> None:
    raw = (
        "1) Comment déposer un permis\n   Le dossier est déposé en mairie.\n2) Quel est le délai\n   Il est d'un mois."
    )

    assert [(entry.heading_text, entry.body_text) for entry in entries(raw, "page")] == [
        ("1) Comment déposer un permis", "Le dossier est déposé en mairie."),
        ("2) Quel est le délai", "Il est d'un mois."),
    ]


def test_a_question_in_capitals_is_parted_from_a_longer_line() -> None:
    raw = "FAQ\n\nQUI PEUT ACHETER UNE CONCESSION ?\nToute personne domiciliée dans la commune.\n\nQUAND ?\nEn mai.\n"

    assert pairs(entries(raw)) == [
        ("QUI PEUT ACHETER UNE CONCESSION ?", "Toute personne domiciliée dans la commune."),
        ("QUAND ?", "En mai."),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        "Question 1 - Délai de dépôt\nRéponse - Un mois.\n\nQuestion 2 - Tarif\nRéponse - Dix euros.\n",
        "Q1 Délai de dépôt\nR1 Un mois.\n\nQ2 Tarif\nR2 Dix euros.\n",
    ],
)
def test_a_question_above_its_answer_needs_no_question_mark(raw: str) -> None:
    assert pairs(entries(raw)) == [("Délai de dépôt", "Un mois."), ("Tarif", "Dix euros.")]


@pytest.mark.parametrize("kind", ["faq", "page"])
@pytest.mark.parametrize(
    "blocks",
    [
        [(PARAGRAPH, 0, "{0}"), (PARAGRAPH, 0, "{1}"), (PARAGRAPH, 0, "{2}"), (PARAGRAPH, 0, "{3}")],
        [(PARAGRAPH, 0, "{0}\n{1}"), (PARAGRAPH, 0, "{2}\n{3}")],
        [(ITEM, 1, "{0}\n{1}"), (ITEM, 1, "{2}\n{3}")],
        [(ITEM, 1, "{0}"), (PARAGRAPH, 0, "{1}"), (ITEM, 1, "{2}"), (ITEM, 2, "{3}")],
        [(QUESTION, 0, "{0}"), (PARAGRAPH, 0, "{1}"), (HEADING, 2, "{2}"), (PARAGRAPH, 0, "{3}")],
        # Contents of the page before its questions.
        [(ITEM, 1, "{0}"), (ITEM, 1, "{2}"), (HEADING, 3, "{0}"), (ITEM, 1, "{1}"), (HEADING, 3, "{2}"), (ITEM, 1, "{3}")],  # noqa: E501
        [(TABLE, 0, "Question\tRéponse"), (TABLE, 0, "{0}\t{1}"), (TABLE, 0, "{2}\t{3}")],
        [(TABLE, 0, "{0}\t{1}"), (TABLE, 0, "{2}\t{3}")],
        [(PARAGRAPH, 0, "Question orale, de M. Roy :\n{0}"), (PARAGRAPH, 0, "Réponse du maire :\n{1}"), (PARAGRAPH, 0, "Question de Mme Le Goff :\n{2}"), (PARAGRAPH, 0, "Réponse :\n{3}")],  # noqa: E501
        [(TABLE, 0, "N°\tVos questions\tNos réponses"), (TABLE, 0, "1\t{0}\t{1}"), (TABLE, 0, "2\t{2}\t{3}")],
    ],
)  # fmt: skip
def test_questions_that_blocks_do_not_mark(blocks: list[tuple[BlockKind, int, str]], kind: str) -> None:
    asked = [(block_kind, level, words.format(*ASKED[0], *ASKED[1])) for block_kind, level, words in blocks]

    assert pairs(placed(*asked, kind=kind)) == ASKED


def test_a_column_for_the_public_may_stand_before_the_answers() -> None:
    rows = ["Question\tCas\tRéponse", "Quel prix ?\tÉté\tNeuf euros.", "Où ?\t\tEn mairie."]

    assert pairs(placed(*((TABLE, 0, row) for row in rows))) == [
        ("Quel prix ?", "Été\tNeuf euros."),
        ("Où ?", "En mairie."),
    ]


def test_a_name_among_questions_is_one_and_a_title_above_them_keeps_its_text() -> None:
    above = [
        (HEADING, 1, "Vélos"),
        (HEADING, 2, "Tarifs"),
        (PARAGRAPH, 0, "Trente euros par mois."),
        (HEADING, 2, "FAQ"),
    ]
    rows = ["Qui paie ?\tLa ville paie.", "Durée\tTrois ans au plus.", "Et où ?\tÀ la gare centrale."]

    assert pairs(placed(*above, *((TABLE, 0, row) for row in rows))) == [
        ("Tarifs", "Trente euros par mois."),
        *(tuple(row.split("\t")) for row in rows),
    ]


def test_what_follows_a_table_of_questions_may_ask() -> None:
    row, question, answer = (TABLE, 0, "\t".join(ASKED[0])), *((PARAGRAPH, 0, words) for words in ASKED[1])

    assert pairs(placed((TABLE, 0, "Question\tRéponse"), row, question, answer)) == ASKED


def test_a_short_sentence_above_the_questions_is_said() -> None:
    said = ["L'entrée est libre.", "Contact : accueil@ville.fr", "Renseignements au 01 02 03 04 05"]
    above = [(HEADING, 1, "FAQ"), *((PARAGRAPH, 0, words) for words in (*said, "Mai 2024", "De : x <x@ville.fr>"))]

    assert pairs(placed(*above, (QUESTION, 0, "Le prix ?"), (PARAGRAPH, 0, "Dix euros.")))[:-1] == [
        ("", words) for words in said
    ]


def test_questions_marked_in_several_ways_are_all_questions() -> None:
    blocks = [(QUESTION, 0, "Le prix ?"), (PARAGRAPH, 0, "Dix euros.")]
    labelled = [(PARAGRAPH, 0, f"Q{n}. Le délai {n}\nR{n}. Un mois.") for n in range(3)]
    found = pairs(placed(*blocks, *labelled, kind="page"))

    assert [asked for asked, _ in found] == ["Le prix ?", "Le délai 0", "Le délai 1", "Le délai 2"]


@pytest.mark.parametrize(
    "answered",
    [
        "<details><summary>Le prix</summary><p>Dix euros.</p></details>",
        '<button aria-controls="a1">Le prix</button><div id="a1" hidden><p>Dix euros.</p></div>',
        '<div class="faq-question">Le prix</div><div class="faq-answer"><p>Dix euros.</p></div>',
    ],
)
def test_what_stands_below_a_folded_answer_is_no_part_of_it(answered: str) -> None:
    below = "Ces tarifs ont été votés par le conseil municipal."
    found = split(document(read_html(f"<h1>FAQ</h1>{answered}<p>{below}</p>".encode(), "faq.html")))

    assert pairs(found) == [("Le prix", "Dix euros."), ("", below)]


def test_the_questions_of_a_list_that_an_answer_leads_to_are_of_the_answer() -> None:
    listed = ["Où construire ?", "Que préserver ?"]
    found = built(
        (HEADING, 1, "Pourquoi réviser le plan ?"),
        (PARAGRAPH, 0, "La révision pose deux questions :"),
        *((ITEM, 1, text) for text in listed),
        (PARAGRAPH, 0, "Le conseil tranchera."),
    )

    assert [entry.heading_text for entry in found] == ["Pourquoi réviser le plan ?"]


def test_an_answer_may_begin_with_a_question() -> None:
    asked = "Le suivi de votre demande"
    said = "Vous avez adressé une demande à la CNIL et souhaitez savoir où elle en est ? Nos services vous renseignent."
    row = split(document(read_csv(f"id;question;réponse\ns-1;{asked};{said}\n".encode(), "x.csv")))
    headed = split(document(read_markdown(f"## {asked} ?\n\n{said}\n".encode(), "x.md")))

    assert [(entry.id, *pair) for entry, pair in zip(row, pairs(row), strict=True)] == [("s-1", asked, said)]
    assert pairs(headed) == [(f"{asked} ?", said)]


@pytest.mark.parametrize(
    "blocks",
    [
        [(PARAGRAPH, 0, "Avant de choisir, demandez-vous :"), (ITEM, 1, "Qui vient ?"), (ITEM, 1, "Pour quoi faire ?")],
        [(PARAGRAPH, 0, "Où habiter ?"), (PARAGRAPH, 0, "Qui vient ?")],
        [(PARAGRAPH, 0, "Il reste à savoir"), (PARAGRAPH, 0, "et qui paie ?"), (PARAGRAPH, 0, "Personne ne le sait.")],
        [(TABLE, 0, "Question\tNombre de réponses"), (TABLE, 0, "Tarif\t35"), (TABLE, 0, "Délai\t12")],
    ],
)
def test_what_only_looks_like_a_question_is_none(blocks: list[tuple[BlockKind, int, str]]) -> None:
    assert [entry.heading_text for entry in built((HEADING, 1, "Choix"), *blocks)] == ["Choix"]


@pytest.mark.parametrize(
    "around",
    [
        "En savoir plus",
        "Mis à jour le 1{0}/03/2024", "Partagez cette page sur les réseaux sociaux !", "Imprimer la page",
        "Haut de page", "Imprimer | Haut de page", "Mentions légales | Plan du site",
        "Accueil > Démarches > Fiche {0}", "Ville de Port-Lin - Domaine public", "© Ville de Port-Lin",
        "Laisser un commentaire", "Répondre à cet article", "Directrice de la publication : Léa Roy",
        "Signature des parents, avec la mention « lu et approuvé » :",
        "Nom : …………………… Prénom : ……………………", "☐ Oui   ☐ Non",
        "Je soussigné(e) ……………, demeurant à ……………, en suis informé(e)", "Date et signature :",
        "Je soussigné(e) …………… déclare en être informé(e).", "Date : ……………   Signature :",
        "Propos recueillis par la rédaction", "Cadre réservé à l’administration", "Téléphone : |__|__|__|__|__|",
    ],
)  # fmt: skip
def test_what_surrounds_the_text_of_a_page_is_no_part_of_an_answer(around: str) -> None:
    found = built(
        *(
            block
            for n in range(3)
            for block in [
                (HEADING, 1, f"Tarif {n}"),
                (PARAGRAPH, 0, f"Tarif {n}"),
                (PARAGRAPH, 0, around.format(n)),
                (PARAGRAPH, 0, f"{n}0 euros."),
                (PARAGRAPH, 0, around.format(n)),
            ]
        )
    )

    assert pairs(found) == [(f"Tarif {n}", f"{n}0 euros.") for n in range(3)]


@pytest.mark.parametrize(
    ("signature", "below"),
    [
        (["Fait à Vaugrenier, le 4 avril 2023", "Le Maire,", "Jeanne TOURNEBISE"], []),
        (["Fait le 5 janvier 2024.", "Par le Premier ministre :", "G. MARSAULT", "Le ministre,", "P. D."], []),
        (["À Ambreuil, le 9 janvier 2024", "Pour la Présidente et par délégation,"], ["L’affiche est en mairie ici."]),
        (["Ainsi fait et délibéré les jour, mois et an que dessus.", "Pour extrait conforme,"], []),
        (["La maire,\nSolange BRIZARD\tLes parents\n(signature)"], []),
        (["Bien cordialement,", "Le secrétariat", "Ce message est confidentiel. Détruisez-le."], []),
        (["Pour le préfet et par délégation, La secrétaire générale Anne ROY"], ["1 Le décret du 3 mai le prévoit."]),
        (["Je vous prie d’agréer, Madame, mes salutations distinguées.", "Le maire"], []),
        (["Fait en deux exemplaires à Tulle, le ..."], ["La présente décision peut être contestée."]),
    ],
)
@pytest.mark.parametrize("heading", ["Article 4", "Qui paie ?"])
def test_who_signs_is_no_part_of_an_answer(heading: str, signature: list[str], below: list[str]) -> None:
    texts = ["Les droits sont payés.", *signature, *below]
    found = built((HEADING, 1, heading), *((PARAGRAPH, 0, text) for text in texts))

    assert pairs(found) == [(heading, "Les droits sont payés."), *(("", text) for text in below)]


@pytest.mark.parametrize("said", ["Le maire", "Le directeur des services est chargé de l’exécution."])
def test_who_decides_may_be_the_answer(said: str) -> None:
    body = [(PARAGRAPH, 0, "Chacun sa part :"), (PARAGRAPH, 0, said)]

    assert pairs(built((HEADING, 1, "Qui décide ?"), body[1])) == [("Qui décide ?", said)]
    assert pairs(built((HEADING, 1, "Qui décide ?"), *body)) == [("Qui décide ?", f"Chacun sa part :\n\n{said}")]


def test_an_answer_keeps_what_it_alone_says() -> None:
    found = built((HEADING, 1, "Comment faire ?"), (PARAGRAPH, 0, "Partagez cette page."))

    assert pairs(found) == [("Comment faire ?", "Partagez cette page.")]


def test_the_grounds_of_a_short_order_are_its_text() -> None:
    raw = (
        "ARRETE N° 12\nPORTANT INTERDICTION DE BAIGNADE\n\nLe Maire de Valmont,\nVU le code de la route,\n"
        "CONSIDERANT le risque de noyade,\n\nARRETE\n\nARTICLE 1er : La baignade est interdite.\n"
    )

    order, _ = entries(raw, "page")
    assert order.heading_text == "ARRETE N° 12 PORTANT INTERDICTION DE BAIGNADE"
    assert "CONSIDERANT le risque de noyade," in [passage.text for passage in order.passages]


@pytest.mark.parametrize("bullet", ["☐", "⁃", "[ ]"])
def test_bullets_of_any_kind_make_a_list(bullet: str) -> None:
    items = [f"{bullet} une copie du livret", f"{bullet} un justificatif"]
    [entry] = entries("\n".join(["PIÈCES À JOINDRE", "", *items]), "page")

    assert [passage.text for passage in entry.passages] == items


@pytest.mark.parametrize("sign", ["==", "***", "---"])
def test_a_title_may_stand_between_signs(sign: str) -> None:
    raw = f"{sign} Accueil {sign}\n\nLe guichet ouvre à neuf heures.\n\n{sign} Paiement {sign}\n\nEn espèces.\n"

    assert pairs(entries(raw, "page")) == [("Accueil", "Le guichet ouvre à neuf heures."), ("Paiement", "En espèces.")]


def test_numbered_questions_run_to_their_last_question_mark() -> None:
    raw = paragraphs(
        "1. Le prix monte. Que faire ? Et quand ? Il faut négocier. Pourquoi attendre ?",
        "2. Qui décide ?",
        "Le maire décide. Il consulte :\n1. le conseil ;\n2. les habitants.",
        "3. Quel recours ? Aucun.",
    )

    assert pairs(entries(raw)) == [
        ("Le prix monte. Que faire ? Et quand ?", "Il faut négocier. Pourquoi attendre ?"),
        ("Qui décide ?", "Le maire décide. Il consulte :\n1. le conseil ;\n2. les habitants."),
        ("Quel recours ?", "Aucun."),
    ]


def test_headings_that_ask_are_questions_and_those_above_them_are_sections() -> None:
    found = built(
        (HEADING, 1, "Contrats"),
        (HEADING, 2, "Signature"),
        (HEADING, 3, "Qui signe ?"),
        (PARAGRAPH, 0, "Le préfet."),
        (HEADING, 4, "Exception"),
        (PARAGRAPH, 0, "Le ministre."),
        (HEADING, 2, "Durée"),
        (HEADING, 3, "Combien d'années ?"),
        (PARAGRAPH, 0, "Six ans."),
        (HEADING, 2, "Nous écrire"),
        (PARAGRAPH, 0, "Écrivez à la préfecture."),
    )

    assert pairs(found) == [
        ("Qui signe ?", "Le préfet.\n\nException\n\nLe ministre."),
        ("Combien d'années ?", "Six ans."),
        ("Nous écrire", "Écrivez à la préfecture."),
    ]
    assert above(found) == [["Contrats", "Signature"], ["Contrats", "Durée"], ["Contrats"]]
    assert [passage.text for passage in found[0].passages] == ["Le préfet.", "Exception\n\nLe ministre."]


def test_the_identifier_that_a_file_gives_wins() -> None:
    builder = Builder()
    for key in ("q-12", "q-12"):
        builder.add([TextRun("Qui signe ?")], QUESTION, key=key)
        builder.add([TextRun("Le préfet.")], PARAGRAPH)

    assert [entry.id for entry in split(document(builder.reading()))] == ["q-12", "q-12-2"]


def test_references_that_end_an_answer_are_entries_of_their_own() -> None:
    raw = paragraphs(
        "Q : Qui signe ?",
        "R : Le préfet.",
        "Référence : circulaire du 20 novembre 2020.",
        "Pour en savoir plus :\n- le site de l'agence ;\n- la préfecture.",
        "Q : Quand ?",
        "R : En juin.",
        "Référence : instruction du 4 mai.",
        "Elle est en ligne.",
    )

    assert pairs(entries(raw)) == [
        ("Qui signe ?", "Le préfet."),
        ("", "Référence : circulaire du 20 novembre 2020."),
        ("", "Pour en savoir plus :\n- le site de l'agence ;\n- la préfecture."),
        ("Quand ?", "En juin.\n\nRéférence : instruction du 4 mai.\n\nElle est en ligne."),
    ]


def test_a_contents_may_name_a_part_in_other_words() -> None:
    parts = [part for n in "AB" for part in ((HEADING, 1, f"Partie {n}"), (PARAGRAPH, 0, "Le chantier est ouvert."))]
    listed = [(PARAGRAPH, 0, line) for line in ("Sommaire", "Mot du maire 2", "Partie A 3", "Partie B 4")]

    assert [heading for heading, _ in pairs(built((HEADING, 1, "Bulletin"), *listed, *parts))] == [
        "Partie A",
        "Partie B",
    ]


@pytest.mark.parametrize("second", ["Mise à jour de mars 2025", "Service de l'eau et de l'assainissement"])
def test_a_second_title_under_the_title_of_a_document_is_no_text(second: str) -> None:
    found = built(
        (HEADING, 1, "Guide de l'eau"), (PARAGRAPH, 0, second), (HEADING, 2, "Fuite"), (PARAGRAPH, 0, "Écrire.")
    )

    assert pairs(found) == [("Fuite", "Écrire.")]


def test_a_heading_that_does_not_ask_is_above_its_text_and_not_above_the_next_question() -> None:
    found = built(
        *((HEADING, 1, "Badges"), (PARAGRAPH, 0, "Les badges sont gratuits pour tous."), (HEADING, 2, "Démarches")),
        *((HEADING, 3, "Où aller ?"), (PARAGRAPH, 0, "En mairie."), (HEADING, 3, "Badge perdu")),
        *((PARAGRAPH, 0, "Il coûte 5 euros."), (HEADING, 3, "Et l'été ?"), (PARAGRAPH, 0, "Aussi.")),
    )

    assert above(found) == [["Badges"], *[["Badges", "Démarches"]] * 3]


@pytest.mark.parametrize("label", ["Bon à savoir", "Attention !", "À NOTER :", "Le saviez-vous ?"])
def test_a_remark_is_of_the_section_where_it_stands(label: str) -> None:
    found = built(
        *((HEADING, 1, "Subvention"), (PARAGRAPH, 0, "Le dossier est rendu en mai."), (HEADING, 2, label)),
        *((PARAGRAPH, 0, "Une convention est signée."), (PARAGRAPH, 0, "Un budget est joint.")),
        kind="guide",
    )

    assert [entry.heading_text for entry in found] == ["Subvention"]
    assert found[0].passages[-1].text == "Un budget est joint."


def test_questions_may_stand_under_a_question() -> None:
    found = built(
        *((HEADING, 1, "Comment obtenir un acte ?"), (PARAGRAPH, 0, "Trois documents sont délivrés.")),
        *((HEADING, 2, "Dans quel délai ?"), (PARAGRAPH, 0, "Dix jours.")),
        *((HEADING, 3, "Et par courrier ?"), (PARAGRAPH, 0, "Un mois.")),
        *((HEADING, 2, "À quel prix ?"), (PARAGRAPH, 0, "C'est gratuit.")),
        *((HEADING, 1, "Et le livret ?"), (PARAGRAPH, 0, "Il est délivré au mariage.")),
    )
    [title] = above(found)[1]

    assert above(found) == [[], [title], [title, "Dans quel délai ?"], [title], []]


def test_only_headings_with_a_body_make_entries() -> None:
    found = built(
        (HEADING, 1, "I. Le cadre"),
        (HEADING, 2, "A. Le périmètre"),
        (PARAGRAPH, 0, "Le périmètre est celui de l'intercommunalité."),
        (HEADING, 1, "II. La suite :"),
        (PARAGRAPH, 0, "Le préfet rend compte."),
        kind="circular",
    )

    assert [entry.heading_text for entry in found] == ["A. Le périmètre", "II. La suite"]
    assert above(found) == [["I. Le cadre"], []]
    # A FAQ without questions is split alike.
    assert pairs(built((HEADING, 1, "Durée"), (PARAGRAPH, 0, "Six ans."))) == [("Durée", "Six ans.")]


def test_a_table_of_contents_makes_no_entry() -> None:
    raw = paragraphs(
        "SOMMAIRE",
        "I. Le cadre ............................ 3\nII. La suite ........................... 12",
        "I. Le cadre",
        "Le cadre est celui de la loi.",
    )

    assert pairs(entries(raw, "guide")) == [("I. Le cadre", "Le cadre est celui de la loi.")]


def test_a_short_body_is_quoted_whole() -> None:
    [entry] = built((HEADING, 1, "Durée"), (PARAGRAPH, 0, "Six ans."), (PARAGRAPH, 0, "Sans reconduction."))

    assert [passage.text for passage in entry.passages] == ["Six ans.", "Sans reconduction."]
    assert quotes(entry) == ["Six ans.\n\nSans reconduction."] * 2


def test_in_a_long_body_a_paragraph_is_quoted_alone_and_a_list_with_its_lead_in() -> None:
    [entry] = built(
        (HEADING, 1, "Contenu"),
        (PARAGRAPH, 0, LONG),
        (PARAGRAPH, 0, "Il contient :"),
        (ITEM, 1, "- un diagnostic ;"),
        (ITEM, 1, "- un plan."),
    )
    whole = "Il contient :\n- un diagnostic ;\n- un plan."

    assert quotes(entry) == [LONG.strip(), whole, whole, whole]
    assert contexts(entry) == [[], [], ["Il contient :"], ["Il contient :"]]


def test_a_paragraph_that_ends_at_a_colon_is_read_with_the_next() -> None:
    [entry] = built(
        (HEADING, 1, "Frais"), (PARAGRAPH, 0, LONG), (PARAGRAPH, 0, "Ils sont de :"), (PARAGRAPH, 0, "30 €.")
    )

    assert quotes(entry)[1:] == ["Ils sont de :\n\n30 €."]


def test_in_a_nested_list_an_item_is_quoted_with_its_branch() -> None:
    [entry] = built(
        (HEADING, 1, "Cas"),
        (PARAGRAPH, 0, LONG + "Deux cas :"),
        (ITEM, 1, "- le même périmètre :"),
        (ITEM, 2, "o fusion ;"),
        (ITEM, 1, "- un autre périmètre."),
    )
    branch = "- le même périmètre :\no fusion ;"

    assert quotes(entry)[1:] == [branch, branch, "- un autre périmètre."]
    assert contexts(entry)[1:] == [["Deux cas :"], ["Deux cas :", "- le même périmètre :"], ["Deux cas :"]]


def test_a_very_long_paragraph_is_cut_at_sentence_ends() -> None:
    [entry] = built((HEADING, 1, "Récit"), (PARAGRAPH, 0, LONG * 4))

    texts = [passage.text for passage in entry.passages]
    assert " ".join(texts) == (LONG * 4).strip()
    assert all(len(text) <= 1200 and text.endswith(".") for text in texts)
    assert quotes(entry) == texts


def test_rows_keep_the_header_of_their_table_and_of_their_part_as_context() -> None:
    builder = Builder()
    builder.add([TextRun("Montants")], HEADING, 1)
    for cells in (("Commune", "Aide"), ("Littoral",), ("Brest", "12 €")):
        builder.add_row(cells)
    [entry] = split(document(builder.reading(), "page"))

    assert [passage.text for passage in entry.passages] == ["Commune\tAide", "Littoral", "Brest\t12 €"]
    assert contexts(entry) == [[], ["Commune\tAide"], ["Commune\tAide", "Littoral"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L’œuvre d’État, à 80 % ?", "l-oeuvre-d-etat-a-80"),
        ("« ? »", "passage"),
        ("a" * 80, "a" * 60),
        ("mot " * 40, "-".join(["mot"] * 15)),
    ],
)
def test_slugs_are_short_ascii_words(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_the_header_of_a_table_stands_below_its_caption() -> None:
    rows = ["Acteur", "Congé\tPériode\tRégime", "Maladie\t90 jours\tPlein traitement"]
    [entry] = placed(*((TABLE, 0, row) for row in rows), kind="page")

    assert [[span.of(p.document.text) for span in p.context] for p in entry.passages] == [[], [], [rows[1]]]


@pytest.mark.parametrize(
    ("first", "named"),
    [
        ("Repas enfant\t3,10 €", False),
        ("Dépôt\tAvant le 31 janvier, au service.", False),
        ("Accueil\t02 00 10 20 30, le matin", False),
        ("\tHabitants\tAutres", True),
        ("Repas\tPrix en euros", True),
    ],
)
def test_a_first_row_that_says_something_names_no_column(first: str, named: bool) -> None:
    [entry] = placed((TABLE, 0, first), (TABLE, 0, "Repas adulte\t5,40 €\t6,20 €"), kind="page")

    assert [[span.of(p.document.text) for span in p.context] for p in entry.passages] == [[], [first] * named]

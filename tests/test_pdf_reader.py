"""What is read of PDF files: paragraphs, headings, notes, pages, places; and the files that were read wrong."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from fpdf import FPDF
from fpdf.enums import TextMode
from pdf_making import MANY, SENTENCE, blocks, box, document, entries, paper, plain, read
from pypdf import PdfWriter

from corpus.document import BlockKind
from corpus.readers.pdf import read_pdf
from corpus.split.split import split


def test_headers_footers_and_page_numbers_are_dropped_and_pages_counted() -> None:
    made = paper()
    for number in range(1, 60):
        made.put(f"Mesure {number} du plan : {SENTENCE}")

    reading = read(made)

    assert len(reading.pages) == made.page_no() >= 3
    assert "Guide des contrats" not in reading.text
    assert "Page" not in reading.text
    assert blocks(reading) == [f"Mesure {number} du plan : {SENTENCE.strip()}" for number in range(1, 60)]


def test_space_between_paragraphs_parts_them_where_their_lines_are_full() -> None:
    made = plain(SENTENCE.strip())
    made.ln(4)
    made.multi_cell(0, 6, "Les communes y sont associées.")

    assert blocks(read(made)) == [SENTENCE.strip(), "Les communes y sont associées."]


def test_a_long_first_line_in_small_type_does_not_cut_the_paragraphs_below() -> None:
    made = plain("")
    made.set_font("helvetica", size=4)
    made.multi_cell(0, 4, SENTENCE * 3, new_x="LMARGIN", new_y="NEXT", align="L")
    made.set_font("helvetica", size=11)
    made.multi_cell(0, 6, MANY[:1500], new_x="LMARGIN", new_y="NEXT", align="L")

    assert len(blocks(read(made))) == 2


def test_bold_and_larger_lines_are_headings() -> None:
    made = paper()
    made.put("Guide de l'élu", size=18).put("Les principes", "B").put(SENTENCE * 2)
    made.put("Le calendrier", "B").put(SENTENCE * 2)

    reading = read(made)

    assert blocks(reading, BlockKind.HEADING) == ["Guide de l'élu", "Les principes", "Le calendrier"]
    assert [block.level for block in reading.blocks if block.kind is BlockKind.HEADING] == [1, 2, 2]


def test_a_footnote_goes_after_the_paragraph_that_its_page_break_cuts() -> None:
    made = plain("Le préfet signe le contrat1 avec les maires des")
    made.set_y(-40)
    made.set_font("helvetica", size=7)
    made.multi_cell(0, 4, "1 Au sens de la circulaire du 20 novembre 2020.")
    made.add_page()
    made.set_font("helvetica", size=11)
    made.multi_cell(0, 6, "communes et des intercommunalités concernées.")

    reading = read(made)

    assert blocks(reading) == [
        "Le préfet signe le contrat1 avec les maires des communes et des intercommunalités concernées.",
        "1 Au sens de la circulaire du 20 novembre 2020.",
    ]
    assert [document(reading).page_at(reading.text.index(words)) for words in ("maires", "communes", "Au")] == [1, 2, 1]


def test_a_numbered_question_and_its_answer_run_over_a_page_break() -> None:
    made = paper()
    made.put("Foire aux questions", "B", 16)
    made.put("1. Qui signe le contrat ? Et quand\nle signe-t-on ?", "B").put(MANY)
    made.put("2. Que contient-il ?", "B").put("Le contrat contient :", gap=0)
    made.put("1. un diagnostic ;\n2. un plan d'actions.")
    made.put("3. Peut-on le modifier ?", "B").put("Oui, par voie d'avenant.")

    assert [(entry.heading_text, entry.body_text) for entry in split(document(read(made)))] == [
        ("Qui signe le contrat ? Et quand le signe-t-on ?", MANY),
        ("Que contient-il ?", "Le contrat contient :\n1. un diagnostic ;\n2. un plan d'actions."),
        ("Peut-on le modifier ?", "Oui, par voie d'avenant."),
    ]


def test_a_circular_is_split_by_its_headings() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("times", size=12)
    for text in (
        *("Le Premier ministre", "Paris, le 20 novembre 2020", "à", "Mesdames et Messieurs les préfets de région"),
        *("NOR : PRMX2032456C", "Objet : élaboration des contrats de relance", SENTENCE * 3),
        *("I. - Les objectifs", SENTENCE * 2, "A. Le périmètre", SENTENCE * 2, "1. Les communes", SENTENCE * 2),
        *("Article 3", "Le préfet préside le comité de pilotage du contrat.", "II. - La gouvernance", SENTENCE * 2),
    ):
        made.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT", align="L")
        made.ln(5)

    entries = split(document(read(made), "circular"))

    assert [(entry.heading_text, len(entry.passages[0].section)) for entry in entries[2:]] == [
        ("I. - Les objectifs", 0),
        ("A. Le périmètre", 1),
        ("1. Les communes", 2),
        ("Article 3", 3),
        ("II. - La gouvernance", 0),
    ]
    assert [(entry.heading_text, entry.body_text) for entry in entries[:2]] == [
        ("", "Objet : élaboration des contrats de relance"),
        ("", (SENTENCE * 3).strip()),
    ]


# --- characters and their order ---------------------------------------------------------------------


def test_a_superscript_stands_with_its_word() -> None:
    made = plain()
    made.ln(6)
    made.write(6, "Au 1")
    made.char_vpos = "SUP"
    made.write(6, "er")
    made.char_vpos = "LINE"
    made.write(6, " janvier, les contrats sont signés.")

    assert blocks(read(made))[-1] == "Au 1er janvier, les contrats sont signés."


def test_the_mark_of_a_note_is_no_part_of_a_number_and_that_of_a_unit_is() -> None:
    made = plain()
    made.ln(6)
    for words, raised in (("L'article 11", "3"), (" vaut à moins de 20 m", "2"), (" de la halle, le 3 mai 2024", "2")):
        made.write(6, words)
        made.char_vpos = "SUP"
        made.write(6, raised)
        made.char_vpos = "LINE"
    made.write(6, ".")
    made.set_y(-40)
    made.set_font("helvetica", size=7)
    for note in ("2 Version de mars.", "3 Sauf le lundi."):
        made.multi_cell(0, 4, note, new_x="LMARGIN", new_y="NEXT")

    assert blocks(read(made))[1:] == [
        "L'article 11 vaut à moins de 20 m2 de la halle, le 3 mai 2024.",
        "2 Version de mars.",
        "3 Sauf le lundi.",
    ]


def test_each_character_knows_where_it_is_printed() -> None:
    reading = read(plain("Il est question de la contractua-\nlisation du territoire."))

    assert reading.text == "Il est question de la contractualisation du territoire."
    assert reading.printed == ((0, 1, 0), (32, 1, 33))  # the hyphen is character 32 of the page


def test_a_watermark_and_what_no_one_sees_are_left_out() -> None:
    made = plain()
    made.set_font("helvetica", size=40)
    with made.rotation(45, 100, 150):
        made.text(60, 150, "PROJET")
    made.set_font("helvetica", size=11)
    made.text(500, 30, "Hors de la page.")
    with made.local_context(text_mode=TextMode.INVISIBLE):
        made.text(20, 200, "Note cachée.")

    assert read(made).text == (SENTENCE * 3).strip()


def test_the_invisible_text_over_a_scan_is_read() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    with made.local_context(text_mode=TextMode.INVISIBLE):
        made.multi_cell(0, 6, SENTENCE * 3, align="L")

    assert read(made).text == (SENTENCE * 3).strip()


def test_a_table_laid_along_the_page_is_read_as_who_turns_the_page() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    with made.rotation(90, 100, 150):
        for y, line in ((100, "Le contrat de relance et de"), (106, "transition est signé par"), (112, "les maires.")):
            made.text(60, y, line)

    assert read(made).text == "Le contrat de relance et de transition est signé par les maires."


@pytest.mark.parametrize("last", ["left", "right"])
def test_the_file_says_which_column_is_read_first(last: str) -> None:
    made = plain("Le guide des contrats de la région et de ses territoires.")
    columns = [(10, "Les communes signent le contrat en mairie."), (110, "Le préfet le signe ensuite à la préfecture.")]
    for x, text in columns if last == "right" else columns[::-1]:
        box(made, x, 100 if x > 50 else 130, text)

    assert blocks(read(made))[1:] == [text for _, text in (columns if last == "right" else columns[::-1])]


FILES = Path(__file__).parent / "pdf_files"
"""Each shows one fault of an earlier version; the texts are ours."""

ENTRIES = {
    "champ_formulaire": {
        "1. Terrasse": ["…municipal, est de : trente euros", "La demande est déposée trois semaines avant l'ouverture."]
    },
    "deux_points": {"1. Frais de raccordement": ["…s'élève à :\n\n75 x 7 + 400 x 50 / 20 = 1525 euros par logement."]},
    "entete_couverture": {
        "1. Dépôt": ["…une attestation d'assurance."],
        "2. Tarif": ["…par le conseil municipal."],
        "3. Retrait": ["…avant toute décision."],
        "4. Mobilier": ["…sont interdits."],
    },
    "entete_tableau": {
        "": [
            "Occupation\tMontant de la redevance\tUnité",
            *("Terrasse ouverte\t30 euros\tPar an", "Terrasse fermée\t60 euros\tPar an", "Étalage\t20 euros\tPar an"),
            *("Chevalet\t50 euros\tPar unité", "Benne\t15 euros\tPar jour", "Échafaudage\t2 euros\tPar mètre"),
        ]
    },
    "google_docs": {"1. Objet": ["Le Service : le service en ligne… à l'article 1er du règlement… aux services."]},
    "journal_officiel": {
        "Arrêté du 3 mars 2024 relatif aux terrasses": ["Publics concernés :… public communal.", "Arrête :"],
        "Art. 1er": ["La demande est déposée… de la terrasse."],
        "Art. 2": ["Le maire est chargé… du présent arrêté."],
    },
    "lisible_refuse": {"": ["L'employeur peut imposer au maximum six jours de congés. Le salarié… jour de congé."]},
    "note_coupe_phrase": {
        "1. Implantation": ["…du rez-de-chaussée peut passer par l'intérieur… générale.", "(1) Article 21… du public."]
    },
    "notes_trois_pages": {
        "1. Dépôt": [
            *("…Les critères de calcul sont :", "- la surface…", "- la durée d'occupation dans l'année."),
            *("1 Délibération du 4 février 2023", "La demande est déposée…"),
        ],
        "2. Tarif": ["Le service tient à jour…", "2 Sauf pour les marchés de plein air"],
        "3. Retrait": ["…(3).", "3 Article L. 2122-3 du code de la propriété publique"],
    },
    "ordre_tableau": {
        "Temps partiel annualisé": [
            "L'outil de calcul… sur douze mois.",
            "Période du cycle\tPart travaillée dans la période\tReste à travailler",
            "Un mois (non travaillé)\t0 % (non travaillé)\t720 %",
            *("Six mois\t70 %\t300 %", "Cinq mois\t60 %\t0 %", "À la fin du cycle,… premier jour du cycle."),
        ]
    },
    "pied_entre_colonnes": {
        "1. Dépôt": ["…à cette date, la demande est refusée."],
        "1.1 Recours": ["…dans le mois.", "Au-delà,… ressort."],
        "2. Tarif": ["…sur un échéancier."],
        "2.1 Exonération": ["…première année.", "…leurs marchés."],
        "3. Retrait": ["…au dépôt."],
        "3.1 Urgence": ["…dans l'heure.", "…par courrier."],
        "4. Mobilier": ["…les enceintes."],
        "4.1 Chauffage": ["…l'hiver dernier.", "…demandent."],
    },
    "sommaire": {
        "Qui peut demander une terrasse ?": ["Tout gérant…"],
        "Combien coûte une terrasse ?": ["Le tarif…"],
        "Comment déposer la demande ?": ["La demande…"],
    },
    "tableau_qr": {
        "Quand déposer la demande ?": ["Trois semaines avant l'ouverture de la terrasse, en mairie."],
        "Combien coûte une terrasse ?": ["Trente euros par mètre carré et par an, payables en une fois au régisseur."],
        "Qui signe la décision ?": ["Le maire ou l'adjoint chargé du commerce."],
    },
    "titre_apostrophe": {
        "1/ Les primes de la commune": ["La commune verse…"],
        "2/ MaPrimeRénov’": ["Cette aide…"],
        "3/ Le fonds départemental": ["Le département…"],
    },
}


@pytest.mark.parametrize("name", ENTRIES)
def test_files_that_were_read_wrong_are_read_right(name: str) -> None:
    found = entries(read_pdf((FILES / f"{name}.pdf").read_bytes(), name))

    assert list(found) == list(ENTRIES[name])
    for heading, parts in ENTRIES[name].items():
        for part, text in zip(parts, found[heading], strict=name != "deux_points"):
            assert re.fullmatch(
                ".*".join(map(re.escape, part.split("…"))) + (".*" if part[-1] == "…" else ""), text, re.S
            )


def test_pages_are_called_as_the_file_calls_them_unless_all_have_numbers() -> None:
    made = paper()
    for text in (MANY, SENTENCE * 9, "Le maire retire l'accord. " * 9):
        made.put(text)
        made.add_page()
    for style, labels in (("/r", ("iii", "iv", "1", "2")), ("/D", ())):
        writer, saved = PdfWriter(BytesIO(bytes(made.output()))), BytesIO()
        writer.set_page_label(0, 1, style, start=3)
        writer.set_page_label(2, 3, "/D")
        writer.write(saved)
        read_again = document(read_pdf(saved.getvalue(), "note.pdf"))

        assert read_again.labels[:4] == labels
        assert read_again.label_at(0) == ("iii" if labels else None)

"""PDF files are made here with fpdf2; its own fonts know Latin-1 only, hence the straight apostrophes."""

import logging
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod, TextMode
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import BooleanObject, DictionaryObject, NameObject

from corpus.document import BlockKind, Document, Source, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.pdf import read_pdf
from corpus.split.split import split

MANY = " ".join(f"La mesure {number} concerne {number * 7} communes du territoire." for number in range(1, 130))
SENTENCE = "Le contrat de relance et de transition fixe les actions que le territoire mène avec l'État. "
BROKEN = "Le té létra vail est une for me d'orga nisation du tra vail qui per met aux ag ents. "


class Paper(FPDF):
    """A page with the running header and footer of a guide."""

    def header(self) -> None:
        self.set_font("helvetica", size=8)
        self.cell(0, 5, f"Guide des contrats - édition {2020 + self.page_no()}", new_x="LMARGIN", new_y="NEXT")
        self.ln(8)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("helvetica", size=8)
        self.cell(0, 5, f"Page {self.page_no()}/{{nb}}", align="C")

    def put(self, text: str, style: str = "", size: float = 11, gap: float = 4) -> "Paper":
        self.set_font("helvetica", style=style, size=size)
        self.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT", align="L")
        self.ln(gap)
        return self


def paper() -> Paper:
    made = Paper()
    made.add_page()
    return made


def plain(*lines: str) -> FPDF:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    for line in lines or [SENTENCE * 3]:
        made.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT", align="L")
    return made


def box(made: FPDF, x: float, y: float, text: str, width: float = 60) -> None:
    """A box of text at that place, in millimetres."""
    made.set_xy(x, y)
    made.multi_cell(width, 6, text, align="L")


def read(made: FPDF, name: str = "note.pdf") -> StructuredText:
    return read_pdf(bytes(made.output()), name)


def blocks(reading: StructuredText, kind: BlockKind | None = None) -> list[str]:
    return [reading.text[b.start : b.end] for b in reading.blocks if kind in (None, b.kind)]


def document(reading: StructuredText, kind: str = "faq") -> Document:
    source = Source("note", "Note", "ANCT", "2021-05", kind, "note.pdf")
    return Document(source, reading.text, "0" * 64, reading.blocks, reading.pages, reading.printed)


# --- paragraphs, headings, pages --------------------------------------------------------------------


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
        "Guide des terrasses": ["Service du domaine public"],
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
        "Art. 2": ["Le maire est chargé… du présent arrêté.", "Fait le 3 mars 2024."],
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


def entries(reading: StructuredText) -> dict[str, list[str]]:
    return {each.heading_text: [part.text for part in each.passages] for each in split(document(reading, "page"))}


@pytest.mark.parametrize("name", ENTRIES)
def test_files_that_were_read_wrong_are_read_right(name: str) -> None:
    found = entries(read_pdf((FILES / f"{name}.pdf").read_bytes(), name))

    assert list(found) == list(ENTRIES[name])
    for heading, parts in ENTRIES[name].items():
        for part, text in zip(parts, found[heading], strict=name != "deux_points"):
            assert re.fullmatch(
                ".*".join(map(re.escape, part.split("…"))) + (".*" if part[-1] == "…" else ""), text, re.S
            )


def laid(*pages: str) -> StructuredText:
    """Pages whose lines say where they stand, in points, and ``b`` for bold: "60 740 b14 1. Dépôt"."""
    made = FPDF(unit="pt", format="A4")
    for page in pages:
        made.add_page()
        for line in page.strip().splitlines():
            x, y, style, text = line.split(" ", 3)
            made.set_font("helvetica", style[0].replace("n", ""), float(style[1:] or 11))
            made.text(float(x), 842 - float(y), text)
    return read(made)


def test_a_title_and_a_box_drawn_last_stand_where_they_are_seen_and_columns_whole() -> None:
    reading = laid("""
60 720 n Le gérant dépose la demande en mairie
60 707 n trois semaines avant l'ouverture.
320 720 n Le tarif est de trente euros par mètre
320 707 n carré et par an, payables en une fois.
60 500 n Le service du domaine public reçoit le matin, sur rendez-vous, dans la limite des places.
60 760 b20 Guide des terrasses
60 600 n La demande incomplète est refusée sans examen au bout de deux mois, sauf accord écrit du maire.""")

    assert [text.split()[0] for text in blocks(reading)] == ["Guide", "Le", "Le", "La", "Le"]
    assert blocks(reading)[1:3] == [
        "Le gérant dépose la demande en mairie trois semaines avant l'ouverture.",
        "Le tarif est de trente euros par mètre carré et par an, payables en une fois.",
    ]


def test_columns_of_text_of_which_the_file_draws_a_line_of_each_in_turn_are_read_whole() -> None:
    left = [
        "Le gérant dépose la demande en mairie",
        "trois semaines avant l'ouverture, avec",
        "un plan coté et une preuve",
    ]
    right = [
        "Le tarif est de trente euros par mètre",
        "carré et par an, payables en une fois",
        "au régisseur de la commune,",
    ]
    left += ["d'assurance de l'année, datée et", "signée par l'assureur du gérant."]
    right += ["qui en donne un reçu numéroté et", "signé le jour même du paiement."]
    lines = "\n".join(
        f"60 {700 - 13 * row} n {one}\n320 {700 - 13 * row} n {other}"
        for row, (one, other) in enumerate(zip(left, right, strict=True))
    )

    assert blocks(laid(lines)) == [" ".join(left), " ".join(right)]


def test_cells_that_cover_rows_are_told_on_each_and_a_head_on_the_next_page_once() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    with made.table(repeat_headings=1) as table:
        table.row(["Zone", "Occupation", "Tarif"])
        for zone in ("Centre", "Faubourg"):
            row = table.row()
            row.cell(zone, rowspan=2)
            for occupation, tariff in (("Étalage", "20 euros"), ("Terrasse", "30 euros")):
                row = row if occupation == "Étalage" else table.row()
                row.cell(occupation)
                row.cell(tariff)
        for number in range(40):
            table.row([f"Quartier {number}", "Étalage", f"{number} euros"])
    reading = read(made)

    assert len(reading.pages) == 2
    assert blocks(reading, BlockKind.TABLE) == blocks(reading)
    assert blocks(reading) == [
        *("Zone\tOccupation\tTarif", "Centre\tÉtalage\t20 euros", "Centre\tTerrasse\t30 euros"),
        *("Faubourg\tÉtalage\t20 euros", "Faubourg\tTerrasse\t30 euros"),
        *(f"Quartier {number}\tÉtalage\t{number} euros" for number in range(40)),
    ]


def test_a_frame_is_no_table_and_what_a_line_strikes_out_is_left_out() -> None:
    made = plain(SENTENCE.strip())
    made.rect(5, 5, 200, 40)
    made.rect(5, 45, 200, 40)
    made.ln(6)
    made.write(6, "Le tarif est de ")
    made.set_font("helvetica", "S")
    made.write(6, "vingt-cinq")
    made.set_font("helvetica", "")
    made.write(6, " trente euros par an.")
    made.text(80, 150, "Entre deux filets.")
    made.line(5, 148.8, 205, 148.8)

    assert blocks(read(made)) == [SENTENCE.strip(), "Le tarif est de trente euros par an.", "Entre deux filets."]


def test_an_order_has_its_title_its_grounds_and_its_articles() -> None:
    reading = laid("""
200 780 b RÉPUBLIQUE FRANÇAISE
60 740 b13 Arrêté n° 2024-17 portant réglementation des terrasses
60 700 n Le maire de Valbourg,
60 687 n Vu le code général des collectivités territoriales, notamment ses articles L. 2212-1 et suivants ;
60 674 n Vu la délibération du conseil municipal en date du 4 février 2023 fixant les tarifs de voirie, et en
60 661 n particulier son annexe ;
60 648 n Considérant qu'il importe de préserver le passage des piétons,
60 635 n ARRÊTE :
60 610 b Article 1er
60 597 n La demande est déposée trois semaines avant l'ouverture de la terrasse.
60 570 n Art. 2. - L'article 4 du règlement est ainsi modifié :
60 557 n 1° Le premier alinéa est supprimé.""")

    assert entries(reading) == {
        "Arrêté n° 2024-17 portant réglementation des terrasses": [
            "Le maire de Valbourg,",
            "Vu le code général des collectivités territoriales, notamment ses articles L. 2212-1 et suivants ;",
            "Vu la délibération du conseil municipal en date du 4 février 2023 fixant les tarifs de voirie, et en "
            "particulier son annexe ;",
            "Considérant qu'il importe de préserver le passage des piétons,",
            "ARRÊTE :",
        ],
        "Article 1er": ["La demande est déposée trois semaines avant l'ouverture de la terrasse."],
        "Art. 2": ["L'article 4 du règlement est ainsi modifié :", "1° Le premier alinéa est supprimé."],
    }


def test_notes_are_told_apart_whatever_their_marks_and_their_size() -> None:
    reading = laid(
        """
60 780 b14 Dépôt
60 740 n Le dossier complet* est remis au guichet (1), qui en donne un reçu daté au gérant de
60 60 n (1) Le guichet est ouvert le matin.
60 45 n8 * Voir la liste en annexe.""",
        """
60 780 n l'établissement. Une réponse est donnée dans le mois, par courrier simple.
60 740 b14 Notes
60 710 n 1. Le mois court du dépôt.""",
    )

    assert entries(reading)["Dépôt"][:3] == [
        "Le dossier complet* est remis au guichet (1), qui en donne un reçu daté au gérant de l'établissement. "
        "Une réponse est donnée dans le mois, par courrier simple.",
        "(1) Le guichet est ouvert le matin.",
        "* Voir la liste en annexe.",
    ]
    assert [document(reading).page_at(reading.text.index(words)) for words in ("(1) Le", "1. Le mois")] == [1, 2]


def test_running_titles_of_odd_and_even_pages_and_page_numbers_of_any_kind_are_dropped() -> None:
    words = ["premier", "deuxième", "troisième", "quatrième", "cinquième"]
    odd, even = "380 800 n Guide des terrasses   {0}", "60 800 n {0}   Commune de Valbourg"
    reading = laid(
        *(
            f"{(even if page % 2 else odd).format(page + 1)}\n60 740 n Le {word} principe est celui de la liberté.\n"
            f"300 30 n9 {['i', 'ii', 'iii', 'iv', 'v'][page]}"
            for page, word in enumerate(words)
        )
    )

    assert blocks(reading) == [f"Le {word} principe est celui de la liberté." for word in words]


def test_a_contents_without_leaders_makes_no_entry() -> None:
    first, second = (
        "Comment demander une terrasse sur la voie publique quand on tient un",
        "Combien coûte une terrasse ?",
    )
    reading = laid(
        f"60 780 b16 Sommaire\n60 740 n {first}\n60 725 n commerce ?\n500 725 n p. 2\n60 705 n {second}\n"
        "500 705 n p. 3",
        f"60 780 b12 {first} commerce ?\n60 750 n La demande se fait en mairie, au guichet.",
        f"60 780 b12 {second}\n60 750 n Trente euros par mètre carré et par an.",
    )

    assert list(entries(reading)) == [f"{first} commerce ?", second]


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", list(EncryptionMethod)[1:])
def test_an_encrypted_file_opens_without_a_password_and_is_refused_with_one(method: EncryptionMethod) -> None:
    opened, locked = plain(), plain()
    opened.set_encryption(owner_password="editeur", encryption_method=method)
    locked.set_encryption(owner_password="editeur", user_password="secret", encryption_method=method)

    assert read(opened).text == (SENTENCE * 3).strip()
    with pytest.raises(UnreadableDocumentError, match=r"note\.pdf.*mot de passe"):
        read(locked)


def edited(change: Callable[[PdfWriter], object]) -> bytes:
    writer, saved = PdfWriter(BytesIO(bytes(plain().output()))), BytesIO()
    change(writer)
    writer.write(saved)
    return saved.getvalue()


def wrap(writer: PdfWriter) -> None:
    writer.add_attachment("statuts.docx", b"PK")
    writer.root_object[NameObject("/Collection")] = DictionaryObject()


def script(writer: PdfWriter) -> None:
    writer.root_object[NameObject("/NeedsRendering")] = BooleanObject(True)


def test_unreadable_files_are_refused_with_the_reason() -> None:
    made = bytes(plain().output())
    scan = FPDF()
    scan.add_page()
    scan.rect(20, 20, 100, 100)

    for data, reason in {
        b"": "vide",
        b"<html>Erreur 404</html>": "pas un PDF",
        made[: len(made) // 3]: "endommagé",
        b"%PDF-1.7\n": "endommagé",
        bytes(scan.output()): "images",
        bytes(plain(BROKEN * 10).output()): "inutilisable",
        edited(wrap): "d’autres fichiers («\u00a0statuts.docx\u00a0»)",
        edited(script): "formulaire dynamique",
    }.items():
        with pytest.raises(UnreadableDocumentError) as refusal:
            read_pdf(data, "note.pdf")
        assert reason in refusal.value.reason
        assert refusal.value.name == "note.pdf"
        assert refusal.value.remedy


def test_pages_that_cannot_be_read_are_named_and_the_others_read() -> None:
    made = plain()
    for page in range(2):
        made.add_page()
        made.image(Image.new("L", (10, 10), 200 + page), 0, 0, 210, 297)
    made.add_page()
    made.multi_cell(0, 6, BROKEN * 10, align="L")
    reading = read(made)

    assert reading.text == (SENTENCE * 3).strip()
    assert reading.unread == (
        "pages 2, 3\u00a0: c’est une image, sans texte (numérisée\u00a0?).",
        "page 4\u00a0: le texte est illisible, faute de savoir quelles lettres sa police dessine.",
    )


def test_what_the_libraries_say_of_damaged_files_stays_unsaid(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    made = bytes(plain().output()).replace(b"startxref\n", b"startxref\n9")

    assert read_pdf(made, "note.pdf").text == (SENTENCE * 3).strip()
    with pytest.raises(UnreadableDocumentError, match="images"):
        read_pdf(made.replace(b"/Contents", b"/Contents 1 /C"), "note.pdf")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert logging.getLogger("pypdf").level == logging.NOTSET


# --- real files -------------------------------------------------------------------------------------


def shared_pdf(shared: Path, name: str) -> StructuredText:
    return read_pdf((shared / "pdfs" / name).read_bytes(), name)


@pytest.mark.parametrize(
    ("name", "count"), [("faq_macantine_1_restaurants_administratifs.pdf", 17), ("faq_macantine_3_ehpad.pdf", 9)]
)
def test_each_numbered_question_of_the_real_faqs_is_an_entry(shared: Path, name: str, count: int) -> None:
    reading = shared_pdf(shared, name)

    entries = split(document(reading))

    assert all(entry.heading_text.endswith("?") for entry in entries)
    numbers = [reading.text[: entry.heading.start].rstrip()[-3:].strip() for entry in entries if entry.heading]
    assert numbers == [f"{number}." for number in range(1, count + 1)]


def test_the_headings_of_a_real_guide(shared: Path) -> None:
    reading = shared_pdf(shared, "guide_avancement_grade_cisirh.pdf")

    entries = split(document(reading, "guide"))

    assert len(reading.pages) == 48
    assert "Guide sur l’avancement de grade" not in reading.text  # the running header
    found = {entry.heading_text: entry for entry in entries}
    effective = found["III.2.1.2. L’ancienneté de services effectifs"]
    section = [span.of(reading.text) for span in effective.passages[0].section]
    assert section[-3:] == [
        "III. L’avancement de grade",
        "III.2. Les conditions d’éligibilité",
        "III.2.1. L’ancienneté nécessaire",
    ]
    assert document(reading).page_at(effective.body.start) == 14
    assert not any("-----" in passage.text for entry in entries for passage in entry.passages)


def test_a_column_of_a_real_guide_is_read_whole(shared: Path) -> None:
    text = shared_pdf(shared, "guide_covid_salarie_ministere_travail.pdf").text

    assert "Rester, autant que possible, à plus d’un mètre des autres" in text
    assert "CONSULTER ET S’ISOLER EN CAS DE SYMPTÔMES OU DE CONTAMINATION" in text
    assert "CAS C ON T ACT" not in " ".join(text.split())


def test_a_real_scan_is_refused(shared: Path) -> None:
    with pytest.raises(UnreadableDocumentError, match="images"):
        shared_pdf(shared, "scan_sans_texte_ricoh_guyane_legumes.pdf")


def test_a_line_in_a_broken_font_is_left_out_of_a_real_form(shared: Path) -> None:
    reading = shared_pdf(shared, "formulaire_demande_teletravail_cisirh.pdf")

    assert "IDENTIFICATION DE L’AGENT" in reading.text
    assert "ZĞĂĚĞƌ" not in reading.text
    assert [told.split("\u00a0:")[0] for told in reading.unread] == ["page 1"]


def test_words_that_no_longer_hold_are_left_out_of_a_real_file(shared: Path) -> None:
    text = shared_pdf(shared, "fiche_loi_climat_cnrc.pdf").text

    assert "Lorsqu'un agent mentionné au troisième alinéa constate" in text  # "deuxième" is struck out before it
    assert "restauration collective scolaire proposent, au moins" in text  # "sont tenus de proposer", glued to it

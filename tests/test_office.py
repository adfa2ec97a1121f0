"""Word, OpenDocument and spreadsheets as town halls write them: the entries that each way of writing makes."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt, RGBColor
from seed_files import odt, rezipped, saved

from corpus.document import BlockKind, Document, Source, StructuredText
from corpus.readers.docx import read_docx
from corpus.readers.opendocument import read_odt
from corpus.split.split import split

WHEN, HOW_MUCH = "Quand faut-il déposer la demande ?", "Combien coûte une terrasse ?"
BEFORE, PRICE = "Trois semaines avant l'ouverture de la terrasse.", "Le tarif est de 30 euros par mètre carré."
TWO = [f"{WHEN} → {BEFORE}", f"{HOW_MUCH} → {PRICE}"]
IN_FAQ = [f"FAQ › {entry}" for entry in TWO]
_MARKS = re.compile(r"(\*\*|~~|__|\?\?|\^\^|%%)(.+?)\1", re.DOTALL)


def told(reading: StructuredText) -> list[str]:
    """Each entry on a line: the headings above, its own, its passages; a dot for each item around an item."""
    source = Source("x", "X", "Ville", "2024-03", "page", "x.docx")
    depths = {block.start: "· " * (block.level - 1) for block in reading.blocks if block.kind is BlockKind.ITEM}
    lines = []
    for entry in split(Document(source, reading.text, "0" * 64, reading.blocks)):
        above = [span.of(reading.text) for span in entry.passages[0].section]
        texts = (depths.get(passage.start, "") + passage.text for passage in entry.passages)
        passages = " / ".join(text.replace("\n", " ¶ ").replace("\t", " | ") for text in texts)
        lines.append(f"{' › '.join([*above, entry.heading_text])} → {passages}")
    return lines


def word(
    *parts: str | Sequence[Sequence[str]], change: Callable[[Any], object] = lambda _: None
) -> Callable[[], bytes]:
    """Makes a Word file: "Style: words" with **bold**, __underlined__, ~~struck~~, ??hidden??, %%blue%%; or a table."""
    return partial(_word, parts, change)


def _word(parts: tuple[str | Sequence[Sequence[str]], ...], change: Callable[[Any], object]) -> bytes:
    made = docx.Document()
    made.styles.add_style("Question maison", 1).font.bold = True
    made.styles.add_style("Grand", 2).font.size = Pt(16)
    made.styles.add_style("Titre 2", 1)  # what other office programs call "Heading 2"
    made.styles.add_style("Titre maison", 1).base_style = made.styles["Heading 3"]
    made.sections[0].header.paragraphs[0].text = "En-tête de la commune, daté du 3 mars."
    for part in parts:
        if isinstance(part, str):
            style, words = re.fullmatch(
                r"(?:(Heading \d|List \w+(?: \d)?|Title|Titre \w+|Question maison): )?(.*)", part, re.DOTALL
            ).groups()
            _write(made.add_paragraph(style=style), words)
        else:
            table = made.add_table(len(part), max(map(len, part)))
            for row, cells in zip(table.rows, part, strict=True):
                for cell, words in zip(row.cells, cells, strict=False):
                    for number, line in enumerate(words.split("¶")):
                        style = "List Bullet" if line.startswith("• ") else None
                        paragraph = cell.add_paragraph() if number else cell.paragraphs[0]
                        paragraph.style = style
                        _write(paragraph, line.removeprefix("• "))
    change(made)
    return saved(made.save)


def _write(paragraph: Any, words: str) -> None:
    at = 0
    for found in _MARKS.finditer(words):
        paragraph.add_run(words[at : found.start()])
        run, at = paragraph.add_run(found[2]), found.end()
        if found[1] == "^^":
            run.style = "Grand"
        elif found[1] == "%%":
            run.font.color.rgb = RGBColor(0, 112, 192)
        else:
            name = {"**": "bold", "__": "underline", "~~": "strike", "??": "hidden"}[found[1]]
            setattr(run if found[1] in ("**", "__") else run.font, name, True)
    paragraph.add_run(words[at:])


def _merged(*cells: tuple[int, int, int, int]) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        for top, left, bottom, right in cells:
            made.tables[0].cell(top, left).merge(made.tables[0].cell(bottom, right))

    return change


def _with(xml: str) -> Callable[[Any], object]:
    """Puts an element, written in XML, at the end of the first paragraph."""
    return lambda made: made.paragraphs[0]._p.append(parse_xml(xml.replace(">", f" {nsdecls('w')}>", 1)))


def _numbered_headings(made: Any) -> None:
    level = (
        '<w:lvl w:ilvl="{}"><w:start w:val="1"/><w:numFmt w:val="{}"/><w:pStyle w:val="Heading{}"/>'
        '<w:lvlText w:val="{}"/></w:lvl>'
    )
    levels = level.format(0, "upperRoman", 1, "%1.") + level.format(1, "decimal", 2, "%1.%2")
    numbering = made.part.numbering_part.element
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">{levels}</w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="91"><w:abstractNumId w:val="90"/></w:num>'))
    for name in ("Heading 1", "Heading 2"):
        number = parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="91"/></w:numPr>')
        made.styles[name].element.get_or_add_pPr().append(number)


ARTICLES = ["Article 1er → Le stationnement est interdit.", "Article 2 → Une déviation est mise en place."]
PLACEHOLDER = (
    "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Cliquez ici</w:t></w:r></w:sdtContent></w:sdt>"
)
EDITED = (
    "<w:ins><w:hyperlink><w:r><w:t>ici</w:t></w:r></w:hyperlink><w:r><w:t>, ajouté.</w:t></w:r>"
    "<w:del><w:r><w:t>Supprimé.</w:t></w:r></w:del></w:ins>"
)
HEADER = ["Question", "Réponse"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        # Questions
        (word("Heading 1: FAQ", f"List Number: **{WHEN}**", BEFORE, f"List Number: **{HOW_MUCH}**", PRICE), IN_FAQ),
        (word("Heading 1: FAQ", f"**{WHEN}\n**{BEFORE}", f"**{HOW_MUCH}**\n{PRICE}"), IN_FAQ),
        (word("Heading 1: FAQ", f"**{WHEN}**\n{BEFORE}\n**{HOW_MUCH}**\n{PRICE}"), IN_FAQ),
        (
            word("Heading 1: FAQ", f"**Q1 – {WHEN}**\n{BEFORE}", f"**Q2 – Qui décide**\n{PRICE}"),
            [IN_FAQ[0], f"FAQ › Qui décide → {PRICE}"],
        ),
        (word("Heading 1: FAQ", f"Question maison: {WHEN}", BEFORE, f"1) **{HOW_MUCH}** {PRICE}"), IN_FAQ),
        (word("Heading 1: FAQ", f"%%{WHEN}%%", BEFORE, "%%Prix%%", PRICE), [IN_FAQ[0], f"FAQ › Prix → {PRICE}"]),
        (word("Heading 1: FAQ", f"__{WHEN}__", BEFORE, f"**{HOW_MUCH[:-2]}** ? {PRICE}"), IN_FAQ),
        (word("Heading 1: FAQ", [HEADER, [WHEN, BEFORE], [HOW_MUCH, PRICE]]), IN_FAQ),
        (word("Heading 1: FAQ", [["Vous demandez", "Le service dit"], [WHEN, BEFORE], [HOW_MUCH, PRICE]]), IN_FAQ),
        (
            word(
                "Heading 1: FAQ",
                [["Question 1", WHEN], ["Réponse", BEFORE], ["Question 2", HOW_MUCH], ["Réponse", PRICE]],
            ),
            IN_FAQ,
        ),
        (
            word("Heading 1: FAQ", [["N°", "Vos interrogations", "Éléments de réponse"], ["1", WHEN, BEFORE]]),
            IN_FAQ[:1],
        ),
        (
            word("FAQ", "**I. Dossier**", f"**1. {WHEN}**", BEFORE, "**2. Les forains**", PRICE, "**II. Prix**", PRICE),
            [f"I. Dossier › {TWO[0]}", f"I. Dossier › 2. Les forains → {PRICE}", f"II. Prix → {PRICE}"],
        ),
        (word("Heading 1: FAQ", [[f"**{WHEN}**¶{BEFORE}", f"**{HOW_MUCH}**¶{PRICE}"]]), IN_FAQ),  # a layout of cards
        (
            word(
                "Heading 1: FAQ",
                [
                    ["N°", "Thème", "Question de l'usager", "Réponse du service"],
                    ["1", "Voirie", WHEN, BEFORE],
                    ["2", "", HOW_MUCH, f"{PRICE}¶En plus :¶• la taxe¶• les frais"],
                    ["3", "Eau", "Et sans compteur ?", ""],
                ],
                "Ce tableau est révisé chaque année en mairie.",
                change=_merged((1, 1, 2, 1)),
            ),
            [
                f"FAQ › Voirie › {WHEN} → {BEFORE}",
                f"FAQ › Voirie › {HOW_MUCH} → {PRICE} / En plus : / la taxe / les frais",
                "FAQ › Voirie ›  → Ce tableau est révisé chaque année en mairie.",
            ],
        ),
        (
            word([["Dépôt", ""], ["Où ?", "Ici."], ["Quand ?", "En mai."]], change=_merged((0, 0, 0, 1))),
            ["Dépôt › Où ? → Ici.", "Dépôt › Quand ? → En mai."],
        ),
        (
            word(
                [["Question", "Cas", "Réponse"], ["Quel prix ?", "Été", "9 €"], ["", "Hiver", "5 €"]],
                change=_merged((1, 0, 2, 0)),
            ),
            ["Quel prix ? → 9 € / Cas | Été / 5 € / Cas | Hiver"],
        ),
        (
            word(
                [["Dépôt", ""], [WHEN, BEFORE], ["Prix", ""], [HOW_MUCH, PRICE]],
                change=_merged((0, 0, 0, 1), (2, 0, 2, 1)),
            ),
            [f"Dépôt › {TWO[0]}", f"Prix › {TWO[1]}"],
        ),
        # Titles
        (
            word("Heading 1: FAQ", f"**Dépôt**\n{BEFORE}", f"**Article 2 : Prix**\n{PRICE}"),
            [f"FAQ › Dépôt → {BEFORE}", f"FAQ › Dépôt › Article 2 : Prix → {PRICE}"],
        ),
        (
            word(
                *("Heading 1: FAQ", "List Number: **Dépôt**", f"List Bullet 2: {WHEN}", BEFORE),
                *(f"List Bullet 2: {HOW_MUCH}", PRICE),
            ),
            [f"FAQ › 1. Dépôt › {entry}" for entry in TWO],
        ),
        (
            word("**Dépôt**", BEFORE + " Elle est signée.", "^^Prix^^", PRICE),
            [f"Dépôt → {BEFORE} Elle est signée.", f"Prix → {PRICE}"],
        ),
        (
            word("Heading 1: 3. Exclus", "Les forains.", "**4. Prix**", PRICE),
            ["3. Exclus → Les forains.", f"4. Prix → {PRICE}"],
        ),
        (
            word(
                "**Article 1er :** Le stationnement est interdit.", "**Article 2 :** Une déviation est mise en place."
            ),
            ARTICLES,
        ),
        (
            word(
                *(
                    "RÉPUBLIQUE FRANÇAISE",
                    "Commune de Valmont",
                    "ARRÊTÉ N° 24-31",
                    "Le Maire,",
                    "ARRÊTE :",
                    "__Article 1er__",
                ),
                *("Le stationnement est interdit.", "**Article 2**", "Une déviation est mise en place."),
                *("Fait à Valmont, le 1er mars 2024", "Le Maire"),
            ),
            [
                "ARRÊTÉ N° 24-31 → Le Maire, / ARRÊTE :",
                f"ARRÊTÉ N° 24-31 › {ARTICLES[0]}",
                f"ARRÊTÉ N° 24-31 › {ARTICLES[1]}",
            ],
        ),
        (
            word(
                "Heading 1: Règles",
                "Heading 2: Objet",
                PRICE,
                "Heading 2: Champ",
                BEFORE,
                "Heading 1: Fin",
                "Heading 2: Date",
                PRICE,
                change=_numbered_headings,
            ),
            [f"I. Règles › I.1 Objet → {PRICE}", f"I. Règles › I.2 Champ → {BEFORE}", f"II. Fin › II.1 Date → {PRICE}"],
        ),
        (
            word(
                *(
                    "**ARRÊTÉ DU MAIRE**",
                    "portant fermeture de la rue",
                    "Le maire,",
                    "Vu le code de la route,",
                ),
                *("ARRÊTE :", "Art. 1er. – Durée. La rue est fermée en mai.", "Art. 2. – Elle rouvre le 1er juin."),
            ),
            [
                "ARRÊTÉ DU MAIRE › portant fermeture de la rue → Le maire, / Vu le code de la route, / ARRÊTE :",
                "ARRÊTÉ DU MAIRE › portant fermeture de la rue › Art. 1er. – Durée → La rue est fermée en mai.",
                "ARRÊTÉ DU MAIRE › portant fermeture de la rue › Art. 2 → Elle rouvre le 1er juin.",
            ],
        ),
        (
            word("**Chaudière**", PRICE, "**Figure 1 : la purge**", BEFORE, "**Aération**", PRICE),
            [f"Chaudière → {PRICE} / Figure 1 : la purge / {BEFORE}", f"Aération → {PRICE}"],
        ),
        (
            word(
                "Heading 1: Guide",
                "**Dépôt :**",
                BEFORE,
                "LES PRIX",
                PRICE,
                "**Attention :**",
                "Le tarif change en mai.",
            ),
            [f"Guide › Dépôt → {BEFORE}", f"Guide › LES PRIX → {PRICE} / Attention : ¶  ¶ Le tarif change en mai."],
        ),
        (
            word(
                *(
                    "Le contrat\test signé, voir ",
                    "Title: FAQ",
                    "Titre 2: Champ",
                    "List Bullet: un",
                    "List Bullet 2: sous",
                ),
                *("Titre maison: Durée", [["Encadré"]], PRICE),
                change=_with(EDITED),
            ),
            [
                " → Le contrat est signé, voir ici, ajouté.",
                "FAQ › Champ → un / · sous",
                f"FAQ › Champ › Durée → Encadré / {PRICE}",
            ],
        ),
        # What is not the text
        (
            word("Heading 2: Tarif", "Le tarif est de ~~25 euros ~~30 euros.", "??Note interne.??"),
            ["Tarif → Le tarif est de 30 euros."],
        ),
        (word("Nom : ", "Heading 1: Tarif", PRICE, change=_with(PLACEHOLDER)), [f"Tarif → {PRICE}"]),
        # Lists and tables
        (
            word(
                "Heading 1: Étapes",
                "Suivez ces étapes :",
                "List Number: Remplir",
                "List Number: Joindre",
                "List Bullet: un plan",
            ),
            ["Étapes → Suivez ces étapes : / 1. Remplir / 2. Joindre / un plan"],
        ),
        (
            word(
                "Heading 2: Tarifs",
                [
                    ["Zone", "Usage", "Tarif"],
                    ["Centre", "Terrasse", "30 €"],
                    ["", "Étalage", ""],
                    ["Zone", "Usage", "Tarif"],
                    ["Bourg", "", "9 €"],
                ],
                change=_merged((1, 0, 2, 0), (1, 2, 2, 2)),
            ),
            ["Tarifs → Zone | Usage | Tarif / Centre | Terrasse | 30 € / Centre | Étalage | 30 € / Bourg |  | 9 €"],
        ),
        (
            word(
                "Heading 2: Salles",
                [
                    ["Tarifs 2024", "", ""],
                    ["Salle", "Habitants", ""],
                    ["", "Semaine", "Week-end"],
                    ["A", "50 €", "90 €"],
                ],
                change=_merged((0, 0, 0, 2), (1, 0, 2, 0), (1, 1, 1, 2)),
            ),
            ["Salles → Tarifs 2024 / Salle | Habitants Semaine | Habitants Week-end / A | 50 € | 90 €"],
        ),
        (
            word("Heading 1: Prix", [["", "Habitants", "Autres"], ["Salle", "50 €", "60 €"], ["Foyer", "9 €", ""]]),
            ["Prix →  | Habitants | Autres / Salle | 50 € | 60 € / Foyer | 9 €"],
        ),
        (
            word("**Salle**", "Jour\t\t150 €", "Semaine\t900 €", PRICE, "Le maire,\tLe préfet,", "Luc\tLéa"),
            [f"Salle → Jour | 150 € / Semaine | 900 € / {PRICE}"],
        ),
        (  # bold items above others head nothing
            word(
                *("Heading 1: Dossier", "List Number: **Pièces**", "List Bullet 2: un plan", "Joindre :"),
                *("List Number: **Plan**", "List Number: timbre", PRICE),
            ),
            [f"Dossier → 1. Pièces / · un plan / Joindre : / 2. Plan / 3. timbre / {PRICE}"],
        ),
        (  # contacts make no letter
            word("**Accueil**", PRICE, "**Nous joindre**", "Téléphone : 02 00 00 00 00"),
            [f"Accueil → {PRICE}", "Nous joindre → Téléphone : 02 00 00 00 00"],
        ),
        (word("**Pièces**", "-\tun plan", "-\t2 photos"), ["Pièces → - un plan / - 2 photos"]),
        (
            word("Heading 1: Pièces", [["Cas", "Pièces"], ["Terrasse", "Un plan¶• Un extrait K"]]),
            ["Pièces → Cas | Pièces / Terrasse | Un plan ¶ Un extrait K"],
        ),
    ],
)
def test_word(make: Callable[[], bytes], expected: list[str]) -> None:
    assert told(read_docx(make(), "x.docx")) == expected


def test_a_picture_linked_to_a_bookmark_of_the_document_is_no_damage() -> None:
    made = docx.Document()
    _write(made.add_paragraph(), f"**{WHEN}**\n{BEFORE}")
    made.part.relate_to("#_Terrasses", "http://a.fr/relationships/image", is_external=True)
    data = rezipped(saved(made.save), lambda _, content: content.replace(b' TargetMode="External"', b""))

    assert told(read_docx(data, "x.docx")) == TWO[:1]


# OpenDocument

ODT_STYLES = """
  <style:style style:family="paragraph" style:name="Standard"><style:text-properties fo:font-size="11pt"/></style:style>
  <style:style style:family="paragraph" style:name="Question" style:parent-style-name="Standard">
    <style:text-properties fo:font-weight="bold"/></style:style>
  <style:style style:family="paragraph" style:name="Grand"><style:text-properties fo:font-size="16pt"/></style:style>
  <style:style style:family="text" style:name="Gras"><style:text-properties fo:font-weight="bold"/></style:style>
  <style:style style:family="text" style:name="Maigre"><style:text-properties fo:font-weight="normal"/></style:style>
  <text:outline-style><text:outline-level-style text:level="1" style:num-format="I" style:num-suffix="."/>
    <text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style>
  <text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1"
    style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>
  </text:list-style>
"""
ODT_OWN_STYLES = """<office:automatic-styles>
  <style:style style:family="paragraph" style:name="P1" style:parent-style-name="Question"/>
  <style:style style:family="paragraph" style:name="P2" style:parent-style-name="Title"/>
  <style:style style:family="text" style:name="T1"><style:text-properties text:display="none"/></style:style>
  <style:style style:family="text" style:name="T2"><style:text-properties style:text-line-through-style="solid"/>
  </style:style></office:automatic-styles>"""


def h(words: str, level: int = 1) -> str:
    return f'<text:h text:outline-level="{level}">{words}</text:h>'


def p(words: str, style: str = "Standard") -> str:
    return f'<text:p text:style-name="{style}">{words}</text:p>'


def items(*each: str, more: str = "") -> str:
    inside = "".join(f"<text:list-item>{item}</text:list-item>" for item in each)
    return f'<text:list text:style-name="L1"{more}>{inside}</text:list>'


def rows(*each: str) -> str:
    """A table: cells between bars; "2x" and "x2" before its words make one two columns or two rows large."""
    made = []
    for row in each:
        cells = []
        for cell in row.split("|"):
            wide, high, words = re.fullmatch(r"(2x)?(x2)?(.*)", cell).groups()
            spans = ' table:number-columns-spanned="2"' * bool(wide) + ' table:number-rows-spanned="2"' * bool(high)
            content = "".join(part if part.startswith("<") else p(part) for part in words.split("¶"))
            cells.append(f"<table:table-cell{spans}>{content}</table:table-cell>" if words else COVERED)
        made.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return f"<table:table>{''.join(made)}</table:table>"


COVERED = "<table:covered-table-cell/>"
BOLD = '<text:span text:style-name="Gras">{}</text:span>'
IMAGE = (
    '<draw:frame><draw:image xlink:href="a.png"/><svg:title>Plan</svg:title><svg:desc>Schéma</svg:desc></draw:frame>'
)
UNSEEN = (
    "<office:annotation><text:p>À revoir</text:p></office:annotation><text:note><text:note-citation>1"
    "</text:note-citation><text:note-body><text:p>Note.</text:p></text:note-body></text:note><text:placeholder>Nom</text:placeholder>"
)

GONE = (
    "<text:tracked-changes><text:p>Supprimé.</text:p></text:tracked-changes><text:table-of-content><text:p>Objet 1"
    "</text:p></text:table-of-content>"
)
WORDS = (
    'Le<text:s text:c="3"/>contrat<text:tab/>est<text:line-break/>signé, voir <text:a xlink:href="https://a.fr/x">ici'
    '</text:a><text:span text:style-name="T1"> caché</text:span><text:span text:style-name="T2"> barré</text:span>.'
    "<draw:frame><draw:text-box><text:p>Encadré</text:p></draw:text-box></draw:frame>"
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            p("FAQ", "Title") + p(f"{BOLD.format(WHEN)}<text:line-break/>{BEFORE}") + p(HOW_MUCH, "P1") + p(PRICE),
            IN_FAQ,
        ),
        (
            p(WHEN, "P1")
            + p(BEFORE)
            + p(f'<text:span text:style-name="Maigre">{HOW_MUCH}</text:span>', "P1")
            + p(PRICE),
            [f"{WHEN} → {BEFORE} / {HOW_MUCH} / {PRICE}"],  # a style of bold that a span takes back
        ),
        (
            h("FAQ")
            + items(p(WHEN, "P1"), more=' xml:id="a"')
            + p(BEFORE)
            + items(p(HOW_MUCH, "P1"), more=' text:continue-list="a"')
            + p(PRICE),
            [f"I. {entry}" for entry in IN_FAQ],
        ),
        (
            p("FAQ", "Title")
            + rows("Question|Réponse", "2xDépôt|", f"{WHEN}|{BEFORE}", f"{HOW_MUCH}|x2{PRICE}", "Et l’été ?|")
            + p("Fin de la liste des questions."),
            [
                f"FAQ › Dépôt › {TWO[0]}",
                f"FAQ › Dépôt › {TWO[1]}",
                f"FAQ › Dépôt › Et l’été ? → {PRICE}",
                "FAQ › Dépôt ›  → Fin de la liste des questions.",
            ],
        ),
        (
            h("Tarifs")
            + rows("Zone|Usage|Tarif", "x2Centre|Terrasse|30 €", "|Étalage|20 €")
            + h("Pièces", 2)
            + rows("Cas|Pièces", f"Terrasse|Il faut :¶{items(p('un plan'), p('un extrait'))}"),
            [
                "I. Tarifs → Zone | Usage | Tarif / Centre | Terrasse | 30 € / Centre | Étalage | 20 €",
                "I. Tarifs › I.1 Pièces → Cas | Pièces / Terrasse | Il faut : ¶ 1. un plan ¶ 2. un extrait",
            ],
        ),
        (
            p("Dépôt", "Grand")
            + p("Suivez ces étapes :")
            + items(p("Remplir"), p("Joindre") + items(p("un plan")), p("Signer"))
            + p("Puis :")
            + items(p("Envoyer"), more=' text:continue-numbering="true"'),
            ["Dépôt → Suivez ces étapes : / 1. Remplir / 2. Joindre / · a) un plan / 3. Signer / Puis : / 4. Envoyer"],
        ),
        (
            p("Marché", "Title")
            + rows(f"2x{WHEN}|", f"Réponse|{BEFORE}")
            + items(p(BOLD.format("Dossier")))
            + p(BEFORE)
            + items(p(BOLD.format("Prix")), more=' text:continue-numbering="true"')
            + p(PRICE),
            [f"Marché › {TWO[0]}", f"Marché › 1. Dossier → {BEFORE}", f"Marché › 2. Prix → {PRICE}"],
        ),
        (  # the inner lists of LibreOffice name no style: they say nothing of the next list
            h("Accès")
            + items(p("Lundi") + "<text:list><text:list-item><text:p>matin</text:p></text:list-item></text:list>")
            + items(p("Mardi"))
            + '<text:list text:style-name="L2"><text:list-item><text:p>Badge</text:p></text:list-item></text:list>',
            ["I. Accès → 1. Lundi / · a) matin / 1. Mardi / Badge"],
        ),
        (  # as LibreOffice writes a list that goes on below an answer
            p("FAQ", "Title")
            + items(p(BOLD.format("Dépôt")) + items(p(WHEN)), more=' xml:id="b"')
            + p(BEFORE)
            + items(items(p(HOW_MUCH)), more=' text:continue-list="b"')
            + p(PRICE),
            [f"FAQ › 1. Dépôt › {entry}" for entry in TWO],
        ),
        (
            p("Marché", "Grand") + p(BOLD.format("Dossier")) + p(BEFORE) + p(BOLD.format("Prix")) + p(PRICE),
            [f"Marché › Dossier → {BEFORE}", f"Marché › Prix → {PRICE}"],
        ),
        (
            h("FAQ") + rows("Question|Réponse", f"{WHEN}|{BEFORE}{rows('A|1', 'B|2')}"),
            [f"I. FAQ › {TWO[0]} / A | 1 / B | 2"],
        ),
        (
            p(f"{BOLD.format('Article 1er :')} {PRICE}") + p("Article 2", "P1") + p(BEFORE),
            [f"Article 1er → {PRICE}", f"Article 2 → {BEFORE}"],
        ),
        (
            h("Tarifs")
            + "".join(p(f"{who}<text:tab/>{price}") for who, price in (("Adulte", "3 €"), ("Enfant", "2 €"))),
            ["I. Tarifs → Adulte | 3 € / Enfant | 2 €"],
        ),
        (
            p("Tarifs", "Title")
            + p(f"{IMAGE}{PRICE}{UNSEEN}")
            + f'<text:section text:display="none">{p("Interne.")}</text:section>',
            [f"Tarifs → {PRICE}"],
        ),
        (
            GONE + p("FAQ", "P2") + h("Ob<text:soft-page-break/>jet", 2) + p(WORDS) + rows("A¶B|C"),
            ["FAQ › I.1 Objet → Le contrat est signé, voir ici. / Encadré / A ¶ B | C"],
        ),
    ],
)
def test_opendocument(body: str, expected: list[str]) -> None:
    assert told(read_odt(odt(body, styles=ODT_OWN_STYLES, named=ODT_STYLES), "x.odt")) == expected

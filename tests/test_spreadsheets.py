"""What is read of tables of questions and answers: .csv, .xlsx, .ods."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, time
from html import escape
from typing import Any

import openpyxl
import pytest
from seed_files import saved
from test_office import BEFORE, HEADER, HOW_MUCH, PRICE, TWO, WHEN, told

from corpus.errors import UnreadableDocumentError
from corpus.readers.opendocument import read_ods
from corpus.readers.table import read_csv, read_xlsx


def sheets(change: Callable[[Any], object] = lambda _: None, **rows: Sequence[Sequence[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, own in rows.items():
        sheet = workbook.create_sheet(name)
        for row in own:
            sheet.append(row)
    change(workbook)
    return saved(workbook.save)


def _arranged(workbook: Any) -> None:
    """Merged cells, a row and a sheet that are hidden, a row struck out."""
    workbook["Voirie"].merge_cells("A2:A3")
    workbook["Voirie"].merge_cells("C4:C5")
    workbook["Voirie"].row_dimensions[6].hidden = True
    for cell in workbook["Voirie"][7]:
        cell.font = openpyxl.styles.Font(strike=True)
    workbook["Brouillon"].sheet_state = "hidden"


PAIRS = [[WHEN, BEFORE], [HOW_MUCH, PRICE]]
NAMED = [
    ("Questions", "Réponses"),
    ("Question de l'usager", "Réponse du service"),
    ("Intitulé de la question*", "Éléments de réponse"),
    ("Vos interrogations", "Nos réponses"),
    ("Name", "Réponse (longue)"),
]


@pytest.mark.parametrize(("names", "sign", "title"), [*zip(NAMED * 3, ";,\t|" * 3, [0, 1, 2] * 4, strict=False)])
def test_a_table_of_questions(names: tuple[str, str], sign: str, title: int) -> None:
    lines = [*[["FAQ du service", ""], ["", ""]][:title], list(names), *PAIRS]

    expected = [f"FAQ du service › {entry}" if title else entry for entry in TWO]
    assert told(read_csv("\n".join(sign.join(line) for line in lines).encode(), "x.csv")) == expected
    assert told(read_xlsx(sheets(Feuil1=lines), "x.xlsx")) == expected


@pytest.mark.parametrize(
    ("table", "expected", "unread"),
    [
        (
            "Où déposer ?;Au guichet de la mairie.\nQui signe ?;Le maire ou son adjoint.",
            ["Où déposer ? → Au guichet de la mairie.", "Qui signe ? → Le maire ou son adjoint."],
            [],
        ),
        (
            "id;question;réponse\nq1;Où ?;Ici.\nq2;Quand ?;\nq3;Qui ?;Nous.\n;;Toujours.",
            ["Où ? → Ici.", "Qui ? → Nous. / Toujours."],
            ["ligne 3 : la colonne « réponse » est vide ; cette ligne n’est pas lue."],
        ),
        (
            "thème;question;réponse\nDépôt;Quel délai ?;Deux mois.\n;Où ?;Ici.\nRecours;Quel délai ?;Quatre mois.",
            ["Dépôt › Quel délai ? → Deux mois.", "Dépôt › Où ? → Ici.", "Recours › Quel délai ? → Quatre mois."],
            [],
        ),
        ("question;réponse\nEAU;\nOù ?;Ici.\nGAZ;\nQui ?;Nous.", ["EAU › Où ? → Ici.", "GAZ › Qui ? → Nous."], []),
        ('question;réponse\nOù ?;"Ici.\n\nSource : délibération."', ["Où ? → Ici. / Source : délibération."], []),
        (
            'Thème,ID,Question, Answer \nx,1,"Qui paie, ou ""finance"" ?","Deux cas :\n- l’État ;\n\nSinon rien."\n,,,',
            ['x › Qui paie, ou "finance" ? → Deux cas : / - l’État ; / Sinon rien.'],
            [],
        ),
        (
            "id;question;réponse;answer\n1;A ?;B;C\n\n1;C ?;D;E",
            ["A ? → B", "C ? → D"],
            ["ligne 4 : l’id « 1 » est déjà celui de la ligne 2."],
        ),
    ],
)
def test_rows_of_questions(table: str, expected: list[str], unread: list[str]) -> None:
    reading = read_csv(table.encode(), "x.csv")

    assert told(reading) == expected
    assert [line.replace("\u00a0", " ") for line in reading.unread] == unread


def test_every_sheet_of_questions_is_read_and_what_is_not_is_named() -> None:
    voirie = [
        ["Rubrique", "Question", "Réponse"],
        ["Hiver", "Qui sale ?", "Le département."],
        [None, "Qui balaie ?", "La commune."],
        ["Été", "Qui arrose ?", "Le service des espaces verts."],
        ["Été", "Qui tond ?", None],
        ["Été", "Cachée ?", "Oui."],
        ["Été", "Barrée ?", "Oui."],
    ]
    voirie[1].append(12.0)
    voirie[0].append("N°")
    data = sheets(
        _arranged,
        Lisez=[["Mis à jour"]],
        Voirie=voirie,
        Feuil3=[HEADER, [WHEN, BEFORE], ["Et ?", None]],
        Brouillon=[HEADER, ["A ?", "B"]],
    )

    reading = read_xlsx(data, "x.xlsx")

    assert told(reading) == [
        "Voirie › Hiver › Qui sale ? → Le département.",
        "Voirie › Hiver › Qui balaie ? → La commune.",
        "Voirie › Été › Qui arrose ? → Le service des espaces verts.",
        "Voirie › Été › Qui tond ? → Le service des espaces verts.",
        f"Feuil3 › {TWO[0]}",
    ]
    assert [block.key for block in reading.blocks][2] == "12"  # a whole number, as Excel keeps it
    assert [line.replace("\u00a0", " ") for line in reading.unread] == [
        "feuille « Feuil3 », ligne 3 : la colonne « réponse » est vide ; cette ligne n’est pas lue.",
        "la feuille « Lisez » n’a pas de colonnes « question » et « réponse ».",
    ]


def ods(*sheets: tuple[str, str], mime: str = "spreadsheet") -> bytes:
    """A workbook of sheets, each a name and its rows in XML."""
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"))
    )
    hidden = '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'
    tables = "".join(
        f'<table:table table:name="{name}" table:style-name="ta{1 + name.startswith("Brouillon")}">{rows}</table:table>'
        for name, rows in sheets
    )
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{hidden}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{mime}")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return made.getvalue()


def row(*cells: str, more: str = "") -> str:
    """A row of cells; one that begins with "x2" covers two rows."""
    made = []
    for cell in cells:
        span = ' table:number-rows-spanned="2"' * cell.startswith("x2")
        paragraphs = "".join(f"<text:p>{escape(part)}</text:p>" for part in cell.removeprefix("x2").split("\n") if part)
        made.append(f"<table:table-cell{span}>{paragraphs}</table:table-cell>")
    return f"<table:table-row{more}>{''.join(made)}</table:table-row>"


def test_an_opendocument_workbook_is_read_as_one_of_excel() -> None:
    repeated = '<table:table-cell table:number-columns-repeated="16384"/>'
    empty = f'<table:table-row table:number-rows-repeated="1048000">{repeated}</table:table-row>'
    note = "<office:annotation><text:p>À revoir</text:p></office:annotation>"
    answer = "<text:p>Le dossier<text:s/>est<text:line-break/>clos.</text:p>"
    noted = row("Et après ?", "").replace("<text:p>", note + "<text:p>", 1)
    noted = noted.replace("<table:table-cell></table:table-cell>", f"<table:table-cell>{answer}</table:table-cell>")
    data = ods(
        (
            "Voirie",
            row("FAQ") + row(*HEADER) + row(WHEN, BEFORE) + row(HOW_MUCH, "x2" + PRICE) + row("Et l'étalage ?", ""),
        ),
        ("Suite", row(*HEADER) + row("Cachée ?", "Oui.", more=' table:visibility="collapse"') + noted + empty),
        ("Brouillon", row(*HEADER) + row("A ?", "B")),
    )

    assert [line.split(" › ")[-1] for line in told(read_ods(data, "x.ods"))] == [
        *TWO,
        f"Et l'étalage ? → {PRICE}",
        "Et après ? → Le dossier est clos.",
    ]
    header = row("Salle", "Prix", "").replace("</table:table-row>", f"{repeated}</table:table-row>")
    plain = ods(("Tarifs", header + row("", "Jour", "Nuit") + row("A", "9 €", "#REF!") + row("B", "8 €", "5 €")))
    assert told(read_ods(plain, "x.ods")) == [" → Salle | Prix Jour | Prix Nuit / A | 9 € / B | 8 € | 5 €"]
    for broken in (ods(("A", row("x")), mime="text"), data[:400], b""):
        with pytest.raises(UnreadableDocumentError, match=r"x\.ods"):
            read_ods(broken, "x.ods")


def _formatted(workbook: Any) -> None:
    sheet = workbook.active
    for place, shown_as in (("C2", '# ##0.00\\ "€"'), ("C3", "0%"), ("C4", "General")):
        sheet[place].number_format = shown_as
    sheet.column_dimensions["D"].hidden = True


def test_numbers_are_written_as_the_spreadsheet_shows_them_and_hidden_columns_left_out() -> None:
    asked = [["Question", "Réponse", "Tarif", "Lien"], ["A ?", "B", 12.5, "x"], ["C ?", "D", 0.2], ["E ?", "F", 3.0]]
    reading = read_xlsx(sheets(_formatted, Feuil1=asked), "x.xlsx")

    assert told(reading) == ["A ? → B / Tarif | 12,50 €", "C ? → D / Tarif | 20 %", "E ? → F / Tarif | 3"]
    assert reading.unread == ()


@pytest.mark.parametrize(
    ("value", "shown_as", "expected"),
    [
        (299000001, '0#" "##" "##" "##" "##', "02 99 00 00 01"),
        (12345, "000\\ 00", "123 45"),
        (1.8, '0.00" m"', "1,80 m"),
        (12, "0.00", "12,00"),
        (1250, "# ##0", "1250"),
        (time(8, 30), "hh:mm", "08:30"),
        (datetime(2025, 6, 30), "dd/mm/yyyy", "30/06/2025"),
        (datetime(2025, 6, 30, 14, 30), "dd/mm/yyyy hh:mm", "30/06/2025 14:30"),
        (True, "General", "VRAI"),
    ],
)
def test_values_are_written_as_the_spreadsheet_shows_them(value: object, shown_as: str, expected: str) -> None:
    def change(workbook: Any) -> None:
        workbook.active["B2"].number_format = shown_as

    assert told(read_xlsx(sheets(change, Feuil1=[["Question", "Réponse"], ["A ?", value]]), "x.xlsx")) == [
        f"A ? → {expected}"
    ]


def test_a_table_that_asks_nothing_is_read_row_by_row_and_questions_may_head_its_columns() -> None:
    prices = [
        ["Tarifs 2024"],
        ["Zone", "Place", "Prix (€)"],
        ["Centre", "3 m", 12.5],
        [None, "6 m", 20],
        ["Gare", "3 m", 8],
    ]
    reading = read_xlsx(sheets(lambda made: made.active.merge_cells("A3:A4"), Feuil1=prices), "x.xlsx")

    seasons = [["Tarifs"], ["Voté en mai"], ["Zone", "Été", None], [None, "Jour", "Nuit"], ["A", 1, 2]]
    columns = read_xlsx(sheets(lambda made: made.active.merge_cells("A3:A4"), Feuil1=seasons), "x.xlsx")
    assert told(columns) == ["Tarifs → Voté en mai / Zone | Été Jour | Été Nuit / A | 1 | 2"]
    bands = [["Quotient", None, "Prix"], ["de", "à", None], [0, 450, 2], [451, 750, 3], ["Un retard coûte 5 euros."]]

    def merge(made: openpyxl.Workbook) -> None:
        for cells in ("A1:B1", "C1:C2"):
            made.active.merge_cells(cells)

    assert told(read_xlsx(sheets(merge, Feuil1=bands), "x.xlsx")) == [
        " → Quotient de | Quotient à | Prix / 0 | 450 | 2 / 451 | 750 | 3",
        " → Un retard coûte 5 euros.",
    ]

    rows = "Zone | Place | Prix (€) / Centre | 3 m | 12,5 / Centre | 6 m | 20 / Gare | 3 m | 8"
    assert told(reading) == [f"Tarifs 2024 → {rows}"]
    assert "lu ligne à ligne" in reading.unread[0]
    assert told(read_xlsx(sheets(Feuil1=[[WHEN, HOW_MUCH], [BEFORE, PRICE]]), "x.xlsx")) == TWO


def test_columns_for_the_public_are_told_with_the_answer_and_others_named() -> None:
    table = "Question;Réponse;Service;Statut;Mise à jour\nOù ?;Ici.;Voirie;Publié;2024\nQuand ?;Demain.;;;\n"
    reading = read_csv(table.encode(), "x.csv")

    assert told(reading) == ["Où ? → Ici. / Service | Voirie / Mise à jour | 2024", "Quand ? → Demain."]
    assert [line.replace("\u00a0", " ") for line in reading.unread] == ["colonnes laissées de côté : « Statut »."]

"""Read tables of questions and answers (.csv, .xlsx): one row is one question."""

import csv
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from itertools import groupby, takewhile
from typing import Any

from lxml import etree

from corpus.document import BlockKind, StructuredText
from corpus.errors import UnreadableDocumentError, typeset
from corpus.readers.builder import Builder, TextRun
from corpus.readers.columns import EMPTY, HIGHEST_HEADER, add_table, arranged, find_columns, fold, named_columns
from corpus.readers.formats import decode
from corpus.readers.html import read_markup
from corpus.readers.office import BROKEN, office_archive, whole

_DELIMITERS = ";,\t|"
# A line for Excel alone.
_SEPARATOR = re.compile(r"\Asep=.\n", re.IGNORECASE)
_ROW_BY_ROW = "ce tableau n’a pas de colonnes « question » et « réponse » : il est lu ligne à ligne"
_LONGEST_NAME = 40
_PROBLEMS_SHOWN = 5
_EXPECTED = "Sont attendues une colonne « question », une colonne « réponse » et, si possible, une colonne « id »."
_MARKUP = re.compile(r"</(?:p|ul|li|strong|div|span|a)>|<br ?/?>|&(?:nbsp|amp|rsquo|eacute);")
_ERROR = re.compile(r"#(?:DIV/0|REF|VALEUR|VALUE|NOMBRE|NUM|NUL|NULL)!|#N/[AD]|#(?:NOM|NAME)\?|Err:\d{3}")
_DECIMALS = re.compile(r"0(?:\.(?P<decimals>0{1,6}))?")
# What parts the digits of a phone number: 0#" "##" "##" "##" "##.
_GROUPS = re.compile(r'[" \\-]')
_UNIT = re.compile(r'"([^"]{1,20})"\s*$')
_MOST_COLUMNS = 500
# A cell that covers more rows covers the whole sheet.
_HIGHEST_MERGED = 2000
Known = Callable[[Sequence[str]], int]
"""How many columns of a header the caller knows: it tells the header, the sheet and the separator."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table."""

    number: int
    """As the spreadsheet shows it, from 1."""
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Worksheet:
    """A sheet of a workbook."""

    name: str
    rows: list[TableRow]
    """Those that hold something."""
    merged: dict[int, dict[int, int]]
    """Row -> column -> row of the merged cell that covers this place."""


def read_csv(data: bytes, name: str) -> StructuredText:
    """Read a table separated by semicolons, commas, tabs or bars."""
    return read_sheets([Worksheet("", _csv_rows(data, name, _known_columns), {})], name)


def read_xlsx(data: bytes, name: str) -> StructuredText:
    """Read the sheets that have the columns; formulas give the value they had when last saved."""
    return read_sheets(_sheets(data, name), name)


def csv_rows(data: bytes, name: str, known: Known) -> list[TableRow]:
    """The rows of a table that hold something, the header first."""
    return _from_header(_csv_rows(data, name, known), known)


def _csv_rows(data: bytes, name: str, known: Known) -> list[TableRow]:
    text = _SEPARATOR.sub("", decode(data, name))
    head = text.splitlines()[:HIGHEST_HEADER]
    delimiter = max(
        _DELIMITERS,
        key=lambda sign: (
            max((known(line.split(sign)) for line in head), default=0),
            sum(sign in line for line in head),
        ),
    )
    # Strict: else a quotation mark that nobody closed would swallow the rest of the file without a word.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [TableRow(n, tuple(cells)) for n, cells in enumerate(reader, 1) if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise UnreadableDocumentError(
            name,
            f"la ligne {reader.line_num} du fichier n’est pas du CSV correct ({error}).",
            "Ouvrez-le dans un tableur et enregistrez-le de nouveau au format CSV.",
        ) from error


def xlsx_rows(data: bytes, name: str, known: Known) -> list[TableRow]:
    """The same of the sheet whose header has most of the columns that the caller knows."""
    sheets = [_from_header(sheet.rows, known) for sheet in _sheets(data, name)]
    return max(sheets, key=lambda rows: known(rows[0].cells if rows else ()), default=[])


def _from_header(rows: list[TableRow], known: Known) -> list[TableRow]:
    """The rows without the titles above their header."""
    counts = [known(row.cells) for row in rows[:HIGHEST_HEADER]]
    return rows[counts.index(max(counts)) :] if counts else rows


def _known_columns(header: Sequence[str]) -> int:
    return sum(map(bool, named_columns(header)))


def _sheets(data: bytes, name: str) -> list[Worksheet]:
    from openpyxl import load_workbook  # a fifth of a second, which a .csv need not wait for
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (*BROKEN, TypeError, AttributeError, SyntaxError, InvalidFileException)
    with office_archive(data, name, broken), warnings.catch_warnings():
        # openpyxl warns of styles, validations and extensions that it drops: none of them holds an answer.
        warnings.simplefilter("ignore")
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            return [_sheet(sheet) for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        finally:
            workbook.close()


def _sheet(sheet: Any) -> Worksheet:
    hidden, left_out, merged = _hidden_and_merged(sheet)
    sheet.reset_dimensions()  # some programs write a wrong size, and rows would be missed
    rows = [
        TableRow(number, cells)
        for number, found in enumerate(sheet.iter_rows(), 1)
        if number not in hidden
        and any(cells := tuple("" if column in left_out else _cell(cell) for column, cell in enumerate(found)))
    ]
    return Worksheet(sheet.title, rows, merged)


def _hidden_and_merged(sheet: Any) -> tuple[set[int], set[int], dict[int, dict[int, int]]]:
    """The rows and the columns hidden by hand, and the places that merged cells cover below their first."""
    from openpyxl.utils import range_boundaries

    hidden: set[int] = set()
    columns: set[int] = set()
    merged: dict[int, dict[int, int]] = {}
    with sheet._get_source() as source:  # openpyxl tells neither of a sheet that it reads row by row
        for _, element in etree.iterparse(source, tag=("{*}col", "{*}row", "{*}autoFilter", "{*}mergeCell")):
            name = etree.QName(element).localname
            if name == "autoFilter":
                hidden = set()  # a filter that was left on: its rows are content
            elif name == "col" and element.get("hidden") in ("1", "true"):
                columns.update(
                    range(whole(element.get("min"), 1) - 1, min(whole(element.get("max"), 1), _MOST_COLUMNS))
                )
            elif name == "row" and element.get("hidden") in ("1", "true"):
                hidden.add(int(element.get("r", 0)))
            elif name == "mergeCell":
                left, top, _, bottom = (place or 1 for place in range_boundaries(element.get("ref", "")))
                for row in range(top + 1, min(bottom, top + _HIGHEST_MERGED) + 1):
                    merged.setdefault(row, {})[left - 1] = top
            element.clear()
    return hidden, columns, merged


def _cell(cell: Any) -> str:
    """Its text; none where it is struck out."""
    value = cell.value
    if value is None or (cell.has_style and cell.font.strike):
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, str(cell.number_format))
    if isinstance(value, bool):
        return "VRAI" if value else "FAUX"
    if isinstance(value, datetime | time):
        day = "%d/%m/%Y" if isinstance(value, datetime) else ""
        hour = "%H:%M" if isinstance(value, time) or value.time() != time() else ""
        return value.strftime(f"{day} {hour}").strip()
    return str(value).strip()


def _number(value: float, shown_as: str) -> str:
    """A number as the spreadsheet shows it in French: 12,5 or 12,50 € or 20 %; 02 99 00 00 01."""
    places = _GROUPS.sub("", shown_as)
    if places[:1] == "0" and not places.strip("0#") and value == int(value) and len(str(int(value))) <= len(places):
        figures = iter(f"{int(value):0{len(places)}}")
        return "".join(next(figures) if sign in "0#" else sign for sign in shown_as if sign not in '"\\')
    found = _DECIMALS.search(shown_as)
    named = _UNIT.search(shown_as)
    unit = next((sign for sign in "%€" if sign in shown_as), named[1].strip() if named else "")
    amount = value * 100 if unit == "%" else value
    digits = str(round(amount, 10)).removesuffix(".0")  # Excel keeps the id 12 as 12.0
    if found and (found["decimals"] or unit):
        digits = f"{amount:.{len(found['decimals'] or '')}f}"
    return " ".join(filter(None, (digits.replace(".", ","), unit)))


def read_sheets(sheets: Sequence[Worksheet], name: str) -> StructuredText:
    """The questions of the sheets that have the columns; where none has, the rows of the sheets.

    Raises:
        UnreadableDocumentError: None holds a question, or a table.
    """
    tables = [(sheet, arranged(list(_places(sheet)))) for sheet in sheets if sheet.rows]
    asking = [each for each in tables if find_columns([[cell.text for cell in row] for row in each[1]])]
    found = asking or [each for each in tables if _is_plain(each[1])]
    if not found:
        raise _refused(sheets, name)
    builder = Builder()
    for sheet, rows in found:
        where = f"feuille « {sheet.name} », " if len(found) > 1 else ""
        builder.heading_level = 0
        titles = [] if asking else [row[0].text for row in takewhile(lambda row: not _is_filled(row), rows)]
        for place, title in enumerate([sheet.name] * bool(where) + titles):
            builder.add([TextRun(title)], BlockKind.PARAGRAPH if place else BlockKind.HEADING, int(not place))
        numbers = [row.number for row in sheet.rows] if len(rows) == len(sheet.rows) else ()
        add_table(builder, rows[len(titles) :], numbers, where)
    if asking and not any(block.kind is BlockKind.QUESTION for block in builder.reading().blocks):
        problems = builder.unread[:_PROBLEMS_SHOWN]
        more = len(builder.unread) - len(problems)
        raise UnreadableDocumentError(
            name,
            " ".join(["ce tableau ne contient aucune question.", *problems, *[f"Et {more} autres."] * (more > 0)]),
            "Complétez-le et enregistrez-le de nouveau.",
        )
    left = [
        f"la feuille « {sheet.name} » n’a pas de colonnes « question » et « réponse »" if asking else _ROW_BY_ROW
        for sheet in (sheets if asking else [each[0] for each in found])
        if sheet.rows and (not asking or all(sheet is not each[0] for each in found))
    ]
    reading = builder.reading()
    return replace(reading, unread=(*reading.unread, *(typeset(f"{each}.") for each in left)))


def _is_plain(rows: Sequence[Sequence[StructuredText]]) -> bool:
    """Whether they are a table, with two rows at least below a header that names no question and no answer."""
    heads = (fold(cell.text) for row in rows[:HIGHEST_HEADER] for cell in row if len(cell.text) < _LONGEST_NAME)
    told = any("question" in head or "reponse" in head for head in heads)
    return not told and sum(map(_is_filled, rows)) > 2


def _is_filled(row: Sequence[StructuredText]) -> bool:
    return sum(bool(cell.text) for cell in row) > 1


def _refused(sheets: Sequence[Worksheet], name: str) -> UnreadableDocumentError:
    rows = [_from_header(sheet.rows, _known_columns) for sheet in sheets]
    header = max((found[0].cells for found in rows if found), key=_known_columns, default=())
    questions, _, *_ = named_columns(header)
    shown = ", ".join(f"« {cell.strip()} »" for cell in header if cell.strip()) or "rien"
    return UnreadableDocumentError(
        name,
        f"il manque la colonne « {'réponse' if questions else 'question'} » (la première ligne contient : {shown}).",
        _EXPECTED,
    )


def _places(sheet: Worksheet) -> Iterator[list[StructuredText]]:
    """The cells of each row; one that covers several rows is the same object in each."""
    above: dict[tuple[int, int], StructuredText] = {}
    for row in sheet.rows:
        merged = sheet.merged.get(row.number, {})
        line = []
        for column in range(max([len(row.cells), *(column + 1 for column in merged)])):
            first = merged.get(column)
            cell = (
                above.get((first, column), EMPTY)
                if first
                else _text(row.cells[column] if column < len(row.cells) else "")
            )
            above[first or row.number, column] = cell
            line.append(cell)
        yield line


def _text(cell: str) -> StructuredText:
    """Its paragraphs: blank lines part them; none of an error."""
    if not cell.strip() or _ERROR.fullmatch(cell):
        return EMPTY
    if _MARKUP.search(cell):  # exported from a web site
        return read_markup(cell)
    builder = Builder()
    for filled, lines in groupby(cell.splitlines(), key=lambda line: bool(line.strip())):
        if filled:
            builder.add([TextRun("\n".join(lines))], BlockKind.PARAGRAPH)
    return builder.cell()

"""Read tables of questions and answers (.csv, .xlsx): one row is one question."""

import csv
import io
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from corpus.document import BlockKind, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.builder import Builder, TextRun
from corpus.readers.office_zip import BROKEN, office_archive
from corpus.readers.text import decode

_ANSWERS = ("reponse", "answer")
"""Names of the column of answers, without accents."""
_DELIMITERS = ";,\t"
_PROBLEMS_SHOWN = 5
_EXPECTED = "Sont attendues une colonne « question », une colonne « réponse » et, si possible, une colonne « id »."


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table."""

    number: int
    """As the spreadsheet shows it: the header is row 1."""
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """What we read of a row; the other columns are left out."""

    row: int
    question: str
    answer: str
    id: str | None = None
    """None in a table without ids."""


def read_csv(data: bytes, name: str) -> StructuredText:
    """Read a table separated by semicolons, commas or tabs."""
    return _read(csv_rows(data, name, _known_columns), name)


def read_xlsx(data: bytes, name: str) -> StructuredText:
    """Read the first sheet that has the columns; formulas give the value they had when last saved."""
    return _read(xlsx_rows(data, name, _known_columns), name)


def csv_rows(data: bytes, name: str, known: Callable[[Sequence[str]], int]) -> list[TableRow]:
    """The rows of a table that hold something, the header first.

    ``known`` is how many columns of a header the caller knows: it tells the separator, a semicolon, comma or tab.
    """
    text = decode(data, name)
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=lambda candidate: known(header.split(candidate)))
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


def xlsx_rows(data: bytes, name: str, known: Callable[[Sequence[str]], int]) -> list[TableRow]:
    """The same of the sheet whose header has most of the columns that the caller knows."""
    from openpyxl.utils.exceptions import InvalidFileException  # a fifth of a second, which a .csv need not wait for

    with office_archive(data, name, (*BROKEN, TypeError, AttributeError, SyntaxError, InvalidFileException)):
        sheets = list(_sheets(data))
    return max(sheets, key=lambda rows: known(rows[0].cells if rows else ()), default=[])


def _sheets(data: bytes) -> Iterator[list[TableRow]]:
    import openpyxl

    with warnings.catch_warnings():
        # openpyxl warns of styles, validations and extensions that it drops: none of them holds an answer.
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            for sheet in workbook.worksheets:
                sheet.reset_dimensions()  # some programs write a wrong size, and rows would be missed
                yield [
                    TableRow(number, cells)
                    for number, values in enumerate(sheet.iter_rows(values_only=True), 1)
                    if any(cells := tuple(_cell(value) for value in values))
                ]
        finally:
            workbook.close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Excel keeps the id 12 as 12.0
    return str(value).strip()


def _read(rows: Sequence[TableRow], name: str) -> StructuredText:
    questions = _questions(rows, name)
    if problems := list(_problems(questions)):
        shown = " ; ".join(problems[:_PROBLEMS_SHOWN])
        more = len(problems) - _PROBLEMS_SHOWN
        raise UnreadableDocumentError(
            name,
            f"{shown}{f' ; et {more} autres' if more > 0 else ''}.",
            "Corrigez ces lignes du tableau et enregistrez-le de nouveau.",
        )
    builder = Builder()
    for each in questions:
        builder.add([TextRun(each.question)], BlockKind.QUESTION, key=each.id)
        for paragraph in _paragraphs(each.answer):
            builder.add([TextRun(paragraph)], BlockKind.PARAGRAPH)
    reading = builder.reading()
    if not reading.blocks:
        raise UnreadableDocumentError(name, "ce tableau ne contient aucune question.", "Complétez-le.")
    return reading


def _questions(rows: Sequence[TableRow], name: str) -> list[_Question]:
    header = rows[0].cells if rows else ()
    folded = [_fold(cell) for cell in header]
    answers = [cell for cell in folded if cell in _ANSWERS]
    for wanted, count in (("question", folded.count("question")), ("réponse", len(answers))):
        if count != 1:
            found = ", ".join(f"« {cell.strip()} »" for cell in header if cell.strip()) or "rien"
            problem = "il manque la colonne" if count == 0 else "il y a plusieurs fois la colonne"
            raise UnreadableDocumentError(
                name, f"{problem} « {wanted} » (la première ligne contient : {found}).", _EXPECTED
            )
    places = [folded.index(column) for column in ("question", answers[0], "id") if column in folded]
    return [_Question(row.number, *(_at(row, place) for place in places)) for row in rows[1:]]


def _known_columns(header: Sequence[str]) -> int:
    return len({_fold(cell) for cell in header} & {"id", "question", *_ANSWERS})


def _problems(questions: Iterable[_Question]) -> Iterator[str]:
    rows_of: dict[str, int] = {}
    for each in questions:
        for column, text in (("question", each.question), ("réponse", each.answer), ("id", each.id)):
            if text == "":
                yield f"ligne {each.row} : la colonne « {column} » est vide"
        if each.id and (first := rows_of.setdefault(each.id, each.row)) != each.row:
            yield f"ligne {each.row} : l’id « {each.id} » est déjà celui de la ligne {first}"


def _paragraphs(answer: str) -> list[str]:
    """Blank lines separate them."""
    runs = groupby(answer.splitlines(), key=lambda line: bool(line.strip()))
    return ["\n".join(lines) for filled, lines in runs if filled]


def _at(row: TableRow, column: int) -> str:
    return row.cells[column].strip() if column < len(row.cells) else ""


def _fold(text: str) -> str:
    """Without case, accents and white space around: "Réponse " is "reponse"."""
    decomposed = unicodedata.normalize("NFKD", text.strip().strip('"').strip().casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))

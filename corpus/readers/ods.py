"""Read OpenDocument spreadsheets (.ods): tables of questions and answers, as in .xlsx."""

from collections.abc import Iterator
from typing import Any

from corpus.document import StructuredText
from corpus.readers.odt import archive_content, qn
from corpus.readers.office import whole
from corpus.readers.table import TableRow, Worksheet, read_sheets

_MIME_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_CELLS = (qn("table:table-cell"), qn("table:covered-table-cell"))
_BREAK, _SPACES = qn("text:line-break"), (qn("text:s"), qn("text:tab"))
_NOTE = qn("office:annotation")
# Repeated cells and rows beyond are the empty rest of a sheet.
_MOST_COLUMNS, _MOST_COPIES = 200, 1_000


def read_ods(data: bytes, name: str) -> StructuredText:
    """Read the sheets that have the columns; hidden rows and sheets are left out."""
    content = archive_content(data, name, _MIME_TYPE)
    hidden = {
        style.get(qn("style:name"), "")
        for style in content.iter(qn("style:style"))
        if any(each.get(qn("table:display")) == "false" for each in style.iterfind(qn("style:table-properties")))
    }
    tables = content.iterfind(f"{qn('office:body')}/{qn('office:spreadsheet')}/{qn('table:table')}")
    return read_sheets([_sheet(table) for table in tables if table.get(qn("table:style-name")) not in hidden], name)


def _sheet(table: Any) -> Worksheet:
    rows: list[TableRow] = []
    merged: dict[int, dict[int, int]] = {}
    number = 0
    for row in table.iter(qn("table:table-row")):
        copies = whole(row.get(qn("table:number-rows-repeated"), ""), 1)
        cells: list[str] = []
        for cell in row.iterchildren(*_CELLS):
            words = "\n".join("".join(_words(part)).strip() for part in cell.iterchildren(qn("text:p")))
            high = whole(cell.get(qn("table:number-rows-spanned"), ""), 1)
            for below in range(1, min(high, _MOST_COPIES)):
                merged.setdefault(number + 1 + below, {})[len(cells)] = number + 1
            repeated = whole(cell.get(qn("table:number-columns-repeated"), ""), 1)
            cells += [words.strip()] * min(repeated, _MOST_COLUMNS - len(cells))
        if any(cells) and row.get(qn("table:visibility")) != "collapse":  # "filter": a filter that was left on
            rows += [TableRow(number + 1 + copy, tuple(cells)) for copy in range(min(copies, _MOST_COPIES))]
        number += copies
    return Worksheet(table.get(qn("table:name"), ""), rows, merged)


def _words(element: Any) -> Iterator[str]:
    """The words of a paragraph, without the notes in it."""
    yield element.text or ""
    for child in element:
        if child.tag == _BREAK:
            yield "\n"
        elif child.tag in _SPACES:
            yield " "
        elif child.tag != _NOTE:
            yield from _words(child)
        yield child.tail or ""

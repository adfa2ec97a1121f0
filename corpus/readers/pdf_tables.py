"""Detect the tables of a PDF page, by their borders or by aligned columns, and join the lines of each row."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise

from corpus.layout.headers_footers import is_page_number
from corpus.layout.hyphenation import CUT, is_french
from corpus.layout.lines import goes_on, is_terminal, prevailing
from corpus.layout.list_markers import BULLET, CONTENTS_TITLE, markers
from corpus.readers.pdf_rows import MOST_ROWS, Row, in_order
from corpus.readers.pdf_rules import Cell

# Of the font size: lines of one cell are nearer to each other.
_LEADING = 1.9
# Of the font size: columns are further apart, and lines of neighbouring cells are less high or low.
_GUTTER, _LEVEL = 0.8, 0.35
# Lines of one cell where no border tells.
_TALLEST = 12
# Rows that two columns take to be a table; three or more columns take two.
_FEWEST = 3
# Lines that columns of text have at least, and characters of such a line.
_TEXT_LINES, _TEXT_WIDTH = 5, 25
# Of the size of a text: its title is larger than that.
_TITLE = 1.05
# Of the size of its label: a price.
_SET_LARGE = 1.5
# A large letter that opens a paragraph, and how much larger it is than its line.
_INITIAL, _LARGER = re.compile(r"\s*[^\W\d_]\s*"), 1.6
# Characters of what stands right of its row though it is drawn elsewhere: amounts, numbers of pages.
_SHORT = 15

_Cell = list[Row]
"""The lines of a cell, from the top."""


def with_tables(rows: Sequence[Row]) -> list[Row]:
    """The same rows, those of a table joined: one for each of its rows, with tabs between cells."""
    if len(rows) > MOST_ROWS:
        return list(rows)
    rows = _with_initials(rows)
    ruled = defaultdict[int, dict[Cell, list[Row]]](lambda: defaultdict(list))
    for row in rows:
        if row.cell:
            ruled[row.cell.table][row.cell].append(row)
    free: list[Row] = []
    for row in rows:
        if row.cell is None:
            free.append(row)
        elif row.cell.table in ruled:
            free += _ruled(ruled.pop(row.cell.table))
    found = list(_unruled(_with_side_columns(list(_unruled(free)))))
    return list(_with_numbers_apart(found))


def _with_initials(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows, each large letter that opens a paragraph being in the first line beside it."""
    for initial in [row for row in rows if _INITIAL.fullmatch(row.text)]:
        beside = [row for row in rows if _is_opened(row, initial)]
        if first := max(beside, key=lambda row: row.y, default=None):
            word = initial.text.strip() + first.text.split()[0]
            between = "" if is_french(word) or not word[1].isalpha() else " "
            line = _chained([replace(initial, y=first.y, cell=first.cell), first], between)
            rows = [line if row is first else row for row in rows if row is not initial]
    return rows


def _is_opened(row: Row, initial: Row) -> bool:
    near = 0 <= row.x - initial.right + row.size <= 2 * row.size and row.turn == initial.turn
    return (
        near and initial.size > _LARGER * row.size and initial.y <= row.y + row.size <= initial.y + 1.5 * initial.size
    )


def _with_numbers_apart(rows: Sequence[Row]) -> Iterator[Row]:
    """The number of a page parted from the running title on its line, or from the heading in a table of contents."""
    heights = [row.y for row in rows if not row.turn]
    contents = next((row.y for row in rows if CONTENTS_TITLE.fullmatch(row.text.strip())), None)
    for row in rows:
        parts = row.split()
        numbers = [is_page_number(part.text) for part in parts]
        if row.cells or row.turn or len(parts) < 2 or not (numbers[0] or numbers[-1]):
            yield row
        elif contents is not None and row.y < contents and numbers[-1] and len(parts) == 2:
            yield _chained(parts, "\t")
        elif row.y in (max(heights), min(heights)):
            yield from [*parts[:1], _chained(parts[1:], " ")] if numbers[0] else [_chained(parts[:-1], " "), parts[-1]]
        else:
            yield row


def _ruled(cells: dict[Cell, list[Row]]) -> Iterator[Row]:
    """A cell that covers several rows stands in each of them; an empty one keeps its place among those of its row."""
    found: list[dict[int, list[Cell]]] = []
    for line in range(1 + max(cell.bottom for cell in cells)):
        here = {cell.left: [cell] for cell in sorted(cells, key=lambda c: c.left) if cell.top <= line <= cell.bottom}
        if any(cell.top == line for [cell] in here.values()):
            found.append(here)
    columns = sorted({cell.left for cell in cells})
    if len(columns) > max(map(len, found)):
        columns = []  # a form: its rows have other places
    elif len(found) > 2 and (header := _two_rows_as_one(found[0], found[1], columns)):
        found[:2] = [header]
    for row in found:
        filled = [row.get(column, []) for column in columns] or list(row.values())
        yield _table_row([[line for cell in stack for line in in_order(cells[cell])] for stack in filled])


def _two_rows_as_one(
    upper: dict[int, list[Cell]], lower: dict[int, list[Cell]], columns: Sequence[int]
) -> dict[int, list[Cell]]:
    """A header whose upper cells stand over several columns: what names each column; empty for other rows.

    A cell stands in both of its rows; where none does, the lower one may say something.
    """
    shared = any(upper.get(column) == lower.get(column) for column in columns)
    if len(upper) == len(columns) or not shared:
        return {}
    header: dict[int, list[Cell]] = {}
    for column in columns:
        above = [cells[0] for cells in upper.values() if cells[0].left <= column <= cells[0].right]
        below = lower.get(column, [])
        if bool(above) != bool(below):
            return {}
        header[column] = above if above == below else [*above, *below]
    return header


def _with_side_columns(rows: Sequence[Row]) -> list[Row]:
    """With columns of short texts put beside the rows that they belong to: the pages of a contents, drawn apart."""
    found: list[Row] = []
    column: list[Row] = []
    for row, after in zip(rows, [*rows[1:], None], strict=False):
        column.append(row)
        if after and after.y < row.y and after.x < row.right and row.x < after.right:
            continue
        short = len(column) > 1 and all(len(row.text.strip()) <= _SHORT for row in column) and not _is_card(column)
        owners = [next((at for at, row in enumerate(found) if _beside(row, other)), -1) for other in column if short]
        if short and -1 not in owners:
            for index, other in zip(owners, column, strict=True):
                found[index] = _chained([found[index], other], " ")
        else:
            found += column
        column = []
    return found


def _beside(row: Row, other: Row) -> bool:
    level = abs(row.y - other.y) <= _LEVEL * row.size and row.turn == other.turn
    return level and not (row.cells or other.cells) and other.x >= row.right + _GUTTER * row.size


def _unruled(rows: Sequence[Row]) -> Iterator[Row]:
    index = 0
    while index < len(rows):
        table, end = _table_at(rows, index) if _may_start_table(rows[index : index + _TALLEST]) else ([], index)
        if not table:
            yield rows[index]
            index += 1
            continue
        index = end
        if _is_text(table):
            yield from (cells[column][0] for column in sorted(table[0]) for cells in table if column in cells)
        elif all(_is_card(cell) for cells in table for cell in cells.values()):
            yield from (_table_row([cells[column]]) for cells in table for column in sorted(cells))
        else:
            yield from (_table_row([cells[column] for column in sorted(cells)]) for cells in table)


def _may_start_table(rows: Sequence[Row]) -> bool:
    """Whether something stands beside the first row, on its line or on the lines that follow in the file."""
    first = rows[0]
    return len(first.parts) > 1 or any(
        row.x > first.right and row.y > first.y - _LEADING * first.size * _TALLEST for row in rows[1:]
    )


def _table_at(rows: Sequence[Row], first: int) -> tuple[list[dict[int, _Cell]], int]:
    """The cells of the table that begins with this row, by columns, and the row after it; no cell if none begins."""
    table: list[list[_Cell]] = []
    ends: list[int] = []
    for index in range(first, len(rows)):
        row = rows[index]
        trial = [*table[:-1], *([list(cell) for cell in cells] for cells in table[-1:])]
        if row.turn or row.cells or not _add_parts(trial, row.split()):
            break
        table = trial
        ends += [index + 1] * (len(table) - len(ends))
        ends[-1] = index + 1
    while table and len(table[-1]) < 2:
        table.pop()
    found = _by_columns(table)
    return (found, ends[len(table) - 1]) if found else ([], first)


def _add_parts(table: list[list[_Cell]], parts: Sequence[Row]) -> bool:
    """Put the parts of a line into the table, if they fit: in the last cell, in the next, in the first of a row."""
    for number, part in enumerate(parts):
        cells = table[-1] if table else []
        foot = min((cell[-1].y for cell in cells), default=0.0)
        if not cells:
            table.append([[part]])
        elif part.x >= max(line.right for line in cells[-1]) + (not number and _GUTTER * part.size) and _is_level(
            table, part
        ):
            cells.append([part])
        elif len(parts) == 1 and _continues(cells, part):
            cells[-1].append(part)
        elif number == 0 and len(cells) > 1 and part.y < foot - 0.5 * part.size and part.x < cells[-1][0].x:
            table.append([[part]])
        else:
            return False
    return True


def _is_level(table: Sequence[Sequence[_Cell]], part: Row) -> bool:
    """Whether a cell may begin there: as high as the one before, or in the middle of its height."""
    lines = table[-1][-1]
    middle = (lines[0].y + lines[-1].y) / 2
    return min(abs(part.y - lines[0].y), abs(part.y - middle)) <= _LEVEL * part.size


def _continues(cells: Sequence[_Cell], part: Row) -> bool:
    last = cells[-1][-1]
    left = max((line.right for cell in cells[:-1] for line in cell), default=part.x)
    size = max(part.size, last.size) if len(cells[-1]) > 1 else part.size  # below a price set large
    near = 0.5 * part.size < last.y - part.y <= _LEADING * size and len(cells[-1]) < _TALLEST
    titled = len(cells[-1]) == 1 and last.bold and not part.bold and last.size > _TITLE * part.size  # an article
    return near and (not titled or _is_card([last, part])) and left <= part.x < last.right and last.x < part.right


def _by_columns(table: Sequence[Sequence[_Cell]]) -> list[dict[int, _Cell]]:
    """The cells of each row by the number of their column, which white space parts in all rows; none if no table."""
    columns: list[tuple[float, float]] = []
    for x, right in sorted((line.x, line.right) for cells in table for cell in cells for line in cell):
        if columns and x < columns[-1][1] + 1:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((x, right))
    lefts = [x for x, _ in columns]
    found = [{bisect_right(lefts, cell[0].x): cell for cell in cells} for cells in table]
    if len(columns) == 2 and all(is_page_number(cells[0][0].text) for cells in table):
        return []  # the numbers of what stands beside them
    apart = all(1 < len(by_column) == len(cells) for by_column, cells in zip(found, table, strict=True))
    fewest = 1 if all(_is_card(cell) for cells in table for cell in cells) else _FEWEST if len(columns) < 3 else 2
    return found if apart and len(table) >= fewest else []


def _is_text(table: Sequence[dict[int, _Cell]]) -> bool:
    """Whether these are columns of text of which the file draws a line of each in turn."""
    if len(table) < _TEXT_LINES or any(
        len(cell) > 1 or column not in table[0] for cells in table for column, cell in cells.items()
    ):
        return False
    for column in table[0]:
        lines = [cells[column][0].text.strip() for cells in table if column in cells]
        going = sum(goes_on(above, below) for above, below in pairwise(lines))
        if sum(map(len, lines)) < _TEXT_WIDTH * len(lines) or 3 * going < len(lines):
            return False
    return True


def _is_card(lines: Sequence[Row]) -> bool:
    """Whether a label stands above or below what is set much larger: its price."""
    return any(
        below.size >= _SET_LARGE * above.size
        or (above.size >= _SET_LARGE * below.size and len(above.text) <= _SHORT and any(map(str.isdigit, above.text)))
        for above, below in pairwise(lines)
    )


def _table_row(cells: Sequence[Sequence[Row]]) -> Row:
    first = next(lines[0] for lines in cells if lines)
    empty = replace(first, text="", places=(), parts=())
    row = _chained([_cell(lines) if lines else empty for lines in cells], "\t")
    return replace(row, cells=True, cell=None, parts=())


def _cell(lines: Sequence[Row]) -> Row:
    """The lines of a cell as one: what begins with a bullet or after a full stop stands on a line of its own."""
    whole = lines[0]
    for line in lines[1:]:
        above, below = whole.text.rstrip(), line.text.strip()
        cut = CUT.search(above)
        if cut and not cut["gap"] and below[:1].islower() and is_french(cut["left"] + below.split()[0].strip(".,;:")):
            whole = _chained([whole.upto(len(above) - 1), line], "")
        elif cut and not cut["gap"] and below[:1].isalpha():
            whole = _chained([whole, line], "")
        elif BULLET.match(below) or markers(below) or (is_terminal(above) and above[-1] in ".;:"):
            whole = _chained([whole, line], "\n")
        else:
            whole = _chained([whole, line], " ")
    return whole


def _chained(rows: Sequence[Row], between: str) -> Row:
    """The rows as one, without the white space around each."""
    trimmed = [row.upto(len(row.text.rstrip())) for row in rows]
    places = chain.from_iterable((*row.places, *(row.places[-1:] or (0,)) * len(between)) for row in trimmed)
    offsets = [sum(len(row.text) + len(between) for row in trimmed[:index]) for index in range(len(trimmed))]
    return replace(
        rows[0],
        text=between.join(row.text for row in trimmed),
        places=tuple(places)[: sum(len(row.text) for row in trimmed) + len(between) * (len(trimmed) - 1)],
        right=max(row.right for row in rows),
        x=min(row.x for row in rows),
        size=prevailing((row.size, len(row.text)) for row in rows),
        bold=all(row.bold for row in rows),
        parts=tuple(part.shifted(offset) for row, offset in zip(rows, offsets, strict=True) for part in row.parts),
    )

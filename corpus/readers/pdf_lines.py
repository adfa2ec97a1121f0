"""Lines of a PDF in reading order: what was drawn out of turn, and where each character is printed."""

from collections.abc import Sequence
from math import inf

from corpus.document import PrintedRun
from corpus.layout.lines import Line, relative, trim
from corpus.readers.pdf_rows import Row

# Mean width of a character, in font sizes: 0.50 for Arial, 0.45 for Times, 0.52 for Marianne.
CHARACTER = 0.5
# Ordinary line spacing where a document has too few lines to tell.
SPACING = 1.2
# Of the narrower of two lines: so much stands in the column of the other; so little beside it.
_WITHIN, _ASIDE = 0.5, 0.15
# Of one page: more are a drawing, or a file made to keep us busy.
MOST_ROWS = 1_000


def in_order(rows: Sequence[Row]) -> list[Row]:
    """In the order of the file, unless it goes against what is certain: of two lines in one column the upper is first.

    The first of the two rules of Breuel, "High Performance Document Layout Analysis" (2003). Few lines move: those out
    of turn with most others, such as a title drawn last or a footer drawn first. The file decides the rest: which
    column is read first, whether by rows or by columns.
    """
    if len(rows) > MOST_ROWS or not _goes_up(rows):
        return list(rows)
    lower: list[set[int]] = [set() for _ in rows]
    wrong: list[set[int]] = [set() for _ in rows]
    for index, row in enumerate(rows):
        for other in range(index):
            shared = _shared(rows[other], row)
            if shared > _ASIDE:
                lower[other if rows[other].y > row.y else index].add(index if rows[other].y > row.y else other)
            if shared > _WITHIN and rows[other].y < row.y:
                wrong[index].add(other)
                wrong[other].add(index)
    moved: list[int] = []
    while (most := max(range(len(rows)), key=lambda index: len(wrong[index]))) >= 0 and wrong[most]:
        for other in wrong[most]:
            wrong[other].discard(most)
        wrong[most].clear()
        moved.append(most)
    order = [index for index in range(len(rows)) if index not in moved]
    for index in sorted(moved):
        above = max((place + 1 for place, other in enumerate(order) if index in lower[other]), default=0)
        below = min((place for place, other in enumerate(order) if other in lower[index]), default=None)
        order.insert(above if below is None else max(above, below), index)
    return [rows[index] for index in order]


def _goes_up(rows: Sequence[Row]) -> bool:
    """Whether a line follows one that stands below it in its column."""
    lowest = inf
    for index, row in enumerate(rows):
        if row.y > lowest and any(other.y < row.y and _shared(other, row) > _WITHIN for other in rows[:index]):
            return True
        lowest = min(lowest, row.y)
    return False


def _shared(row: Row, other: Row) -> float:
    """How much of the narrower of two lines stands above or below the other; 0 if neither is higher."""
    if row.turn or other.turn or abs(row.y - other.y) <= 0.5 * max(row.size, other.size):
        return 0.0
    return (min(row.right, other.right) - max(row.x, other.x)) / max(min(row.right - row.x, other.right - other.x), 1.0)


def joined(pages: Sequence[Sequence[Row]]) -> tuple[str, list[Line]]:
    """The raw text, a line per line and a form feed between pages, and its lines."""
    parts: list[str] = []
    lines: list[Line] = []
    offset = 0
    for number, page in enumerate(pages):
        above: Row | None = None
        for row in page:
            start, end = trim(row.text, 0, len(row.text))
            if start < end:
                lines.append(_placed(row, above, offset, start, end, number))
                above = row
            parts += [row.text, "\n"]
            offset += len(row.text) + 1
        parts.append("\f")
        offset += 1
    return "".join(parts), relative(lines, SPACING)


def runs(text: str, origin: Sequence[int], pages: Sequence[Sequence[Row]]) -> tuple[PrintedRun, ...]:
    """Where the characters of a text are printed; ``origin`` are their offsets in the raw text of ``joined(pages)``."""
    places: list[tuple[int, int]] = []
    for number, page in enumerate(pages, 1):
        for row in page:
            places += [(number, place) for place in row.places]
            places.append((0, 0))
        places.append((0, 0))
    found: list[PrintedRun] = []
    for offset, raw in enumerate(origin):
        if text[offset].isspace():
            continue
        page_number, place = places[raw]
        last = found[-1] if found else None
        if last is None or last.page != page_number or place - last.character != offset - last.start:
            found.append(PrintedRun(offset, page_number, place))
    return tuple(found)


def _placed(row: Row, above: Row | None, offset: int, start: int, end: int, page: int) -> Line:
    gap = None
    if above is not None and above.turn == row.turn and above.y - row.y > 0.3 * row.size:
        gap = (above.y - row.y) / max(row.size, 1.0)
    unit = max(CHARACTER * row.size, 1.0)
    return Line(
        offset + start,
        offset + end,
        row.text[start:end],
        page,
        gap,
        left=row.x / unit,
        right=row.right / unit,
        height=None if row.turn else row.y,
        size=row.size,
        bold=row.bold,
        cells=row.cells,
    )

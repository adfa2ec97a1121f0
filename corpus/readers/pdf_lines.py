"""Lines of a PDF in reading order: what was drawn out of turn, footnotes, and where each character is printed."""

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.document import PrintedRun
from corpus.layout.lines import Line, prevailing, relative, trim
from corpus.readers.pdf_rows import Row

# Mean width of a character, in font sizes: 0.50 for Arial, 0.45 for Times, 0.52 for Marianne.
CHARACTER = 0.5
# Ordinary line spacing where a document has too few lines to tell.
SPACING = 1.2
# Footnotes are set a fifth smaller than the text.
NOTE_SIZE = 0.92
NOTE = re.compile(r"(?:\[?\(?\d{1,3}\]?\)?|\*{1,3})[\s.]*\S")
# Of the font size: lines of text, even widely spaced, are nearer to each other than a header or a footer to them.
_APART = 2.0
# On one page: more are a drawing, or a file made to keep us busy.
_MOST_RUNS = 200
# Of the lines that one moves past: short ones of its own column, such as the ends of paragraphs, but no other column.
_STRANGERS = 0.2


def in_order(rows: list[Row]) -> list[Row]:
    """In the order of the file, but for what was drawn out of turn: it goes where it stands, if that is certain.

    Certain is that of two lines in one column the upper one is read first. Of columns the file knows the order.
    """
    head, body, foot = _parts(rows)
    runs: list[list[Row]] = []
    for row in body:
        if runs and row.turn == runs[-1][-1].turn and row.y <= runs[-1][-1].y + 0.5 * row.size:
            runs[-1].append(row)
        else:
            runs.append([row])
    if len(runs) <= _MOST_RUNS:
        for run in sorted(runs, key=len)[:-1]:
            body = _moved(run, body)
    return [*head, *body, *foot]


def _moved(run: list[Row], body: list[Row]) -> list[Row]:
    """The lines with the run where its column has room for it; as they are if there is no such place."""
    left, right = min(row.x for row in run), max(row.right for row in run)
    top, bottom = max(row.y for row in run), min(row.y for row in run)
    own = {id(row) for row in run}
    at = next(i for i, row in enumerate(body) if id(row) in own)
    rest = [row for row in body if id(row) not in own]
    column = [(i, row.y) for i, row in enumerate(rest) if row.turn == run[0].turn and _share(row, left, right) > 0.5]
    above, below = [i for i, y in column if y > top], [i for i, y in column if y < bottom]
    after, before = max(above, default=-1) + 1, min(below, default=len(rest))
    if len(above) + len(below) < len(column) or after > before or after <= at <= before:
        return body
    place = after if at < after else before
    # Beyond the first line that forces the move, past the others that share its column, if only in part.
    near = [_share(row, left, right) > 0 for row in rest]
    while at < place < before and near[place] and rest[place].y > top:
        place += 1
    while after < place < at and near[place - 1] and rest[place - 1].y < bottom:
        place -= 1
    passed = rest[min(at, place) : max(at, place)]
    if sum(_share(row, left, right) <= 0.5 for row in passed) > _STRANGERS * len(passed):
        return body
    return [*rest[:place], *run, *rest[place:]]


def _share(row: Row, left: float, right: float) -> float:
    """How much of the narrower of a line and a column lies in the other."""
    return (min(row.right, right) - max(row.x, left)) / max(min(row.right - row.x, right - left), 1.0)


def _parts(rows: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """The top line, the rest and the bottom line: white space must part these lines from the rest."""
    heights = sorted(row.y for row in rows if not row.turn)
    inner = [y for y in heights if heights[0] + 2 < y < heights[-1] - 2]
    if not inner:
        return [], rows, []
    head = [row for row in rows if not row.turn and row.y > inner[-1]]
    foot = [row for row in rows if not row.turn and row.y < inner[0]]
    if min(row.y for row in head) - inner[-1] <= _APART * head[0].size:
        head = []
    if inner[0] - max(row.y for row in foot) <= _APART * foot[0].size:
        foot = []
    parted = {id(row) for row in (*head, *foot)}
    return head, [row for row in rows if id(row) not in parted], foot


def joined(pages: Sequence[Sequence[Row]]) -> tuple[str, list[Line]]:
    """The raw text, a line per line and a form feed between pages, and its lines."""
    body = prevailing((row.size, len(row.text)) for page in pages for row in page)
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
    return "".join(parts), _with_notes(relative(lines, SPACING), body)


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
        size=row.size,
        bold=row.bold,
    )


def _with_notes(lines: list[Line], body: float) -> list[Line]:
    """The same lines, with ``note`` set on footnotes: smaller lines at the foot of a page, after a number."""
    found: set[int] = set()
    for page in {line.page for line in lines}:
        indices = [index for index, line in enumerate(lines) if line.page == page]
        small: list[int] = []
        for index in reversed(indices):
            line = lines[index]
            if line.size > NOTE_SIZE * body and not re.fullmatch(r"\W*\d{1,4}\W*", line.text):
                break
            if line.size <= NOTE_SIZE * body:
                small.append(index)
            if small and NOTE.match(line.text) and len(line.text) > 4:
                found.update(small)
    return [replace(line, note=True) if index in found else line for index, line in enumerate(lines)]

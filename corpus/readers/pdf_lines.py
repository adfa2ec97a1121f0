"""Printed lines of a PDF page, put in reading order, with their place, size and weight."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pypdf import PageObject

from corpus.layout.lines import Line, relative, trim

# Mean width of a character, in font sizes: 0.50 for Arial, 0.45 for Times, 0.52 for Marianne.
CHARACTER = 0.5
# Ordinary line spacing where a document has too few lines to tell.
SPACING = 1.2
BOLD = re.compile(r"bold|black|heavy|demi|extrab|gras", re.IGNORECASE)
# Footnotes are set a fifth smaller than the text.
NOTE_SIZE = 0.92
NOTE = re.compile(r"(?:\[?\(?\d{1,3}\]?\)?|\*{1,3})[\s.]*\S")


@dataclass(frozen=True, slots=True)
class Printed:
    """One line of a page, in points; ``text`` keeps its white space."""

    text: str
    x: float
    y: float
    right: float
    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A run of characters of one font, as the PDF draws them."""

    text: str
    x: float
    y: float
    size: float
    bold: bool


def printed(page: PageObject) -> list[Printed]:
    """The lines of a page, top to bottom where the page has one column, else in the order of the file."""
    chunks: list[_Chunk] = []

    def visit(text: str, cm: Sequence[float], tm: Sequence[float], font: Mapping[str, Any] | None, size: float) -> None:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = max(abs(tm[3]), abs(tm[1])) * max(abs(cm[3]), abs(cm[1]))
        parts = filter(None, re.split(r"(\n)", text))
        chunks.extend(_Chunk(part, x, y, size * scale, _is_bold(font)) for part in parts)

    page.extract_text(visitor_text=visit)
    lines: list[Printed] = []
    row: list[_Chunk] = []
    for chunk in [*chunks, _Chunk("\n", 0.0, 0.0, 0.0, False)]:
        if chunk.text != "\n":
            row.append(chunk)
        elif row:
            lines += _line(row)
            row = []
    return _in_order(lines)


def _is_bold(font: Mapping[str, Any] | None) -> bool:
    if not font:
        return False
    return bool(BOLD.search(str(font.get("/BaseFont", ""))))


def _line(row: Sequence[_Chunk]) -> list[Printed]:
    inked = [chunk for chunk in row if chunk.text.strip()]
    if not inked:
        return []
    sizes: Counter[float] = Counter()
    heights: Counter[float] = Counter()
    for chunk in inked:
        sizes[round(chunk.size, 1)] += len(chunk.text.strip())
        heights[chunk.y] += len(chunk.text.strip())
    size = max(sizes, key=lambda value: sizes[value])
    lead = inked[0].text
    x = inked[0].x + (len(lead) - len(lead.lstrip())) * CHARACTER * size
    right = x
    for chunk in inked:  # pypdf does not move the pen inside a line whose font changes
        right = max(right, chunk.x) + len(chunk.text) * CHARACTER * chunk.size
    letters = [chunk for chunk in inked if any(char.isalnum() for char in chunk.text)]
    bold = bool(letters) and all(chunk.bold for chunk in letters)
    text = "".join(chunk.text for chunk in row)
    return [Printed(text, x, max(heights, key=lambda value: heights[value]), right, size, bold)]


def _in_order(lines: list[Printed]) -> list[Printed]:
    """Headers, footers and boxes drawn out of turn go where they stand, if the lines there leave room."""
    if not lines:
        return []
    head, body, foot = _parts(lines)
    runs: list[list[Printed]] = []
    for line in body:
        if runs and line.y <= runs[-1][-1].y + 0.5 * line.size:
            runs[-1].append(line)
        else:
            runs.append([line])
    if not runs:
        return [*head, *foot]
    main = max(range(len(runs)), key=lambda index: len(runs[index]))
    ordered = list(runs[main])
    before: list[Printed] = []
    for index, run in enumerate(runs):
        if index != main and not _fits(run, ordered):
            (before if index < main else ordered).extend(run)
    return [*head, *before, *ordered, *foot]


def _parts(lines: list[Printed]) -> tuple[list[Printed], list[Printed], list[Printed]]:
    """The top row, the rest and the bottom row: white space must part these rows from the rest."""
    heights = sorted({line.y for line in lines})
    top, bottom = heights[-1], heights[0]
    above = [line for line in lines if line.y >= top - 2]
    below = [line for line in lines if line.y <= bottom + 2]
    inner = [line for line in lines if bottom + 2 < line.y < top - 2]
    if not inner:
        return [], lines, []
    head = above if min(line.y for line in above) - max(line.y for line in inner) > 1.5 * above[0].size else []
    foot = below if min(line.y for line in inner) - max(line.y for line in below) > 1.5 * below[0].size else []
    return head, [line for line in lines if line not in head and line not in foot], foot


def _fits(run: list[Printed], ordered: list[Printed]) -> bool:
    """Insert the run between the lines above and the lines below it, if such a place exists."""
    top, bottom = max(line.y for line in run), min(line.y for line in run)
    slot = sum(1 for line in ordered if line.y > top)
    if any(line.y <= top for line in ordered[:slot]) or any(line.y >= bottom for line in ordered[slot:]):
        return False
    ordered[slot:slot] = run
    return True


def joined(pages: Sequence[Sequence[Printed]]) -> tuple[str, list[Line]]:
    """The raw text, a line per line and a form feed between pages, and its lines."""
    body = _body_size(pages)
    parts: list[str] = []
    lines: list[Line] = []
    offset = 0
    for number, page in enumerate(pages):
        above: Printed | None = None
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


def _placed(row: Printed, above: Printed | None, offset: int, start: int, end: int, page: int) -> Line:
    gap = None
    if above is not None and above.y - row.y > 0.3 * row.size:
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


def _body_size(pages: Sequence[Sequence[Printed]]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for row in page:
            sizes[row.size] += len(row.text)
    return max(sizes, key=lambda size: sizes[size]) if sizes else 0.0


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

"""Group the words of a PDF page into lines, put these in reading order, map characters to their place on the page."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple

from pypdfium2 import PdfPage

from corpus.document import Box, PrintedRun
from corpus.layout.headers_footers import ALMOST, NOTE_SIZE, note_mark
from corpus.layout.lines import NO_WIDTH, Line, prevailing, relative, trim
from corpus.layout.list_markers import is_marker
from corpus.readers.pdf_rules import Cell
from corpus.readers.pdf_words import DRAWN, PrintedWord, page_words

# Of the font size: superscripts rise by a third, cells of a row are centred; lines are further apart than that.
_SAME_LINE = 0.8
# Pieces before one that tell the height of its line: more than a superscript has.
_NEAR = 20
# Of the font size: narrower than any space; wider than most, so that columns may be parted there; than those of words.
_NO_SPACE, _WIDE, _ALIGNED = 0.12, 1.2, 0.5
# Of the size of a title: that of what is no part of it.
_SMALLER = 0.8
# Mean width of a character, in font sizes: 0.50 for Arial, 0.45 for Times, 0.52 for Marianne.
CHARACTER = 0.5
# Ordinary line spacing where a document has too few lines to tell.
SPACING = 1.2
# Of the narrower of two lines: so much stands in the column of the other; so little beside it.
_WITHIN, _ASIDE = 0.5, 0.15
# Of the font size: lines of one text are no further apart.
_CLOSE = 1.7
# Of one page: more are a drawing, or a file made to keep us busy.
MOST_ROWS = 1_000


_LETTER, _WORD = re.compile(r"[^\W_]"), re.compile(r"\S+")
# Before a raised number that is no mark of a note.
_UNIT = re.compile(r"(?:\s|\b[cdhk]?m)$")
_SIZE = attrgetter("style.size")


class Part(NamedTuple):
    """What stands on a line without a wide space in it: characters ``start`` to ``end`` of a row."""

    start: int
    end: int
    x: float
    right: float

    def shifted(self, by: int) -> "Part":
        """The same part of a row with more characters before it."""
        return self._replace(start=self.start + by, end=self.end + by)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a page, in points; ``text`` keeps its white space."""

    text: str
    places: tuple[int, ...]
    """The character of the page behind each one of ``text``; none for a recognised line."""
    x: float
    y: float
    right: float
    size: float
    bold: bool
    turn: int
    """Quarter turns from most of the text of the page."""
    parts: tuple[Part, ...]
    cell: Cell | None = None
    """That holds it, of a ruled table."""
    cells: bool = False
    """A row of a table: tabs part its cells."""
    bulleted: bool = False
    """Whether a bullet that is drawn stands before it."""
    recognised: Box | None = None
    """Where it stands, if its text was recognised in a picture: then no character of the page is behind it."""

    def upto(self, end: int) -> "Row":
        """The row without its last characters."""
        return replace(self, text=self.text[:end], places=self.places[:end])

    def split(self) -> list["Row"]:
        """Its parts, as rows."""
        return [
            replace(
                self,
                text=self.text[part.start : part.end],
                places=self.places[part.start : part.end],
                x=part.x,
                right=part.right,
                parts=(part.shifted(-part.start),),
            )
            for part in self.parts
        ]


def page_rows(page: PdfPage, most: int, fields: int = -1) -> list[Row]:
    """The lines of a page in the order of the file, from its first ``most`` characters; see ``page_words``."""
    text, pieces, turn = page_words(page, most, fields)
    rows: list[list[PrintedWord]] = []
    for piece in pieces:
        if rows and _goes_on(rows[-1], piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    found = [_row(text, pieces, turn) for pieces in rows]
    for at, pieces in enumerate(rows):
        beside = [part.x for row in found[max(at - 1, 0) : at + 2] if row is not found[at] for part in row.parts]
        own = [part.x for part in found[at].parts]
        if lefts := {x for x in beside if x > pieces[0].right and all(abs(x - known) >= 1 for known in own)}:
            found[at] = _row(text, pieces, turn, lefts)
    body = prevailing((row.size, len(row.text)) for row in found)
    notes = {note_mark(row.text.strip()) for row in found if row.size <= NOTE_SIZE * body} - {None}
    return (
        [_without_marks(row, text, pieces, notes) for row, pieces in zip(found, rows, strict=True)] if notes else found
    )


def _without_marks(row: Row, text: str, pieces: Sequence[PrintedWord], notes: Set[str | None]) -> Row:
    """The row with signs of no width where raised numbers refer to notes of the page; that of a unit does not: m2."""
    for raised, run in groupby(pieces, key=lambda piece: piece.y > row.y and piece.style.size < ALMOST * row.size):
        parts = list(run)
        number = "".join(text[piece.start : piece.end] for piece in parts) if raised else ""
        at = row.places.index(parts[0].start) if number in notes else 0
        if at and not _UNIT.search(row.text[:at]):
            row = replace(row, text=f"{row.text[:at]}{NO_WIDTH * len(number)}{row.text[at + len(number) :]}")
    return row


def _goes_on(row: Sequence[PrintedWord], piece: PrintedWord) -> bool:
    """Whether a piece stands next on the same line: as high, give or take a superscript, and not before the last."""
    last, style = row[-1], piece.style
    alike = (piece.y, piece.cell, style.size, style.turn) == (last.y, last.cell, last.style.size, last.style.turn)
    if alike and -style.size < piece.x - last.right < style.size:
        return True  # the next word, as most are
    main = max(row[-_NEAR:], key=_SIZE)
    size = max(piece.style.size, main.style.size)
    rise = abs(piece.y - main.y)
    level = piece.style.turn == main.style.turn and rise <= _SAME_LINE * size
    # In a box beside a title; a superscript stands at its word.
    aside = _unlike(piece, main) and piece.x - row[-1].right >= _WIDE * size
    return level and not aside and piece.x > row[-1].right - size and piece.cell == row[-1].cell


def _unlike(piece: PrintedWord, other: PrintedWord) -> bool:
    """Whether the one is much larger than the other."""
    sizes = piece.style.size, other.style.size
    return min(sizes) < _SMALLER * max(sizes)


def _row(text: str, pieces: Sequence[PrintedWord], turn: int, lefts: Set[float] = frozenset()) -> Row:
    chars: list[str] = []
    places: list[int] = []
    sizes = [0]
    for piece, after in zip(pieces, (*pieces[1:], None), strict=True):
        end = _reach(text, piece, after)
        drawn = text[piece.start : end].translate(DRAWN)
        chars.append(_LETTER.sub("•", drawn) if piece.style.pictures else drawn)
        places += range(piece.start, end)
        apart = after is not None and after.start != piece.end and not chars[-1][-1:].isspace()
        if after and apart and (after.start < piece.start or after.x - piece.right >= _NO_SPACE * piece.style.size):
            chars.append(" ")
            places.append(end - 1)
        sizes.append(len(places))
    heavy = any(piece.style.bold for piece in pieces)
    letters = [piece for piece in pieces if any(map(str.isalnum, text[piece.start : piece.end]))] if heavy else []
    return Row(
        "".join(chars),
        tuple(places),
        pieces[0].x,
        prevailing((piece.y, piece.end - piece.start) for piece in pieces),
        max(piece.right for piece in pieces),
        prevailing((round(piece.style.size, 1), piece.end - piece.start) for piece in pieces),
        bool(letters) and all(piece.style.bold for piece in letters),
        (pieces[0].style.turn - turn) % 4,
        tuple(_parts("".join(chars), pieces, sizes, lefts)),
        pieces[0].cell,
        bulleted=pieces[0].bulleted,
    )


def _parts(text: str, pieces: Sequence[PrintedWord], ends: Sequence[int], lefts: Set[float]) -> Iterator[Part]:
    """The parts of a row; ``ends`` are the offsets at which its pieces begin, and its own end.

    A space less wide parts them where parts of the rows above and below begin: after a label that fills its column.
    """
    first = 0
    for index, piece in enumerate(pieces):
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        space = (after.x - piece.right) / max(piece.style.size, 1.0) if after else 0.0
        aligned = space >= _ALIGNED and after and any(abs(after.x - left) < 1 for left in lefts)
        wide = space >= _WIDE or aligned
        if after is None or (wide and not _is_mark(text[ends[first] : ends[index + 1]])):
            yield Part(ends[first], ends[index + 1], pieces[first].x, piece.right)
            first = index + 1


def _is_mark(text: str) -> bool:
    """Whether the text is the bullet or the number of what follows it."""
    text = text.strip()
    return not text.endswith("°") and is_marker(text)


def _reach(text: str, piece: PrintedWord, after: PrintedWord | None) -> int:
    """The end of a piece with the white space after it: none that PDFium made of the rise of a superscript."""
    end = piece.end
    while end < len(text) and text[end].isspace() and (text[end] not in "\r\n" or (after and end < after.start)):
        end += 1
    made = after is not None and text[piece.end : end] == "\r\n"
    return piece.end if after and made and after.x - piece.right < _NO_SPACE * piece.style.size else end


def in_order(rows: Sequence[Row]) -> list[Row]:
    """In the order of the file, unless it goes against what is certain: of two lines in one column the upper is first.

    The first of the two rules of Breuel, "High Performance Document Layout Analysis" (2003). Few lines move, with the
    lines that they were drawn with: those out of turn with most others, such as a title or a box drawn last. The file
    decides the rest: which column is read first, whether by rows or by columns.
    """
    if len(rows) > MOST_ROWS or all(above.y >= below.y for above, below in pairwise(rows)):
        return list(rows)
    groups = list(_adjacent_groups(rows))
    size = [len(group) for group in groups]
    lower: list[set[int]] = [set() for _ in groups]
    wrong: list[set[int]] = [set() for _ in groups]
    for index, group in enumerate(groups):
        for other in range(index):
            shared, is_above = _compared(groups[other], group)
            if shared > _ASIDE:
                lower[other if is_above else index].add(index if is_above else other)
            if shared > _WITHIN and not is_above:
                wrong[index].add(other)
                wrong[other].add(index)
    moved: list[int] = []
    while any(wrong):
        most = max(range(len(groups)), key=lambda at: sum(size[other] for other in wrong[at]) / size[at])
        for other in wrong[most]:
            wrong[other].discard(most)
        wrong[most].clear()
        moved.append(most)
    order = [index for index in range(len(groups)) if index not in moved]
    for index in sorted(moved):
        above = max((place + 1 for place, other in enumerate(order) if index in lower[other]), default=0)
        below = min((place for place, other in enumerate(order) if other in lower[index]), default=len(order))
        top = groups[index][0].y
        stay = (place for place in range(above, below) if order[place] not in moved)
        lower_ones = (place for place in stay if groups[order[place]][0].y < top)
        order.insert(next(lower_ones, max(above, below if below < len(order) else 0)), index)
    return [row for index in order for row in groups[index]]


def _adjacent_groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Lines that were drawn one below the other, at the distance of the lines of one text."""
    group: list[Row] = []
    for row in rows:
        last = group[-1] if group else None
        if last and not (
            0 < last.y - row.y <= _CLOSE * max(row.size, last.size)
            and _compared([last], [row])[0] > _ASIDE
            and row.cell == last.cell
        ):
            yield group
            group = []
        group.append(row)
    yield group


def _compared(group: Sequence[Row], other: Sequence[Row]) -> tuple[float, bool]:
    """How much of the narrower of two groups stands in the column of the other, and whether the first is above.

    0 where they stand side by side, in whole or in part.
    """
    is_above = group[-1].y > other[0].y
    if not is_above and not group[0].y < other[-1].y:
        return 0.0, False
    upper, below = (group[-1], other[0]) if is_above else (other[-1], group[0])
    if any(row.turn for row in (*group, *other)) or abs(upper.y - below.y) <= 0.5 * max(upper.size, below.size):
        return 0.0, is_above
    (x, right), (other_x, other_right) = ((min(r.x for r in g), max(r.right for r in g)) for g in (group, other))
    return (min(right, other_right) - max(x, other_x)) / max(min(right - x, other_right - other_x), 1.0), is_above


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
                start -= len(row.text[:start]) - len(row.text[:start].rstrip("\t")) if row.cells else 0
                lines.append(_line(row, above, offset, start, end, number))
                above = row
            parts += [row.text, "\n"]
            offset += len(row.text) + 1
        parts.append("\f")
        offset += 1
    return "".join(parts), relative(lines, SPACING)


def runs(text: str, origin: Sequence[int], pages: Sequence[Sequence[Row]]) -> tuple[PrintedRun, ...]:
    """Where the characters of a text are printed; ``origin`` are their offsets in the raw text of ``joined(pages)``."""
    numbers: list[int] = []
    places: list[int] = []
    recognised = 0
    for number, page in enumerate(pages, 1):
        for row in page:
            recognised += row.recognised is not None
            places += [-recognised] * len(row.text) if row.recognised else row.places
            places.append(0)
        places.append(0)
        numbers += [number] * (len(places) - len(numbers))
    found: list[PrintedRun] = []
    number = shift = place = 0
    for word in _WORD.finditer(text):
        first, after = origin[word.start()], origin[word.end() - 1] + 1
        whole = places[first:after] == list(range(places[first], places[first] + len(word[0])))
        for offset in word.span()[:1] if whole else range(*word.span()):
            last, place = place, places[origin[offset]]
            goes_on = place == last if place < 0 else place - offset == shift
            if not found or not goes_on or numbers[origin[offset]] != number:
                number, shift = numbers[origin[offset]], place - offset
                found.append(PrintedRun(offset, number, place))
        place = places[after - 1]
    return tuple(found)


def _line(row: Row, above: Row | None, offset: int, start: int, end: int, page: int) -> Line:
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
        bulleted=row.bulleted,
    )

"""Find the lines drawn on a PDF page: borders of table cells, and strike-through strokes."""

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, product
from math import hypot
from operator import itemgetter, neg
from typing import NamedTuple, TypeVar

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

# Points. Thicker ones are bars of colour; shorter ones are joints of borders, dots, ticks.
_THICKEST, _SHORTEST = 3.0, 6.0
# Points across.
_SMALLEST_DOT, _LARGEST_DOT = 1.5, 9.0
# Points between two strokes that make one line, or two lines of one border.
_NEAR = 3.0
# Of one page: more are a drawing, or a file made to keep us busy. Dense tables have 200 strokes.
_MOST_OBJECTS, _MOST_SEGMENTS, _MOST_STROKES, _MOST_CELLS = 5_000, 200, 1_500, 4_000
# Of the side of a cell that a border covers.
_COVERED = 0.6

_T = TypeVar("_T")
_Count = Callable[[object], int]
_Get = Callable[[object, int], object]
Turn = Callable[[float, float], tuple[float, float]]
"""A point of the page as seen by who turns it until its text runs to the right."""


class Stroke(NamedTuple):
    """A thin line along an axis of the page: ``at`` is its height, or its place across if it is upright."""

    at: float
    start: float
    end: float


Point = tuple[float, float]


class Cell(NamedTuple):
    """A cell of a table: rows and columns that it covers, the last ones included, from 0."""

    table: int
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The strokes of one page, from the left or from below, those that touch put together."""

    level: tuple[Stroke, ...]
    upright: tuple[Stroke, ...]
    dots: tuple[Point, ...] = ()
    """Middles of small round or square shapes: bullets that are drawn."""

    def strike(self, x: float, right: float, y: float, size: float) -> Stroke | None:
        """The stroke through the middle of letters that stand on height ``y``, or of some, if there is one."""
        first = bisect_right(self.level, y + 0.15 * size, key=itemgetter(0))
        last = bisect_left(self.level, y + 0.5 * size, key=itemgetter(0))
        if first == last:
            return None
        least = 0.3 * min(size, right - x)
        return next((s for s in self.level[first:last] if min(s.end, right) - max(s.start, x) > least), None)


def page_rules(page: PdfPage, turn: Turn) -> Rules:
    """The strokes of a page; none of a drawing."""
    level: list[Stroke] = []
    upright: list[Stroke] = []
    dots: list[Point] = []
    for (x1, y1), (x2, y2) in _edges(page, turn, dots):
        left, right, low, high = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        if high - low <= _THICKEST and right - left >= _SHORTEST:
            level.append(Stroke((low + high) / 2, left, right))
        elif right - left <= _THICKEST and high - low >= _SHORTEST:
            upright.append(Stroke((left + right) / 2, low, high))
        if len(level) + len(upright) > _MOST_STROKES:
            return Rules((), ())
    return Rules(tuple(sorted(_together(level))), tuple(sorted(_together(upright))), tuple(dots))


def _together(strokes: Iterable[Stroke]) -> list[Stroke]:
    """Strokes that touch along one line made one."""
    found: list[Stroke] = []
    for stroke in sorted(strokes, key=lambda stroke: (round(stroke.at), stroke.start)):
        last = found[-1] if found else None
        near = last and abs(stroke.at - last.at) <= 1.5
        if last and near and stroke.start <= last.end + _NEAR and last.start <= stroke.end + _NEAR:
            found[-1] = Stroke(last.at, min(last.start, stroke.start), max(last.end, stroke.end))
        else:
            found.append(stroke)
    return found


def _edges(page: PdfPage, turn: Turn, dots: list[Point]) -> Iterator[tuple[Point, Point]]:
    """Opposite corners of thin shapes, and the ends of the straight lines of others that are drawn in outline.

    The middles of dots are appended to ``dots``.
    """
    budget = iter(range(_MOST_OBJECTS))
    for drawn, place in _paths(page.raw, pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject, turn, budget):
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        pdfium.FPDFPageObj_GetBounds(drawn, left, bottom, right, top)
        corners = (place(left.value, bottom.value), place(right.value, top.value))
        wide, high = (abs(corners[1][axis] - corners[0][axis]) for axis in (0, 1))
        if min(wide, high) >= _SMALLEST_DOT and max(wide, high) <= min(_LARGEST_DOT, 1.2 * min(wide, high)):
            dots.append(((corners[0][0] + corners[1][0]) / 2, (corners[0][1] + corners[1][1]) / 2))
        if max(wide, high) < _SHORTEST:
            continue
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(drawn, fill, stroke)
        if stroke.value and _is_bar(drawn):
            continue
        if min(wide, high) <= _THICKEST:
            yield corners
            continue
        count = pdfium.FPDFPath_CountSegments(drawn)
        if count <= _MOST_SEGMENTS and (stroke.value or count > 5):
            yield from _outline(drawn, count, place, outlined=bool(stroke.value))


def _is_bar(drawn: object) -> bool:
    """Whether a path is drawn with so thick a pen that it makes a bar of colour: the ground of a title."""
    width, matrix = ctypes.c_float(), pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetStrokeWidth(drawn, width)
    pdfium.FPDFPageObj_GetMatrix(drawn, matrix)
    return width.value * max(hypot(matrix.a, matrix.b), hypot(matrix.c, matrix.d)) > _THICKEST


def _paths(
    holder: object, count: _Count, get: _Get, place: Turn, budget: Iterator[int]
) -> Iterator[tuple[object, Turn]]:
    """Paths of a page, and of the forms in it, with what places them on the page."""
    for index in range(count(holder)):
        if next(budget, None) is None:
            return
        drawn = get(holder, index)
        kind = pdfium.FPDFPageObj_GetType(drawn)
        if kind == pdfium.FPDF_PAGEOBJ_PATH:
            yield drawn, place
        elif kind == pdfium.FPDF_PAGEOBJ_FORM:
            inner = _moved(drawn, place)
            yield from _paths(drawn, pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject, inner, budget)


def _moved(drawn: object, place: Turn) -> Turn:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFPageObj_GetMatrix(drawn, matrix)
    a, b, c, d, e, f = matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f
    return lambda x, y: place(a * x + c * y + e, b * x + d * y + f)


def _outline(drawn: object, count: int, place: Turn, *, outlined: bool) -> Iterator[tuple[Point, Point]]:
    """Each side of a path drawn in outline; of a filled one, its thin parts."""
    place = _moved(drawn, place)
    parts: list[list[Point]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(count):
        segment = pdfium.FPDFPath_GetPathSegment(drawn, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            return  # a drawing
        if kind == pdfium.FPDF_SEGMENT_MOVETO or not parts:
            parts.append([])
        parts[-1].append(place(x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment):
            parts[-1].append(parts[-1][0])
    for points in parts:
        wide, high = (max(p[axis] for p in points) - min(p[axis] for p in points) for axis in (0, 1))
        if min(wide, high) <= _THICKEST:
            (left, *_, right), (low, *_, top) = (sorted(p[axis] for p in (*points, points[0])) for axis in (0, 1))
            yield (left, low), (right, top)
        elif outlined:
            yield from pairwise(points)


@dataclass(frozen=True, slots=True)
class Grid:
    """Lines that cross: the places of a table, some of which make one cell."""

    across: tuple[float, ...]
    """Borders between columns, from the left."""
    down: tuple[float, ...]
    """Borders between rows, from the top."""
    cells: dict[tuple[int, int], Cell]

    def at(self, x: float, y: float) -> Cell | None:
        """The cell that holds a point."""
        column = bisect_right(self.across, x) - 1
        if not 0 <= column < len(self.across) - 1:
            return None
        row = bisect_right(self.down, -y, key=neg) - 1
        return self.cells.get((row, column))

    def holds(self, cell: Cell, x: float, right: float) -> bool:
        """Whether a word of one of its cells keeps within its borders."""
        return self.across[cell.left] - _NEAR <= x and right <= self.across[cell.right + 1] + _NEAR


def grids(rules: Rules) -> list[Grid]:
    """The tables that the lines of a page make: those with two rows and two columns at least."""
    found: list[Grid] = []
    for level, upright in _components(rules):
        across = _apart([s.at for s in upright] + [min(s.start for s in level), max(s.end for s in level)])
        down = _apart([s.at for s in level] + [min(s.start for s in upright), max(s.end for s in upright)])[::-1]
        if len(across) > 2 and len(down) > 2 and len(across) * len(down) <= _MOST_CELLS:
            found.append(Grid(tuple(across), tuple(down), _cells(len(found), across, down, level, upright)))
    return found


def _components(rules: Rules) -> Iterator[tuple[list[Stroke], list[Stroke]]]:
    """Level and upright strokes that touch one another, directly or not, from the top."""
    strokes, count = [*reversed(rules.level), *rules.upright], len(rules.level)
    crossing = product(range(count), range(count, len(strokes)))
    for group in _joined(range(len(strokes)), (pair for pair in crossing if _crosses(*(strokes[at] for at in pair)))):
        level = [strokes[at] for at in group if at < count]
        upright = [strokes[at] for at in group if at >= count]
        if level and upright:
            yield level, upright


def _joined(items: Iterable[_T], pairs: Iterable[tuple[_T, _T]]) -> list[list[_T]]:
    """The items in groups: the two of a pair are in the same, in the order of their first items."""
    groups = {item: [item] for item in items}
    for one, other in pairs:
        kept, moved = groups[one], groups[other]
        if kept is not moved:
            kept += moved
            groups.update(dict.fromkeys(moved, kept))
    return list({id(group): group for group in groups.values()}.values())


def _crosses(one: Stroke, other: Stroke) -> bool:
    return one.start - _NEAR <= other.at <= one.end + _NEAR and other.start - _NEAR <= one.at <= other.end + _NEAR


def _apart(values: Iterable[float]) -> list[float]:
    """In order; of those that stand closer than a border is thick, the first."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _NEAR:
            found.append(value)
    return found


def _cells(
    table: int, across: Sequence[float], down: Sequence[float], level: Sequence[Stroke], upright: Sequence[Stroke]
) -> dict[tuple[int, int], Cell]:
    """Places of the grid, joined where no border parts them."""
    places = list(product(range(len(down) - 1), range(len(across) - 1)))
    open_to_right = (
        ((row, column), (row, column + 1))
        for row, column in places
        if column + 2 < len(across) and not _parted(upright, across[column + 1], down[row + 1], down[row])
    )
    open_below = (
        ((row, column), (row + 1, column))
        for row, column in places
        if row + 2 < len(down) and not _parted(level, down[row + 1], across[column], across[column + 1])
    )
    outside = _outside(across, down, level, upright)
    found: dict[tuple[int, int], Cell] = {}
    for group in _joined(places, chain(open_to_right, open_below)):
        if held := [place for place in group if place not in outside]:
            rows, columns = zip(*held, strict=True)
            found |= dict.fromkeys(held, Cell(table, min(rows), min(columns), max(rows), max(columns)))
    return found


def _outside(
    across: Sequence[float], down: Sequence[float], level: Sequence[Stroke], upright: Sequence[Stroke]
) -> set[tuple[int, int]]:
    """Places at the sides of a grid that no border closes, though it closes most of that side: an empty corner."""
    rows, columns = range(len(down) - 1), range(len(across) - 1)
    found: set[tuple[int, int]] = set()
    for column, at in ((0, across[0]), (columns[-1], across[-1])):
        opened = {(row, column) for row in rows if not _parted(upright, at, down[row + 1], down[row])}
        found |= opened if 2 * len(opened) < len(rows) else set()
    for row, at in ((0, down[0]), (rows[-1], down[-1])):
        opened = {(row, column) for column in columns if not _parted(level, at, across[column], across[column + 1])}
        found |= opened if 2 * len(opened) < len(columns) else set()
    return found


def _parted(strokes: Sequence[Stroke], at: float, start: float, end: float) -> bool:
    """Whether strokes at that place cover most of the way."""
    covered = sum(
        max(0.0, min(stroke.end, end) - max(stroke.start, start)) for stroke in strokes if abs(stroke.at - at) <= _NEAR
    )
    return covered >= _COVERED * (end - start)

"""Rows of characters of a PDF page, as PDFium places them, with their size, weight and direction."""

import ctypes
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from math import atan2, hypot, pi
from typing import NamedTuple

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfPage

from corpus.layout.lines import prevailing
from corpus.layout.list_markers import markers
from corpus.readers.pdf_rules import Cell, Rules, grids, page_rules

BOLD = re.compile(r"bold|black|heavy|demi|extrab|gras", re.IGNORECASE)
# What PDFium writes for a hyphen that ends a line, for a glyph without a character, where it sees another line; and
# signs of fonts of pictures, in which lists have their bullets: outside the file they show as an empty square.
_DRAWN = str.maketrans({"\x02": "-", "\ufffe": "-", "\x00": "\ufffd", "\r": " ", "\n": " "}) | dict.fromkeys(
    range(0xF000, 0xF100), "•"
)
_BOLD_WEIGHTS = range(600, 1001)  # beyond, PDFium misread the font
# Further from the axes than that (3 degrees) is a watermark, no scan that was laid askew.
_TILT = 0.05
# Of the font size: superscripts rise by a third, cells of a row are centred; lines are further apart than that.
_SAME_LINE = 0.8
# Of the words of a table, those that cross the borders of their cells: in a picture more do.
_ACROSS = 0.1
# Of one page: more are a file made to keep us busy.
_MOST_FIELDS, _MOST_PIECES = 2_000, 20_000
# Pieces before one that tell the height of its line: more than a superscript has.
_NEAR = 20
# Of the font size: narrower than any space; wider than most, so that columns may be parted there.
_NO_SPACE, _WIDE = 0.12, 1.2


@dataclass(frozen=True, slots=True)
class _TextStyle:
    """What the characters of one text object share."""

    size: float
    """Points, as printed."""
    bold: bool
    visible: bool
    turn: int
    """Quarter turns, counterclockwise, from text that runs to the right."""
    tilted: bool
    at: tuple[float, float]
    """Where the text object starts, on the page."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word, or what one text object draws of it: characters ``start`` to ``end`` of the page."""

    start: int
    end: int
    x: float
    """In the direction of its text; ``y`` is the height of its baseline, across it."""
    y: float
    right: float
    style: _TextStyle
    cell: Cell | None = None


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
    """The character of the page behind each one of ``text``."""
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


def open_page(document: PdfDocument, index: int) -> tuple[PdfPage, int]:
    """A page, the values of its form fields made text like any other; and the character with which they begin."""
    page = document[index]
    count = pdfium.FPDFPage_GetAnnotCount(page.raw)
    if not 0 < count <= _MOST_FIELDS or not any(_is_field(page, number) for number in range(count)):
        return page, -1
    with closing(page.get_textpage()) as textpage:
        own = textpage.count_chars()
    pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)
    page.close()
    return document[index], own


def _is_field(page: PdfPage, number: int) -> bool:
    annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
    field = pdfium.FPDFAnnot_GetSubtype(annotation) == pdfium.FPDF_ANNOT_WIDGET
    pdfium.FPDFPage_CloseAnnot(annotation)
    return bool(field)


def page_rows(page: PdfPage, most: int, fields: int = -1) -> list[Row]:
    """The lines of a page in the order of the file, from its first ``most`` characters.

    Form fields have the characters from ``fields`` on: each goes to the line where it stands.
    """
    with closing(page.get_textpage()) as textpage:
        text = _characters(textpage.raw)[: most + 1]
        pieces = list(_seen(page, list(_pieces(textpage.raw, text))))
    if fields >= 0 and len(pieces) <= _MOST_PIECES:
        pieces = _filled_in(pieces, fields)
    turn = int(prevailing((piece.style.turn, piece.end - piece.start) for piece in pieces))
    rules = page_rules(page, partial(_turned, turn=turn))
    pieces = _in_cells([piece for piece in pieces if not _is_struck(piece, turn, rules)] or pieces, turn, rules)
    rows: list[list[_Piece]] = []
    for piece in pieces:
        if rows and _goes_on(rows[-1], piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [_row(text, pieces, turn) for pieces in rows]


def _characters(textpage: pdfium.FPDF_TEXTPAGE) -> str:
    """One for each that PDFium counts: those of its text, where they are as many."""
    count = pdfium.FPDFText_CountChars(textpage)
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(textpage, 0, count, buffer)
    text = bytes(buffer)[:-2].decode("utf-16-le", "surrogatepass")
    if written - 1 != count or len(text) != count:
        codes = (pdfium.FPDFText_GetUnicode(textpage, index) for index in range(count))
        text = "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)
    return text


def character(code: int) -> str:
    """What a code of PDFium stands for."""
    char = chr(code) if code <= 0x10FFFF else "\ufffd"
    return char.translate(_DRAWN)


def _pieces(textpage: pdfium.FPDF_TEXTPAGE, text: str) -> Iterator[_Piece]:
    """The words of a page, cut where the text object changes: the fewer calls, the faster."""
    styles: dict[int, _TextStyle] = {}
    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
    at = ctypes.byref(x), ctypes.byref(y)

    def drawn_by(index: int) -> int:
        drawn = pdfium.FPDFText_GetTextObject(textpage, index)
        address = ctypes.addressof(drawn.contents) if drawn else 0
        if address not in styles:
            styles[address] = _style(textpage, index, drawn)
        return address

    for word in re.finditer(r"\S+", text):
        start, first = word.start(), drawn_by(word.start())
        ends = [word.end()]
        if word.end() - start > 1 and drawn_by(word.end() - 1) != first:
            ends = [i for i in range(start + 1, word.end()) if drawn_by(i) != drawn_by(i - 1)] + ends
        for end in ends:
            style = styles[drawn_by(start)]
            pdfium.FPDFText_GetCharOrigin(textpage, start, *at)
            pdfium.FPDFText_GetLooseCharBox(textpage, end - 1, box)
            across, up = _turned(x.value, y.value, style.turn)
            sides = (_turned(box.left, box.bottom, style.turn)[0], _turned(box.right, box.top, style.turn)[0])
            yield _Piece(start, end, across, up, max(sides), style)
            start = end


def _turned(x: float, y: float, turn: int) -> tuple[float, float]:
    """The point as seen by who turns the page until the text runs to the right."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[turn]


def _style(textpage: pdfium.FPDF_TEXTPAGE, index: int, drawn: pdfium.FPDF_PAGEOBJECT) -> _TextStyle:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(textpage, index, matrix)
    size = pdfium.FPDFText_GetFontSize(textpage, index) * hypot(matrix.c, matrix.d)
    angle = atan2(matrix.b, matrix.a)
    turn = round(angle / (pi / 2))
    mode = pdfium.FPDFTextObj_GetTextRenderMode(drawn)
    invisible = mode in (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
    tilted = abs(angle - turn * pi / 2) > _TILT
    return _TextStyle(size, _is_bold(drawn), not invisible, turn % 4, tilted, (matrix.e, matrix.f))


def _is_bold(drawn: pdfium.FPDF_PAGEOBJECT) -> bool:
    font = pdfium.FPDFTextObj_GetFont(drawn) if drawn else None
    if not font:
        return False
    name = ctypes.create_string_buffer(200)
    pdfium.FPDFFont_GetBaseFontName(font, name, len(name))
    return bool(BOLD.search(name.value.decode("utf-8", "replace"))) or pdfium.FPDFFont_GetWeight(font) in _BOLD_WEIGHTS


def _seen(page: PdfPage, pieces: list[_Piece]) -> Iterator[_Piece]:
    """Without watermarks, what stands beside the page, and, where most of it is visible, what is not."""
    left, bottom, right, top = page.get_bbox()
    lit = sum(piece.end - piece.start if piece.style.visible else piece.start - piece.end for piece in pieces) > 0
    tilted = [True, *(piece.style.tilted for piece in pieces), True]
    for index, piece in enumerate(pieces):
        corners = (piece.style.at, _turned(piece.x, piece.y, -piece.style.turn % 4))
        inside = any(left <= x <= right and bottom <= y <= top for x, y in corners)
        # Of words that follow an arc, the letter at the top of it stands upright.
        askew = tilted[index + 1] or (tilted[index] and tilted[index + 2] and len(pieces) > 1)
        if inside and not askew and (piece.style.visible or not lit):
            yield piece


def _filled_in(pieces: list[_Piece], fields: int) -> list[_Piece]:
    """With each piece of a form field after the one on its left."""
    found = [piece for piece in pieces if piece.start < fields]
    for piece in pieces[len(found) :]:
        before = [
            (other.right, index)
            for index, other in enumerate(found)
            if other.right <= piece.x + 2 and abs(other.y - piece.y) <= 0.5 * piece.style.size
        ]
        found.insert(max(before)[1] + 1 if before else len(found), piece)
    return found


def _is_struck(piece: _Piece, turn: int, rules: Rules) -> bool:
    """Whether a line goes through a word: it no longer holds."""
    return piece.style.turn == turn and rules.strikes(piece.x, piece.right, piece.y, piece.style.size)


def _in_cells(pieces: list[_Piece], turn: int, rules: Rules) -> list[_Piece]:
    """The pieces with their cells, where two rows at least have two filled ones and their words keep to them.

    Others are frames and pictures.
    """
    found = grids(rules)
    if not found or len(pieces) > _MOST_PIECES:
        return pieces
    cells = [next((cell for grid in found if (cell := grid.at(*_middle(piece, turn)))), None) for piece in pieces]
    across = Counter(
        cell.table
        for cell, piece in zip(cells, pieces, strict=True)
        if cell and piece.style.turn == turn and not found[cell.table].holds(cell, piece.x, piece.right)
    )
    filled = set(filter(None, cells))
    lines = Counter((cell.table, line) for cell in filled for line in range(cell.top, cell.bottom + 1))
    rows = Counter(table for table, line in lines if lines[table, line] > 1 and _opens(filled, table, line))
    words = Counter(cell.table for cell in cells if cell)
    tables = {table for table, count in rows.items() if count > 1 and across[table] <= _ACROSS * words[table]}
    return [
        replace(piece, cell=cell) if cell and cell.table in tables else piece
        for cell, piece in zip(cells, pieces, strict=True)
    ]


def _opens(cells: Iterable[Cell], table: int, line: int) -> bool:
    return any((cell.table, cell.top) == (table, line) for cell in cells)


def _middle(piece: _Piece, turn: int) -> tuple[float, float]:
    x, y = (piece.x + piece.right) / 2, piece.y + 0.3 * piece.style.size
    return _turned(*_turned(x, y, -piece.style.turn % 4), turn)


def _goes_on(row: Sequence[_Piece], piece: _Piece) -> bool:
    """Whether a piece stands next on the same line: as high, give or take a superscript, and not before the last."""
    main = max(row[-_NEAR:], key=lambda before: before.style.size)
    size = max(piece.style.size, main.style.size)
    level = piece.style.turn == main.style.turn and abs(piece.y - main.y) <= _SAME_LINE * size
    return level and piece.x > row[-1].right - size and piece.cell == row[-1].cell


def _row(text: str, pieces: Sequence[_Piece], turn: int) -> Row:
    chars: list[str] = []
    places: list[int] = []
    sizes = [0]
    for piece, after in zip(pieces, (*pieces[1:], None), strict=True):
        end = _reach(text, piece, after)
        chars.append(text[piece.start : end].translate(_DRAWN))
        places += range(piece.start, end)
        apart = after is not None and after.start != piece.end and not chars[-1][-1:].isspace()
        if after and apart and (after.start < piece.start or after.x - piece.right >= _NO_SPACE * piece.style.size):
            chars.append(" ")
            places.append(end - 1)
        sizes.append(len(places))
    letters = [piece for piece in pieces if any(char.isalnum() for char in text[piece.start : piece.end])]
    return Row(
        "".join(chars),
        tuple(places),
        pieces[0].x,
        prevailing((piece.y, piece.end - piece.start) for piece in pieces),
        max(piece.right for piece in pieces),
        prevailing((round(piece.style.size, 1), piece.end - piece.start) for piece in pieces),
        bool(letters) and all(piece.style.bold for piece in letters),
        (pieces[0].style.turn - turn) % 4,
        tuple(_parts("".join(chars), pieces, sizes)),
        pieces[0].cell,
    )


def _parts(text: str, pieces: Sequence[_Piece], ends: Sequence[int]) -> Iterator[Part]:
    """The parts of a row; ``ends`` are the offsets at which its pieces begin, and its own end."""
    first = 0
    for index, piece in enumerate(pieces):
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        wide = after is not None and after.x - piece.right >= _WIDE * piece.style.size
        if after is None or (wide and not _is_mark(text[ends[first] : ends[index + 1]])):
            yield Part(ends[first], ends[index + 1], pieces[first].x, piece.right)
            first = index + 1


def _is_mark(text: str) -> bool:
    """Whether the text is the bullet or the number of what follows it."""
    text = text.strip()
    return not text.endswith("°") and any(marker.end >= len(text) for marker in markers(f"{text} A"))


def _reach(text: str, piece: _Piece, after: _Piece | None) -> int:
    """The end of a piece with the white space after it: none that PDFium made of the rise of a superscript."""
    end = piece.end
    while end < len(text) and text[end].isspace() and (text[end] not in "\r\n" or (after and end < after.start)):
        end += 1
    made = after is not None and text[piece.end : end] == "\r\n"
    return piece.end if after and made and after.x - piece.right < _NO_SPACE * piece.style.size else end

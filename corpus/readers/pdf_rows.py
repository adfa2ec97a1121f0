"""Rows of characters of a PDF page, as PDFium places them, with their size, weight and direction."""

import ctypes
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import atan2, hypot, pi

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from corpus.layout.lines import prevailing

BOLD = re.compile(r"bold|black|heavy|demi|extrab|gras", re.IGNORECASE)
# What PDFium writes for a hyphen that ends a line, for a glyph without a character, where it sees another line.
_DRAWN = {"\x02": "-", "\ufffe": "-", "\x00": "\ufffd", "\r": " ", "\n": " "}
_BOLD_WEIGHTS = range(600, 1001)  # beyond, PDFium misread the font
# Further from the axes than that (3 degrees) is a watermark, no scan that was laid askew.
_TILT = 0.05
# Of the font size: superscripts rise by a third, cells of a row are centred; lines are further apart than that.
_SAME_LINE = 0.8
# Pieces before one that tell the height of its line: more than a superscript has.
_NEAR = 20
# Of the font size: narrower than any space.
_NO_SPACE = 0.12


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


def page_rows(page: PdfPage, most: int) -> list[Row]:
    """The lines of a page in the order of the file, from its first ``most`` characters."""
    with closing(page.get_textpage()) as textpage:
        text = _characters(textpage.raw)[: most + 1]
        pieces = list(_seen(page, list(_pieces(textpage.raw, text))))
    turn = int(prevailing((piece.style.turn, piece.end - piece.start) for piece in pieces))
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
    return _DRAWN.get(char, char)


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


def _goes_on(row: Sequence[_Piece], piece: _Piece) -> bool:
    """Whether a piece stands next on the same line: as high, give or take a superscript, and not before the last."""
    main = max(row[-_NEAR:], key=lambda before: before.style.size)
    size = max(piece.style.size, main.style.size)
    level = piece.style.turn == main.style.turn and abs(piece.y - main.y) <= _SAME_LINE * size
    return level and piece.x > row[-1].right - size


def _row(text: str, pieces: Sequence[_Piece], turn: int) -> Row:
    chars: list[str] = []
    places: list[int] = []
    for piece, after in zip(pieces, (*pieces[1:], None), strict=True):
        end = _reach(text, piece, after)
        chars += [_DRAWN.get(char, char) for char in text[piece.start : end]]
        places += range(piece.start, end)
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
    )


def _reach(text: str, piece: _Piece, after: _Piece | None) -> int:
    """The end of a piece with the white space after it: none that PDFium made of the rise of a superscript."""
    end = piece.end
    while end < len(text) and text[end].isspace() and (text[end] not in "\r\n" or (after and end < after.start)):
        end += 1
    made = after is not None and text[piece.end : end] == "\r\n"
    return piece.end if after and made and after.x - piece.right < _NO_SPACE * piece.style.size else end

"""Extract the words of a PDF page with PDFium: place, size, weight, direction, table cell."""

import ctypes
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import groupby
from math import atan2, hypot, pi
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

from corpus.layout.lines import prevailing
from corpus.readers.pdf_rules import Cell, Rules, Stroke, grids, page_rules

BOLD = re.compile(r"bold|black|heavy|demi|extrab|gras", re.IGNORECASE)
# What PDFium writes for a hyphen that ends a line, for a glyph without a character, where it sees another line; and
# signs of fonts of pictures, in which lists have their bullets: outside the file they show as an empty square.
DRAWN = str.maketrans({"\x02": "-", "\ufffe": "-", "\x00": "\ufffd", "\r": " ", "\n": " "}) | dict.fromkeys(
    range(0xF000, 0xF100), "•"
)
# Fonts of pictures whose letters PDFium gives as they were typed: "l" is a black dot.
_PICTURES = re.compile(r"dingbats|wingdings|webdings", re.IGNORECASE)
_BOLD_WEIGHTS = range(600, 1001)  # beyond, PDFium misread the font
# Further from the axes than that (3 degrees) is a watermark, no scan that was laid askew.
_TILT = 0.05
# Of the words of a table, those that cross the borders of their cells: in a picture more do.
_ACROSS = 0.1
# In a content stream: shows a text, or another stream.
_TEXT_OPERATOR = re.compile(rb"T[jJ]|['\"]\s|Do\b")
# Of one page: more are a pattern. Font sizes between one and its text.
_MOST_DOTS, _BEFORE = 200, 2.5
# Of one page: more are a file made to keep us busy.
_MOST_FIELDS, _MOST_PIECES = 2_000, 20_000


class _TextStyle(NamedTuple):
    """What the characters of one text object share."""

    size: float
    """Points, as printed."""
    bold: bool
    pictures: bool
    """Its letters are signs: bullets."""
    visible: bool
    turn: int
    """Quarter turns, counterclockwise, from text that runs to the right."""
    tilted: bool
    at: tuple[float, float]
    """Where the text object starts, on the page."""


class PrintedWord(NamedTuple):
    """A word, or what one text object draws of it: characters ``start`` to ``end`` of the page."""

    start: int
    end: int
    x: float
    """In the direction of its text; ``y`` is the height of its baseline, across it."""
    y: float
    right: float
    style: _TextStyle
    cell: Cell | None = None
    bulleted: bool = False
    """Whether a bullet that is drawn stands before it."""


def open_page(document: PdfDocument, index: int) -> tuple[PdfPage, int]:
    """A page, the values of its form fields made text like any other; and the character with which they begin."""
    page = document[index]
    count = pdfium.FPDFPage_GetAnnotCount(page.raw)
    if not 0 < count <= _MOST_FIELDS or not any(_shows_text(page, number) for number in range(count)):
        return page, -1
    with closing(page.get_textpage()) as textpage:
        own = textpage.count_chars()
    pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY)
    page.close()
    return document[index], own


def _shows_text(page: PdfPage, number: int) -> bool:
    """Whether an annotation is a form field whose appearance draws text: that of an empty one does not."""
    annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
    try:
        if pdfium.FPDFAnnot_GetSubtype(annotation) != pdfium.FPDF_ANNOT_WIDGET:
            return False
        normal = pdfium.FPDF_ANNOT_APPEARANCEMODE_NORMAL
        length = pdfium.FPDFAnnot_GetAP(annotation, normal, None, 0)
        buffer = (ctypes.c_ushort * (length // 2 + 1))()
        pdfium.FPDFAnnot_GetAP(annotation, normal, buffer, length)
        return _TEXT_OPERATOR.search(bytes(buffer)[::2]) is not None
    finally:
        pdfium.FPDFPage_CloseAnnot(annotation)


def page_words(page: PdfPage, most: int, fields: int) -> tuple[str, list[PrintedWord], int]:
    """The first ``most`` characters of a page, where they are printed, and the quarter turns of most of them.

    Form fields have the characters from ``fields`` on, if any: each goes to the line where it stands.
    """
    with closing(page.get_textpage()) as textpage:
        text = _characters(textpage.raw)[: most + 1]
        pieces = list(_visible(page, list(_pieces(textpage.raw, text))))
        if fields >= 0 and len(pieces) <= _MOST_PIECES:
            pieces = _with_field_values(pieces, fields)
        turn = int(prevailing((piece.style.turn, piece.end - piece.start) for piece in pieces))
        rules = page_rules(page, partial(_rotated, turn=turn))
        pieces = _without_struck_out(textpage.raw, pieces, turn, rules)
    return text, _with_bullets(_in_cells(pieces, turn, rules), turn, rules), turn


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


def character(textpage: PdfTextPage, index: int) -> str:
    """What a character of a page stands for."""
    code = pdfium.FPDFText_GetUnicode(textpage, index)
    char = (chr(code) if code <= 0x10FFFF else "\ufffd").translate(DRAWN)
    if char.isalnum() and _PICTURES.search(_font(pdfium.FPDFText_GetTextObject(textpage, index))[0]):
        return "•"
    return char


def _font(drawn: pdfium.FPDF_PAGEOBJECT) -> tuple[str, int]:
    """Name and weight."""
    font = pdfium.FPDFTextObj_GetFont(drawn) if drawn else None
    if not font:
        return "", 0
    name = ctypes.create_string_buffer(200)
    pdfium.FPDFFont_GetBaseFontName(font, name, len(name))
    return name.value.decode("utf-8", "replace"), pdfium.FPDFFont_GetWeight(font)


def _by_address(function: object, result: type, *arguments: type) -> Callable[..., Any]:
    """The function for addresses: pointers made of each character would take a third of the time of reading a page."""
    address = ctypes.cast(function, ctypes.c_void_p).value or 0  # type: ignore[arg-type]
    return ctypes.CFUNCTYPE(result, *arguments)(address)


_AT, _INDEX, _DONE = ctypes.c_void_p, ctypes.c_int, ctypes.c_int
_text_object = _by_address(pdfium.FPDFText_GetTextObject, _AT, _AT, _INDEX)
_origin = _by_address(pdfium.FPDFText_GetCharOrigin, _DONE, _AT, _INDEX, _AT, _AT)
_loose_box = _by_address(pdfium.FPDFText_GetLooseCharBox, _DONE, _AT, _INDEX, _AT)
_matrix = _by_address(pdfium.FPDFText_GetMatrix, _DONE, _AT, _INDEX, _AT)
_font_size = _by_address(pdfium.FPDFText_GetFontSize, ctypes.c_double, _AT, _INDEX)
_font_of = _by_address(pdfium.FPDFTextObj_GetFont, _AT, _AT)
_render_mode = _by_address(pdfium.FPDFTextObj_GetTextRenderMode, ctypes.c_int, _AT)
_Fonts = dict[int, tuple[bool, bool]]
"""Whether a font is bold, and whether it is one of pictures, by its address."""


def _pieces(textpage: pdfium.FPDF_TEXTPAGE, text: str) -> Iterator[PrintedWord]:
    """The words of a page, cut where the text object changes: the fewer calls, the faster."""
    styles: dict[int, _TextStyle] = {}
    fonts: _Fonts = {}
    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
    page = ctypes.cast(textpage, ctypes.c_void_p).value or 0
    across_at, up_at, box_at = map(ctypes.addressof, (x, y, box))

    def drawn_by(index: int) -> int:
        address = _text_object(page, index) or 0
        if address not in styles:
            styles[address] = _style(page, index, address, fonts)
        return address

    for word in re.finditer(r"\S+", text):
        start, first = word.start(), drawn_by(word.start())
        ends = [word.end()]
        if word.end() - start > 1 and drawn_by(word.end() - 1) != first:
            ends = [i for i in range(start + 1, word.end()) if drawn_by(i) != drawn_by(i - 1)] + ends
        for end in ends:
            style = styles[first if start == word.start() else drawn_by(start)]
            _origin(page, start, across_at, up_at)
            _loose_box(page, end - 1, box_at)
            if style.turn:
                across, up = _rotated(x.value, y.value, style.turn)
                right = max(_rotated(box.left, box.bottom, style.turn)[0], _rotated(box.right, box.top, style.turn)[0])
            else:
                across, up, right = x.value, y.value, max(box.left, box.right)
            yield PrintedWord(start, end, across, up, right, style)
            start = end


def _rotated(x: float, y: float, turn: int) -> tuple[float, float]:
    """The point as seen by who turns the page until the text runs to the right."""
    return ((y, -x), (-x, -y), (-y, x))[turn - 1] if turn else (x, y)


def _style(page: int, index: int, drawn: int, fonts: _Fonts) -> _TextStyle:
    """What the text object at an address says of the character that it draws on a page, at an address too."""
    matrix = pdfium.FS_MATRIX()
    _matrix(page, index, ctypes.addressof(matrix))
    size = _font_size(page, index) * hypot(matrix.c, matrix.d)
    angle = atan2(matrix.b, matrix.a) if matrix.b or matrix.a <= 0 else 0.0
    turn = round(angle / (pi / 2))
    mode = _render_mode(drawn)
    invisible = mode in (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
    tilted = abs(angle - turn * pi / 2) > _TILT
    address = _font_of(drawn) or 0
    if address not in fonts:
        name, weight = _font(ctypes.cast(drawn, pdfium.FPDF_PAGEOBJECT))
        fonts[address] = (bool(BOLD.search(name)) or weight in _BOLD_WEIGHTS, _PICTURES.search(name) is not None)
    bold, pictures = fonts[address]
    return _TextStyle(size, bold, pictures, not invisible, turn % 4, tilted, (matrix.e, matrix.f))


def _visible(page: PdfPage, pieces: list[PrintedWord]) -> Iterator[PrintedWord]:
    """Without watermarks, what stands beside the page, and, where most of it is visible, what is not."""
    left, bottom, right, top = page.get_bbox()
    lit = sum(piece.end - piece.start if piece.style.visible else piece.start - piece.end for piece in pieces) > 0
    tilted = [True, *(piece.style.tilted for piece in pieces), True]
    for index, piece in enumerate(pieces):
        x, y = _rotated(piece.x, piece.y, -piece.style.turn % 4) if piece.style.turn else (piece.x, piece.y)
        start, height = piece.style.at
        inside = (left <= x <= right and bottom <= y <= top) or (left <= start <= right and bottom <= height <= top)
        # Of words that follow an arc, the letter at the top of it stands upright.
        askew = tilted[index + 1] or (tilted[index] and tilted[index + 2] and len(pieces) > 1)
        if inside and not askew and (piece.style.visible or not lit):
            yield piece


def _with_field_values(pieces: list[PrintedWord], fields: int) -> list[PrintedWord]:
    """With each word of a form field after the one on its left, else before the one on its right."""
    found = [piece for piece in pieces if piece.start < fields]
    for piece in pieces[len(found) :]:
        size = piece.style.size
        level = [(other.x, index) for index, other in enumerate(found) if abs(other.y - piece.y) <= 0.5 * size]
        left = max(((x, index + 1) for x, index in level if x < piece.x), default=None)
        _, place = left or min(level, default=(0.0, len(found)))
        found.insert(place, piece)
    return found


def _without_struck_out(
    textpage: pdfium.FPDF_TEXTPAGE, pieces: list[PrintedWord], turn: int, rules: Rules
) -> list[PrintedWord]:
    """Without what a line strikes out: one no longer than the words, unlike an ornament behind a title."""
    struck: dict[Stroke, list[PrintedWord]] = {}
    found: list[PrintedWord] = []
    for piece in pieces if rules.level else ():
        stroke = rules.strike(piece.x, piece.right, piece.y, piece.style.size) if piece.style.turn == turn else None
        parts = [piece]
        if stroke and (stroke.start > piece.x + 2 or stroke.end < piece.right - 2):
            parts = list(_cut(textpage, piece, stroke))
        found += parts
        if stroke:
            within = (part for part in parts if stroke.start < (part.x + part.right) / 2 < stroke.end + 1)
            struck.setdefault(stroke, []).extend(within)
    gone: set[int] = set()
    for stroke, words in struck.items():
        size = max((word.style.size for word in words), default=0.0)
        if words and words[0].x - stroke.start < size and stroke.end - max(word.right for word in words) < size:
            gone.update(word.start for word in words)
    return [piece for piece in found if piece.start not in gone] or pieces


def _cut(textpage: pdfium.FPDF_TEXTPAGE, word: PrintedWord, stroke: Stroke) -> Iterator[PrintedWord]:
    """The parts of a word that a stroke covers, and those that it does not."""
    box = pdfium.FS_RECTF()
    sides: list[tuple[float, float]] = []
    for index in range(word.start, word.end):
        pdfium.FPDFText_GetLooseCharBox(textpage, index, box)
        corners = (_rotated(x, y, word.style.turn)[0] for x, y in ((box.left, box.bottom), (box.right, box.top)))
        left, right = sorted(corners)
        sides.append((left, right))
    covered = [stroke.start - 1 < (left + right) / 2 < stroke.end + 1 for left, right in sides]
    for _, run in groupby(range(len(sides)), key=lambda index: covered[index]):
        indices = list(run)
        first, last = indices[0], indices[-1]
        yield word._replace(
            start=word.start + first, end=word.start + last + 1, x=sides[first][0], right=sides[last][1]
        )


def _in_cells(pieces: list[PrintedWord], turn: int, rules: Rules) -> list[PrintedWord]:
    """The pieces with their cells, where two rows at least have two filled ones and their words keep to them.

    Under a header that fills three, one is enough: a page break cut its row. Others are frames and pictures.
    """
    found = grids(rules)
    if not found or len(pieces) > _MOST_PIECES:
        return pieces
    cells = [next(filter(None, (grid.at(*_middle(piece, turn)) for grid in found)), None) for piece in pieces]
    across = Counter(
        cell.table
        for cell, piece in zip(cells, pieces, strict=True)
        if cell and piece.style.turn == turn and not found[cell.table].holds(cell, piece.x, piece.right)
    )
    filled = set(filter(None, cells))
    lines = Counter((cell.table, line) for cell in filled for line in range(cell.top, cell.bottom + 1))
    opened = {(cell.table, cell.top) for cell in filled}
    rows = Counter(table for table, line in opened if lines[table, line] > 1)
    words = Counter(cell.table for cell in cells if cell)
    headed = {table for table, line in lines if line == 0 and lines[table, 0] > 2 and lines[table, 1] > 0}
    tables = {
        table
        for table, count in rows.items()
        if (count > 1 or table in headed) and across[table] <= _ACROSS * words[table]
    }
    return [
        piece._replace(cell=cell) if cell and cell.table in tables else piece
        for cell, piece in zip(cells, pieces, strict=True)
    ]


def _with_bullets(pieces: list[PrintedWord], turn: int, rules: Rules) -> list[PrintedWord]:
    """The pieces, those marked that open a line and have a dot before them, in the middle of small letters."""
    if not rules.dots or len(rules.dots) > _MOST_DOTS:
        return pieces
    found = list(pieces)
    for x, y in rules.dots:
        line = [at for at, piece in enumerate(pieces) if piece.y < y < piece.y + 0.7 * piece.style.size and x < piece.x]
        first = min(line, key=lambda at: pieces[at].x, default=None)
        if first is None or pieces[first].style.turn != turn:
            continue
        if 0.3 * pieces[first].style.size < pieces[first].x - x < _BEFORE * pieces[first].style.size:
            found[first] = pieces[first]._replace(bulleted=True)
    return found


def _middle(piece: PrintedWord, turn: int) -> tuple[float, float]:
    x, y = (piece.x + piece.right) / 2, piece.y + 0.3 * piece.style.size
    if turn == piece.style.turn:
        return x, y
    return _rotated(*_rotated(x, y, -piece.style.turn % 4), turn)

"""Printed lines of a PDF page, from the characters that PDFium places, with their size, weight and reading order."""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import atan2, hypot, pi

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from corpus.document import PrintedRun
from corpus.layout.lines import Line, relative, trim

# Mean width of a character, in font sizes: 0.50 for Arial, 0.45 for Times, 0.52 for Marianne.
CHARACTER = 0.5
# Ordinary line spacing where a document has too few lines to tell.
SPACING = 1.2
BOLD = re.compile(r"bold|black|heavy|demi|extrab|gras", re.IGNORECASE)
# Footnotes are set a fifth smaller than the text.
NOTE_SIZE = 0.92
NOTE = re.compile(r"(?:\[?\(?\d{1,3}\]?\)?|\*{1,3})[\s.]*\S")
# What PDFium writes for a hyphen that ends a line, for a glyph without a character, where it sees another line.
_DRAWN = {"\x02": "-", "\ufffe": "-", "\x00": "\ufffd", "\r": " ", "\n": " "}
_BOLD_WEIGHTS = range(600, 1001)  # beyond, PDFium misread the font
# Further from the axes than that (3 degrees) is a watermark, no scan that was laid askew.
_TILT = 0.05
# Of the font size: superscripts rise by a third, cells of a row are centred; lines are further apart than that.
_SAME_LINE = 0.8
# On one page: more are a drawing, or a file made to keep us busy.
_MOST_RUNS = 200
# Of the lines that one moves past: short ones of its own column, such as the ends of paragraphs, but no other column.
_STRANGERS = 0.2
# Of the font size: narrower than any space.
_NO_SPACE = 0.12


@dataclass(frozen=True, slots=True)
class _Style:
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
    style: _Style


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
    turn: int = 0


def printed(page: PdfPage, most: int) -> list[Row]:
    """The lines of a page, in reading order, from its first ``most`` characters."""
    textpage = page.get_textpage()
    try:
        text = _characters(textpage.raw)[: most + 1]
        pieces = list(_seen(page, list(_pieces(textpage.raw, text))))
    finally:
        textpage.close()
    upright = Counter(piece.style.turn for piece in pieces for _ in range(piece.start, piece.end))
    turn = max(upright, key=lambda value: upright[value], default=0)
    rows: list[list[_Piece]] = []
    for piece in pieces:
        if rows and _goes_on(rows[-1], piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return _in_order([replace(row, turn=(row.turn - turn) % 4) for row in (_row(text, pieces) for pieces in rows)])


def _characters(textpage: pdfium.FPDF_TEXTPAGE) -> str:
    """One for each that PDFium counts: those of its text, where they are as many."""
    count = pdfium.FPDFText_CountChars(textpage)
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(textpage, 0, count, buffer)
    text = bytes(buffer)[:-2].decode("utf-16-le", "surrogatepass")
    if written - 1 != count or len(text) != count:
        text = "".join(character(pdfium.FPDFText_GetUnicode(textpage, index)) for index in range(count))
    return text


def character(code: int) -> str:
    """What PDFium tells of one character."""
    char = chr(code) if code <= 0x10FFFF else "\ufffd"
    return _DRAWN.get(char, char)


def _pieces(textpage: pdfium.FPDF_TEXTPAGE, text: str) -> Iterator[_Piece]:
    """The words of a page, cut where the text object changes: the fewer calls, the faster."""
    styles: dict[int, _Style] = {}
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


def _style(textpage: pdfium.FPDF_TEXTPAGE, index: int, drawn: pdfium.FPDF_PAGEOBJECT) -> _Style:
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(textpage, index, matrix)
    size = pdfium.FPDFText_GetFontSize(textpage, index) * hypot(matrix.c, matrix.d)
    angle = atan2(matrix.b, matrix.a)
    turn = round(angle / (pi / 2))
    mode = pdfium.FPDFTextObj_GetTextRenderMode(drawn)
    invisible = mode in (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
    return _Style(
        size, _is_bold(drawn), not invisible, turn % 4, abs(angle - turn * pi / 2) > _TILT, (matrix.e, matrix.f)
    )


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
    last, size = row[-1], max(piece.style.size, *(above.style.size for above in row))
    main = max(row, key=lambda above: above.style.size)
    return (
        piece.style.turn == last.style.turn
        and abs(piece.y - main.y) <= _SAME_LINE * size
        and piece.x > last.right - size
    )


def _row(text: str, pieces: Sequence[_Piece]) -> Row:
    chars: list[str] = []
    places: list[int] = []
    sizes: Counter[float] = Counter()
    heights: Counter[float] = Counter()
    for piece, after in zip(pieces, (*pieces[1:], None), strict=True):
        end = _reach(text, piece, after)
        chars += [_DRAWN.get(char, char) for char in text[piece.start : end]]
        places += range(piece.start, end)
        sizes[round(piece.style.size, 1)] += piece.end - piece.start
        heights[piece.y] += piece.end - piece.start
    letters = [piece for piece in pieces if any(char.isalnum() for char in text[piece.start : piece.end])]
    return Row(
        "".join(chars),
        tuple(places),
        pieces[0].x,
        max(heights, key=lambda value: heights[value]),
        max(piece.right for piece in pieces),
        max(sizes, key=lambda value: sizes[value]),
        bool(letters) and all(piece.style.bold for piece in letters),
        pieces[0].style.turn,
    )


def _reach(text: str, piece: _Piece, after: _Piece | None) -> int:
    """The end of a piece with the white space after it: none that PDFium made of the rise of a superscript."""
    end = piece.end
    while end < len(text) and text[end].isspace() and (text[end] not in "\r\n" or (after and end < after.start)):
        end += 1
    made = after is not None and text[piece.end : end] == "\r\n"
    return piece.end if after and made and after.x - piece.right < _NO_SPACE * piece.style.size else end


def _in_order(rows: list[Row]) -> list[Row]:
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
    at = body.index(run[0])
    rest = [row for row in body if row not in run]
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
    above = [row for row in rows if not row.turn and row.y >= heights[-1] - 2]
    below = [row for row in rows if not row.turn and row.y <= heights[0] + 2]
    head = above if min(row.y for row in above) - inner[-1] > 1.5 * above[0].size else []
    foot = below if inner[0] - max(row.y for row in below) > 1.5 * below[0].size else []
    return head, [row for row in rows if row not in head and row not in foot], foot


def joined(pages: Sequence[Sequence[Row]]) -> tuple[str, list[Line]]:
    """The raw text, a line per line and a form feed between pages, and its lines."""
    body = _body_size(pages)
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
    """Where the characters of a text are printed.

    Args:
        text: What was composed of the raw text of ``joined``.
        origin: For each of its characters, the one of the raw text.
        pages: What ``joined`` made the raw text of.
    """
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


def _body_size(pages: Sequence[Sequence[Row]]) -> float:
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

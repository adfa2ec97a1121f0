"""Pages of PDF files as images, and where each of their characters stands on them."""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from math import sqrt
from threading import Lock

import pypdfium2
import pypdfium2.raw as pdfium

DPI = 144
"""A4 is then 1,191 pixels wide: sharp at the width of a phone or of half a screen."""
MAX_PIXELS = 4_000_000
"""Of one image: twice an A4 page. A file may announce pages of any size."""
MAX_SIDE = 8_000
"""Pixels; WebP allows 16,383."""
MAX_CHARACTERS = 100_000
"""Of one page: twenty times a dense one. Beyond, nothing is highlighted."""
_GRID = 100_000
"""Units in which pdfium places a point on a page: whole numbers only."""

# pdfium may be called from one thread at a time, whatever the document.
_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in shares of its width and height, from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """What a page shows."""

    width: float
    """Points, as seen: after rotation."""
    height: float
    text: str
    """One character for each that pdfium counts, white space between lines included."""
    boxes: tuple[Box | None, ...]
    """Of each character of ``text``; None for one that pdfium adds."""


class UnusablePageError(Exception):
    """A page that cannot be drawn: pdfium refuses the file or the page."""


def printed_page(data: bytes, number: int) -> PrintedPage:
    """The characters of page ``number`` (from 1) and their boxes.

    Raises:
        UnusablePageError: There is no such page or it cannot be opened.
    """
    with _LOCK, _opened(data, number) as page:
        width, height = page.get_size()
        text = page.get_textpage()
        try:
            chars = [_char(text, i) for i in range(min(text.count_chars(), MAX_CHARACTERS))]
            boxes = tuple(_box(page, text, i) for i in range(len(chars)))
        finally:
            text.close()
    return PrintedPage(width, height, "".join(chars), boxes)


def page_image(data: bytes, number: int) -> bytes:
    """Page ``number`` (from 1) as a WebP image, lossless: no letter is blurred.

    Raises:
        UnusablePageError: There is no such page or it cannot be drawn.
    """
    with _LOCK, _opened(data, number) as page:
        bitmap = page.render(scale=_scale(*page.get_size()))
        try:
            image = bitmap.to_pil().copy()
        finally:
            bitmap.close()
    buffer = BytesIO()
    image.save(buffer, "WEBP", lossless=True, method=1)
    return buffer.getvalue()


def _scale(width: float, height: float) -> float:
    """Pixels per point: sharp, and never more pixels than the limits."""
    return min(DPI / 72, sqrt(MAX_PIXELS / (width * height)), MAX_SIDE / max(width, height))


@contextmanager
def _opened(data: bytes, number: int) -> Iterator[pypdfium2.PdfPage]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise UnusablePageError(str(error)) from error
    try:
        if not 1 <= number <= len(document):
            raise UnusablePageError(f"page {number} of {len(document)}")
        page = document[number - 1]
        width, height = page.get_size()
        if not (width > 0 and height > 0):
            raise UnusablePageError(f"a page of {width} x {height} points")
        yield page
    except pypdfium2.PdfiumError as error:
        raise UnusablePageError(str(error)) from error
    finally:
        document.close()


def _char(text: pypdfium2.PdfTextPage, index: int) -> str:
    code = pdfium.FPDFText_GetUnicode(text, index)
    # A lone surrogate is half of a character that no letter of ours is compared with.
    return "\ufffd" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def _box(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, index: int) -> Box | None:
    if pdfium.FPDFText_IsGenerated(text, index) == 1 and pdfium.FPDFText_IsHyphen(text, index) != 1:
        return None
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDFText_GetLooseCharBox(text, index, rect):
        return None
    (x1, y1), (x2, y2) = _seen(page, rect.left, rect.top), _seen(page, rect.right, rect.bottom)
    return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


def _seen(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """A point of the page where it is seen, rotation and cropping done, clamped to the page."""
    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, x, y, across, down)
    return tuple(min(max(value.value / _GRID, 0.0), 1.0) for value in (across, down))  # type: ignore[return-value]


def line_boxes(page: PrintedPage, places: Sequence[int]) -> list[Box]:
    """Few boxes that cover these characters: one for each run of them on a line."""
    lines: list[Box] = []
    for place in places:
        box = page.boxes[place]
        if box is None or box.right <= box.left or box.bottom <= box.top:
            continue
        if lines and _goes_on(lines[-1], box, page.width / page.height):
            last = lines[-1]
            lines[-1] = Box(
                min(last.left, box.left),
                min(last.top, box.top),
                max(last.right, box.right),
                max(last.bottom, box.bottom),
            )
        else:
            lines.append(box)
    return lines


def _goes_on(line: Box, box: Box, aspect: float) -> bool:
    """Whether a character stands next on the same line: no further than a wide space."""
    height = min(line.bottom - line.top, box.bottom - box.top)
    shared = min(line.bottom, box.bottom) - max(line.top, box.top)
    gap = (box.left - line.right) * aspect
    return shared > 0.5 * height and -height < gap < 1.5 * height

"""Draws pages of PDF files, and places characters on them, in a process that no file brings down with the site."""

import ctypes
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from itertools import chain
from math import sqrt
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from corpus.document import Box
from corpus.errors import MotamotError
from corpus.readers.images import is_image, pdf_of_image
from corpus.readers.pdf_words import character, open_page
from corpus.sandbox import ChildProcess, EndedError, confine

DPI = 144
"""A4 is then 1,191 pixels wide: sharp at the width of a phone or of half a screen."""
MARKED_DPI = 80
"""Of a page on which marks are drawn: some 40 kB, so that a report of 300 pages has 20 MB at most."""
MAX_PIXELS = 4_000_000
"""Of one image: twice an A4 page. A file may announce pages of any size."""
MAX_SIDE = 8_000
"""Pixels; WebP allows 16,383."""
_GRID = 100_000
"""Units in which PDFium places a point on a page: whole numbers only."""
_BETWEEN = "-‐\u2011\u00ad"
"""Hyphens that the reader may have left out between two lines."""
_START = "from bot.web.pdf_pages import answer; from corpus.sandbox import answer_requests; answer_requests(answer)"
_LARGEST_ANSWER = 64_000_000
"""Bytes: more than the largest image (4 million pixels) or the longest quote within their limits."""

Runs = tuple[tuple[int, int], ...]
"""Characters of a page as PDFium counts them: the first one, and the one after the last, of each run."""


@dataclass(frozen=True, slots=True)
class PlacedText:
    """Some slices of a page, and where they stand on it."""

    width: float
    """Points, as seen: after rotation."""
    height: float
    texts: tuple[str, ...]
    """Of each slice, its characters without white space."""
    boxes: tuple[tuple[Box, ...], ...]
    """Of each slice, around them and the hyphens that part them: one for each run on a line."""
    others: tuple[Box, ...] = ()
    """Of all the other characters of the page, where they are wanted: that takes as long as the rest."""


@dataclass(frozen=True, slots=True)
class DrawingLimits:
    """Of one page."""

    cpu_seconds: int = 10
    """Of the processor. Measured: 0.1 to 0.2 s for pages of official PDFs, 1.4 s for scanned ones."""
    wall_seconds: float = 30
    """By the clock: for a busy machine, or a file on a network drive that no longer answers."""
    memory: int = 2**30
    """Bytes of addresses. Measured: 0.15 GB for files of 2 MB; the largest that is read has 50."""
    waiting: int = 8
    """Visitors served at once; a ninth is told to come back. Each holds one of the 40 threads that answer questions."""
    spared: int = 3
    """Pages of one file that may break the process before the others of that file are not tried."""


class UnusablePageError(Exception):
    """A page that cannot be drawn: PDFium refuses the file or the page, or cannot keep within the limits."""


class BusyError(MotamotError):
    """As many visitors as may wait for a page already do."""

    def __init__(self) -> None:
        super().__init__(
            "Beaucoup de pages sont demandées en ce moment, et celle-ci n’a pas pu être préparée. "
            "Rechargez-la dans quelques secondes."
        )


class Drawer:
    """Safe to share between threads; its process starts with the first page and ends with this object.

    A page that breaks the process is tried once: it would cost as much at each visit.
    """

    def __init__(self, limits: DrawingLimits | None = None) -> None:
        self.limits = limits or DrawingLimits()
        self._child = ChildProcess(_START, _LARGEST_ANSWER)
        self._one = Lock()
        self._room = BoundedSemaphore(self.limits.waiting)
        self._broken: set[tuple[str, int]] = set()
        self._breaks: Counter[str] = Counter()

    def image(self, path: Path, sha256: str, number: int, small: bool = False) -> bytes:
        """Page ``number`` (from 1) of the file with that hash, as a WebP image; a small one is to draw marks on.

        Raises:
            UnusablePageError: It cannot be drawn within the limits, or the file is another.
            BusyError: Too many wait.
        """
        return self._asked(path, sha256, number, small=small)[1]

    def place(self, path: Path, sha256: str, number: int, slices: Sequence[Runs], others: bool = False) -> PlacedText:
        """These characters of that page; raises as ``image`` does."""
        found, _ = self._asked(path, sha256, number, slices=slices, others=others)
        *boxes, rest = (tuple(Box(*box) for box in own) for own in (*found["boxes"], found["others"]))
        return PlacedText(found["width"], found["height"], tuple(found["texts"]), tuple(boxes), rest)

    def _asked(self, path: Path, sha256: str, number: int, **what: object) -> tuple[dict[str, Any], bytes]:
        asked = {"path": str(path), "sha256": sha256, "number": number, **what}
        limits = {"memory": self.limits.memory, "cpu_seconds": self.limits.cpu_seconds}
        if not self._room.acquire(blocking=False):
            raise BusyError
        try:
            with self._one:
                if (sha256, number) in self._broken or self._breaks[sha256] >= self.limits.spared:
                    raise UnusablePageError("it broke the process that drew it")
                line, _, rest = self._drawn(asked | limits).partition(b"\n")
        finally:
            self._room.release()
        found = json.loads(line)
        if "unusable" in found:
            raise UnusablePageError(found["unusable"])
        return found, rest

    def _drawn(self, asked: dict[str, Any]) -> bytes:
        try:
            return self._child.ask(asked, self.limits.wall_seconds)
        except EndedError as ended:
            self._broken.add((asked["sha256"], asked["number"]))
            self._breaks[asked["sha256"]] += 1
            raise UnusablePageError(f"the process that drew it ended: {ended.status}") from ended
        except OSError as error:
            raise UnusablePageError(f"the process that draws does not start: {error}") from error


# In the process itself


def answer(asked: dict[str, Any]) -> bytes:
    """A line of JSON: the placed text, or why it cannot be had; after it the image, if that was asked for."""
    confine(asked["memory"], asked["cpu_seconds"])
    told: dict[str, Any] = {}
    image = b""
    try:
        data = Path(asked["path"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != asked["sha256"]:
            raise UnusablePageError("the file has changed")
        if "slices" in asked:
            told = asdict(placed_text(data, asked["number"], asked["slices"], asked["others"]))
        else:
            image = page_image(data, asked["number"], asked["small"])
    except (UnusablePageError, OSError) as error:
        told = {"unusable": str(error)}
    return json.dumps(told).encode() + b"\n" + image


def page_image(data: bytes, number: int, small: bool = False) -> bytes:
    """Page ``number`` (from 1) as a WebP image, lossless, so that no letter is blurred, unless it is small."""
    dpi, options = (MARKED_DPI, {"quality": 45}) if small else (DPI, {"lossless": True, "method": 1})
    with _opened(data, number) as page:
        width, height = page.get_size()
        scale = min(dpi / 72, sqrt(MAX_PIXELS / (width * height)), MAX_SIDE / max(width, height))
        buffer = BytesIO()
        with closing(page.render(scale=scale)) as bitmap:
            bitmap.to_pil().convert("RGB").save(buffer, "WEBP", **options)
    return buffer.getvalue()


def placed_text(data: bytes, number: int, slices: Sequence[Runs], others: bool = False) -> PlacedText:
    """These characters of page ``number`` (from 1), and their boxes."""
    with _opened(data, number) as page, closing(page.get_textpage()) as textpage:
        own = [_visible(textpage, runs) for runs in slices]
        held = set(chain(*own))
        left = [index for index in _visible(textpage, ((0, sys.maxsize),)) if index not in held] if others else []
        *boxes, rest = (tuple(_line_boxes(page, textpage, places)) for places in (*own, left))
        texts = ("".join(character(textpage, index) for index in places) for places in own)
        width, height = page.get_size()
        return PlacedText(width, height, tuple(texts), tuple(boxes), rest)


def _visible(textpage: pypdfium2.PdfTextPage, runs: Runs) -> list[int]:
    """The characters of these runs that are there and no white space."""
    count = textpage.count_chars()
    return [i for start, end in runs for i in range(start, min(end, count)) if not character(textpage, i).isspace()]


@contextmanager
def _opened(data: bytes, number: int) -> Iterator[pypdfium2.PdfPage]:
    try:
        with pypdfium2.PdfDocument(pdf_of_image(data) if is_image(data) else data) as document:
            if not 1 <= number <= len(document):
                raise UnusablePageError(f"page {number} of {len(document)}")
            page, _ = open_page(document, number - 1)
            width, height = page.get_size()
            if not (width > 0 and height > 0):
                raise UnusablePageError(f"a page of {width} x {height} points")
            yield page
    except (pypdfium2.PdfiumError, ValueError) as error:
        raise UnusablePageError(str(error)) from error


def _line_boxes(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, places: Sequence[int]) -> list[Box]:
    """Few boxes that cover these characters and the hyphens between them, and no other character."""
    lines: list[Box] = []
    last = None
    for place in places:
        skipped = range(last + 1, place) if last is not None else range(0)
        hyphens = [i for i in skipped if character(textpage, i) in _BETWEEN]
        near = all(character(textpage, i).isspace() or i in hyphens for i in skipped)
        for index in (*(hyphens if near else ()), place):
            box = _box(page, textpage, index)
            if box is None:
                continue
            if near and lines and _goes_on(lines[-1], box, page.get_width() / page.get_height()):
                line = lines.pop()
                box = Box(*map(min, line[:2], box[:2]), *map(max, line[2:], box[2:]))
            lines.append(box)
        last = place
    return lines


def _box(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, index: int) -> Box | None:
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDFText_GetLooseCharBox(textpage, index, rect):
        return None
    (x1, y1), (x2, y2) = _seen(page, rect.left, rect.top), _seen(page, rect.right, rect.bottom)
    return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)) if x1 != x2 and y1 != y2 else None


def _seen(page: pypdfium2.PdfPage, x: float, y: float) -> tuple[float, float]:
    """A point of the page where it is seen, rotation and cropping done, clamped to the page."""
    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _GRID, _GRID, 0, x, y, across, down)
    return min(max(across.value / _GRID, 0.0), 1.0), min(max(down.value / _GRID, 0.0), 1.0)


def _goes_on(line: Box, box: Box, aspect: float) -> bool:
    """Whether a character stands next on the same line: no further than a wide space."""
    height = min(line.bottom - line.top, box.bottom - box.top)
    shared = min(line.bottom, box.bottom) - max(line.top, box.top)
    gap = (box.left - line.right) * aspect
    return shared > 0.5 * height and -height < gap < 1.5 * height

"""Read images of pages (.png, .jpg, .tif) as pages of a PDF file; recognise the text of pictures with RapidOCR.

The engine comes with the extra ``ocr`` (Apache-2.0, its weights too).
"""

import struct
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, ImageSequence
from pypdfium2 import PdfPage

from corpus.document import Box, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.pdf_rows import Part, Row
from corpus.sandbox import allow_more

# Of one page: A4 at 600 dots an inch has 35 million.
_MOST_PIXELS = 100_000_000
_MOST_FRAMES = 500
# Pixels of the longer side of a page that is kept; points of that side, as of A4.
_SIDE, _HEIGHT = 3_000, 842
# What Pillow and its decoders raise on damaged files.
_DAMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError, RuntimeError),
    *(AttributeError, struct.error, Image.DecompressionBombError),
)
INSTALL_OCR = 'installez la reconnaissance de caractères (« pip install "motamot[ocr]" »)'
MOST_RECOGNISED = 100
"""Pages of one document: ten minutes of processor."""
# Pixels of the longer side of a page, the most that the engine takes: 171 dots an inch for A4.
_RECOGNISED_SIDE = 2_000
# Of the processor, for one page. Measured: 4 to 11 on a busy machine.
_SECONDS = 60
# Below, letters of drawings and of words laid askew; those of printed lines have 0.93 and more.
_LEAST_SCORE = 0.8
# Further from level or upright than that (its sine) is a word on a curve.
_ASKEW = 0.1
# Of the height of a line: what its letters measure, without the room that the engine leaves around them.
_SIZE, _BASELINE = 0.7, 0.22
# Lines whose sizes differ by less are of one: the engine measures to a fifth.
_ONE_SIZE = 0.22


def read_image(data: bytes, name: str) -> StructuredText:
    """Read an image file, or a refusal that names the extra to install."""
    from corpus.readers.pdf import read_pdf  # it needs this module

    try:
        printed = pdf_of_image(data)
    except _DAMAGE as error:
        raise UnreadableDocumentError(
            name,
            "cette image est endommagée, vide ou démesurée.",
            "Ouvrez-la dans un logiciel d’images et enregistrez-la de nouveau en PNG ou en JPEG.",
        ) from error
    return read_pdf(printed, name)


def is_image(data: bytes) -> bool:
    """Whether these are the bytes of an image that we read."""
    return data.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*"))


def pdf_of_image(data: bytes) -> bytes:
    """A PDF file with a page for each image; the same bytes make the same pages.

    Raises:
        OSError: It is damaged.
        ValueError: It is too large, or none of our formats.
    """
    if not is_image(data):
        raise ValueError("neither PNG nor JPEG nor TIFF")
    pages: list[Image.Image] = []
    with Image.open(BytesIO(data), formats=["PNG", "JPEG", "TIFF"]) as image:
        for frame in ImageSequence.Iterator(image):
            if frame.width * frame.height > _MOST_PIXELS or len(pages) == _MOST_FRAMES:
                raise ValueError(f"page {len(pages) + 1} of {frame.width} x {frame.height} pixels")
            pages.append(_on_white(ImageOps.exif_transpose(frame)))
    made = BytesIO()
    resolution = 72 * max(pages[0].size) / _HEIGHT
    pages[0].save(made, "PDF", save_all=True, append_images=pages[1:], resolution=resolution, quality=90)
    return made.getvalue()


def _on_white(frame: Image.Image) -> Image.Image:
    frame.thumbnail((_SIDE, _SIDE))
    shown = Image.new("RGB", frame.size, "white")
    layered = frame.convert("RGBA")
    shown.paste(layered, mask=layered.getchannel("A"))
    return shown


@dataclass(frozen=True, slots=True)
class _Found:
    """A line that was recognised, in pixels, as seen by who turns the page until its text runs to the right."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    box: Box

    @property
    def size(self) -> float:
        return _SIZE * (self.bottom - self.top)


def ocr_is_available() -> bool:
    """Whether the extra ``ocr`` is installed."""
    return find_spec("rapidocr") is not None


@lru_cache(1)
def _engine() -> Any:
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", "Global.use_cls": False, **threads})


def recognised_rows(page: PdfPage) -> list[Row]:
    """The lines of text that the engine sees on a page, in reading order."""
    import numpy as np

    allow_more(_SECONDS)
    with closing(page.render(scale=_RECOGNISED_SIDE / max(page.get_size()))) as bitmap:
        image = bitmap.to_pil()
    result = _engine()(np.asarray(image.convert("RGB"))[:, :, ::-1])
    if result.boxes is None or result.txts is None:
        return []
    corners = [[(float(x), float(y)) for x, y in box] for box in result.boxes]
    lines = [
        (text.strip(), places)
        for text, places, score in zip(result.txts, corners, result.scores, strict=True)
        if score >= _LEAST_SCORE and _is_latin(text) and _is_straight(places)
    ]
    upright = 2 * sum(_is_upright(places) and len(text) > 2 for text, places in lines) > len(lines)
    found = [_line(text, places, image.size, upright=upright) for text, places in lines if text]
    return [_row(line, _common_size(line, found)) for line in in_columns(found)]


def _is_latin(text: str) -> bool:
    """Whether it has a letter or a figure, and no letter that French does not use: what drawings are taken for."""
    return any(char.isalnum() for char in text) and not any(char.isalpha() and char > "\u024f" for char in text)


def _is_straight(places: Sequence[tuple[float, float]]) -> bool:
    (x1, y1), (x2, y2), *_ = places
    across, down = abs(x2 - x1), abs(y2 - y1)
    return bool(min(across, down) <= _ASKEW * max(across, down))


def _is_upright(places: Sequence[tuple[float, float]]) -> bool:
    xs, ys = zip(*places, strict=True)
    return bool(max(ys) - min(ys) > 1.5 * (max(xs) - min(xs)))


def _line(text: str, places: Sequence[tuple[float, float]], size: tuple[int, int], *, upright: bool) -> _Found:
    xs, ys = zip(*places, strict=True)
    left, top, right, bottom = max(min(xs), 0.0), max(min(ys), 0.0), max(xs), max(ys)
    width, height = size
    box = Box(left / width, top / height, min(right / width, 1.0), min(bottom / height, 1.0))
    # The engine reads lines that stand upright from the top down: the first of them is on the right.
    seen = (top, width - right, bottom, width - left) if upright else (left, top, right, bottom)
    return _Found(text, *seen, box)


def _common_size(line: _Found, lines: Sequence[_Found]) -> float:
    """The size of most of the letters of lines of about its size."""
    alike = [other for other in lines if abs(other.size - line.size) <= _ONE_SIZE * line.size]
    total = sum(len(other.text) for other in alike)
    return sum(other.size * len(other.text) for other in alike) / total


def _row(line: _Found, size: float) -> Row:
    text = line.text
    baseline = -(line.bottom - _BASELINE * (line.bottom - line.top))
    part = Part(0, len(text), line.left, line.right)
    return Row(
        text, (), line.left, baseline, line.right, round(size), bold=False, turn=0, parts=(part,), recognised=line.box
    )


def in_columns(lines: Sequence[_Found]) -> list[_Found]:
    """In reading order: a white column parts what is on its left from what is on its right, else the widest white band.

    The recursive X-Y cut of Nagy, Seth and Viswanathan, "A prototype document image analysis system" (1992).
    """
    if len(lines) < 2:
        return list(lines)
    size = sorted(line.size for line in lines)[len(lines) // 2]
    gutter, at = _widest([(line.left, line.right) for line in lines])
    if gutter >= size:
        left = [line for line in lines if line.right <= at]
        right = [line for line in lines if line.right > at]
        if min(len(left), len(right)) > 1 or _beside(left, right):
            return [*in_columns(left), *in_columns(right)]
    _, at = _widest([(line.top, line.bottom) for line in lines])
    upper = [line for line in lines if line.top + line.bottom <= 2 * at]
    if not 0 < len(upper) < len(lines):
        return sorted(lines, key=lambda line: (round(line.top / size), line.left))
    return [*in_columns(upper), *in_columns([line for line in lines if line not in upper])]


def _beside(left: Sequence[_Found], right: Sequence[_Found]) -> bool:
    return any(one.top < other.bottom and other.top < one.bottom for one in left for other in right)


def _widest(ranges: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The widest gap between ranges, and its middle; negative where they overlap."""
    ordered = sorted(ranges)
    reach = ordered[0][1]
    best = (float("-inf"), 0.0)
    for start, end in ordered[1:]:
        best = max(best, (start - reach, (start + reach) / 2))
        reach = max(reach, end)
    return best

"""Read images of pages (.png, .jpg, .tif): each becomes a page of a PDF file, whose text is recognised."""

import struct
from io import BytesIO

from PIL import Image, ImageOps, ImageSequence

from corpus.document import StructuredText
from corpus.errors import UnreadableDocumentError

MOST_PIXELS = 100_000_000
"""Of one page: A4 at 600 dots an inch has 35 million."""
_MOST_FRAMES = 500
_SIDE = 3_000
"""Pixels of the longer side of a page that is kept."""
_HEIGHT = 842
"""Points of that side, as of A4."""
# What Pillow and its decoders raise on damaged files.
_DAMAGE = (
    *(OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError, RuntimeError),
    *(AttributeError, struct.error, Image.DecompressionBombError),
)


def read_image(data: bytes, name: str) -> StructuredText:
    """Read an image file, or a refusal that names the extra to install."""
    from corpus.readers.pdf import read_pdf  # which needs ten times as long to load

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
            if frame.width * frame.height > MOST_PIXELS or len(pages) == _MOST_FRAMES:
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

"""How fast PDF files are read, and how many of their quotes are highlighted exactly on their pages.

    python tests/bench_reading.py [SHARED]

Reads ``SHARED/pdfs`` in this process, on one core. Prints Markdown; nothing is asserted.
"""

import ctypes
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from conftest import SHARED

from bot.web.pdf_pages import placed_text
from bot.web.viewer import pages_of, printed_on
from corpus.document import Box, Document, Source, Span
from corpus.errors import UnreadableDocumentError
from corpus.readers.formats import read_file
from corpus.readers.pdf_words import character, open_page
from corpus.split.split import split

SOURCE = Source("real", "Réel", "Éditeur", "2021-05", "guide", "real.pdf")
HYPHENS = "-‐\u2011\u00ad"
HEADER = (
    "| file | pages | seconds | pages/s | characters | passages | quotes | highlighted exactly |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Read:
    """One file, read."""

    document: Document
    seconds: float
    """Of the processor."""
    passages: int
    quotes: tuple[Span, ...]
    exact: int
    """Quotes whose boxes hold their letters and signs, and no other."""


def main() -> None:
    shared = Path(sys.argv[1]) if sys.argv[1:] else SHARED
    read_file(SOURCE, next((shared / "pdfs").glob("faq*.pdf")))  # the modules and the dictionary are loaded once
    print(HEADER)
    for path in sorted((shared / "pdfs").glob("*.pdf")):
        try:
            read = measure(path)
        except UnreadableDocumentError as refused:
            print(f"| {path.name} | refused: {refused.reason} |")
            continue
        pages, quotes = len(read.document.pages), len(read.quotes)
        print(
            f"| {path.name} | {pages} | {read.seconds:.2f} | {pages / read.seconds:.0f} | {len(read.document.text)} "
            f"| {read.passages} | {quotes} | {read.exact / max(quotes, 1):.1%} |"
        )


def measure(path: Path) -> Read:
    """Read the file, then highlight each of its quotes and look at what is under the boxes."""
    began = time.process_time()
    document = read_file(SOURCE, path)
    seconds = time.process_time() - began
    passages = [passage for entry in split(document) for passage in entry.passages]
    quotes = tuple(sorted({passage.quote for passage in passages}))
    page = cache(partial(PageCharacters.of, path.read_bytes()))
    exact = sum(is_exact(document, quote, path.read_bytes(), page) for quote in quotes)
    return Read(document, seconds, len(passages), quotes, exact)


@dataclass(frozen=True, slots=True)
class PageCharacters:
    """What a page shows, without white space, and the middle of each character in shares of the page."""

    text: str
    middles: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, data: bytes, number: int) -> "PageCharacters":
        """Ask PDFium anew: nothing is taken from the reader or the viewer."""
        document = pypdfium2.PdfDocument(data)
        page, _ = open_page(document, number - 1)
        textpage, box = page.get_textpage(), pdfium.FS_RECTF()
        across, down = ctypes.c_int(), ctypes.c_int()
        chars, middles = [], []
        for index in range(textpage.count_chars()):
            char = character(textpage, index)
            if not char.isspace() and pdfium.FPDFText_GetLooseCharBox(textpage, index, box):
                x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
                pdfium.FPDF_PageToDevice(page, 0, 0, 100_000, 100_000, 0, x, y, across, down)
                chars.append(char)
                middles.append((across.value / 100_000, down.value / 100_000))
        document.close()
        return cls("".join(chars), tuple(middles))

    def under(self, boxes: Sequence[Box]) -> str:
        """The characters that one sees there."""
        return "".join(
            char
            for char, (x, y) in zip(self.text, self.middles, strict=True)
            if any(box.left <= x <= box.right and box.top <= y <= box.bottom for box in boxes)
        )


def is_exact(document: Document, quote: Span, data: bytes, page: Callable[[int], PageCharacters]) -> bool:
    """Whether the letters and signs of a quote, and they alone, stand under its boxes; hyphens of line ends apart."""
    seen, wanted = Counter[str](), Counter[str]()
    for number in pages_of(document, quote):
        runs, words = printed_on(document, quote, number)
        placed = placed_text(data, number, [runs])
        if placed.texts[0] != words:
            return False
        seen.update(page(number).under(placed.boxes[0]))
        wanted.update(placed_text(data, number, [tuple(dict.fromkeys(runs))]).texts[0])  # a cell of several rows, once
    return all(seen[char] == wanted[char] or char in HYPHENS for char in seen | wanted)


if __name__ == "__main__":
    main()

"""How fast PDF files are read, and how many of their quotes are highlighted exactly on their pages.

    python tests/bench_reading.py [SHARED] [pages]

Reads ``SHARED/pdfs`` in this process, on one core. Prints Markdown; nothing is asserted. With ``pages``, says of each
page how many of its lines were moved from their place in the file, joined into rows of tables, and left out.
"""

import ctypes
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
from conftest import SHARED

from bot.web.pdf_pages import placed_text
from bot.web.viewer import pages_of, printed_on
from corpus.document import Box, Document, Source, Span
from corpus.errors import UnreadableDocumentError
from corpus.readers.formats import read_file
from corpus.readers.pdf_rows import in_order, page_rows
from corpus.readers.pdf_tables import with_tables
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
    arguments = [argument for argument in sys.argv[1:] if argument != "pages"]
    shared = Path(arguments[0]) if arguments else SHARED
    read_file(SOURCE, next((shared / "pdfs").glob("faq*.pdf")))  # the modules and the dictionary are loaded once
    if "pages" in sys.argv:
        print("| file | page | lines | moved | rows of tables | letters | letters left out | words left out |")
        print("|---|---|---|---|---|---|---|---|")
        for path in sorted((shared / "pdfs").glob("*.pdf")):
            page_by_page(path)
        return
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


def page_by_page(path: Path) -> None:
    """A line of the table for each page of the file."""
    try:
        read = read_file(SOURCE, path)
    except UnreadableDocumentError:
        return
    told: dict[int, set[int]] = {}
    ends = [*(run.start for run in read.printed[1:]), len(read.text)]
    for run, end in zip(read.printed, ends, strict=True):
        length = len(read.text[run.start : end].rstrip())
        told.setdefault(run.page, set()).update(range(run.character, run.character + length))
    with pypdfium2.PdfDocument(path) as pdf:
        for index in range(len(pdf)):
            page, fields = open_page(pdf, index)
            rows = with_tables(page_rows(page, 10**6, fields))
            order = in_order(rows)
            moved = sum(rows.index(above) > rows.index(below) for above, below in pairwise(order))
            letters = page.get_textpage().get_text_range()
            places = {i for row in rows for i, char in zip(row.places, row.text, strict=True) if char.isalnum()}
            left = places - told.get(index + 1, set())
            words = [row.text.strip() for row in rows if left & set(row.places)]
            alnum, cells = sum(map(str.isalnum, letters)), sum(row.cells for row in rows)
            print(
                f"| {path.stem[:24]} | {index + 1} | {len(rows)} | {moved} | {cells} | {alnum} | {len(left)} ", end=""
            )
            print(f"| {' / '.join(words)[:80]} |")


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

"""What the viewer shows: the printed pages with the words of a quote highlighted, or the text itself."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath
from threading import Lock

from cachetools import LRUCache

from bot.web.pdf_pages import Drawer, Runs, UnusablePageError
from bot.web.render import Segment
from bot.web.source_files import Originals
from corpus.document import BlockKind, Box, Document, Span
from corpus.readers.formats import IMAGES

MAX_PAGES = 4
"""Shown at once: a quote over more has the others one link further."""
MAX_TEXT = 200_000
"""Characters of a text shown whole: a document of about 60 pages."""
AROUND = 20_000
"""Characters shown before and after the words in a longer one."""
IMAGES_KEPT = 64_000_000
"""Bytes of images kept in memory: about 500 pages."""
PLACES_KEPT = 256
"""Pages with a quote whose boxes are kept, some kilobytes each."""


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line whose words were recognised in a picture, to compare with it."""

    words: str
    box: Box


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed page to show."""

    number: int
    width: int
    """Points; with ``height``, what keeps its room while the image loads."""
    height: int
    boxes: tuple[Box, ...]
    """Where the words are; none when they are not on this page, or cannot be placed exactly."""
    recognised: tuple[RecognisedLine, ...] = ()
    """Lines among them, whole."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One block of a text to show: what stands before the words of the quote, these words, and what stands after."""

    kind: BlockKind
    level: int
    before: str
    words: str
    after: str

    @property
    def segments(self) -> list[Segment]:
        """Its pieces, the words marked."""
        every = (
            Segment(self.before, marked=False),
            Segment(self.words, marked=True),
            Segment(self.after, marked=False),
        )
        return [each for each in every if each.text]


@dataclass(frozen=True, slots=True)
class Window:
    """A text to show, whole or around the quote."""

    paragraphs: tuple[Paragraph, ...]
    is_cut: bool

    @property
    def first(self) -> Paragraph | None:
        """Where the words begin."""
        return next((paragraph for paragraph in self.paragraphs if paragraph.words), None)


@dataclass(frozen=True, slots=True)
class Spread:
    """The printed pages to show."""

    sheets: tuple[Sheet, ...]
    exact: bool
    """Whether every word of the quote that stands on these pages is highlighted."""


class Viewer:
    """Draws pages of the files that are still what was read. Safe to share between threads."""

    def __init__(self, originals: Originals) -> None:
        self._originals = originals
        self._drawer = Drawer()
        self._place = lru_cache(PLACES_KEPT)(self._drawer.place)
        self._images: LRUCache[tuple[str, int], bytes] = LRUCache(IMAGES_KEPT, getsizeof=len)
        self._lock = Lock()

    def spread(self, document: Document, span: Span, numbers: range) -> Spread | None:
        """These pages with the words of ``span`` highlighted, exactly or not at all.

        None when the document is no PDF, or its file is not at hand as it was read, or cannot be drawn.
        """
        path = self._originals.path(document)
        if not has_pictures(document) or path is None:
            return None
        sheets = []
        exact = bool(document.printed)
        try:
            for number in numbers:
                runs, words = printed_on(document, span, number)
                page = self._place(path, document.sha256, number, (runs,))
                exact &= page.texts[0] == words
                lines = recognised_on(document, span, number)
                boxes = (*page.boxes[0], *(line.box for line in lines))
                sheets.append(Sheet(number, round(page.width), round(page.height), boxes, lines))
        except UnusablePageError:
            return None
        # Half of a quote highlighted would look like the whole of it.
        return Spread(tuple(sheets if exact else (replace(sheet, boxes=()) for sheet in sheets)), exact)

    def image(self, document: Document, number: int) -> bytes | None:
        """One page as a WebP image; None when its file is not at hand as it was read, or cannot be drawn.

        Raises:
            BusyError: Too many visitors wait for a page; ``spread`` raises it too.
        """
        key = (document.sha256, number)
        with self._lock:
            if known := self._images.get(key):
                return known
        path = self._originals.path(document)
        if path is None:
            return None
        try:
            image = self._drawer.image(path, document.sha256, number)
        except UnusablePageError:
            return None
        with self._lock:
            self._images[key] = image
        return image


def has_pictures(document: Document) -> bool:
    """Whether its pages can be drawn."""
    return PurePath(document.source.file).suffix.lower() in (".pdf", *IMAGES)


def pages_of(document: Document, span: Span) -> range:
    """Numbers of the pages that a slice stands on, from 1; empty without pages."""
    words = span.of(document.text)
    first, last = span.start + len(words) - len(words.lstrip()), span.start + max(len(words.rstrip()) - 1, 0)
    inside = (run.start for run in document.printed if first < run.start <= last)
    numbers = [number for offset in (first, last, *inside) if (number := document.page_at(offset)) is not None]
    return range(min(numbers), max(numbers) + 1) if numbers else range(0)


def printed_on(document: Document, span: Span, number: int) -> tuple[Runs, str]:
    """The characters of page ``number`` that print a slice, and what they must be: its letters and signs."""
    runs: list[tuple[int, int]] = []
    words: list[str] = []
    first = max(bisect_right(document.printed, span.start, key=lambda run: run.start) - 1, 0)
    for run, after in zip(document.printed[first:], (*document.printed[first + 1 :], None), strict=True):
        if run.start >= span.end:
            break
        start, end = max(run.start, span.start), min(after.start if after else span.end, span.end)
        text = document.text[start:end].rstrip()
        if run.page == number and text and run.character >= 0:
            runs.append((run.character + start - run.start, run.character + start - run.start + len(text)))
            words += text.split()
    return tuple(runs), "".join(words)


def recognised_on(document: Document, span: Span, number: int) -> tuple[RecognisedLine, ...]:
    """The lines of page ``number`` that were recognised and hold words of a slice."""
    found: list[RecognisedLine] = []
    for run, after in zip(document.printed, (*document.printed[1:], None), strict=True):
        end = after.start if after else len(document.text)
        if run.character < 0 and run.page == number and run.start < span.end and end > span.start:
            words = document.text[run.start : end].strip()
            found.append(RecognisedLine(words, document.recognised[-1 - run.character]))
    return tuple(found)


def window(document: Document, span: Span) -> Window:
    """The text around a slice, paragraph by paragraph; the whole of it when it is not too long."""
    whole = len(document.text) <= MAX_TEXT
    start, end = (0, len(document.text)) if whole else (max(span.start - AROUND, 0), span.end + AROUND)
    shown = [block for block in document.blocks if block.end > start and block.start < end]
    paragraphs = [Paragraph(b.kind, b.level, *_parted(document.text, b.start, b.end, span)) for b in shown]
    if not any(paragraph.words for paragraph in paragraphs):  # between two blocks, or in a document without any
        paragraphs = [Paragraph(BlockKind.PARAGRAPH, 0, *_parted(document.text, start, end, span))]
    return Window(tuple(paragraphs), is_cut=start > 0 or end < len(document.text))


def _parted(text: str, start: int, end: int, marked: Span) -> tuple[str, str, str]:
    """A slice before the marked words, these words, and after them."""
    at = min(max(marked.start, start), end)
    then = max(min(marked.end, end), at)
    return text[start:at], text[at:then], text[then:end]

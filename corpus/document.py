"""Documents and their slices: spans, blocks, passages, entries; limits on their size; their JSON."""

import os
from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, PlainSerializer, PlainValidator, ValidationInfo


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A slice ``[start, end)`` of a text, in code points."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"span must satisfy 0 <= start <= end, got [{self.start}, {self.end})")

    def of(self, text: str) -> str:
        """The slice itself."""
        return text[self.start : self.end]

    def shift(self, by: int) -> Self:
        """The same slice, counted from another origin."""
        return replace(self, start=self.start + by, end=self.end + by)


class BlockKind(StrEnum):
    """What a block is for its reader."""

    HEADING = "heading"
    QUESTION = "question"
    """A question that the file itself marks as such (a row of a table, a ``<summary>``)."""
    PARAGRAPH = "paragraph"
    ITEM = "item"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Block(Span):
    """One paragraph, list item, heading or question, with its bullet or number."""

    kind: BlockKind
    level: int = 0
    """Depth of a heading, of a question that is one, or of a list item (1 = outermost); 0 otherwise."""
    key: str | None = None
    """The identifier the file gives to a question, where it gives one."""
    answered: int | None = None
    """For a question that the file marks, where its answer ends, if the file tells."""


class Box(NamedTuple):
    """A rectangle on a page, in shares of its width and height, from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float


class PrintedRun(NamedTuple):
    """Where characters are printed: up to the next run, ``text[start + i]`` is ``character + i`` of the page.

    White space apart, which is not always where the page has it. In JSON, an array of three numbers.
    """

    start: int
    page: int
    """From 1."""
    character: int
    """As PDFium counts them. Of a line that was recognised in a picture: -1 - its place among ``recognised``."""


@dataclass(frozen=True, slots=True)
class TextStatus:
    """What an editor says of the status of a text; dates are ISO 8601, empty where nothing is said."""

    nature: str = ""
    signed: str = ""
    published: str = ""
    published_on: str = ""
    """Where: a site, a gazette."""
    in_force: str = ""
    repealed: str = ""
    replaced_by: str = ""
    """Another text: its title, as it is said."""
    replaces: str = ""
    """The same of the text whose place it takes."""
    successor: str = ""
    """Identifier of the source of the same catalogue that replaces it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One ``[[source]]`` table of the catalogue: where a document comes from."""

    id: str
    title: str
    publisher: str
    date: str
    """``2021-05`` or ``2021-05-20``."""
    kind: str
    """``faq``, ``circular``, ``guide`` or ``page``."""
    file: str
    """File name relative to the ``documents`` folder; for a source with a url, the name it gets."""
    url: str | None = None
    notice: str | None = None
    """Shown with every quote: "version de mai 2021"."""
    status: TextStatus | None = None
    """None where the catalogue says nothing of it."""


@dataclass(frozen=True, slots=True)
class StructuredText:
    """What a reader makes of one file: one clean text and its structure."""

    text: str
    blocks: tuple[Block, ...]
    """In order, not overlapping; together they cover every character but white space."""
    pages: tuple[int, ...] = ()
    """Offset at which each page starts, first page first; empty when the format has no pages."""
    printed: tuple[PrintedRun, ...] = ()
    """In order, over all that is not white; empty when the format places no characters."""
    unread: tuple[str, ...] = ()
    """What of the file could not be read, the rest being read; each a sentence of French for the editor."""
    recognised: tuple[Box, ...] = ()
    """Where the lines stand whose text was recognised in a picture."""
    labels: tuple[str, ...] = ()
    """What the file calls its pages, where some are no numbers: "iv"."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its catalogue entry, and what ``StructuredText`` tells of it."""

    source: Source
    text: str
    sha256: str
    """Of the bytes of the file, in hexadecimal."""
    blocks: tuple[Block, ...]
    pages: tuple[int, ...] = ()
    printed: tuple[PrintedRun, ...] = ()
    unread: tuple[str, ...] = ()
    recognised: tuple[Box, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.source.id

    def page_at(self, offset: int) -> int | None:
        """Number (from 1) of the page that holds the character at ``offset``; None without pages."""
        if self.printed:
            return self._run_at(offset).page
        if not self.pages:
            return None
        return max(1, bisect_right(self.pages, offset))

    def label_at(self, offset: int) -> str | None:
        """What the file calls that page; None where it calls pages by their numbers, or not at all."""
        page = self.page_at(offset)
        return (self.labels[page - 1] or None) if page is not None and page <= len(self.labels) else None

    def is_recognised_at(self, offset: int) -> bool:
        """Whether the character at ``offset`` was recognised in a picture: it may be another."""
        return bool(self.recognised) and self._run_at(offset).character < 0

    def _run_at(self, offset: int) -> PrintedRun:
        while self.text[offset : offset + 1] == "\t":  # a row whose first cell is empty
            offset += 1
        return self.printed[max(bisect_right(self.printed, offset, key=lambda run: run.start) - 1, 0)]


def _noted(documents: tuple[Document, ...], info: ValidationInfo) -> tuple[Document, ...]:
    if info.context is None:
        raise ValueError("documents are read with a dict as context, which then holds them")
    info.context.update({document.id: document for document in documents})
    return documents


def _named(value: object, info: ValidationInfo) -> Document:
    document = (info.context or {}).get(value)
    if document is None:
        raise ValueError(f"no document {value!r} before what refers to it")
    return document  # type: ignore[no-any-return]


Documents = Annotated[tuple[Document, ...], AfterValidator(_noted)]
"""In JSON, what the entries after it refer to; pydantic reads it with an empty dict as context."""
DocumentReference = Annotated[Document, PlainSerializer(lambda document: document.id), PlainValidator(_named)]
"""In JSON, the identifier of a document."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document: the unit we embed, retrieve and highlight."""

    document: DocumentReference
    entry: str
    """Identifier of the entry it belongs to."""
    start: int
    """Code points, included."""
    end: int
    """Code points, excluded."""
    quote: Span
    """The smallest slice around it that can be read alone: a whole hypothesis, not one of its bullets."""
    question: Span | None = None
    """The question or heading that it answers."""
    section: tuple[Span, ...] = ()
    """The headings above, outermost first, without ``question``."""
    context: tuple[Span, ...] = ()
    """What must be read with it, in order: the lead-in of its list, its parent bullet."""

    @property
    def text(self) -> str:
        return self.document.text[self.start : self.end]

    @property
    def headings(self) -> tuple[Span, ...]:
        """Those above, outermost first, and the question."""
        return (*self.section, self.question) if self.question else self.section


@dataclass(frozen=True, slots=True)
class Entry:
    """What one asks about: a question of a FAQ with its answer, or a section. The unit we rank."""

    document: DocumentReference
    id: str
    """Unique within the document and stable: the id the file gives, else a slug of its words."""
    heading: Span | None
    """The question or heading, None for a paragraph that has none."""
    body: Span
    """The answer: from its first to its last character."""
    passages: tuple[Passage, ...]
    """In order; at least one; each inside ``body``."""

    @property
    def key(self) -> str:
        """``document/entry``: its name among all entries of a corpus."""
        return f"{self.document.id}/{self.id}"

    @property
    def heading_text(self) -> str:
        return self.heading.of(self.document.text) if self.heading else ""

    @property
    def body_text(self) -> str:
        return self.body.of(self.document.text)


READING_MEMORY = "MOTAMOT_READING_MEMORY"
"""Variable: megabytes that reading one document may take; the other limits on its size follow."""
_LEAST_MEMORY, _MOST_MEMORY = 2 * 2**30, 16 * 2**30


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one document may cost before it is left out, the others still being read.

    The refusal names the limit, by how much it is exceeded and what to do.
    Time is that of the processor, which a busy machine does not stretch: what was read once is read again.
    """

    file: int = 50_000_000
    """Bytes of the file. The longest official reports, with their images, are a fifth of this."""
    characters: int = 20_000_000
    """Of clean text: some 10,000 dense pages. Measured: 100 bytes of memory for each, at most, and 0.6 µs."""
    blocks: int = 400_000
    """Paragraphs, items, headings and rows. 5,000,000 characters of a FAQ make 20,000."""
    passages: int = 80_000
    """Encoding takes a second for 12 to 50 of them. 11,000,000 characters of a table make 21,000."""
    cpu_seconds: int = 300
    """Of the processor. Measured: 50 pages of PDF a second, 2 s for a text of 2 MB, 6 s for one of 5 MB."""
    wall_seconds: int = 1800
    """By the clock: for a file on a network drive that no longer answers."""
    memory: int = _LEAST_MEMORY
    """Bytes of addresses. Measured: 0.2 GB before any document, 0.4 GB for a text of 5 MB or a table of 11 MB."""

    @classmethod
    def of_memory(cls, memory: int) -> Self:
        """The limits for so many bytes, in proportion."""
        sizes = {
            name: getattr(cls(), name) * memory // _LEAST_MEMORY
            for name in ("file", "characters", "blocks", "passages")
        }
        return cls(**sizes, memory=memory)


def _reading_memory() -> int:
    """What the variable says, else a quarter of the machine's memory, within reason."""
    told = os.environ.get(READING_MEMORY, "")
    if told.isdecimal() and int(told):
        return int(told) * 2**20
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(machine // 4, _LEAST_MEMORY), _MOST_MEMORY)


LIMITS = Limits.of_memory(_reading_memory())

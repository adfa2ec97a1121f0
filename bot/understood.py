"""What was understood of a document, drawn on pictures of its pages or told on its text: a page of HTML by itself."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.phrases import counted
from bot.web.pdf_pages import Drawer, UnusablePageError
from bot.web.render import templates
from bot.web.viewer import has_pictures, pages_of, printed_on, recognised_on
from corpus.document import BlockKind, Box, Document, Entry, Span


class MarkKind(StrEnum):
    """What a mark says of the words that it covers; its label tells it in French."""

    ENTRY = "entry"
    HEADING = "heading"
    PASSAGE = "passage"
    TABLE = "table"
    UNUSED = "unused"
    LEFT_OUT = "left-out"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    MarkKind.ENTRY: "question ou titre d’une entrée",
    MarkKind.HEADING: "titre de partie",
    MarkKind.PASSAGE: "passage qui peut être cité",
    MarkKind.TABLE: "ligne de tableau qui peut être citée",
    MarkKind.UNUSED: "lu, mais jamais cité",
    MarkKind.LEFT_OUT: "laissé de côté (en-tête, pied de page, numéro, texte barré ou caché)",
}


@dataclass(frozen=True, slots=True)
class Mark(Span):
    """A slice of a document, and what was understood of it."""

    kind: MarkKind
    entry: str = ""
    """Identifier of the entry that it belongs to."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page, its marks and where each stands on it."""

    number: int
    image: bytes
    """Empty where it cannot be drawn."""
    size: tuple[float, float]
    marks: tuple[tuple[Mark, tuple[Box, ...]], ...]
    entries: tuple[Entry, ...]
    """That begin on it."""


def marks(document: Document, entries: Sequence[Entry]) -> list[Mark]:
    """What was understood of every block of a document, in order."""
    passages = sorted(
        ((passage.start, passage.end, entry.id) for entry in entries for passage in entry.passages),
    )
    headings = {entry.heading.start: entry.id for entry in entries if entry.heading}
    found: list[Mark] = []
    place = 0
    for block in document.blocks:
        head = next((headings[at] for at in range(block.start, block.end) if at in headings), None)
        if head is not None:
            found.append(Mark(block.start, block.end, MarkKind.ENTRY, head))
            continue
        while place < len(passages) and passages[place][1] <= block.start:
            place += 1
        held = [each for each in passages[place : place + _MOST_IN_BLOCK] if each[0] < block.end]
        if held:
            kind = MarkKind.TABLE if block.kind is BlockKind.TABLE else MarkKind.PASSAGE
            ends = [*(max(start, block.start) for start, _, _ in held[1:]), block.end]
            starts = [block.start, *ends[:-1]]
            found += [Mark(a, b, kind, own[2]) for a, b, own in zip(starts, ends, held, strict=True) if a < b]
        else:
            heads = block.kind in (BlockKind.HEADING, BlockKind.QUESTION)
            found.append(Mark(block.start, block.end, MarkKind.HEADING if heads else MarkKind.UNUSED))
    return found


# Passages that one block may hold: a paragraph of 200,000 characters.
_MOST_IN_BLOCK = 200


def page_pictures(document: Document, entries: Sequence[Entry], path: Path, drawer: Drawer) -> Iterator[PagePicture]:
    """Each page of a document that was read from ``path``, with its marks."""
    own: dict[int, list[Mark]] = {}
    for mark in marks(document, entries):
        for number in pages_of(document, mark):
            own.setdefault(number, []).append(mark)
    begun: dict[int | None, list[Entry]] = {}
    for entry in entries:
        begun.setdefault(document.page_at((entry.heading or entry.body).start), []).append(entry)
    for number in range(1, len(document.pages) + 1):
        here, begin = own.get(number, []), tuple(begun.get(number, []))
        slices = [printed_on(document, mark, number)[0] for mark in here]
        try:
            page = drawer.place(path, document.sha256, number, slices, others=True)
            image = drawer.image(path, document.sha256, number, small=True)
        except UnusablePageError:
            yield PagePicture(number, b"", (0, 0), (), begin)
            continue
        placed = [
            (mark, (*boxes, *(line.box for line in recognised_on(document, mark, number))))
            for mark, boxes in zip(here, page.boxes, strict=True)
        ]
        placed.append((Mark(0, 0, MarkKind.LEFT_OUT), page.others))  # what bears no mark
        marked = tuple((mark, boxes) for mark, boxes in placed if boxes)
        yield PagePicture(number, image, (page.width, page.height), marked, begin)


def report(document: Document, entries: Sequence[Entry], path: Path) -> str:
    """The report on a document, in HTML: no file, no script, no network."""
    pictured = has_pictures(document)
    return (
        templates(Path(__file__).parent / "templates")
        .get_template("understood.html")
        .render(
            document=document,
            entries=entries,
            kinds=list(MarkKind) if pictured else [kind for kind in MarkKind if kind is not MarkKind.LEFT_OUT],
            counted=counted,
            b64=lambda image: b64encode(image).decode(),
            pictures=page_pictures(document, entries, path, Drawer()) if pictured else (),
            marks=() if pictured else marks(document, entries),
        )
    )

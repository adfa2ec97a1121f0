"""Split a document into entries, and entries into passages with their quote and context."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile, zip_longest

from corpus.document import Block, BlockKind, Document, Entry, Passage, Span
from corpus.split.faq import faq_sections, is_faq, with_questions
from corpus.split.sections import REACHED, Section, headed_sections, without_page_furniture
from corpus.split.sentences import sentences

# Long enough to tell entries apart, short enough for a file of known questions.
SLUG_LENGTH = 60
# Lengths in characters. A body that fits a phone's screen is quoted whole, a list that fits two as well.
WHOLE_BODY = 700
WHOLE_LIST = 1500
# Longer paragraphs are cut at sentence ends; the encoder reads about 1,800 characters.
LONGEST, CUT = 1800, 1200
# In a cell: an amount, an hour, the end of a sentence.
_SAID = re.compile(r"^\d[\d\s.,]*(?:€|%|euros?\b|h\b)|\w{3}.*\s\w{3,}\.$")
# A longer lead-in is reduced to its last sentence.
LEAD_IN = 500


def split(document: Document) -> list[Entry]:
    """The entries of a document, in order.

    Titles, dates, signatures and tables of contents make no entry; a reference ("Référence : …",
    "Pour en savoir plus …") that ends an answer makes one of its own.
    """
    marked = with_questions(document)
    sections: list[Section] = []
    if document.source.kind == "faq" or is_faq(marked):
        sections = faq_sections(marked)
    taken: set[str] = set()
    kept = without_page_furniture(document, sections or headed_sections(marked))
    return [_entry(document, section, taken) for section in kept]


def _entry(document: Document, section: Section, taken: set[str]) -> Entry:
    body = Span(section.body[0].start, section.body[-1].end)
    wanted = section.key or slug((section.heading or body).of(document.text))
    identifier, number = wanted, 1
    while identifier in taken:
        number += 1
        identifier = f"{wanted}-{number}"
    taken.add(identifier)
    return Entry(document, identifier, section.heading, body, _passages(document, section, identifier))


def slug(text: str) -> str:
    """The first words in lower-case ASCII, joined by hyphens.

    >>> slug("L’œuvre d’État, à 80 % ?")
    'l-oeuvre-d-etat-a-80'
    """
    plain = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    words: Sequence[str] = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    kept = words[0][:SLUG_LENGTH] if words else "passage"
    for word in words[1:]:
        if len(kept) + len(word) >= SLUG_LENGTH:
            break
        kept += f"-{word}"
    return kept


@dataclass(frozen=True)
class _ItemList:
    """Items that follow one another, and the paragraph that introduces them."""

    items: tuple[Block, ...]
    lead: Block | None

    @cached_property
    def span(self) -> Span:
        return Span((self.lead or self.items[0]).start, self.items[-1].end)

    @cached_property
    def flat(self) -> bool:
        return len({item.level for item in self.items}) == 1

    def ancestors(self, index: int) -> list[int]:
        """Indices of the items above an item, outermost first, itself last."""
        chain = [index]
        for above in range(index - 1, -1, -1):
            if self.items[above].level < self.items[chain[0]].level:
                chain.insert(0, above)
        return chain

    def branch(self, index: int) -> Span:
        """An item with everything under it."""
        end = index
        while end + 1 < len(self.items) and self.items[end + 1].level > self.items[index].level:
            end += 1
        return Span(self.items[index].start, self.items[end].end)


def _passages(document: Document, section: Section, entry: str) -> tuple[Passage, ...]:
    """The passages of a section, in order; together they hold every character of its body but white space.

    ``context`` is given whether or not ``quote`` holds it.
    """
    blocks = list(_without_gaps(document.text, _with_headings(section.body)))
    body = Span(blocks[0].start, blocks[-1].end)
    whole = body if body.end - body.start <= WHOLE_BODY else None
    return tuple(
        Passage(document, entry, span.start, span.end, whole or quote, section.heading, section.above, context)
        for span, quote, context in _cut(document.text, blocks)
    )


def _with_headings(body: Sequence[Block]) -> list[Block]:
    """A heading inside a body belongs to the block under it."""
    blocks: list[Block] = []
    start: int | None = None
    for block in body:
        if block.kind in (BlockKind.HEADING, BlockKind.QUESTION):
            start = block.start if start is None else start
        else:
            blocks.append(block if start is None else replace(block, start=start))
            start = None
    if start is not None:
        blocks.append(Block(start, body[-1].end, BlockKind.PARAGRAPH))
    return blocks


def _without_gaps(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks; what was left out between two of them, as a list of headings, is text of the first."""
    for block, after in zip_longest(blocks, blocks[1:]):
        between = text[block.end : after.start].rstrip() if after else ""
        yield replace(block, end=block.end + len(between)) if between else block


def _cut(text: str, blocks: Sequence[Block]) -> Iterator[tuple[Span, Span, tuple[Span, ...]]]:
    """Each passage with its quote and its context."""
    index = 0
    while index < len(blocks):
        block = blocks[index]
        end = index + 1
        while end < len(blocks) and blocks[end].kind is block.kind:
            end += 1
        if block.kind is BlockKind.ITEM:
            lead = blocks[index - 1] if index and _introduces(text, blocks[index - 1]) else None
            yield from _items(text, _ItemList(tuple(blocks[index:end]), lead))
        elif block.kind is BlockKind.TABLE:
            yield from _rows(text, blocks[index:end])
        else:
            end = index + 1
            while end < len(blocks) and blocks[end].kind is BlockKind.PARAGRAPH and _introduces(text, block):
                block = replace(block, end=blocks[end].end)  # what ends at a colon is read with what follows
                end += 1
            items = tuple(takewhile(lambda after: after.kind is BlockKind.ITEM, blocks[end:]))
            yield from _paragraph(text, block, items)
        index = end


def _introduces(text: str, block: Block) -> bool:
    return block.kind is BlockKind.PARAGRAPH and block.of(text).rstrip(" »\u00a0").endswith(":")


def _paragraph(text: str, block: Block, items: tuple[Block, ...]) -> Iterator[tuple[Span, Span, tuple[Span, ...]]]:
    run = _ItemList(items, block) if items and _introduces(text, block) else None
    together = run.span if run and run.flat and run.span.end - run.span.start <= WHOLE_LIST else None
    for span in _pieces(text, Span(block.start, block.end)):
        yield span, together or span, ()


def _items(text: str, run: _ItemList) -> Iterator[tuple[Span, Span, tuple[Span, ...]]]:
    together = run.span if run.flat and run.span.end - run.span.start <= WHOLE_LIST else None
    lead = (_lead_in(text, run.lead),) if run.lead else ()
    for index, item in enumerate(run.items):
        chain = run.ancestors(index)
        context = (*lead, *(Span(run.items[above].start, run.items[above].end) for above in chain[:-1]))
        branches = (run.branch(above) for above in chain)
        branch = next((span for span in branches if span.end - span.start <= WHOLE_LIST), None)
        for span in _pieces(text, Span(item.start, item.end)):
            yield span, together or branch or span, context


def _rows(text: str, rows: Sequence[Block]) -> Iterator[tuple[Span, Span, tuple[Span, ...]]]:
    table = Span(rows[0].start, rows[-1].end)
    together = table if table.end - table.start <= WHOLE_LIST else None
    widths = [sum(map(bool, row.of(text).split("\t"))) for row in rows]
    # Above the header, a row of few cells is a caption.
    head = next(index for index, width in enumerate(widths) if 2 * width > max(widths))
    header = () if max(widths) == 1 or _states(rows[head].of(text)) else (Span(rows[head].start, rows[head].end),)
    part: tuple[Span, ...] = ()
    """What names the rows below it: a row of one cell."""
    for index, row in enumerate(rows):
        if index > head and widths[index] == 1 < max(widths) and text[row.start] != "\t":
            part = (Span(row.start, row.end),)
        for span in _pieces(text, Span(row.start, row.end)):
            yield span, together or span, (*header, *(p for p in part if p != span)) if index > head else ()


def _states(row: str) -> bool:
    """Whether a first row says something, unlike the names of columns: a sentence, an amount or a number to call."""
    return any(_SAID.search(cell) or REACHED.search(cell) for cell in row.split("\t")[1:])


def _lead_in(text: str, block: Block) -> Span:
    span = Span(block.start, block.end)
    if span.end - span.start <= LEAD_IN:
        return span
    return sentences(span.of(text))[-1].shift(span.start)


def _pieces(text: str, span: Span) -> list[Span]:
    """The slice, cut at sentence ends when it is long."""
    if span.end - span.start <= LONGEST:
        return [span]
    pieces: list[Span] = []
    for found in sentences(span.of(text)):
        sentence = found.shift(span.start)
        if pieces and sentence.end - pieces[-1].start <= CUT:
            pieces[-1] = Span(pieces[-1].start, sentence.end)
        else:
            pieces.append(sentence)
    return pieces

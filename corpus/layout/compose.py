"""Assemble printed lines into clean text: join paragraphs, mend hyphenated words, locate blocks and pages."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from corpus.document import Block, BlockKind, StructuredText
from corpus.layout.headers_footers import note_mark, without_noise
from corpus.layout.headings import Nesting, Outline, kinds, run_in_article
from corpus.layout.hyphenation import HYPHENS, Joint, Vocabulary, joint
from corpus.layout.lines import INVISIBLE, PRIVATE_USE, Line, LineGroup, is_blank, is_white, of_text
from corpus.layout.paragraphs import View, columns, paragraphs

NO_BREAK = "\u00a0\u202f"
CELL_BREAKS = NO_BREAK + "\t\n"
# Neither white nor of no width: what ``is_white`` calls white, as a pattern.
SHOWN = re.compile(rf"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff{INVISIBLE}{PRIVATE_USE}]+")
# Words with one space between them.
_ORDINARY = re.compile(f"{SHOWN.pattern}(?:[ {NO_BREAK}]{SHOWN.pattern})*+")


@dataclass(frozen=True, slots=True)
class Composed:
    """A reading, and where each of its characters comes from."""

    reading: StructuredText
    origin: tuple[int, ...]
    """``text[i]`` is ``raw[origin[i]]``, or a space or newline that stands for white space there."""


def clean(raw: str) -> Composed:
    r"""The layout of a plain text whose pages are separated by form feeds.

    >>> clean("Le contrat de transi-\ntion est signé.").reading.text
    'Le contrat de transition est signé.'
    """
    lines = of_text(raw)
    return compose(raw, without_noise(lines) if "\f" in raw else lines, paged="\f" in raw)


def compose(raw: str, lines: Sequence[Line], *, paged: bool) -> Composed:
    """Assemble the lines of ``raw`` that are not noise, given in reading order."""
    text_lines = [line for line in lines if not (line.noise or line.note)]
    view = View.of(text_lines)
    groups = paragraphs(view)
    marked = list(zip(groups, kinds(groups, view.look), strict=True))
    notes = _notes([line for line in lines if line.note and not line.noise])
    full = frozenset(line.start for index, line in enumerate(text_lines) if view.is_full(index))
    writer = _Writer(raw, Vocabulary(raw), full)
    blocks = _blocks(writer, _with_notes(marked, notes))
    text = "".join(writer.text)
    last_page = max((line.page for line in lines), default=0)
    pages = _pages(writer.starts, last_page, len(text)) if paged else ()
    return Composed(StructuredText(text, blocks, pages), tuple(writer.origin))


def _notes(lines: Sequence[Line]) -> list[LineGroup]:
    """One group for each note; a number inside a note that is not the next one opens none."""
    groups: list[LineGroup] = []
    last = ""
    for line in lines:
        mark = note_mark(line.text)
        known = bool(groups) and groups[-1].lines[-1].page == line.page
        opens = mark and (not known or not (mark.isdigit() and last.isdigit()) or int(mark) == int(last) + 1)
        if opens or not groups:
            groups.append(LineGroup((line,)))
            last = mark or last
        else:
            groups[-1] = LineGroup((*groups[-1].lines, line))
    return groups


def _with_notes(
    marked: Sequence[tuple[LineGroup, BlockKind]], notes: Sequence[LineGroup]
) -> list[tuple[LineGroup, BlockKind]]:
    """The notes of a page after what begins on it: a paragraph, a list or a table is not cut by them."""
    placed: list[tuple[LineGroup, BlockKind]] = []
    waiting = list(notes)
    for (group, kind), after in zip(marked, [*marked[1:], None], strict=False):
        placed.append((group, kind))
        whole = after is None or not (
            kind is BlockKind.HEADING
            or after[1] is BlockKind.ITEM
            or kind is after[1] is BlockKind.TABLE
            or (kind is BlockKind.PARAGRAPH and group.text.endswith(":"))
        )
        while whole and waiting and (after is None or waiting[0].lines[0].page < after[0].lines[0].page):
            placed.append((waiting.pop(0), BlockKind.PARAGRAPH))
    return [*placed, *((note, BlockKind.PARAGRAPH) for note in waiting)]


def _blocks(writer: "_Writer", marked: Sequence[tuple[LineGroup, BlockKind]]) -> tuple[Block, ...]:
    outline, nesting = Outline(), Nesting()
    blocks: list[Block] = []
    for group, kind in marked:
        tight = bool(blocks) and (
            (kind is BlockKind.ITEM and blocks[-1].kind is not BlockKind.HEADING)
            or kind is BlockKind.TABLE is blocks[-1].kind
        )
        start = writer.add(group, "\n" if tight else "\n\n")
        end = len(writer.text)
        if start == end:
            continue  # only characters of no width
        if kind is not BlockKind.HEADING:
            outline.pass_text()
        if kind is BlockKind.ITEM:
            blocks.append(Block(start, end, kind, nesting.level(group)))
            continue
        nesting.reset()
        if kind is BlockKind.PARAGRAPH and (article := run_in_article("".join(writer.text[start:end]))):
            blocks.append(Block(start, start + article[0], BlockKind.HEADING, outline.level(group)))
            start += article[1]
        blocks.append(
            Block(start, end, kind, outline.level(group, group.lines[0].level) if kind is BlockKind.HEADING else 0)
        )
    return tuple(blocks)


def _pages(starts: Sequence[tuple[int, int]], last_page: int, length: int) -> tuple[int, ...]:
    """Offset of the first character of each page; an empty page starts where the next one does."""
    numbers = [page for page, _ in starts]
    offsets = []
    for page in range(last_page + 1):
        index = bisect_left(numbers, page)
        offsets.append(starts[index][1] if index < len(starts) else length)
    return (0, *offsets[1:])


@dataclass(slots=True)
class _Writer:
    """Appends characters of ``raw`` one by one, each with its origin."""

    raw: str
    vocabulary: Vocabulary
    full: frozenset[int]
    """Starts of the lines that reach the right edge of their column."""
    text: list[str] = field(default_factory=list)
    origin: list[int] = field(default_factory=list)
    starts: list[tuple[int, int]] = field(default_factory=list)
    """Page and offset of each line, pages in increasing order."""

    def add(self, group: LineGroup, separator: str) -> int:
        """Append one block; returns the offset of its first character."""
        mark = len(self.text)
        if self.text:
            for char in separator:
                self._put(char, self._white_before(group.lines[0]))
        start = len(self.text)
        for column, lines in enumerate(columns(group)):
            if column:
                self._put("\t", lines[0].start - 1)
            for above, line in zip((None, *lines), lines, strict=False):
                if above:
                    self._join(above, line)
                self._line(line)
        while len(self.text) > start and self.text[-1].isspace():
            self._drop()  # a white character before one of no width
        if len(self.text) == start:
            del self.text[mark:], self.origin[mark:]
            return mark
        return start

    def _join(self, above: Line, line: Line) -> None:
        spaced = above.end < len(self.raw) and self.raw[above.end] in " \t\u00a0"
        found = joint(above.text, line.text, spaced=spaced, full=above.start in self.full, vocabulary=self.vocabulary)
        if found is Joint.MENDED and self.text[-1] in HYPHENS:
            self._drop()
            while self.text and self.text[-1].isspace():
                self._drop()
        elif found is Joint.SPACE and self.text and not self.text[-1].isspace():
            self._put(" ", self._white_before(line))

    def _line(self, line: Line) -> None:
        if not line.note and (not self.starts or line.page > self.starts[-1][0]):
            self.starts.append((line.page, len(self.text)))
        start = line.start
        if _ORDINARY.fullmatch(self.raw, start, line.end):
            self.text.extend(self.raw[start : line.end])
            self.origin.extend(range(start, line.end))
            return
        while start < line.end:
            shown = SHOWN.match(self.raw, start, line.end)
            end = shown.end() if shown else start + 1
            if shown:
                self.text.extend(shown.group())
                self.origin.extend(range(start, end))
            elif is_white(self.raw[start]):
                while end < line.end and is_blank(self.raw[end]):
                    end += 1
                if line.cells:
                    for place in (at for at in range(start, end) if self.raw[at] == "\t"):
                        self._put("\t", place)
                single = end == start + 1 and self.raw[start] in (CELL_BREAKS if line.cells else NO_BREAK)
                if self.text and not self.text[-1].isspace():
                    self._put(self.raw[start] if single else " ", start)
            start = end

    def _white_before(self, line: Line) -> int:
        """The white character that parts the line from what stands before it in ``raw``."""
        offset = line.start - 1
        while offset > 0 and self.raw[offset] in INVISIBLE:
            offset -= 1
        return offset

    def _put(self, char: str, origin: int) -> None:
        self.text.append(char)
        self.origin.append(origin)

    def _drop(self) -> None:
        self.text.pop()
        self.origin.pop()

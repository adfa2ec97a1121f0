"""Build one text block by block, with exact offsets and squeezed white space; find its questions and titles in bold."""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise, zip_longest

from corpus.document import Block, BlockKind, StructuredText
from corpus.layout.headings import Outline, kinds, run_in_article
from corpus.layout.lines import INVISIBLE, PRIVATE_USE, BodyStyle, Line, LineGroup, are_rows, asks, prevailing
from corpus.layout.list_markers import (
    ANSWER_ALONE,
    ASKED,
    GLYPHS,
    QUESTION_ALONE,
    TITLE_WORD,
    ListMarker,
    Numbering,
    markers,
)

_BLANK = re.compile(r"[\s\x00-\x20\x7f-\x9f]{2,}|[\x00-\x20\x7f-\x9f\u2028\u2029]+")
"""Controls too: a terminal would obey them. One no-break space alone is none, several are an indent."""
_INVISIBLE = re.compile(f"[{INVISIBLE}{PRIVATE_USE}]")

_TYPED_BULLET = re.compile(rf"\s*(?:[{GLYPHS}{PRIVATE_USE}*-]|o|\d{{1,2}}[.)]|[a-z]\))\s+\S")
# What a template would have filled in: a sentence that holds it says nothing.
_PLACEHOLDER = re.compile(r"\{\{.{0,200}?\}\}|\$\{\w[\w.]{0,80}\}|lorem ipsum dolor", re.IGNORECASE | re.DOTALL)
# What may number a block.
_LABEL = re.compile(r"\(?(?:[ivxIVX]{1,5}|[a-zA-Z]|\d{1,2})(?:\.\d{1,2}){0,4}[.)°]")
# A line drawn with signs.
_RULE = re.compile(r"([_*=~.—–-])\1{4,}")
# What may stand before a question in bold: its bullet, its number, its label.
_BEFORE_BOLD = re.compile(r"\W{0,9}(?:questions?|q)?\W{0,9}\d{0,3}\W{0,9}", re.IGNORECASE)
# A question in bold that the author broke has no more.
_MOST_LINES = 4
_REMARK = re.compile(
    r"(?:attention|exemples?|important|rappel|remarques?|nota(?: bene)?|n\.?b\.?|à noter)\b", re.IGNORECASE
)
_PLAIN = (BlockKind.PARAGRAPH, BlockKind.ITEM)


@dataclass(frozen=True, slots=True)
class TextRun:
    """Words that share their looks; a line feed is a line break that the author made, and a tab one of theirs."""

    text: str
    bold: bool = False
    size: float = 0.0
    """In points; 0 where the format does not tell."""


BREAK = TextRun("\n")


@dataclass(slots=True)
class Builder:
    r"""Appends blocks and keeps their offsets; white space is squeezed, words are never changed.

    >>> builder = Builder()
    >>> builder.add([TextRun("Deux  cas :")], BlockKind.PARAGRAPH)
    >>> builder.add([TextRun("signé")], BlockKind.ITEM, level=1)
    >>> builder.reading().text
    'Deux cas :\nsigné'
    """

    unread: list[str] = field(default_factory=list)
    """What could not be read, for ``StructuredText``."""
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _blocks: list[Block] = field(default_factory=list)
    _looks: list[TextRun] = field(default_factory=list)
    """Of each block; their texts are empty."""
    _answers: set[int] = field(default_factory=set)
    """Starts of the blocks of cells in which nothing heads."""
    _asked: bool = False
    """Whether the last heading asks."""
    _listed: bool = False
    """Whether the last block is of a list in its answer: what it asks in bold are cases of the answer."""
    _tabbed: bool = False
    """Whether tabs part the words of the last paragraph."""
    heading_level: int = 0
    """Of the last heading that the file gives."""

    def add(self, runs: Iterable[TextRun], kind: BlockKind, level: int = 0, key: str | None = None) -> None:
        """Append one block; blank runs add nothing.

        In a paragraph or an item, a line that starts with a typed bullet becomes an item of its own, and
        other lines that the author broke stay lines of one block. A question in bold, alone or before its
        answer, is a heading: this is how word processors' FAQs mark their questions.
        """
        runs = [run for run in runs if run.text]
        if kind not in (BlockKind.PARAGRAPH, BlockKind.ITEM):
            self.heading_level = level if kind is BlockKind.HEADING else self.heading_level
            self._append([runs], kind, level, key)
            return
        leads = self._asked and self._blocks[-1].kind is BlockKind.PARAGRAPH and self._parts[-1].endswith(":")
        self._listed = kind is BlockKind.ITEM and (self._listed or leads)
        for part, question in [(runs, False)] if self._listed else _parts(runs):
            if question:
                self._append([part], BlockKind.HEADING, 0, key)
                kind, level = BlockKind.PARAGRAPH, 0  # the answer, even inside an item
            else:
                self._add_lines(part, kind, level, key)

    def _add_lines(self, runs: Sequence[TextRun], kind: BlockKind, level: int, key: str | None) -> None:
        every = [line for line in _lines(runs) if any(run.text.strip() for run in line)]
        titled = _titled(every) if kind is BlockKind.PARAGRAPH else 0
        self._append(every[:titled], kind, level, key)
        for lines, bulleted in _grouped(every[titled:]):
            if bulleted and kind is BlockKind.PARAGRAPH:
                self._append(lines, BlockKind.ITEM, 1, key)
            else:
                self._append(lines, kind, level, key)

    def add_question(self, question: str, key: str | None, answer: Sequence[StructuredText]) -> None:
        """Append a question that the file marks, and its answer, where nothing asks or heads."""
        self._append([[TextRun(question)]], BlockKind.QUESTION, 0, key)
        self.add_cells(answer)

    def end_answer(self) -> None:
        """What follows is not of the answer to the last question that the file marks, where it has one."""
        asked = (at for at in reversed(range(len(self._blocks))) if self._blocks[at].kind is BlockKind.QUESTION)
        at = next(asked, len(self._blocks))
        if at + 1 < len(self._blocks) and self._blocks[at].answered is None:
            self._blocks[at] = replace(self._blocks[at], answered=self._length)

    def add_cells(self, cells: Sequence[StructuredText], *, heads: bool = False) -> None:
        """Append what cells of a table hold, block by block; where nothing heads, titles are plain paragraphs."""
        for cell in cells:
            for block in cell.blocks:
                plain = not heads and block.kind in (BlockKind.HEADING, BlockKind.QUESTION)
                kind, level = (BlockKind.PARAGRAPH, 0) if plain else (block.kind, block.level)
                before = len(self._blocks)
                self._write([TextRun(block.of(cell.text))], kind, level, block.key)
                self._answers.update(each.start for each in self._blocks[before:] if not heads)

    def add_row(self, cells: Sequence[str]) -> None:
        """Append one row of a table; tabs stand between its cells, line feeds in them."""
        lines = (
            "\n".join(filter(None, (_BLANK.sub(" ", line).strip() for line in cell.split("\n")))) for cell in cells
        )
        if (row := "\t".join(lines).rstrip()).strip():
            self._write([TextRun(row)], BlockKind.TABLE, 0, None)

    def reading(self) -> StructuredText:
        """What was built so far."""
        raw = "".join(self._parts)
        blocks = list(_with_rows(raw, self._blocks))
        text = _with_spaces(raw, blocks)
        return StructuredText(
            text, tuple(_with_titles(text, blocks, self._looks, self._answers)), unread=tuple(self.unread)
        )

    def cell(self) -> StructuredText:
        """What was built so far, to be a cell of a table: nothing in bold heads there, and no tab parts columns."""
        return StructuredText(_with_spaces("".join(self._parts), self._blocks), tuple(self._blocks))

    def _append(self, lines: Sequence[Sequence[TextRun]], kind: BlockKind, level: int, key: str | None) -> None:
        squeezed = [flat for line in lines if (flat := _squeezed(line))]
        self._write([run for line in squeezed for run in (BREAK, *line)][1:], kind, level, key)

    def _write(self, runs: Sequence[TextRun], kind: BlockKind, level: int, key: str | None) -> None:
        """Append runs as they are."""
        words = "".join(run.text for run in runs)
        if not words or _PLACEHOLDER.search(words) or _RULE.fullmatch(words):
            return
        tabbed = kind is BlockKind.PARAGRAPH and "\t" in words
        self._push("\n" if tabbed and self._tabbed else self._gap(kind))
        self._tabbed = tabbed
        if kind in (BlockKind.HEADING, BlockKind.QUESTION):
            self._asked = asks(words)
        start = self._length
        for run in runs:
            self._push(run.text)
        self._blocks.append(Block(start, self._length, kind, level, key))
        # Numbers and bullets may be plain.
        worded = [run for run in runs if any(map(str.isalpha, run.text)) and not _LABEL.fullmatch(run.text.strip())]
        visible = worded or [run for run in runs if run.text.strip()]
        self._looks.append(TextRun("", all(run.bold for run in visible), min(run.size for run in visible)))

    def _gap(self, kind: BlockKind) -> str:
        if not self._blocks:
            return ""
        before = self._blocks[-1].kind
        if kind is BlockKind.ITEM and before in (BlockKind.ITEM, BlockKind.PARAGRAPH):
            return "\n"
        return "\n" if kind is before is BlockKind.TABLE else "\n\n"

    def _push(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def _parts(runs: Sequence[TextRun]) -> list[tuple[list[TextRun], bool]]:
    """Questions in bold that open a line, and what stands between them; whether each is such a question."""
    parts: list[tuple[list[TextRun], bool]] = [([], False)]
    lines = _lines(runs)
    at = 0
    while at < len(lines):
        asked, rest, after = _bold_question(lines, at)
        if asked:
            parts += [(asked, True), (rest, False)]
        else:
            parts[-1][0].extend((BREAK, *lines[at]))
        at = after
    return parts


def _bold_question(lines: Sequence[Sequence[TextRun]], at: int) -> tuple[list[TextRun], list[TextRun], int]:
    """The question in bold that opens this line, the rest of its last line, and the line after; no words for none."""
    words: list[TextRun] = []
    found: tuple[list[TextRun], list[TextRun], int] = [], [], at + 1
    bold = False
    for after, line in enumerate(lines[at : at + _MOST_LINES], at + 1):
        if words and not any(run.text.strip() for run in line):
            break
        for index, run in enumerate(line, 1):
            visible = run.text.strip()
            if run.bold or not visible:
                bold = bold or bool(visible)
            elif bold:  # "?" alone may have lost its weight
                end = len(run.text) - len(run.text.lstrip(" ?\u00a0\u202f"))
                if "?" in run.text[:end]:
                    rest = [replace(run, text=run.text[end:]), *line[index:]]
                    return [*words, replace(run, text=run.text[:end], bold=True)], rest, after
                label = ASKED.match("".join(word.text for word in words).strip())
                if label and label["value"] and visible[0].isupper():  # "Question 3 - …", without its mark
                    return words, [*line[index - 1 :]], after
                return found
            elif not _BEFORE_BOLD.fullmatch("".join(word.text for word in (*words, run))):
                return found
            words.append(run)
            if bold and asks(visible):
                found = [*words], [*line[index:]], after
        if found[0]:
            break
        words.append(TextRun(" "))
    return found


def _titled(lines: Sequence[Sequence[TextRun]]) -> int:
    """How many lines in bold stand above others that are not: a title with its text in one paragraph."""
    bold = [{run.bold for run in line if run.text.strip()} for line in lines]
    first = next((at for at, found in enumerate(bold) if found != {True}), 0)
    return first if bold and bold[first] == {False} else 0


def _with_rows(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks; paragraphs that tabs part into as many cells as their neighbours are rows of a table."""
    plain = BlockKind.PARAGRAPH
    for tabs, run in groupby(blocks, key=lambda block: block.of(text).count("\t") if block.kind is plain else 0):
        found = list(run)
        rows = tabs and are_rows([block.of(text).split("\t") for block in found])
        yield from (replace(block, kind=BlockKind.TABLE) for block in found) if rows else found


def _with_spaces(text: str, blocks: Sequence[Block]) -> str:
    """The text with spaces in the place of tabs that part no cells."""
    kept = [block.of(text) if block.kind is BlockKind.TABLE else block.of(text).replace("\t", " ") for block in blocks]
    gaps = (text[block.end : after.start] for block, after in pairwise(blocks))
    return "".join(map("".join, zip_longest(kept, gaps, fillvalue="")))


def _with_titles(text: str, blocks: Sequence[Block], looks: Sequence[TextRun], answers: Set[int]) -> Iterator[Block]:
    """The blocks, those that only their looks or the word "Article" tell from others as headings; levels given.

    Those that start at ``answers`` head nothing.
    """
    groups, look = _as_printed(text, blocks, looks)
    told = any(block.kind in (BlockKind.HEADING, BlockKind.QUESTION) for block in blocks)
    outline = Outline()
    asking: set[str] = set()
    """Styles of the numbers of questions in bold: what has one, mark or no mark, is a peer."""
    for block, group, kind, below in zip(blocks, groups, kinds(groups, look), [*blocks[1:], None], strict=False):
        strong = look.larger(group) or (group.bold and not look.bold) or group.caps or TITLE_WORD.match(group.text)
        bare = not (group.bold or look.larger(group))
        listed = block.kind is BlockKind.ITEM and (bare or _goes_on(text, block, below))
        plain = block.kind in _PLAIN and block.start not in answers
        style = group.marker.style if group.marker else ""
        if block.kind is BlockKind.HEADING and not block.level:
            asking.add(style)
        peer = replace(group, marker=None) if style in asking else group
        if block.kind is BlockKind.HEADING:
            yield replace(block, level=outline.level(group if block.level else peer, block.level))
        elif plain and kind is BlockKind.HEADING and (strong or not told) and not listed:
            yield Block(block.start, block.end, kind, outline.level(peer))
        elif plain and (cut := run_in_article(block.of(text))):
            yield Block(block.start, block.start + cut[0], BlockKind.HEADING, outline.level(group))
            yield Block(block.start + cut[1], block.end, BlockKind.PARAGRAPH)
        else:
            outline.pass_text()
            yield block


def _as_printed(text: str, blocks: Sequence[Block], looks: Sequence[TextRun]) -> tuple[list[LineGroup], BodyStyle]:
    """The blocks as the layout of a printed page sees them, and what ordinary text looks like."""
    numbering = Numbering()
    groups: list[LineGroup] = []
    size = prevailing(
        (look.size, block.end - block.start) for block, look in zip(blocks, looks, strict=True) if look.size
    )
    for block, look, below in zip(blocks, looks, [*blocks[1:], None], strict=False):
        words = block.of(text)
        label = _REMARK.match(words) or QUESTION_ALONE.fullmatch(words) or ANSWER_ALONE.fullmatch(words)
        if look.bold and below and below.kind is BlockKind.PARAGRAPH and not label:
            words = words.rstrip(" :\u00a0\u202f")  # titles in bold may end with a colon
        marker = numbering.choose(words)[0]
        if block.kind is BlockKind.ITEM and marker is None:
            marker = ListMarker("bullet", "•", 0)
        line = Line(block.start, block.end, words, 0, 1.0, size=look.size or size, bold=look.bold)
        groups.append(LineGroup((line,), marker))
    told = [block.kind in (BlockKind.HEADING, BlockKind.QUESTION) for block in blocks]
    body = BodyStyle.of([group.lines[0] for group, head in zip(groups, told, strict=True) if not head])
    return groups, replace(body, styled=body.styled or any(told))


def _goes_on(text: str, item: Block, below: Block | None) -> bool:
    """Whether a list goes on below an item: no list of bullets below a number, or of questions below a theme."""
    if below is None or below.kind is not BlockKind.ITEM:
        return False
    if below.level > item.level:
        return not asks(below.of(text))
    return _is_numbered(item.of(text)) <= _is_numbered(below.of(text))


def _is_numbered(text: str) -> bool:
    return any(marker.style != "bullet" for marker in markers(text))


def _lines(runs: Sequence[TextRun]) -> list[list[TextRun]]:
    lines: list[list[TextRun]] = [[]]
    for run in runs:
        first, *others = run.text.split("\n")
        lines[-1].append(replace(run, text=first))
        lines += [[replace(run, text=part)] for part in others]
    return lines


def _grouped(lines: Sequence[Sequence[TextRun]]) -> list[tuple[list[list[TextRun]], bool]]:
    """Lines that make one block, and whether a typed bullet opens it.

    A line that goes on in lower case after no full stop was broken for its looks: it is joined again.
    """
    groups: list[tuple[list[list[TextRun]], bool]] = []
    for line in lines:
        words = "".join(run.text for run in line).strip()
        bulleted = bool(_TYPED_BULLET.match(words))
        if groups and not bulleted and words:
            last = groups[-1][0][-1]
            before = next((text for run in reversed(last) if (text := run.text.rstrip())), "")
            if words[0].islower() and before and before[-1] not in ".;:!?…":
                last += [TextRun(" "), *line]
            else:
                groups[-1][0].append([*line])
        elif words:
            groups.append(([[*line]], bulleted))
    return groups


def _squeezed(runs: Iterable[TextRun]) -> list[TextRun]:
    """The same words with single spaces between them and none around; no-break spaces stay."""
    squeezed: list[TextRun] = []
    after_space = False
    for run in runs:
        text = _BLANK.sub(_space, _INVISIBLE.sub("", run.text))
        if not squeezed:
            text = text.lstrip()
        elif after_space:
            text = text.lstrip(" \t")
        if text:
            squeezed.append(replace(run, text=text))
            after_space = text.endswith((" ", "\t"))
    while squeezed and not (last := squeezed[-1].text.rstrip()):
        squeezed.pop()
    if squeezed:
        squeezed[-1] = replace(squeezed[-1], text=last)
    return squeezed


def _space(blank: re.Match[str]) -> str:
    return "\t" if "\t" in blank[0] else " "

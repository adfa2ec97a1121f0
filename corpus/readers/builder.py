"""Build one text block by block, with exact offsets and squeezed white space."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from corpus.document import Block, BlockKind, StructuredText
from corpus.layout.lines import INVISIBLE, PRIVATE_USE

_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
"""Controls too: a terminal would obey them."""
_INVISIBLE = re.compile(f"[{INVISIBLE}{PRIVATE_USE}]")

_TYPED_BULLET = re.compile(rf"\s*(?:[•‣▪▫◦●○■□➢➔►✓*–—{PRIVATE_USE}-]|o|\d{{1,2}}[.)]|[a-z]\))\s+\S")
# What may stand before a question in bold: its bullet, its number, its label.
_BEFORE_BOLD = re.compile(r"\W{0,9}(?:questions?|q)?\W{0,9}\d{0,3}\W{0,9}", re.IGNORECASE)
# A question in bold that the author broke has no more.
_MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class TextRun:
    """Words that share their looks; a line feed is a line break that the author made."""

    text: str
    bold: bool = False


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

    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _blocks: list[Block] = field(default_factory=list)
    _heading_level: int = 0

    def add(self, runs: Iterable[TextRun], kind: BlockKind, level: int = 0, key: str | None = None) -> None:
        """Append one block; blank runs add nothing.

        In a paragraph or an item, a line that starts with a typed bullet becomes an item of its own, and
        other lines that the author broke stay lines of one block. A question in bold that opens a line is a
        heading: this is how word processors' FAQs mark their questions.
        """
        runs = [run for run in runs if run.text]
        if kind not in (BlockKind.PARAGRAPH, BlockKind.ITEM):
            if kind is BlockKind.HEADING:
                self._heading_level = level
            self._append([runs], kind, level, key)
            return
        for part, asks in _parts(runs):
            if asks:
                self._append([part], BlockKind.HEADING, self._heading_level + 1, key)
                kind, level = BlockKind.PARAGRAPH, 0  # the answer, even inside an item
            else:
                self._add_lines(part, kind, level, key)

    def _add_lines(self, runs: Sequence[TextRun], kind: BlockKind, level: int, key: str | None) -> None:
        for lines, bulleted in _grouped(_lines(runs)):
            if bulleted and kind is BlockKind.PARAGRAPH:
                self._append(lines, BlockKind.ITEM, 1, key)
            else:
                self._append(lines, kind, level, key)

    def add_row(self, cells: Sequence[Sequence[TextRun]]) -> None:
        """Append one row of a table; tabs stand between its cells."""
        filled = [flat for cell in cells if (flat := _squeezed(cell))]
        runs = [run for cell in filled for run in (TextRun("\t"), *cell)][1:]
        self._write(runs, BlockKind.TABLE, 0, None)

    def reading(self) -> StructuredText:
        """What was built so far."""
        return StructuredText("".join(self._parts), tuple(self._blocks))

    def _append(self, lines: Sequence[Sequence[TextRun]], kind: BlockKind, level: int, key: str | None) -> None:
        squeezed = [flat for line in lines if (flat := _squeezed(line))]
        self._write([run for line in squeezed for run in (BREAK, *line)][1:], kind, level, key)

    def _write(self, runs: Sequence[TextRun], kind: BlockKind, level: int, key: str | None) -> None:
        """Append runs as they are."""
        if not runs:
            return
        self._push(self._gap(kind))
        start = self._length
        for run in runs:
            self._push(run.text)
        self._blocks.append(Block(start, self._length, kind, level, key))

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
            parts.append((asked, True))
            parts.append((rest, False))
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
        for index, run in enumerate(line, 1):
            visible = run.text.strip()
            if run.bold or not visible:
                bold = bold or bool(visible)
            elif bold:  # "?" alone may have lost its weight
                end = len(run.text) - len(run.text.lstrip(" ?\u00a0\u202f"))
                if "?" in run.text[:end]:
                    rest = [TextRun(run.text[end:]), *line[index:]]
                    return [*words, TextRun(run.text[:end])], rest, after
                return found
            elif not _BEFORE_BOLD.fullmatch("".join(word.text for word in (*words, run))):
                return found
            words.append(run)
            if bold and visible.rstrip(" »\u00a0\u202f").endswith("?"):
                found = [*words], [*line[index:]], after
        if found[0]:
            break
        words.append(TextRun(" "))
    return found


def _lines(runs: Sequence[TextRun]) -> list[list[TextRun]]:
    lines: list[list[TextRun]] = [[]]
    for run in runs:
        first, *others = run.text.split("\n") if "\n" in run.text else [run.text]
        lines[-1].append(TextRun(first, run.bold))
        lines += [[TextRun(part, run.bold)] for part in others]
    return lines


def _grouped(lines: Sequence[Sequence[TextRun]]) -> list[tuple[list[Sequence[TextRun]], bool]]:
    """Lines that make one block, and whether a typed bullet opens it.

    A line that goes on in lower case after no full stop was broken for its looks: it is joined again.
    """
    groups: list[tuple[list[Sequence[TextRun]], bool]] = []
    for line in lines:
        words = "".join(run.text for run in line).strip()
        bulleted = bool(_TYPED_BULLET.match(words))
        if groups and not bulleted and words:
            before = "".join(run.text for run in groups[-1][0][-1]).rstrip()
            if words[0].islower() and before and before[-1] not in ".;:!?…":
                groups[-1][0][-1] = [*groups[-1][0][-1], TextRun(" "), *line]
            else:
                groups[-1][0].append(line)
        elif words:
            groups.append(([line], bulleted))
    return groups


def _squeezed(runs: Iterable[TextRun]) -> list[TextRun]:
    """The same words with single spaces between them and none around; no-break spaces stay."""
    squeezed: list[TextRun] = []
    after_space = False
    for run in runs:
        text = _BLANK.sub(" ", _INVISIBLE.sub("", run.text))
        if not squeezed:
            text = text.lstrip()
        elif after_space:
            text = text.removeprefix(" ")
        if text:
            squeezed.append(TextRun(text, run.bold))
            after_space = text.endswith(" ")
    while squeezed and not (last := squeezed[-1].text.rstrip()):
        squeezed.pop()
    if squeezed:
        squeezed[-1] = TextRun(last, squeezed[-1].bold)
    return squeezed

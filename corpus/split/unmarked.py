"""Recognise questions that a document shows without marking them: rows of a table, lines that only ask."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from corpus.document import Block, BlockKind, Document, Span
from corpus.layout.lines import starts_low
from corpus.layout.list_markers import ANSWERED, ASKED, CONTENTS_TITLE, contents, markers
from corpus.readers.columns import find_columns
from corpus.split.sections import HEADS, is_page_furniture
from corpus.split.sentences import sentences

# As long as the longest question that the layout takes for a heading.
LONGEST_QUESTION = 420
FEWEST = 2
_CELL = re.compile(r"[^\t]+")
_CLOSING = " »\u00a0\u202f)"


def with_questions(document: Document) -> Document:
    """The document with such questions marked: rows as questions, lines as headings.

    Outside a list of questions and answers, one line alone that asks is an effect of style.
    """
    text, faq = document.text, document.source.kind == "faq"
    blocks: list[Block] = []
    for is_table, run in groupby(document.blocks, key=lambda block: block.kind is BlockKind.TABLE):
        found = list(run)
        blocks += (_of_table(text, found) if is_table else []) or found
    asked = list(_with_lines_that_ask(text, blocks, faq=faq))
    if faq or _headings(asked) - _headings(blocks) >= FEWEST:
        blocks = asked
    return replace(document, blocks=tuple(_without_list_of_headings(text, blocks)))


def asks(text: str) -> bool:
    """Whether the text is a question, or several, and nothing else.

    >>> [asks(text) for text in ("Qui paie ?", "Qui paie ? La commune.", "et qui paie ?", "Le prix monte. Que faire ?")]
    [True, False, False, False]
    """
    core = text.rstrip(_CLOSING)
    if not core.endswith("?") or len(text) > LONGEST_QUESTION or starts_low(text) or is_page_furniture(text):
        return False
    return all(span.of(text).rstrip(_CLOSING).endswith("?") for span in sentences(text))


def question_end(text: str, start: int) -> int:
    """Offset after the question: after the last "?" of the sentences up to the first that does not ask.

    >>> text = "Le prix monte. Que faire ? Et quand ? Rien. Vraiment ?"
    >>> text[: question_end(text, 0)]
    'Le prix monte. Que faire ? Et quand ?'
    """
    end = len(text)
    asking = False
    for span in sentences(text[start:]):
        asks = span.of(text[start:]).rstrip('»"” \u00a0)').endswith("?")
        if asks:
            end, asking = start + span.end, True
        elif asking:
            break
    return end


def _headings(blocks: Sequence[Block]) -> int:
    return sum(block.kind is BlockKind.HEADING for block in blocks)


# Tables


def _of_table(text: str, rows: Sequence[Block]) -> list[Block]:
    """The questions and answers that the rows of a printed page are; empty for other tables."""
    table = [[Span(row.start + m.start(), row.start + m.end()) for m in _CELL.finditer(row.of(text))] for row in rows]
    found = find_columns([[cell.of(text) for cell in cells] for cells in table])
    if found is None:
        return []
    first, columns = found
    blocks: list[Block] = []
    for cells in table[first:]:
        if len(cells) <= max(columns.question, *columns.answers):  # goes on with the answer above
            blocks += [block for cell in cells for block in _lines(text, cell)]
            continue
        question = cells[columns.question]
        blocks.append(Block(question.start, question.end, BlockKind.QUESTION))
        blocks += [block for column in columns.answers for block in _lines(text, cells[column])]
    return blocks


def _lines(text: str, cell: Span) -> Iterator[Block]:
    """The lines of a cell, those with a bullet as items."""
    for match in re.finditer(r"[^\n]+", cell.of(text)):
        bulleted = any(marker.style == "bullet" for marker in markers(match.group()))
        kind, level = (BlockKind.ITEM, 1) if bulleted else (BlockKind.PARAGRAPH, 0)
        yield Block(cell.start + match.start(), cell.start + match.end(), kind, level)


# Lines that ask


def _with_lines_that_ask(text: str, blocks: Sequence[Block], *, faq: bool) -> Iterator[Block]:
    """Paragraphs that only ask as headings; a question that opens a block parted from its answer."""
    level = 0
    ends = _ends_of_questions(text, blocks, faq=faq)
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING:
            level = block.level
        if index not in ends:
            yield block
            continue
        end = ends[index]
        yield Block(block.start, end, BlockKind.HEADING, level + 1)
        if end < block.end:
            blank = len(text[end : block.end]) - len(text[end : block.end].lstrip())
            yield Block(end + blank, block.end, BlockKind.PARAGRAPH)


def _ends_of_questions(text: str, blocks: Sequence[Block], *, faq: bool) -> dict[int, int]:
    """Where the question ends that opens a block, by its index.

    In a list of questions and answers, the answer may follow on the same line: where half of them do, or before the
    first question that stands alone.
    """
    listed = contents([block.of(text) for block in blocks])
    alone: dict[int, int] = {}
    inline: dict[int, int] = {}
    marked = [i for i, block in enumerate(blocks) if block.kind in HEADS and block.of(text).endswith("?")]
    row = 0  # where the answer to a question that the file marks ends
    for index, block in enumerate(blocks):
        words = block.of(text)
        before = blocks[index - 1].of(text).rstrip(_CLOSING) if index else ""
        if block.kind in HEADS:
            row = (block.answered or len(text)) if block.kind is BlockKind.QUESTION else 0
        # An answer may begin with a question, and the row of a table of questions is one entry whatever it holds.
        if block.start < row or before.endswith(":") or (index - 1 in marked):
            continue
        if block.kind not in (BlockKind.PARAGRAPH, BlockKind.ITEM) or index in listed:
            continue
        line = words.partition("\n")[0]
        if ASKED.match(words) or ANSWERED.match(words) or not asks(line[: (end := question_end(line, 0))]):
            continue
        if end < len(line):
            inline[index] = block.start + end
        elif line != words or _is_answered(text, blocks, index):
            alone[index] = block.start + end
    shown = [*marked, *alone]
    if faq:
        first = len(blocks) if len(inline) >= len(shown) else min(shown)
        alone |= {i: end for i, end in inline.items() if i < first and blocks[i].kind is BlockKind.PARAGRAPH}
    return alone


def _is_answered(text: str, blocks: Sequence[Block], index: int) -> bool:
    """Whether a line that asks stands over an answer, and not in a list of questions to think about."""
    block, after = blocks[index], next(iter(blocks[index + 1 : index + 2]), None)
    if after is None or after.kind is BlockKind.HEADING or not _without_page(after.of(text)):
        return False
    if block.kind is BlockKind.ITEM and (after.kind is not BlockKind.PARAGRAPH and after.level <= block.level):
        return False
    return not asks(after.of(text)) and not ANSWERED.match(after.of(text))


# Contents of a page


def _without_list_of_headings(text: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks without those that tell, right above a heading, what the headings below are, and their pages."""
    words = [_words(block.of(text)) for block in blocks]
    last = {own: index for index, own in enumerate(words) if blocks[index].kind in HEADS}
    kept: list[Block] = []
    waiting: list[Block] = []
    told = 0
    for index, block in enumerate(blocks):
        entry = _without_page(words[index])
        tells = not entry or max(last.get(words[index], 0), last.get(entry, 0)) > index
        if tells and block.kind in (BlockKind.PARAGRAPH, BlockKind.ITEM):
            waiting.append(block)
            told += bool(entry)
            continue
        lead_in = kept and kept[-1].of(text).endswith(":") and not CONTENTS_TITLE.fullmatch(kept[-1].of(text))
        kept += [block] if told >= FEWEST and block.kind in HEADS and not lead_in else [*waiting, block]
        waiting, told = [], 0
    return [*kept, *waiting]


def _words(text: str) -> str:
    """Without case and number before."""
    return text[next((marker.end for marker in markers(text)), 0) :].casefold()


def _without_page(words: str) -> str:
    return words.rstrip("0123456789").rstrip(" .…·_\t\u00a0")

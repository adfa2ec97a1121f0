"""Split lists of questions and answers.

Three forms: questions that the file marks and headings that ask, labels ("Q : … R : …"), numbers ("7. Quelle … ?").
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from corpus.document import Block, BlockKind, Document, Span
from corpus.layout.list_markers import ASKED, contents, markers
from corpus.split.sections import HeadingPath, Section, content, loose, sections, without_asides
from corpus.split.unmarked import question_end

INLINE_ANSWER = re.compile(
    r"\s(?=(?:r[ée]ponse|r)\s*\d{0,3}\s*[:–—]\s|(?-i:R[ée]ponse|R)\s*\d{0,3}\s*[-.]\s)", re.IGNORECASE
)
LABEL = re.compile(
    r"(?:r[ée]ponses?|r)\s*(?:n\s?[°o]\s*)?\d{0,3}\s*(?::|\)|[–—]|\.(?=\s+\D|$)|-(?=\s|$))\s*", re.IGNORECASE
)
# A question of several paragraphs is shorter than this, or we misread a label.
LONGEST_QUESTION = 1200
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: blocks ``[first, after)``, and ``rest``, the answer that begins in the last of them."""

    first: int
    after: int
    heading: Span
    rest: Block | None
    level: int
    key: str | None = None


def faq_sections(document: Document) -> list[Section]:
    """The sections of a list of questions and answers; empty when there is no question in it."""
    blocks = document.blocks
    asked = _asked(document)
    if not asked:
        return []
    path = HeadingPath(document.text)
    found: list[Section] = []
    for run in content(document, blocks[: asked[0].first]):
        for block in run:
            if block.kind is BlockKind.HEADING:
                path.enter(block)  # above everything
        found += loose(document, run, path.spans())
    base = _theme_level(blocks, asked)
    for index, question in enumerate(asked):
        end = asked[index + 1].first if index + 1 < len(asked) else len(blocks)
        found += _answered(document, question, blocks[question.after : end], path, base)
    return found


def is_faq(document: Document) -> bool:
    """Whether the file marks or labels its questions, whatever the catalogue says of it."""
    marked = any(block.kind is BlockKind.QUESTION for block in document.blocks)
    return marked or len(_labelled(document, _texts(document))) >= FEWEST


def _asked(document: Document) -> list[Asked]:
    forms: list[Callable[[Document, Sequence[str]], list[Asked]]] = [_labelled, _numbered, _shown]
    texts = _texts(document)
    return max((form(document, texts) for form in forms), key=len)


def _texts(document: Document) -> list[str]:
    """The words of each block; none for a table of contents, whose questions have no answer."""
    texts = [block.of(document.text) for block in document.blocks]
    listed = contents(texts)
    return ["" if index in listed else text for index, text in enumerate(texts)]


def _labelled(document: Document, texts: Sequence[str]) -> list[Asked]:
    labels = [
        (index, match.end())
        for index, text in enumerate(texts)
        if (match := ASKED.match(text)) and document.blocks[index].kind is not BlockKind.TABLE
    ]
    ends = [*(index for index, _ in labels[1:]), len(texts)]
    return [_label_asks(document, texts, index, skip, end) for (index, skip), end in zip(labels, ends, strict=False)]


def _label_asks(document: Document, texts: Sequence[str], index: int, skip: int, end: int) -> Asked:
    """The question runs to the label of the answer, wherever it stands; without one, to its last "?"."""
    blocks, text = document.blocks, texts[index]
    start = blocks[index].start + skip
    inline = INLINE_ANSWER.search(text, skip)
    if inline:
        return _ask(document, index, index + 1, start, blocks[index].start + inline.start())
    for after in range(index + 1, end):
        if blocks[after].kind is not BlockKind.ITEM and LABEL.match(texts[after]):
            if blocks[after - 1].end - start <= LONGEST_QUESTION:
                return _ask(document, index, after, start, blocks[after - 1].end)
            break
    return _ask(document, index, index + 1, start, blocks[index].start + question_end(text, skip))


def _numbered(document: Document, texts: Sequence[str]) -> list[Asked]:
    """Numbers that follow one another; the numbers of a list inside an answer restart, and ask nothing."""
    found: list[Asked] = []
    last = 0
    for index, (block, text) in enumerate(zip(document.blocks, texts, strict=True)):
        number = next((marker for marker in markers(text) if marker.style == "arabic"), None)
        if number is None or not (number.rank in (1, last + 1) or not found):
            continue
        asks = "?" in text and question_end(text, number.end) > number.end
        if not asks and (block.kind is not BlockKind.HEADING or number.rank != last + 1):
            continue
        end = question_end(text, number.end) if asks else len(text)
        found.append(_ask(document, index, index + 1, block.start + number.end, block.start + end))
        last = number.rank
    asking = [question for question in found if question.heading.of(document.text).endswith("?")]
    return found if 2 * len(asking) >= len(found) else []


def _shown(document: Document, texts: Sequence[str]) -> list[Asked]:
    """What the file marks as a question, and headings that ask."""
    found = []
    for index, (block, text) in enumerate(zip(document.blocks, texts, strict=True)):
        heading = block.kind is BlockKind.HEADING and text.rstrip(" »\u00a0").endswith("?")
        if text and (heading or block.kind is BlockKind.QUESTION):
            label = ASKED.match(text)
            skip = label.end() if label else next((marker.end for marker in markers(text)), 0)
            found.append(_ask(document, index, index + 1, block.start + skip, block.end))
    return found


def _ask(document: Document, first: int, after: int, start: int, end: int) -> Asked:
    """Make a question of the slice; what follows it in its last block begins the answer."""
    text, block = document.text, document.blocks[after - 1]
    rest_start = block.end - len(text[end : block.end].lstrip())
    rest = Block(rest_start, block.end, BlockKind.PARAGRAPH) if rest_start < block.end else None
    end = start + len(text[start:end].rstrip())
    return Asked(first, after, Span(start, end), rest, block.level, block.key)


def _theme_level(blocks: Sequence[Block], asked: Sequence[Asked]) -> int:
    """Level of the deepest heading right above a question: such headings part themes, not answers."""
    levels = [
        blocks[question.first - 1].level
        for question in asked
        if question.first and blocks[question.first - 1].kind is BlockKind.HEADING
    ]
    return max(levels, default=1)


def _answered(
    document: Document, question: Asked, after: Sequence[Block], path: HeadingPath, base: int
) -> list[Section]:
    """The question with its answer, its references, and the sections that end the answer."""
    if question.level:  # the question is itself a heading: deeper headings belong to its answer
        base = question.level
    last = document.blocks[question.first].answered or len(document.text)
    ending = (
        index
        for index, block in enumerate(after)
        if block.start >= last or (block.kind is BlockKind.HEADING and block.level <= base)
    )
    end = next(ending, len(after))
    while end and after[end - 1].kind is BlockKind.HEADING:
        end -= 1
    answer = _without_label(document, [*([question.rest] if question.rest else []), *after[:end]])
    marked = document.blocks[question.first].kind is BlockKind.QUESTION  # a row of a table is one entry
    main, asides = (answer, []) if marked else without_asides(document, answer)
    if not main:
        main, asides = answer, []
    section = path.spans()
    found = [Section(question.heading, section, tuple(main), question.key)] if main else []
    found += [Section(None, section, tuple(aside)) for aside in asides]
    rest = content(document, after[end:])
    return found + [section for run in rest for section in sections(document, run, path)]


def _without_label(document: Document, answer: list[Block]) -> list[Block]:
    """The answer without "R : " before it."""
    if not answer or answer[0].kind not in (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.ITEM):
        return answer
    label = LABEL.match(answer[0].of(document.text))
    if not label:
        return answer
    start = answer[0].start + label.end()
    return [*([replace(answer[0], start=start)] if start < answer[0].end else []), *answer[1:]]

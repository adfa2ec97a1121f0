"""Split lists of questions and answers.

Three forms: questions that the file marks and headings that ask, labels ("Q : … R : …"), numbers ("7. Quelle … ?").
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from corpus.document import Block, BlockKind, Document, Span
from corpus.layout.lines import CLOSING, asks, starts_low
from corpus.layout.list_markers import ANSWERED, ASKED, BY, QUESTION_ALONE, SPEAKER, contents, markers, question_start
from corpus.readers.columns import question_rows
from corpus.split.sections import (
    HEADS,
    HeadingPath,
    Section,
    content,
    is_page_furniture,
    loose,
    sections,
    with_asides,
    without_list_of_headings,
    without_page_number,
)
from corpus.split.sentences import sentences

INLINE_ANSWER = re.compile(
    rf"\s(?=(?:r[ée]ponse(?:{BY})?|r)\s*\d{{0,3}}\s*[:–—]\s|(?-i:R[ée]ponse|R)\s*\d{{0,3}}\s*[-.]\s)", re.IGNORECASE
)
# Below "Q : ", "A : " is an answer too, and "R. 16 %", which is the number of an article elsewhere.
BELOW_ASKED = re.compile(r"(?:A\s*\d{0,3}\s*:|R\.(?=\s\d))\s*")
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
        found += _before_questions(document, run, path)
        _leave_peers(path, run, asked[0].level)
    above: list[int] = []
    """Levels of the questions under which others stand."""
    for index, question in enumerate(asked):
        while above and above[-1] >= question.level:
            path.leave(above.pop())
        end = asked[index + 1].first if index + 1 < len(asked) else len(blocks)
        found += _answered(document, question, blocks[question.after : end], path)
        if index + 1 < len(asked):
            _leave_peers(path, blocks[question.after : end], asked[index + 1].level)
            if 0 < asked[index + 1].level < question.level:
                path.leave(asked[index + 1].level)
            if asked[index + 1].level > question.level > 0:
                path.enter(blocks[question.first])
                above.append(question.level)
    return found


def _before_questions(document: Document, run: Sequence[Block], path: HeadingPath) -> list[Section]:
    """What stands above the first question: sections; under the title of the list alone, paragraphs apart."""
    parts = [(head, list(part)) for head, part in groupby(run, key=lambda block: block.kind is BlockKind.HEADING)]
    titles = next((len(part) for head, part in parts if head), 0)
    if sum(head for head, _ in parts[:-1]) > 1 or titles > 1:
        return sections(document, run, path)
    found: list[Section] = []
    for head, part in parts:
        if not head:
            found += loose(document, part, path.spans())
        for block in part if head else ():
            path.enter(block)  # above everything
    return found


def _leave_peers(path: HeadingPath, between: Sequence[Block], level: int) -> None:
    """Headings with their own text, as deep as the next question or deeper, are not above it."""
    heads = [block for block in between if block.kind is BlockKind.HEADING]
    if heads and heads[-1].level >= level > 0 and between[-1] is not heads[-1]:
        path.leave(level)


def is_faq(document: Document) -> bool:
    """Whether the file marks or labels its questions, whatever the catalogue says of it."""
    marked = any(block.kind is BlockKind.QUESTION for block in document.blocks)
    return marked or len(_labelled(document, _texts(document))) >= FEWEST


def _asked(document: Document) -> list[Asked]:
    """The questions of the commonest form, and those of the others that are sure: labelled or marked by the file."""
    texts = _texts(document)
    labelled, shown = _labelled(document, texts), _shown(document, texts)
    found = max(labelled, _numbered(document, texts), shown, key=len)
    marked = [question for question in shown if document.blocks[question.first].kind is BlockKind.QUESTION]
    taken = {index for question in found for index in range(question.first, question.after)}
    for question in [*marked, *(labelled if len(labelled) >= FEWEST else ())]:
        if taken.isdisjoint(range(question.first, question.after)):
            taken.update(range(question.first, question.after))
            found = [*found, question]
    return sorted(found, key=lambda question: question.first)


def _texts(document: Document) -> list[str]:
    """The words of each block; none for a table of contents, whose questions have no answer."""
    texts = [block.of(document.text) for block in document.blocks]
    listed = contents(texts)
    return ["" if index in listed else text for index, text in enumerate(texts)]


def _labelled(document: Document, texts: Sequence[str]) -> list[Asked]:
    labels = [
        (index, match)
        for index, text in enumerate(texts)
        if document.blocks[index].kind is not BlockKind.TABLE
        and (
            match := ASKED.match(text)
            or QUESTION_ALONE.fullmatch(text)
            or (SPEAKER.match(text) if asks(text) else None)
        )
    ]
    ends = [*(index for index, _ in labels[1:]), len(texts)]
    asked = (_label_asks(document, texts, index, match, end) for (index, match), end in zip(labels, ends, strict=False))
    return [question for question in asked if question]


def _label_asks(document: Document, texts: Sequence[str], first: int, label: re.Match[str], end: int) -> Asked | None:
    """The question runs to the label of the answer, wherever it stands; without one, to its last "?".

    None where no answer is labelled and the label stands alone, a title, or is a name, or calls a statement a request,
    or names who asks, or has no sign.
    """
    blocks = document.blocks
    alone = label.end() == len(texts[first])
    index, skip = (first + 1, 0) if alone and first + 1 < end else (first, label.end())
    text = texts[index]
    start = blocks[index].start + skip
    inline = INLINE_ANSWER.search(text, skip)
    if inline:
        return _ask(document, first, index + 1, start, blocks[index].start + inline.start())
    for after in range(index + 1, end):
        if blocks[after].kind is not BlockKind.ITEM and _answer_label(texts[first], texts[after]):
            return _ask(document, first, after, start, blocks[after - 1].end)
    asked = question_end(text, skip)
    unsure = label[0][0] in "Dd" or label[0].rstrip()[-1:].isdigit() or label.groupdict().get("by")
    if alone or SPEAKER.match(label[0]) or (unsure and text[asked - 1] != "?"):
        return None
    return _ask(document, first, index + 1, start, blocks[index].start + asked)


def _answer_label(asked: str, said: str) -> re.Match[str] | None:
    """What stands before an answer: "R : ", or "A : " under "Q : "."""
    below = BELOW_ASKED.match(said) if asked[:1] in "Qq" and ASKED.match(asked) else None
    return below or ANSWERED.match(said)


def _numbered(document: Document, texts: Sequence[str]) -> list[Asked]:
    """Numbers that follow one another; the numbers of a list inside an answer restart, and ask nothing."""
    found: list[Asked] = []
    last = 0
    for index, (block, text) in enumerate(zip(document.blocks, texts, strict=True)):
        number = next((marker for marker in markers(text) if marker.style == "arabic"), None)
        if number is None or not (number.rank in (1, last + 1) or not found):
            continue
        question = "?" in text and question_end(text, number.end) > number.end
        if not question and (block.kind is not BlockKind.HEADING or number.rank != last + 1):
            continue
        end = question_end(text, number.end) if question else len(text)
        found.append(_ask(document, index, index + 1, block.start + number.end, block.start + end))
        last = number.rank
    asking = [question for question in found if question.heading.of(document.text).endswith("?")]
    return found if 2 * len(asking) >= len(found) else []


def _shown(document: Document, texts: Sequence[str]) -> list[Asked]:
    """What the file marks as a question, and headings that ask."""
    found = []
    for index, (block, text) in enumerate(zip(document.blocks, texts, strict=True)):
        if text and (block.kind is BlockKind.QUESTION or (block.kind is BlockKind.HEADING and asks(text))):
            found.append(_ask(document, index, index + 1, block.start + question_start(text), block.end))
    return found


def _ask(document: Document, first: int, after: int, start: int, end: int) -> Asked:
    """Make a question of the slice; what follows it in its last block begins the answer."""
    text, block = document.text, document.blocks[after - 1]
    rest_start = block.end - len(text[end : block.end].lstrip())
    rest = Block(rest_start, block.end, BlockKind.PARAGRAPH) if rest_start < block.end else None
    return Asked(first, after, Span(start, end), rest, block.level, block.key)


def _answered(document: Document, question: Asked, after: Sequence[Block], path: HeadingPath) -> list[Section]:
    """The question with its answer, its references, and the sections that end the answer."""
    base = question.level or path.level or 1  # deeper headings belong to the answer
    last = document.blocks[question.first].answered or len(document.text)
    ending = (
        index
        for index, block in enumerate(after)
        if block.start >= last or (block.kind is BlockKind.HEADING and block.level <= base)
    )
    end = next(ending, len(after))
    while end and after[end - 1].kind is BlockKind.HEADING:
        end -= 1
    answer = _without_label(document, question, [*([question.rest] if question.rest else []), *after[:end]])
    marked = document.blocks[question.first].kind is BlockKind.QUESTION  # a row of a table is one entry
    section = Section(question.heading, path.spans(), tuple(answer), question.key)
    found = ([section] if marked else with_asides(document, section, path)) if answer else []
    rest = content(document, after[end:])
    return found + [section for run in rest for section in sections(document, run, path)]


def _without_label(document: Document, question: Asked, answer: list[Block]) -> list[Block]:
    """The answer without "R : " before it."""
    if not answer or answer[0].kind not in (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.ITEM):
        return answer
    label = _answer_label(document.blocks[question.first].of(document.text), answer[0].of(document.text))
    if not label:
        return answer
    start = answer[0].start + label.end()
    return [*([replace(answer[0], start=start)] if start < answer[0].end else []), *answer[1:]]


# Questions that nothing marks


def with_questions(document: Document) -> Document:
    """The document with such questions marked: rows as questions, lines as headings.

    Outside a list of questions and answers, one line alone that asks is an effect of style.
    """
    text, faq = document.text, document.source.kind == "faq"
    blocks: list[Block] = []
    for is_table, run in groupby(document.blocks, key=lambda block: block.kind is BlockKind.TABLE):
        found = list(run)
        blocks += (question_rows(text, found, blocks) if is_table else []) or found
    asked = list(_with_lines_that_ask(text, blocks, faq=faq))
    if faq or _headings(asked) - _headings(blocks) >= FEWEST:
        blocks = asked
    return replace(document, blocks=tuple(without_list_of_headings(text, blocks)))


def only_asks(text: str) -> bool:
    """Whether the text is a question, or several, and nothing else.

    >>> [only_asks(text) for text in ("Qui paie ?", "Qui paie ? Nous.", "et qui paie ?", "Le prix monte. Qui ?")]
    [True, False, False, False]
    """
    if not asks(text) or starts_low(text[question_start(text) :]) or is_page_furniture(text):
        return False
    return all(asks(span.of(text)) for span in sentences(text))


def question_end(text: str, start: int) -> int:
    """Offset after the question: after the last "?" of the sentences up to the first that does not ask.

    >>> text = "Le prix monte. Que faire ? Et quand ? Rien. Vraiment ?"
    >>> text[: question_end(text, 0)]
    'Le prix monte. Que faire ? Et quand ?'
    """
    end = len(text)
    asking = False
    for span in sentences(text[start:]):
        if asks(span.of(text[start:])):
            end, asking = start + span.end, True
        elif asking:
            break
    return end


def _headings(blocks: Sequence[Block]) -> int:
    return sum(block.kind is BlockKind.HEADING for block in blocks)


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
    marked = [i for i, block in enumerate(blocks) if block.kind in HEADS and block.of(text).endswith("?")]
    alone: dict[int, int] = {}
    inline: dict[int, int] = {}
    for index in _not_answers(text, blocks):
        block = blocks[index]
        words = block.of(text)
        line = words.partition("\n")[0]
        if ASKED.match(words) or ANSWERED.match(words) or not only_asks(line[: (end := question_end(line, 0))]):
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


def _not_answers(text: str, blocks: Sequence[Block]) -> Iterator[int]:
    """Which paragraphs and items may open with a question of their own.

    An answer may begin with a question, and the row of a table of questions is one entry whatever it holds.
    """
    listed = contents([block.of(text) for block in blocks])
    row, leads = 0, False  # where the answer to a question that the file marks ends; whether the block above leads on
    for index, block in enumerate(blocks):
        head = block.kind in HEADS
        if head:
            row = (block.answered or len(text)) if block.kind is BlockKind.QUESTION else 0
        elif not (leads or block.kind is BlockKind.TABLE or block.start < row or index in listed):
            yield index
        goes_on = leads and block.kind is BlockKind.ITEM  # the items of one list
        leads = goes_on or block.of(text).rstrip(CLOSING).endswith((":", "?") if head else ":")


def _is_answered(text: str, blocks: Sequence[Block], index: int) -> bool:
    """Whether a line that asks stands over an answer, and not in a list of questions to think about."""
    after = next(iter(blocks[index + 1 : index + 2]), None)
    if after is None or after.kind is BlockKind.HEADING or not without_page_number(after.of(text)):
        return False
    return not only_asks(after.of(text)) and not ANSWERED.match(after.of(text))

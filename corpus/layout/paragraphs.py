"""Group printed lines into paragraphs by punctuation, spacing, indent and type."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from corpus.layout.lines import BodyStyle, Line, LineGroup, goes_on, greets, hangs, is_terminal, starts_high, starts_low
from corpus.layout.list_markers import (
    ANSWER_ALONE,
    ANSWERED,
    ASIDE,
    ASKED,
    ENACTING,
    INTERROGATIVE,
    QUESTION_ALONE,
    TITLE_WORD,
    ListMarker,
    Numbering,
    leads_to_value,
)

# A gap of a third more than the ordinary one parts paragraphs; twice as much parts even half sentences. Below a line
# that stands that far from the text above, a title, less is enough.
WIDE, VERY_WIDE, BELOW_TITLE = 1.3, 2.2, 1.15
# Lines of proportional type differ by a tenth or so in characters for the same width.
SLACK = 0.88
VERY_SHORT = 0.62
# A number to call, an address to write to, and no more.
REACHED = re.compile(r"0\d(?:[ .\u00a0\u202f]?\d\d){4}|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# The end of a line of contents without leaders.
AT_PAGE = re.compile(r"\t(?:p\.? ?)?\d{1,4}$")
# A longer line of plain text than this was not wrapped: each line is a paragraph.
LONGEST_WRAPPED = 180
# A cell that a page break cut fills a line: amounts and dates are shorter.
FILLED = 15
# Neighbours whose right ends tell the width of a column.
WINDOW = 10


@dataclass(frozen=True, slots=True)
class View:
    """The lines of a document that are text, with the right edge of the column of each."""

    lines: Sequence[Line]
    edges: Sequence[float]
    look: BodyStyle

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "View":
        """Measure the columns: over the whole of a plain text, around each line of a printed page."""
        look = BodyStyle.of(lines)
        if not look.size:
            rights = sorted(line.right for line in lines)
            edge = rights[int(0.97 * (len(rights) - 1))] if rights else 0.0
            return cls(lines, [edge] * len(lines), look)
        return cls(lines, [_edge_around(lines, index) for index in range(len(lines))], look)

    def room_after(self, index: int, words: str = "") -> bool:
        """The first word of the next line, or these words, would have fitted on this one."""
        words = words or self.lines[index + 1].text.split(None, 1)[0]
        return self.lines[index].right + 1 + len(words) <= SLACK * self.edges[index]

    def is_full(self, index: int) -> bool:
        return self.lines[index].right >= SLACK * self.edges[index] - 8

    def is_very_short(self, index: int) -> bool:
        line = self.lines[index]
        return line.right - line.left < VERY_SHORT * (self.edges[index] - line.left)

    @property
    def unwrapped(self) -> bool:
        return bool(self.lines) and not self.look.size and self.edges[0] > LONGEST_WRAPPED


def _edge_around(lines: Sequence[Line], index: int) -> float:
    own = lines[index]
    near = lines[max(0, index - WINDOW) : index + WINDOW + 1]
    same = [
        line
        for line in near
        if line.page == own.page
        and abs(line.size - own.size) <= 1.0
        and line.left < own.right  # else in the next column, or in the one before
        and own.left < line.right
    ]
    return max(line.right for line in ([line for line in same if not line.cells] or same))


def paragraphs(view: View) -> list[LineGroup]:
    """The groups of lines that make one block each."""
    lines = view.lines
    numbering = Numbering()
    groups: list[LineGroup] = []
    for index, line in enumerate(lines):
        marker, expected = numbering.choose(line.text)
        marker = ListMarker("bullet", "•", 0) if line.bulleted and marker is None else marker
        if index and not _breaks(view, index, marker, expected, groups[-1]):
            groups[-1] = LineGroup((*groups[-1].lines, line), groups[-1].marker)
        else:
            groups.append(LineGroup((line,), marker))
    return groups


def _breaks(view: View, index: int, marker: ListMarker | None, expected: bool, group: LineGroup) -> bool:
    above, line = view.lines[index - 1], view.lines[index]
    if any(label.fullmatch(each.text) for label in (QUESTION_ALONE, ANSWER_ALONE) for each in (above, line)):
        return True
    if above.level or line.level:
        return line.level >= 0
    if above.cells and line.cells:
        return not _is_cut(above, line)
    if line.bulleted or above.cells or line.cells or leads_to_value(above.text) or AT_PAGE.search(above.text):
        return True
    sure = goes_on(above.text, line.text)
    if marker and (_is_next_item(group, line, marker) or _marks(view, index, marker, expected, group)):
        return True
    if _labelled(line.text) and (not hangs(above.text) or is_terminal(above.text)):
        return True
    if ENACTING.match(line.text) and line.text[0].isupper() and (is_terminal(above.text) or above.text.endswith(",")):
        return True
    if above.size and abs(above.size - line.size) > (0.15 if sure else 0.08) * above.size:
        return True
    apart = _apart(view, index, sure)
    if apart is not None:
        return apart
    if sure or (above.bold != line.bold):
        return not sure
    return _ends_paragraph(view, index, group)


def columns(group: LineGroup) -> list[list[Line]]:
    """The lines of a group, those of a row that a page break cut column by column."""
    if len(group.lines) < 2 or not group.lines[0].cells:
        return [list(group.lines)]
    found = [[cell] for cell in _cells(group.lines[0])]
    for line in group.lines[1:]:
        for column, cell in zip(found, _cells(line), strict=False):
            column += [cell] if cell.text else []
    return found


def _cells(row: Line) -> Iterator[Line]:
    start = row.start
    for text in row.text.split("\t"):
        yield replace(row, start=start, end=start + len(text), text=text)
        start += len(text) + 1


def _is_cut(above: Line, line: Line) -> bool:
    """Whether a row goes on over a page break: each cell goes on with what fills a line above it."""
    pairs = [(upper.text, lower.text) for upper, lower in zip(_cells(above), _cells(line), strict=False) if lower.text]
    return (
        line.page == above.page + 1
        and len(line.text.split("\t")) <= len(above.text.split("\t"))
        and all(len(upper) >= FILLED and (goes_on(upper, lower) or line.text[0] == "\t") for upper, lower in pairs)
    )


def _is_next_item(group: LineGroup, line: Line, marker: ListMarker) -> bool:
    """Whether the line has the bullet of the item above, in the same place."""
    alike = group.marker and group.marker.style == marker.style == "bullet" and group.marker.value == marker.value
    return bool(alike) and abs(line.left - group.lines[0].left) < 1 and not hangs(group.text)


def _marks(view: View, index: int, marker: ListMarker, expected: bool, group: LineGroup) -> bool:
    """Whether the marker opens a block: a dash or a number may as well stand inside a wrapped sentence."""
    above = view.lines[index - 1]
    loose = is_terminal(above.text) or (view.lines[index].gap or 0) > WIDE or view.room_after(index - 1)
    if marker.style == "bullet":
        return marker.value not in "–—*+" or loose
    if marker.style == "path":
        return loose or not hangs(above.text)
    if starts_low(view.lines[index].text[marker.end :]):
        return expected and loose
    alike = group.marker is not None and group.marker.style == marker.style and view.room_after(index - 1)
    return (expected and not hangs(above.text)) or (loose and is_terminal(above.text)) or alike


def _labelled(text: str) -> bool:
    """A label that opens a block wherever it stands at the start of a line."""
    if not text[0].isupper():
        return False
    answered = ANSWERED.match(text)
    sure = answered and (answered["value"] or re.search("[:/ée]", answered[0]))
    return bool(sure or ASKED.match(text) or ASIDE.match(text))


def _apart(view: View, index: int, sure: bool) -> bool | None:
    """What the white space above the line says; None when it says nothing."""
    above, line = view.lines[index - 1], view.lines[index]
    if line.gap is None or line.page != above.page:
        if sure or is_terminal(above.text):
            return not sure
        strong = view.look.larger(LineGroup((above,))) or (above.bold and not view.look.bold)
        return (
            (strong and starts_high(line.text))
            or above.bold != line.bold
            or not view.is_full(index - 1)
            or bool(TITLE_WORD.match(line.text))
        )
    if line.gap > VERY_WIDE:
        return True
    if line.gap > WIDE:
        return not sure or greets(above.text, line.text)
    if line.gap > BELOW_TITLE and (above.gap or 0) > VERY_WIDE and starts_high(line.text) and not hangs(above.text):
        return True
    return None


def _ends_paragraph(view: View, index: int, group: LineGroup) -> bool:
    """Whether the line above, at ordinary distance and not cut inside a sentence, ends its paragraph."""
    above, line = view.lines[index - 1], view.lines[index]
    ends = is_terminal(above.text)
    if above.text.isupper() and line.text.isupper() and above.size == line.size and not ends:
        return False  # a title in capitals, on two lines
    if view.unwrapped:
        return True
    if (
        group.marker
        and not ends
        and INTERROGATIVE.match(group.words)
        and starts_high(line.text)
        and not hangs(above.text)
    ):
        return True  # a question without its mark
    indented = line.left > above.left + 1 or (line.left < above.left - 1 and line.text.endswith("?"))
    if ends and indented and starts_high(line.text):
        return True
    if ends and not line.size and "?" in line.text and INTERROGATIVE.match(line.text):
        return True  # a question with its answer on one line
    if TITLE_WORD.match(line.text) and line.text[0].isupper() and (ends or view.room_after(index - 1)):
        return True
    if REACHED.fullmatch(line.text) and not hangs(above.text) and view.room_after(index - 1, line.text):
        return True  # below an address
    if view.room_after(index - 1):
        title = view.is_very_short(index - 1) or TITLE_WORD.match(above.text)
        return ends or bool(title and starts_high(line.text) and not hangs(above.text))
    if above.text.endswith("?") and starts_high(line.text):
        plain = not line.size and INTERROGATIVE.match(group.text)
        if above.bold or group.marker or ASKED.match(group.text) or plain:
            return True
    return _is_title(view, index)


def _is_title(view: View, index: int) -> bool:
    """A very short line without a full stop, above a line that starts anew: it stands alone."""
    above, line = view.lines[index - 1], view.lines[index]
    if index + 1 >= len(view.lines) or not starts_high(line.text) or hangs(above.text):
        return False
    below = view.lines[index + 1]
    return (
        view.is_very_short(index)
        and not is_terminal(line.text)
        and not hangs(line.text)
        and (starts_high(below.text) or ASKED.match(below.text) is not None)
    )

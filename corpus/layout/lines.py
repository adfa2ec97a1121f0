"""Printed lines with their geometry (spacing, indent, width, size, weight), and groups of them."""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from corpus.layout.list_markers import ListMarker, is_marker

# Words after which a French sentence always goes on: a line that ends with one never ends a paragraph.
_HANGING = """
à au aux avec car ce ces cet cette chaque comme dans de des dont du elle en entre et il la le les leur leurs
lorsque mais ne ni notre nos nous on ou où par pour qu que quelle quelles quels qui sa sans se ses si son sous
sur un une vers votre vos vous soit sont ainsi n° article articles l. r. d.
"""
HANGING = frozenset(_HANGING.split())
# At the end of a line, unlike the apostrophe of a name: "MaPrimeRénov’".
ELIDED = re.compile(r"(?<!\w)(?:[cdjlmnst]|(?:jus|lors|puis|quoi)?qu|presqu|quelqu|aujourd)[’']$", re.IGNORECASE)
# Abbreviations whose full stop ends no sentence.
_ABBREVIATIONS = "al. art. cf. chap. d. ex. l. m. mm. mme. p. pp. r. réf. tél. op. cit. n°."
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
SOFT_HYPHEN, NO_WIDTH = "\u00ad", "\u2060"
# Soft hyphen, zero-width space, word joiner, byte order mark: nobody sees them, searches trip over them. And the
# marks that turn the direction of writing: with them a text shows other words than it holds.
INVISIBLE = f"{SOFT_HYPHEN}{NO_WIDTH}\u200b\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ADDRESS = re.compile(r"https?:|www\.|[\w.+-]+@\w")
# Font sizes between two lines, or lines: what stands further is no next line, whatever its words.
WIDEST = 4
# A line drawn under a title, or between two parts of a text.
RULE = re.compile(r"[=\-_*~#]{3,}|(?:[*_-] ){2,}[*_-]")
_LONGEST_UNDERLINED = 100
# Two may be names and functions, unless they hold figures.
_FEWEST_ROWS = 3
# A title between signs, or after three: == Titre ==, *** Titre ***, >>> Titre.
_FRAMED = re.compile(r"([=*#~>-])\1(\1+)?\s*(?P<title>[^\W_].{0,98}?)\s*(?(2)\1*|\1{2,})")
CLOSING = "»\"”’')] \u00a0\u202f"
OPENING = "«\"“‘'([ \u00a0\u202f"


PRIVATE_USE = "\ue000-\uf8ff"
"""Signs of one font only (bullets of Wingdings, icons): an empty square in any other."""


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: ``text`` is ``raw[start:end]``, without the white space around it."""

    start: int
    end: int
    text: str
    page: int
    """From 0."""
    gap: float | None
    """Distance to the line above, 1 = ordinary line spacing; None at the top of a page or column."""
    left: float = 0.0
    """Indent, in characters."""
    right: float = 0.0
    """Right end, in characters."""
    height: float | None = None
    """Above the foot of the page, in points; None where lines stand in their order, or along the page."""
    size: float = 0.0
    """Font size in points; 0 when the format has none."""
    bold: bool = False
    note: bool = False
    """Of a footnote."""
    cells: bool = False
    """A row of a table: tabs part its cells."""
    bulleted: bool = False
    """A bullet that is no character stands before it."""
    level: int = 0
    """Of a heading that the outline of the file names, 1 = outermost; negative where it goes on over this line."""
    noise: bool = False
    """Left by the printer: not part of the text."""


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The lines of one block, before we know its kind."""

    lines: tuple[Line, ...]
    marker: ListMarker | None = None

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def words(self) -> str:
        """The text without its bullet or number."""
        return self.text[self.marker.end :] if self.marker else self.text

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)

    @property
    def size(self) -> float:
        return min(line.size for line in self.lines)

    @property
    def caps(self) -> bool:
        letters = [char for char in self.words if char.isalpha()]
        return len(letters) >= 4 and sum(char.isupper() for char in letters) >= 0.8 * len(letters)


@dataclass(frozen=True, slots=True)
class BodyStyle:
    """What ordinary text looks like in this document."""

    size: float
    bold: bool
    """Most of the text is bold: weight tells nothing."""
    styled: bool
    """Some lines are bold or of another size: headings that have no style of their own are rare."""

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "BodyStyle":
        """The look of most characters."""
        bold = sum(len(line.text) for line in lines if line.bold)
        mostly = 2 * bold > sum(len(line.text) for line in lines)
        size = prevailing((line.size, len(line.text)) for line in lines)
        return cls(size, mostly, styled=bool(bold and not mostly))

    def larger(self, group: LineGroup) -> bool:
        return group.size >= 1.12 * self.size > 0


def prevailing(weighted: Iterable[tuple[float, int]]) -> float:
    """The value of most characters, from values with their number of characters; 0 when there is none."""
    found: dict[float, int] = {}
    for value, characters in weighted:
        found[value] = found.get(value, 0) + characters
    return max(found, key=found.__getitem__, default=0.0)


def is_white(char: str) -> bool:
    """White space, or a control or surrogate character, which no reader can see either."""
    return char.isspace() or unicodedata.category(char) in ("Cc", "Cs")


def is_blank(char: str) -> bool:
    """White, or of no width at all."""
    return char in INVISIBLE or is_white(char)


def trim(raw: str, start: int, end: int) -> tuple[int, int]:
    """The slice without the blank characters at its ends."""
    while start < end and is_blank(raw[start]):
        start += 1
    while end > start and is_blank(raw[end - 1]) and raw[end - 1] != SOFT_HYPHEN:
        end -= 1
    return start, end


def is_terminal(text: str) -> bool:
    """Whether the text can end a sentence, a lead-in or an item."""
    core = text.rstrip(CLOSING)
    if not core or core[-1] not in ".!?:;…":
        return False
    return core.rsplit(None, 1)[-1].lstrip(OPENING).lower() not in ABBREVIATIONS


def asks(text: str) -> bool:
    """Whether the text ends as a question does."""
    return text.rstrip(CLOSING).endswith("?")


def starts_low(text: str) -> bool:
    """Whether the text starts inside a sentence; an address may as well stand by itself."""
    core = text.lstrip(OPENING)
    return bool(core) and not _ADDRESS.match(core) and (core[0].islower() or text[0] in ",;:.()!?%»…")


def starts_high(text: str) -> bool:
    """Whether the text may start a sentence: a capital, quoted or not."""
    core = text.lstrip(OPENING)
    return bool(core) and core[0].isupper()


def hangs(text: str) -> bool:
    """Whether the text ends where no sentence can: on a preposition, an article, a comma, a hyphen."""
    if text.endswith((",", "(", "«", "-", "/", "&")) or ELIDED.search(text):
        return True
    return re.split(r"[\s’'«(]", text)[-1].lower() in HANGING


def goes_on(above: str, below: str) -> bool:
    """Whether ``below`` certainly continues the sentence of ``above``."""
    return not is_terminal(above) and (starts_low(below) or (hangs(above) and not above.endswith("/")))


def greets(above: str, below: str) -> bool:
    """Whether white space between the two may part them though a comma stands there: "Bonjour," above a letter."""
    return above.endswith(",") and not starts_low(below)


def of_text(raw: str) -> list[Line]:
    """The lines of a plain text whose pages are separated by form feeds."""
    lines: list[Line] = []
    pages = [match.end() for match in re.finditer("\f", raw)]
    blank, page = 0, -1
    for match in re.finditer(r"([^\r\n\f\v]*)(?:\r\n|[\r\n\f\v]|$)", raw):
        start, end = match.span(1)
        first, last = trim(raw, start, end)
        if first == last:
            blank += 1
            continue
        here = bisect_right(pages, first)
        gap = float(blank + 1) if here == page else None
        indent = len(raw[start:first].expandtabs(4))
        if raw[start:first] == "\t" in raw[first:last]:
            first = start  # an empty cell, in a row
        text = raw[first:last]
        if RULE.fullmatch(text):
            above = lines[-1] if lines and not blank else None
            if above and above.gap != 1.0 and len(above.text) <= _LONGEST_UNDERLINED and text[0] not in "*#":
                lines[-1] = replace(above, bold=True)
            blank += 1
            continue
        if framed := _FRAMED.fullmatch(text):
            first, last, text = first + framed.start("title"), first + framed.end("title"), framed["title"]
        lines.append(Line(first, last, text, here, gap, left=indent, right=indent + len(text), bold=framed is not None))
        blank, page = 0, here
    return relative(list(_with_cells(lines)), default=1.0)


def _with_cells(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines, those with as many tabs as their neighbours as rows of a table."""
    for _, run in groupby(lines, key=lambda line: (line.text.count("\t"), line.page)):
        found = list(run)
        rows = are_rows([line.text.split("\t") for line in found])
        for line in found:
            words = line.text if rows else line.text.lstrip("\t")
            yield replace(line, start=line.end - len(words), text=words, cells=rows)


def are_rows(lines: Sequence[Sequence[str]]) -> bool:
    """Whether lines that tabs part as often are rows: no names side by side under a letter, no numbers of titles."""
    told = sum(any(map(str.isdigit, cells[-1])) for cells in lines)
    numbered = any(is_marker(cells[0].strip()) for cells in lines)
    enough = len(lines) >= _FEWEST_ROWS or (len(lines) > 1 and 2 * told >= len(lines))
    return enough and len(lines[0]) > 1 and not numbered


def relative(lines: list[Line], default: float) -> list[Line]:
    """Gaps divided by the ordinary line spacing: that of lines which certainly continue one another.

    A text printed with a blank line under every line has its paragraphs elsewhere than at blank lines.
    """
    steps: dict[float, Counter[float]] = {}
    for above, below in pairwise(lines):
        if not below.gap or not 0 < below.gap < WIDEST or above.size != below.size:
            continue
        if goes_on(above.text, below.text) and not greets(above.text, below.text):
            steps.setdefault(below.size, Counter())[round(below.gap, 1)] += 1
    overall = sum(steps.values(), Counter[float]())
    ordinary = _mode(overall) or default
    by_size = {size: _mode(found) for size, found in steps.items() if found.total() >= 3}
    return [
        replace(line, gap=line.gap / (by_size.get(line.size) or ordinary)) if line.gap is not None else line
        for line in lines
    ]


def _mode(counts: Counter[float]) -> float | None:
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None

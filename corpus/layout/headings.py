"""Which groups of lines are headings or items, and how deep they stand."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.document import BlockKind
from corpus.layout.lines import Line, hangs, is_terminal, starts_high
from corpus.layout.list_markers import ANSWERED, ASIDE, ASKED, TITLE_WORD, ListMarker, contents

# The longest heading of the circulars and guides we looked at has 190 characters, on three lines.
LONGEST = 220
LONGEST_QUESTION = 420
# Groups: the heads of letters that we looked at have at most twenty lines.
LONGEST_LETTERHEAD = 25
# Labels and dates of letters and sheets; none is a heading.
LABEL = re.compile(
    r"""(?: nor | [nv]\s?/?\s?r[ée]f\.? | r[ée]f[ée]?(?:rences?|\.)? | objet | p\.?\s?j\.?
          | pi[èe]ces?\s+jointes?
          | annexes | copies? | destinataires? | (?:affaire|dossier)\s+suivie?\s+par | t[ée]l(?:[ée]phone|\.)?
          | courriel | m[ée]l | date )\s*(?:n°)?\s*:
      | date\s+\d | n°\s?\d | nor\s+[A-Z]{4}
      | [^\W\d_][\w\s’'-]{1,40},\s*le\s+(?:\d|$)
      | (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)?\s*(?:le\s+)?\d{1,2}(?:er)?\s+\w+\s+\d{4}\s*$
    """,
    re.IGNORECASE | re.VERBOSE,
)
ADDRESSEE = re.compile(
    r"""(?:à|a)\s*$ | (?:à|a)\s+l[’']attention | r[ée]publique\s+fran[çc]aise
      | (?:(?:à|a)\s+)?(?:mesdames|messieurs|madame|monsieur|mm?\.|mmes?)\s
      | l(?:e|a|es|’|')\s*(?:premi[èe]re?\s+ministre|ministres?|pr[ée]f[èe]te?s?|directeurs?|directrices?
          |secr[ée]taires?|d[ée]l[ée]gu[ée]e?s?|pr[ée]sidente?s?|cheff?e?s?)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


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
        sizes: Counter[float] = Counter()
        bold = total = 0
        for line in lines:
            sizes[line.size] += len(line.text)
            total += len(line.text)
            bold += len(line.text) * line.bold
        size = max(sizes, key=lambda value: sizes[value]) if sizes else 0.0
        mostly = 2 * bold > total
        return cls(size, mostly, styled=bool(bold and not mostly))

    def stands_out(self, group: LineGroup) -> bool:
        """Larger, bold or in capitals."""
        return self.larger(group) or (group.bold and not self.bold) or group.caps

    def larger(self, group: LineGroup) -> bool:
        return group.size >= 1.12 * self.size > 0


def kinds(groups: Sequence[LineGroup], look: BodyStyle) -> list[BlockKind]:
    """The kind of each group: heading, item or paragraph."""
    found: list[BlockKind] = []
    listed = contents([group.text for group in groups])
    letter = _letterhead(groups)
    for index, group in enumerate(groups):
        after = groups[index + 1] if index + 1 < len(groups) else None
        before = groups[index - 1] if index and index - 1 not in listed else None
        if index in listed or (index < letter and not group.marker):
            found.append(BlockKind.PARAGRAPH)
        elif _may_head(group) and _heads(group, before, after, look):
            found.append(BlockKind.HEADING)
        elif group.marker:
            found.append(BlockKind.ITEM)
        else:
            found.append(BlockKind.PARAGRAPH)
    return found


def _letterhead(groups: Sequence[LineGroup]) -> int:
    """How many groups at the start are the head of a letter: sender, date, addressees, references, object."""
    last, labelled = 0, False
    for index, group in enumerate(groups[:LONGEST_LETTERHEAD]):
        if group.marker and group.marker.style != "bullet" and starts_high(group.words):
            break
        label = LABEL.match(group.text)
        if len(group.text) <= 160 and (label or ADDRESSEE.match(group.text)):
            last, labelled = index + 1, labelled or bool(label)
    return last if labelled else 0


def _may_head(group: LineGroup) -> bool:
    text = group.text
    if len(text) > (LONGEST_QUESTION if text.endswith("?") else LONGEST) or len(group.lines) > 4:
        return False
    if ASKED.match(text) or ANSWERED.match(text) or ASIDE.match(text) or LABEL.match(text):
        return False
    if re.search(r"https?:|@|=|\d[,.]\d+\W*$|\d\s?[€%]\W*$", text):
        return False  # an address, a sum, a cell of a table
    if hangs(text):
        return False  # a line cut by a picture
    if text.endswith(":") and len(text.split()) < 4 and not (group.marker or TITLE_WORD.match(text)):
        return False  # "Exemple :", "Attention :"
    if text.endswith((".", ";", ",", "…", "!")) or (text.endswith("»") and is_terminal(text)):
        return False
    if group.marker and text.endswith("?"):
        return True
    return starts_high(group.words) or group.words[:1].isdigit() or bool(TITLE_WORD.match(text))


def _heads(group: LineGroup, before: LineGroup | None, after: LineGroup | None, look: BodyStyle) -> bool:
    if after is None:
        return False
    strong = look.larger(group) or (group.bold and not look.bold)
    lead_in = group.text.endswith(":")
    if group.marker and group.marker.style == "bullet":
        nested = _bulleted(after) and after.marker != group.marker
        peer = _bulleted(before) and before is not None and before.bold
        return strong and not lead_in and (nested or not _bulleted(after)) and not peer
    if lead_in and (_bulleted(after) or not (strong or group.caps)):
        return bool(TITLE_WORD.match(group.text)) and not _bulleted(after)
    if TITLE_WORD.match(group.text):
        return True
    if group.marker:
        return strong or group.caps or _numbers_a_section(group, before, after)
    if strong or (group.caps and _worded(group)):
        return _worded(group)
    return not look.styled and _stands_alone(group, after)


def _bulleted(group: LineGroup | None) -> bool:
    return bool(group and group.marker and group.marker.style == "bullet")


def _worded(group: LineGroup) -> bool:
    """Has a word of its own: not a table's "100 %", not a lone acronym."""
    return sum(char.isalpha() for char in group.text) >= 4


def _numbers_a_section(group: LineGroup, before: LineGroup | None, after: LineGroup) -> bool:
    """A number that opens a section, unlike the neighbouring numbers of a list."""
    marker = group.marker
    if marker is None or (marker.style in ("lower", "bracket", "lower roman", "degree") and len(group.text) > 90):
        return False
    neighbours = [other for other in (before, after) if other and other.marker and other.marker.style == marker.style]
    if any(
        abs(other.marker.rank - marker.rank) == 1 for other in neighbours if other.marker and marker.style != "path"
    ):
        return False
    listed = before is not None and before.text.endswith(":") and marker.rank == 1
    return not listed and len(group.text) <= 160


def _stands_alone(group: LineGroup, after: LineGroup) -> bool:
    """A short line without a full stop, above a sentence, in a text that shows neither weight nor size."""
    if len(group.text) > 90 or not _worded(group) or not starts_high(group.text):
        return False
    return bool(after.marker or ASKED.match(after.text)) or is_terminal(after.text) or len(after.text) > 120

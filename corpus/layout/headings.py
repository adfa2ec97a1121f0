"""Classify groups of lines as heading, list item or paragraph, and give headings and items their level."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from corpus.document import BlockKind
from corpus.layout.lines import HANGING, BodyStyle, LineGroup, hangs, is_terminal, starts_high, starts_low
from corpus.layout.list_markers import (
    ANSWERED,
    ASIDE,
    ASKED,
    ENACTING,
    LEADERS,
    QUESTION_ALONE,
    SIGNATORY,
    SIGNED,
    TITLE_WORD,
    contents,
    leads_to_value,
)

# The longest heading of the circulars and guides we looked at has 190 characters, on three lines.
LONGEST = 220
LONGEST_QUESTION = 420
# A title is so many times further from the last item of a list than this from the one above.
_SET_OFF = 2
# Of the ordinary line spacing: between two items, less.
WIDE = 1.3
# Groups: the heads of letters that we looked at have at most twenty lines.
LONGEST_LETTERHEAD = 25
# Groups before the title of an act, and before its first ground.
LONGEST_TITLE = 12
ACT = re.compile(r"(?:arr[êe]t[ée]|d[ée]cret|d[ée]cision|d[ée]lib[ée]ration|ordonnance|loi)\b", re.IGNORECASE)
# What a council decides about, and that it does.
_OBJECT = re.compile(r"(?:(?:d[ée]lib[ée]ration )?n\s?[°o]\s?[\w./-]+\W{1,3})?objet\s*:\s*\S", re.IGNORECASE)
_DELIBERATED = re.compile(r"\bd[ée]lib[ée]r(?:é|ation)\b|^d[ée]cide\b|^d[ée]lib[èe]re\b", re.IGNORECASE)
# Labels and dates of letters and sheets; none is a heading.
LABEL = re.compile(
    r"""(?: nor | [nv]\s?/?\s?r[ée]f\.? | r[ée]f[ée]?(?:rences?|\.)? | objet | p\.?\s?j\.?
          | pi[èe]ces?\s+jointes?
          | annexes | copies? | destinataires? | (?:affaire|dossier)\s+suivie?\s+par
          | (?P<reached>t[ée]l(?:[ée]phone|\.)? | courriel | m[ée]l) | date )\s*(?:n°)?\s*:
      | date\s+\d | n°\s?\d | nor\s+[A-Z]{4}
      | [^\W\d_][\w\s’'-]{1,40},\s*le\s+(?:\d|$)
      | (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)?\s*(?:le\s+)?\d{1,2}(?:er)?\s+\w+\s+\d{4}\s*$
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Where a form is signed.
SIGNATURE = re.compile(
    r"(?:(?:timbre|cachet|visa|date)\s+et\s+)?signatures?(?:\s+et\s+(?:cachet|timbre))?(?:\s+(?:du|des?)\b.{1,60})?\s*:?",
    re.IGNORECASE,
)
# Under a picture.
CAPTION = re.compile(
    r"(?:figures?|fig\.|photos?|illustrations?|sch[ée]mas?)\s*(?:n°\s*)?\d{0,2}\s*[:.–—-]", re.IGNORECASE
)
ADDRESSEE = re.compile(
    r"""(?:à|a)\s*$ | (?:à|a)\s+l[’']attention | r[ée]publique\s+fran[çc]aise
      | (?:(?:à|a)\s+)?(?:mesdames|messieurs|madame|monsieur|mm?\.|mmes?)\s
      | l(?:e|a|es|’|')\s*(?:premi[èe]re?\s+ministre|ministres?|pr[ée]f[èe]te?s?|directeurs?|directrices?
          |secr[ée]taires?|d[ée]l[ée]gu[ée]e?s?|pr[ée]sidente?s?|cheff?e?s?)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_LABELS, _LABELS_ALONE = (ASKED, ANSWERED, ASIDE, ENACTING, LABEL, CAPTION), (QUESTION_ALONE, SIGNATURE)


def kinds(groups: Sequence[LineGroup], look: BodyStyle) -> list[BlockKind]:
    """The kind of each group: heading, item or paragraph."""
    found: list[BlockKind] = []
    listed = contents([group.text for group in groups])
    letter = _letterhead(groups)
    for index, group in enumerate(groups):
        after = groups[index + 1] if index + 1 < len(groups) else None
        before = groups[index - 1] if index and index - 1 not in listed else None
        if group.lines[0].level or _names_act(groups, index, look):
            found.append(BlockKind.HEADING)
        elif index in listed or (index < letter and not group.marker):
            found.append(BlockKind.PARAGRAPH)
        elif group.lines[0].cells:
            found.append(BlockKind.TABLE)
        elif _may_head(group) and not _signs(group, before, found) and _heads(group, before, after, look):
            found.append(BlockKind.HEADING)
        elif group.marker:
            found.append(BlockKind.ITEM)
        else:
            found.append(BlockKind.PARAGRAPH)
    for first, end in () if look.bold else _listed(groups, found):
        found[first:end] = (BlockKind.ITEM if group.marker else BlockKind.PARAGRAPH for group in groups[first:end])
    return found


def _listed(groups: Sequence[LineGroup], found: Sequence[BlockKind]) -> Iterator[tuple[int, int]]:
    """Runs of titles set alike, right below one another, without a text: a list, as of numbers to call."""
    first = 0
    for end in range(1, len(groups) + 1):
        if end < len(groups) and _is_peer(groups[end - 1], groups[end]):
            continue
        below = groups[end].lines[0].gap if end < len(groups) and found[end] is not BlockKind.HEADING else None
        titled = below is not None and below < WIDE  # the last one is a title
        if found[first] is BlockKind.HEADING and end - titled - first >= (2 if groups[first].marker else 3):
            yield first, end - titled
        first = end


def _is_peer(group: LineGroup, below: LineGroup) -> bool:
    looks = [(each.marker and each.marker.style, each.bold, round(each.size)) for each in (group, below)]
    titled = TITLE_WORD.match(below.text) or below.text.endswith((".", "?")) or below.lines[0].level
    return looks[0] == looks[1] and group.bold and not titled and (below.lines[0].gap or WIDE) < WIDE


def _names_act(groups: Sequence[LineGroup], index: int, look: BodyStyle) -> bool:
    """The title of an order or a decree: before the grounds on which it was made."""
    group = groups[index]
    below = [after.text for after in groups[index + 1 : index + LONGEST_TITLE]]
    if _OBJECT.match(group.text) and len(group.text) <= LONGEST:
        return any(map(_DELIBERATED.search, below))
    if index and starts_low(group.text) and ACT.match(groups[index - 1].text) and not is_terminal(group.text):
        return len(group.text) <= LONGEST and _names_act(groups, index - 1, look)  # "portant …", on its own line
    if index >= LONGEST_TITLE or not ACT.match(group.text) or not _may_head(group):
        return False
    strong = look.larger(group) or group.lines[0].bold or group.caps or not look.styled
    return strong and any(map(ENACTING.match, below))


def _letterhead(groups: Sequence[LineGroup]) -> int:
    """How many groups at the start are the head of a letter: sender, date, addressees, references, object."""
    last, labelled = 0, False
    for index, group in enumerate(groups[:LONGEST_LETTERHEAD]):
        if SIGNED.match(group.text) or (group.marker and group.marker.style != "bullet" and starts_high(group.words)):
            break
        label = None if LEADERS.search(group.text) else LABEL.match(group.text)  # to be filled in: of a form
        if len(group.text) <= 160 and (label or ADDRESSEE.match(group.text)):
            last, labelled = index + 1, labelled or bool(label and not label["reached"])
    article = (i for i, each in enumerate(groups) if run_in_article(each.text) or TITLE_WORD.fullmatch(each.text))
    return min(last, next(article, last)) if labelled else 0


def _may_head(group: LineGroup) -> bool:
    text = group.text
    if len(text) > (LONGEST_QUESTION if text.endswith("?") else LONGEST):
        return False
    if any(label.match(text) for label in _LABELS) or any(label.fullmatch(text) for label in _LABELS_ALONE):
        return False
    if re.search(r"https?:|@|=|\d[,.]\d+\W*$|\d\s?[€%]\W*$|\b0\d(?:[ .\u00a0\u202f]?\d\d){4}\b", text):
        return False  # an address, a number to call, a sum, a cell of a table
    if hangs(text) or leads_to_value(text):
        return False  # a line cut by a picture, a price
    if text.endswith(":") and run_in_article(text):
        return False  # its text
    if text.endswith(":") and len(text.split()) < 4 and not (group.marker or TITLE_WORD.match(text)):
        return False  # "Exemple :", "Attention :"
    if text.endswith((".", ";", ",", "…", "!")):
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
        return _worded(group) or (group.text.isupper() and is_terminal(after.text))  # an acronym with its meaning
    # Smaller than the text: a caption, a word of a picture.
    return not look.styled and group.size >= 0.95 * look.size and _stands_alone(group, after)


def _signs(group: LineGroup, before: LineGroup | None, above: Sequence[BlockKind]) -> bool:
    """Whether the group is the function or the name of who signs: below the date or the function."""
    if TITLE_WORD.match(group.text) or group.text.endswith("?"):
        return False
    signed = before and (SIGNED.match(before.text) or SIGNATORY.fullmatch(before.text))
    return bool(signed and above[-1] is BlockKind.PARAGRAPH and not group.text.lower().startswith("annexe"))


def _bulleted(group: LineGroup | None) -> bool:
    return bool(group and group.marker and group.marker.style == "bullet")


def _worded(group: LineGroup) -> bool:
    """Has a word of its own: not a table's "100 %", not a lone acronym."""
    return sum(char.isalpha() for char in group.text) >= 4


def _numbers_a_section(group: LineGroup, before: LineGroup | None, after: LineGroup) -> bool:
    """A number that opens a section, unlike the neighbouring numbers of a list."""
    marker = group.marker
    if marker is None or (marker.style in ("lower", "bracket", "lower roman", "degree") and len(group.text) > 100):
        return False
    if before and (group.lines[0].gap or 0) > _SET_OFF * (before.lines[0].gap or _SET_OFF):
        before = None  # the last item of a list
    neighbours = [other for other in (before, after) if other and other.marker and other.marker.style == marker.style]
    if any(
        abs(other.marker.rank - marker.rank) == 1 for other in neighbours if other.marker and marker.style != "path"
    ):
        return False
    listed = before is not None and before.text.endswith(":") and marker.rank == 1
    return not listed and len(group.text) <= 160


def _stands_alone(group: LineGroup, after: LineGroup) -> bool:
    """A short line without a full stop, above a sentence, in a text that shows neither weight nor size."""
    if len(group.text) > 90 or not _worded(group) or not starts_high(group.text) or re.search(r":\s", group.text):
        return False
    states = is_terminal(after.text) or len(after.text) > 120 or leads_to_value(after.text)
    return states or bool(after.marker or after.lines[0].cells or ASKED.match(after.text))


WORD_RANK = dict.fromkeys(("livre", "partie", "titre", "annexe", "volet", "axe"), 0)
WORD_RANK |= {"fiche": 1, "chapitre": 1, "section": 2, "sous-section": 3, "étape": 3, "mesure": 3, "article": 4}
LOOKS = ("caps", "bold", "plain")
# Above no other title.
_PREAMBLE = "préambule", 1
NUMBER_RANK = {"roman": 0, "upper": 1, "arabic": 2, "degree": 3, "lower": 4, "bracket": 5, "lower roman": 5}

# The title of an article before its text: a few words with a full stop, none of which makes them a sentence.
_RUN_IN_TITLE = re.compile(
    r"(?P<title>(?!(?:tou(?:s|tes?|t)|nul(?:le)?|aucune?|ils|elles)\b)(?P<first>[^\W\d_]+)"
    r"(?:\s(?!(?:est|sont|seron?t|sera|a|ont|peu(?:t|vent)|doi(?:t|vent)|s['’]\w+)\b)[^\s.:;?!]+){0,6})"
    r"\s?\.\s*[-–—]?\s*(?=(?-i:[A-ZÀ-Ý«]))",
    re.IGNORECASE,
)


def run_in_article(text: str) -> tuple[int, int] | None:
    """Where the number and the title of an article end and its text begins, on one line.

    >>> [text[: run_in_article(text)[0]] for text in ("Art. 2. – Les préfets …", "Art. 3. – Durée. Le bail …")]
    ['Art. 2. –', 'Art. 3. – Durée']
    """
    title = TITLE_WORD.match(text)
    if not title or not title["word"].lower().startswith("art") or not text[0].isupper():
        return None
    rest = title.end()
    while rest < len(text) and text[rest] in " .:-–—\u00a0\u202f":
        rest += 1
    decides = any(sign in ":-–—" for sign in text[title.end() : rest])  # "Article 2 : fixe le prix …"
    if rest == len(text) or rest < title.end() + 2 or not (text[rest].isupper() or decides):
        return None
    if (named := _RUN_IN_TITLE.match(text, rest)) and named["first"].lower() not in HANGING:
        return named.end("title"), named.end()
    return len(text[:rest].rstrip()), rest


@dataclass(slots=True)
class Outline:
    """Gives each heading its level, from the style of its number and its size."""

    _stack: list[tuple[tuple[str, int], float, int]] = field(default_factory=list)
    """Key, size and level of the headings above, outermost first."""
    _filled: bool = False
    """Whether text stands under the last heading."""
    _begun: bool = False
    """Whether text stands under any: the titles above it are those of the document, each under the one before."""

    def pass_text(self) -> None:
        """Something that is no heading follows."""
        self._filled = True
        self._begun = bool(self._stack)

    def level(self, group: LineGroup, told: int = 0) -> int:
        """1 = outermost; ``told`` is the level that the file gives, where it gives one."""
        key = _key(group)
        peer = self._filled and key[0] == "question" and ("bold" if group.bold else "plain", key[1])
        self._filled = False
        if told:
            while self._stack and self._stack[-1][2] >= told:
                self._stack.pop()
            self._stack.append((key, group.size, told))
            return told
        known = [index for index, (other, _, _) in enumerate(self._stack) if other == key]
        if known and (self._begun or key[0] not in LOOKS or ACT.match(group.text)):
            del self._stack[known[-1] + 1 :]
            return self._stack[-1][2]
        if key[0] in WORD_RANK and key[0] != "article":
            self._close(WORD_RANK[key[0]])
        while self._stack and (self._stack[-1][0] in (peer, _PREAMBLE) or self._outranks(key, group.size)):
            self._stack.pop()
        self._stack.append((key, group.size, self._stack[-1][2] + 1 if self._stack else 1))
        return self._stack[-1][2]

    def _close(self, rank: int) -> None:
        """Leave what a title of this rank ends: "Annexe 2" ends "III.", but not the document's title."""
        for index, (key, _, _) in enumerate(self._stack):
            if key[0] in NUMBER_RANK or WORD_RANK.get(key[0], -1) >= rank:
                del self._stack[index:]
                return

    def _outranks(self, key: tuple[str, int], size: float) -> bool:
        top, top_size, _ = self._stack[-1]
        if key[0] in WORD_RANK:
            return False  # a law's articles hold "I." and "II."; a circular quotes articles under its own
        if top[0] in WORD_RANK:
            return size > 1.05 * top_size > 0 and top[0] not in ("annexe", "titre", "partie")
        if key[0] in NUMBER_RANK and top[0] in NUMBER_RANK:
            return (NUMBER_RANK[key[0]], key[1]) < (NUMBER_RANK[top[0]], top[1])
        if size and top_size and abs(size - top_size) > 0.05 * top_size:
            return size > top_size
        return (key[0] == "caps" and top[0] in ("bold", "plain")) or (top[0] == "question" and key[0] in LOOKS)


def _key(group: LineGroup) -> tuple[str, int]:
    word = TITLE_WORD.match(group.text)
    if word:
        return "article" if word["word"].lower() == "art." else word["word"].lower(), 1
    marker = group.marker
    if marker and marker.style == "path":
        first = marker.value[0]
        return ("arabic" if first.isdigit() else "roman" if first in "IVX" else "upper"), marker.depth
    if marker and marker.style != "bullet":
        return marker.style, 1
    look = "question" if group.text.endswith("?") else "caps" if group.caps else "bold" if group.bold else "plain"
    return look, round(group.size)


@dataclass(slots=True)
class Nesting:
    """Gives each item its level, from its indent or, where all are flush, from its bullet."""

    _stack: list[tuple[str, float, bool]] = field(default_factory=list)
    """Bullet, indent, and whether the sentence is over: of the items above, outermost first."""

    def reset(self) -> None:
        """Start a new list."""
        self._stack.clear()

    def level(self, group: LineGroup) -> int:
        """1 = outermost. An item with the bullet of one above is no part of it where that one ends a sentence."""
        marker = group.marker
        glyph = f"{marker.style} {marker.value if marker.style == 'bullet' else ''}" if marker else ""
        left, elsewhere = group.lines[0].left, group.lines[0].gap is None  # in another column, on another page
        while self._stack and left < self._stack[-1][1] - 1:
            self._stack.pop()
        known = [index for index, (other, _, _) in enumerate(self._stack) if other == glyph]
        if known and (elsewhere or left <= self._stack[known[-1]][1] + 1 or self._stack[known[-1]][2]):
            left = min(left, self._stack[known[-1]][1])
            del self._stack[known[-1] :]
        self._stack.append((glyph, left, group.text.endswith((".", ";"))))
        return len(self._stack)

"""Join two lines of a paragraph: with a space, or without when a hyphenated word or an address goes on."""

import re
from collections import Counter
from enum import Enum
from functools import lru_cache

import simplemma

from corpus.layout.lines import SOFT_HYPHEN

HYPHENS = "-‐" + SOFT_HYPHEN
WORD = re.compile(r"[^\W\d_]+(?:[-‐'’][^\W\d_]+)*")
# Line ends that hyphens make; the space before the hyphen is what some layout programs leave.
CUT = re.compile(rf"(?P<left>[^\W\d_]+(?:[-‐'’][^\W\d_]+)*)(?P<gap>[ \u00a0]?)(?P<hyphen>[-‐{SOFT_HYPHEN}])$")
REST = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)*")
# First halves of compounds that are spelt with a hyphen.
_PREFIXES = """
après arrière au auto avant bi celle celles celui ceux ci co contre demi deux dès entre ex extra grand hors
inter intra là mi micro mini multi néo non outre par peut pluri porte post pré quasi rendez sans semi sous
super sur trans tri vice vis
"""
# Of the end of a line that is looked at: longer than any word.
_TAIL = 200
PREFIXES = frozenset(_PREFIXES.split())
URL_END = re.compile(r"(?:https?://|www\.)\S*$", re.IGNORECASE)
URL_REST = re.compile(r"[a-z0-9%#?&=_~+][\w\-./?=&%#~+:,;@]*", re.IGNORECASE)
DOMAIN_OR_FILE = re.compile(
    r"(?:fr|eu|com|org|net|info|gouv|int|be|ch|html?|pdf|php|aspx?|jsp|docx?|xlsx?|odt)(?=[./?#:\s,;)]|$)",
    re.IGNORECASE,
)


class Joint(Enum):
    """What stands in the text where two lines met."""

    SPACE = "one space"
    TIGHT = "nothing"
    MENDED = "nothing, the hyphen goes too"


class Vocabulary:
    """The words of one document, with the evidence they give on a word cut at a line end."""

    def __init__(self, text: str) -> None:
        self._words = Counter(match.group().casefold() for match in WORD.finditer(text))

    def holds(self, word: str) -> bool:
        """Whether the document spells this word somewhere."""
        return self._words[word.casefold()] > 0

    def mends(self, left: str, right: str) -> bool:
        """Whether the hyphen between the two was made by the line end.

        The document's own spelling decides, then the dictionary; when in doubt the hyphen stays.
        """
        tail = re.split(r"[-‐'’]", left)[-1]
        joined, spelt = (left + right).casefold(), f"{left}-{right}".casefold()
        seen, seen_spelt = self._words[joined], self._words[spelt]
        if seen != seen_spelt:
            return seen > seen_spelt
        if is_french(spelt) or is_french(tail + right):
            return not is_french(spelt)
        if tail.casefold() in PREFIXES:
            return False
        head = re.split(r"[-‐]", right)[0]
        if not is_french(head):
            return not tail.isupper() or right.isupper()
        return not is_french(tail) and not tail.endswith(("o", "i")) and len(tail) > 1 and not tail.isupper()


@lru_cache(maxsize=20_000)
def is_french(word: str) -> bool:
    """Whether the dictionary knows this form."""
    return bool(simplemma.is_known(word.casefold(), lang="fr"))


def joint(above: str, below: str, *, spaced: bool, full: bool, vocabulary: Vocabulary) -> Joint:
    """How the last word of ``above`` and the first of ``below``, the next line of the same paragraph, meet.

    ``spaced``: white space follows ``above`` on its own line; ``full``: it reaches the right edge of its column.
    """
    address = URL_END.search(above)
    if address:
        return Joint.TIGHT if full and _address_goes_on(address.group(), below, spaced=spaced) else Joint.SPACE
    cut = CUT.search(above[-_TAIL:]) if above[-1:] in HYPHENS else None  # as no other line ends: the search is slow
    rest = REST.match(below)
    if not cut:
        digits = re.search(r"\w[-‐]$", above) and re.match(r"\d", below) and not spaced
        return Joint.TIGHT if digits else Joint.SPACE
    if cut["hyphen"] == SOFT_HYPHEN:
        return Joint.MENDED if rest else Joint.SPACE
    if cut["gap"]:
        return _loose(cut["left"], rest.group() if rest else "", vocabulary)
    if not rest:
        return Joint.TIGHT if below[0].isdigit() else Joint.SPACE
    if rest.group()[0].isupper() and not cut["left"].isupper():
        return Joint.TIGHT
    return Joint.MENDED if vocabulary.mends(cut["left"], rest.group()) else Joint.TIGHT


def _loose(left: str, right: str, vocabulary: Vocabulary) -> Joint:
    """A hyphen after a space is a dash, unless the two halves make a word and are not both words apart."""
    tail = re.split(r"['’]", left)[-1]
    if not right or not right[0].islower():
        return Joint.SPACE
    whole = is_french(tail + right) and not (is_french(tail) and is_french(right))
    return Joint.MENDED if whole or vocabulary.holds(tail + right) else Joint.SPACE


def _address_goes_on(address: str, below: str, *, spaced: bool) -> bool:
    rest = URL_REST.match(below)
    if not rest or below.startswith(("http", "www.")):
        return False
    token = rest.group().rstrip(".,;:")
    if address.endswith("."):
        return not spaced and bool(DOMAIN_OR_FILE.match(token))
    telling = bool(re.search(r"[/=&%_#~]|\w\?\w|\.(?:html?|pdf|php|aspx?|docx?|xlsx?|odt)\b", token))
    if address.endswith(("/", "-", "_", "=", "?", "&", "%")):
        return telling or (not spaced and bool(re.search(r"[\d-]", token)) and not re.match(r"\d{1,3}[.)]\s", below))
    return telling and not spaced

"""Finds a slice of a document among the characters of its printed page: every one of them exactly, or nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from corpus.document import Span
from corpus.layout.lines import INVISIBLE, is_white

# The printed hyphen that a line end may have made: the reader may have mended the word, so it may be missed.
CUT = "\x02"
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_HYPHENS = "-‐\u2011"
# What pdfium writes for a hyphen that ends a line, and the soft hyphen, which the reader drops.
_SOFT = "\x02\ufffe\u00ad"
# Blocks of context tried on either side of words that a page holds more than once.
_REACH = 3
# Places tried for the same words: a table may say "oui" on every line; more is no text.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Keys:
    """What is compared: letters and signs without white space, each with the place it comes from."""

    text: str
    places: tuple[int, ...]


def keys(text: str, *, printed: bool) -> Keys:
    r"""The characters that ink a text; ligatures opened; in print, hyphens of line ends are ``CUT``.

    >>> keys("la transi-\ntion ﬁscale", printed=True).text
    'latransi\x02tionfiscale'
    """
    found: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if printed and (char in _SOFT or (char in _HYPHENS and _ends_line(text, place))):
            key = CUT
        elif is_white(char) or char in INVISIBLE:
            continue
        else:
            key = "-" if char in _HYPHENS else _LIGATURES.get(char, char)
        found.append(key)
        places += [place] * len(key)
    return Keys("".join(found), tuple(places))


def _ends_line(text: str, place: int) -> bool:
    place += 1
    while place < len(text) and text[place] in " \u00a0":
        place += 1
    return place < len(text) and text[place] in "\r\n"


class Page:
    """One printed page, and the document's own text of it."""

    def __init__(self, text: str, blocks: Sequence[Span], printed: str) -> None:
        """What is to be compared.

        Args:
            text: The document's text of this page.
            blocks: Its paragraphs, in order: what may stand in another order, or apart, in print.
            printed: The page's characters as they are drawn; line ends are white space.
        """
        self._text = text
        self._blocks = blocks
        self._printed = keys(printed, printed=True)
        # Without hyphens, which are compared one by one afterwards.
        kept = [i for i, char in enumerate(self._printed.text) if char not in (CUT, "-")]
        self._kept = kept
        self._bare = "".join(self._printed.text[i] for i in kept)

    def locate(self, wanted: Span) -> tuple[int, ...] | None:
        """Indices into ``printed`` of the wanted characters, and of the hyphens that cut them, in order.

        None as soon as one character is missing, or stands in several places that nothing tells apart.
        """
        if whole := self._only(wanted):
            return self._places(whole)
        parts = self._parts(wanted)
        found = [one for part in parts if (one := self._only(part)) is not None]
        spelt = "".join(self._keys(part) for part in parts)
        if not found or len(found) < len(parts) or spelt != self._keys(wanted):
            return None
        places = [place for part in found for place in self._places(part)]
        return tuple(places) if len(set(places)) == len(places) else None

    def _parts(self, wanted: Span) -> list[Span]:
        cut = [
            Span(max(b.start, wanted.start), max(b.start, wanted.start, min(b.end, wanted.end))) for b in self._blocks
        ]
        return [part for part in cut if self._keys(part)]

    def _keys(self, span: Span) -> str:
        return keys(span.of(self._text), printed=False).text

    def _places(self, matched: Span) -> tuple[int, ...]:
        # A ligature is one printed character that gives several keys.
        return tuple(dict.fromkeys(self._printed.places[matched.start : matched.end]))

    def _only(self, wanted: Span) -> Span | None:
        """The one slice of the printed keys that spells ``wanted``; its neighbours decide between several."""
        found = self._found(wanted)
        if len(found) == 1:
            return found[0]
        for around in self._contexts(wanted) if found else ():
            held = self._found(around)
            if len(held) == 1:
                start = self._skip(held[0].start, self._keys(Span(around.start, wanted.start)))
                return next((one for one in found if one.start == start), None)
        return None

    def _found(self, wanted: Span) -> list[Span]:
        return list(islice(self._spelt(self._keys(wanted)), _MOST))

    def _contexts(self, wanted: Span) -> Iterator[Span]:
        """Ever larger slices around ``wanted``, cut at paragraphs."""
        starts = [b.start for b in self._blocks if b.start <= wanted.start][::-1]
        ends = [b.end for b in self._blocks if b.end >= wanted.end]
        for reach in range(_REACH + 1):
            start = starts[min(reach, len(starts) - 1)] if starts else wanted.start
            end = ends[min(reach, len(ends) - 1)] if ends else wanted.end
            yield from (Span(start, end), Span(start, wanted.end), Span(wanted.start, end))

    def _spelt(self, needle: str) -> Iterator[Span]:
        """Every slice of the printed keys that spells ``needle``, hyphens of line ends apart."""
        bare = needle.replace("-", "")
        leading = len(needle) - len(needle.lstrip("-"))
        at = self._bare.find(bare) if bare else -1
        while at >= 0:
            start = self._kept[at] - leading
            end = self._walk(start, needle) if start >= 0 else None
            if end is not None:
                yield Span(start, end)
            at = self._bare.find(bare, at + 1)

    def _walk(self, at: int, needle: str) -> int | None:
        """Where ``needle`` ends if it is spelt from ``at`` on."""
        printed = self._printed.text
        for char in needle:
            while char != "-" and at < len(printed) and printed[at] == CUT:
                at += 1
            if at == len(printed) or not (printed[at] == char or (char == "-" and printed[at] == CUT)):
                return None
            at += 1
        return at

    def _skip(self, at: int, before: str) -> int:
        """The key from which what follows ``before`` is spelt."""
        end = self._walk(at, before)
        end = at if end is None else end
        while end < len(self._printed.text) and self._printed.text[end] == CUT:
            end += 1
        return end

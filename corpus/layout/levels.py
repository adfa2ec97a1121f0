"""How deep headings and items stand: the nesting that numbers, sizes, bullets and indents show."""

from dataclasses import dataclass, field

from corpus.layout.headings import LineGroup
from corpus.layout.list_markers import TITLE_WORD

WORD_RANK = {
    "livre": 0,
    "partie": 0,
    "titre": 0,
    "annexe": 0,
    "volet": 0,
    "axe": 0,
    "fiche": 1,
    "chapitre": 1,
}
WORD_RANK |= {"section": 2, "sous-section": 3, "étape": 3, "mesure": 3, "article": 4}
NUMBER_RANK = {"roman": 0, "upper": 1, "arabic": 2, "degree": 3, "lower": 4, "bracket": 5, "lower roman": 5}


@dataclass(slots=True)
class Outline:
    """Gives each heading its level, from the style of its number and its size."""

    _stack: list[tuple[tuple[str, int], float]] = field(default_factory=list)

    def level(self, group: LineGroup) -> int:
        """1 = outermost."""
        key = _key(group)
        known = [index for index, (other, _) in enumerate(self._stack) if other == key]
        if known:
            del self._stack[known[-1] + 1 :]
            return known[-1] + 1
        if key[0] in WORD_RANK and key[0] != "article":
            self._close(WORD_RANK[key[0]])
        while self._stack and self._outranks(key, group.size):
            self._stack.pop()
        self._stack.append((key, group.size))
        return len(self._stack)

    def _close(self, rank: int) -> None:
        """Leave what a title of this rank ends: "Annexe 2" ends "III.", but not the document's title."""
        for index, (key, _) in enumerate(self._stack):
            if key[0] in NUMBER_RANK or WORD_RANK.get(key[0], -1) >= rank:
                del self._stack[index:]
                return

    def _outranks(self, key: tuple[str, int], size: float) -> bool:
        top, top_size = self._stack[-1]
        if key[0] in WORD_RANK:
            return False  # a law's articles hold "I." and "II."; a circular quotes articles under its own
        if top[0] in WORD_RANK:
            return size > 1.05 * top_size > 0 and top[0] not in ("annexe", "titre", "partie")
        if key[0] in NUMBER_RANK and top[0] in NUMBER_RANK:
            return (NUMBER_RANK[key[0]], key[1]) < (NUMBER_RANK[top[0]], top[1])
        if size and top_size and abs(size - top_size) > 0.05 * top_size:
            return size > top_size
        return key[0] == "caps" and top[0] in ("bold", "plain")


def _key(group: LineGroup) -> tuple[str, int]:
    word = TITLE_WORD.match(group.text)
    if word:
        return word["word"].lower(), 1
    marker = group.marker
    if marker and marker.style == "path":
        first = marker.value[0]
        return ("arabic" if first.isdigit() else "roman" if first in "IVX" else "upper"), marker.depth
    if marker and marker.style != "bullet":
        return marker.style, 1
    look = "caps" if group.caps else "bold" if group.bold else "plain"
    return look, round(group.size)


@dataclass(slots=True)
class Nesting:
    """Gives each item its level, from its indent or, where all are flush, from its bullet."""

    _stack: list[tuple[str, float]] = field(default_factory=list)

    def reset(self) -> None:
        """Start a new list."""
        self._stack.clear()

    def level(self, group: LineGroup) -> int:
        """1 = outermost."""
        marker = group.marker
        glyph = f"{marker.style} {marker.value if marker.style == 'bullet' else ''}" if marker else ""
        left = group.lines[0].left
        while self._stack and left < self._stack[-1][1] - 1:
            self._stack.pop()
        known = [index for index, (other, _) in enumerate(self._stack) if other == glyph]
        if known and left <= self._stack[known[-1]][1] + 1:
            del self._stack[known[-1] + 1 :]
            return known[-1] + 1
        self._stack.append((glyph, left))
        return len(self._stack)

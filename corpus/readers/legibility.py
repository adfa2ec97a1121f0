"""Tells whether the words that a PDF gives are the words that it shows."""

import re
from itertools import pairwise

import simplemma

# Measured on twelve administrative PDFs: at most 0.14 % of split words in the eight good ones,
# at least 1.3 % in the two whose words come out in pieces.
SPLIT = 0.006
# Words in letters that French does not use: 0 in the good ones, 0.76 % where the glyph map is wrong.
FOREIGN = 0.005
# Signs that stand for characters without a code.
BLOTCHES = 0.02
# Fewer words prove nothing.
ENOUGH = 5
FRENCH = frozenset("œŒŸ")


def is_legible(text: str) -> bool:
    """Whether words are whole and in letters that French uses; a text of few words passes."""
    found = list(re.finditer(r"[^\W\d_]+", text))
    words = [match.group() for match in found]
    if not words:
        return False
    foreign = sum(1 for word in words if _is_foreign(word))
    if foreign >= ENOUGH and foreign > FOREIGN * len(words):
        return False
    visible = sum(1 for char in text if not char.isspace())
    if text.count("\ufffd") + len(re.findall(r"/g\d+|\(cid:\d+\)", text)) > BLOTCHES * visible:
        return False
    split = sum(
        1
        for (first, second) in pairwise(found)
        if not text[first.end() : second.start()].strip()
        and text[second.end() : second.end() + 2].strip()[:1] not in ("’", "'")
        and _is_split(first.group(), second.group())
    )
    return split < ENOUGH or split <= SPLIT * len(words)


def _is_foreign(word: str) -> bool:
    strange = sum(1 for char in word if ord(char) > 0xFF and char not in FRENCH)
    return len(word) > 2 and 2 * strange > len(word)


def _is_split(first: str, second: str) -> bool:
    """Two pieces that make one word together and are not both words apart."""
    if len(first + second) < 4 or not second[0].islower():
        return False
    return not (_known(first) and _known(second)) and _known(first + second)


def _known(word: str) -> bool:
    return bool(simplemma.is_known(word.lower(), lang="fr"))

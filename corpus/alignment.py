"""Two editions of a document: which entries are the same, moved, changed, gone and new."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from rapidfuzz import fuzz, process

from corpus.document import Entry
from corpus.phrasings import squeeze

_ALIKE = 60.0
"""rapidfuzz, 0 to 100, from which two entries without a word of identity are one that changed."""
_COMPARED = 2_000
"""Characters of an entry that are compared."""


class Fate(StrEnum):
    """What became of an entry, in the words of the page."""

    SAME = "inchangée"
    MOVED = "déplacée"
    CHANGED = "modifiée"
    GONE = "disparue"
    NEW = "nouvelle"


@dataclass(frozen=True, slots=True)
class Pair:
    """An entry of one edition and what it is in the other."""

    fate: Fate
    before: Entry | None
    after: Entry | None


def aligned(before: Sequence[Entry], after: Sequence[Entry]) -> list[Pair]:
    """Each entry of both, once; in the order of the new edition, what is gone last.

    The very words first, then the same heading, then the same identifier, then the likeliest of what is left.
    """
    found: dict[int, int] = {}
    for key in (_words, _heading, lambda entry: entry.id):
        old, new = _free(before, key, found.keys()), _free(after, key, found.values())
        for text, rows in old.items():
            # A heading that stands more often in one than in the other does not tell which is which.
            if text and (key is _words or len(rows) == len(new.get(text, ()))):
                found |= zip(rows, new.get(text, ()), strict=False)
    found |= _likeliest(before, after, found)
    kept = _in_order([found[row] for row in sorted(found)])
    pairs = {new: _pair(before[row], after[new], new in kept) for row, new in found.items()}
    told = [pairs.get(row, Pair(Fate.NEW, None, entry)) for row, entry in enumerate(after)]
    return told + [Pair(Fate.GONE, entry, None) for row, entry in enumerate(before) if row not in found]


def _pair(before: Entry, after: Entry, in_order: bool) -> Pair:
    if _words(before) != _words(after):
        return Pair(Fate.CHANGED, before, after)
    return Pair(Fate.SAME if in_order else Fate.MOVED, before, after)


def _free(entries: Sequence[Entry], key: Callable[[Entry], str], taken: Collection[int]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    done = set(taken)
    for row, entry in enumerate(entries):
        if row not in done:
            rows.setdefault(key(entry), []).append(row)
    return rows


def _words(entry: Entry) -> str:
    return f"{squeeze(entry.heading_text)}\n{squeeze(entry.body_text)}"


def _heading(entry: Entry) -> str:
    return squeeze(entry.heading_text)


def _likeliest(before: Sequence[Entry], after: Sequence[Entry], found: dict[int, int]) -> dict[int, int]:
    from scipy.optimize import linear_sum_assignment  # only a new edition needs it

    old = [row for row in range(len(before)) if row not in found]
    new = [row for row in range(len(after)) if row not in set(found.values())]
    if not old or not new:
        return {}
    texts = [[_words(entries[row])[:_COMPARED] for row in rows] for entries, rows in ((before, old), (after, new))]
    alike = np.asarray(process.cdist(*texts, scorer=fuzz.token_sort_ratio))
    places = zip(*linear_sum_assignment(-alike), strict=True)
    return {old[a]: new[b] for a, b in places if alike[a, b] >= _ALIKE}


def _in_order(rows: Sequence[int]) -> set[int]:
    """The longest of its ascending subsequences: what did not move."""
    ends: list[int] = []
    links: dict[int, int | None] = {}
    for row in rows:
        place = bisect_left(ends, row)
        links[row] = ends[place - 1] if place else None
        ends[place : place + 1] = [row]
    kept: set[int] = set()
    at = ends[-1] if ends else None
    while at is not None:
        kept.add(at)
        at = links[at]
    return kept


def followed(text: str, candidates: Sequence[str]) -> str | None:
    """What a passage or a sentence became, among those of the new edition; None where nothing is like it."""
    found = process.extractOne(squeeze(text), [squeeze(c) for c in candidates], scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return candidates[found[2]] if found else None


def beginning(text: str, others: Sequence[str]) -> str:
    """The fewest first words, eight at least, that begin this text and none of the others."""
    words = text.split()
    for n in range(min(8, len(words)), len(words) + 1):
        start = squeeze(" ".join(words[:n]))
        if not any(squeeze(other).startswith(start) for other in others):
            return " ".join(words[:n])
    return " ".join(words)

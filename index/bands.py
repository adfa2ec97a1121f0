"""Rows of a table that hold for a range of numbers: a quotient from 451 to 750, children under 12."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nextafter

from index.french import STOP_WORDS, is_french, stems, words

_FIGURES = r"(?:\d{1,3}(?:[ .\u00a0\u202f]\d{3})+|\d+)(?:,\d+)?"
# Words that may stand around the numbers of a range: units and names, no other number.
_WORDS = r"\D{0,20}"
_BETWEEN = re.compile(rf"{_WORDS}?({_FIGURES}){_WORDS}(?:[-–—/]|\b(?:à|et|au)\s)\s*({_FIGURES}){_WORDS}", re.IGNORECASE)
# Lowest and highest number in cells of their own.
_PAIR = re.compile(rf"({_FIGURES})\t({_FIGURES})")
_BELOW = re.compile(
    rf"{_WORDS}(?:[<≤]|\b(?P<strictly>moins|inférieure?s?(?!.*égal))|\b(?:jusqu|inférieure?s?)){_WORDS}({_FIGURES}){_WORDS}",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    rf"{_WORDS}(?:[>≥]|\b(?P<strictly>plus|au-delà|supérieure?s?(?!.*égal))|\b(?:partir|supérieure?s?)){_WORDS}({_FIGURES}){_WORDS}"
    rf"|({_FIGURES}){_WORDS}\b(?:et|ou)\s(?:plus|\+|au-delà){_WORDS}",
    re.IGNORECASE,
)
# A number, and the word after it; no hour, no date.
_AMOUNT = re.compile(
    rf"(?<![\d,.])({_FIGURES})(?!\d|\s?h(?:eures?)?\b|\s?:\d|er\b|\s(?:janv|f[ée]vr|mars|avri|mai|jui|ao[ûu]|sept|octo|nove|d[ée]ce))"
    r"\s*(?!euros?\b)([^\W\d_]+)?"
)
# Cells of a row that tell its range: its own, and those before it that name a group.
_CELLS = 3
_ACRONYM = 4
"""Letters of one, at most."""


@dataclass(frozen=True, slots=True)
class Band:
    """The range for which a row holds, its ends included."""

    low: float
    high: float
    place: int
    """Of the last of its cells."""


def band(row: str) -> Band | None:
    r"""The range for which a row holds; None where it tells none.

    >>> [band(row) for row in ("451\t750\t9 €", "De 6 à 12 ans\t3 €", "Adulte\t4 €")]
    [Band(low=451.0, high=750.0, place=1), Band(low=6.0, high=12.0, place=0), None]
    """
    cells = [cell.strip() for cell in row.split("\t")]
    for at, cell in enumerate(cells[:_CELLS]):
        both = "\t".join(cells[at : at + 2])
        pair = _PAIR.fullmatch(both)
        if found := _BETWEEN.fullmatch(cell) or pair:
            low, high = map(_number, found.groups())
            if low < high:
                return Band(low, high, at + (found is pair))
        elif found := _ABOVE.fullmatch(cell) or _ABOVE.fullmatch(both.replace("\t", " ")):
            least = _number(found[2] or found[3])
            return Band(nextafter(least, inf) if found["strictly"] else least, inf, at)
        elif found := _BELOW.fullmatch(cell):
            most = _number(found[2])
            return Band(0.0, nextafter(most, 0.0) if found["strictly"] else most, at)
    return None


def row_in_band(question: str, rows: Sequence[str], columns: str) -> int | None:
    """The row whose range holds the number of the question, in a table of ranges; None where none or several do.

    A number with a word counts where the range has that word ("8 ans"), another one where the question says what the
    ranges are of ("quotient de 620", "QF 620"): neither "3 enfants" nor "en 2026" is a quotient.

    Args:
        question: As asked.
        rows: Cells separated by tabs.
        columns: The names of the columns, likewise.
    """
    bands = {at: found for at, row in enumerate(rows) if (found := band(row))}
    if len(bands) < max(2, len(rows) / 2):
        return None
    told = {number for number, _ in _amounts(" ".join(rows))}
    held: set[int] = set()
    for number, unit in _amounts(question):
        for at, one in bands.items():
            own, heads = (cells.split("\t")[: one.place + 1] for cells in (rows[at], columns))
            meant = {*unit} <= {*stems(" ".join(own))} if unit else _is_named(question, heads)
            if meant and one.low <= number <= one.high and (unit or number not in told):
                held.add(at)
    return held.pop() if len(held) == 1 else None


def _is_named(question: str, heads: Sequence[str]) -> bool:
    """Whether a question says what is in a column, by a word or by its initials."""
    asked = set(words(question))
    letters = {word for word in asked if len(word) <= _ACRONYM and not is_french(word)}
    initials = ["".join(word[0] for word in words(head) if word not in STOP_WORDS) for head in heads]
    by_letters = any(first and word.startswith(first) for first in initials for word in letters)
    return by_letters or not set(stems(question)).isdisjoint(stems(" ".join(heads)))


def _amounts(text: str) -> set[tuple[float, tuple[str, ...]]]:
    """The numbers of a text, with the stem of the word after each if it carries meaning."""
    return {(_number(found[1]), tuple(stems(found[2] or ""))) for found in _AMOUNT.finditer(text)}


def _number(figures: str) -> float:
    return float(re.sub(r"[ .\u00a0\u202f]", "", figures).replace(",", "."))

"""Rows of a table that hold for a range of numbers: a quotient from 451 to 750, children under 12."""

import re
from collections.abc import Sequence
from math import inf, nextafter

from index.french import stems

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


def band(row: str) -> tuple[float, float] | None:
    r"""The range for which a row holds, its ends included; None where it tells none.

    >>> [band(row) for row in ("451\t750\t9 €", "De 6 à 12 ans\t3 €", "1 501 et plus\t5 €", "Adulte\t4 €")]
    [(451.0, 750.0), (6.0, 12.0), (1501.0, inf), None]
    """
    cells = [cell.strip() for cell in row.split("\t")]
    for at, cell in enumerate(cells[:_CELLS]):
        both = "\t".join(cells[at : at + 2])
        if found := _BETWEEN.fullmatch(cell) or _PAIR.fullmatch(both):
            low, high = map(_number, found.groups())
            if low < high:
                return low, high
        elif found := _ABOVE.fullmatch(cell) or _ABOVE.fullmatch(both.replace("\t", " ")):
            least = _number(found[2] or found[3])
            return nextafter(least, inf) if found["strictly"] else least, inf
        elif found := _BELOW.fullmatch(cell):
            most = _number(found[2])
            return 0.0, nextafter(most, 0.0) if found["strictly"] else most
    return None


def row_in_band(question: str, rows: Sequence[str], head: str) -> int | None:
    """The row whose range holds the number of the question, in a table of ranges; None where none or several do.

    A number that stands in the table is no number of a range; one with its unit counts where the table has that unit.
    """
    bands = {at: found for at, row in enumerate(rows) if (found := band(row))}
    if len(bands) < max(2, len(rows) / 2):
        return None
    table = f"{head} {' '.join(rows)}"
    told, known = _amounts(table), set(stems(table))
    held: set[int] = set()
    for number, unit in _amounts(question):
        if known.issuperset(unit) and not any(number == other and set(unit) <= set(of) for other, of in told):
            held |= {at for at, (low, high) in bands.items() if low <= number <= high}
    return held.pop() if len(held) == 1 else None


def _amounts(text: str) -> set[tuple[float, tuple[str, ...]]]:
    """The numbers of a text, with the stem of the word after each if it carries meaning."""
    return {(_number(found[1]), tuple(stems(found[2] or ""))) for found in _AMOUNT.finditer(text)}


def _number(figures: str) -> float:
    return float(re.sub(r"[ .\u00a0\u202f]", "", figures).replace(",", "."))

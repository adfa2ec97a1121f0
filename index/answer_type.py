"""Details that a question wants and those that a text gives: a number, a date, an address."""

import re
from collections.abc import Sequence
from enum import Flag, auto


class Detail(Flag):
    """What can be wanted or given."""

    NONE = 0
    NUMBER = auto()
    MOMENT = auto()
    ADDRESS = auto()


# On folded text. "Combien de temps" wants a moment, any other "combien" a number.
_WANTED = (
    (
        Detail.MOMENT,
        re.compile(r"\bquand\b|quelle (date|annee|echeance)|combien de (temps|jours|mois|annees?)|\bdelai|duree"),
    ),
    (
        Detail.NUMBER,
        re.compile(
            r"\bcombien\b(?! de (temps|jours|mois|ann))|\bmontant|\btaux\b|pourcent|\bprix\b|\btarif"
            r"|plafond|\bnombre\b|\bcout"
        ),
    ),
    (
        Detail.ADDRESS,
        re.compile(r"\badresse|telephone|\bcourriel|\be?-?mail\b|\bnumero\b|site (internet|web)|\blien\b|coordonnees"),
    ),
)
_NUMBER_WORDS = r"(un seul|une seule|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|vingt|trente|cent|mille)"
_GIVEN = (
    (
        Detail.MOMENT,
        re.compile(r"\b(1[89]|20)\d\d\b|\b\d+ ?(jour|mois|an|semaine)|\b" + _NUMBER_WORDS + r" (jour|mois|an|semaine)"),
    ),
    (Detail.NUMBER, re.compile(r"\d|\b" + _NUMBER_WORDS + r"\b")),
    (Detail.ADDRESS, re.compile(r"https?://|www\.|\S@\S|(\d\d[ .]?){5}|\b\d+,? (rue|avenue|boulevard|place)\b")),
)


def wanted(folded: str) -> Detail:
    """What a folded question asks for, as far as its words tell."""
    return _found(folded, _WANTED)


def given(folded: str) -> Detail:
    """What a folded text gives."""
    return _found(folded, _GIVEN)


def _found(folded: str, patterns: Sequence[tuple[Detail, re.Pattern[str]]]) -> Detail:
    found = Detail.NONE
    for detail, pattern in patterns:
        if pattern.search(folded):
            found |= detail
    return found

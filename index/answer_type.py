"""Details a question wants (a number, a date, an address) and those a text gives; questions whose detail is missing."""

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Sequence
from enum import Flag, auto
from pathlib import Path

from corpus.document import Entry
from corpus.lexicon import Lexicon
from index.french import STOP_WORDS, stems, words


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


def unanswered(entries: Sequence[Entry], lexicon: Lexicon) -> list[tuple[int, str]]:
    """Questions about the subjects of a corpus for details that it does not give: (detail, question).

    A detail one of whose words stands in the corpus is passed over: the corpus may well give it.
    """
    content = tomllib.loads((Path(__file__).parent / "data" / "missing_details.toml").read_text(encoding="utf-8"))
    vocabulary = {term for e in entries for term in stems(f"{e.heading_text} {e.body_text}")}
    subjects = _subjects(entries, lexicon, vocabulary)
    questions = []
    for number, detail in enumerate(content["detail"]):
        if any(set(stems(word)) <= vocabulary for word in detail["needs"] if stems(word)):
            continue
        for place, ask in enumerate(detail["ask"]):
            # Each way of asking meets a subject of its own, so that neither is learned by heart.
            chosen = subjects[(number + place) % 6 :: 6][:1]
            questions += [(number, ask.replace("{}", subject)) for subject in chosen]
    return questions


def _subjects(entries: Sequence[Entry], lexicon: Lexicon, vocabulary: Collection[str]) -> list[str]:
    """What one may ask about: the acronyms of the corpus, and the longest frequent words of its entries."""
    acronyms = [a for a in lexicon.acronyms if set(stems(a)) <= set(vocabulary)]
    counts: Counter[str] = Counter()
    for entry in entries:
        counts.update({w for w in words(entry.body_text) if len(w) >= 6 and w not in STOP_WORDS and not w.isdigit()})
    # Words of one to three entries name something; those of every entry name nothing.
    telling = sorted((w for w, n in counts.items() if n <= 3), key=lambda w: (-counts[w], -len(w), w))
    mixed: list[str] = []
    for place in range(9):
        mixed += acronyms[place : place + 1] + telling[place : place + 1]
    return mixed

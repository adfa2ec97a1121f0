"""Turns that need what came before: ellipses, corrections and changes of subject."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from index.french import STOP_WORDS, fold, stem, stems, words

_SWITCH = re.compile(
    r"^\W*(?:bon\W+|alors\W+|ok\W+|sinon\W+|et\W+)*"
    r"(?:(?:rien [àa] voir|autre (?:sujet|question|chose|point)|changeons de sujet|sans (?:rapport|lien)|"
    r"pour changer|(?:je )?passons? [àa] autre chose|nouvelle question|par ailleurs|au fait)\b[^.:!?;,]{0,30}?)"
    r"(?:[.:!?;,…–-]+\s*|\s+(?=\w))",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"\b(?:voulais? (?:dire|parler)|parl(?:ais?|e|é|ait)\b|non pas\b|pas (?:le|la|les|du|de la|des|l['’]|d['’])|"
    r"plut[oô]t|je me (?:suis )?tromp|erreur|mal (?:[ée]crit|dit|tap[ée])|c['’ ]?est (?:le|la|les|du) .* que)",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^\W*(?:et|mais|donc|ou|alors|sinon|non|si|pardon|euh|ah|ok|oui|d['’]accord|aussi|dans ce cas|du coup|"
    r"pareil|m[eê]me chose|idem|pourquoi|combien|comment|quand|o[uù]|qui|lequel|laquelle|lesquel(?:le)?s|"
    r"par exemple|c['’]est[- ][àa][- ]dire|et si|y)\b",
    re.IGNORECASE,
)
# Words that point back at something that was said.
_POINTERS = frozenset(
    [
        "il",
        "ils",
        "elle",
        "elles",
        "ca",
        "cela",
        "ceci",
        "celui",
        "celle",
        "ceux",
        "celles",
        "ce",
        "cette",
        "ces",
        "y",
        "en",
        "lui",
        "leur",
        "leurs",
        "son",
        "sa",
        "ses",
        "dedans",
        "dessus",
    ]
)
_SHORT = 8
"""Words of meaning beyond which a correction is a question of its own."""
_FEW = 3
"""Words of meaning from which a turn stands on its own."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a turn may be read."""

    alone: str | None
    """The turn itself; None when it says nothing without what came before."""
    joined: str | None
    """With what came before; None when it stands on its own."""


def read_turn(turn: str, history: Sequence[str], vocabulary: Collection[str]) -> Reading:
    """Read a turn alone, with what came before, or, when it is half a sentence, either way.

    Args:
        turn: What was just typed.
        history: The earlier questions, oldest first.
        vocabulary: Stems of the documents.
    """
    switched = _SWITCH.sub("", turn, count=1)
    if switched != turn and switched.strip():
        return Reading(switched, None)
    previous = subject(history)
    if not previous:
        return Reading(turn, None)
    if _CORRECTION.search(turn) and len(stems(turn)) <= _SHORT:
        return Reading(None, _corrected(turn, previous))
    if not is_elliptical(turn, vocabulary):
        return Reading(turn, None)
    return Reading(turn if len(stems(turn)) > 1 else None, f"{previous} {turn}")


def subject(history: Sequence[str]) -> str:
    """The last earlier question that says enough to be spoken of again."""
    for earlier in reversed(history[-4:]):
        if len(stems(earlier)) >= 2:
            return earlier.rstrip()
    return ""


def is_elliptical(turn: str, vocabulary: Collection[str]) -> bool:
    """Whether a turn is half a sentence, which needs what came before.

    A turn about something else altogether ("et pour les vaccins de mon chien ?") is not: words of meaning
    that no document has are a subject of its own.
    """
    meaning = stems(turn)
    known = [term for term in meaning if term in vocabulary]
    if len(meaning) - len(known) >= 2 or (meaning and not known and len(meaning) >= 2):
        return False
    if len(meaning) == 0:
        return True
    points_back = any(word in _POINTERS for word in words(turn))
    return ((bool(_OPENING.match(turn)) or points_back) and len(meaning) <= _FEW + 1) or len(meaning) < 2


def _corrected(turn: str, previous: str) -> str:
    """The previous question with the word that was denied replaced by the one that was meant."""
    denied = re.search(
        r"\b(?:pas|non pas|au lieu)\s+(?:de\s+|du\s+|des\s+|le\s+|la\s+|les\s+|l['’]|d['’])*([\w'’ -]+)",
        turn,
        re.I,
    )
    meant = turn
    if denied:
        meant = (turn[: denied.start()] + " " + turn[denied.end() :]).strip()
        gone = {stem(w) for w in words(denied.group(1)) if w not in STOP_WORDS}
        previous = " ".join(w for w in previous.split() if not gone & {stem(x) for x in words(fold(w))})
    kept = [w for w in meant.split() if not _FILLER.fullmatch(fold(w).strip(".,;:!?…"))]
    return f"{previous} {' '.join(kept)}"


_FILLER = re.compile(
    r"non|pardon|je|j'?|voulais?|dire|parler|parlais?|parle|erreur|mal|ecrit|ecris|desole|trompe|suis|me|oups|plutot|jai|j'ai|que|c'est|cest"
)

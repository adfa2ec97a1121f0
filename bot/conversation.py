"""Turns that need what came before: half sentences, corrections and changes of subject."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.french import STOP_WORDS, FoldedText, stem, stems, stems_of, words
from index.query import Query
from index.ranking import JOIN

_SWITCH = re.compile(
    r"^\W*(?:bon\W+|alors\W+|ok\W+|sinon\W+|et\W+)*"
    r"(?:(?:rien [àa] voir|autre (?:sujet|question|chose|point)|changeons de sujet|sans (?:rapport|lien)|"
    r"pour changer|(?:je )?passons? [àa] autre chose|nouvelle question|par ailleurs|au fait)\b[^.:!?;,]{0,30}?)"
    r"(?:[.:!?;,…–-]+\s*|\s+(?=\w))",
    re.IGNORECASE,
)
_SAYING = (
    r"je (?:voulais?|voulai|veux|voudrais) (?:dire\b|parler d)|je (?:ne )?parl(?:e|es|ais?|er) (?:pas |bien )?d|"
    r"je (?:me (?:suis )?|m'etais )tromp|j'? ?ai (?:mal |fait une (?:erreur|faute))|"
    r"(?:petite )?erreur de (?:ma part|frappe|saisie)|au(?:tant|x? temps) pour moi"
)
_CORRECTION = re.compile(
    # First of all, "non": not the one of "non-respect" or "non conforme".
    r"(?P<opening>\W*(?:(?:ah|oh|euh|heu|bah|ben|mais|bon|alors|oui|en fait|excus\w+(?:[ -]moi)?)\b\W*)*"
    r"(?:non(?:\W*$|\s*[,.:;!…]|\s+(?:pas|plutot|je|j'|c'est|cest|l[ea]s?|l'|d[ue]|des|d'|pour|en|mais|pardon|desole)\b)|"
    rf"(?:pardon|pardonnez-moi|desolee?|oups)\b|(?:erreur|correction|rectification)\s*[:,;!.…]|mal ecrit|{_SAYING}))|"
    # Or last of all.
    rf".*(?:[,;.…(]\s*pardon|\b(?:{_SAYING}\w*))\W*$|c'?est .{{1,60}} (?:que|dont) je (?:parl|voulais parl)\w+\W*$"
)
"""Of a folded turn that takes back something said before. A negation alone never does."""
_JOINED = re.compile(r"[\s'’-]*")
"""Between two words of one phrase."""
_FILLER = re.compile(
    r"non|pardon|j|je|jai|ai|voulais?|dire|parl(?:er|ais?|e)|mal|ecri[ts]|desolee?|trompee?|suis|me|oups|plutot|que|c|"
    r"cest|est|pas|mais"
)
_OPENING = re.compile(
    r"^\W*(?:et|mais|donc|ou|alors|sinon|non|si|pardon|euh|ah|ok|oui|d'accord|aussi|dans ce cas|du coup|pareil|"
    r"meme chose|idem|pourquoi|combien|comment|quand|qui|lequel|laquelle|lesquel(?:le)?s|par exemple|"
    r"c'est[- ]a[- ]dire|y)\b"
)
_POINTER = re.compile(
    r"\b(?:ils?|elles?|ca|cela|ceci|celui|celles?|ceux|ce|cette|ces|y|en|lui|leurs?|son|sa|ses|dedans|dessus)\b"
)
"""Words that point back at something that was said."""
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


def read_turn(query: Query, history: Sequence[str], vocabulary: Collection[str]) -> Reading:
    """Read a turn alone, with what came before, or, when it is half a sentence, either way.

    Args:
        query: What was just typed.
        history: The earlier questions, oldest first.
        vocabulary: Stems of the documents.
    """
    turn = query.typed.text
    switched = _SWITCH.sub("", turn, count=1)
    if switched != turn and switched.strip():
        return Reading(switched, None)
    previous = subject(history)
    if not previous:
        return Reading(turn, None)
    meaning = stems_of(query.typed.words)
    if (said := _CORRECTION.match(query.typed.folded)) and len(meaning) <= _SHORT:
        opening = len(words(said["opening"] or ""))
        return _corrected(query.typed, opening, FoldedText.of(previous))
    if not is_elliptical(query.typed, meaning, vocabulary):
        return Reading(turn, None)
    return Reading(turn if len(meaning) > 1 else None, f"{previous} {JOIN} {turn}")


def subject(history: Sequence[str]) -> str:
    """The last earlier question that says enough to be spoken of again."""
    return next((earlier.rstrip() for earlier in reversed(history[-4:]) if len(stems(earlier)) >= 2), "")


def is_elliptical(typed: FoldedText, meaning: Sequence[str], vocabulary: Collection[str]) -> bool:
    """Whether a turn, of these stems, is half a sentence, which needs what came before.

    A turn about something else altogether ("et pour les vaccins de mon chien ?") is not: words of meaning
    that no document has are a subject of its own.
    """
    known = [term for term in meaning if term in vocabulary]
    if len(meaning) - len(known) >= 2 or (not known and len(meaning) >= 2):
        return False
    leans = _OPENING.match(typed.folded) or _POINTER.search(typed.folded)
    return len(meaning) < 2 or (leans is not None and len(meaning) <= _FEW + 1)


def _corrected(turn: FoldedText, opening: int, previous: FoldedText) -> Reading:
    """The previous question without the words that are denied, then what the turn says after its opening words."""
    denied = _denied(turn)
    gone = {stem(turn.words[row]) for row in denied if turn.words[row] not in STOP_WORDS}
    kept = [token for token, rows in _tokens(previous) if gone.isdisjoint(stem(previous.words[r]) for r in rows)]
    # "Les périmètres ne sont pas les mêmes" is a sentence, which may stand alone.
    is_sentence = not {"ne", "n"}.isdisjoint(turn.words)
    idle = {
        row
        for row, word in enumerate(turn.words)
        if row < opening or (not is_sentence and (row in denied or _FILLER.fullmatch(word)))
    }
    said = [token for token, rows in _tokens(turn) if not rows or not idle.issuperset(rows)]
    return Reading(" ".join(said) if is_sentence else None, " ".join([*kept, *said]))


def _denied(turn: FoldedText) -> range:
    """Rows of "pas" and of the words after it, up to a sign of punctuation or "mais"."""
    first = next((row for row, word in enumerate(turn.words) if word in ("pas", "lieu")), None)
    if first is None:
        return range(0)
    gaps = [turn.text[end:start] for (_, end), (start, _) in pairwise(turn.spans)]
    last = first + 1
    while last < len(turn.words) and turn.words[last] != "mais" and _JOINED.fullmatch(gaps[last - 1]):
        last += 1
    return range(first, last)


def _tokens(text: FoldedText) -> list[tuple[str, list[int]]]:
    """What stands between blanks, each with the rows of its words."""
    starts = [start for start, _ in text.spans]
    return [
        (token.group(), [row for row, start in enumerate(starts) if token.start() <= start < token.end()])
        for token in re.finditer(r"\S+", text.text)
    ]

"""Opposite cases: the clause of a question that supposes one, its opposite, and which of the two a passage states.

Searching does not see a negation, nor the same beside another: their words are stop words, and neither encoder nor
reader weigh them much. The difference between the vectors of a clause and of its opposite does: it points from one case
to the other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from threading import Lock

import numpy as np
from cachetools import LRUCache, cached

from corpus.document import Passage, Span
from corpus.split.sentences import sentences
from index.candidates import Pool
from index.dense import Field, Vectors
from index.encoder import Encoder
from index.french import words
from index.ranking import Ranking
from index.records import some
from index.rows import Rows

_INTRODUCES = r"si|s['’](?=ils?\b)|quand|lorsqu(?:e\b|['’])|qui|dont|parce que"
_ASKS = (
    r"qu['’]est|que faire|comment|combien|quel(?:le)?s?|où|pourquoi|est[ -]ce que|"
    r"(?:on|je|j['’]|ça|c['’]|ils?|elles?|vous)\s*(?:(?:se|me|nous|vous|y)\s+)?\w+ (?:quoi|comment|combien|où|quand)|"
    r"(?!rendez)\w+-(?:t-)?(?:ils?|elles?|on|vous|tu|je|nous)"
)
_CUT = re.compile(rf"([,;?.!:()]+)\s*|\s+(?=(?:mais|car|{_INTRODUCES}|{_ASKS})\b)", re.IGNORECASE)
"""Between two clauses; what signs stand there."""
_JOINING = re.compile(r"(?:(?:et|mais|car|donc|alors|or)\s+)*", re.IGNORECASE)
_INTRODUCED, _ASKING = (re.compile(rf"\b(?:{found})\b", re.IGNORECASE) for found in (_INTRODUCES, _ASKS))
_IF = re.compile(r"si\b|s['’]ils?\b", re.IGNORECASE)
_NE = re.compile(r"\b(?:ne\s+|n['’]|n\s+)", re.IGNORECASE)
_VERBAL = re.compile(r"\b(?:pas|jamais|aucune?)\b|\b(?:ne\s|n['’]).*?\b(?:plus|rien)\b", re.IGNORECASE)
_IDLE = re.compile(
    r"\W*(?:je|j['’]|on)?\s*(?:n['’]|ne\s)?\s*(?:y\s|l[ae]?['’ ]\s*)?"
    r"(?:sais?|comprends?|vois?|trouve|arrive|suis)\s+pas"
    r"(?:\s+(?:tr[eè]s|bien|s[uû]re?|de|à|trouver|comprendre|savoir|du tout|(?:quoi|qui|où)(?: \w+)?))*\W*$|"
    r".*\b(?:pas (?:grave|mal|de (?:souci|probl[eè]me)s?)|h[eé]sitez pas)\b",
    re.IGNORECASE,
)
"""What denies nothing of the case: "je ne sais pas", "pas grave"."""
_AFFIRMED = (
    (re.compile(r"\bpas (?:de\s+(?!l(?:a|es?)?\b)|d['’])", re.IGNORECASE), "un "),
    (re.compile(r"\b(?:pas|jamais|rien)\b\s*", re.IGNORECASE), ""),
    (re.compile(r"(\b(?:ne\s|n['’]).*?)\bplus\b\s*", re.IGNORECASE), r"\1"),
    (re.compile(r"\baucun(e?)\b", re.IGNORECASE), r"un\1"),
    (re.compile(r"\bje (?:ne\s+|n['’])(?=[aeéêiouyh])", re.IGNORECASE), "j'"),
    (_NE, ""),
)
_ABSENT = (
    (re.compile(r"\bsans\b(?!\s+plus)", re.IGNORECASE), "avec"),
    (re.compile(r"\b(?:non|hors)\b(?!\s+plus)[ -]*(?:de\s+)?", re.IGNORECASE), ""),
    (re.compile(r"(?<!les )(?<!des )(?<!de )\b(?:différent|distinct)e?s?\b", re.IGNORECASE), "identiques"),
    (re.compile(r"\b(?:une?|l['’])\s*autre\b(?!\s+(?:chose|fois|part|question)s?\b)", re.IGNORECASE), "la même"),
    (re.compile(r"\binférieur", re.IGNORECASE), "supérieur"),
    (re.compile(r"\bdessous\b", re.IGNORECASE), "dessus"),
)
"""What denies without a verb, an absence or another than the same, and its opposite."""
_SAME = (
    (re.compile(r"\bidentiques?\b", re.IGNORECASE), "différents"),
    (re.compile(r"(?:\b(?:l[ae]s?|d[ue]s?|aux?|et)\s+|^)mêmes?\b(?!\s+(?:si|temps)\b)", re.IGNORECASE), "un autre"),
)
_LONGEST = 15
"""Words of a clause that states a case; a longer one tells a story, or was typed without signs between its clauses."""
_PART = re.compile(r"\s*[:;]\s*")

_LIKELY = 1 / 5
"""An entry so many times less likely than the best is not compared."""
_N_COMPARED, _N_PARTS = 4, 6
"""Passages whose parts are encoded, and parts of each."""
_N_KEPT = 1000
"""Passages whose parts are kept as what they state: reading them at each question took a seventh of all but models."""
_NEAR = 0.15
"""How much farther from the clause, in cosine, the passage of another case may be."""
_ABOUT, _SURELY_ABOUT = 0.59, 0.67
"""Cosine with the clause, or the clause affirmed, from which a passage may speak of the case or of its opposite; and
from which it does, and a reserve is said where it does not state the case."""
_ABOUT_CASE = 0.66
"""Cosine with a part of a passage, or its heading, from which it speaks of a case that is supposed, not denied. Of 15
turns after a question that were answered rightly without reserve, 3 lie below; of 5 wrongly, all."""
_OTHER, _STATED = 0.1, 0.03
"""By how much more a passage must state the case than the first to be quoted before it; and above what, by its parts,
the first states it. Tuned on 25 questions over four FAQs; see ``tests/test_negation.py``."""
_NEITHER = 0.01
"""Up to which it states neither the case nor its opposite."""
_BY_ENTRY = 20.0
"""What the logarithm of the ratio of two entries' probabilities is divided by, to be added to these."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """A clause of a question that supposes that something is not so, or is the same."""

    case: str
    opposite: str

    @classmethod
    def of(cls, question: str) -> "Supposition | None":
        """The first such clause; None where there is none, or where what is asked itself is negated.

        "N'y a-t-il pas de cours ?" and "pourquoi n'ai-je pas de carte ?" suppose nothing.
        """
        found = _CUT.split(question.strip())
        pieces = [text.strip() for text in found[::2]]
        clauses = [
            (clause[len(joining[0]) :], sign or "")
            for clause, sign in zip(pieces, [*found[1::2], ""], strict=True)
            if clause and (joining := _JOINING.match(clause))
        ]
        cases = (cls(text, _affirmed(text)) for text, sign in clauses if _supposes(text, sign))
        same = (cls(text, opposite) for text, _ in clauses if (opposite := _replaced(text, _SAME)) != text)
        return next(chain(cases, same), None)

    def encoded(self, encoder: Encoder) -> Vectors:
        """Vectors of the clause and of its opposite, shape ``(2, dim)``."""
        return encoder.encode_queries([self.case, self.opposite])


def _supposes(clause: str, sign: str) -> bool:
    """Whether a clause, with the sign after it, says of which case a question is."""
    if len(clause.split()) > _LONGEST:
        return False
    if _IDLE.match(clause) or not _VERBAL.search(clause):
        return any(absent.search(clause) for absent, _ in _ABSENT)
    asks = "?" in sign or _ASKING.search(clause)
    return not asks or _INTRODUCED.match(clause) is not None


def _affirmed(clause: str) -> str:
    return _replaced(clause, _AFFIRMED if _VERBAL.search(clause) else _ABSENT)


def _replaced(clause: str, opposites: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for said, instead in opposites:
        clause = said.sub(instead, clause)
    return clause.strip()


@dataclass(frozen=True, slots=True)
class Polarity:
    """Which of two opposite cases a passage states: above 0 the one that a question supposes."""

    by_parts: float
    """By the parts that are nearest to either; a share of how far apart the two are."""
    whole: float
    """By the whole passage, with its headings."""
    about: float
    """Cosine of its nearest part with either: whether it speaks of them at all."""

    @property
    def both(self) -> float:
        return self.by_parts + self.whole


@dataclass(frozen=True, slots=True)
class Choice:
    """What to quote for a question that supposes a case."""

    target: int
    """Place in the pool."""
    settled: bool
    """Whether it is known to speak of the case: no other passage of its entry is then quoted for it."""
    stated: bool
    """Whether it is known to state the case."""
    doubtful: bool
    """Whether it is known that no passage does."""
    against: bool
    """Whether the likeliest passage is known to state the opposite."""


class Cases:
    """The passages of a corpus, compared by the case that they state."""

    def __init__(self, rows: Rows, passages: Field, encoder: Encoder) -> None:
        self._rows, self._passages, self._encoder = rows, passages, encoder

    def choose(self, case: Vectors, ranking: Ranking, pool: Pool) -> Choice:
        """The first target, or another of its entry or of one that is nearly as likely, which states the case.

        Args:
            case: Vectors of the clause and of its opposite, shape ``(2, dim)``.
            ranking: Of the question.
            pool: What it was compared with.
        """
        entry = int(ranking.entries.argmax())
        first = ranking.best_target(entry, pool.owner)
        near = np.flatnonzero(ranking.entries[pool.owner] >= _LIKELY * ranking.entries[entry])
        best: dict[int, int] = {}  # row of a passage -> its likeliest target
        for target in near[np.argsort(ranking.targets[near], kind="stable")].tolist():
            best[int(self._rows.passage_of_target[pool.targets[target]])] = target
        own = int(self._rows.passage_of_target[pool.targets[first]])
        found = self._polarities(case, own, list(best))
        likeliest = here = found.pop(own)
        target, most = first, here.both + _OTHER
        if likeliest.by_parts < _STATED:
            for row, other in found.items():
                if likeliest.about < _ABOUT and other.about < _SURELY_ABOUT:
                    continue
                odds = float(np.log(ranking.entries[pool.owner[best[row]]] / ranking.entries[entry]))
                if (stated := other.both + odds / _BY_ENTRY) > most:
                    target, most, here = best[row], stated, other
        elsewhere = int(pool.owner[target]) != entry
        against = likeliest.about >= _SURELY_ABOUT and likeliest.both <= _NEITHER
        return Choice(
            target,
            settled=target != first or here.about >= _ABOUT,
            stated=here.about >= _ABOUT and here.both > _NEITHER and not elsewhere,
            doubtful=against if target == first else here.both < 0 or elsewhere,
            against=against,
        )

    def _polarities(self, case: Vectors, own: int, rows: list[int]) -> dict[int, Polarity]:
        """Of the passage ``own``, and of the few others that speak most of the case."""
        apart = float(np.linalg.norm(case[0] - case[1])) or 1.0
        cosines = self._passages.scores_later(case, np.asarray(rows))()
        whole = dict(zip(rows, ((cosines[0] - cosines[1]) / apart).tolist(), strict=True))
        about = dict(zip(rows, cosines.max(axis=0).tolist(), strict=True))
        others = [row for row in rows if row != own and about[row] >= about[own] - _NEAR]
        near = [own, *sorted(others, key=lambda row: -about[row] - whole[row])[: 2 * _N_COMPARED]]
        (first, *_), found = (passages := some(self._rows.passages, near)), {}
        compared = [pair for pair in zip(near, passages, strict=True) if _is_other_case(pair[1], first)]
        for row, passage in compared[:_N_COMPARED]:
            denied, affirmed = (self._encoder.encode_passages(parts_of(passage)) @ case.T).max(axis=0).tolist()
            found[row] = Polarity((denied - affirmed) / apart, whole[row], max(denied, affirmed))
        return found


def _is_other_case(passage: Passage, first: Passage) -> bool:
    """Whether a passage may state another case than the first: of the entry of an item, the other items alone do."""
    if (passage.document.id, passage.entry) != (first.document.id, first.entry) or not first.context:
        return True
    return len(passage.context) > 0 and first.context[: len(passage.context)] == passage.context


def is_about_case(turn: str, passage: Passage, encoder: Encoder) -> bool:
    """Whether a passage speaks of the case that a turn supposes ("et si je la perds ?"), if it supposes one."""
    clause = next((text for text in _CUT.split(turn)[::2] if _IF.match(_JOINING.sub("", text, count=1))), None)
    if clause is None:
        return True
    (case,) = encoder.encode_queries([clause])
    parts = [passage.question.of(passage.document.text)] if passage.question else []
    return float((encoder.encode_passages([*parts, *parts_of(passage)]) @ case).max()) >= _ABOUT_CASE


def are_opposite(one: Passage, other: Passage) -> bool:
    """Whether one denies in the same words what the other affirms."""
    return denies(one, other) or denies(other, one)


def denies(one: Passage, other: Passage) -> bool:
    """Whether a part of one denies in the same words what a part of the other affirms."""
    return any(denied and _cases(other).get(case) is False for case, denied in _cases(one).items())


@cached(LRUCache(_N_KEPT), key=lambda p: (p.document.text, p.start, p.end, p.question, p.context), lock=Lock())
def _cases(passage: Passage) -> dict[tuple[str, ...], bool]:
    """The words of its parts, affirmed -> whether they deny that."""
    return {tuple(words(affirmed := _affirmed(part))): affirmed != part for part in parts_of(passage)}


def parts_of(passage: Passage) -> list[str]:
    """The clauses of the heading of a passage that suppose a case, and how its parts begin, and those of its context.

    There they state a case: "si j'habite la commune", "sans carte, …", "avec une carte : …".
    """
    text = passage.document.text
    heading = _CUT.split(passage.question.of(text))[::2] if passage.question else []
    spans = [span.of(text) for span in (Span(passage.start, passage.end), *passage.context)]
    parts = [part for own in spans for s in sentences(own) for part in _PART.split(s.of(own))]
    leads = [lead if " " in (lead := part.split(", ")[0]) else part for part in parts]
    supposed = [clause for clause in heading if _INTRODUCED.match(clause)]
    return [*supposed, *(lead for lead in leads if " " in lead)][:_N_PARTS] or [passage.text]

"""What visitors asked and did not get, from the journal, grouped: an editor's work, largest group first."""

import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock

import numpy as np

from bot.answer import Kind
from bot.journal import Journal, Record
from bot.workshop.decisions import Decision, Decisions, hash_of
from index.dense import Vectors
from index.encoder import Encoder
from index.french import STOP_WORDS, words

# Probabilities that the entry found first answers: below the first, it mostly says nothing of what was asked, and from
# the second it is mostly right. Of the FAQs salles and social of tests/reader_data, 5 % and 71 % of the questions.
_SAYS_NOTHING, _LIKELY = 0.15, 0.4
_ALIKE = 10
"""Questions without an entry that are shown at once: what fits a screen."""
MOST = 2_000
"""Of them, put next to those that they are like; distances are counted between all pairs."""


_NAME = re.compile(
    r"\b(M\.|MM\.|Mme|Mmes|Mlle|Monsieur|Madame|monsieur|madame|Docteur|Dr|Maître|Me"
    r"|je m['’]appelle|mon nom est|je me nomme)(\s+)"
    r"(?!(?:Je|J|Est|Puis|Peut|Pouvez|Quel\w*|Comment|Où|Qui|Que|Combien|Pourquoi)\b)((?:[A-ZÀ-Ý][\w’'-]+)(?:\s+(?:de\s+)?[A-ZÀ-Ý][\w’'-]+){0,2})"
)
_COURTESY_WORDS = 2
"""Words with a meaning from which what was met with courtesy may have been a question."""

_SLOW, _PATIENCE = 0.1, 20
"""Seconds that grouping takes from which it is not done again for each question of a visitor, but after so many times
as long: an editor at work does not wait for it at every page."""


class Why(StrEnum):
    """Why a question is to be looked at, in the words of the page."""

    REFUSED = "sans réponse"
    OFFERED = "des questions proposées"
    CHOSEN = "une question proposée, choisie"
    UNHELPFUL = "réponse jugée inutile"
    RESERVED = "réponse donnée avec réserve"
    COURTESY = "prise pour une politesse"


@dataclass(frozen=True, slots=True)
class VisitorQuestion:
    """A question as visitors wrote it, however often."""

    text: str
    """Names masked."""
    count: int
    why: tuple[Why, ...]
    nearest: str | None
    """``document/entry`` that came first."""
    confidence: float
    """Probability that it answers."""
    chosen: tuple[str, ...]
    """Entries that visitors chose among what was offered, most often first."""
    last: str
    """When it was asked last, ISO 8601, UTC."""

    @property
    def hash(self) -> str:
        return hash_of(self.text)


@dataclass(frozen=True, slots=True)
class Group:
    """Questions to decide about together: those for which the same entry comes first, or none that says anything."""

    entry: str
    """``document/entry``; empty where no text seems to answer."""
    questions: tuple[VisitorQuestion, ...]
    """The likeliest to ask for it first; of those without an entry, like beside like."""
    likely: frozenset[str]
    """Those that the first key would decide about."""

    @property
    def count(self) -> int:
        return sum(question.count for question in self.questions)

    @property
    def why(self) -> tuple[Why, ...]:
        return tuple(why for why in Why if any(why in question.why for question in self.questions))


def grouped(entries: Sequence[str], questions: Sequence[VisitorQuestion], vectors: Vectors) -> list[Group]:
    """The groups, in no order: of each question the entry that it seems to ask for, or none and a vector."""
    own: dict[str, list[VisitorQuestion]] = {}
    for entry, question in zip(entries, questions, strict=True):
        own.setdefault(entry, []).append(question)
    nowhere = own.pop("", [])
    nowhere = [nowhere[row] for row in like_beside_like(vectors)] + nowhere[len(vectors) :]
    packs = [nowhere[start : start + _ALIKE] for start in range(0, len(nowhere), _ALIKE)]
    return [_group(entry, found) for entry, found in own.items()] + [_group("", found) for found in packs]


def _group(entry: str, questions: Sequence[VisitorQuestion]) -> Group:
    found = sorted(questions, key=lambda q: (-_chance(q, entry), -q.count)) if entry else questions
    likely = frozenset(q.text for q in questions if not entry or _chance(q, entry) >= _LIKELY)
    return Group(entry, tuple(found), likely or frozenset(q.text for q in questions))


def _chance(question: VisitorQuestion, entry: str) -> float:
    if entry in question.chosen:
        return 1.0
    return question.confidence if entry == question.nearest else 0.0


def like_beside_like(vectors: Vectors) -> list[int]:
    """Rows of vectors, so ordered that those of like questions are neighbours."""
    if len(vectors) < 2:
        return list(range(len(vectors)))
    from scipy.cluster.hierarchy import leaves_list, linkage  # half a second of import

    # Vectors of questions to one service lie close together: what they have in common tells nothing.
    centred = vectors - vectors.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    found: list[int] = leaves_list(linkage(centred, "average")).tolist()
    return found


class Inbox:
    """The questions of a journal that nobody decided about yet. Safe to share between threads.

    ``ranked`` gives entries that a question may ask for, likeliest first; none where that is not known yet.
    """

    def __init__(
        self,
        journal: Journal | None,
        decisions: Decisions,
        encoder: Encoder,
        ranked: Callable[[str], Sequence[str]],
    ) -> None:
        self._journal = journal
        self._decisions = decisions
        self._encoder = encoder
        self._ranked = ranked
        self._lock = Lock()
        self._vectors: dict[str, np.ndarray] = {}
        self._seen: Hashable = object()
        """Of the journal, when its questions were read; none is like a new object."""
        self._again = 0.0
        """Moment from which new questions are read with the others."""
        self._all: list[VisitorQuestion] = []
        self._decided: tuple[Decision, ...] = ()
        self._groups: tuple[Group, ...] = ()

    def groups(self, sure: float) -> tuple[Group, ...]:
        """Largest first; an answer is said without reserve from the probability ``sure``.

        Those without an entry are ten things, and so go first: what no text answers teaches what to refuse. In
        ``bench_workshop.py`` 60 decisions with them last brought .579 right instead of .625.
        """
        decisions = self._decisions.all()
        with self._lock:
            mark, begun = self._journal.mark() if self._journal else None, time.monotonic()
            is_new = mark != self._seen and begun >= self._again
            if is_new:
                self._all, self._seen = to_decide(self._journal.records() if self._journal else (), sure), mark
            if is_new or decisions is not self._decided:
                self._groups, self._decided = self._left(decisions), decisions
                took = time.monotonic() - begun
                self._again = begun + took + (_PATIENCE * took if took > _SLOW else 0)
            return self._groups

    def _left(self, decisions: Sequence[Decision]) -> tuple[Group, ...]:
        decided = {hash_ for decision in decisions for hash_ in decision.keys}
        passed: dict[str, set[str]] = {}
        for decision in decisions:
            for hash_ in decision.passed:
                passed.setdefault(hash_, set()).add(decision.target)
        left = [question for question in self._all if question.hash not in decided]
        entries = [self._entry(question, passed.get(question.hash, set())) for question in left]
        alone = [q.text for q, entry in zip(left, entries, strict=True) if not entry]
        found = grouped(entries, left, self._encoded(alone[:MOST]))
        return tuple(sorted(found, key=lambda g: (-g.count, -len(g.questions), g.questions[0].text)))

    def _entry(self, question: VisitorQuestion, passed: Collection[str]) -> str:
        """What it seems to ask for, without those that an editor left it out of."""
        first = [question.nearest] if question.nearest and (passed or question.confidence >= _SAYS_NOTHING) else []
        likely = [*question.chosen, *first, *(self._ranked(question.text) if passed else ())]
        return next((entry for entry in likely if entry not in passed), "")

    def regroup(self) -> None:
        """Read the journal again at the next look."""
        with self._lock:
            self._seen, self._again = object(), 0.0

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in texts if text not in self._vectors]
        self._vectors |= dict(zip(new, self._encoder.encode_queries(new), strict=True)) if new else {}
        return np.stack([self._vectors[text] for text in texts]) if texts else np.zeros((0, 1), np.float32)


def to_decide(records: Iterable[Record], sure: float) -> list[VisitorQuestion]:
    """The questions to look at, each once, most asked first."""
    found: dict[str, VisitorQuestion] = {}
    chosen: dict[str, Counter[str]] = {}
    for record in records:
        if not (why := _why(record, sure)):
            continue
        text = without_names(" ".join(record.question.split()))
        key = hash_of(text)
        nearest = f"{record.document}/{record.entry}" if record.document else None
        before = found.get(key, VisitorQuestion(text, 0, (), nearest, record.confidence, (), ""))
        chosen.setdefault(key, Counter()).update([record.chosen] if record.chosen else [])
        found[key] = replace(
            before,
            count=before.count + 1,
            why=tuple(dict.fromkeys((*before.why, why))),
            last=max(before.last, record.asked),
        )
    asked = [replace(q, chosen=tuple(e for e, _ in chosen[key].most_common())) for key, q in found.items()]
    return sorted(asked, key=lambda q: -q.count)


def _why(record: Record, sure: float) -> Why | None:
    if record.helpful is False:
        return Why.UNHELPFUL
    if record.chosen:
        return Why.CHOSEN
    if record.kind == Kind.REFUSE:
        return Why.REFUSED
    if record.kind == Kind.CLARIFY:
        return Why.OFFERED
    if record.kind == Kind.SMALLTALK:
        telling = [word for word in words(record.question) if word not in STOP_WORDS]
        return Why.COURTESY if len(telling) >= _COURTESY_WORDS else None
    return Why.RESERVED if record.confidence < sure and not record.helpful else None


def without_names(text: str) -> str:
    """The text with what follows a civility masked; the journal masks the rest.

    >>> without_names("Mme Annie Duval-Petit peut-elle venir ? Et monsieur le maire ?")
    'Mme [nom] peut-elle venir ? Et monsieur le maire ?'
    """
    return _NAME.sub(r"\1\2[nom]", text)

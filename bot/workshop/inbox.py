"""What visitors asked and did not get, from the journal, grouped: an editor's work, largest group first."""

import re
import time
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Lock

import numpy as np
import numpy.typing as npt

from bot.answer import Kind
from bot.journal import Journal, Record
from bot.workshop.decisions import Decision, Decisions, hash_of
from index.dense import Vectors
from index.encoder import Encoder
from index.french import STOP_WORDS, stems_of, words

MOST = 2_000
"""Texts grouped at once; distances are counted between all pairs, which takes a second for so many."""
# Shares of the likeness of two questions, and the likeness from which groups are joined (average linkage). Of the two
# FAQs of tests/reader_data/held, 62 % of the questions are then of the entry that most of their group ask for; with
# words or meaning alone 45 %.
_WORDS, _NEAREST, _JOIN = 0.2, 0.45, 0.45


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
    chosen: tuple[str, ...]
    """Entries that visitors chose among what was offered, most often first."""
    last: str
    """When it was asked last, ISO 8601, UTC."""

    @property
    def hash(self) -> str:
        return hash_of(self.text)


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask the same thing, as far as can be told."""

    questions: tuple[VisitorQuestion, ...]
    """Most asked first."""

    @property
    def count(self) -> int:
        return sum(question.count for question in self.questions)

    @property
    def why(self) -> tuple[Why, ...]:
        return tuple(why for why in Why if any(why in question.why for question in self.questions))

    @property
    def nearest(self) -> tuple[str, ...]:
        """Entries to begin with: those chosen, then those that came first, most often first."""
        found: Counter[str] = Counter()
        for question in self.questions:
            found.update(dict.fromkeys(question.chosen[:1], 10 * question.count))
            found.update({question.nearest: question.count} if question.nearest else {})
        return tuple(entry for entry, _ in found.most_common())


def grouped(questions: Sequence[VisitorQuestion], vectors: Vectors) -> list[list[int]]:
    """Rows of the questions of each group.

    Args:
        questions: At most ``MOST``.
        vectors: Of their texts, of length 1, shape ``(n, dim)``.
    """
    if len(questions) < 2:
        return [[row] for row in range(len(questions))]
    from sklearn.cluster import AgglomerativeClustering  # a second of import

    alike = likeness(questions, vectors)
    found = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1 - _JOIN
    ).fit_predict(1 - alike)
    return [np.flatnonzero(found == group).tolist() for group in range(int(found.max()) + 1)]


def likeness(questions: Sequence[VisitorQuestion], vectors: Vectors) -> npt.NDArray[np.float32]:
    """How much each two questions ask the same, from 0 to 1, shape ``(n, n)``."""
    # Vectors of questions to one service lie close together: what they have in common tells nothing.
    centred = vectors - vectors.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    nearest = np.asarray([question.nearest or f"?{row}" for row, question in enumerate(questions)])
    meant = np.clip(centred @ centred.T, 0, 1)
    same = (nearest[:, None] == nearest[None, :]).astype(np.float32)
    alike = (1 - _WORDS - _NEAREST) * meant + _WORDS * _shared_words(questions) + _NEAREST * same
    np.fill_diagonal(alike, 1.0)
    found: npt.NDArray[np.float32] = alike.astype(np.float32)
    return found


def _shared_words(questions: Sequence[VisitorQuestion]) -> npt.NDArray[np.float32]:
    """Cosine of their stems, rare ones counting more."""
    bags = [set(stems_of(word for word in words(q.text) if word not in STOP_WORDS)) for q in questions]
    column = {stem: number for number, stem in enumerate(sorted(set().union(*bags)))}
    counts = np.zeros((len(bags), max(len(column), 1)), dtype=np.float32)
    for row, bag in enumerate(bags):
        counts[row, [column[stem] for stem in bag]] = 1
    counts *= np.log(1 + len(bags) / np.maximum(counts.sum(axis=0), 1))
    counts /= np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)
    found: npt.NDArray[np.float32] = counts @ counts.T
    return found


class Inbox:
    """The questions of a journal that nobody decided about yet. Safe to share between threads.

    Args:
        journal: Where visitors' questions are; None where they are not written down.
        decisions: What was decided.
        encoder: Of the index.
    """

    def __init__(self, journal: Journal | None, decisions: Decisions, encoder: Encoder) -> None:
        self._journal = journal
        self._decisions = decisions
        self._encoder = encoder
        self._lock = Lock()
        self._vectors: dict[str, np.ndarray] = {}
        self._seen: Hashable = object()
        """Of the journal, when its questions were grouped; none is like a new object."""
        self._again = 0.0
        """Moment from which new questions are grouped with the others."""
        self._all: tuple[Group, ...] = ()
        self._decided: tuple[Decision, ...] = ()
        self._groups: tuple[Group, ...] = ()
        """What is left of them."""

    def groups(self, sure: float) -> tuple[Group, ...]:
        """Largest first.

        Args:
            sure: Probability from which an answer is said without reserve.
        """
        decisions = self._decisions.all()
        with self._lock:
            mark = self._journal.mark() if self._journal else None
            if mark != self._seen or decisions is not self._decided:
                self._groups = self._left(decisions, sure, mark)
                self._decided = decisions
            return self._groups

    def _left(self, decisions: tuple[Decision, ...], sure: float, mark: Hashable) -> tuple[Group, ...]:
        """The groups without what was decided; of a decision alone, they stay what they were."""
        decided = decided_hashes(decisions)
        if mark != self._seen and time.monotonic() >= self._again:
            begun = time.monotonic()
            records = self._journal.records() if self._journal else ()
            self._all = self._grouped([q for q in to_decide(records, sure) if q.hash not in decided])
            self._seen = mark
            took = time.monotonic() - begun
            self._again = begun + took + (_PATIENCE * took if took > _SLOW else 0)
        kept = (tuple(q for q in group.questions if q.hash not in decided) for group in self._all)
        found = (Group(questions) for questions in kept if questions)
        return tuple(sorted(found, key=lambda g: (-g.count, -len(g.questions), g.questions[0].text)))

    def regroup(self) -> None:
        """Group again at the next look: an entry that came first may be another after a publication."""
        with self._lock:
            self._seen, self._again = object(), 0.0

    def _grouped(self, questions: Sequence[VisitorQuestion]) -> tuple[Group, ...]:
        first, rest = questions[:MOST], questions[MOST:]
        rows = grouped(first, self._encoded([q.text for q in first]))
        groups = [Group(tuple(sorted((first[r] for r in own), key=lambda q: -q.count))) for own in rows]
        return (*groups, *(Group((question,)) for question in rest))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Of questions of the inbox, which were encoded to group them, or of others."""
        known = self._vectors
        new = [text for text in texts if text not in known]
        known = known | dict(zip(new, self._encoder.encode_queries(new), strict=True)) if new else known
        return np.stack([known[text] for text in texts])

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        found = self.vectors(texts) if texts else np.zeros((0, self._encoder.dim), np.float32)
        self._vectors = dict(zip(texts, found, strict=True))
        return found


def decided_hashes(decisions: Iterable[Decision]) -> frozenset[str]:
    """The questions that something was decided about."""
    return frozenset(hash_ for decision in decisions for hash_ in decision.keys)


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
        before = found.get(key, VisitorQuestion(text, 0, (), nearest, (), ""))
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

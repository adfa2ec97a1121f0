"""How often is it right: known questions asked one by one, judged, and counted."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from bot.answer import Answer, Kind
from bot.assistant import Assistant
from bot.evaluating.known_questions import KnownQuestion


class Verdict(StrEnum):
    """What became of one known question."""

    RIGHT = "right"
    WRONG_PART = "wrong_part"
    """The right entry, but what is highlighted lies mostly elsewhere in it."""
    WRONG_ENTRY = "wrong_entry"
    SILENT = "silent"
    """Refused or met with courtesy although the documents answer."""
    CLARIFIED = "clarified"
    """Asked back, the right entry being among the choices."""
    NOT_REFUSED = "not_refused"
    NOT_COURTEOUS = "not_courteous"


@dataclass(frozen=True, slots=True)
class Judged:
    """One known question, what was said to it, and the verdict."""

    question: KnownQuestion
    answer: Answer
    verdict: Verdict
    rank: int | None
    """Of the right entry in the ranking, from 1; None when it is not there or none is expected."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % confidence interval (Wilson 1927)."""

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, hits: int, n: int) -> "Rate":
        """``hits`` out of ``n``; 0 out of 0 is a rate of 0 about which nothing is known."""
        if n == 0:
            return cls(0.0, 0.0, 1.0, 0)
        z, share = 1.96, hits / n
        centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return cls(share, max(0.0, centre - half), min(1.0, centre + half), n)


@dataclass(frozen=True, slots=True)
class Report:
    """Every known question judged, and the figures."""

    judged: tuple[Judged, ...]

    @property
    def in_scope(self) -> list[Judged]:
        return [j for j in self.judged if j.question.kind == Kind.ANSWER]

    @property
    def out_of_scope(self) -> list[Judged]:
        return [j for j in self.judged if j.question.kind == Kind.REFUSE]

    def share(self, among: Sequence[Judged], true: Callable[[Judged], bool]) -> Rate:
        """Share of ``among`` for which ``true`` holds."""
        return Rate.of(sum(map(true, among)), len(among))

    @property
    def hit_rate(self) -> Rate:
        """In scope: answered, from the right entry, at the right place."""
        return self.share(self.in_scope, lambda j: j.verdict == Verdict.RIGHT)

    @property
    def right_entry(self) -> Rate:
        """In scope: answered from the right entry."""
        return self.share(self.in_scope, lambda j: j.verdict in (Verdict.RIGHT, Verdict.WRONG_PART))

    @property
    def silent(self) -> Rate:
        """In scope: wrongly silent."""
        return self.share(self.in_scope, lambda j: j.verdict == Verdict.SILENT)

    @property
    def refused(self) -> Rate:
        """Out of scope: refused."""
        return self.share(self.out_of_scope, lambda j: j.verdict == Verdict.RIGHT)

    @property
    def courteous(self) -> Rate:
        """Courtesy met with courtesy."""
        among = [j for j in self.judged if j.question.kind == Kind.SMALLTALK]
        return self.share(among, lambda j: j.verdict == Verdict.RIGHT)

    def hit_at(self, k: int) -> Rate:
        """In scope: the right entry among the first ``k`` of the ranking, whatever was said."""
        return self.share(self.in_scope, lambda j: j.rank is not None and j.rank <= k)

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank of the right entry over the in-scope questions, in [0, 1]."""
        among = self.in_scope
        return sum(1 / j.rank for j in among if j.rank) / len(among) if among else 0.0

    def latency_ms(self, percentile: float) -> float:
        """Time of one answer, milliseconds."""
        return float(np.percentile([j.answer.elapsed_ms for j in self.judged], percentile))

    def to_json(self) -> dict[str, Any]:
        """Figures and verdicts, for a program."""
        rates = {"hit_rate": self.hit_rate, "right_entry": self.right_entry, "wrongly_silent": self.silent}
        rates |= {"refusal_rate": self.refused, "courtesy_rate": self.courteous}
        rates |= {f"hit@{k}": self.hit_at(k) for k in (1, 3, 5)}
        return {
            **{name: asdict(rate) for name, rate in rates.items()},
            "mrr": self.mrr,
            "latency_ms": {"p50": self.latency_ms(50), "p95": self.latency_ms(95)},
            "questions": [
                {
                    "id": j.question.id,
                    "turns": list(j.question.turns),
                    "kind": j.answer.kind,
                    "verdict": j.verdict,
                    "rank": j.rank,
                    "confidence": j.answer.confidence,
                }
                for j in self.judged
            ],
        }


def evaluate(
    assistant: Assistant,
    questions: Sequence[KnownQuestion],
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Ask every known question, earlier turns first, and judge the last answer."""
    judged = []
    for done, question in enumerate(questions, 1):
        answer = assistant.ask(question.turns[-1], question.turns[:-1])
        judged.append(judge(question, answer))
        if on_progress:
            on_progress(done, len(questions))
    return Report(tuple(judged))


def judge(question: KnownQuestion, answer: Answer) -> Judged:
    """The verdict on one answer."""
    return Judged(question, answer, _verdict(question, answer), _rank(question, answer))


def _verdict(question: KnownQuestion, answer: Answer) -> Verdict:
    if question.kind == Kind.REFUSE:
        return Verdict.RIGHT if answer.kind == Kind.REFUSE else Verdict.NOT_REFUSED
    if question.kind == Kind.SMALLTALK:
        return Verdict.RIGHT if answer.kind == Kind.SMALLTALK else Verdict.NOT_COURTEOUS
    if answer.kind == Kind.CLARIFY:
        return Verdict.CLARIFIED if (_rank(question, answer) or 99) <= 2 else Verdict.WRONG_ENTRY
    if answer.kind != Kind.ANSWER:
        return Verdict.SILENT
    first = answer.quotes[0]
    if not any(e.document == first.source.document and e.entry == first.source.entry for e in question.expect):
        return Verdict.WRONG_ENTRY
    marked = [(first.start + a, first.start + b) for a, b in first.highlights]
    # Several excerpts may each hold a part of what is highlighted: a character inside any of them counts once.
    expected: set[int] = set()
    for excerpt in question.expect:
        if excerpt.document == first.source.document:
            expected.update(range(excerpt.span.start, excerpt.span.end))
    inside = sum(1 for a, b in marked for at in range(a, b) if at in expected)
    return Verdict.RIGHT if 2 * inside > sum(b - a for a, b in marked) else Verdict.WRONG_PART


def _rank(question: KnownQuestion, answer: Answer) -> int | None:
    wanted = {(e.document, e.entry) for e in question.expect}
    for rank, ranked in enumerate(answer.ranking, 1):
        if (ranked.document, ranked.entry) in wanted:
            return rank
    return None

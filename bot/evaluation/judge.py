"""Known questions asked one by one: the verdict on each answer, and what later runs need of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

from bot.answer import Answer, Kind
from bot.evaluation.intervals import Estimate
from bot.evaluation.questions import KnownQuestion


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
class Outcome:
    """What was asked, what was wanted, and what came."""

    id: str
    turns: tuple[str, ...]
    expected: Kind
    given: Kind
    verdict: Verdict
    wanted: tuple[str, ...]
    """Entries that answer, any one of them; ``document/entry``."""
    ranking: tuple[str, ...]
    """Best first, at most ten."""
    confidence: float
    elapsed_ms: float
    tags: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        return self.verdict == Verdict.RIGHT

    @property
    def rank(self) -> int | None:
        """Of the best wanted entry, from 1; None when it is not in the ranking or none is wanted."""
        wanted = set(self.wanted)
        return next((rank for rank, entry in enumerate(self.ranking, 1) if entry in wanted), None)

    def to_json(self) -> dict[str, Any]:
        """For a program, and for ``from_json``."""
        return {
            "id": self.id,
            "turns": list(self.turns),
            "expected": self.expected,
            "kind": self.given,
            "verdict": self.verdict,
            "rank": self.rank,
            "confidence": self.confidence,
            "wanted": list(self.wanted),
            "ranking": list(self.ranking),
            "elapsed_ms": self.elapsed_ms,
            "tags": list(self.tags),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """What ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        return cls(
            id=str(content["id"]),
            turns=tuple(map(str, content["turns"])),
            expected=Kind(content["expected"]),
            given=Kind(content["kind"]),
            verdict=Verdict(content["verdict"]),
            wanted=tuple(map(str, content["wanted"])),
            ranking=tuple(map(str, content["ranking"])),
            confidence=float(content["confidence"]),
            elapsed_ms=float(content["elapsed_ms"]),
            tags=tuple(map(str, content["tags"])),
        )


# A clarification offers two entries.
_CHOICES = 2


class Answering(Protocol):
    """What can be evaluated."""

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """Answer one question; ``history`` holds the earlier ones, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One known question, what was said to it, and what that is worth."""

    question: KnownQuestion
    answer: Answer
    outcome: Outcome

    @property
    def verdict(self) -> Verdict:
        return self.outcome.verdict

    @property
    def rank(self) -> int | None:
        return self.outcome.rank


@dataclass(frozen=True, slots=True)
class Report:
    """Every known question judged."""

    judged: tuple[Judged, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        return [j.outcome for j in self.judged]

    @property
    def hit_rate(self) -> Estimate:
        """In scope: answered, from the right entry, at the right place."""
        among = [o for o in self.outcomes if o.expected == Kind.ANSWER]
        return Estimate.share(sum(o.right for o in among), len(among))


def evaluate(
    assistant: Answering,
    questions: Sequence[KnownQuestion],
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Ask every known question, earlier turns first, and judge the last answer."""
    judged = []
    for done, question in enumerate(questions, 1):
        judged.append(judge(question, assistant.ask(question.turns[-1], question.turns[:-1])))
        if on_progress:
            on_progress(done, len(questions))
    return Report(tuple(judged))


def judge(question: KnownQuestion, answer: Answer) -> Judged:
    """The verdict on one answer."""
    outcome = Outcome(
        id=question.id,
        turns=question.turns,
        expected=question.kind,
        given=answer.kind,
        verdict=_verdict(question, answer),
        wanted=tuple(dict.fromkeys(f"{e.document}/{e.entry}" for e in question.expect if e.entry is not None)),
        ranking=tuple(f"{ranked.document}/{ranked.entry}" for ranked in answer.ranking),
        confidence=answer.confidence,
        elapsed_ms=answer.elapsed_ms,
        tags=question.tags,
    )
    return Judged(question, answer, outcome)


def _verdict(question: KnownQuestion, answer: Answer) -> Verdict:
    if question.kind == Kind.REFUSE:
        return Verdict.RIGHT if answer.kind == Kind.REFUSE else Verdict.NOT_REFUSED
    if question.kind == Kind.SMALLTALK:
        return Verdict.RIGHT if answer.kind == Kind.SMALLTALK else Verdict.NOT_COURTEOUS
    if answer.kind == Kind.CLARIFY:
        return _verdict_on_choices(question, answer)
    if answer.kind != Kind.ANSWER:
        return Verdict.SILENT
    return _verdict_on_quote(question, answer)


def _verdict_on_choices(question: KnownQuestion, answer: Answer) -> Verdict:
    wanted = {(e.document, e.entry) for e in question.expect}
    offered = {(r.document, r.entry) for r in answer.ranking[:_CHOICES]}
    return Verdict.CLARIFIED if wanted & offered else Verdict.WRONG_ENTRY


def _verdict_on_quote(question: KnownQuestion, answer: Answer) -> Verdict:
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

"""How often is it right: known questions asked one by one and judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.answer import Answer, Kind
from bot.evaluation.intervals import Estimate
from bot.evaluation.outcome import Outcome, Verdict
from bot.evaluation.questions import KnownQuestion

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

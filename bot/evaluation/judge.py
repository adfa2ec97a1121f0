"""Ask known questions one by one, judge each answer, and say what phrasings would mend those that are not right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from bot.answer import Answer, Kind
from bot.evaluation.questions import KnownQuestion

if TYPE_CHECKING:
    from bot.service import AssistantLike

_CHOICES = 3
"""Entries that a clarification offers."""
_MOST_ADVICE = 5


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
    """What was asked, wanted and given, without the words of the documents: what figures and later runs need."""

    id: str
    turns: tuple[str, ...]
    expected: Kind
    kind: Kind
    """Of the answer given."""
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
        return next((rank for rank, entry in enumerate(self.ranking, 1) if entry in self.wanted), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """One known question, the answer given to it, and what that is worth."""

    question: KnownQuestion
    answer: Answer
    outcome: Outcome


def evaluate(
    assistant: "AssistantLike",
    questions: Sequence[KnownQuestion],
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Judged]:
    """Ask every known question, earlier turns first, and judge the last answer."""
    judged = []
    for done, question in enumerate(questions, 1):
        judged.append(judge(question, assistant.ask(question.turns[-1], question.turns[:-1])))
        if on_progress:
            on_progress(done, len(questions))
    return judged


def judge(question: KnownQuestion, answer: Answer) -> Judged:
    """Judge one answer."""
    outcome = Outcome(
        id=question.id,
        turns=question.turns,
        expected=question.kind,
        kind=answer.kind,
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
        wanted = {(e.document, e.entry) for e in question.expect}
        offered = {(r.document, r.entry) for r in answer.ranking[:_CHOICES]}
        return Verdict.CLARIFIED if wanted & offered else Verdict.WRONG_ENTRY
    if answer.kind != Kind.ANSWER:
        return Verdict.SILENT
    return _verdict_on_quote(question, answer)


def _verdict_on_quote(question: KnownQuestion, answer: Answer) -> Verdict:
    first = answer.quotes[0]
    if not any(e.document == first.source.document and e.entry == first.source.entry for e in question.expect):
        return Verdict.WRONG_ENTRY
    marked = [first.start + at for a, b in first.highlights for at in range(a, b)]
    # Several excerpts may each hold a part of what is highlighted: a character inside any of them counts once.
    expected = {
        at for e in question.expect if e.document == first.source.document for at in range(e.span.start, e.span.end)
    }
    return Verdict.RIGHT if 2 * sum(at in expected for at in marked) > len(marked) else Verdict.WRONG_PART


_MENDED = (Verdict.WRONG_ENTRY, Verdict.SILENT, Verdict.CLARIFIED)
"""What another phrasing may mend; where the wrong sentence is marked, it does not."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A phrasing to add."""

    phrasing: str
    """The question most like the others."""
    entry: str
    """``document/entry``; empty for the questions that nothing answers."""
    questions: tuple[str, ...]
    """Those that were not answered rightly, this one included."""


def advice(outcomes: Sequence[Outcome]) -> tuple[Advice, ...]:
    """At most five; an entry that more questions fail on goes first."""
    failed: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.expected == Kind.ANSWER and outcome.verdict in _MENDED and outcome.wanted:
            failed.setdefault(outcome.wanted[0], []).append(outcome.turns[-1])
        elif outcome.verdict == Verdict.NOT_REFUSED and outcome.kind == Kind.ANSWER:
            failed.setdefault("", []).append(outcome.turns[-1])
    found = [Advice(_central(texts), entry, tuple(texts)) for entry, texts in failed.items()]
    return tuple(sorted(found, key=lambda a: -len(a.questions))[:_MOST_ADVICE])


def _central(texts: Sequence[str]) -> str:
    return max(texts, key=lambda text: sum(fuzz.token_set_ratio(text, other) for other in texts))

"""What to do now: the phrasings that known questions without a right answer suggest, those of most of them first."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from bot.answer import Kind
from bot.evaluation.judge import Outcome, Verdict

_MOST = 5
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
    return tuple(sorted(found, key=lambda a: -len(a.questions))[:_MOST])


def _central(texts: Sequence[str]) -> str:
    return max(texts, key=lambda text: sum(fuzz.token_set_ratio(text, other) for other in texts))

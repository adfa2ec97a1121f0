"""What the replay of a draft found: each known question before and after, gained, lost, and in other words."""

from dataclasses import dataclass
from enum import StrEnum

from bot.answer import Kind
from bot.evaluation.intervals import Estimate
from bot.evaluation.judge import Verdict
from corpus.phrasings import squeeze

_RANK = {
    Verdict.RIGHT: 0,
    Verdict.CLARIFIED: 1,
    Verdict.SILENT: 2,
    Verdict.WRONG_ENTRY: 3,
    Verdict.NOT_REFUSED: 3,
}
"""What may become of a question, best first: wrong is worse than silent."""


class Origin(StrEnum):
    """Where a question of the replay comes from, in the words of the page."""

    HEADING = "questions des documents"
    PHRASING = "formulations, chacune à son tour mise de côté"
    KNOWN = "questions connues, seules"
    FOLLOWING = "questions connues, à la suite d’une autre"
    UNANSWERED = "questions sans réponse, chacune à son tour mise de côté"


@dataclass(frozen=True, slots=True)
class Expected:
    """A question and the entry that answers it."""

    origin: Origin
    turns: tuple[str, ...]
    entry: str
    """``document/entry``; empty where nothing answers."""

    @property
    def kind(self) -> Kind:
        """What is to be said."""
        return Kind.ANSWER if self.entry else Kind.REFUSE


@dataclass(frozen=True, slots=True)
class Given:
    """What one of the two says to a question, and what that is worth."""

    verdict: Verdict
    kind: Kind
    text: str = ""
    """Word for word, where it answers."""
    title: str = ""
    """Of the document."""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A question, before and after."""

    expected: Expected
    before: Given
    after: Given
    is_new: bool = False
    """Whether only the draft has it."""

    @property
    def is_gained(self) -> bool:
        """Whether it is right with the draft only; a new phrasing is answered word for word, once it is there."""
        right_after = self.after.verdict is Verdict.RIGHT or (self.is_new and self.expected.entry != "")
        return right_after and self.before.verdict is not Verdict.RIGHT

    @property
    def is_lost(self) -> bool:
        """Whether it gets less than it did: wrong instead of silent counts, too."""
        return not self.is_new and _RANK[self.after.verdict] > _RANK[self.before.verdict]

    @property
    def is_other(self) -> bool:
        """Whether a visitor reads something else."""
        return (self.before.kind, squeeze(self.before.text)) != (self.after.kind, squeeze(self.after.text))


@dataclass(frozen=True, slots=True)
class Promise:
    """What an index promises of refusal."""

    max_error: float
    n_unanswered: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Replay:
    """All of them."""

    questions: tuple[Replayed, ...]
    """A phrasing is judged as if nobody had written it down."""
    changed: tuple[Replayed, ...]
    """Those that a visitor reads another answer to, phrasings as they are written down."""
    promise_before: Promise
    promise_after: Promise

    @property
    def gained(self) -> tuple[Replayed, ...]:
        return tuple(q for q in self.questions if q.is_gained)

    @property
    def lost(self) -> tuple[Replayed, ...]:
        return tuple(q for q in self.questions if q.is_lost)

    @property
    def new(self) -> tuple[Replayed, ...]:
        """Those that only the draft has."""
        return tuple(q for q in self.questions if q.is_new)

    def refusals(self) -> tuple[Estimate, Estimate]:
        """The share of the questions without an answer that are given one, before and after."""
        own = [q for q in self.questions if not q.expected.entry]
        before, after = (
            sum(v is Verdict.NOT_REFUSED for v in verdicts)
            for verdicts in ([q.before.verdict for q in own], [q.after.verdict for q in own])
        )
        return Estimate.share(before, len(own)), Estimate.share(after, len(own))

    def counts(self) -> dict[Origin, tuple[int, int, int]]:
        """Of each origin: questions, right before, right after."""
        found: dict[Origin, tuple[int, int, int]] = {}
        for origin in Origin:
            own = [q for q in self.questions if q.expected.origin is origin]
            right = [(q.before.verdict is Verdict.RIGHT, q.after.verdict is Verdict.RIGHT) for q in own]
            if own:
                found[origin] = (len(own), sum(before for before, _ in right), sum(after for _, after in right))
        return found

"""What a search finds: ranked hits, calibrated probabilities, and what these are compared with."""

from dataclasses import dataclass, replace

from corpus.document import Entry, Span
from corpus.phrasings import Target
from index.query import Query

RESERVE = 0.01
"""How far below what is said without reserve an answer is put that must have one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry of a ranking."""

    entry: Entry
    target: Target
    """Which of its slices matches best."""
    row: int
    """Of the target, in the corpus."""
    label: str
    """What it is offered by: a question, heading or short title, which finds it when asked."""
    score: float
    """Probability of this entry, given that one answers; in [0, 1], higher is better."""
    rank: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Probabilities from which something is said."""

    offer: float
    """That the documents answer: the likeliest entries are offered."""
    answer: float
    """The same: the first is quoted."""
    sure: float
    """That the first one answers: it is quoted without reserve."""

    @property
    def undecided(self) -> float:
        """Probability of what is offered, however likely it is."""
        return max(self.offer, self.answer - RESERVE)


AFTER_QUESTION = Levels(0.25, 0.5, 0.8)
"""Of a turn read after a question, whose two probabilities are that its first hit answers. Of the follow-ups of
held-out FAQs, 0.5 answers 49 % rightly and 6 % wrongly."""
LIKELY = 0.35
"""Below, the first entry is so likely wrong that the likeliest few are offered instead. Without phrasings .35 answers
51 % of six FAQs rightly and 9.0 % wrongly, of the two held 43 and 12.4 %; .25 as many and 9.3, 13.4 %; .5 46 and 6 %,
38 and 9 %."""


@dataclass(frozen=True, slots=True)
class Result:
    """One question, searched."""

    query: Query
    hits: tuple[Hit, ...]
    """Best first."""
    answerable: float
    """Calibrated probability that the documents answer, in [0, 1]."""
    confidence: float
    """Calibrated probability that they do and that the first hit is where, in [0, 1]."""
    levels: Levels
    """What the probabilities are compared with."""
    marked: tuple[Span, ...] = ()
    """The sentences of the first hit's target that answer, in order; none where all of it does, or nothing is said."""
    undecided: bool = False
    """Whether several entries share the heading that was asked for, and nothing tells which is meant."""

    @property
    def answered(self) -> bool:
        return self.answerable >= self.levels.answer and self.confidence >= LIKELY

    @property
    def offered(self) -> bool:
        """Whether the likeliest entries are offered, if it is not answered."""
        return self.answerable >= self.levels.offer

    @property
    def sure(self) -> bool:
        """Whether an answer is said without reserve."""
        return self.confidence >= self.levels.sure

    def with_reserve(self) -> "Result":
        return replace(self, confidence=min(self.confidence, self.levels.sure - RESERVE))

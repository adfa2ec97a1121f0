"""The answer contract: what ``ask``, ``batch`` and the API return, and its JSON."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an answer is."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    REFUSE = "refuse"
    SMALLTALK = "smalltalk"


@dataclass(frozen=True, slots=True)
class QuoteSource:
    """Where a quote stands, so that anyone can check it."""

    document: str
    entry: str
    title: str
    publisher: str
    date: str
    page: int | None
    section: str | None
    question: str | None
    url: str | None
    sha256: str
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A slice of a document, word for word."""

    text: str
    highlights: tuple[tuple[int, int], ...]
    """Offsets into ``text`` of the sentences that answer, in order, not overlapping."""
    source: QuoteSource
    start: int
    """Offset in the document's text, code points, included."""
    end: int
    """Offset in the document's text, code points, excluded."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of the ranking."""

    document: str
    entry: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one question."""

    question: str
    kind: Kind
    confidence: float
    """Calibrated probability that the first quote answers, in [0, 1]."""
    message: str
    """A fixed phrase of the interface, never content."""
    quotes: tuple[Quote, ...] = ()
    """Best first; the first is the answer, the others are further reading."""
    understood: tuple[tuple[str, str], ...] = ()
    """Words read as others: ``("interco", "intercommunalité")``."""
    suggestions: tuple[str, ...] = ()
    """Verbatim questions or headings that work when asked."""
    ranking: tuple[Ranked, ...] = ()
    """The ten best entries, whatever the kind."""
    elapsed_ms: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON object (DESIGN: Answer)."""
        return asdict(self)

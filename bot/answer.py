"""The answer contract: what ``ask``, ``batch`` and the API return, and its JSON."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field


class Kind(StrEnum):
    """What an answer is."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    REFUSE = "refuse"
    SMALLTALK = "smalltalk"


class ReadAs(StrEnum):
    """How a question was read."""

    ALONE = "alone"
    FOLLOW_UP = "follow-up"
    CORRECTION = "correction"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a question was read; in JSON its first field is ``as``."""

    as_: Annotated[ReadAs, Field(serialization_alias="as")] = ReadAs.ALONE
    of: str | None = None
    """The earlier question that it was read with, or whose answer it is about."""
    history: tuple[str, ...] = ()
    """The earlier turns that must come along for the same answer, oldest first; the last is ``of``, unless that was
    chosen among questions offered, what was asked after it was refused, or another name already completed it."""


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
    in_force: bool = True
    """False where the catalogue says that the text was repealed or replaced."""
    page_label: str | None = None
    """What the file calls the page, where it calls pages otherwise: "iv"."""
    common: str | None = None
    """Of a text that a collection shares with others: who keeps it, empty where nobody is named."""


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
    context: tuple[str, ...] = ()
    """Slices of the document above the quote, without which it is not understood: the head of its table or list."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of the ranking."""

    document: str
    entry: str
    score: float


@dataclass(frozen=True, slots=True)
class Half:
    """One of two questions asked at once."""

    question: str
    """As typed."""
    quote: int | None
    """Which of the quotes answers it, from 0; None when the texts do not."""


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
    """Words read as others, misspelt or acronyms: ``("intercomunalité", "intercommunalité")``."""
    suggestions: tuple[str, ...] = ()
    """Verbatim questions or headings, or an editor's short titles, that work when asked."""
    ranking: tuple[Ranked, ...] = ()
    """The ten best entries, whatever the kind."""
    reading: Reading = Reading()
    halves: tuple[Half, ...] = ()
    """Of two questions asked at once, both; empty otherwise."""
    collection: str | None = None
    """Title of the collection that answers, its name where it has none; None outside of any."""
    elapsed_ms: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON object (DESIGN: Answer)."""
        found = asdict(self)
        found["reading"] = {name.rstrip("_"): value for name, value in found["reading"].items()}
        return found

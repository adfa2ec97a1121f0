"""The outcome of one known question, without the words of the documents: what measures and later runs need."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from bot.answer import Kind


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

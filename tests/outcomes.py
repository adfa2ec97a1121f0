"""Outcomes of known questions, made by hand."""

from bot.answer import Kind
from bot.evaluation.questions import Outcome, Verdict


def outcome(
    id_: str,
    verdict: Verdict = Verdict.RIGHT,
    *,
    expected: Kind = Kind.ANSWER,
    given: Kind = Kind.ANSWER,
    wanted: str = "a",
    ranking: str = "a b c",
    confidence: float = 0.9,
    ms: float = 20.0,
    tags: str = "",
    turns: tuple[str, ...] = ("Qui signe ?",),
) -> Outcome:
    """An outcome; ``wanted`` and ``ranking`` are names of entries parted by spaces."""
    return Outcome(
        id=id_,
        turns=turns,
        expected=expected,
        kind=given,
        verdict=verdict,
        wanted=tuple(wanted.split()) if expected == Kind.ANSWER else (),
        ranking=tuple(ranking.split()),
        confidence=confidence,
        elapsed_ms=ms,
        tags=tuple(tags.split()),
    )


def refused(id_: str, confidence: float = 0.1, tags: str = "") -> Outcome:
    """A question without an answer, refused."""
    return outcome(id_, expected=Kind.REFUSE, given=Kind.REFUSE, confidence=confidence, tags=tags)


def not_refused(id_: str, confidence: float = 0.6, tags: str = "") -> Outcome:
    """A question without an answer that was given one."""
    return outcome(id_, Verdict.NOT_REFUSED, expected=Kind.REFUSE, confidence=confidence, tags=tags)


def polite(id_: str) -> Outcome:
    """Courtesy met with courtesy."""
    return outcome(id_, expected=Kind.SMALLTALK, given=Kind.SMALLTALK, ranking="", confidence=1.0)

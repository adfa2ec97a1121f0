"""One card a question: asked, wanted, got."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.answer import Kind, Quote
from bot.evaluation import words
from bot.evaluation.judge import Judged
from bot.evaluation.outcome import Outcome, Verdict
from bot.evaluation.showing import Texts
from bot.phrases import french_date

_AROUND = 160
"""Characters of a quote shown on each side of what is marked."""
_N_RANKED = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a quote."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One question of the report."""

    outcome: Outcome
    verdict: str
    wanted: tuple[tuple[str, str], ...]
    """Excerpts and their entries."""
    expected: str
    """What is expected where no excerpt is."""
    pieces: tuple[Piece, ...]
    """Of the first quote; empty when nothing was quoted."""
    source: str
    message: str
    suggestions: tuple[str, ...]
    ranked: tuple[tuple[str, float, bool], ...]
    """Headings of the first entries, their scores, and whether they were wanted."""
    before: str | None
    """Verdict of the run before, where it was another."""


_EXPECTED = {
    Kind.REFUSE: "Un refus : les documents ne répondent pas.",
    Kind.SMALLTALK: "Une formule de politesse.",
}


def card(judged: Judged, texts: Texts, before: Outcome | None) -> Card:
    """The card of one question; ``before`` is its outcome in the run before."""
    answer, outcome = judged.answer, judged.outcome
    quote = answer.quotes[0] if answer.quotes else None
    changed = before is not None and before.verdict != outcome.verdict
    return Card(
        outcome=outcome,
        verdict=words.verdict(outcome),
        wanted=tuple(texts.wanted(judged.question)),
        expected=_EXPECTED.get(outcome.expected, ""),
        pieces=tuple(_pieces(quote)) if quote else (),
        source=_source(quote) if quote else "",
        message=answer.message,
        suggestions=answer.suggestions if answer.kind == Kind.CLARIFY else (),
        ranked=tuple(
            (texts.entry(key), ranked.score, key in outcome.wanted)
            for key, ranked in zip(outcome.ranking[:_N_RANKED], answer.ranking, strict=False)
        ),
        before=words.verdict(before) if before is not None and changed else None,
    )


def _pieces(quote: Quote) -> Iterator[Piece]:
    """The quote, what lies far from any mark left out."""
    at = 0
    for number, (start, end) in enumerate(quote.highlights):
        yield Piece(_clipped(quote.text[at:start], keep_head=number > 0, keep_tail=True), False)
        yield Piece(quote.text[start:end], True)
        at = end
    yield Piece(_clipped(quote.text[at:], keep_head=True, keep_tail=False), False)


def _clipped(text: str, keep_head: bool, keep_tail: bool) -> str:
    """The ends that lie near a mark, cut between words."""
    room = _AROUND * (keep_head + keep_tail)
    if len(text) <= room + len(" […] "):
        return text
    head = text[:_AROUND].rpartition(" ")[0] if keep_head else ""
    tail = text[-_AROUND:].partition(" ")[2] if keep_tail else ""
    return f"{head} […] {tail}"


def _source(quote: Quote) -> str:
    source = quote.source
    parts = [source.question or source.section, source.title, french_date(source.date)]
    if source.page:
        parts.append(f"page\u00a0{source.page}")
    return ", ".join(part for part in parts if part)


_WORST_FIRST = (
    Verdict.NOT_REFUSED,
    Verdict.WRONG_ENTRY,
    Verdict.SILENT,
    Verdict.WRONG_PART,
    Verdict.CLARIFIED,
    Verdict.NOT_COURTEOUS,
)


@dataclass(frozen=True, slots=True)
class Group:
    """Cards of one verdict, or of one kind of question that went right."""

    title: str
    verdict: Verdict
    cards: tuple[Card, ...]


def failures(cards: Sequence[Card]) -> list[Group]:
    """What went wrong, the worst first."""
    groups = []
    for verdict in _WORST_FIRST:
        inside = tuple(c for c in cards if c.outcome.verdict == verdict)
        if inside:
            groups.append(Group(inside[0].verdict.capitalize(), verdict, inside))
    return groups


def successes(cards: Sequence[Card]) -> list[Group]:
    """What went right, by kind of question."""
    right = [c for c in cards if c.outcome.right]
    groups = []
    for kind, title in words.KINDS.items():
        inside = tuple(c for c in right if c.outcome.expected == kind)
        if inside:
            groups.append(Group(title, Verdict.RIGHT, inside))
    return groups

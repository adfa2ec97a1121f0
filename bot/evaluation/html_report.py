"""The report as one page of HTML that needs nothing else: no file, no script, no network."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.answer import Kind, Quote
from bot.evaluation import words
from bot.evaluation.comparison import Comparison, Difference
from bot.evaluation.figures import ORDER, PERCENTILES, Figure, by_tag, figures, plots
from bot.evaluation.intervals import Estimate
from bot.evaluation.judge import Judged, Outcome, Report, Verdict
from bot.evaluation.run_file import Run
from bot.evaluation.words import Texts
from bot.phrases import french_date
from corpus.document import Entry
from corpus.errors import typeset

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


_LARGE = ("hit_rate", "wrongly_silent", "refusal_recall", "hit@1", "courtesy_rate", "latency_p95_ms")
"""The figures that matter most, shown large."""


@dataclass(frozen=True, slots=True)
class Part:
    """How many questions of one kind met one verdict."""

    verdict: str
    css: str
    n: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The verdicts on one kind of question."""

    title: str
    n: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure shown large, with its change since the run before."""

    figure: Figure
    difference: Difference | None


def page(
    run: Run,
    report: Report,
    entries: Sequence[Entry],
    comparison: Comparison | None = None,
    before: Run | None = None,
) -> str:
    """The report in HTML."""
    was = {o.id: o for o in before.outcomes} if before else {}
    altered = set(comparison.altered) if comparison else set()
    texts = Texts(entries)
    cards = [
        card(judged, texts, None if judged.question.id in altered else was.get(judged.question.id))
        for judged in report.judged
    ]
    found = figures(run.outcomes)
    return (
        _environment()
        .get_template("evaluation.html")
        .render(
            conditions=run.conditions,
            day=_day(run.conditions.date),
            before=before,
            before_day=_day(before.conditions.date) if before else "",
            lead=_lead(run.outcomes),
            figures=[f for f in found.values() if f.estimate.n],
            tiles=_tiles(found, comparison),
            breakdowns=_breakdowns(run.outcomes),
            plots=plots(run.outcomes),
            latencies=[(p, found[f"latency_p{p}_ms"].estimate.value) for p in PERCENTILES],
            tags=by_tag(run.outcomes),
            comparison=comparison,
            failures=failures(cards),
            successes=successes(cards),
            n_wrong=sum(not o.right for o in run.outcomes),
            n=len(run.outcomes),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("bot.evaluation"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"share": words.share, "number": words.number, "typeset": typeset}
    environment.globals |= {"wording": words, "one": Estimate.share}
    return environment


def _day(moment: str) -> str:
    """« 23 novembre 2026 à 14 h 05 UTC »; what is no moment, as it is."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{french_date(at.date().isoformat())} à {at.hour}\u00a0h\u00a0{at.minute:02} UTC"


def _lead(outcomes: Sequence[Outcome]) -> list[str]:
    """The run in plain sentences."""
    said = []
    inside = [o for o in outcomes if o.expected == Kind.ANSWER]
    outside = [o for o in outcomes if o.expected == Kind.REFUSE]
    if inside:
        right, silent = sum(o.right for o in inside), sum(o.verdict == Verdict.SILENT for o in inside)
        said.append(
            f"Sur {words.count(len(inside), 'question')} auxquelles les documents répondent, l’assistant donne la "
            f"bonne réponse, au bon endroit, {right} fois, et se tait à tort {silent} fois."
        )
    if outside:
        right = sum(o.right for o in outside)
        said.append(
            f"Sur {words.count(len(outside), 'question')} hors sujet, il en refuse {right} et répond à tort à "
            f"{len(outside) - right}."
        )
    return [typeset(sentence) for sentence in said]


def _tiles(found: dict[str, Figure], comparison: Comparison | None) -> list[Tile]:
    changes = {d.key: d for d in comparison.differences} if comparison and comparison.n else {}
    return [Tile(found[key], changes.get(key)) for key in _LARGE if found[key].estimate.n]


def _breakdowns(outcomes: Sequence[Outcome]) -> list[Breakdown]:
    groups = []
    for kind, title in words.KINDS.items():
        counts = Counter(o.verdict for o in outcomes if o.expected == kind)
        parts = [Part(words.verdict_name(v, kind), v.value, counts[v]) for v in ORDER if counts[v]]
        if parts:
            groups.append(Breakdown(title, counts.total(), tuple(parts)))
    return groups

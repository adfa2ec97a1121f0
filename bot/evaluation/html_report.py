"""The report as one page of HTML that needs nothing else: no file, no script, no network."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.answer import Kind, Quote
from bot.evaluation import words
from bot.evaluation.figures import PERCENTILES, Estimate, by_tag, figures, plots
from bot.evaluation.judge import Judged, Outcome, Verdict, advice
from bot.evaluation.run_file import Comparison, Run
from bot.evaluation.words import Texts
from bot.phrases import NBSP, french_date
from corpus.document import Entry
from corpus.errors import typeset

_LARGE = ("hit_rate", "wrongly_silent", "refusal_recall", "hit@1", "courtesy_rate", "latency_p95_ms")
"""The figures that matter most, shown large."""
_BEST_FIRST = (Verdict.RIGHT, *reversed(words.FAULTS))
_AROUND = 160
"""Characters of a quote shown on each side of what is marked."""
_N_RANKED = 3


def promised(run: Run) -> str:
    """The promise that the index makes, and how often these questions broke it."""
    outside = [o for o in run.outcomes if o.expected == Kind.REFUSE]
    measured = Estimate.share(sum(o.kind == Kind.ANSWER for o in outside), len(outside))
    return words.promise(run.conditions.max_error, run.conditions.n_unanswered, measured)


def page(
    run: Run,
    judged: Sequence[Judged],
    entries: Sequence[Entry],
    comparison: Comparison | None = None,
    before: Run | None = None,
) -> str:
    """The report in HTML."""
    was = {o.id: o for o in before.outcomes} if before else {}
    altered = set(comparison.altered) if comparison else set()
    texts = Texts(entries)
    found = figures(run.outcomes)
    return (
        _environment()
        .get_template("evaluation.html")
        .render(
            conditions=run.conditions,
            day=_day(run.conditions.date),
            before=before,
            before_day=_day(before.conditions.date) if before else "",
            promise=promised(run),
            lead=_lead(run.outcomes),
            figures=[f for f in found.values() if f.estimate.n],
            tiles=[found[key] for key in _LARGE if found[key].estimate.n],
            moves={d.key: d for d in comparison.differences} if comparison and comparison.n else {},
            breakdowns=_breakdowns(run.outcomes),
            plots=plots(run.outcomes),
            latencies=[(p, found[f"latency_p{p}_ms"].estimate.value) for p in PERCENTILES],
            tags=by_tag(run.outcomes),
            comparison=comparison,
            cards=[card(j, texts, None if j.question.id in altered else was.get(j.question.id)) for j in judged],
            n_wrong=sum(not o.right for o in run.outcomes),
            n=len(run.outcomes),
            advice=[typeset(words.advised(each, texts)) for each in advice(run.outcomes)],
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
    environment.globals["wording"] = words
    return environment


def _day(moment: str) -> str:
    """« 23 novembre 2026 à 14 h 05 UTC »; what is no moment, as it is."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{french_date(at.date().isoformat())} à {at.hour}{NBSP}h{NBSP}{at.minute:02} UTC"


def _lead(outcomes: Sequence[Outcome]) -> str:
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
    return typeset(" ".join(said))


def _breakdowns(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, int, list[tuple[Verdict, str, int]]]]:
    """Title and size of each kind of question, then the verdicts on it: code, name and number."""
    for kind, title in words.KINDS.items():
        counts = Counter(o.verdict for o in outcomes if o.expected == kind)
        if counts:
            parts = [(v, words.verdict_name(v, kind), counts[v]) for v in _BEST_FIRST if counts[v]]
            yield title, counts.total(), parts


@dataclass(frozen=True, slots=True)
class QuotePart:
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
    pieces: tuple[QuotePart, ...]
    """Of the first quote; empty when nothing was quoted."""
    source: str
    message: str
    suggestions: tuple[str, ...]
    ranked: tuple[tuple[str, float, bool], ...]
    """Headings of the first entries, their scores, and whether they were wanted."""
    before: str | None
    """Verdict of the run before, where it was another."""


def card(judged: Judged, texts: Texts, before: Outcome | None) -> Card:
    """The card of one question; ``before`` is its outcome in the run before."""
    answer, outcome = judged.answer, judged.outcome
    quote = answer.quotes[0] if answer.quotes else None
    return Card(
        outcome=outcome,
        verdict=words.verdict(outcome),
        wanted=tuple(texts.wanted(judged.question)),
        pieces=tuple(_pieces(quote)) if quote else (),
        source=_source(quote) if quote else "",
        message=answer.message,
        suggestions=answer.suggestions if answer.kind == Kind.CLARIFY else (),
        ranked=tuple(
            (texts.entry(key), ranked.score, key in outcome.wanted)
            for key, ranked in zip(outcome.ranking[:_N_RANKED], answer.ranking, strict=False)
        ),
        before=words.verdict(before) if before and before.verdict != outcome.verdict else None,
    )


def _pieces(quote: Quote) -> Iterator[QuotePart]:
    """The quote, what lies far from any mark left out."""
    at = 0
    for number, (start, end) in enumerate(quote.highlights):
        yield QuotePart(_clipped(quote.text[at:start], keep_head=number > 0, keep_tail=True), False)
        yield QuotePart(quote.text[start:end], True)
        at = end
    yield QuotePart(_clipped(quote.text[at:], keep_head=True, keep_tail=False), False)


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
    page = f"page{NBSP}{source.page}" if source.page else None
    return ", ".join(filter(None, (source.question or source.section, source.title, french_date(source.date), page)))

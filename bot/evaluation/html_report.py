"""The report as one page of HTML that needs nothing else: no file, no script, no network."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.answer import Kind
from bot.evaluation import words
from bot.evaluation.cards import card, failures, successes
from bot.evaluation.comparison import Comparison, Difference
from bot.evaluation.figures import PERCENTILES, Figure, by_tag, figures
from bot.evaluation.intervals import Estimate
from bot.evaluation.judge import Report
from bot.evaluation.outcome import Outcome, Verdict
from bot.evaluation.plots import ORDER, plots
from bot.evaluation.run_file import Run
from bot.evaluation.showing import Texts
from bot.phrases import french_date
from corpus.document import Entry
from corpus.errors import typeset

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

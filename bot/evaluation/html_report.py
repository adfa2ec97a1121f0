"""The report as one page of HTML that needs nothing else: no file, no script, no network."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bot.answer import Kind, Quote
from bot.evaluation import words
from bot.evaluation.figures import PERCENTILES, Estimate, by_tag, figures, plots
from bot.evaluation.judge import Judged, Outcome, Verdict, advice
from bot.evaluation.run_file import Comparison, Run
from bot.evaluation.words import Texts
from bot.phrases import NBSP, counted, french_date, french_moment
from bot.web.assets import templates
from corpus.document import Entry
from corpus.errors import typeset

_LARGE = ("hit_rate", "wrongly_silent", "refusal_recall", "hit@1", "courtesy_rate", "latency_p95_ms")
"""The figures that matter most, shown large."""
_BEST_FIRST = (Verdict.RIGHT, *reversed(words.FAULTS))
_AROUND = 160
"""Characters of a quote shown on each side of what is marked."""


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
    texts = Texts(entries)
    found = figures(run.outcomes)
    environment = templates(Path(__file__).parent / "templates")
    environment.filters |= {"share": words.share, "number": words.number}
    environment.globals |= {"wording": words, "pieces": pieces, "source": source, "texts": texts}
    return environment.get_template("evaluation.html").render(
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
        verdicts_before={c.after.id: words.verdict(c.before) for c in comparison.changes} if comparison else {},
        judged=judged,
        n_wrong=sum(not o.right for o in run.outcomes),
        n=len(run.outcomes),
        advice=[typeset(words.advised(each, texts)) for each in advice(run.outcomes)],
    )


def _day(moment: str) -> str:
    """« 23 novembre 2026 à 14 h 05 UTC »; what is no moment, as it is."""
    try:
        return f"{french_moment(datetime.fromisoformat(moment))} UTC"
    except ValueError:
        return moment


def _lead(outcomes: Sequence[Outcome]) -> str:
    """The run in plain sentences."""
    said = []
    inside = [o for o in outcomes if o.expected == Kind.ANSWER]
    outside = [o for o in outcomes if o.expected == Kind.REFUSE]
    if inside:
        right, silent = sum(o.right for o in inside), sum(o.verdict == Verdict.SILENT for o in inside)
        said.append(
            f"Sur {counted(len(inside), 'question')} auxquelles les documents répondent, l’assistant donne la "
            f"bonne réponse, au bon endroit, {right} fois, et se tait à tort {silent} fois."
        )
    if outside:
        right = sum(o.right for o in outside)
        said.append(
            f"Sur {counted(len(outside), 'question')} hors sujet, il en refuse {right} et répond à tort à "
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


def pieces(quote: Quote) -> Iterator[tuple[str, bool]]:
    """The parts of a quote and whether each is marked; what lies far from any mark is left out."""
    at = 0
    for number, (start, end) in enumerate(quote.highlights):
        yield _clipped(quote.text[at:start], keep_head=number > 0, keep_tail=True), False
        yield quote.text[start:end], True
        at = end
    yield _clipped(quote.text[at:], keep_head=True, keep_tail=False), False


def _clipped(text: str, keep_head: bool, keep_tail: bool) -> str:
    """The ends that lie near a mark, cut between words."""
    room = _AROUND * (keep_head + keep_tail)
    if len(text) <= room + len(" […] "):
        return text
    head = text[:_AROUND].rpartition(" ")[0] if keep_head else ""
    tail = text[-_AROUND:].partition(" ")[2] if keep_tail else ""
    return f"{head} […] {tail}"


def source(quote: Quote) -> str:
    """Where a quote stands, on one line."""
    found = quote.source
    place = f"page{NBSP}{found.page}" if found.page else None
    return ", ".join(filter(None, (found.question or found.section, found.title, french_date(found.date), place)))

"""What ``motamot evaluate`` does: check, ask, compute, compare, print and write.

Its report is one page of HTML that needs nothing else: no file, no script, no network.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.answer import Kind, Quote
from bot.assistant import Assistant
from bot.cli_index import open_searcher, progress
from bot.cli_output import show_line
from bot.evaluation import words
from bot.evaluation.figures import Estimate, by_tag, figures, plots
from bot.evaluation.questions import Judged, Outcome, Verdict, advice, evaluate, read_known_questions
from bot.evaluation.run_file import (
    Comparison,
    Conditions,
    Run,
    check_comparable,
    check_writable,
    compare,
    read_run,
    run_to_json,
    write_text,
)
from bot.evaluation.words import Texts
from bot.phrases import NBSP, counted, french_date, french_moment
from bot.settings import Settings
from bot.web.render import segments, templates
from corpus.document import Entry
from corpus.errors import typeset
from index.searcher import Searcher


def run(
    questions: Path,
    settings: Settings,
    *,
    report: Path | None = None,
    save: Path | None = None,
    earlier: Path | None = None,
    max_error: float | None = None,
    as_json: bool = False,
) -> Estimate:
    """Ask every question; print and write what is wanted. The share that is answered, rightly and at the right place.

    The run is compared with an ``earlier`` one. ``max_error`` is a stated error rate to try: the index keeps the curve
    that gives its threshold.
    """
    for path in filter(None, (report, save)):  # before the seconds that the encoder takes
        check_writable(path)
    before = read_run(earlier) if earlier else None
    searcher = open_searcher(settings)
    if max_error is None:
        max_error = settings.max_error
    else:
        searcher.learned = searcher.learned.within(max_error)
    entries = searcher.rows.entries
    known = read_known_questions(questions, entries)
    if before and earlier:
        check_comparable(before, earlier, [q.id for q in known], questions.name)
    with progress("Évaluation") as advance:
        judged = evaluate(Assistant(searcher), known, advance)
    done = Run(_conditions(questions, searcher, max_error), tuple(each.outcome for each in judged))
    comparison = compare(before.outcomes, done.outcomes) if before else None
    text = json.dumps(run_to_json(done, comparison), ensure_ascii=False, indent=2)
    if as_json:
        print(text)
    else:
        show(Console(), done, comparison, Texts(entries))
    notices = Console(stderr=True)
    if save:
        write_text(save, f"{text}\n")
        show_line(notices, typeset(f"Évaluation enregistrée dans « {save} »."))
    if report:
        write_text(report, page(done, judged, entries, comparison, before))
        show_line(notices, typeset(f"Rapport écrit dans « {report} »."))
    return figures(done.outcomes)["hit_rate"].estimate


def _conditions(questions: Path, searcher: Searcher, max_error: float) -> Conditions:
    return Conditions(
        questions=questions.name,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=version("motamot"),
        threshold=searcher.levels.answer,
        max_error=max_error,
        documents=tuple(f"{source.title} ({french_date(source.date)})" for source in searcher.sources),
        n_unanswered=searcher.n_unanswered,
    )


def show(console: Console, run: Run, comparison: Comparison | None, texts: Texts) -> None:
    """Print the figures, what changed, each question that went wrong, and what to do; ``texts`` are the corpus's."""
    table = Table("Mesure", "Valeur", "Intervalle à 95 %", "Questions")
    for key, figure in figures(run.outcomes).items():
        if found := figure.estimate.n:
            name, estimate = words.FIGURES[key].label, figure.estimate
            table.add_row(name, words.value(key, estimate), words.interval(key, estimate), str(found))
    console.print(table)
    show_line(console, typeset(promised(run)))
    if comparison is not None:
        _show_comparison(console, comparison)
    wrong = [o for o in run.outcomes if not o.right]
    show_line(console, f"À revoir : {counted(len(wrong), 'question')} sur {len(run.outcomes)}")
    for outcome in wrong:
        show_line(console, f"{words.verdict(outcome)}  {outcome.id}  {_asked(outcome)}")
    if todo := advice(run.outcomes):
        show_line(console, typeset("Que faire maintenant, dans « motamot atelier » ou par « motamot phrase add » :"))
        for each in todo:
            show_line(console, typeset(f"  {words.advised(each, texts)}"))


def _show_comparison(console: Console, comparison: Comparison) -> None:
    show_line(console, words.summary(comparison))
    titles = {"Gagnées": comparison.better, "Perdues": comparison.broken, "Fausses autrement": comparison.other}
    for title, changes in titles.items():
        if changes:
            show_line(console, f"{title} ({len(changes)}) :")
        for change in changes:
            show_line(console, f"  {words.changed(change)}  {change.after.id}  {_asked(change.after)}")
    table = Table("Mesure, questions communes", "Avant", "Après", "Différence", "Due au hasard ?")
    for d in comparison.moved:
        before, after = words.value(d.key, d.before), words.value(d.key, d.after)
        moved = words.difference(d.key, d.before, d.after)
        table.add_row(words.FIGURES[d.key].label, before, after, moved, words.chance(d))
    console.print(table)


def _asked(outcome: Outcome) -> str:
    """The turns on one line."""
    return " / ".join(" ".join(turn.split()) for turn in outcome.turns)


# --- the report ---


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
    parts = list(segments(quote))
    for number, part in enumerate(parts):
        near = number > 0 or len(parts) == 1, number < len(parts) - 1
        yield part.text if part.marked else _clipped(part.text, *near), part.marked


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

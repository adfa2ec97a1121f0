"""What ``motamot evaluate`` does: check, ask, compute, compare, print and write."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.assistant import Assistant
from bot.cli_index import open_searcher, progress
from bot.cli_output import show_line
from bot.evaluation import words
from bot.evaluation.figures import Estimate, figures
from bot.evaluation.html_report import page, promised
from bot.evaluation.judge import Outcome, advice, evaluate
from bot.evaluation.questions import read_known_questions
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
from bot.phrases import counted, french_date
from bot.settings import Settings
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
    """Ask every question; print and write what is wanted.

    Args:
        questions: File of known questions.
        settings: Of the assistant.
        report: Where a page of HTML is written.
        save: Where the run is kept.
        earlier: A run to compare with.
        max_error: A stated error rate to try: the index keeps the curve that gives its threshold.
        as_json: Print the run for a program.

    Returns:
        The share that is answered, rightly and at the right place.

    Raises:
        KnownQuestionsError: The questions cannot be used.
        RunFileError: A file cannot be read or written, or the run to compare with shares no question.
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
        show(Console(), done, comparison, words.Texts(entries))
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


def show(console: Console, run: Run, comparison: Comparison | None = None, texts: words.Texts | None = None) -> None:
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
    if texts and (todo := advice(run.outcomes)):
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

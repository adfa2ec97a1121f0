"""What ``motamot evaluate`` does: check, ask, count, compare, write."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from bot.assistant import Assistant
from bot.evaluation.comparison import Comparison, compare
from bot.evaluation.html_report import page
from bot.evaluation.judge import Report, evaluate
from bot.evaluation.questions import read_known_questions
from bot.evaluation.run_file import (
    Conditions,
    Run,
    check_comparable,
    check_writable,
    read_run,
    run_to_json,
    write_text,
)
from bot.evaluation.words import show_evaluation
from bot.phrases import french_date
from corpus.errors import typeset
from index import store
from index.calibration import threshold
from index.searcher import Searcher


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the evaluator asked for."""

    questions: Path
    page: Path | None = None
    save: Path | None = None
    before: Path | None = None
    """A run to compare with."""
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What could be checked before the seconds that the encoder takes."""

    before: Run | None


def check(wanted: Wanted) -> Checked:
    """Read the run to compare with, and see that what is to be written can be.

    Raises:
        RunFileError: One of the files cannot be used.
    """
    for path in (wanted.page, wanted.save):
        if path is not None:
            check_writable(path)
    return Checked(read_run(wanted.before) if wanted.before else None)


def restate(searcher: Searcher, index_folder: Path, max_error: float) -> None:
    """Answer from the threshold of another stated error rate: the index keeps the curve that gives it."""
    searcher.threshold = threshold(store.load(index_folder).learned.curve, max_error)


def ask_all(
    wanted: Wanted, checked: Checked, searcher: Searcher, on_progress: Callable[[int, int], None] | None = None
) -> Report:
    """Ask every question.

    Raises:
        KnownQuestionsError: The questions cannot be used.
        RunFileError: The run to compare with shares none of them.
    """
    known = read_known_questions(wanted.questions, searcher.rows.entries)
    if checked.before and wanted.before:
        check_comparable(checked.before, wanted.before, [q.id for q in known], wanted.questions.name)
    return evaluate(Assistant(searcher), known, on_progress)


def publish(wanted: Wanted, checked: Checked, searcher: Searcher, max_error: float, report: Report) -> None:
    """Print and write what is wanted.

    Raises:
        RunFileError: A file cannot be written.
    """
    run = Run(_conditions(wanted.questions, searcher, max_error), tuple(report.outcomes))
    comparison = compare(checked.before.outcomes, run.outcomes) if checked.before else None
    _write(wanted, run, comparison)
    if wanted.page:
        write_text(wanted.page, page(run, report, searcher.rows.entries, comparison, checked.before))
        _say(f"Rapport écrit dans « {wanted.page} ».")


def _say(message: str) -> None:
    Console(stderr=True, soft_wrap=True).print(typeset(message), markup=False, highlight=False)


def _write(wanted: Wanted, run: Run, comparison: Comparison | None) -> None:
    text = json.dumps(run_to_json(run, comparison), ensure_ascii=False, indent=2)
    if wanted.as_json:
        print(text)
    else:
        show_evaluation(Console(), run, comparison)
    if wanted.save:
        write_text(wanted.save, f"{text}\n")
        _say(f"Évaluation enregistrée dans « {wanted.save} ».")


def _conditions(questions: Path, searcher: Searcher, max_error: float) -> Conditions:
    return Conditions(
        questions=questions.name,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        version=version("motamot"),
        threshold=searcher.threshold,
        max_error=max_error,
        documents=tuple(f"{source.title} ({french_date(source.date)})" for source in searcher.sources),
    )

"""An evaluation in a terminal: figures, what changed, what went wrong."""

from rich.console import Console
from rich.table import Table

from bot.evaluation import words
from bot.evaluation.comparison import Comparison
from bot.evaluation.figures import figures
from bot.evaluation.outcome import Outcome
from bot.evaluation.run_file import Run
from bot.evaluation.words import changed, summary


def show_evaluation(console: Console, run: Run, comparison: Comparison | None = None) -> None:
    """The figures, then each question that went wrong."""
    table = Table("Mesure", "Valeur", "Intervalle à 95 %", "Questions")
    for figure in figures(run.outcomes).values():
        if figure.estimate.n:
            table.add_row(
                words.FIGURES[figure.key].label,
                words.value(figure.key, figure.estimate),
                words.interval(figure.key, figure.estimate),
                str(figure.estimate.n),
            )
    console.print(table)
    if comparison is not None:
        _show_comparison(console, comparison)
    wrong = [o for o in run.outcomes if not o.right]
    console.print(f"À revoir : {words.count(len(wrong), 'question')} sur {len(run.outcomes)}", highlight=False)
    for outcome in wrong:
        _say(console, f"{words.verdict(outcome)}  {outcome.id}  {_asked(outcome)}")


def _show_comparison(console: Console, comparison: Comparison) -> None:
    _say(console, summary(comparison))
    for title, changes in (
        ("Gagnées", comparison.better),
        ("Perdues", comparison.broken),
        ("Fausses autrement", comparison.other),
    ):
        if changes:
            _say(console, f"{title} ({len(changes)}) :")
        for change in changes:
            _say(console, f"  {changed(change)}  {change.after.id}  {_asked(change.after)}")
    table = Table("Mesure, questions communes", "Avant", "Après", "Différence", "Due au hasard ?")
    for d in comparison.moved:
        table.add_row(
            words.FIGURES[d.key].label,
            words.value(d.key, d.before),
            words.value(d.key, d.after),
            words.difference(d.key, d.before, d.after),
            words.chance(d),
        )
    console.print(table)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _asked(outcome: Outcome) -> str:
    """The turns on one line."""
    return " / ".join(" ".join(turn.split()) for turn in outcome.turns)

"""Runs of an evaluation: kept on file with what was asked and in what state, and compared with a later one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from bot.evaluation.figures import Estimate, confidences, figures, operating_point, reliability, risk_coverage
from bot.evaluation.questions import Outcome, advice
from corpus.errors import MotamotError, reason

CHANCE = 0.05
"""A difference that chance makes this often or more may be due to it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One question whose verdict is another."""

    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure in both runs, over the questions that they share."""

    key: str
    before: Estimate
    after: Estimate
    p: float | None
    """Of the exact sign test on the questions that differ; None for a figure that is no mean."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to the next."""

    n: int
    """Questions that both runs asked, in the same words and expecting the same kind of answer."""
    better: tuple[Change, ...]
    """Right now, not before."""
    broken: tuple[Change, ...]
    """Right before, not now."""
    other: tuple[Change, ...]
    """Wrong both times, otherwise."""
    added: tuple[str, ...]
    """Identifiers that only this run has."""
    removed: tuple[str, ...]
    """Identifiers that only the run before has."""
    altered: tuple[str, ...]
    """Identifiers whose question or expected kind is another: not compared."""
    differences: tuple[Difference, ...]
    p: float
    """Of McNemar's exact test on the verdicts."""

    @property
    def changes(self) -> tuple[Change, ...]:
        return (*self.better, *self.broken, *self.other)

    @property
    def moved(self) -> list[Difference]:
        """The figures that are others, among those that some question bears on."""
        return [d for d in self.differences if d.before.n and d.before.value != d.after.value]

    @property
    def unmoved(self) -> list[Difference]:
        """The figures that are the same."""
        return [d for d in self.differences if d.before.n and d.before.value == d.after.value]


def compare(before: Sequence[Outcome], after: Sequence[Outcome]) -> Comparison:
    """Set a run beside the one before; figures are taken again over the questions that both asked."""
    was, now = {o.id: o for o in before}, {o.id: o for o in after}
    shared = [id_ for id_ in now if id_ in was]
    same = [id_ for id_ in shared if _asked(was[id_]) == _asked(now[id_])]
    changes = [Change(was[id_], now[id_]) for id_ in same if was[id_].verdict != now[id_].verdict]
    better = tuple(c for c in changes if c.after.right)
    broken = tuple(c for c in changes if c.before.right)
    return Comparison(
        n=len(same),
        better=better,
        broken=broken,
        other=tuple(c for c in changes if not c.after.right and not c.before.right),
        added=tuple(id_ for id_ in now if id_ not in was),
        removed=tuple(id_ for id_ in was if id_ not in now),
        altered=tuple(id_ for id_ in shared if id_ not in same),
        differences=_differences([was[id_] for id_ in same], [now[id_] for id_ in same]),
        p=sign_test(len(better), len(broken)),
    )


def _asked(outcome: Outcome) -> tuple[object, ...]:
    return outcome.turns, outcome.expected


def _differences(before: Sequence[Outcome], after: Sequence[Outcome]) -> tuple[Difference, ...]:
    was, now = figures(before), figures(after)
    found = []
    for key, figure in now.items():
        old, new, p = was[key].values, figure.values, None
        if old is not None and new is not None:
            p = sign_test(sum(new[id_] > old[id_] for id_ in new), sum(new[id_] < old[id_] for id_ in new))
        found.append(Difference(key, was[key].estimate, figure.estimate, p))
    return tuple(found)


def sign_test(up: int, down: int) -> float:
    """How often chance alone parts the questions that differ at least this unevenly, both ways (exact).

    On verdicts that are right or wrong it is the exact test of McNemar (1947).
    """
    from scipy.stats import binomtest  # seconds of import

    return float(binomtest(up, up + down).pvalue) if up + down else 1.0


FORMAT = "motamot-evaluation/1"


class RunFileError(MotamotError):
    """A run that cannot be read, compared or written: which file, and the remedy."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """In what state the assistant was."""

    questions: str
    """Name of the file of known questions."""
    date: str
    """ISO 8601, UTC."""
    version: str
    """Of motamot."""
    threshold: float
    """Probability that the documents answer from which a question is answered."""
    max_error: float
    """Stated error rate that the threshold comes from."""
    documents: tuple[str, ...]
    """Titles and dates of what was indexed."""
    n_unanswered: int = 0
    """Questions without an answer that the promise of ``max_error`` rests on."""


@dataclass(frozen=True, slots=True)
class Run:
    """Every outcome, and the conditions."""

    conditions: Conditions
    outcomes: Annotated[tuple[Outcome, ...], Field(alias="questions")]


def run_to_json(run: Run, comparison: Comparison | None = None) -> dict[str, Any]:
    """Figures, curves and verdicts, for a program and for ``read_run``."""
    both = confidences(run.outcomes)
    found = to_jsonable_python(
        {
            "format": FORMAT,
            "conditions": run.conditions,
            **{figure.key: figure.estimate for figure in figures(run.outcomes).values()},
            "reliability": reliability(*both),
            "risk_coverage": risk_coverage(*both),
            "in_force": operating_point(run.outcomes),
            "questions": [{**to_jsonable_python(outcome), "rank": outcome.rank} for outcome in run.outcomes],
            "advice": advice(run.outcomes),
            "comparison": _comparison_to_json(comparison) if comparison else None,
        }
    )
    return {key: value for key, value in found.items() if value is not None}


def _comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    def changed(changes: Sequence[Change]) -> list[dict[str, Any]]:
        return [
            {"id": c.after.id, "turns": c.after.turns, "before": c.before.verdict, "after": c.after.verdict}
            for c in changes
        ]

    return {
        "n": comparison.n,
        "p": comparison.p,
        **{name: changed(getattr(comparison, name)) for name in ("better", "broken", "other")},
        **{name: getattr(comparison, name) for name in ("added", "removed", "altered")},
        "figures": {
            d.key: {"before": d.before.value, "after": d.after.value, "p": d.p} for d in comparison.differences
        },
    }


def read_run(path: Path) -> Run:
    """Read a run that ``motamot evaluate`` wrote with ``--save`` or ``--json``."""
    remedy = "indiquez un fichier écrit par « motamot evaluate QUESTIONS --save FICHIER »."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunFileError(f"L’évaluation « {path} » ne peut pas être lue ({reason(error)}) : {remedy}") from error
    except ValueError as error:
        raise RunFileError(f"« {path} » n’est pas une évaluation : ce n’est pas du JSON ; {remedy}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RunFileError(f"« {path} » n’est pas une évaluation au format {FORMAT} ; {remedy}")
    try:
        return TypeAdapter(Run).validate_python(content)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise RunFileError(f"L’évaluation « {path} » est incomplète ou abîmée (« {place} ») ; {remedy}") from error


def check_comparable(before: Run, path: Path, ids: Sequence[str], questions: str) -> None:
    """Refuse, before anything is asked, a run that has no question in common with these."""
    if not {o.id for o in before.outcomes} & set(ids):
        raise RunFileError(
            f"« {path} » évalue « {before.conditions.questions} » et n’a aucune question en commun avec "
            f"« {questions} » : comparez deux évaluations des mêmes questions."
        )


def check_writable(path: Path) -> None:
    """Refuse, before anything is asked, a file whose folder is not there."""
    if not path.parent.is_dir():
        raise RunFileError(f"« {path} » ne peut pas être écrit : le dossier « {path.parent} » n’existe pas.")
    if path.is_dir():
        raise RunFileError(f"« {path} » est un dossier : indiquez un nom de fichier.")


def write_text(path: Path, text: str) -> None:
    """Write a report or a run."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunFileError(f"« {path} » ne peut pas être écrit ({reason(error)}).") from error

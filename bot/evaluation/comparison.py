"""Compare two runs over the same questions: verdicts won and lost, figures, exact tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from bot.evaluation.figures import figures
from bot.evaluation.intervals import Estimate
from bot.evaluation.judge import Outcome

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
    return float(binomtest(up, up + down).pvalue) if up + down else 1.0

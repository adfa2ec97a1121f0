"""What the plots of the report show, as numbers; the template draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.evaluation.calibration import Believed, Bin, InForce, RiskPoint, in_force, reliability, risk_coverage
from bot.evaluation.outcome import Outcome, Verdict

_MOST_BARS = 24
ORDER = (
    Verdict.RIGHT,
    Verdict.WRONG_PART,
    Verdict.CLARIFIED,
    Verdict.SILENT,
    Verdict.WRONG_ENTRY,
    Verdict.NOT_REFUSED,
    Verdict.NOT_COURTEOUS,
)
"""From what one hopes for to what one fears."""


@dataclass(frozen=True, slots=True)
class Risk:
    """The risk-coverage curve and where the assistant stands beside it."""

    points: tuple[RiskPoint, ...]
    in_force: InForce
    top: float
    """Where the axis of risk ends: a multiple of 10 %."""

    @property
    def rows(self) -> tuple[RiskPoint, ...]:
        """About one point for each tenth of coverage, for the table."""
        wanted = np.linspace(0.1, 1, 10)
        nearest = [min(self.points, key=lambda p: abs(p.coverage - w)) for w in wanted] if self.points else []
        return tuple(dict.fromkeys(nearest))


@dataclass(frozen=True, slots=True)
class Bar:
    """How many answers took between two times, milliseconds."""

    low: float
    high: float | None
    """None: or more."""
    n: int


@dataclass(frozen=True, slots=True)
class Plots:
    """Everything that is drawn from the outcomes."""

    bins: tuple[Bin, ...]
    risk: Risk
    bars: tuple[Bar, ...]


def plots(outcomes: Sequence[Outcome]) -> Plots:
    """The plots of a run."""
    believed = Believed.of(outcomes)
    points = risk_coverage(believed)
    now = in_force(outcomes)
    highest = max([p.risk for p in points] + [now.risk.value], default=0.0)
    return Plots(
        reliability(believed),
        Risk(points, now, max(0.1, math.ceil(highest * 10 - 1e-9) / 10)),
        histogram([o.elapsed_ms for o in outcomes]),
    )


def histogram(elapsed_ms: Sequence[float]) -> tuple[Bar, ...]:
    """Counts in steps of 1, 2 or 5 times a power of ten; the last bar holds the slowest hundredth too."""
    if not elapsed_ms:
        return ()
    end = max(float(np.percentile(elapsed_ms, 99)), 1.0)
    step = _step(end / _MOST_BARS)
    n_bars = int(end / step) + 1
    counts = [0] * n_bars
    for elapsed in elapsed_ms:
        counts[min(int(elapsed / step), n_bars - 1)] += 1
    last = n_bars - 1 if max(elapsed_ms) >= n_bars * step else None
    return tuple(Bar(i * step, None if i == last else (i + 1) * step, n) for i, n in enumerate(counts))


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= least * (1 - 1e-9))

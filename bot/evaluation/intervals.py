"""A figure and how far chance may have moved it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]
"""Which questions a figure is taken over, by number; a resample names some of them twice."""

_Z = 1.96  # 95 % of a normal distribution
_RESAMPLES = 1000
# Any fixed number: two reports of the same answers are the same to the digit.
_SEED = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % confidence interval."""

    value: float
    low: float
    high: float
    n: int
    """Questions that it is taken over; 0 when there is none, and then nothing is known."""

    @classmethod
    def share(cls, hits: int, n: int) -> "Estimate":
        """``hits`` out of ``n``, with the interval of Wilson (1927); 0 out of 0 may be anything."""
        if n == 0:
            return cls(0.0, 0.0, 1.0, 0)
        share = hits / n
        centre = (share + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
        half = _Z / (1 + _Z * _Z / n) * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
        return cls(share, max(0.0, centre - half), min(1.0, centre + half), n)

    @classmethod
    def resampled(cls, n: int, statistic: Callable[[Rows], float]) -> "Estimate":
        """A statistic of ``n`` questions, with the percentile bootstrap interval (Efron 1979)."""
        if n == 0:
            return cls(0.0, 0.0, 1.0, 0)
        random = np.random.default_rng(_SEED)
        drawn = [statistic(random.integers(0, n, n)) for _ in range(_RESAMPLES)]
        low, high = np.percentile(drawn, [2.5, 97.5])
        return cls(float(statistic(np.arange(n))), float(low), float(high), n)

    @classmethod
    def mean(cls, values: "list[float]") -> "Estimate":
        """The mean of one number for each question, resampled."""
        column = np.asarray(values, dtype=np.float64)
        return cls.resampled(len(values), lambda rows: float(column[rows].mean()))

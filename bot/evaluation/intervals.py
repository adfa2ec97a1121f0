"""A figure and its 95 % confidence interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, bootstrap

Rows = npt.NDArray[np.intp]
"""Numbers of the questions that a figure is taken over; a resample names some of them twice."""


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
        low, high = binomtest(hits, n).proportion_ci(method="wilson")
        return cls(hits / n, float(low), float(high), n)

    @classmethod
    def resampled(cls, n: int, statistic: Callable[[Rows], float]) -> "Estimate":
        """A statistic of ``n`` questions, with the percentile bootstrap interval (Efron 1979)."""
        if n == 0:
            return cls(0.0, 0.0, 1.0, 0)
        rows = np.arange(n)
        value = float(statistic(rows))
        if n == 1:  # every resample is the question itself
            return cls(value, value, value, 1)
        # A fixed seed: two reports of the same answers are the same to the digit.
        drawn = bootstrap((rows,), statistic, vectorized=False, n_resamples=1000, method="percentile", rng=0)
        low, high = drawn.confidence_interval
        return cls(value, float(low), float(high), n)

    @classmethod
    def mean(cls, values: Sequence[float]) -> "Estimate":
        """The mean of one number for each question, resampled."""
        column = np.asarray(values, dtype=np.float64)
        return cls.resampled(len(values), lambda rows: float(column[rows].mean()))

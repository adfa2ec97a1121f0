"""Whether a stated confidence can be believed, and what answering less would gain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.answer import Kind
from bot.evaluation.intervals import Estimate
from bot.evaluation.outcome import Outcome

Doubles = npt.NDArray[np.float64]
N_BINS = 10
"""Bins of equal width over [0, 1]; Guo et al. 2017 take 10 to 15, and our files hold a few hundred questions."""


@dataclass(frozen=True, slots=True)
class Believed:
    """Confidences and whether the first of the ranking was right, one of each for each question."""

    confidence: Doubles
    right: Doubles
    """1.0 when it was, else 0.0."""

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Believed":
        """The questions with an answer and those without, but for those that were met with courtesy.

        Courtesy is no quote: its confidence says nothing of a ranking.
        """
        among = [o for o in outcomes if o.expected != Kind.SMALLTALK and o.given != Kind.SMALLTALK]
        return cls(
            np.asarray([o.confidence for o in among], dtype=np.float64),
            np.asarray([o.rank == 1 for o in among], dtype=np.float64),
        )

    def __len__(self) -> int:
        return len(self.confidence)

    def __getitem__(self, rows: npt.NDArray[np.intp]) -> "Believed":
        return Believed(self.confidence[rows], self.right[rows])


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions whose confidence lies between two bounds."""

    low: float
    high: float
    """Excluded, but for 1."""
    confidence: float
    """Mean."""
    right: Estimate


def reliability(believed: Believed) -> tuple[Bin, ...]:
    """The bins that hold a question, in order of confidence."""
    found = []
    bins = _bin_of(believed)
    for number in range(N_BINS):
        inside = bins == number
        if inside.any():
            right = Estimate.share(int(believed.right[inside].sum()), int(inside.sum()))
            confidence = float(believed.confidence[inside].mean())
            found.append(Bin(number / N_BINS, (number + 1) / N_BINS, confidence, right))
    return tuple(found)


def calibration_error(believed: Believed) -> float:
    """ECE (Naeini, Cooper, Hauskrecht 2015): mean distance of confidence and share right, bins weighted by size."""
    bins = _bin_of(believed)
    surplus = np.bincount(bins, believed.confidence - believed.right, minlength=N_BINS)
    return float(np.abs(surplus).sum() / len(believed))


def _bin_of(believed: Believed) -> npt.NDArray[np.intp]:
    # 0.29 * 10 is a hair off 2.9, and 0.7 * 10 could be off 7: rounding keeps a bound in the bin that it opens.
    return np.minimum(np.floor(np.round(believed.confidence * N_BINS, 6)), N_BINS - 1).astype(np.intp)


def brier(believed: Believed) -> float:
    """Mean squared distance of confidence and truth (Brier 1950), in [0, 1], lower is better."""
    return float(((believed.confidence - believed.right) ** 2).mean())


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What answering from one confidence up gives."""

    threshold: float
    coverage: float
    """Share of the questions answered."""
    risk: float
    """Share of the answers that are wrong, a question without an answer counting as wrong."""


def risk_coverage(believed: Believed) -> tuple[RiskPoint, ...]:
    """The selective risk at every threshold that makes a difference (El-Yaniv and Wiener 2010), strictest first."""
    order = np.argsort(-believed.confidence, kind="stable")
    confidence, wrong = believed.confidence[order], np.cumsum(1 - believed.right[order])
    n = len(believed)
    # No threshold parts questions of the same confidence.
    last = [i for i in range(n) if i + 1 == n or confidence[i + 1] < confidence[i]]
    return tuple(RiskPoint(float(confidence[i]), (i + 1) / n, float(wrong[i] / (i + 1))) for i in last)


def area_under_risk(believed: Believed) -> float:
    """AURC (Geifman, Uziel, El-Yaniv 2019): mean of the risks over all coverages, lower is better."""
    points = risk_coverage(believed)
    before = [0.0, *(p.coverage for p in points[:-1])]
    return sum(p.risk * (p.coverage - covered) for p, covered in zip(points, before, strict=True))


@dataclass(frozen=True, slots=True)
class InForce:
    """What the assistant did with the threshold that it has."""

    coverage: Estimate
    """Share of the questions answered."""
    risk: Estimate
    """Share of these answers taken from a wrong entry."""


def in_force(outcomes: Sequence[Outcome]) -> InForce:
    """Over the questions of ``Believed.of``, so that it can be laid on their curve."""
    among = [o for o in outcomes if o.expected != Kind.SMALLTALK and o.given != Kind.SMALLTALK]
    answered = [o for o in among if o.given == Kind.ANSWER]
    wrong = sum(o.rank != 1 for o in answered)
    return InForce(Estimate.share(len(answered), len(among)), Estimate.share(wrong, len(answered)))

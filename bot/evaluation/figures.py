"""Every figure and curve of an evaluation, computed from its outcomes, with its 95 % confidence interval."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import RR, Success, nDCG

from bot.answer import Kind
from bot.evaluation.questions import Outcome, Verdict

Rows = npt.NDArray[np.intp]
"""Numbers of the questions that a figure is taken over, shape (..., n); a resample names some of them twice."""
Doubles = npt.NDArray[np.float64]
Statistic = Callable[[Rows], Doubles]
"""Shape (..., n) to (...): as many resamples as there are, at once."""
Values = dict[str, float]
"""What each question contributes to a figure that is a mean, by identifier."""

N_BINS = 10
"""Bins of equal width over [0, 1]; Guo et al. 2017 take 10 to 15, and our files hold a few hundred questions."""
PERCENTILES = (50, 95, 99)
_RANKING = {
    "hit@1": Success @ 1,
    "hit@3": Success @ 3,
    "hit@5": Success @ 5,
    "mrr": RR,
    "ndcg@10": nDCG @ 10,
}


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
        from scipy.stats import binomtest  # seconds of import, here and below

        low, high = binomtest(hits, n).proportion_ci(method="wilson")
        return cls(hits / n, float(low), float(high), n)

    @classmethod
    def resampled(cls, n: int, statistic: Statistic) -> "Estimate":
        """A statistic of ``n`` questions, with the percentile bootstrap interval (Efron 1979)."""
        if n == 0:
            return cls(0.0, 0.0, 1.0, 0)
        rows = np.arange(n)
        value = float(statistic(rows))
        if n == 1:  # every resample is the question itself
            return cls(value, value, value, 1)
        from scipy.stats import bootstrap

        # A fixed seed: two reports of the same answers are the same to the digit.
        drawn = bootstrap(
            (rows,),
            lambda rows, axis: statistic(rows),  # noqa: ARG005  scipy names it, and it is the last
            vectorized=True,
            n_resamples=1000,
            method="percentile",
            rng=0,
        )
        low, high = drawn.confidence_interval
        return cls(value, float(low), float(high), n)

    @classmethod
    def mean(cls, values: Sequence[float]) -> "Estimate":
        """The mean of one number for each question, resampled."""
        column = np.asarray(values, dtype=np.float64)
        return cls.resampled(len(values), lambda rows: column[rows].mean(axis=-1))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; ``bot.evaluation.words`` names it."""

    key: str
    estimate: Estimate
    values: Values | None = None
    """None where the figure is no mean over questions."""


def figures(outcomes: Sequence[Outcome]) -> dict[str, Figure]:
    """Every figure by its key, in the order in which they are read."""
    inside = [o for o in outcomes if o.expected == Kind.ANSWER]
    outside = [o for o in outcomes if o.expected == Kind.REFUSE]
    polite = [o for o in outcomes if o.expected == Kind.SMALLTALK]
    refused = [o for o in (*inside, *outside) if o.kind == Kind.REFUSE]
    found = [
        _share("hit_rate", inside, lambda o: o.right),
        _share("right_entry", inside, lambda o: o.verdict in (Verdict.RIGHT, Verdict.WRONG_PART)),
        _share("wrongly_silent", inside, lambda o: o.verdict == Verdict.SILENT),
        _share("clarified", inside, lambda o: o.verdict == Verdict.CLARIFIED),
        *_ranking(inside),
        Figure("refusal_precision", _right(refused)),
        _share("not_answered", outside, lambda o: o.kind != Kind.ANSWER),
        _share("refusal_recall", outside, lambda o: o.right),
        _share("courtesy_rate", polite, lambda o: o.right),
        *_calibration(outcomes),
        *_latency(outcomes),
    ]
    return {figure.key: figure for figure in found}


def by_tag(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Share right of the questions of each tag, the most frequent tag first."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        for tag in outcome.tags:
            groups.setdefault(tag, []).append(outcome)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return {tag: _right(group) for tag, group in ordered}


def _right(among: Sequence[Outcome]) -> Estimate:
    return Estimate.share(sum(o.right for o in among), len(among))


def _share(key: str, among: Sequence[Outcome], true: Callable[[Outcome], bool]) -> Figure:
    return _mean(key, {o.id: float(true(o)) for o in among}, shares=True)


def _mean(key: str, values: Values, *, shares: bool) -> Figure:
    """The mean of one number a question; ``shares`` when each is 0 or 1."""
    numbers = list(values.values())
    return Figure(key, Estimate.share(int(sum(numbers)), len(numbers)) if shares else Estimate.mean(numbers), values)


def _ranking(inside: Sequence[Outcome]) -> list[Figure]:
    """Of the questions with an answer, whatever was said; a wanted entry that is not in the ranking counts 0.

    Every wanted entry has the gain 1: nDCG is 1 when all of them come first.
    """
    measured = {key: dict.fromkeys((o.id for o in inside), 0.0) for key in _RANKING}
    # Scores tied to four digits would be put in the order of their names: places are not tied.
    run = {o.id: {entry: -float(rank) for rank, entry in enumerate(o.ranking, 1)} for o in inside}
    qrels = {o.id: dict.fromkeys(o.wanted, 1) for o in inside}
    key_of = {str(measure): key for key, measure in _RANKING.items()}
    for metric in ir_measures.iter_calc(_RANKING.values(), qrels, run):
        measured[key_of[str(metric.measure)]][metric.query_id] = float(metric.value)
    return [_mean(key, values, shares=key.startswith("hit@")) for key, values in measured.items()]


def _latency(outcomes: Sequence[Outcome]) -> list[Figure]:
    elapsed = np.asarray([o.elapsed_ms for o in outcomes], dtype=np.float64)

    def percentile(p: int) -> Statistic:
        return lambda rows: np.percentile(elapsed[rows], p, axis=-1)

    return [Figure(f"latency_p{p}_ms", Estimate.resampled(len(elapsed), percentile(p))) for p in PERCENTILES]


# --- Calibration: whether a stated confidence can be believed, and what answering less would gain.


def confidences(outcomes: Sequence[Outcome]) -> Doubles:
    """Of the questions where something was ranked, shape (2, n): what was stated; 1 where the first was right, else 0.

    What is computed of them takes the two rows; or resamples, shape (2, ..., n).
    """
    among = _not_courtesy(outcomes)
    return np.asarray([[o.confidence for o in among], [o.rank == 1 for o in among]], dtype=np.float64)


def _not_courtesy(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Courtesy is no quote: its confidence says nothing of a ranking."""
    return [o for o in outcomes if Kind.SMALLTALK not in (o.expected, o.kind)]


def _calibration(outcomes: Sequence[Outcome]) -> list[Figure]:
    both = confidences(outcomes)

    def of(measure: Callable[[Doubles, Doubles], Doubles]) -> Estimate:
        return Estimate.resampled(both.shape[-1], lambda rows: measure(*both[:, rows]))

    measures = {"ece": calibration_error, "brier": brier, "aurc": area_under_risk}
    return [Figure(key, of(measure)) for key, measure in measures.items()]


def brier(stated: Doubles, right: Doubles) -> Doubles:
    """Mean squared distance of confidence and truth (Brier 1950), in [0, 1], lower is better."""
    found: Doubles = ((stated - right) ** 2).mean(axis=-1)
    return found


def calibration_error(stated: Doubles, right: Doubles) -> Doubles:
    """ECE (Naeini, Cooper, Hauskrecht 2015): mean distance of confidence and share right, bins weighted by size."""
    bins, surplus = _bin_of(stated), stated - right
    found: Doubles = sum(np.abs(np.where(bins == number, surplus, 0).mean(axis=-1)) for number in range(N_BINS))
    return found


def _bin_of(stated: Doubles) -> Rows:
    # 0.29 * 10 is a hair off 2.9, and 0.7 * 10 could be off 7: rounding keeps a bound in the bin that it opens.
    return np.minimum(np.floor(np.round(stated * N_BINS, 6)), N_BINS - 1).astype(np.intp)


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions whose confidence lies between two bounds."""

    low: float
    high: float
    """Excluded, but for 1."""
    confidence: float
    """Mean."""
    right: Estimate


def reliability(stated: Doubles, right: Doubles) -> tuple[Bin, ...]:
    """The bins that hold a question, in order of confidence."""
    bins = _bin_of(stated)
    found = []
    for number in np.unique(bins).tolist():
        own = bins == number
        share = Estimate.share(int(right[own].sum()), int(own.sum()))
        found.append(Bin(number / N_BINS, (number + 1) / N_BINS, float(stated[own].mean()), share))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """What answering from one confidence up gives."""

    threshold: float
    coverage: float
    """Share of the questions answered."""
    risk: float
    """Share of the answers that are wrong, a question without an answer counting as wrong."""


def risk_coverage(stated: Doubles, right: Doubles) -> tuple[RiskPoint, ...]:
    """The selective risk at every threshold that makes a difference (El-Yaniv and Wiener 2010), strictest first."""
    stated, risk, last = _risks(stated, right)
    n = len(stated)
    return tuple(RiskPoint(float(stated[i]), (i + 1) / n, float(risk[i])) for i in np.unique(last).tolist())


def area_under_risk(stated: Doubles, right: Doubles) -> Doubles:
    """AURC (Geifman, Uziel, El-Yaniv 2019): mean of the risks over all coverages, lower is better."""
    _, risk, last = _risks(stated, right)
    found: Doubles = np.take_along_axis(risk, last, axis=-1).mean(axis=-1)
    return found


def _risks(stated: Doubles, right: Doubles) -> tuple[Doubles, Doubles, Rows]:
    """Confidences from the highest down, the risk of answering as far as each, and the last of those as high as each.

    No threshold parts questions of the same confidence.
    """
    order = np.argsort(-stated, axis=-1, kind="stable")
    stated, right = (np.take_along_axis(each, order, axis=-1) for each in (stated, right))
    places = np.arange(stated.shape[-1])
    risk = np.cumsum(1 - right, axis=-1) / (places + 1)
    parts = np.diff(stated, append=-1, axis=-1) < 0
    last = np.minimum.accumulate(np.where(parts, places, places.size)[..., ::-1], axis=-1)[..., ::-1]
    return stated, risk, last


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What the assistant did with the threshold that it has."""

    coverage: Estimate
    """Share of the questions answered."""
    risk: Estimate
    """Share of these answers taken from a wrong entry."""


def operating_point(outcomes: Sequence[Outcome]) -> OperatingPoint:
    """Over the questions of ``confidences``, so that it can be laid on their curve."""
    among = _not_courtesy(outcomes)
    answered = [o for o in among if o.kind == Kind.ANSWER]
    wrong = sum(o.rank != 1 for o in answered)
    return OperatingPoint(Estimate.share(len(answered), len(among)), Estimate.share(wrong, len(answered)))


# --- Plots: the numbers; the template draws them.


@dataclass(frozen=True, slots=True)
class Plots:
    """Everything that is drawn from the outcomes."""

    bins: tuple[Bin, ...]
    points: tuple[RiskPoint, ...]
    now: OperatingPoint
    top: float
    """Where the axis of risk ends: a multiple of 10 %."""

    @property
    def rows(self) -> tuple[RiskPoint, ...]:
        """About one point of the risk-coverage curve for each tenth of coverage, for the table."""
        wanted = np.linspace(0.1, 1, 10)
        nearest = [min(self.points, key=lambda p: abs(p.coverage - w)) for w in wanted] if self.points else []
        return tuple(dict.fromkeys(nearest))


def plots(outcomes: Sequence[Outcome]) -> Plots:
    """The plots of a run."""
    both = confidences(outcomes)
    points, now = risk_coverage(*both), operating_point(outcomes)
    highest = max([p.risk for p in points] + [now.risk.value])
    top = max(0.1, math.ceil(highest * 10 - 1e-9) / 10)
    return Plots(reliability(*both), points, now, top)

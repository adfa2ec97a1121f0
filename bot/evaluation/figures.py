"""Every figure and curve of an evaluation, computed from its outcomes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import RR, Success, nDCG

from bot.answer import Kind
from bot.evaluation.intervals import Estimate
from bot.evaluation.judge import Outcome, Verdict

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


Values = dict[str, float]
"""What each question contributes to a figure that is a mean, by identifier."""

_RANKING = {
    "hit@1": Success @ 1,
    "hit@3": Success @ 3,
    "hit@5": Success @ 5,
    "mrr": RR,
    "ndcg@10": nDCG @ 10,
}
PERCENTILES = (50, 95, 99)


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
    refused = [o for o in (*inside, *outside) if o.given == Kind.REFUSE]
    found = [
        _share("hit_rate", inside, lambda o: o.right),
        _share("right_entry", inside, lambda o: o.verdict in (Verdict.RIGHT, Verdict.WRONG_PART)),
        _share("wrongly_silent", inside, lambda o: o.verdict == Verdict.SILENT),
        _share("clarified", inside, lambda o: o.verdict == Verdict.CLARIFIED),
        *_ranking(inside),
        Figure("refusal_precision", Estimate.share(sum(o.right for o in refused), len(refused))),
        _share("refusal_recall", outside, lambda o: o.right),
        _share("courtesy_rate", polite, lambda o: o.right),
        *_calibration(outcomes),
        *_latency(outcomes),
    ]
    return {figure.key: figure for figure in found}


def _share(key: str, among: Sequence[Outcome], true: Callable[[Outcome], bool]) -> Figure:
    values = {o.id: float(true(o)) for o in among}
    return Figure(key, Estimate.share(int(sum(values.values())), len(values)), values)


def _ranking(inside: Sequence[Outcome]) -> list[Figure]:
    """Of the questions with an answer, whatever was said; a wanted entry that is not in the ranking counts 0.

    Every wanted entry has the gain 1: nDCG is 1 when all of them come first.
    """
    measured = {key: dict.fromkeys((o.id for o in inside), 0.0) for key in _RANKING}
    # Scores tied to four digits would be put in the order of their names: places are not tied.
    run = {o.id: {entry: -float(rank) for rank, entry in enumerate(o.ranking, 1)} for o in inside if o.ranking}
    qrels = {o.id: dict.fromkeys(o.wanted, 1) for o in inside if o.wanted}
    key_of = {str(measure): key for key, measure in _RANKING.items()}
    if run and qrels:
        for metric in ir_measures.iter_calc(_RANKING.values(), qrels, run):
            measured[key_of[str(metric.measure)]][metric.query_id] = float(metric.value)
    return [_ranked(key, values) for key, values in measured.items()]


def _ranked(key: str, values: Values) -> Figure:
    if key.startswith("hit@"):
        return Figure(key, Estimate.share(int(sum(values.values())), len(values)), values)
    return Figure(key, Estimate.mean(list(values.values())), values)


def _calibration(outcomes: Sequence[Outcome]) -> list[Figure]:
    believed = Believed.of(outcomes)
    measures: dict[str, Callable[[Believed], float]] = {
        "ece": calibration_error,
        "brier": brier,
        "aurc": area_under_risk,
    }
    return [
        Figure(key, Estimate.resampled(len(believed), lambda rows, of=measure: of(believed[rows])))  # type: ignore[misc]
        for key, measure in measures.items()
    ]


def _latency(outcomes: Sequence[Outcome]) -> list[Figure]:
    elapsed = np.asarray([o.elapsed_ms for o in outcomes], dtype=np.float64)
    return [
        Figure(
            f"latency_p{p}_ms",
            Estimate.resampled(len(elapsed), lambda rows, p=p: float(np.percentile(elapsed[rows], p))),  # type: ignore[misc]
        )
        for p in PERCENTILES
    ]


def by_tag(outcomes: Sequence[Outcome]) -> dict[str, Estimate]:
    """Share right of the questions of each tag, the most frequent tag first."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        for tag in outcome.tags:
            groups.setdefault(tag, []).append(outcome)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return {tag: Estimate.share(sum(o.right for o in group), len(group)) for tag, group in ordered}

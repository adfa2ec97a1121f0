"""Calibration: probabilities, the thresholds of answer, offer and reserve that they give, and what training leaves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from index.features import FIELDS
from index.lexical import Doubles, Ints
from index.ranking import SIGNALS, Weights, probability
from index.result import Levels

CONFIDENCE = 0.95
"""Of the promise that ``max_error`` makes."""
MAX_OFFERED = 0.25
"""Questions without an answer that may be met with an answer or an offer: the others are plainly refused."""
_UNMET = 0.01
"""Questions with an answer that are plainly refused where so few can be: no more are offered what does not answer."""
_SURE = 0.96
"""Share of right answers among those said without reserve."""
N_FOLDS = 5
ENOUGH = 300
"""Questions of a kind from which what was learned elsewhere no longer counts, in steps up to then."""
_FIRM = 500.0
"""Penalty on the distance of a calibration from what was learned elsewhere, before the first question."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What it believed of questions that it did not learn from, and the truth."""

    probabilities: tuple[float, ...]
    """That the corpus answers."""
    answerable: tuple[bool, ...]
    """Whether the corpus answers."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What training leaves behind."""

    weights: Weights
    threshold: float
    """Probability of being answerable from which a question is answered."""
    offer: float
    """The same from which the likeliest entries are offered; at most ``threshold``."""
    sure: float
    """Probability of being right from which an answer is said without reserve."""
    curve: Curve
    others: "Learned | None" = None
    """What counts for entries without phrasings, where this was learned from the phrasings of others."""

    @property
    def levels(self) -> Levels:
        """What the probabilities are compared with."""
        return Levels(self.offer, self.threshold, self.sure)

    def is_sure(self, answerable: float, right: float) -> bool:
        """Whether an answer of these probabilities is said without reserve."""
        return answerable >= self.threshold and right >= self.sure

    def within(self, max_error: float) -> "Learned":
        """The same with the thresholds for another ``max_error``."""
        found = with_thresholds(self.weights, self.curve, max_error, self.sure)
        return replace(found, others=self.others.within(max_error) if self.others else None)


def calibrated(
    seen: Doubles,
    answerable: npt.NDArray[np.bool_],
    right: npt.NDArray[np.bool_],
    groups: Ints,
    weights: Weights,
    telling: Sequence[str],
    max_error: float,
    shares: Doubles | None = None,
    prior: Learned | None = None,
    enough: int = ENOUGH,
    promised: npt.NDArray[np.bool_] | slice = slice(None),
) -> Learned:
    """Logistic calibration of questions whose truth is known; the curve and thresholds come from folds.

    Args:
        seen: ``signals`` of each question, shape ``(n, len(SIGNALS))``.
        answerable: Whether the corpus answers it.
        right: Whether the first entry is where.
        groups: Questions of one group share a fold.
        weights: Of the ranking.
        telling: Which of SIGNALS tell whether the corpus answers.
        max_error: See ``threshold``.
        shares: How much each question counts; by default the same.
        prior: What was learned elsewhere, from which these questions move it the farther, the more they are.
        enough: Questions of each kind from which ``prior`` no longer counts.
        promised: Questions that the curve and the thresholds are about.
    """
    fold_of = (
        np.random.default_rng(0).permutation(int(groups.max() - groups.min()) + 1)[groups - groups.min()] % N_FOLDS
    )
    weighs = np.ones(len(seen)) if shares is None else shares
    n, truths = weighs.sum() / 2, (answerable, right)
    share = max(0.0, 1 - n / enough) if prior else 0.0
    penalty = _FIRM**share
    before = (prior.weights.answerable, prior.weights.right) if prior else (None, None)
    held = np.zeros((2, len(seen)))
    for kept in (fold_of != fold for fold in range(N_FOLDS)):
        for row, truth in enumerate(truths):
            model = _logistic(seen[kept], truth[kept], telling, weighs[kept], before[row], penalty)
            held[row, ~kept] = [probability(signals, model) for signals in seen[~kept]]
    held[0] = held.max(axis=0)  # whatever is right is answerable
    final = [_logistic(seen, t, telling, weighs, b, penalty) for t, b in zip(truths, before, strict=True)]
    weights = Weights(weights.fields, weights.reader, *final)
    held, answerable, right = held[:, promised], answerable[promised], right[promised]
    curve, sure = Curve(tuple(held[0].round(6).tolist()), tuple(answerable.tolist())), _sure(held[1], right)
    if prior:
        curve, sure = _pooled(curve, prior.curve, share), share * prior.sure + (1 - share) * sure
    return with_thresholds(weights, curve, max_error, sure)


def _pooled(curve: Curve, other: Curve, share: float) -> Curve:
    """A curve, and of another one this share of each kind of question, evenly over their probabilities."""
    probabilities, answerable = list(curve.probabilities), list(curve.answerable)
    for kind in (True, False):
        own = sorted(p for p, a in zip(other.probabilities, other.answerable, strict=True) if a is kind)
        kept = np.linspace(0, len(own) - 1, round(share * len(own))).round().astype(int).tolist()
        probabilities += [own[place] for place in kept]
        answerable += [kind] * len(kept)
    return Curve(tuple(probabilities), tuple(answerable))


def with_thresholds(weights: Weights, curve: Curve, max_error: float, sure: float) -> Learned:
    """What was learned, with the thresholds that its curve gives for ``max_error``."""
    answer = threshold(curve, max_error)
    known = [p for p, answerable in zip(curve.probabilities, curve.answerable, strict=True) if answerable]
    lowest = max(threshold(curve, max(MAX_OFFERED, max_error)), float(np.quantile(known, _UNMET)) if known else 0.0)
    return Learned(weights, answer, min(answer, lowest), sure, curve)


def _sure(probabilities: Doubles, right: npt.NDArray[np.bool_]) -> float:
    """The least probability such that enough are right among those of it or more."""
    order = np.argsort(-probabilities, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= _SURE)
    return float(probabilities[order[enough[-1]]]) if len(enough) else 1.0


def threshold(curve: Curve, max_error: float) -> float:
    """The lowest probability that answers at most ``max_error`` of the questions that have no answer.

    So it is for questions of this kind, not for these alone, at CONFIDENCE: the upper bound of Clopper and Pearson
    (1934) of the share that is answered stays below, going down from the highest probability (Bates et al., 2021,
    Distribution-free, risk-controlling prediction sets, https://arxiv.org/abs/2101.02703). Where there are too few
    questions to promise it (see ``needed``), none of these is answered.

    Raises:
        ValueError: ``max_error`` is not in (0, 1).
    """
    if not 0 < max_error < 1:
        raise ValueError(f"max_error must be in (0, 1), got {max_error}")
    unanswerable = sorted(p for p, a in zip(curve.probabilities, curve.answerable, strict=True) if not a)
    if not unanswerable:
        return 0.5
    n = len(unanswerable)
    n_errors = max((k for k in range(int(max_error * n) + 1) if upper_bound(k, n) <= max_error), default=0)
    return min(unanswerable[-1 - n_errors] + 1e-6, 1.0)


def upper_bound(n_errors: int, n: int) -> float:
    """The share of errors that ``n_errors`` among ``n`` leave possible at CONFIDENCE (Clopper and Pearson 1934)."""
    from scipy.special import betaincinv  # searching does not need it; scipy.stats takes a second to import

    return 1.0 if n_errors >= n else float(betaincinv(n_errors + 1, n - n_errors, CONFIDENCE))


def needed(max_error: float) -> int:
    """How many questions without an answer it takes to promise anything at ``max_error``."""
    return int(np.ceil(np.log(1 - CONFIDENCE) / np.log(1 - max_error)))


def _logistic(
    seen: Doubles,
    truth: npt.NDArray[np.bool_],
    telling: Sequence[str],
    weighs: Doubles,
    prior: Sequence[float] | None,
    penalty: float,
) -> tuple[float, ...]:
    """Weights on raw SIGNALS, then the intercept, of a logistic regression on standardised ones.

    The L2 penalty is on their distance from ``prior``; without one, from 0, and the intercept is free.
    """
    from scipy.optimize import minimize  # searching does not need it

    if prior is not None and not len(seen):
        return tuple(prior)
    columns = [SIGNALS.index(name) for name in telling]
    chosen = seen[:, columns]
    mean, deviation = chosen.mean(axis=0), chosen.std(axis=0)
    deviation[deviation < 1e-9] = 1.0
    found, centre = np.zeros(len(SIGNALS) + 1), np.zeros(len(columns) + 1)
    penalties = np.full(len(centre), penalty)
    if prior is not None:
        own = np.asarray(prior)[columns]
        centre[:] = [*own * deviation, prior[-1] + own @ mean]
    elif truth.all() or not truth.any():
        found[-1] = 6.0 if truth.all() else -6.0  # nothing to tell apart: sure, short of certainty
        return tuple(found.tolist())
    else:
        penalties[-1] = 0.0
    standard = np.column_stack([(chosen - mean) / deviation, np.ones(len(chosen))])

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores, moved = standard @ weights, weights - centre
        errors = weighs * (1 / (1 + np.exp(-scores)) - truth)
        total = weighs @ np.logaddexp(0, np.where(truth, -scores, scores)) + 0.5 * penalties @ moved**2
        return float(total), errors @ standard + penalties * moved

    weights = minimize(loss, centre, jac=True, method="L-BFGS-B").x
    found[columns] = weights[:-1] / deviation
    found[-1] = float(weights[-1] - found[columns] @ mean)
    return tuple(found.tolist())


def shipped(max_error: float, *, reader: bool) -> Learned:
    """Weights fitted on corpora without phrasings, with a reader or without (tests/fit_default_weights.py)."""
    path = Path(__file__).parent / "data" / "default_weights.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    return learned_from_json(content["reader" if reader else "plain"]).within(max_error)


def learned_to_json(learned: Learned) -> dict[str, object]:
    """As an index stores it."""
    return {"fields": list(FIELDS), "signals": list(SIGNALS), **asdict(learned)}


def learned_from_json(content: Mapping[str, object]) -> Learned:
    """What ``learned_to_json`` wrote.

    Raises:
        ValueError: It was written for other fields or signals, or is of another form.
    """
    if content.get("fields") != list(FIELDS) or content.get("signals") != list(SIGNALS):
        raise ValueError("weights were learned for other fields or signals")
    return TypeAdapter(Learned).validate_python(content)

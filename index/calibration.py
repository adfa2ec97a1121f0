"""Calibration: probabilities, the thresholds of answer, offer and reserve that they give, and what training leaves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from index import MAX_ERROR
from index.features import FIELDS
from index.lexical import Doubles, Ints
from index.ranking import SIGNALS, Weights, probability

CONFIDENCE = 0.95
"""Of the promise that ``max_error`` makes."""
MAX_OFFERED = 0.25
"""Questions without an answer that may be met with an answer or an offer: the others are plainly refused."""
_UNMET = 0.01
"""Questions with an answer that are plainly refused where so few can be: no more are offered what does not answer."""
_SURE = 0.96
"""Share of right answers among those said without reserve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What it believed of questions that it did not learn from, and the truth."""

    probabilities: tuple[float, ...]
    """That the corpus answers."""
    answerable: tuple[bool, ...]
    """Whether the corpus answers."""
    least: float = 0.0
    """No threshold is lower, but for who accepts more errors than MAX_ERROR."""


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


def calibrated(
    seen: Doubles,
    answerable: npt.NDArray[np.bool_],
    right: npt.NDArray[np.bool_],
    groups: Ints,
    weights: Weights,
    telling: Sequence[str],
    max_error: float,
    shares: Doubles | None = None,
) -> Learned:
    """Logistic calibration of questions whose truth is known; the curve and thresholds come from five folds.

    Args:
        seen: ``signals`` of each question, shape ``(n, len(SIGNALS))``.
        answerable: Whether the corpus answers it.
        right: Whether the first entry is where.
        groups: Questions of one group share a fold.
        weights: Of the ranking.
        telling: Which of SIGNALS tell whether the corpus answers.
        max_error: See ``threshold``.
        shares: How much each question counts; by default the same.
    """
    fold_of = np.random.default_rng(0).permutation(int(groups.max() - groups.min()) + 1)[groups - groups.min()] % 5
    weighs = np.ones(len(seen)) if shares is None else shares
    held = np.zeros((2, len(seen)))
    for fold in range(5):
        kept = fold_of != fold
        for row, truth in enumerate((answerable, right)):
            model = _logistic(seen[kept], truth[kept], telling, weighs[kept])
            held[row, ~kept] = [probability(signals, model) for signals in seen[~kept]]
    held[0] = held.max(axis=0)  # whatever is right is answerable
    final = Weights(
        weights.fields,
        weights.reader,
        _logistic(seen, answerable, telling, weighs),
        _logistic(seen, right, telling, weighs),
    )
    curve = Curve(tuple(held[0].round(6).tolist()), tuple(answerable.tolist()))
    return with_thresholds(final, curve, max_error, _sure(held[1], right))


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
    above = unanswerable[-1 - n_errors] + 1e-6
    return max(min(above, 1.0), curve.least if max_error <= MAX_ERROR else 0.0)


def upper_bound(n_errors: int, n: int) -> float:
    """The share of errors that ``n_errors`` among ``n`` leave possible at CONFIDENCE (Clopper and Pearson 1934)."""
    from scipy.stats import beta  # searching does not need it

    return 1.0 if n_errors >= n else float(beta.ppf(CONFIDENCE, n_errors + 1, n - n_errors))


def needed(max_error: float) -> int:
    """How many questions without an answer it takes to promise anything at ``max_error``."""
    return int(np.ceil(np.log(1 - CONFIDENCE) / np.log(1 - max_error)))


def _logistic(
    seen: Doubles, truth: npt.NDArray[np.bool_], telling: Sequence[str], weighs: Doubles
) -> tuple[float, ...]:
    """Weights on raw SIGNALS, then the intercept, of a logistic regression on standardised ones."""
    from sklearn.linear_model import LogisticRegression  # searching does not need it

    columns = [SIGNALS.index(name) for name in telling]
    chosen = seen[:, columns]
    mean, deviation = chosen.mean(axis=0), chosen.std(axis=0)
    deviation[deviation < 1e-9] = 1.0
    found = np.zeros(len(SIGNALS) + 1)
    if truth.all() or not truth.any():
        found[-1] = 6.0 if truth.all() else -6.0  # nothing to tell apart: sure, short of certainty
        return tuple(found.tolist())
    model = LogisticRegression(C=1.0, max_iter=1000).fit((chosen - mean) / deviation, truth, sample_weight=weighs)
    found[columns] = model.coef_[0] / deviation
    found[-1] = float(model.intercept_[0] - found[columns] @ mean)
    return tuple(found.tolist())


def shipped(max_error: float, *, reader: bool) -> Learned:
    """Weights fitted on corpora without phrasings, with a reader or without (tests/fit_default_weights.py)."""
    path = Path(__file__).parent / "data" / "default_weights.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    learned = learned_from_json(content["reader" if reader else "plain"])
    return with_thresholds(learned.weights, learned.curve, max_error, learned.sure)


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

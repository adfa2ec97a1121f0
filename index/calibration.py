"""Calibration: probabilities, the threshold of refusal that they give, and what training leaves behind."""

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
from index.ranking import RANK_SIGNALS, SIGNALS, Ranking, Weights, probability


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
    """Probability from which a question is answered."""
    curve: Curve


def calibrated(
    rankings: Sequence[Ranking],
    answerable: npt.NDArray[np.bool_],
    right: npt.NDArray[np.bool_],
    groups: Ints,
    fields: tuple[float, ...],
    telling: Sequence[str],
    max_error: float,
) -> Learned:
    """Logistic calibration of rankings whose truth is known; the curve and threshold come from five folds.

    Args:
        rankings: One for each question.
        answerable: Whether the corpus answers it.
        right: Whether the first entry is where.
        groups: Questions of one group share a fold.
        fields: Weights of the ranking.
        telling: Which of SIGNALS tell whether the corpus answers.
        max_error: See ``threshold``.
    """
    signals = np.stack([r.signals for r in rankings])
    fold_of = np.random.default_rng(0).permutation(int(groups.max() - groups.min()) + 1)[groups - groups.min()] % 5
    held = np.zeros(len(rankings))
    for fold_ in range(5):
        kept = fold_of != fold_
        model = _logistic(signals[kept], answerable[kept], telling)
        held[~kept] = [probability(rankings[row], model) for row in np.flatnonzero(~kept).tolist()]
    final = Weights(
        fields,
        _logistic(signals, answerable, telling),
        _logistic(signals[answerable], right[answerable], RANK_SIGNALS),
    )
    curve = Curve(tuple(held.round(6).tolist()), tuple(answerable.tolist()))
    return Learned(final, threshold(curve, max_error), curve)


def threshold(curve: Curve, max_error: float) -> float:
    """The lowest probability that answers at most ``max_error`` of the questions that have no answer.

    Raises:
        ValueError: ``max_error`` is not in (0, 1).
    """
    if not 0 < max_error < 1:
        raise ValueError(f"max_error must be in (0, 1), got {max_error}")
    unanswerable = sorted(p for p, a in zip(curve.probabilities, curve.answerable, strict=True) if not a)
    if not unanswerable:
        return 0.5
    above = unanswerable[-1 - int(max_error * len(unanswerable))] + 1e-6
    return max(min(above, 1.0), curve.least if max_error <= MAX_ERROR else 0.0)


def _logistic(signals: Doubles, truth: npt.NDArray[np.bool_], telling: Sequence[str]) -> tuple[float, ...]:
    """Weights on raw SIGNALS, then the intercept, of a logistic regression on standardised ones."""
    from sklearn.linear_model import LogisticRegression  # searching does not need it

    columns = [SIGNALS.index(name) for name in telling]
    chosen = signals[:, columns]
    mean, deviation = chosen.mean(axis=0), chosen.std(axis=0)
    deviation[deviation < 1e-9] = 1.0
    found = np.zeros(len(SIGNALS) + 1)
    if truth.all() or not truth.any():
        found[-1] = 6.0 if truth.all() else -6.0  # nothing to tell apart: sure, short of certainty
        return tuple(found.tolist())
    model = LogisticRegression(C=1.0, max_iter=1000).fit((chosen - mean) / deviation, truth)
    found[columns] = model.coef_[0] / deviation
    found[-1] = float(model.intercept_[0] - found[columns] @ mean)
    return tuple(found.tolist())


def shipped(max_error: float) -> Learned:
    """Weights fitted on several FAQs that have no phrasings (see tests/fit_default_weights.py)."""
    path = Path(__file__).parent / "data" / "default_weights.json"
    learned = learned_from_json(json.loads(path.read_text(encoding="utf-8")))
    return Learned(learned.weights, threshold(learned.curve, max_error), learned.curve)


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

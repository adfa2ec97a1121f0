"""From evidence to a ranking and one calibrated probability: weights that are learned, not guessed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from index.fields import Floats, Rows
from index.matcher import FIELDS, Match

Doubles = npt.NDArray[np.float64]

TEXT_FIELDS = FIELDS[:7]
"""What every corpus has; the others need an editor's phrasings."""

SIGNALS = (
    "top_probability",
    "margin",
    "heading_dense",
    "passage_dense",
    "sentence_dense",
    "coverage",
    "familiarity",
    "strangeness",
    "novelty",
    "missing_detail",
    "length",
    "phrasing_dense",
    "phrasing_dense_mean",
    "phrasing_chars",
    "head_top",
    "head_outside",
)
"""What the probability of being right is computed from."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the head thinks of one question."""

    targets: Floats
    """Log-probability of each target, shape ``(n_targets,)``; a floor for those that have no phrasings."""
    outside: float
    """Probability that the corpus does not answer, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """One question ranked."""

    targets: Floats
    """Probability of each target, given that one of them answers; shape ``(n_targets,)``, sum 1."""
    entries: Floats
    """The same of each entry, shape ``(n_entries,)``."""
    best: int
    """Row of the best target of the best entry."""
    signals: Doubles
    """Shape ``(len(SIGNALS),)``."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What is learned: a linear ranking and a logistic calibration."""

    fields: tuple[float, ...]
    """Of each of FIELDS, standardised per question; then of the head's log-probability."""
    signals: tuple[float, ...]
    """Of each of SIGNALS, as they are."""
    intercept: float


def features(match: Match, opinion: Opinion | None, entry_of_target: Rows) -> Doubles:
    """Columns to rank by, shape ``(n_targets, len(FIELDS) + 1)``.

    Each field is standardised over the entries of the corpus, so that one set of weights serves corpora
    whose scores lie elsewhere.
    """
    n_entries = int(entry_of_target.max()) + 1
    best = np.full((n_entries, match.fields.shape[1]), -np.inf)
    np.maximum.at(best, entry_of_target, match.fields)
    deviation = best.std(axis=0)
    standard = (match.fields - best.mean(axis=0)) / np.where(deviation > 1e-6, deviation, 1.0)
    head = np.zeros(len(match.fields)) if opinion is None else opinion.targets
    return np.column_stack([standard, head])


def rank(match: Match, opinion: Opinion | None, weights: Weights, entry_of_target: Rows, words: int) -> Ranking:
    """Rank every target and entry for one question."""
    scores = features(match, opinion, entry_of_target) @ np.asarray(weights.fields)
    targets = np.exp(scores - scores.max())
    targets /= targets.sum()
    entries = np.zeros(int(entry_of_target.max()) + 1)
    np.maximum.at(entries, entry_of_target, targets)
    entries /= entries.sum()
    top = int(entries.argmax())
    own = np.flatnonzero(entry_of_target == top)
    best = int(own[targets[own].argmax()])
    second = float(np.partition(entries, -2)[-2]) if len(entries) > 1 else 0.0
    column = dict(zip(FIELDS, match.fields[best], strict=True))
    signals = [
        _logit(float(entries[top])),
        float(entries[top]) - second,
        column["heading_dense"],
        column["passage_dense"],
        column["sentence_dense"],
        float(match.coverage[top]),
        float(match.familiarity[top]),
        match.strangeness,
        match.novelty,
        float(match.missing[top]),
        float(np.log1p(words)),
        column["phrasing_dense"],
        column["phrasing_dense_mean"],
        column["phrasing_chars"],
        0.0 if opinion is None else float(opinion.targets[own].max()),
        0.0 if opinion is None else _logit(opinion.outside),
    ]
    return Ranking(targets.astype(np.float32), entries.astype(np.float32), best, np.asarray(signals, dtype=np.float64))


def probability(ranking: Ranking, weights: Weights) -> float:
    """Calibrated probability that the best entry answers, in [0, 1] (Platt 1999)."""
    return float(1 / (1 + np.exp(-(ranking.signals @ np.asarray(weights.signals) + weights.intercept))))


def fit_ranking(
    questions: Sequence[Doubles], wanted: Sequence[Rows], penalty: float, groups: Sequence[Rows]
) -> Doubles:
    """Weights that make the wanted targets likely among all (conditional logit, McFadden 1974).

    Args:
        questions: ``features`` of each question.
        wanted: Rows of the targets that answer it; any one counts.
        penalty: L2 penalty on the weights.
        groups: Columns that must not be negative, and the rest: one array of column indices, those to learn.

    Returns:
        One weight for each column; columns that are not learned get 0.
    """
    [learned] = groups
    stacked = [q[:, learned] for q in questions]

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        total, gradient = 0.5 * penalty * float(weights @ weights), penalty * weights
        for columns, rows in zip(stacked, wanted, strict=True):
            scores = columns @ weights
            all_ = np.exp(scores - scores.max())
            right = all_[rows]
            total -= float(np.log(right.sum() / all_.sum() + 1e-12))
            gradient = gradient + (all_ / all_.sum()) @ columns - (right / right.sum()) @ columns[rows]
        return total, gradient

    # A field never speaks against itself: a negative weight is noise that another corpus would pay for.
    found = minimize(loss, np.full(len(learned), 0.1), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(learned))
    weights = np.zeros(questions[0].shape[1])
    weights[learned] = found.x
    return weights


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)))

"""From evidence to a ranking and one calibrated probability: weights that are learned, not guessed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.features import FIELDS, Features
from index.lexical import Doubles, Floats, Ints

TEXT_FIELDS = FIELDS[:8]
"""What every corpus has; the others need an editor's phrasings."""

TEXT_SIGNALS = (
    "top_probability",
    "margin",
    "heading_dense",
    "passage_dense",
    "sentence_dense",
    "coverage",
    "strangeness",
    "missing_detail",
    "length",
)
"""What tells, without phrasings, whether the documents answer."""

CLASSIFIER_SIGNALS = (
    "classifier_outside",
    "classifier_top",
    "top_probability",
    "familiarity",
    "novelty",
    "missing_detail",
    "length",
)
"""What tells it better where there are phrasings: the cosines add nothing to the classifier, and travel badly."""

RANK_SIGNALS = ("top_probability", "margin")
"""What tells whether the first of the ranking is the right one, given that one is."""

SIGNALS = tuple(dict.fromkeys(TEXT_SIGNALS + CLASSIFIER_SIGNALS))
"""Everything that a probability is computed from."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the classifier thinks of one question."""

    targets: Floats
    """Log-probability of each target, shape ``(n_targets,)``; a floor for those that have no phrasings."""
    outside: float
    """How much the question looks like those that the corpus does not answer, near [0, 1]."""


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
    """Of each of FIELDS, standardised per question; then of the classifier's log-probability."""
    answerable: tuple[float, ...]
    """Of each of SIGNALS, as they are, then the intercept: do the documents answer?"""
    right: tuple[float, ...]
    """The same: if they do, is the first of the ranking where?"""


def ranking_columns(features: Features, opinion: Opinion | None, entry_of_target: Ints) -> Doubles:
    """Columns to rank by, shape ``(n_targets, len(FIELDS) + 1)``.

    Each field is standardised over the entries of the corpus, so that one set of weights serves corpora
    whose scores lie elsewhere. What phrasings say is standardised over the entries that have some: of the
    others they say nothing, neither for nor against, which is 0.
    """
    n_entries = int(entry_of_target.max()) + 1
    classifier = np.zeros(len(features.fields)) if opinion is None else opinion.targets
    columns: Doubles = np.column_stack([features.fields, classifier]).astype(np.float64)
    best = np.full((n_entries, columns.shape[1]), -np.inf)
    np.maximum.at(best, entry_of_target, columns)
    text, phrased = slice(0, len(TEXT_FIELDS)), slice(len(TEXT_FIELDS), len(FIELDS))
    found = np.zeros_like(columns)
    found[:, text] = _standard(columns[:, text], best[:, text])
    if features.asked.any():
        found[:, phrased] = _standard(columns[:, phrased], best[features.asked, phrased])
        # The classifier's scores compare from one corpus to the other: only their level is set.
        found[:, -1] = columns[:, -1] - np.median(best[features.asked, -1])
        found[~features.asked[entry_of_target], len(TEXT_FIELDS) :] = 0.0
    return found


def _standard(columns: Doubles, best: Doubles) -> Doubles:
    deviation = best.std(axis=0)
    found: Doubles = (columns - best.mean(axis=0)) / np.where(deviation > 1e-6, deviation, 1.0)
    return found


def rank(features: Features, opinion: Opinion | None, weights: Weights, entry_of_target: Ints, words: int) -> Ranking:
    """Rank every target and entry for one question."""
    scores = ranking_columns(features, opinion, entry_of_target) @ np.asarray(weights.fields)
    targets = np.exp(scores - scores.max())
    targets /= targets.sum()
    entries = np.zeros(int(entry_of_target.max()) + 1)
    np.maximum.at(entries, entry_of_target, targets)
    entries /= entries.sum()
    top = int(entries.argmax())
    own = np.flatnonzero(entry_of_target == top)
    best = int(own[targets[own].argmax()])
    second = float(np.partition(entries, -2)[-2]) if len(entries) > 1 else 0.0
    column = dict(zip(FIELDS, features.fields[best], strict=True))
    signals = {
        "top_probability": _logit(float(entries[top])),
        "margin": float(entries[top]) - second,
        "heading_dense": column["heading_dense"],
        "passage_dense": column["passage_dense"],
        "sentence_dense": column["sentence_dense"],
        "coverage": features.coverage[top],
        "familiarity": features.familiarity[top],
        "strangeness": features.strangeness,
        "novelty": features.novelty,
        "missing_detail": features.missing[top],
        "length": np.log1p(words),
        "classifier_top": 0.0 if opinion is None else opinion.targets.max(),
        "classifier_outside": 0.0 if opinion is None else opinion.outside,
    }
    return Ranking(
        targets.astype(np.float32), entries.astype(np.float32), best, np.asarray([float(signals[s]) for s in SIGNALS])
    )


@dataclass(frozen=True, slots=True)
class Confidence:
    """What is believed of one ranking; each in [0, 1], calibrated (Platt 1999)."""

    answerable: float
    """That the documents answer."""
    right: float
    """That they do, and that the first entry is where."""


def confidence(ranking: Ranking, weights: Weights) -> Confidence:
    """How sure to be of a ranking."""
    answerable = probability(ranking, weights.answerable)
    return Confidence(answerable, answerable * probability(ranking, weights.right))


def probability(ranking: Ranking, weights: Sequence[float]) -> float:
    """The logistic of its SIGNALS, weighed, and of the intercept, which comes last."""
    return float(1 / (1 + np.exp(-(np.append(ranking.signals, 1.0) @ np.asarray(weights)))))


def fit_ranking(
    questions: Sequence[Doubles], wanted: Sequence[Ints], penalty: float, learned: Sequence[int]
) -> Doubles:
    """Weights that make the wanted targets likely among all (conditional logit, McFadden 1974).

    Args:
        questions: ``ranking_columns`` of each question.
        wanted: Rows of the targets that answer it; any one counts.
        penalty: L2 penalty on the weights.
        learned: Columns to learn; the others get 0.

    Returns:
        One weight for each column, none negative.
    """
    from scipy.optimize import minimize  # searching does not need it

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
    weights[list(learned)] = found.x
    return weights


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)))

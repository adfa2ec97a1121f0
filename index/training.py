"""Learning a corpus's own weights at build time from its phrasings, each left out in turn."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from corpus.document import Entry
from corpus.lexicon import Lexicon
from index import MAX_ERROR, answer_type
from index.classifier import OUTSIDE, Classifier, Tokens
from index.dense import Vectors
from index.features import FIELDS, EncodedQuery, FeatureExtractor
from index.french import fold
from index.query import Query
from index.ranking import (
    CLASSIFIER_SIGNALS,
    RANK_SIGNALS,
    SIGNALS,
    Doubles,
    Ranking,
    Weights,
    confidence,
    fit_ranking,
    rank,
    ranking_columns,
)
from index.rows import Ints
from index.trials import NOBODY, Trials

# A classifier needs a few examples of each class; its closed form is cubic in their number.
_FEWEST_PHRASINGS = 30
_MOST_PHRASINGS = 5000
_PENALTY = 1.0
# Where more entries than this have no phrasings, the text tells as much as the classifier.
_MOSTLY = 0.5
# Least threshold where near questions without an answer were made up, some of which a neighbour answers: silent
# when it is twice as likely that nothing does.
_LEAST = 1 / 3


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


def example(query: Query) -> Tokens:
    """A question as the classifier reads it."""
    return Tokens(fold(query.text), (*query.terms, *query.added))


def outside_questions(entries: Sequence[Entry], lexicon: Lexicon, unanswered: Sequence[str]) -> list[tuple[int, str]]:
    """Questions that a corpus does not answer, with the group that each belongs to.

    General ones shipped with the code and the editor's, each a group of its own, and those for details of
    its own subjects that it does not give, a group for each detail.
    """
    path = Path(__file__).parent / "data" / "out_of_scope.txt"
    # Every other one: they are refused all the same, and the build takes two seconds less.
    general = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()][::2]
    near = answer_type.unanswered(entries, lexicon)
    first = max((group for group, _ in near), default=-1) + 1
    return near + list(enumerate([*unanswered, *general], first))


def train_classifier(
    extractor: FeatureExtractor,
    asked: Sequence[EncodedQuery],
    outside: Sequence[EncodedQuery],
    outside_groups: Sequence[int],
) -> Classifier | None:
    """The classifier of a corpus that has phrasings enough, None for the others.

    Args:
        extractor: The corpus.
        asked: Its phrasings, in the order of its rows.
        outside: Questions that it does not answer.
        outside_groups: The group of each of these; a group is left out as a whole.
    """
    if not _FEWEST_PHRASINGS <= len(asked) <= _MOST_PHRASINGS:
        return None
    questions = [*asked, *outside]
    vectors: Vectors = np.stack([q.vectors[0] for q in questions])
    labels = np.concatenate([extractor.rows.target_of_phrasing, np.full(len(outside), OUTSIDE, dtype=np.intp)])
    groups = np.concatenate([np.asarray(outside_groups, dtype=np.intp) + len(asked), np.arange(len(asked))])
    groups = np.roll(groups, len(asked))
    entries = extractor.rows.entry_of_target[extractor.rows.target_of_phrasing]
    wider = np.concatenate([entries, len(extractor.rows.entries) + np.arange(len(outside))])
    return Classifier([example(q.query) for q in questions], vectors, labels, groups, wider)


def learn(
    extractor: FeatureExtractor,
    classifier: Classifier | None,
    asked: Sequence[EncodedQuery],
    outside: Sequence[EncodedQuery],
    outside_groups: Sequence[int],
    n_unanswered: int,
    max_error: float,
) -> Learned:
    """Weights, calibration and threshold of a corpus, from its phrasings; shipped ones without phrasings.

    Args:
        extractor: The corpus.
        classifier: Of the same questions; None where there are too few phrasings.
        asked: Its phrasings, in the order of its rows.
        outside: Questions that it does not answer.
        outside_groups: The group of each of these.
        n_unanswered: How many of these its editor wrote; where they are few, near ones are made up.
        max_error: See ``threshold``.
    """
    if classifier is None:
        return _shipped(max_error)
    trials = Trials(extractor, classifier, asked, outside, outside_groups)
    inside = trials.phrasings() + trials.unasked_phrasings()
    near = trials.orphans(near_to_simulate(len(outside), n_unanswered))
    columns = [ranking_columns(t.features, t.opinion, t.owner) for t in inside]
    fields = fit_ranking(columns, [t.wanted for t in inside], _PENALTY, range(len(FIELDS) + 1))
    weights = Weights(tuple(fields.tolist()), (), ())
    everything = inside + trials.without_answer() + near
    rankings = [rank(t.features, t.opinion, weights, t.owner, t.words) for t in everything]
    entry = np.asarray([t.entry for t in everything])
    learned = calibrated(
        rankings,
        answerable=entry != NOBODY,
        right=(entry != NOBODY) & (entry == [int(r.entries.argmax()) for r in rankings]),
        groups=np.asarray([t.group for t in everything]),
        weights=weights,
        telling=SIGNALS if trials.unasked > _MOSTLY else CLASSIFIER_SIGNALS,
        max_error=max_error,
    )
    if not near:
        return learned
    # A neighbour may answer what its own entry no longer does: these count in the calibration, not as errors.
    real = [n for n, trial in enumerate(everything) if not trial.simulated]
    curve = Curve(
        tuple(learned.curve.probabilities[n] for n in real), tuple(learned.curve.answerable[n] for n in real), _LEAST
    )
    return Learned(learned.weights, threshold(curve, max_error), curve)


def near_to_simulate(n_outside: int, n_unanswered: int) -> int:
    """How many near questions without an answer to make up, where an editor wrote few: half of the general ones."""
    return max(0, (n_outside - n_unanswered) // 2 - n_unanswered)


def calibrated(
    rankings: Sequence[Ranking],
    answerable: npt.NDArray[np.bool_],
    right: npt.NDArray[np.bool_],
    groups: Ints,
    weights: Weights,
    telling: Sequence[str],
    max_error: float,
) -> Learned:
    """Logistic calibration of rankings whose truth is known; the curve and threshold come from five folds.

    Args:
        rankings: One for each question.
        answerable: Whether the corpus answers it.
        right: Whether the first entry is where.
        groups: Questions of one group share a fold.
        weights: Of the ranking; its calibration is replaced.
        telling: Which of SIGNALS tell whether the corpus answers.
        max_error: See ``threshold``.
    """
    fold_of = np.random.default_rng(0).permutation(int(groups.max() - groups.min()) + 1)[groups - groups.min()] % 5
    held = np.zeros(len(rankings))
    for fold_ in range(5):
        kept = fold_of != fold_
        model = _fitted(rankings, kept, answerable, right, weights, telling)
        for row in np.flatnonzero(~kept):
            held[row] = confidence(rankings[int(row)], model).answerable
    final = _fitted(rankings, np.ones(len(rankings), dtype=bool), answerable, right, weights, telling)
    curve = Curve(tuple(held.round(6).tolist()), tuple(bool(t) for t in answerable))
    return Learned(final, threshold(curve, max_error), curve)


def _fitted(
    rankings: Sequence[Ranking],
    kept: npt.NDArray[np.bool_],
    answerable: npt.NDArray[np.bool_],
    right: npt.NDArray[np.bool_],
    weights: Weights,
    telling: Sequence[str],
) -> Weights:
    signals = np.stack([r.signals for r in rankings])
    return Weights(
        weights.fields,
        _logistic(signals[kept], answerable[kept], telling),
        _logistic(signals[kept & answerable], right[kept & answerable], RANK_SIGNALS),
    )


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
    allowed = int(max_error * len(unanswerable))
    least = curve.least if max_error <= MAX_ERROR else 0.0
    return max(min(unanswerable[len(unanswerable) - 1 - allowed] + 1e-6, 1.0), least)


def _logistic(signals: Doubles, truth: npt.NDArray[np.bool_], telling: Sequence[str]) -> tuple[float, ...]:
    """Weights on raw SIGNALS, then the intercept, of a logistic regression on standardised ones."""
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


@cache
def _shipped_file() -> dict[str, object]:
    found: dict[str, object] = json.loads((Path(__file__).parent / "data" / "default_weights.json").read_text("utf-8"))
    return found


def _shipped(max_error: float) -> Learned:
    """Weights fitted on several FAQs that have no phrasings (see tests/fit_default_weights.py)."""
    learned = learned_from_json(_shipped_file())
    return Learned(learned.weights, threshold(learned.curve, max_error), learned.curve)


def learned_to_json(learned: Learned) -> dict[str, object]:
    """As the manifest stores it."""
    return {"fields": list(FIELDS), "signals": list(SIGNALS), **asdict(learned)}


def learned_from_json(content: dict[str, object]) -> Learned:
    """What ``learned_to_json`` wrote.

    Raises:
        ValueError: It was written for other fields or signals.
    """
    if content.get("fields") != list(FIELDS) or content.get("signals") != list(SIGNALS):
        raise ValueError("weights were learned for other fields or signals")
    weights: dict[str, object] = content["weights"]  # type: ignore[assignment]
    curve: dict[str, list[float]] = content["curve"]  # type: ignore[assignment]
    return Learned(
        Weights(*(tuple(weights[name]) for name in ("fields", "answerable", "right"))),  # type: ignore[arg-type]
        float(content["threshold"]),  # type: ignore[arg-type]
        Curve(tuple(curve["probabilities"]), tuple(bool(a) for a in curve["answerable"]), curve.get("least", 0.0)),  # type: ignore[arg-type]
    )

"""Learning a corpus's own weights at build time from its phrasings, each left out in turn."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from corpus.document import Entry
from corpus.lexicon import Lexicon
from index import details
from index.dense import Vectors
from index.fields import Rows
from index.french import fold
from index.head import OUTSIDE, Example, Head
from index.matcher import FIELDS, Match, Matcher, Question
from index.ranking import (
    SIGNALS,
    Doubles,
    Opinion,
    Ranking,
    Weights,
    features,
    fit_ranking,
    probability,
    rank,
)
from index.understanding import Understood

# A head needs a few examples of each class; its closed form is cubic in their number.
_FEWEST_PHRASINGS = 30
_MOST_PHRASINGS = 5000
_PENALTY = 1.0

# Score differences of the head are small numbers; this makes them comparable with standardised fields.
_HEAD_SCALE = 4.0


@dataclass(frozen=True, slots=True)
class Curve:
    """How often the assistant would be right at each threshold, on questions it did not learn from."""

    probabilities: tuple[float, ...]
    right: tuple[bool, ...]
    """Whether the best entry was the right one; never for a question that the corpus does not answer."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What training leaves behind."""

    weights: Weights
    threshold: float
    """Probability from which a question is answered."""
    curve: Curve


def example(understood: Understood) -> Example:
    """A question as the head reads it."""
    return Example(fold(understood.text), (*understood.terms, *understood.added))


def outside_questions(entries: Sequence[Entry], lexicon: Lexicon) -> list[tuple[int, str]]:
    """Questions that a corpus does not answer, with the group that each belongs to.

    General ones shipped with the code, each a group of its own, and for details of its own subjects that
    it does not give.
    """
    path = Path(__file__).parent / "out_of_scope.txt"
    general = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    near = details.unanswered(entries, lexicon)
    first = max((group for group, _ in near), default=-1) + 1
    return near + list(enumerate(general, first))


def train_head(
    matcher: Matcher, asked: Sequence[Question], outside: Sequence[Question], outside_groups: Sequence[int]
) -> Head | None:
    """The head of a corpus that has phrasings enough, None for the others.

    Args:
        matcher: The corpus.
        asked: Its phrasings, in the order of its layout.
        outside: Questions that it does not answer.
        outside_groups: The group of each of these; a group is left out as a whole.
    """
    if not _FEWEST_PHRASINGS <= len(asked) <= _MOST_PHRASINGS:
        return None
    questions = [*asked, *outside]
    vectors: Vectors = np.stack([q.vectors[0] for q in questions])
    labels = np.concatenate([matcher.layout.target_of_phrasing, np.full(len(outside), OUTSIDE, dtype=np.intp)])
    groups = np.concatenate([np.asarray(outside_groups, dtype=np.intp) + len(asked), np.arange(len(asked))])
    groups = np.roll(groups, len(asked))
    return Head([example(q.understood) for q in questions], vectors, labels, groups)


def opinion(head: Head | None, scores: Doubles | None, n_targets: int) -> Opinion | None:
    """Scores of the head's classes as an opinion on every target."""
    if head is None or scores is None:
        return None
    inside = head.classes != OUTSIDE
    targets = np.full(n_targets, float(min(0.0, scores[inside].min())))
    targets[head.classes[inside]] = scores[inside]
    outside = float(scores[~inside].max(initial=0.0))
    return Opinion((_HEAD_SCALE * targets).astype(np.float32), min(max(outside, 0.0), 1.0))


def learn(
    matcher: Matcher,
    head: Head | None,
    asked: Sequence[Question],
    outside: Sequence[Question],
    max_error: float,
) -> Learned:
    """Weights, calibration and threshold of a corpus, from its phrasings; shipped ones without phrasings."""
    if head is None:
        return _shipped(max_error)
    layout = matcher.layout
    owner = layout.entry_of_target
    matches: list[Match] = []
    opinions: list[Opinion | None] = []
    for row, question in enumerate([*asked, *outside]):
        without = np.asarray([row], dtype=np.intp) if row < len(asked) else None
        matches.append(matcher.match(question, without))
        opinions.append(opinion(head, head.left_out[row], len(layout.targets)))
    columns = [features(m, o, owner) for m, o in zip(matches[: len(asked)], opinions, strict=False)]
    wanted = [np.asarray([t], dtype=np.intp) for t in layout.target_of_phrasing]
    fields = fit_ranking(columns, wanted, _PENALTY, [np.arange(len(FIELDS) + 1)])
    weights = Weights(tuple(fields.tolist()), (0.0,) * len(SIGNALS), 0.0)
    rankings = [
        rank(m, o, weights, owner, len(q.understood.terms))
        for m, o, q in zip(matches, opinions, [*asked, *outside], strict=True)
    ]
    right = [
        row < len(asked) and int(r.entries.argmax()) == owner[layout.target_of_phrasing[row]]
        for row, r in enumerate(rankings)
    ]
    return calibrated(rankings, right, weights, max_error)


def calibrated(rankings: Sequence[Ranking], right: Sequence[bool], weights: Weights, max_error: float) -> Learned:
    """Logistic calibration of rankings known right or wrong, five-fold for the curve and the threshold."""
    signals = np.stack([r.signals for r in rankings])
    truth = np.asarray(right)
    fold_of = np.arange(len(truth)) % 5
    held = np.zeros(len(truth))
    for fold_ in range(5):
        model = _logistic(signals[fold_of != fold_], truth[fold_of != fold_])
        held[fold_of == fold_] = [
            probability(r, _with(weights, model)) for r, f in zip(rankings, fold_of, strict=True) if f == fold_
        ]
    final = _with(weights, _logistic(signals, truth))
    curve = Curve(tuple(held.round(6).tolist()), tuple(bool(t) for t in truth))
    return Learned(final, threshold(curve, max_error), curve)


def threshold(curve: Curve, max_error: float) -> float:
    """The lowest probability from which at most ``max_error`` of what is answered is wrong.

    Raises:
        ValueError: ``max_error`` is not in (0, 1).
    """
    if not 0 < max_error < 1:
        raise ValueError(f"max_error must be in (0, 1), got {max_error}")
    order = np.argsort(-np.asarray(curve.probabilities), kind="stable")
    sure = np.asarray(curve.probabilities)[order]
    wrong = np.cumsum(~np.asarray(curve.right)[order])
    fine = np.flatnonzero(wrong / np.arange(1, len(sure) + 1) <= max_error)
    return float(sure[fine[-1]]) if len(fine) else 1.0


def _logistic(signals: Doubles, truth: Rows | Doubles) -> tuple[Doubles, float]:
    """Weights and intercept on raw signals of a logistic regression fitted on standardised ones."""
    mean, deviation = signals.mean(axis=0), signals.std(axis=0)
    deviation[deviation < 1e-9] = 1.0
    model = LogisticRegression(C=1.0, max_iter=1000).fit((signals - mean) / deviation, truth)
    weights = model.coef_[0] / deviation
    return weights, float(model.intercept_[0] - weights @ mean)


def _with(weights: Weights, model: tuple[Doubles, float]) -> Weights:
    return Weights(weights.fields, tuple(model[0].tolist()), model[1])


@cache
def _shipped_file() -> dict[str, object]:
    found: dict[str, object] = json.loads((Path(__file__).parent / "default_weights.json").read_text("utf-8"))
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
        Weights(tuple(weights["fields"]), tuple(weights["signals"]), float(weights["intercept"])),  # type: ignore[arg-type]
        float(content["threshold"]),  # type: ignore[arg-type]
        Curve(tuple(curve["probabilities"]), tuple(bool(r) for r in curve["right"])),
    )

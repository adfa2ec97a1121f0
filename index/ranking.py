"""From evidence to a ranking and calibrated probabilities, in two stages: by the fields, then the best few, read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.features import FIELDS, Features
from index.lexical import SIDES, Doubles, Floats, Ints
from index.records import batched

TEXT_FIELDS = FIELDS[:3]
"""What every corpus has; the others need an editor's phrasings."""

N_READ = 2
"""Entries that a reader reads. Of held-out FAQs, 2 give an area under ROC of .936, 3 of .941, 5 of .945."""
JOIN = "||"
"""Between an earlier question and a turn: the reader was trained to judge what follows by what goes before."""
_AS_LIKELY = 1 / 50
"""An entry this many times less likely than the best is not read: whatever the reader says, it stays behind."""

TEXT_SIGNALS = ("top_probability", "reader_best", "reader_most", "closeness")
"""What tells, without phrasings, whether the documents answer: the reader of near questions, the cosine of the nearest
passage or phrasing of far ones. Length and strange words tell but how the questions of a collection were written."""
_COSINES = [FIELDS.index("passage_dense"), FIELDS.index("phrasing_dense")]
_NEAR = 0.65
"""A cosine from which a question is no longer far: what lies above tells corpora apart rather than questions. Limits in
cosines belong to an encoder: the one before had this one at .68."""

SIGNALS = (*TEXT_SIGNALS, "classifier_outside", "classifier_top", "familiarity", "novelty")
"""Everything that a probability is computed from."""

FOLLOW_UP = (0.44, 0.39, 0.59, -0.08, 1.75, -0.28, -0.22, 0.4, 0.38)
"""Of a turn after a question, what makes an entry its answer: the reader's logit, the logarithms of its probabilities
by the turn alone and by both together, whether it was quoted before, the share of the turn's new words that it has,
the turn's share of words that no document has, of what was quoted the reader's logit again, and by the turn without the
question, and 1. Fitted by ``tests/fit_follow_ups.py``."""
FOLLOW_UP_UNREAD = (0.0, 0.59, 1.0, -3.64, 3.22, -1.57, 0.0, 0.0, 1.94)
"""The same where there is no reader."""
MOSTLY = 0.5
"""Of the words that a turn adds, the share from which what was quoted answers again before what is beside it."""
_AT_ONCE = 64
"""Questions whose scores are computed together when weights are fitted."""
UNREAD = -4.0
"""The logit of an entry that was not read: the median of those that do not answer."""


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
    """Probability of each target, given that one answers; shape ``(n_targets,)``; over the whole corpus, sum 1."""
    entries: Floats
    """The same of each entry, shape ``(n_entries,)``."""

    def best_target(self, entry: int, entry_of_target: Ints) -> int:
        """Row of the most likely target of an entry."""
        return int(self.best_targets(entry, entry_of_target)[0])

    def best_targets(self, entry: int, entry_of_target: Ints) -> Ints:
        """Rows of all its targets, most likely first."""
        own: Ints = np.flatnonzero(entry_of_target == entry)
        return own[np.argsort(-self.targets[own], kind="stable")]


@dataclass(frozen=True, slots=True)
class Weights:
    """What is learned: a linear ranking, how much its reader counts, and logistic calibrations."""

    fields: tuple[float, ...]
    """Of each of FIELDS, standardised per question; then of the classifier's log-probability."""
    reader: tuple[float, float] = (1.0, 0.0)
    """Of the logarithm of a probability by the fields, and of the logit of a reader, for the entries that it read."""
    answerable: tuple[float, ...] = ()
    """Of each of SIGNALS, as they are, then the intercept: do the documents answer?"""
    right: tuple[float, ...] = ()
    """The same: do they, and is the first of the ranking where?"""


def ranking_columns(features: Features, opinion: Opinion | None, entry_of_target: Ints) -> Doubles:
    """Columns to rank by, shape ``(n_targets, len(FIELDS) + 1)``.

    Each field is standardised over the entries of the corpus (estimated, where only a pool was compared), so that
    one set of weights serves corpora whose scores lie elsewhere. What phrasings say is standardised over the
    entries that have some: of the others they say nothing, neither for nor against, which is 0.
    """
    n_entries = int(entry_of_target.max()) + 1
    classifier = np.zeros(len(features.fields)) if opinion is None else opinion.targets
    columns: Doubles = np.column_stack([features.fields, classifier]).astype(np.float64)
    best = np.full((n_entries, columns.shape[1]), -np.inf)
    np.maximum.at(best, entry_of_target, columns)
    text, phrased = slice(0, len(TEXT_FIELDS)), slice(len(TEXT_FIELDS), len(FIELDS))
    asked, stands = features.asked, features.stands
    found = np.zeros_like(columns)
    found[:, text] = _standard(columns[:, text], best[:, text], stands)
    if asked.any():
        found[:, phrased] = _standard(columns[:, phrased], best[asked, phrased], stands[asked])
        # The classifier's scores compare from one corpus to the other: only their level is set.
        found[:, -1] = columns[:, -1] - _median(best[asked, -1], stands[asked])
        found[~features.asked[entry_of_target], len(TEXT_FIELDS) :] = 0.0
    return found


def _standard(columns: Doubles, best: Doubles, stands: Doubles) -> Doubles:
    shares = stands / stands.sum()
    mean = shares @ best
    deviation = np.sqrt(shares @ (best - mean) ** 2)
    found: Doubles = (columns - mean) / np.where(deviation > 1e-6, deviation, 1.0)
    return found


def _median(values: Doubles, stands: Doubles) -> float:
    order = values.argsort()
    counted = stands[order].cumsum()
    # As many below as above; the mean of the two in the middle where there is none.
    lower, upper = (int(np.searchsorted(counted, counted[-1] / 2, side)) for side in SIDES)
    return float(values[order[[lower, min(upper, len(order) - 1)]]].mean())


def rank(columns: Doubles, weights: Weights, entry_of_target: Ints, stands: Doubles) -> Ranking:
    """By the fields: every target and entry that a question was compared with.

    Args:
        columns: ``ranking_columns``.
        weights: Theirs.
        entry_of_target: As in ``Pool``.
        stands: As in ``Features``.
    """
    scores = columns @ np.asarray(weights.fields)
    targets = np.exp(scores - scores.max())
    targets /= targets @ stands[entry_of_target]
    entries = np.zeros(int(entry_of_target.max()) + 1)
    np.maximum.at(entries, entry_of_target, targets)
    entries /= entries @ stands
    return Ranking(targets.astype(np.float32), entries.astype(np.float32))


def reranked(ranking: Ranking, logits: Mapping[int, float], weights: Weights) -> Ranking:
    """By the reader: what the entries that were read have of the probability is shared anew among them.

    Args:
        ranking: Of the first stage.
        logits: Row of an entry -> what the reader says of it.
        weights: Of both stages.
    """
    if not logits:
        return ranking
    rows = np.asarray(list(logits))
    columns = np.column_stack([np.log(ranking.entries[rows] + 1e-9), list(logits.values())])
    shares = np.exp((scores := columns @ np.asarray(weights.reader)) - scores.max())
    entries = ranking.entries.copy()
    entries[rows] = ranking.entries[rows].sum() * shares / shares.sum()
    return Ranking(ranking.targets, entries)


def to_read(ranking: Ranking, entry_of_target: Ints) -> dict[int, int]:
    """The entries that a reader reads, best first -> the target of each that it reads."""
    best = np.argsort(-ranking.entries, kind="stable")[:N_READ]
    likely = best[ranking.entries[best] >= _AS_LIKELY * ranking.entries[best[0]]].tolist()
    return {entry: ranking.best_target(entry, entry_of_target) for entry in likely}


def after_question(
    joined: Ranking, turn: Ranking, entry_of_target: Ints, quoted: int | None, again: float
) -> tuple[Ranking, dict[int, int]]:
    """A turn after a question, ranked by both; and what a reader reads of it: each entry -> its target.

    Args:
        joined: By the words of the question and of the turn: its best few entries are read.
        turn: By those of the turn alone: its best entry is, too.
        entry_of_target: Row of the entry of each target.
        quoted: Target that was quoted before, which is read as well; where the turn's words are as likely of another
            one of its entry, that one instead, unless what was quoted has most of them.
        again: Share of the words that the question had not, weighed by rarity, that what was quoted has.
    """
    targets = joined.targets * turn.targets
    if quoted is not None and again < MOSTLY:
        others = (entry_of_target == entry_of_target[quoted]) & (np.arange(len(targets)) != quoted)
        if turn.targets[others].max(initial=0.0) >= turn.targets[quoted]:
            targets[quoted] = 0.0
    mixed = Ranking(targets, joined.entries)
    own, likely = int(turn.entries.argmax()), np.argsort(-joined.entries, kind="stable")[:N_READ].tolist()
    chosen = {entry: mixed.best_target(entry, entry_of_target) for entry in [own, *likely]}
    if quoted is not None:
        chosen.setdefault(int(entry_of_target[quoted]), quoted)
    return mixed, chosen


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn after a question."""

    ranking: Ranking
    """By the turn alone."""
    quoted: int | None
    """Row of the entry whose target here is what was quoted before."""
    again: float
    """Share of the words that the question had not, weighed by rarity, that what was quoted has."""
    strangeness: float
    """Of the turn alone."""
    said: float
    """Logit of the reader, of the turn alone and what was quoted; ``UNREAD`` where there is none."""


def followed(ranking: Ranking, turn: Turn, logits: Mapping[int, float]) -> tuple[Ranking, float]:
    """The ranking for a turn after a question, and the probability that its first entry answers the turn.

    What was quoted for the question is likely by its words, and seldom answers the turn as well: the others share what
    is left of the probability.

    Args:
        ranking: By the question and the turn.
        turn: The turn.
        logits: Row of an entry that was read -> what the reader says of it; empty where there is none.
    """
    scores = follow_up_columns(ranking, turn, logits) @ np.asarray(FOLLOW_UP if logits else FOLLOW_UP_UNREAD)
    entries = np.exp(scores - scores.max())
    probability = float(1 / (1 + np.exp(-scores.max())))
    return Ranking(ranking.targets, (entries / entries.sum()).astype(np.float32)), probability


def follow_up_columns(ranking: Ranking, turn: Turn, logits: Mapping[int, float]) -> Doubles:
    """What ``FOLLOW_UP`` weighs, shape ``(n_entries, len(FOLLOW_UP))``; as for ``followed``."""
    n = len(ranking.entries)
    read, same = np.full(n, UNREAD), np.zeros(n)
    read[list(logits)] = list(logits.values())
    joined, own = ranking.entries.astype(np.float64), turn.ranking.entries.astype(np.float64)
    if turn.quoted is not None:
        # Their words together say nothing of whether it answers again: the reader does, and what the turn adds.
        joined /= max(1.0 - joined[turn.quoted], 1e-6)
        joined[turn.quoted] = own[turn.quoted] = same[turn.quoted] = 1.0
    logs = (np.log(np.minimum(shares, 1.0) + 1e-4) for shares in (own, joined))
    strange, ones = np.full(n, turn.strangeness), np.ones(n)
    return np.stack([read, *logs, same, turn.again * same, strange, read * same, turn.said * same, ones], axis=1)


def signals(features: Features, opinion: Opinion | None, ranking: Ranking, logits: Mapping[int, float]) -> Doubles:
    """What the calibration sees of one question, shape ``(len(SIGNALS),)``."""
    top = int(ranking.entries.argmax())
    found = {
        "top_probability": _logit(float(ranking.entries[top])),
        "reader_best": logits.get(top, min(logits.values(), default=0.0)),
        "reader_most": max(logits.values(), default=0.0),
        "closeness": min(float(features.fields[:, _COSINES].max()), _NEAR),
        "familiarity": features.familiarity[top],
        "novelty": features.novelty,
        "classifier_top": 0.0 if opinion is None else opinion.targets.max(),
        "classifier_outside": 0.0 if opinion is None else opinion.outside,
    }
    return np.asarray([float(found[name]) for name in SIGNALS])


def probability(signals: Doubles, weights: Sequence[float]) -> float:
    """The logistic (Platt 1999) of SIGNALS, weighed, and of the intercept, which comes last; in [0, 1]."""
    return float(1 / (1 + np.exp(-(np.append(signals, 1.0) @ np.asarray(weights)))))


def fit_ranking(
    questions: Sequence[Doubles], wanted: Sequence[Ints], penalty: float, prior: Sequence[float] = ()
) -> Doubles:
    """Weights that make the wanted targets likely among all (conditional logit, McFadden 1974).

    Args:
        questions: ``ranking_columns`` of each question.
        wanted: Rows of the targets that answer it; any one counts.
        penalty: L2 penalty on the distance of the weights from ``prior``.
        prior: A weight for each column; by default 0.

    Returns:
        One weight for each column, none negative.
    """
    from scipy.optimize import minimize  # searching does not need it

    n = questions[0].shape[1]
    before = np.asarray(prior or np.zeros(n))
    stacks = [_stacked(some) for some in batched(zip(questions, wanted, strict=True), _AT_ONCE)]

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        moved = weights - before
        total, gradient = 0.5 * penalty * float(moved @ moved), penalty * moved
        for columns, starts, sizes, rights in stacks:
            scores = columns @ weights
            all_ = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
            right = all_ * rights
            sums, right_sums = np.add.reduceat(all_, starts), np.add.reduceat(right, starts)
            total -= float(np.log(right_sums / sums + 1e-12).sum())
            gradient = gradient + (all_ / np.repeat(sums, sizes) - right / np.repeat(right_sums, sizes)) @ columns
        return total, gradient

    # A field never speaks against itself: a negative weight is noise that another corpus would pay for.
    found: Doubles = minimize(loss, np.full(n, 0.1), jac=True, method="L-BFGS-B", bounds=[(0, None)] * n).x
    return found


def _stacked(questions: Sequence[tuple[Doubles, Ints]]) -> tuple[Doubles, Ints, Ints, npt.NDArray[np.bool_]]:
    """The rows of some questions below each other, where each begins, how many it has, and which are wanted."""
    sizes = np.asarray([len(columns) for columns, _ in questions])
    starts = np.cumsum(sizes) - sizes
    rights = np.zeros(sizes.sum(), dtype=bool)
    rights[np.concatenate([start + rows for start, (_, rows) in zip(starts, questions, strict=True)])] = True
    return np.concatenate([columns for columns, _ in questions]), starts, sizes, rights


def _logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return float(np.log(p / (1 - p)))

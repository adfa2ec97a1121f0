"""Learning a corpus's own weights at build time from its phrasings, each left out in turn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.calibration import Curve, Learned, calibrated, shipped, with_thresholds
from index.classifier import OUTSIDE, Classifier, fit
from index.dense import Vectors
from index.features import FIELDS, EncodedQuery, FeatureExtractor, Features
from index.lexical import Doubles, Ints
from index.ranking import (
    CLASSIFIER_SIGNALS,
    SIGNALS,
    Opinion,
    Ranking,
    Weights,
    fit_ranking,
    fit_reader,
    rank,
    ranking_columns,
    reranked,
    signals,
    to_read,
)

# A classifier needs a few examples of each class; its closed form is cubic in their number.
_FEWEST_PHRASINGS = 30
_MOST_PHRASINGS = 5000
_PENALTY = 1.0
# Where more entries than this have no phrasings, the text tells as much as the classifier.
_MOSTLY = 0.5
# Of the questions with an answer, and of those without: a reader reads each, which takes most of a build's time.
_MOST_TRIALS = 300
# Least threshold where near questions without an answer were made up, some of which a neighbour answers: silent
# when it is twice as likely that nothing does.
_LEAST = 1 / 3


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Questions of which it is known what answers them, read and encoded."""

    asked: Sequence[EncodedQuery]
    """The phrasings of a corpus, in the order of its rows."""
    outside: Sequence[EncodedQuery] = ()
    """Questions that it does not answer."""
    outside_groups: Sequence[int] = ()
    """The group of each of these, from 0; a group is left out as a whole."""
    n_unanswered: int = 0
    """How many of these its editor wrote; where they are few, near ones are made up."""


def train_classifier(extractor: FeatureExtractor, known: TrainingSet) -> tuple[Classifier, Doubles, Doubles] | None:
    """The classifier of a corpus that has phrasings enough, None for the others."""
    asked, rows = known.asked, extractor.rows
    if not _FEWEST_PHRASINGS <= len(asked) <= _MOST_PHRASINGS:
        return None
    questions, outside = [*asked, *known.outside], np.full(len(known.outside), OUTSIDE, dtype=np.intp)
    vectors: Vectors = np.stack([q.vectors[0] for q in questions])
    labels = np.concatenate([rows.target_of_phrasing, outside])
    groups = np.concatenate([np.arange(len(asked)), np.asarray(known.outside_groups, dtype=np.intp) + len(asked)])
    entries = rows.entry_of_target[rows.target_of_phrasing]
    wider = np.concatenate([entries, len(rows.entries) + np.arange(len(outside))])
    return fit([q.query for q in questions], vectors, labels, groups, wider)


Read = Callable[[EncodedQuery, Sequence[int]], Sequence[float]]
"""What a reader says of some targets, by their rows: a logit for each."""


def learn(
    extractor: FeatureExtractor,
    trained: tuple[Classifier, Doubles, Doubles] | None,
    known: TrainingSet,
    max_error: float,
    read: Read | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Learned:
    """Weights, calibration and thresholds of a corpus, from its phrasings; shipped ones without phrasings.

    Args:
        extractor: The corpus.
        trained: What ``train_classifier`` made of the same questions.
        known: The questions.
        max_error: See ``threshold``.
        read: The reader, if there is one.
        on_progress: Called with the number of trials made and to make.
    """
    if trained is None:
        return shipped(max_error, reader=read is not None)
    trials = Trials(extractor, *trained, known, on_progress)
    inside = trials.phrasings() + trials.unasked_phrasings()
    near = trials.orphans()
    columns = [ranking_columns(t.features, t.opinion, t.owner) for t in inside]
    fields = fit_ranking(columns, [t.wanted for t in inside], _PENALTY, range(len(FIELDS) + 1))
    weights = Weights(tuple(fields.tolist()))  # to rank by; what follows says how far to trust it
    everything = [*_some(inside, _MOST_TRIALS), *_some(trials.without_answer(), _MOST_TRIALS), *near]
    weights, rankings, seen = _judged(everything, weights, read)
    entry = np.asarray([t.entry for t in everything])
    learned = calibrated(
        seen,
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
    return with_thresholds(learned.weights, curve, max_error, learned.sure)


def _judged(trials: Sequence["Trial"], weights: Weights, read: Read | None) -> tuple[Weights, list[Ranking], Doubles]:
    """Rank trials in both stages; the weights with the reader's share, the rankings, and their signals."""
    rankings = [rank(t.features, t.opinion, weights, t.owner) for t in trials]
    logits: list[Mapping[int, float]] = [{} for _ in trials]
    if read:
        for place, (trial, ranking) in enumerate(zip(trials, rankings, strict=True)):
            chosen = to_read(ranking, trial.owner)
            said = read(trial.question, [int(trial.targets[row]) for row in chosen.values()])
            logits[place] = dict(zip(chosen, said, strict=True))
        known = zip(rankings, logits, trials, strict=True)
        weights = replace(weights, reader=fit_reader([(r, own, t.entry) for r, own, t in known if t.entry in own]))
        rankings = [reranked(r, own, weights) for r, own in zip(rankings, logits, strict=True)]
    every = zip(trials, rankings, logits, strict=True)
    return weights, rankings, np.stack([signals(t.features, t.opinion, r, own, t.words) for t, r, own in every])


def _some(trials: Sequence["Trial"], most: int) -> list["Trial"]:
    """A sample of trials, in their order."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(trials))[:most])
    return [trials[row] for row in chosen.tolist()]


def near_to_simulate(n_outside: int, n_unanswered: int) -> int:
    """How many near questions without an answer to make up, where an editor wrote few: half of the general ones."""
    return max(0, (n_outside - n_unanswered) // 2 - n_unanswered)


NOBODY = -1
"""The entry that answers what no entry answers."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, and what should become of it."""

    question: EncodedQuery
    features: Features
    opinion: Opinion
    owner: Ints
    """Entry of each target."""
    targets: Ints
    """Row of each target in the corpus."""
    words: int
    wanted: Ints
    """Targets that answer; empty when none does."""
    entry: int
    """The entry that answers, or NOBODY."""
    group: int
    """Trials of one group are held out together."""
    simulated: bool = False
    """Whether it is without an answer because its entry was taken away; a neighbour may answer it all the same."""


class Trials:
    """Trials of a corpus from its phrasings and from what it does not answer; its classifier learned from both."""

    def __init__(
        self,
        extractor: FeatureExtractor,
        classifier: Classifier,
        own: Doubles,
        wider: Doubles,
        known: TrainingSet,
        on_progress: Callable[[int, int], None],
    ) -> None:
        self._extractor = extractor
        self._classifier = classifier
        self._own, self._wider = own, wider
        self._known = known
        self._owner = extractor.rows.entry_of_target
        self._targets = extractor.rows.target_of_phrasing
        self._entries: Ints = self._owner[self._targets]
        self._n_unasked = round(self.unasked * len(known.asked))
        self._n_orphans = min(near_to_simulate(len(known.outside), known.n_unanswered), len(known.asked))
        self._on_progress = on_progress
        self._made = 0

    @property
    def unasked(self) -> float:
        """Share of the entries that nobody wrote phrasings for."""
        return 1 - len(np.unique(self._entries)) / (int(self._owner.max()) + 1)

    def phrasings(self) -> list[Trial]:
        """Each phrasing, had nobody written it."""
        every = range(len(self._known.asked))
        return [self._phrasing(n, np.asarray([n], dtype=np.intp), self._own) for n in every]

    def unasked_phrasings(self) -> list[Trial]:
        """As large a share of them as there are entries without phrasings, had nobody written any of their entry.

        Without these, weights would trust phrasings alone, and the other entries would never be found.
        """
        return [self._phrasing(n, self._siblings(n), self._wider) for n in self._sample(self._n_unasked)]

    def without_answer(self) -> list[Trial]:
        """What the corpus is known not to answer."""
        scores = self._own[len(self._known.asked) :]
        outside = zip(self._known.outside, self._known.outside_groups, scores, strict=True)
        return [self._trial(q, None, own, np.empty(0, dtype=np.intp), NOBODY, group) for q, group, own in outside]

    def orphans(self) -> list[Trial]:
        """Phrasings whose whole entry is taken away, where an editor wrote few questions without an answer."""
        after = max(self._known.outside_groups, default=-1) + 1
        rows = self._sample(self._n_orphans)
        trials = [self._phrasing(row, self._siblings(row), self._wider) for row in rows]
        return [_orphaned(trial, group) for group, trial in enumerate(trials, after)]

    def _sample(self, n: int) -> list[int]:
        chosen: list[int] = np.random.default_rng(0).permutation(len(self._known.asked))[:n].tolist()
        return chosen

    def _siblings(self, row: int) -> Ints:
        return np.flatnonzero(self._entries == self._entries[row])

    def _phrasing(self, row: int, without: Ints, scores: Doubles) -> Trial:
        entry = int(self._entries[row])
        alone = len(without) == len(self._siblings(row))
        # Nothing is left that tells which part of the entry was meant.
        wanted = np.flatnonzero(self._owner == entry) if alone else self._targets[row : row + 1]
        return self._trial(self._known.asked[row], without, scores[row], wanted, entry, -1 - row)

    def _trial(
        self, question: EncodedQuery, without: Ints | None, scores: Doubles, wanted: Ints, entry: int, group: int
    ) -> Trial:
        self._made += 1
        n_known = len(self._known.asked) + len(self._known.outside)
        self._on_progress(self._made, n_known + self._n_unasked + self._n_orphans)
        return Trial(
            question=question,
            features=self._extractor.extract(question, without),
            opinion=self._classifier.opinion(scores, len(self._owner)),
            owner=self._owner,
            targets=np.arange(len(self._owner)),
            words=len(question.query.terms),
            wanted=wanted,
            entry=entry,
            group=group,
        )


def _orphaned(trial: Trial, group: int) -> Trial:
    kept = trial.owner != trial.entry
    others = np.arange(len(trial.features.familiarity)) != trial.entry
    seen = trial.features
    return replace(
        trial,
        features=replace(
            seen,
            fields=seen.fields[kept],
            familiarity=seen.familiarity[others],
            asked=seen.asked[others],
            stands=seen.stands[others],
        ),
        opinion=replace(trial.opinion, targets=trial.opinion.targets[kept]),
        targets=trial.targets[kept],
        owner=trial.owner[kept] - (trial.owner[kept] > trial.entry),
        wanted=np.empty(0, dtype=np.intp),
        entry=NOBODY,
        group=group,
        simulated=True,
    )

"""Learning a corpus's own weights at build time from its phrasings, each left out in turn."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.calibration import ENOUGH, N_FOLDS, Learned, calibrated, shipped
from index.classifier import OUTSIDE, Classifier, fit
from index.dense import Vectors
from index.features import FIELDS, EncodedQuery, FeatureExtractor, Features
from index.lexical import Doubles, Ints
from index.ranking import (
    SIGNALS,
    Opinion,
    Weights,
    fit_ranking,
    rank,
    ranking_columns,
    reranked,
    signals,
    to_read,
)

# As ``ENOUGH``, for the calibration where no reader tells near questions: the shipped one then knows little.
_ENOUGH_UNREAD = 30
# The closed form of the classifier is cubic in the number of its examples.
_MOST_PHRASINGS = 5000
# On the distance of ranking weights from the shipped ones, before the first phrasing. Over six FAQs (bench_workshop.py)
# 1 and 3 put up to 2 points fewer entries first than the shipped weights with 5 to 60 phrasings, 10 to 100 never do.
_PENALTY = 30.0


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Questions of which it is known what answers them, read and encoded."""

    asked: Sequence[EncodedQuery]
    """The phrasings of a corpus, in the order of its rows."""
    outside: Sequence[EncodedQuery] = ()
    """Questions that it does not answer."""
    outside_groups: Sequence[int] = ()
    """The group of each of these, from 0; a group is left out as a whole."""
    unanswered: Collection[int] = ()
    """Which of ``outside`` its editor wrote."""


def train_classifier(extractor: FeatureExtractor, known: TrainingSet) -> tuple[Classifier, Doubles] | None:
    """The classifier of a corpus that has phrasings, and not too many; None for the others."""
    asked, rows = known.asked, extractor.rows
    if not 0 < len(asked) <= _MOST_PHRASINGS:
        return None
    questions, outside = [*asked, *known.outside], np.full(len(known.outside), OUTSIDE, dtype=np.intp)
    vectors: Vectors = np.stack([q.vectors[0] for q in questions])
    labels = np.concatenate([rows.target_of_phrasing, outside])
    groups = np.concatenate([np.arange(len(asked)), np.asarray(known.outside_groups, dtype=np.intp) + len(asked)])
    return fit([q.query for q in questions], vectors, labels, groups)


Read = Callable[[EncodedQuery, Sequence[int]], Sequence[float]]
"""What a reader says of some targets, by their rows: a logit for each."""


def learn(
    extractor: FeatureExtractor,
    trained: tuple[Classifier, Doubles] | None,
    known: TrainingSet,
    max_error: float,
    read: Read | None = None,
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Learned:
    """Weights, calibration and thresholds of a corpus: the shipped ones, moved as far as its own questions tell.

    The phrasings move the ranking; beside them, the questions that an editor wrote as unanswered, and half as many
    general ones, the calibration. General ones alone would not do: they are so easily refused that near ones would
    pass. Where there is no reader they have to: it is what tells near ones.

    What is learned from phrasings is about entries that have some: for the others, the shipped weights stay. Learning
    one ranking for both, from phrasings asked as if their entry had none, answered 4 of 35 questions about five entries
    added to the shipped corpus, and lost 20 of its 394 known ones.

    Args:
        extractor: The corpus.
        trained: What ``train_classifier`` made of the same questions.
        known: The questions.
        max_error: See ``threshold``.
        read: The reader, if there is one.
        on_progress: Called with the number of trials made and to make.
    """
    prior = shipped(max_error, reader=read is not None)
    if trained is None:
        return prior
    trials = Trials(extractor, *trained, known, 0 if read else len(known.asked), on_progress)
    inside = trials.phrasings()
    columns = [ranking_columns(t.features, t.opinion, t.owner) for t in inside]
    before, penalty = prior.weights.fields, _PENALTY ** max(0.0, 1 - len(known.asked) / ENOUGH)
    fields = fit_ranking(columns, [t.wanted for t in inside], penalty, range(len(FIELDS) + 1), before)
    weights = replace(prior.weights, fields=tuple(fields.tolist()))
    rows = extractor.rows
    others = prior if len(np.unique(rows.entry_of_target[rows.target_of_phrasing])) < len(rows.entries) else None
    outside = trials.without_answer()
    if not outside:
        return replace(prior, weights=weights, others=others)
    # One phrasing more changes at most one of these: what a reader said of the others is known.
    inside = sorted(inside, key=lambda trial: _hash(trial.question))[:ENOUGH]
    everything, sizes = [*inside, *outside], [len(inside), len(outside)]
    seen, first = judged(everything, weights, read)
    learned = calibrated(
        seen,
        answerable=np.arange(len(seen)) < len(inside),
        right=first == [t.entry for t in everything],
        groups=np.asarray([_hash(t.question) % N_FOLDS for t in everything]),
        weights=weights,
        telling=SIGNALS,
        max_error=max_error,
        shares=np.repeat([min(sizes) / size for size in sizes], sizes),  # both kinds weigh the same
        prior=prior,
        enough=ENOUGH if read else _ENOUGH_UNREAD,
    )
    return replace(learned, others=others)


def judged(trials: Sequence["Trial"], weights: Weights, read: Read | None) -> tuple[Doubles, Ints]:
    """Signals of trials after both stages of the ranking, and the entry that is first."""
    seen, first = [], []
    for trial in trials:
        ranking = rank(trial.features, trial.opinion, weights, trial.owner)
        logits: Mapping[int, float] = {}
        if read:
            chosen = to_read(ranking, trial.owner)
            logits = dict(zip(chosen, read(trial.question, list(chosen.values())), strict=True))
        ranking = reranked(ranking, logits, weights)
        seen.append(signals(trial.features, trial.opinion, ranking, logits))
        first.append(int(ranking.entries.argmax()))
    return np.stack(seen), np.asarray(first)


def _hash(question: EncodedQuery) -> int:
    return int.from_bytes(hashlib.blake2b(question.query.text.encode(), digest_size=8).digest())


NOBODY = -1
"""The entry that answers what no entry answers."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, and what should become of it."""

    question: EncodedQuery
    features: Features
    opinion: Opinion | None
    owner: Ints
    """Entry of each target."""
    wanted: Ints
    """Targets that answer; empty when none does."""
    entry: int
    """The entry that answers, or NOBODY."""


class Trials:
    """Trials of a corpus from its phrasings and from what it does not answer; its classifier learned from both."""

    def __init__(
        self,
        extractor: FeatureExtractor,
        classifier: Classifier,
        own: Doubles,
        known: TrainingSet,
        n_general: int,
        on_progress: Callable[[int, int], None],
    ) -> None:
        self._extractor = extractor
        self._classifier = classifier
        self._own = own
        self._known = known
        self._owner = extractor.rows.entry_of_target
        self._targets = extractor.rows.target_of_phrasing
        self._entries: Ints = self._owner[self._targets]
        by_hash = sorted(range(len(known.outside)), key=lambda row: _hash(known.outside[row]))
        written = [row for row in by_hash if row in known.unanswered][:ENOUGH]
        self._outside = [
            *written,
            *[row for row in by_hash if row not in known.unanswered][: max(len(written) // 2, n_general)],
        ]
        self._on_progress = on_progress
        self._made = 0

    def phrasings(self) -> list[Trial]:
        """Each phrasing, had nobody written it."""
        return [self._phrasing(row) for row in range(len(self._known.asked))]

    def without_answer(self) -> list[Trial]:
        """What an editor wrote that the corpus does not answer, and half as many others, or ``n_general``."""
        scores, nothing = self._own[len(self._known.asked) :], np.empty(0, dtype=np.intp)
        return [self._trial(self._known.outside[row], None, scores[row], nothing, NOBODY) for row in self._outside]

    def _phrasing(self, row: int) -> Trial:
        entry = int(self._entries[row])
        alone = int((self._entries == entry).sum()) == 1
        # Nothing is left that tells which part of the entry was meant.
        wanted = np.flatnonzero(self._owner == entry) if alone else self._targets[row : row + 1]
        return self._trial(self._known.asked[row], np.asarray([row], dtype=np.intp), self._own[row], wanted, entry)

    def _trial(self, question: EncodedQuery, without: Ints | None, scores: Doubles, wanted: Ints, entry: int) -> Trial:
        self._made += 1
        self._on_progress(self._made, len(self._known.asked) + len(self._outside))
        return Trial(
            question=question,
            features=self._extractor.extract(question, without),
            opinion=self._classifier.opinion(scores, len(self._owner)),
            owner=self._owner,
            wanted=wanted,
            entry=entry,
        )

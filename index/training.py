"""Learning a corpus's own weights at build time from its phrasings, each left out in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from corpus.document import Entry
from corpus.lexicon import Lexicon
from index import answer_type
from index.calibration import Curve, Learned, calibrated, shipped, threshold
from index.classifier import OUTSIDE, Classifier, Tokens, opinion
from index.dense import Vectors
from index.features import FIELDS, EncodedQuery, FeatureExtractor, Features
from index.french import fold
from index.query import Query
from index.ranking import (
    CLASSIFIER_SIGNALS,
    SIGNALS,
    Opinion,
    Weights,
    fit_ranking,
    rank,
    ranking_columns,
)
from index.rows import Ints

# A classifier needs a few examples of each class; its closed form is cubic in their number.
_FEWEST_PHRASINGS = 30
_MOST_PHRASINGS = 5000
_PENALTY = 1.0
# Where more entries than this have no phrasings, the text tells as much as the classifier.
_MOSTLY = 0.5
# Least threshold where near questions without an answer were made up, some of which a neighbour answers: silent
# when it is twice as likely that nothing does.
_LEAST = 1 / 3


def tokens(query: Query) -> Tokens:
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
    return Classifier([tokens(q.query) for q in questions], vectors, labels, groups, wider)


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
        return shipped(max_error)
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


NOBODY = -1
"""The entry that answers what no entry answers."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, and what should become of it."""

    features: Features
    opinion: Opinion | None
    owner: Ints
    """Entry of each target."""
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
    """Trials of a corpus from its phrasings and from what it does not answer.

    Args:
        extractor: The corpus.
        classifier: Learned from ``asked`` and ``outside``, in that order.
        asked: The phrasings, in the order of their rows.
        outside: Questions without an answer.
        outside_groups: The group of each of these, from 0.
    """

    def __init__(
        self,
        extractor: FeatureExtractor,
        classifier: Classifier,
        asked: Sequence[EncodedQuery],
        outside: Sequence[EncodedQuery],
        outside_groups: Sequence[int],
    ) -> None:
        self._extractor = extractor
        self._classifier = classifier
        self._asked = asked
        self._outside = outside
        self._outside_groups = outside_groups
        self._owner = extractor.rows.entry_of_target
        self._targets = extractor.rows.target_of_phrasing
        self._entries: Ints = self._owner[self._targets]

    @property
    def unasked(self) -> float:
        """Share of the entries that nobody wrote phrasings for."""
        return 1 - len(np.unique(self._entries)) / (int(self._owner.max()) + 1)

    def phrasings(self) -> list[Trial]:
        """Each phrasing, had nobody written it."""
        return [self._phrasing(n, np.asarray([n], dtype=np.intp), self._classifier.left_out) for n in self._all()]

    def unasked_phrasings(self) -> list[Trial]:
        """As large a share of them as there are entries without phrasings, had nobody written any of their entry.

        Without these, weights would trust phrasings alone, and the other entries would never be found.
        """
        chosen = self._some(round(self.unasked * len(self._asked)))
        return [self._phrasing(n, self._siblings(n), self._classifier.left_out_wider) for n in chosen]

    def without_answer(self) -> list[Trial]:
        """What the corpus is known not to answer."""
        first = len(self._asked)
        return [
            self._trial(question, None, self._classifier.left_out[first + n], np.empty(0, dtype=np.intp), NOBODY, group)
            for n, (question, group) in enumerate(zip(self._outside, self._outside_groups, strict=True))
        ]

    def orphans(self, n: int) -> list[Trial]:
        """At most so many phrasings whose whole entry is taken away: near questions without an answer."""
        after = max(self._outside_groups, default=-1) + 1
        found = []
        for place, row in enumerate(self._some(n)):
            trial = self._phrasing(row, self._siblings(row), self._classifier.left_out_wider)
            found.append(_orphaned(trial, after + place))
        return found

    def _all(self) -> range:
        return range(len(self._asked))

    def _some(self, n: int) -> list[int]:
        chosen: list[int] = np.random.default_rng(0).permutation(len(self._asked))[:n].tolist()
        return chosen

    def _siblings(self, row: int) -> Ints:
        return np.flatnonzero(self._entries == self._entries[row])

    def _phrasing(self, row: int, without: Ints, scores: npt.NDArray[np.float64]) -> Trial:
        entry = int(self._entries[row])
        alone = len(without) == len(self._siblings(row))
        # Nothing is left that tells which part of the entry was meant.
        wanted = np.flatnonzero(self._owner == entry) if alone else self._targets[row : row + 1]
        return self._trial(self._asked[row], without, scores[row], wanted, entry, -1 - row)

    def _trial(
        self,
        question: EncodedQuery,
        without: Ints | None,
        scores: npt.NDArray[np.float64],
        wanted: Ints,
        entry: int,
        group: int,
    ) -> Trial:
        return Trial(
            features=self._extractor.extract(question, without),
            opinion=opinion(self._classifier, scores, len(self._owner)),
            owner=self._owner,
            words=len(question.query.terms),
            wanted=wanted,
            entry=entry,
            group=group,
        )


def _orphaned(trial: Trial, group: int) -> Trial:
    kept = trial.owner != trial.entry
    others = np.arange(len(trial.features.coverage)) != trial.entry
    features, heard = trial.features, trial.opinion
    return Trial(
        features=Features(
            features.fields[kept],
            features.coverage[others],
            features.familiarity[others],
            features.strangeness,
            features.novelty,
            features.missing[others],
            features.asked[others],
        ),
        opinion=Opinion(heard.targets[kept], heard.outside) if heard else None,
        owner=trial.owner[kept] - (trial.owner[kept] > trial.entry),
        words=trial.words,
        wanted=np.empty(0, dtype=np.intp),
        entry=NOBODY,
        group=group,
        simulated=True,
    )

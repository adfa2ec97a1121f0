"""Questions whose answer is known, asked of a corpus as if it had not learned from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.classifier import Classifier, opinion
from index.features import EncodedQuery, FeatureExtractor, Features
from index.ranking import Opinion
from index.rows import Ints

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

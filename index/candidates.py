"""The first stage of a search: the few hundred entries that may answer, and a sample that stands for all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from index.dense import Field, Vectors
from index.lexical import Doubles, Ints, spread
from index.rows import LexicalFields, Rows

SMALL = 1_000
"""Targets up to which every entry is looked at: choosing some would cost more than it saves."""
NEAREST = 100
"""Rows that each field nominates. Of citizens' messages over 14,757 passages, 99.6 % keep with 100 the first entry that
they have over all entries, 98.8 % with 25 (and a sample of 512); the right one is among five as often."""
_SAMPLE = 256
"""Entries that stand for those not nominated: of the same messages all keep their first entry; the log-odds of it vary
by 0.10, with 128 by 0.15, with 512 by 0.07."""
_NOMINATING = ("passages", "headings")
"""The largest first: where they are asked at once, it takes longest."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The entries that one question is compared with, by their rows in the corpus."""

    entries: Ints
    """Ascending."""
    targets: Ints
    """All of theirs, ascending."""
    owner: Ints
    """Place in ``entries`` of the entry of each of ``targets``."""
    stands: Doubles
    """How many entries of the corpus each stands for: 1 for what was nominated, the same for each of the sample.

    Sums weighed by it estimate those over the whole corpus without bias (Horvitz and Thompson 1952): the few
    that score high are all there, the many others are sampled.
    """


class Candidates:
    """Chooses pools of one corpus."""

    def __init__(self, rows: Rows, dense: Mapping[str, Field], lexical: LexicalFields) -> None:
        self._rows, self._dense, self._lexical = rows, dense, lexical
        n = len(rows.entries)
        self._by_entry: Ints = np.argsort(rows.entry_of_target, kind="stable")
        self._starts: Ints = np.searchsorted(rows.entry_of_target[self._by_entry], np.arange(n + 1))
        # Always the same entries: a question has one answer.
        self._sample: Ints = np.sort(np.random.default_rng(0).choice(n, min(n, _SAMPLE), replace=False))

    @cached_property
    def everything(self) -> Pool:
        """All of the corpus."""
        n = len(self._rows.entries)
        return Pool(np.arange(n), np.arange(len(self._rows.targets)), self._rows.entry_of_target, np.ones(n))

    def pool(self, vectors: Vectors, terms: Sequence[str], added: Sequence[str], also: Ints) -> Pool:
        """Entries to compare a question with.

        Args:
            vectors: Of the question, shape ``(n, dim)``.
            terms: Its stems.
            added: Stems that the lexicon adds.
            also: Rows of targets that are nominated in any case.
        """
        rows = self._rows
        if len(rows.targets) <= SMALL:
            return self.everything
        stems = [*terms, *added]
        # All are asked before the first is waited for: a database answers them at once.
        alike = self._lexical.entries.best_later(stems, NEAREST)
        near = {field: self._dense[field].nearest_later(vectors, NEAREST) for field in _NOMINATING}
        targets = [also]
        if rows.phrasings:
            said = self._dense["phrasings"].nearest_later(vectors, NEAREST)
            targets = [
                also,
                *(rows.target_of_phrasing[own] for own in (self._lexical.phrasings.best(stems, NEAREST), said())),
            ]
        entries = [alike(), near["headings"](), rows.entry_of_passage[near["passages"]()]]
        return self._of(np.unique(np.concatenate([*entries, rows.entry_of_target[np.concatenate(targets)]])))

    def _of(self, nominated: Ints) -> Pool:
        others = np.setdiff1d(self._sample, nominated, assume_unique=True)
        entries = np.union1d(nominated, others)
        stands = np.ones(len(entries))
        if len(others):
            n_others = len(self._rows.entries) - len(nominated)
            stands[np.searchsorted(entries, others)] = n_others / len(others)
        targets = np.sort(self._by_entry[spread(self._starts[entries], self._starts[entries + 1])])
        return Pool(entries, targets, np.searchsorted(entries, self._rows.entry_of_target[targets]), stands)

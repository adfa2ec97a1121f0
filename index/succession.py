"""Texts that take the place of others: of two that are nearly as likely, the one that replaces the other goes first."""

from collections.abc import Mapping, Sequence

import numpy as np

from corpus.document import Source
from index.lexical import Ints
from index.ranking import Ranking

_NEAR = 0.2
"""Share of the probability of an entry from which one of the text that replaces its own is nearly as likely."""
_LEFT = 0.2
"""Share that the replaced one keeps: enough to be quoted after it, with the line that says so."""


class Succession:
    """Which documents of a corpus take the place of which.

    Args:
        sources: Of the corpus, as its catalogue says.
        documents: Identifiers of those that have entries, in the order of the index.
        today: Before a text is repealed, and before its successor is in force, the latter does not go first.
    """

    def __init__(self, sources: Sequence[Source], documents: Sequence[str], today: str) -> None:
        begins = {s.id: s.status.in_force if s.status else "" for s in sources}
        next_ = {
            s.id: s.status.successor
            for s in sources
            if s.status and max(s.status.repealed, begins.get(s.status.successor, "")) <= today
        }
        place = {id_: number for number, id_ in enumerate(documents)}
        self._later: dict[int, list[int]] = {}
        for id_ in filter(place.__contains__, next_):
            later = [place[other] for other in _after(id_, next_) if other in place]
            if later and place[id_] not in later:  # two that replace each other say nothing
                self._later[place[id_]] = later

    def preferring(self, ranking: Ranking, documents: Ints, owner: Ints) -> Ranking:
        """The ranking, where what a replaced text has of the probability goes to its successor's nearly equal entry.

        Args:
            ranking: By the fields.
            documents: The document of each entry of the ranking.
            owner: The entry of each target.
        """
        replaced = np.flatnonzero(np.isin(documents, list(self._later))).tolist()
        if not replaced:
            return ranking
        targets, entries = ranking.targets.copy(), ranking.entries.copy()
        for place in replaced:
            later = np.flatnonzero(np.isin(documents, self._later[int(documents[place])]))
            best = int(later[ranking.entries[later].argmax()]) if len(later) else place
            if best == place or ranking.entries[best] < _NEAR * ranking.entries[place]:
                continue
            entries[best] += (1 - _LEFT) * entries[place]
            entries[place] *= _LEFT
            own, first = owner == place, ranking.best_target(best, owner)
            targets[first] = max(targets[first], targets[own].max())
            targets[own] *= _LEFT
        return Ranking(targets, entries)


def _after(id_: str, next_: Mapping[str, str]) -> list[str]:
    """What replaces a text, what replaces that, and so on."""
    found: list[str] = []
    while (id_ := next_.get(id_, "")) and id_ not in found:
        found.append(id_)
    return found

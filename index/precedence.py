"""What goes first whatever the fields say: an exact heading, the text in force, what was quoted, all of one heading."""

from collections.abc import Mapping, Sequence

import numpy as np

from corpus.document import Source
from index.candidates import Pool
from index.french import stems
from index.lexical import Floats, Ints
from index.query import Query
from index.ranking import Ranking
from index.records import some
from index.result import AFTER_QUESTION, RESERVE
from index.rows import Rows, unnumbered

N_NEAR = 20
"""Entries, of the likeliest, that are looked at."""
# Of those with one heading, how many are offered, and how likely a second one is then beside the first.
_N_ALIKE, _CLOSE = 3, 0.1
_NEARLY = 0.2
"""Share of the probability of an entry from which one of the text that replaces its own is nearly as likely."""
_LEFT = 0.2
"""Share that the replaced one keeps: enough to be quoted after it, with the line that says so."""


def with_first(ranking: Ranking, targets: Ints, owner: Ints) -> Ranking:
    """The ranking with the best of these targets, and its entry, before all others."""
    best = max(targets, key=lambda row: float(ranking.targets[row]))
    of_targets, of_entries = ranking.targets.copy(), ranking.entries
    of_targets[best] = 1.0
    if int(of_entries.argmax()) != owner[best]:
        of_entries = of_entries * np.float32(0.5)
        of_entries[owner[best]] += np.float32(0.5)
    return Ranking(of_targets, of_entries)


def with_each(ranking: Ranking, entries: Sequence[int]) -> Ranking:
    """The ranking with these entries before all others, each as likely, but for their order."""
    of_entries = ranking.entries * np.float32(0.5)
    of_entries[list(entries)] += np.float32(0.5 / len(entries))
    return Ranking(ranking.targets, of_entries)


def beside_quoted(
    ranking: Ranking, right: float, quoted: int | None, holds: bool, familiarity: Floats, owner: Ints
) -> float:
    """How likely the first entry answers a turn after a question, beside what was quoted for it.

    A reserve is said of what is found instead of what has most of the turn's words, and of what has none of them.

    Args:
        ranking: Of the turn after the question.
        right: How likely its first entry answers the turn.
        quoted: Place of the target that was quoted, if one was.
        holds: Whether it has most of the words that the turn adds.
        familiarity: ``Features.familiarity`` of the turn alone.
        owner: Place of the entry of each target.
    """
    first = int(ranking.entries.argmax())
    beside = holds and quoted is not None and first != owner[quoted]
    return min(right, AFTER_QUESTION.sure - RESERVE) if beside or not familiarity[first] else right


def alike(query: Query, ranking: Ranking, pool: Pool, rows: Rows) -> list[int]:
    """Places in the pool of the likeliest entries with the heading of the first, where nothing tells them apart.

    "Tarifs ?" asks as much of the swimming pool as of the library: one must ask back which.
    """
    best = np.argsort(-ranking.entries, kind="stable")[:N_NEAR].tolist()
    shared = [place for place in best if rows.layout.named_by[pool.entries[place]] > 1]
    if not query.terms or shared[:1] != best[:1]:
        return []
    entries = some(rows.entries, pool.entries[shared].tolist())
    targets = [int(pool.targets[ranking.best_target(place, pool.owner)]) for place in shared]
    heading = unnumbered(entries[0].heading_text)
    told = set(query.terms) - set(stems(heading))
    if told & set(stems(f"{rows.label(targets[0])} {entries[0].body_text}")):
        return []
    same = [n for n, e in enumerate(entries) if unnumbered(e.heading_text) == heading][:_N_ALIKE]
    found = [shared[n] for n in same]
    close = not told or ranking.entries[found[1:2]].sum() >= _CLOSE * ranking.entries[found[0]]
    return found if len({rows.label(targets[n]) for n in same}) > 1 and close else []


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
            if best == place or ranking.entries[best] < _NEARLY * ranking.entries[place]:
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

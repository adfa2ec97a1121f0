"""Entries that share a heading, of which nothing in a question tells which is meant."""

from collections.abc import Sequence

import numpy as np

from index.candidates import Pool
from index.french import stems
from index.query import Query
from index.ranking import Ranking
from index.records import some
from index.rows import Rows, unnumbered

N_NEAR = 20
"""Entries, of the likeliest, that are looked at."""
# Of those with one heading, how many are offered, and how likely a second one is then beside the first.
_N_ALIKE, _CLOSE = 3, 0.1


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


def is_of(query: Query, heading: str) -> bool:
    """Whether all that a question says is in a heading."""
    return set(query.terms) <= set(stems(heading))


def with_each(ranking: Ranking, entries: Sequence[int]) -> Ranking:
    """The ranking with these entries before all others, each as likely, but for their order."""
    of_entries = ranking.entries * np.float32(0.5)
    of_entries[list(entries)] += np.float32(0.5 / len(entries))
    return Ranking(ranking.targets, of_entries)

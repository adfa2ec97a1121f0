"""What bench_retrieval counts: everything follows from the rank of the first right entry of each question."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.evaluation.figures import Estimate

DEPTH = 10
"""Ranks beyond count for nothing in MRR and nDCG."""


def rank_of(wanted: frozenset[str], ranking: Sequence[str]) -> int | None:
    """Rank, from 1, of the first of ``ranking`` that is wanted; None when none is.

    >>> rank_of(frozenset({"c", "b"}), ["a", "b", "c"]), rank_of(frozenset({"d"}), ["a", "b", "c"])
    (2, None)
    """
    return next((rank for rank, unit in enumerate(ranking, 1) if unit in wanted), None)


def reciprocal_rank_fusion(rankings: Sequence[Sequence[int]], k: int = 60) -> list[int]:
    """Rows by the sum of 1 / (k + rank) over the rankings, best first (Cormack et al. 2009); a tie by row.

    Counted from 1, 1/4 + 1/7 is less than 1/5 + 1/5: from 0 they would tie.

    >>> reciprocal_rank_fusion([[1, 2], [3, 2, 4, 1]], 3)
    [2, 1, 3, 4]
    >>> reciprocal_rank_fusion([[1, 3], [2, 3]])
    [3, 1, 2]
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda row: (-scores[row], row))


def first_seen(units: Iterable[str]) -> list[str]:
    """A ranking of passages as one of entries: each at the place of its best passage.

    >>> first_seen(["a", "b", "a", "c"])
    ['a', 'b', 'c']
    """
    return list(dict.fromkeys(units))


@dataclass(frozen=True, slots=True)
class Figures:
    """One system on one set of questions."""

    hit1: Estimate
    hit5: Estimate
    mrr: float
    """Mean of 1 / rank, 0 beyond DEPTH."""
    ndcg: float
    """Mean of 1 / log2(1 + rank), 0 beyond DEPTH: nDCG where one entry is wanted, or any one of several will do."""

    @classmethod
    def of(cls, ranks: Sequence[int | None]) -> "Figures":
        """From the rank of the right entry of each question, None where it was not found.

        >>> found = Figures.of([1, 5, None, 6, 11])
        >>> found.hit1.value, found.hit5.value, found.mrr == (1 + 1 / 5 + 1 / 6) / 5
        (0.2, 0.4, True)
        >>> found.ndcg == (1 + 1 / math.log2(6) + 1 / math.log2(7)) / 5
        True

        Raises:
            ValueError: There is no question.
        """
        if not ranks:
            raise ValueError("no question was asked")
        found = [r for r in ranks if r is not None and r <= DEPTH]
        return cls(
            Estimate.share(sum(r == 1 for r in found), len(ranks)),
            Estimate.share(sum(r <= 5 for r in found), len(ranks)),
            sum(1 / r for r in found) / len(ranks),
            sum(1 / math.log2(1 + r) for r in found) / len(ranks),
        )


def against(own: Sequence[int | None], other: Sequence[int | None]) -> tuple[int, int]:
    """Questions that only ``own`` has right first, and those that only ``other`` has.

    >>> against([1, 1, 2, None, 1], [1, 3, 1, 1, 2])
    (2, 2)
    """
    pairs = [(a == 1, b == 1) for a, b in zip(own, other, strict=True)]
    return sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)

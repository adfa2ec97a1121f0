"""What the benchmark of retrieval counts, by hand; the systems themselves are only timed and printed."""

from math import log2

import pytest
from retrieval_measures import Figures, against, first_seen, rank_of, reciprocal_rank_fusion


def test_the_first_wanted_unit_gives_the_rank() -> None:
    ranking = ["passport", "licence", "vote"]

    assert rank_of(frozenset({"passport"}), ranking) == 1
    assert rank_of(frozenset({"vote", "licence"}), ranking) == 2
    assert rank_of(frozenset({"school"}), ranking) is None


@pytest.mark.parametrize(
    ("rankings", "k", "fused"),
    [
        # Counted from 1: 1/4 + 1/7 = 0.393 against 1/5 + 1/5 = 0.400. From 0 they would tie.
        ([[1, 2], [3, 2, 4, 1]], 3, [2, 1, 3, 4]),
        # 3: 1/62 + 1/62 = 0.0323, more than a first place alone, 1/61 = 0.0164; a tie goes to the lower row.
        ([[1, 3], [2, 3]], 60, [3, 1, 2]),
        # A smaller k makes first places tell: 1 + 1/4 against 1/2 + 1/2.
        ([[1, 2], [3, 2, 4, 1]], 0, [1, 2, 3, 4]),
    ],
)
def test_reciprocal_rank_fusion_by_hand(rankings: list[list[int]], k: int, fused: list[int]) -> None:
    assert reciprocal_rank_fusion(rankings, k) == fused


def test_an_entry_stands_where_its_best_passage_does() -> None:
    assert first_seen(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


def test_figures_of_four_questions() -> None:
    figures = Figures.of([1, 3, None, 6])

    assert (figures.hit1.value, figures.hit5.value) == (0.25, 0.5)
    assert figures.mrr == pytest.approx((1 + 1 / 3 + 1 / 6) / 4)
    assert figures.ndcg == pytest.approx((1 + 1 / 2 + 1 / log2(7)) / 4)


def test_the_eleventh_rank_counts_for_nothing() -> None:
    assert Figures.of([10]).mrr == pytest.approx(0.1)
    assert (Figures.of([11]).mrr, Figures.of([11]).ndcg) == (0.0, 0.0)


def test_no_question_has_no_figures() -> None:
    with pytest.raises(ValueError, match="no question"):
        Figures.of([])


def test_won_and_lost_count_first_places_that_one_alone_has() -> None:
    assert against([1, 1, 2, None, 1], [1, 3, 1, 1, None]) == (2, 2)
    assert against([1, 1], [1, 2]) == (1, 0)

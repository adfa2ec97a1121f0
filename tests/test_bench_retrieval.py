"""What the benchmark of retrieval counts, by hand; the systems themselves are only timed and printed."""

from math import log2

import pytest
from retrieval_measures import Figures, against, first_seen, rank_of, reciprocal_rank_fusion


def test_the_first_wanted_unit_gives_the_rank() -> None:
    ranking = ["passport", "licence", "vote"]

    assert rank_of(frozenset({"passport"}), ranking) == 1
    assert rank_of(frozenset({"vote", "licence"}), ranking) == 2
    assert rank_of(frozenset({"school"}), ranking) is None


def test_fusion_counts_ranks_from_one() -> None:
    # 1: 1/4 + 1/7 = 0.393; 2: 1/5 + 1/5 = 0.400. From zero: 1/3 + 1/6 and 1/4 + 1/4, a tie that goes to 1.
    assert reciprocal_rank_fusion([[1, 2], [3, 2, 4, 1]], k=3)[0] == 2


def test_fusion_weighs_presence_in_both_rankings_more_than_a_first_place() -> None:
    # 1: 1/61 = 0.0164; 3: 1/62 + 1/62 = 0.0323; 2: 1/61, the tie going to the lower row.
    assert reciprocal_rank_fusion([[1, 3], [2, 3]]) == [3, 1, 2]


def test_a_smaller_k_makes_first_places_tell() -> None:
    # k = 60: 1 has 1/61 + 1/64 = 0.03202, 2 has 1/62 + 1/62 = 0.03226; k = 0: 1 + 1/4 against 1/2 + 1/2.
    rankings = [[1, 2], [3, 2, 4, 1]]

    assert reciprocal_rank_fusion(rankings)[0] == 2
    assert reciprocal_rank_fusion(rankings, k=0)[0] == 1


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

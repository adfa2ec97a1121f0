"""Every figure of an evaluation, derived by hand."""

from math import log2

import numpy as np
import pytest
from outcomes import not_refused, outcome, polite, refused

from bot.answer import Kind
from bot.evaluation.figures import (
    Estimate,
    RiskPoint,
    area_under_risk,
    brier,
    by_tag,
    calibration_error,
    confidences,
    figures,
    operating_point,
    plots,
    reliability,
    risk_coverage,
)
from bot.evaluation.questions import Outcome, Verdict


def test_the_interval_of_wilson_by_hand() -> None:
    found = Estimate.share(8, 10)

    # Centre (0.8 + 1.96²/20) / (1 + 1.96²/10) = 0.71674; half 1.96/1.38416 x sqrt(0.016 + 0.009604) = 0.22658.
    assert (found.value, found.n) == (0.8, 10)
    assert (found.low, found.high) == pytest.approx((0.71674 - 0.22658, 0.71674 + 0.22658), abs=1e-5)
    # All of 10: from 1 / (1 + z²/10) to 1.
    assert (Estimate.share(10, 10).low, Estimate.share(10, 10).high) == pytest.approx((0.72246, 1), abs=1e-5)
    assert Estimate.share(0, 0) == Estimate(0.0, 0.0, 1.0, 0)


def test_a_resampled_interval_is_that_of_the_mean_and_always_the_same() -> None:
    found = Estimate.mean([0.0, 1.0] * 200)

    # The mean of 400 tosses of a coin has the standard deviation 0.5 / 20: 0.5 ± 1.96 x 0.025.
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.451, 0.549), abs=0.01)
    assert found == Estimate.mean([0.0, 1.0] * 200)
    assert Estimate.mean([0.25]) == Estimate(0.25, 0.25, 0.25, 1)
    assert Estimate.mean([]) == Estimate(0.0, 0.0, 1.0, 0)


INSIDE = [
    outcome("first", ranking="a b c"),
    outcome("second", Verdict.WRONG_ENTRY, ranking="b a c"),
    outcome("fourth", Verdict.SILENT, given=Kind.REFUSE, ranking="b c d a"),
    # Two entries answer: the better rank counts, and nDCG wants both.
    outcome("two", Verdict.WRONG_PART, wanted="a c", ranking="a b c"),
    outcome("absent", Verdict.CLARIFIED, given=Kind.CLARIFY, ranking="b c"),
    # Met with courtesy: nothing was ranked.
    outcome("none", Verdict.SILENT, given=Kind.SMALLTALK, ranking=""),
]


def test_ranking_figures_by_hand() -> None:
    found = figures(INSIDE)

    assert [found[f"hit@{k}"].estimate.value for k in (1, 3, 5)] == pytest.approx([2 / 6, 3 / 6, 4 / 6])
    assert found["hit@1"].estimate == Estimate.share(2, 6)
    assert found["mrr"].values == {"first": 1, "second": 1 / 2, "fourth": 1 / 4, "two": 1, "absent": 0, "none": 0}
    assert found["mrr"].estimate.value == pytest.approx((1 + 1 / 2 + 1 / 4 + 1) / 6)
    # Gains at ranks 1 and 3 over gains at ranks 1 and 2.
    two = (1 + 1 / log2(4)) / (1 + 1 / log2(3))
    assert found["ndcg@10"].values == pytest.approx(
        {"first": 1, "second": 1 / log2(3), "fourth": 1 / log2(5), "two": two, "absent": 0, "none": 0}
    )


def test_verdict_figures_by_hand() -> None:
    found = figures(INSIDE)

    values = {key: found[key].estimate.value for key in ("hit_rate", "right_entry", "wrongly_silent", "clarified")}
    assert values == pytest.approx(
        {"hit_rate": 1 / 6, "right_entry": 2 / 6, "wrongly_silent": 2 / 6, "clarified": 1 / 6}
    )


def test_refusals_are_counted_over_both_kinds_of_question() -> None:
    silent = outcome("s", Verdict.SILENT, given=Kind.REFUSE)
    found = figures([silent, outcome("r"), refused("a"), refused("b"), not_refused("c"), polite("p")])

    # Three refusals, two of them due; three questions to refuse, two of them refused.
    assert found["refusal_precision"].estimate == Estimate.share(2, 3)
    assert found["refusal_recall"].estimate == Estimate.share(2, 3)
    assert found["courtesy_rate"].estimate == Estimate.share(1, 1)


def test_latency_percentiles_by_hand() -> None:
    found = figures([outcome(str(ms), ms=float(ms)) for ms in range(1, 102)])

    # From 1 to 101 ms: the p-th percentile is 1 + p.
    assert [found[f"latency_p{p}_ms"].estimate.value for p in (50, 95, 99)] == pytest.approx([51, 96, 100])
    assert 35 < found["latency_p50_ms"].estimate.low < 51 < found["latency_p50_ms"].estimate.high < 67


def test_nothing_is_known_of_no_question() -> None:
    assert {figure.estimate for figure in figures([]).values()} == {Estimate(0.0, 0.0, 1.0, 0)}
    assert reliability(*confidences([])) == risk_coverage(*confidences([])) == ()


def stated(*pairs: tuple[float, int]) -> np.ndarray:
    confidence, right = zip(*pairs, strict=True)
    return np.asarray([confidence, right], dtype=np.float64)


def test_calibration_leaves_courtesy_out() -> None:
    met = outcome("met", Verdict.SILENT, given=Kind.SMALLTALK, confidence=1.0)
    wrong = outcome("wrong", Verdict.WRONG_ENTRY, ranking="b a", confidence=0.4)

    found = confidences([outcome("right", confidence=0.8), wrong, refused("r", 0.1), polite("p"), met])

    assert found.tolist() == [[0.8, 0.4, 0.1], [1, 0, 0]]


def test_calibration_by_hand() -> None:
    four = stated((0.95, 1), (0.91, 0), (0.3, 1), (0.05, 0))

    # Bins [0.9, 1]: mean 0.93, half right; [0.3, 0.4): 0.3, all right; [0, 0.1): 0.05, none right.
    assert calibration_error(*four) == pytest.approx((2 * 0.43 + 1 * 0.7 + 1 * 0.05) / 4)
    assert brier(*four) == pytest.approx((0.05**2 + 0.91**2 + 0.7**2 + 0.05**2) / 4)
    assert [(b.low, b.high, b.right.value, b.right.n) for b in reliability(*four)] == [
        (0.0, 0.1, 0, 1),
        (0.3, 0.4, 1, 1),
        (0.9, 1.0, 0.5, 2),
    ]
    assert [b.confidence for b in reliability(*four)] == pytest.approx([0.05, 0.3, 0.93])
    assert calibration_error(*stated(*[(0.75, 1)] * 3, (0.75, 0))) == pytest.approx(0)


def test_a_confidence_on_a_bound_belongs_to_the_bin_that_it_opens() -> None:
    bounds = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

    bins = reliability(*stated(*((c, 1) for c in [*bounds, 1.0])))

    assert [(b.low, b.right.n) for b in bins] == [(low, 2 if low == 0.9 else 1) for low in bounds]


def test_risk_and_coverage_by_hand() -> None:
    # Two questions share the confidence 0.6: no threshold answers one and not the other.
    five = stated((0.2, 0), (0.9, 1), (0.6, 0), (0.8, 1), (0.6, 1))

    assert risk_coverage(*five) == (
        RiskPoint(0.9, 1 / 5, 0),
        RiskPoint(0.8, 2 / 5, 0),
        RiskPoint(0.6, 4 / 5, 1 / 4),
        RiskPoint(0.2, 1, 2 / 5),
    )
    # One and one question at no risk, two at a quarter, one at two fifths.
    assert area_under_risk(*five) == pytest.approx((0 + 0 + 2 * 1 / 4 + 2 / 5) / 5)


def test_the_operating_point_counts_the_answers_given() -> None:
    outcomes = [
        outcome("right"),
        outcome("wrong", Verdict.WRONG_ENTRY, ranking="b a"),
        outcome("silent", Verdict.SILENT, given=Kind.REFUSE),
        refused("r"),
        not_refused("n"),
        polite("p"),
    ]

    # Three of five are answered; one of these from the wrong entry, one without there being any.
    assert operating_point(outcomes).coverage == Estimate.share(3, 5)
    assert operating_point(outcomes).risk == Estimate.share(2, 3)


def test_shares_by_tag_come_with_the_most_frequent_first() -> None:
    tagged: list[Outcome] = [
        outcome("1", tags="sms"),
        outcome("2", Verdict.SILENT, tags="sms caps"),
        refused("3", tags="near"),
        outcome("4"),
    ]

    assert list(by_tag(tagged).items()) == [
        ("sms", Estimate.share(1, 2)),
        ("caps", Estimate.share(0, 1)),
        ("near", Estimate.share(1, 1)),
    ]


def test_the_axis_of_risk_ends_above_the_curve() -> None:
    assert plots([outcome("a")]).top == 0.1
    assert plots([outcome("a"), outcome("b"), not_refused("c")]).top == 0.4
    assert plots([polite("p")]).points == ()

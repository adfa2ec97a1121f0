"""Learning to rank and to doubt: weights on a toy, probabilities and thresholds derived by hand."""

from collections.abc import Sequence
from math import exp, log

import numpy as np
import pytest

from index import ranking
from index.calibration import (
    Curve,
    Learned,
    calibrated,
    learned_from_json,
    learned_to_json,
    needed,
    threshold,
    upper_bound,
)
from index.features import FIELDS, Features
from index.ranking import (
    SIGNALS,
    Opinion,
    Ranking,
    Weights,
    after_question,
    fit_ranking,
    probability,
    rank,
    ranking_columns,
    reranked,
    signals,
    to_read,
)

OWNER = np.array([0, 1, 1])
"""Three targets: one of entry 0, two of entry 1."""


def match(*first_field: float, asked: Sequence[bool] = (True, True)) -> Features:
    """A match whose first field has these values, one for each target, and whose others are 0."""
    fields = np.zeros((len(first_field), len(FIELDS)), dtype=np.float32)
    fields[:, 0] = first_field
    none = np.zeros(len(asked), dtype=np.float32)
    return Features(
        fields, none, strangeness=0.0, novelty=0.0, asked=np.asarray(asked), nearest=none, stands=np.ones(len(asked))
    )


def weights(first_field: float = 0.0, classifier: float = 0.0) -> Weights:
    """Weights that look at the first field and at the classifier only."""
    fields = [0.0] * (len(FIELDS) + 1)
    fields[0], fields[-1] = first_field, classifier
    return Weights(tuple(fields))


@pytest.mark.parametrize(
    ("again", "target"),
    [(0.4, 2), (0.5, 1)],
    ids=["another sentence of the entry has what the turn adds", "what was quoted has most of what the turn adds"],
)
def test_a_turn_may_be_about_another_sentence_of_what_was_quoted(again: float, target: int) -> None:
    joined = Ranking(np.array([0.1, 0.8, 0.1]), np.array([0.2, 0.8]))
    turn = Ranking(np.array([0.1, 0.4, 0.5]), np.array([0.1, 0.9]))

    targets, read = after_question(joined, turn, np.array([0, 1, 1]), 1, again)

    assert read == {0: 0, 1: target}
    assert targets.best_target(1, np.array([0, 1, 1])) == target


def test_fields_are_standardised_over_entries() -> None:
    columns = ranking_columns(match(0.2, 0.8, 0.5), None, OWNER)

    # The entries' best are 0.2 and 0.8: mean 0.5, deviation 0.3.
    assert columns[:, 0] == pytest.approx([-1, 1, 0], abs=1e-6)
    # A field that says the same of all says nothing; without a classifier its column is 0.
    assert columns[:, 1:].tolist() == [[0.0] * len(FIELDS)] * 3


def test_the_opinion_of_the_head_is_the_last_column_at_the_level_of_its_median() -> None:
    columns = ranking_columns(match(0, 0, 0), Opinion(np.array([0.1, 2.0, 0.3], dtype=np.float32), 0.0), OWNER)

    # The entries' best are 0.1 and 2: median 1.05.
    assert columns[:, -1] == pytest.approx([-0.95, 0.95, -0.75])


def test_of_an_entry_without_phrasings_they_say_nothing() -> None:
    row = FIELDS.index("phrasing_dense")
    one = match(0.2, 0.8, 0.5, 0.5, asked=[True, True, False])
    one.fields[:, row] = [0.3, 0.9, 0.1, 0.1]
    opinion = Opinion(np.array([1.0, 3.0, -9.0, -9.0], dtype=np.float32), 0.0)

    columns = ranking_columns(one, opinion, np.array([0, 1, 2, 2]))

    # Over the two entries that have some: mean 0.6, deviation 0.3, and the classifier's median 2.
    assert columns[:, row] == pytest.approx([-1, 1, 0, 0], abs=1e-6)
    assert columns[:, -1] == pytest.approx([-1, 1, 0, 0])
    # The text speaks for all three: best 0.2, 0.8 and 0.5, mean 0.5.
    assert columns[3, 0] == pytest.approx(0, abs=1e-6)
    assert columns[1, 0] > 1


def test_an_entry_is_as_likely_as_its_best_target() -> None:
    features = match(0.2, 0.8, 0.5)
    columns = ranking_columns(features, None, OWNER)
    found = rank(columns, weights(first_field=1.0), OWNER, features.stands)

    # Scores -1, 1, 0 of targets; entries take exp(-1) and exp(1).
    total = exp(-1) + exp(1) + 1
    assert found.targets == pytest.approx([exp(-1) / total, exp(1) / total, 1 / total], abs=1e-6)
    assert found.entries == pytest.approx([exp(-1) / (exp(-1) + exp(1)), exp(1) / (exp(-1) + exp(1))], abs=1e-6)
    assert found.best_target(1, OWNER) == 1
    seen = dict(zip(SIGNALS, signals(features, None, found, {}), strict=True))
    assert seen["top_probability"] == pytest.approx(2)  # the logit of e / (e + 1/e)
    assert seen["reader_best"] == seen["reader_most"] == 0
    assert seen["closeness"] == 0
    features.fields[2, FIELDS.index("phrasing_dense")] = 0.5
    features.fields[1, FIELDS.index("passage_dense")] = 0.4
    assert signals(features, None, found, {})[SIGNALS.index("closeness")] == 0.5
    features.fields[0, FIELDS.index("passage_dense")] = 0.9
    assert signals(features, None, found, {})[SIGNALS.index("closeness")] == ranking._NEAR  # beyond, it says nothing


def test_a_reader_shares_anew_what_the_entries_that_it_read_have() -> None:
    ranking = Ranking(np.ones(4, np.float32) / 4, np.array([0.5, 0.3, 0.1, 0.1], np.float32))
    logits = {0: -log(2), 1: log(2), 2: 0.0}

    found = reranked(ranking, logits, Weights((), reader=(1.0, 1.0)))

    # 0.5 / 2, 0.3 * 2 and 0.1 of what the three had, 0.9.
    assert found.entries == pytest.approx([0.9 * 0.25 / 0.95, 0.9 * 0.6 / 0.95, 0.9 * 0.1 / 0.95, 0.1])
    seen = dict(zip(SIGNALS, signals(match(0, asked=[True] * 4), None, found, logits), strict=True))
    assert seen["reader_best"] == seen["reader_most"] == pytest.approx(log(2))
    assert to_read(found, np.array([0, 1, 2, 3])) == {1: 1, 0: 0}
    # The second is 51 times less likely than the first: it is not read.
    assert to_read(Ranking(ranking.targets, np.array([0.975, 0.019, 0.006], np.float32)), OWNER) == {0: 0}
    # Nobody read: nothing changes.
    assert reranked(ranking, {}, Weights((), reader=(1.0, 1.0))) is ranking


def test_a_probability_is_the_logistic_of_weighted_signals() -> None:
    seen = np.zeros(len(SIGNALS))
    seen[0], seen[1] = 2.0, 0.5

    assert probability(seen, (1.0, 2.0, *[0.0] * (len(SIGNALS) - 2), -3.0)) == pytest.approx(0.5)  # 2 + 1 - 3 = 0
    assert probability(seen, (0.0,) * len(SIGNALS) + (log(3),)) == pytest.approx(0.75)  # 3 / (1 + 3)


def test_learning_trusts_the_field_that_tells() -> None:
    rng = np.random.default_rng(0)
    # Of two columns the first is 1 for the wanted one of three targets, the second is noise.
    wanted = [np.array([row % 3]) for row in range(60)]
    questions = []
    for [row] in wanted:
        columns = rng.normal(size=(3, 2))
        columns[:, 0] = np.arange(3) == row
        questions.append(columns)

    telling, noise = fit_ranking(questions, wanted, penalty=1.0)

    assert telling > 3
    assert abs(noise) < 0.3


def test_a_field_never_counts_against_what_it_speaks_for() -> None:
    first, second = fit_ranking([np.array([[0.0, 1.0], [1.0, 0.0]])] * 5, [np.array([0])] * 5, penalty=0.1)

    assert first == 0
    assert second > 1


def test_the_weight_of_one_field_by_hand() -> None:
    # Two targets, the wanted one 1 above: loss w²/2 + ln(1 + exp(-w)), least where w = 1 / (1 + exp(w)).
    [found] = fit_ranking([np.array([[1.0], [0.0]])], [np.array([0])], penalty=1.0)

    assert found == pytest.approx(1 / (1 + exp(found)), abs=1e-4)
    assert found == pytest.approx(0.40106, abs=1e-4)


def test_the_prior_of_a_weight_by_hand() -> None:
    # As above, but (w - 2)²/2: least where w = 2 + 1 / (1 + exp(w)).
    [found] = fit_ranking([np.array([[1.0], [0.0]])], [np.array([0])], penalty=1.0, prior=(2.0,))

    assert found == pytest.approx(2 + 1 / (1 + exp(found)), abs=1e-4)
    # One question against a strong belief changes nothing.
    [kept] = fit_ranking([np.array([[1.0], [0.0]])], [np.array([0])], penalty=1e6, prior=(2.0,))
    assert kept == pytest.approx(2, abs=1e-4)


@pytest.mark.parametrize(("n", "moved"), [(1, 0.0), (2, 0.0), (300, 0.75), (2000, 0.97)])
def test_a_calibration_moves_from_the_shipped_one_the_farther_the_more_questions_there_are(
    n: int, moved: float
) -> None:
    """The share of the way from what was believed, .5 of everything, to the truth, which one signal tells."""
    rng, nothing = np.random.default_rng(0), (0.0,) * (len(SIGNALS) + 1)
    truth = np.arange(n) % 2 == 0
    seen = np.zeros((n, len(SIGNALS)))
    seen[:, 0] = np.where(truth, 1.0, -1.0) + 0.1 * rng.normal(size=n)
    prior = Learned(Weights((), (1.0, 0.0), nothing, nothing), 0.6, 0.5, 0.9, Curve((0.55,) * 100, (False,) * 100))

    found = calibrated(seen, truth, truth, np.arange(n) % 5, prior.weights, SIGNALS, 0.1, prior=prior)

    assert 2 * probability(seen[0], found.weights.answerable) - 1 == pytest.approx(moved, abs=0.05)
    assert len(found.curve.answerable) == n + round(100 * max(0, 1 - n / 600))


def test_what_is_promised_is_promised_of_some_questions_only() -> None:
    n = 200
    truth = np.arange(n) % 2 == 0
    seen = np.zeros((n, len(SIGNALS)))
    seen[:, 0] = truth
    near = np.arange(n) < 150
    nothing = Weights((), (1.0, 0.0))

    found = calibrated(seen, truth, truth, np.arange(n) % 5, nothing, SIGNALS, 0.1, promised=near)

    assert found.curve.answerable == tuple(truth[near].tolist())


CURVE = Curve((*(n / 100 for n in range(100)), 0.995, 0.45), (False,) * 100 + (True, True))
"""A hundred questions without an answer, and two with."""


@pytest.mark.parametrize(
    ("max_error", "n_errors"),
    [
        (0.02, 0),  # of a hundred, none answered leaves 3 % possible: nothing can be promised, so none passes
        (0.03, 0),  # 1 - 0.05 ** (1 / 100) = 0.0295
        (0.05, 1),  # 4.7 %, and 6.2 % with two
        (0.1, 4),  # 8.9 %, and 10.2 % with five
        (0.25, 17),
    ],
)
def test_the_threshold_promises_its_share_for_all_questions_of_a_kind(max_error: float, n_errors: int) -> None:
    found = threshold(CURVE, max_error)

    assert sum(p >= found for p in CURVE.probabilities[:100]) == n_errors
    assert max_error == 0.02 or upper_bound(n_errors, 100) <= max_error < upper_bound(n_errors + 1, 100)


def test_how_many_questions_a_promise_takes() -> None:
    assert [needed(0.05), needed(0.1)] == [59, 29]  # as many as Clopper and Pearson ask of a sample without errors
    assert upper_bound(0, 29) < 0.1 < upper_bound(0, 28)
    assert upper_bound(3, 3) == 1


@pytest.mark.parametrize(
    ("curve", "max_error", "expected"),
    [
        # The first two cannot be told apart: where one may pass, neither does.
        (Curve((0.5, 0.5, *[0.1] * 28), (False,) * 30), 0.15, 0.5),
        # Without unanswered questions, even odds.
        (Curve((0.9, 0.2), (True, True)), 0.05, 0.5),
    ],
)
def test_the_threshold_of_small_curves(curve: Curve, max_error: float, expected: float) -> None:
    found = threshold(curve, max_error)

    assert found == pytest.approx(expected, abs=1e-5)
    assert all(p < found for p, a in zip(curve.probabilities, curve.answerable, strict=True) if not a)


@pytest.mark.parametrize("max_error", [0, 1, -0.1, 2])
def test_a_share_that_is_none_is_refused(max_error: float) -> None:
    with pytest.raises(ValueError, match=rf"\(0, 1\), got {max_error}"):
        threshold(CURVE, max_error)


def test_what_was_learned_can_be_written_and_read_but_not_for_other_fields() -> None:
    learned = Learned(Weights((0.5,), (1.0, 0.5), (1.0, 2.0), (3.0,)), 0.7, 0.4, 0.9, Curve((0.1, 0.9), (False, True)))
    content = learned_to_json(learned)

    assert learned_from_json(content) == learned
    with pytest.raises(ValueError, match="other fields"):
        learned_from_json({**content, "fields": ["heading_dense"]})

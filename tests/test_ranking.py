"""Learning to rank and to doubt: weights on a toy, probabilities and thresholds derived by hand."""

from collections.abc import Sequence
from math import exp, log

import numpy as np
import pytest

from index.calibration import Curve, Learned, learned_from_json, learned_to_json, threshold
from index.features import FIELDS, Features
from index.ranking import SIGNALS, Opinion, Ranking, Weights, confidence, fit_ranking, rank, ranking_columns
from index.training import near_to_simulate

OWNER = np.array([0, 1, 1])
"""Three targets: one of entry 0, two of entry 1."""


def match(*first_field: float, asked: Sequence[bool] = (True, True)) -> Features:
    """A match whose first field has these values, one for each target, and whose others are 0."""
    fields = np.zeros((len(first_field), len(FIELDS)), dtype=np.float32)
    fields[:, 0] = first_field
    none = np.zeros(len(asked), dtype=np.float32)
    return Features(fields, none, none, strangeness=0.0, novelty=0.0, missing=none, asked=np.asarray(asked))


def weights(first_field: float = 0.0, classifier: float = 0.0) -> Weights:
    """Weights that look at the first field and at the classifier only."""
    fields = [0.0] * (len(FIELDS) + 1)
    fields[0], fields[-1] = first_field, classifier
    nothing = (0.0,) * (len(SIGNALS) + 1)
    return Weights(tuple(fields), nothing, nothing)


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
    found = rank(match(0.2, 0.8, 0.5), None, weights(first_field=1.0), OWNER, words=3)

    # Scores -1, 1, 0 of targets; entries take exp(-1) and exp(1).
    total = exp(-1) + exp(1) + 1
    assert found.targets == pytest.approx([exp(-1) / total, exp(1) / total, 1 / total], abs=1e-6)
    assert found.entries == pytest.approx([exp(-1) / (exp(-1) + exp(1)), exp(1) / (exp(-1) + exp(1))], abs=1e-6)
    assert found.best == 1
    signals = dict(zip(SIGNALS, found.signals, strict=True))
    assert signals["top_probability"] == pytest.approx(2)  # the logit of e / (e + 1/e)
    assert signals["margin"] == pytest.approx((exp(1) - exp(-1)) / (exp(1) + exp(-1)))
    assert signals["heading_dense"] == pytest.approx(0.8)
    assert signals["length"] == pytest.approx(log(4))


def test_one_entry_alone_is_certain_to_be_first() -> None:
    found = rank(match(0.5, asked=[True]), None, weights(1.0), np.array([0]), words=1)

    assert found.entries.tolist() == [1]
    assert dict(zip(SIGNALS, found.signals, strict=True))["margin"] == 1


def test_confidence_is_the_logistic_of_weighted_signals() -> None:
    signals = np.zeros(len(SIGNALS))
    signals[0], signals[1] = 2.0, 0.5
    ranking = Ranking(np.ones(1, np.float32), np.ones(1, np.float32), 0, signals)
    answerable = (1.0, 2.0, *[0.0] * (len(SIGNALS) - 2), -3.0)  # 2 + 1 - 3 = 0
    right = (0.0,) * len(SIGNALS) + (log(3),)

    found = confidence(ranking, Weights((), answerable, right))

    assert found.answerable == pytest.approx(0.5)
    assert found.right == pytest.approx(0.5 * 0.75)  # 3 / (1 + 3), if the documents answer at all


def test_learning_trusts_the_field_that_tells() -> None:
    rng = np.random.default_rng(0)
    # Of two columns the first is 1 for the wanted one of three targets, the second is noise.
    wanted = [np.array([row % 3]) for row in range(60)]
    questions = []
    for [row] in wanted:
        columns = rng.normal(size=(3, 2))
        columns[:, 0] = np.arange(3) == row
        questions.append(columns)

    telling, noise = fit_ranking(questions, wanted, penalty=1.0, learned=[0, 1])

    assert telling > 3
    assert abs(noise) < 0.3


@pytest.mark.parametrize(
    ("columns", "learned"),
    [
        ([[0.0, 1.0], [1.0, 0.0]], [0, 1]),  # the wanted target has the lowest value: a field never counts against
        ([[1.0, 1.0], [0.0, 0.0]], [1]),  # columns that are not learned weigh nothing
    ],
)
def test_what_weighs_nothing(columns: list[list[float]], learned: list[int]) -> None:
    first, second = fit_ranking([np.array(columns)] * 5, [np.array([0])] * 5, penalty=0.1, learned=learned)

    assert first == 0
    assert second > 1


def test_the_weight_of_one_field_by_hand() -> None:
    # Two targets, the wanted one 1 above: loss w²/2 + ln(1 + exp(-w)), least where w = 1 / (1 + exp(w)).
    [found] = fit_ranking([np.array([[1.0], [0.0]])], [np.array([0])], penalty=1.0, learned=[0])

    assert found == pytest.approx(1 / (1 + exp(found)), abs=1e-4)
    assert found == pytest.approx(0.40106, abs=1e-4)


UNANSWERED = (0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.4, 0.6, 0.8, 0.05)
CURVE = Curve((*UNANSWERED, 0.95, 0.45), (False,) * 10 + (True, True))
"""Ten questions without an answer, and two with."""


@pytest.mark.parametrize(
    ("max_error", "above"),
    [
        (0.05, 0.9),  # half a question of ten: none may pass
        (0.1, 0.8),  # one of ten: 0.9 may
        (0.35, 0.6),  # three: 0.9, 0.8 and 0.7
        (0.99, 0.05),
    ],
)
def test_the_threshold_lets_at_most_that_share_of_unanswered_questions_through(max_error: float, above: float) -> None:
    found = threshold(CURVE, max_error)

    assert found == pytest.approx(above, abs=1e-5)
    assert sum(p >= found for p in UNANSWERED) <= max_error * 10


@pytest.mark.parametrize(
    ("curve", "max_error", "expected"),
    [
        # One of three may pass; the two at 0.5 cannot be told apart, so neither does.
        (Curve((0.5, 0.5, 0.1), (False, False, False)), 0.34, 0.5),
        # Without unanswered questions, even odds.
        (Curve((0.9, 0.2), (True, True)), 0.05, 0.5),
        # No threshold is lower than the least of its curve, but for who accepts more errors.
        (Curve((0.1, 0.9), (False, True), least=0.25), 0.05, 0.25),
        (Curve((0.6, 0.9), (False, True), least=0.25), 0.05, 0.6),
        (Curve((0.1, 0.9), (False, True), least=0.25), 0.5, 0.1),
    ],
)
def test_the_threshold_of_small_curves(curve: Curve, max_error: float, expected: float) -> None:
    found = threshold(curve, max_error)

    assert found == pytest.approx(expected, abs=1e-5)
    assert all(p < found for p, a in zip(curve.probabilities, curve.answerable, strict=True) if not a)


# Half of the general ones; half of 250, less the 50 that were written.
@pytest.mark.parametrize(("outside", "unanswered", "simulated"), [(300, 0, 150), (300, 50, 75), (300, 100, 0)])
def test_near_questions_are_made_up_where_an_editor_wrote_few(outside: int, unanswered: int, simulated: int) -> None:
    assert near_to_simulate(outside, unanswered) == simulated


@pytest.mark.parametrize("max_error", [0, 1, -0.1, 2])
def test_a_share_that_is_none_is_refused(max_error: float) -> None:
    with pytest.raises(ValueError, match=rf"\(0, 1\), got {max_error}"):
        threshold(CURVE, max_error)


def test_what_was_learned_can_be_written_and_read_but_not_for_other_fields() -> None:
    learned = Learned(Weights((0.5,), (1.0, 2.0), (3.0,)), 0.7, Curve((0.1, 0.9), (False, True), 1 / 3))
    content = learned_to_json(learned)

    assert learned_from_json(content) == learned
    with pytest.raises(ValueError, match="other fields"):
        learned_from_json({**content, "fields": ["heading_dense"]})

"""What goes first whatever the fields say."""

import numpy as np
import pytest

from index.precedence import beside_quoted
from index.ranking import Ranking
from index.result import AFTER_QUESTION, RESERVE

UNSURE = AFTER_QUESTION.sure - RESERVE
OWNER = np.array([0, 1])


@pytest.mark.parametrize(
    ("quoted", "right", "holds", "known", "now"),
    [
        (None, 0.9, False, True, 0.9),
        (None, 0.9, False, False, UNSURE),  # of what has no word of the turn
        (0, 0.9, False, False, UNSURE),
        (0, 0.9, False, True, 0.9),
        (0, 0.9, True, True, UNSURE),  # beside what was quoted, which has the words of the turn
        (0, 0.4, True, True, 0.4),
        (1, 0.9, True, True, 0.9),  # what was quoted is found again
        (1, 0.4, False, True, 0.4),
    ],
)
def test_what_was_quoted_for_the_question_before_a_turn(
    quoted: int | None, right: float, holds: bool, known: bool, now: float
) -> None:
    ranking = Ranking(np.array([0.2, 0.8]), np.array([0.2, 0.8]))

    found = beside_quoted(ranking, right, quoted, holds, np.array([1.0, float(known)]), OWNER)

    assert found == pytest.approx(now)

"""What goes first whatever the fields say."""

import numpy as np
import pytest

from index.precedence import with_quoted
from index.ranking import Ranking
from index.result import AFTER_QUESTION, RESERVE

UNSURE = AFTER_QUESTION.sure - RESERVE
OWNER = np.array([0, 1])


@pytest.mark.parametrize(
    ("quoted", "right", "answers", "holds", "known", "first", "now"),
    [
        (None, 0.9, False, False, True, 1, 0.9),
        (None, 0.9, False, False, False, 1, UNSURE),  # of what has no word of the turn
        (0, 0.9, False, False, False, 1, UNSURE),
        (0, 0.9, False, False, True, 1, 0.9),
        (0, 0.9, False, True, True, 1, UNSURE),  # beside what was quoted, which has the words of the turn
        (0, 0.9, True, False, True, 1, UNSURE),  # both answer
        (0, 0.9, True, True, True, 0, UNSURE),
        (0, 0.4, True, False, True, 0, UNSURE),  # what is found now does not answer
        (0, 0.4, False, True, True, 1, 0.4),
        (1, 0.9, True, True, True, 1, 0.9),  # what was quoted is found again
        (1, 0.4, True, False, True, 1, UNSURE),
        (1, 0.4, False, False, True, 1, 0.4),
    ],
)
def test_what_was_quoted_for_the_question_before_a_turn(
    quoted: int | None, right: float, answers: bool, holds: bool, known: bool, first: int, now: float
) -> None:
    ranking = Ranking(np.array([0.2, 0.8]), np.array([0.2, 0.8]))

    found, likely = with_quoted(ranking, right, quoted, answers, holds, np.array([1.0, float(known)]), OWNER)

    assert (int(found.entries.argmax()), likely) == (first, pytest.approx(now))

"""What visitors see when a process or the database dies under them; bench_scale.py counts for longer."""

import re

from conftest import plain
from real_postgres import postgres
from scale_faults import killed_one_by_one, outage


def test_while_postgresql_is_away_a_refusal_comes_at_once_and_answers_soon_after() -> None:
    with postgres() as server:
        seen = outage(server, 2)

    assert seen.statuses[503] > 0
    assert set(seen.statuses) <= {200, 503}
    assert "réessayer dans quelques secondes" in plain(seen.said)
    assert not re.search(r"PostgreSQL|store|pg-", seen.said)  # where it is, and why it is away, is for the log
    assert seen.first < 1
    assert seen.slowest < 3
    assert seen.back < 5
    assert seen.is_same


def test_while_workers_are_killed_behind_nginx_no_conversation_is_lost() -> None:
    seen = killed_one_by_one(12, 10, n=3, every=4)

    assert seen.kills >= 2
    assert (seen.lost, seen.wrong) == (0, 0)
    assert seen.failed <= seen.inside

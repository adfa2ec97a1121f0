"""What is erased from the journal is in none of its files any more; and it is erased when its time comes."""

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from bot import journal as journal_module
from bot.answer import Answer, Kind
from bot.journal import Journal, JournalError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def content(path: Path) -> bytes:
    """Of the file and its companions."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def asked(name: str, number: int, chance: random.Random) -> Answer:
    """A question of some length, so that pages of the file are split and joined."""
    return Answer(f"{name}{number:05d}x " + "mot " * chance.randint(0, 300), Kind.REFUSE, 0.1, "")


def aged(path: Path) -> None:
    """Make all the lines old."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE question SET asked = '2020-01-01T00:00:00Z'")


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_word_of_an_old_line_is_left_among_the_new_ones(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with closing(Journal(path, 30)) as journal:
        for number in range(600):
            reference = journal.record(asked("ancienne", number, chance))
            if number % 3 == 0:
                journal.judge(reference, False, "autre", asked("ancienne", number, chance).question)
        aged(path)
        for number in range(600):
            journal.record(asked("nouvelle", number, chance))
        assert len(set(re.findall(rb"ancienne\d{5}", content(path)))) == 600

        assert journal.purge() == 600

        assert re.findall(rb"ancienne\d{5}", content(path)) == []
        assert len(set(re.findall(rb"nouvelle\d{5}", content(path)))) == 600
        assert len(list(journal.records())) == 600


def test_a_sweep_that_could_not_be_done_is_made_good_by_the_next(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    class Dying:
        """A connection whose process is killed as soon as the lines are erased."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real

        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if statement == "VACUUM":
                raise Killed
            return self.real.execute(statement, *values)

    chance = random.Random(4)  # one of those for which secure_delete alone leaves words behind
    with closing(Journal(path, 30)) as journal:
        for number in range(1500):
            journal.record(asked("ancienne", number, chance))
        aged(path)
        for number in range(1500):
            journal.record(asked("nouvelle", number, chance))
        with pytest.raises(Killed):
            journal_module.erase(Dying(journal._connection), "2021")  # type: ignore[arg-type]
        assert len(list(journal.records())) == 1500

        assert journal.purge() == 0

        assert re.findall(rb"ancienne\d{5}", content(path)) == []


def test_a_reader_that_keeps_the_old_lines_on_the_disk_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.journal._WAIT", 0.05)
    with closing(Journal(path, 30)) as journal, closing(sqlite3.connect(path)) as reader:
        journal.record(Answer("zanzibar", Kind.REFUSE, 0.1, ""))
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM question").fetchall()

        with pytest.raises(JournalError, match="un autre programme"):
            journal.purge(everything=True)

        reader.execute("ROLLBACK")
        journal.purge()
        assert b"zanzibar" not in content(path)


def test_lines_go_on_their_day_from_a_server_that_runs_for_months(path: Path) -> None:
    read_since, start = Event(), datetime.now(UTC)
    days = 0

    def clock() -> datetime:
        read_since.set()
        return start + timedelta(days=days)

    def rounds(number: int) -> Iterator[None]:
        # The clock is read at the start of a round: when it is read again, the round before is over.
        for _ in range(number):
            read_since.clear()
            assert read_since.wait(20)
            yield

    with closing(Journal(path, 30)) as journal, journal.purged_on_schedule(every=0.01, clock=clock):
        journal.record(Answer("zanzibar", Kind.REFUSE, 0.1, ""))
        for days in (1, 29):  # noqa: B007  read by the clock
            list(rounds(2))
            assert [line.question for line in journal.records()] == ["zanzibar"]

        days = 31
        list(rounds(2))

        assert list(journal.records()) == []
        assert b"zanzibar" not in content(path)

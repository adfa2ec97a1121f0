"""The journal: what is kept, for how long, by how many writers; and nothing at all by default."""

import json
import os
import random
import re
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from fake_assistant import HOSTILE, answered, quote, refused
from typer.testing import CliRunner

from bot.answer import Answer, Kind, Ranked
from bot.cli import app
from bot.journal import Journal, JournalError, kept
from bot.pii import EMAIL
from bot.settings import read_settings

ANSWERED = replace(answered("Où voter ?", quote(HOSTILE, "Après.")), elapsed_ms=12.5)
REFUSED = replace(refused("Et la météo ?"), ranking=(Ranked("hostile", "essai", 0.2),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal.sqlite3"


def content(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def aged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE question SET asked = '2020-01-01T00:00:00Z'")


def test_a_line_holds_time_question_kind_entry_and_nothing_of_the_visitor(path: Path) -> None:
    with closing(Journal(path, 90)) as journal:
        first = journal.record(ANSWERED)
        second = journal.record(REFUSED)
        third = journal.record(Answer("bonjour", Kind.SMALLTALK, 1.0, "Bonjour."))
        lines = {line.reference: line for line in journal.records()}
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {"journal.sqlite3": 0o600, "journal.sqlite3-wal": 0o600, "journal.sqlite3-shm": 0o600}
    assert set(lines) == {first, second, third}
    assert all(len(reference) == 16 and int(reference, 16) >= 0 for reference in lines)
    answer, refusal, courtesy = lines[first], lines[second], lines[third]
    assert (answer.question, answer.kind, answer.document, answer.entry) == ("Où voter ?", "answer", "hostile", "essai")
    assert (answer.confidence, answer.elapsed_ms, answer.helpful) == (0.9, 12.5, None)
    assert (refusal.kind, refusal.document, refusal.entry) == ("refuse", "hostile", "essai")  # the nearest
    assert (courtesy.kind, courtesy.document, courtesy.entry) == ("smalltalk", None, None)
    assert abs(datetime.fromisoformat(answer.asked) - datetime.now(UTC)) < timedelta(minutes=5)
    with closing(sqlite3.connect(path)) as raw:
        columns = [row[1] for row in raw.execute("PRAGMA table_info(question)")]
    assert columns == list(answer.__dataclass_fields__)


@pytest.mark.parametrize(
    ("then", "earlier", "chosen"),
    [
        ("Où voter ?", "et le vote de jean.secret@mairie.fr", "hostile/essai"),
        ("Où voter", "et le vote de jean.secret@mairie.fr", None),  # typed, not chosen
        ("Où voter ?", "autre chose", None),
        ("Où voter ?", None, None),
    ],
)
def test_what_a_visitor_chose_among_what_was_offered_is_noted_with_the_question_before(
    path: Path, then: str, earlier: str | None, chosen: str | None
) -> None:
    offer = replace(REFUSED, question="et le vote de jean.secret@mairie.fr", suggestions=("Où\nvoter ?", "Quand ?"))
    with closing(Journal(path, 90)) as journal:
        journal.record(offer)
        journal.record(replace(ANSWERED, question=then), earlier)
        first, second = sorted(journal.records(), key=lambda line: line.offered is None)

        assert (first.offered, first.chosen) == ("Où voter ?\nQuand ?", chosen)
        assert (second.offered, second.chosen) == (None, None)


def test_what_identifies_a_person_is_masked_before_it_is_written(path: Path) -> None:
    with closing(Journal(path, 90)) as journal:
        reference = journal.record(replace(REFUSED, question="répondez à jean.secret@mairie.fr"))
        journal.judge(reference, False, "autre", "appelez Jean au 06 12 34 56 78")
        [line] = journal.records()

        assert line.question == f"répondez à {EMAIL}"
        assert line.comment == "appelez Jean au [téléphone]"
        assert [words in content(path) for words in (b"jean.secret", b"12 34 56", b"pelez Jean")] == [
            False,
            False,
            True,
        ]


def test_a_thumb_replaces_the_one_before_and_needs_a_line(path: Path) -> None:
    with closing(Journal(path, 90)) as journal:
        reference = journal.record(ANSWERED)
        assert journal.judge(reference, False, "incomplet", "il manque la date")
        assert journal.judge(reference, True)
        assert not journal.judge("0" * 16, True)
        [line] = journal.records()

    assert (line.helpful, line.reason, line.comment) == (True, None, None)


def test_without_a_wish_for_it_no_file_is_made_and_one_that_is_there_loses_its_old_lines(path: Path) -> None:
    with kept(path, wanted=False, days=90) as none:
        assert none is None
    assert not path.parent.exists()

    with closing(Journal(path, 1)) as journal:
        journal.record(ANSWERED)
    aged(path)
    with kept(path, wanted=False, days=1) as none:
        assert none is None
    with closing(Journal(path, 1)) as journal:
        assert list(journal.records()) == []


def test_a_journal_no_longer_wanted_that_cannot_be_opened_stops_nothing(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    damaged = path.with_name("damaged.sqlite3")
    damaged.write_bytes(b"not a database at all, but long enough to be read as one" * 20)

    with kept(damaged, wanted=False, days=1) as journal:
        assert journal is None
    with pytest.raises(JournalError, match=r"damaged\.sqlite3.*journal = false"), kept(damaged, wanted=True, days=1):
        pass

    assert caplog.text.count("les lignes échues de l’ancien journal ne sont pas effacées") == 1


# As the first version made it, with a line in it.
FIRST_VERSION = """
CREATE TABLE question (
    reference TEXT PRIMARY KEY, asked TEXT NOT NULL, question TEXT NOT NULL, kind TEXT NOT NULL, document TEXT,
    entry TEXT, confidence REAL NOT NULL, elapsed_ms REAL NOT NULL, helpful INTEGER, reason TEXT, comment TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO question VALUES ('0123456789abcdef', '2026-11-01T08:00:00Z', 'Où voter ?', 'answer', 'hostile', 'essai',
                             0.9, 12.5, 0, 'incomplet', NULL);
PRAGMA journal_mode = WAL;
PRAGMA user_version = 1;
"""


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The journal that all sites of a data directory had, by the first version."""
    path = tmp_path / "journal.sqlite3"
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(FIRST_VERSION)
    return path


def test_a_site_that_wants_a_journal_takes_over_the_one_that_all_shared(path: Path, shared: Path) -> None:
    with kept(path, wanted=True, days=3650, shared=shared) as journal:
        assert journal is not None
        journal.record(REFUSED)
        lines = list(journal.records())

    assert [(line.question, line.helpful, line.reason) for line in lines] == [
        ("Où voter ?", False, "incomplet"), ("Et la météo ?", None, None)
    ]  # fmt: skip
    assert [file.name for file in shared.parent.iterdir()] == [path.parent.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (5,)


def test_sites_do_not_share_a_journal_and_one_without_erases_no_line_of_another(
    tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path))
    one, other = (read_settings(index=tmp_path / name) for name in ("a", "b"))
    assert one.journal_path != other.journal_path
    assert one.shared_journal == shared
    before = shared.read_bytes()

    with kept(one.journal_path, wanted=False, days=1, shared=shared) as journal:
        assert journal is None
    assert shared.read_bytes() == before  # older than a day: the lines may be those of the other site

    with kept(other.journal_path, wanted=True, days=3650, shared=shared) as journal:
        assert journal is not None
        with kept(one.journal_path, wanted=False, days=1, shared=shared):
            pass
        assert [line.question for line in journal.records()] == ["Où voter ?"]
    monkeypatch.setenv("MOTAMOT_JOURNAL_FILE", str(tmp_path / "the one"))
    named = read_settings()
    assert (named.journal_path, named.shared_journal) == (tmp_path / "the one", None)


def test_a_journal_of_a_later_version_is_named_with_the_remedy(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as raw:
        raw.execute("PRAGMA user_version = 7")

    with pytest.raises(JournalError, match=r"journal\.sqlite3.*journal = false"):
        Journal(tmp_path / "journal.sqlite3", 90)


WRITER = """
import sys
from pathlib import Path
from bot.answer import Answer, Kind
from bot.journal import Journal

journal = Journal(Path(sys.argv[1]), 90)
for number in range(int(sys.argv[3])):
    answer = Answer(f"{sys.argv[2]} {number}", Kind.REFUSE, 0.1, "")
    print(journal.record(answer), flush=True)
"""


def test_several_processes_write_and_one_is_killed_and_no_line_is_lost(path: Path) -> None:
    endless, each = 1_000_000, 300
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, name, str(count)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=path.parents[1],
        )
        for name, count in [("killed", endless), ("a", each), ("b", each), ("c", each)]
    ]
    killed, *others = writers
    assert killed.stdout is not None
    acknowledged = [killed.stdout.readline().strip() for _ in range(100)]
    os.kill(killed.pid, signal.SIGKILL)
    # What it printed before it died was acknowledged too; a last line may be cut short.
    acknowledged += [line.strip() for line in killed.communicate()[0].splitlines(keepends=True) if line.endswith("\n")]
    for writer in others:
        acknowledged += writer.communicate(timeout=120)[0].split()
    assert [writer.returncode for writer in writers] == [-signal.SIGKILL, 0, 0, 0]

    with closing(Journal(path, 90)) as journal:
        lines = {line.reference: line.question for line in journal.records()}
    with closing(sqlite3.connect(path)) as raw:
        [(verdict,)] = raw.execute("PRAGMA integrity_check").fetchall()
    assert verdict == "ok"
    assert len(acknowledged) >= 100 + 3 * each
    assert [reference for reference in acknowledged if reference not in lines] == []
    assert sorted(q for q in lines.values() if q.startswith("b ")) == sorted(f"b {n}" for n in range(each))


# --- erasing -----------------------------------------------------------------------------------


def asked(name: str, number: int, chance: random.Random) -> Answer:
    """A question of some length, so that pages of the file are split and joined."""
    return Answer(f"{name}{number:05d}x " + "mot " * chance.randint(0, 300), Kind.REFUSE, 0.1, "")


def test_no_word_of_an_old_line_is_left_among_the_new_ones(path: Path) -> None:
    chance = random.Random(0)
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


def test_a_sweep_that_could_not_be_done_is_made_good_by_the_next(path: Path) -> None:
    def no_vacuum(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK

    chance = random.Random(4)  # one of those for which secure_delete alone leaves words behind
    with closing(Journal(path, 30)) as journal:
        for number in range(1500):
            journal.record(asked("ancienne", number, chance))
        aged(path)
        for number in range(1500):
            journal.record(asked("nouvelle", number, chance))
        journal._connection.set_authorizer(no_vacuum)
        with pytest.raises(JournalError):
            journal.purge()
        journal._connection.set_authorizer(None)
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


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with three lines: answered, refused, and answered without help."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path))
    with closing(Journal(read_settings().journal_path, 90)) as journal:
        journal.record(ANSWERED)
        journal.record(replace(REFUSED, question='=HYPERLINK("x") ; et la météo ?'))
        journal.judge(journal.record(replace(ANSWERED, question="Où payer ?")), False, "incomplet", "le tarif")
    with closing(sqlite3.connect(read_settings().journal_path)) as raw, raw:
        for number, start in enumerate(["Où voter", "=HYPER", "Où payer"], 1):
            raw.execute(
                "UPDATE question SET asked = ? WHERE question LIKE ?", (f"2090-01-0{number}T08:00:00Z", f"{start}%")
            )
    return tmp_path


def exported(*options: str) -> str:
    result = CliRunner().invoke(app, ["journal", "export", *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout_bytes.decode("utf-8")


def test_the_editor_reads_a_table_that_runs_no_formula(home: Path) -> None:
    table = exported()
    names, first, _, third = (row.partition(";")[2] for row in table.splitlines())

    assert table.startswith("\ufeff")
    assert names.startswith("posée le (UTC);question;nature;document;entrée;confiance;durée (ms);utile;motif;")
    assert names.endswith(";commentaire;proposées;choisie;collection")
    assert first == "2090-01-01T08:00:00Z;Où voter ?;answer;hostile;essai;0.9;12.5;;;;;;"
    assert '"\'=HYPERLINK(""x"") ; et la météo ?"' in table
    assert third.endswith(";non;incomplet;le tarif;;;")


def test_a_program_reads_the_lines_it_asks_for(home: Path) -> None:
    def starts(*options: str) -> list[str]:
        return [json.loads(line)["question"][:8] for line in exported("--format", "jsonl", *options).splitlines()]

    assert starts() == ["Où voter", "=HYPERLI", "Où payer"]
    assert starts("--unanswered") == ["=HYPERLI"]
    assert starts("--unhelpful") == ["Où payer"]
    assert starts("--unanswered", "--unhelpful") == ["=HYPERLI", "Où payer"]


def test_the_command_erases(home: Path) -> None:
    nothing = CliRunner().invoke(app, ["journal", "purge"])
    everything = CliRunner().invoke(app, ["journal", "purge", "--all"])

    assert (nothing.stdout, everything.stdout) == ("Aucune ligne à effacer.\n", "3 lignes effacées.\n")
    assert exported("--format", "jsonl") == ""


def test_without_a_journal_the_command_says_how_to_open_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTAMOT_HOME", str(tmp_path))

    result = CliRunner().invoke(app, ["journal", "export"])

    assert isinstance(result.exception, JournalError)
    assert "journal = true" in str(result.exception)
    assert list(tmp_path.iterdir()) == []

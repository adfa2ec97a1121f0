"""The journal: what was asked and what it was worth, in SQLite, when the operator wants it, and then for a time.

Nobody is in it: no address, no browser, no session, and what identifies a person in a question is
masked before it is written.
"""

import os
import secrets
import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from bot.answer import Answer
from bot.logs import LOG, repeated
from bot.pii import mask
from corpus.errors import MotamotError, reason

_SCHEMA = (
    """
    CREATE TABLE question (
        reference TEXT PRIMARY KEY,
        asked TEXT NOT NULL,
        question TEXT NOT NULL,
        kind TEXT NOT NULL,
        document TEXT,
        entry TEXT,
        confidence REAL NOT NULL,
        elapsed_ms REAL NOT NULL,
        helpful INTEGER,
        reason TEXT,
        comment TEXT
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX question_asked ON question (asked, reference)",
    "ALTER TABLE question ADD COLUMN offered TEXT",
    "ALTER TABLE question ADD COLUMN chosen TEXT",
    "ALTER TABLE question ADD COLUMN collection TEXT NOT NULL DEFAULT ''",
)
"""One statement for each version of the schema; ``PRAGMA user_version`` counts those that a file has had."""
_WAIT = 5.0
"""Seconds to wait for another process that writes; one record takes a millisecond."""
_PURGE_EVERY = 3_600.0
"""Seconds: a line outlives its last day by an hour at most, even where nobody asks anything."""
_CHOICE = timedelta(minutes=30)
"""A visitor who chooses later than this asks anew."""
_UNSWEPT = 1
"""In ``PRAGMA application_id``: lines were erased, and their words may still lie in the file."""


def _now() -> datetime:
    return datetime.now(UTC)


class JournalError(MotamotError):
    """A journal that cannot be opened, read or written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal."""

    reference: str
    """Opaque, random: what the visitor's page gives back with a thumb."""
    asked: str
    """When, ISO 8601, UTC, to the second."""
    question: str
    """Masked."""
    kind: str
    document: str | None
    """Of the first quote; of a question without an answer, the nearest."""
    entry: str | None
    """The same."""
    confidence: float
    elapsed_ms: float
    helpful: bool | None = None
    """The visitor's thumb, None without one."""
    reason: str | None = None
    comment: str | None = None
    """Masked."""
    offered: str | None = None
    """Questions of the documents that were offered with it, one a line."""
    chosen: str | None = None
    """``document/entry`` of the one that a visitor then chose."""
    collection: str = ""
    """Whose visitors asked it; empty for those of the service itself."""


class Journal:
    """A journal on disk. Safe to share between threads, and the file between processes.

    Args:
        path: The file; it and its folder are made, readable by their owner only.
        days: How long a line is kept.

    Raises:
        JournalError: The file cannot be opened, or is something else.
    """

    def __init__(self, path: Path, days: int) -> None:
        self.path = path
        self.days = days
        self._lock = Lock()
        try:
            self._connection = _open(path)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(
                f"Le journal « {path} » ne peut pas être ouvert ({reason(error)}) : vérifiez les droits et la place "
                "sur le disque, ou éteignez-le avec « journal = false »."
            ) from error

    def close(self) -> None:
        """Let go of the file; further calls fail."""
        with self._lock:
            self._connection.close()

    def record(self, answer: Answer, earlier: str | None = None, collection: str = "") -> str:
        """Write one question down, masked; once this returns, not even a killed process loses it.

        Args:
            answer: What was said to it.
            earlier: The question before: where this one was offered with it, its line notes that it was chosen.
            collection: Whose visitor asked.

        Returns:
            The reference of the line.
        """
        first = answer.quotes[0].source if answer.quotes else next(iter(answer.ranking), None)
        row = (
            secrets.token_hex(8),
            _iso(_now()),
            mask(answer.question),
            answer.kind.value,
            first.document if first else None,
            first.entry if first else None,
            answer.confidence,
            answer.elapsed_ms,
            "\n".join(" ".join(offered.split()) for offered in answer.suggestions) or None,
            collection,
        )
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO question (reference, asked, question, kind, document, entry, confidence, elapsed_ms, "
                "offered, collection) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            if earlier and answer.quotes and first:
                words = " ".join(answer.question.split())
                since = _iso(_now() - _CHOICE)
                connection.execute(
                    "UPDATE question SET chosen = ? WHERE reference = (SELECT reference FROM question WHERE asked >= ? "
                    "AND question = ? AND instr(char(10) || offered || char(10), char(10) || ? || char(10)) "
                    "ORDER BY asked DESC LIMIT 1)",
                    (f"{first.document}/{first.entry}", since, mask(earlier), words),
                )
        return row[0]

    def judge(self, reference: str, helpful: bool, reason: str | None = None, comment: str | None = None) -> bool:
        """Add a visitor's thumb to a line, in place of an earlier one; False when there is no such line."""
        with self._writing() as connection:
            changed = connection.execute(
                "UPDATE question SET helpful = ?, reason = ?, comment = ? WHERE reference = ?",
                (int(helpful), reason, mask(comment) if comment else None, reference),
            )
            return changed.rowcount == 1

    def purge(self, everything: bool = False, now: datetime | None = None) -> int:
        """Erase the lines older than ``days``, or all of them; their words leave the disk too."""
        limit = "9999" if everything else _iso((now or _now()) - timedelta(days=self.days))
        with self._writing() as connection:
            return _erase(connection, limit)

    def records(self, unanswered: bool = False, unhelpful: bool = False) -> Iterator[Record]:
        """The lines, oldest first: all, or those refused and those that did not help, as asked."""
        wanted = " OR ".join(
            [*(["kind = 'refuse'"] if unanswered else []), *(["helpful = 0"] if unhelpful else [])] or ["TRUE"]
        )
        names = ", ".join(Record.__dataclass_fields__)
        with self._writing() as connection:
            rows = connection.execute(
                f"SELECT {names} FROM question WHERE {wanted} ORDER BY asked, reference"
            ).fetchall()
        for record in (Record(*row) for row in rows):
            yield replace(record, helpful=None if record.helpful is None else bool(record.helpful))

    def mark(self) -> Hashable:
        """What tells the lines of now from those after any change, by this process or another."""
        with self._writing() as connection:
            [(others,)] = connection.execute("PRAGMA data_version").fetchall()
            return others, connection.total_changes

    @contextmanager
    def purged_on_schedule(self, every: float = _PURGE_EVERY, clock: Callable[[], datetime] = _now) -> Iterator[None]:
        """Purge now and every so many seconds, until the block ends; ``clock`` says what is old by then."""
        self.purge(now=clock())
        # A full disk, a lock held too long: the next round tries again.
        with repeated(lambda: self.purge(now=clock()), every, "the purge of the journal"):
            yield

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one statement: each is a transaction of its own."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise JournalError(f"Le journal « {self.path} » ne peut pas être lu ou écrit ({error}).") from error


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made here, so that nobody else may read it; SQLite gives its companions the same rights.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with ExitStack() as on_failure:
        connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        on_failure.callback(connection.close)
        _prepare(connection)
        on_failure.pop_all()
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    # Readers and a writer do not wait for each other; what is written survives the end of the process.
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON").fetchall()
    connection.execute("PRAGMA temp_store = MEMORY")  # a sweep copies the lines: not into a file of their own
    with connection:  # which commits, or goes back
        connection.execute("BEGIN IMMEDIATE")
        [(version,)] = connection.execute("PRAGMA user_version").fetchall()
        if version > len(_SCHEMA):
            raise sqlite3.DatabaseError(f"format {version}, d’une version plus récente de Motamot que celle-ci")
        for statement in _SCHEMA[version:]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(_SCHEMA)}")


def _erase(connection: sqlite3.Connection, before: str) -> int:
    """Erase the lines asked before a moment (ISO 8601), and sweep the file; how many they were.

    ``secure_delete`` is not enough: a page that was split or joined keeps copies of its lines in the room between
    them (measured: of 1 line in 300). Hence the whole file is written anew, and the write-ahead log emptied. A sweep
    that fails, or a process killed before it, is made good by the next one.

    Raises:
        sqlite3.Error: The disk is full, or another process holds the file for too long.
    """
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        erased = connection.execute("DELETE FROM question WHERE asked < ?", (before,)).rowcount
        if erased:
            connection.execute(f"PRAGMA application_id = {_UNSWEPT}")
    [(state,)] = connection.execute("PRAGMA application_id").fetchall()
    if state == _UNSWEPT:
        connection.execute("VACUUM")
    [(busy, _, _)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise sqlite3.OperationalError("un autre programme le tient ouvert : les lignes effacées y restent lisibles")
    if state == _UNSWEPT:
        connection.execute("PRAGMA application_id = 0")
    return erased


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def kept(path: Path, wanted: bool, days: int, shared: Path | None = None) -> Iterator[Journal | None]:
    """The journal of a site while it is served, purged on schedule; None when it is not wanted.

    One that was kept before and no longer is goes on losing its lines when their time comes, as far as it can be
    written. ``shared`` is where all sites wrote before each had a journal of its own: the first that wants one takes
    it over.
    """
    try:
        if wanted and shared and shared.is_file() and not path.exists():
            _take_over(shared, path)
        journal = Journal(path, days) if wanted or path.is_file() else None
    except JournalError as error:
        if wanted:
            raise
        LOG.error("les lignes échues de l’ancien journal ne sont pas effacées : %s", error)
        journal = None
    if journal is None:
        yield None
        return
    with closing(journal), journal.purged_on_schedule():
        yield journal if wanted else None


def _take_over(shared: Path, path: Path) -> None:
    """Make the file of all sites the journal of this one, its lines and its rights as they are."""
    with closing(Journal(shared, 1)) as before, before._writing() as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()  # nothing is left beside the file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shared.rename(path)
    except OSError as error:
        raise JournalError(
            f"Le journal « {shared} » ne peut pas devenir « {path} » ({reason(error)}) : déplacez-le vous-même, "
            "ou nommez-le avec « journal_file »."
        ) from error
    LOG.info("le journal « %s » est désormais « %s »", shared, path)

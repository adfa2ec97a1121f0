"""Limit the questions of each client and the concurrent questions; queue the rest; 503 when full."""

import asyncio
import math
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import Request

from bot import phrases
from bot.service import Metrics
from bot.settings import NO_LIMIT
from bot.web.responses import RefusedError
from corpus.errors import IndexStoreError

if TYPE_CHECKING:
    from index.database import Database

_TABLES = (
    "CREATE {unlogged} TABLE IF NOT EXISTS motamot_salt (id INT PRIMARY KEY, salt {bytes} NOT NULL)",
    "CREATE {unlogged} TABLE IF NOT EXISTS motamot_count (key TEXT PRIMARY KEY, n BIGINT NOT NULL, until {real})",
)
_SWEPT = 1_000
"""Counts between two sweeps of those whose window is over."""
_HIT = """
    INSERT INTO motamot_count AS known (key, n, until) VALUES ($1, 1, $2) ON CONFLICT (key) DO UPDATE SET
    n = CASE WHEN known.until <= $3 THEN 1 ELSE known.n + 1 END,
    until = CASE WHEN known.until <= $3 THEN excluded.until ELSE known.until END RETURNING n, until
"""
_IN_MEMORY = Path(":memory:")
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


class _Tables(Protocol):
    def rows(self, statement: str, *parameters: object) -> Sequence[tuple[Any, ...]]: ...


class RequestCounts:
    """How often each client came, in fixed windows: what is kept of a client goes with its window."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables
        self._hits = 0
        statement = "INSERT INTO motamot_salt VALUES (1, $1) ON CONFLICT DO NOTHING RETURNING 1"
        tables.rows(statement, secrets.token_bytes(16))
        self.salt = bytes(tables.rows("SELECT salt FROM motamot_salt WHERE id = $1", 1)[0][0])
        """The same for all processes: a client is counted under one mark, which leads back to no address."""

    @classmethod
    def in_file(cls, path: Path = _IN_MEMORY) -> "RequestCounts":
        """In SQLite: of one process in its memory, or in a file for the processes of one machine."""
        return cls(_File(path))

    @classmethod
    def in_database(cls, database: "Database") -> "RequestCounts":
        """In PostgreSQL: for several machines. A crash of the server may take the counts."""
        for statement in _TABLES:
            words = {"unlogged": "UNLOGGED", "bytes": "bytea", "real": "double precision"}
            with database.transaction() as transaction:
                transaction.rows("SELECT pg_advisory_xact_lock(hashtext('motamot tables'))")
                transaction.run(statement.format(**words))
        return cls(database)

    def hit(self, key: str, seconds: int) -> tuple[int, float]:
        """Count once more in a window so long: how often it makes by now, and when the window ends."""
        now = time.time()
        self._hits += 1
        if self._hits % _SWEPT == 0:
            self._tables.rows("DELETE FROM motamot_count WHERE until <= $1 RETURNING 1", now)
        [(count, until)] = self._tables.rows(_HIT, key, now + seconds, now)
        return int(count), float(until)


class _File:
    """The tables in SQLite. Safe to share between threads, and the file between processes."""

    def __init__(self, path: Path) -> None:
        if path != _IN_MEMORY:
            path.touch(mode=0o600)
        self._lock = Lock()
        self._connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
        self._connection.execute("PRAGMA synchronous = OFF").fetchall()  # it is in memory, and as short-lived
        for statement in _TABLES:
            self._connection.execute(statement.format(unlogged="", bytes="BLOB", real="REAL"))

    def rows(self, statement: str, *parameters: object) -> Sequence[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(statement.replace("$", "?"), parameters).fetchall()
        except sqlite3.Error as error:
            raise IndexStoreError(f"La mémoire commune des processus ne répond pas ({error}).") from error

    def __del__(self) -> None:
        self._connection.close()


READS = 6
"""Readings for one question: the proof of its quote, its place in the document, the four pages shown there."""
CONCURRENT = 4
"""Questions answered at once: enough to be encoded together, and threads are left for pages and probes."""
WAITING = 240
"""Two hundred visitors who ask in the same second all get an answer, in some six seconds on 2 cores."""
RETRY_SECONDS = 5


class RequestLimits:
    """What routes depend on, as FastAPI's ``Depends(limits.question, scope="function")``.

    Args:
        metrics: Count the refusals.
        rate: Questions that one client may send, such as ``60/minute``; ``non`` for no limit.
        concurrent: Questions answered at once; ``waiting``, those that wait for that at most.
        counts: Where several processes count together; None for one alone.
    """

    def __init__(
        self,
        metrics: Metrics,
        rate: str = NO_LIMIT,
        concurrent: int = CONCURRENT,
        waiting: int = WAITING,
        counts: RequestCounts | None = None,
    ) -> None:
        self.metrics = metrics
        self.most = concurrent + waiting
        self.inside = 0
        self._turn = asyncio.Semaphore(concurrent)  # first come, first served
        amount, _, window = rate.partition("/")
        self._amount, self._seconds = (0, 0) if rate == NO_LIMIT else (int(amount), _SECONDS[window])
        self._counts = counts or RequestCounts.in_file()

    async def asking(self, request: Request) -> None:
        """Count what asks a question or says what an answer was worth."""
        self._count("asked", 1, request)

    async def reading(self, request: Request) -> None:
        """Count what draws a page of a document, reads its file, tries the index or starts a new conversation."""
        self._count("read", READS, request)

    async def question(self, request: Request) -> AsyncIterator[None]:
        """Count a question, then wait for its turn; the place is free again when the answer is there.

        Raises:
            RefusedError: 429, its client has sent too many; 503, too many are waiting.
        """
        self._count("asked", 1, request)
        if self.inside >= self.most:
            self.metrics.refused_questions.inc()
            raise RefusedError(503, phrases.OVERLOADED, {"Retry-After": str(RETRY_SECONDS)})
        self.inside += 1
        try:
            async with self._turn:
                yield
        finally:
            self.inside -= 1

    def _count(self, what: str, share: int, request: Request) -> None:
        if not self._amount:
            return
        count, until = self._counts.hit(f"{what} {self._mark(request)}", self._seconds)
        if count <= self._amount * share:
            return
        self.metrics.refused_clients.inc()
        wait = max(1, math.ceil(until - time.time()))
        raise RefusedError(429, phrases.too_many(wait), {"Retry-After": str(wait)})

    def _mark(self, request: Request) -> str:
        """Who asks, as a mark that leads back to no address."""
        host = request.client.host if request.client else ""
        return blake2b(network(host).encode(), key=self._counts.salt, digest_size=16).hexdigest()


def network(host: str) -> str:
    """The address of a client; of an IPv6 one, the /64 that one subscriber has whole.

    >>> network("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::'
    """
    try:
        address = ip_address(host)
    except ValueError:  # a Unix socket, a name
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))

"""Connections to PostgreSQL: opened when they are wanted, kept, replaced when the server was away."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from threading import Event, Thread, current_thread
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from weakref import finalize

import asyncpg

from corpus.errors import IndexStoreError
from index.records import Later, batched

T = TypeVar("T")
Row = tuple[Any, ...]

_REACHED_WITHIN = 2.0
"""Seconds for a server to be reached: a question is refused then, and not kept waiting."""
_ANSWERS_WITHIN = 10.0
"""Seconds after which a server that says nothing is taken for gone."""
_AT_ONCE = 6
"""Connections of a process: a question asks up to five at once, and PostgreSQL takes a hundred from all processes."""
_THREAD = "motamot-postgres"
_RECORDS = 1_000
"""Records written in one exchange: beyond, it is no faster."""

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_AWAY = (
    OSError,  # a time that is out is one
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InterfaceError,
)


class Database:
    """One database, asked from several threads at once.

    Args:
        address: ``postgresql://…``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._idle: list[asyncpg.Connection] = []  # touched by the thread of ``_loop`` alone
        self._places = asyncio.Semaphore(_AT_ONCE)
        self.close = finalize(self, _close, self._idle)
        """Close what is kept: no more is asked then."""

    def __str__(self) -> str:
        with suppress(ValueError):
            known = urlsplit(self._address)
            host = known.hostname or parse_qs(known.query).get("host", ["PostgreSQL"])[0]
            return f"{host}/{known.path.lstrip('/')}"  # and no password
        return "PostgreSQL"

    def rows(self, statement: str, *parameters: object) -> list[Row]:
        """What a query finds; asked again on a new connection where the one kept was cut.

        Raises:
            IndexStoreError: The server cannot be reached, or refuses.
        """
        return self.ask(statement, *parameters)()

    def ask(self, statement: str, *parameters: object) -> Later[list[Row]]:
        """As ``rows``, without waiting: several are answered at once, each on a connection of its own."""
        asked = asyncio.run_coroutine_threadsafe(self._found(statement, parameters), _loop())

        def found() -> list[Row]:
            try:
                return asked.result()
            except FAULTS as error:
                raise unreachable(self, error) from error

        return found

    async def _found(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        async with self._places:
            try:
                return await self._fetched(statement, parameters)
            except TimeoutError:
                raise  # who asks has waited long enough
            except _AWAY:
                _terminate(self._idle)  # the server was away: all that was kept is cut
                return await self._fetched(statement, parameters)

    async def _fetched(self, statement: str, parameters: Sequence[object]) -> list[Row]:
        connection = self._idle.pop() if self._idle else await self._connected()
        try:
            found: list[Row] = await connection.fetch(statement, *parameters, timeout=_ANSWERS_WITHIN)
        except _AWAY:
            connection.terminate()
            raise
        finally:
            if not connection.is_closed():
                self._idle.append(connection)
        return found

    async def _connected(self) -> asyncpg.Connection:
        """A new connection; no statement stays prepared on it, which pgbouncer would give to somebody else."""
        return await asyncpg.connect(
            self._address,
            timeout=_REACHED_WITHIN,
            statement_cache_size=0,
            server_settings={"application_name": "motamot"},
        )

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """All that the block writes, or nothing.

        Raises:
            IndexStoreError: The server cannot be reached, or refuses.
        """
        try:
            connection = _run(self._connected())
            try:
                transaction = connection.transaction()
                _run(transaction.start())
                yield Transaction(connection)
                _run(transaction.commit())
            finally:
                with suppress(*FAULTS):  # which gives up what was not committed, and every lock
                    _run(connection.close(timeout=_REACHED_WITHIN))
        except FAULTS as error:
            raise unreachable(self, error) from error


class Transaction:
    """What is asked of one connection, one after the other, however long it takes."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, *parameters: object) -> list[Row]:
        """What a query finds."""
        found: list[Row] = _run(self._connection.fetch(statement, *parameters))
        return found

    def ask(self, statement: str, *parameters: object) -> Later[list[Row]]:
        """As ``rows``, once it is waited for."""
        return lambda: self.rows(statement, *parameters)

    def run(self, statements: str) -> None:
        """Some statements that find nothing."""
        _run(self._connection.execute(statements))

    def copy(self, table: str, records: Iterator[Row]) -> None:
        """Write records; they are made here, as those that are read from a database wait for it."""
        for part in batched(records, _RECORDS):
            _run(self._connection.copy_records_to_table(table, records=part))

    def copy_binary(self, table: str, content: bytes) -> None:
        """Write what is in the form of ``COPY … (FORMAT binary)``, without its first and last bytes."""
        # A view: bytes would be taken for the name of a file.
        whole = memoryview(b"PGCOPY\n\xff\r\n\0" + bytes(8) + content + b"\xff\xff")
        _run(self._connection.copy_to_table(table, source=whole, format="binary"))


def _close(connections: list[asyncpg.Connection]) -> None:
    """From any thread, in that of the loop; waited for, as the program may be about to end."""
    if not connections or current_thread().name == _THREAD:  # where what is collected may be a database
        _terminate(connections)
    else:
        loop, done = _loop(), Event()
        loop.call_soon_threadsafe(_terminate, connections)
        loop.call_soon_threadsafe(done.set)
        done.wait(_REACHED_WITHIN)


def _terminate(connections: list[asyncpg.Connection]) -> None:
    while connections:
        connections.pop().terminate()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Where all connections of this process are served."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name=_THREAD, daemon=True).start()
    return loop


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


def unreachable(database: Database, error: Exception) -> IndexStoreError:
    """What to say of a database that does not do what was asked."""
    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, _AWAY) and not isinstance(error, asyncpg.DataError):
        return IndexStoreError(
            f"La base de données « {database} » ne répond pas : réessayez dans un instant. Si cela dure, vérifiez que "
            f"PostgreSQL est lancé et que le réglage « store » est juste ({said})."
        )
    return IndexStoreError(f"La base de données « {database} » a refusé ce qui lui était demandé ({said}).")


def own_table(version: int, name: str) -> str:
    """The name of a table that one version alone has."""
    return f"motamot_{name}_{version}"

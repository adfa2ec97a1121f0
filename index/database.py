"""Connections to PostgreSQL: opened when they are wanted, kept, replaced when the server was away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from corpus.errors import IndexStoreError

Statement = LiteralString | sql.SQL | sql.Composed
_ANSWERS_WITHIN = 2
"""Seconds for a server to be reached: a question is refused then, and not kept waiting."""
_SILENT = 5_000
"""Milliseconds after which a server that acknowledges nothing is taken for gone."""
_IDLE = 16
"""Connections kept: of the questions answered at once, and of the watch over the index."""


class Database:
    """One database, asked from several threads at once.

    Args:
        address: ``postgresql://…``, as libpq reads it.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._idle: list[psycopg.Connection[tuple[Any, ...]]] = []
        self._lock = Lock()

    def __str__(self) -> str:
        try:
            known = psycopg.conninfo.conninfo_to_dict(self._address)
        except psycopg.ProgrammingError:
            return "PostgreSQL"
        return f"{known.get('host', 'PostgreSQL')}/{known.get('dbname', '')}"  # and no password

    def __del__(self) -> None:
        self.close()

    def rows(self, statement: Statement, *parameters: object) -> list[tuple[Any, ...]]:
        """What a query finds; asked again on a new connection where the one kept was cut.

        Raises:
            IndexStoreError: The server cannot be reached, or refuses.
        """
        try:
            try:
                return self._asked(statement, parameters)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self.close()  # the server was away: all that was kept is cut
                return self._asked(statement, parameters)
        except psycopg.Error as error:
            raise unreachable(self, error) from error

    def _asked(self, statement: Statement, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._kept() as connection:
            if not parameters:
                return last_rows(connection, statement)
            return connection.execute(statement, parameters, binary=True).fetchall()

    @contextmanager
    def _kept(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self.connect()
        try:
            yield connection
        except psycopg.OperationalError:
            connection.close()
            raise
        finally:
            with self._lock:
                keep = not connection.closed and len(self._idle) < _IDLE
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of one's own; nothing is prepared on it, which pgbouncer would give to somebody else."""
        return psycopg.connect(
            self._address,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=_ANSWERS_WITHIN,
            tcp_user_timeout=_SILENT,
            application_name="motamot",
        )

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """All that the block writes, or nothing.

        Raises:
            IndexStoreError: The server cannot be reached, or refuses.
        """
        try:
            with self.connect() as connection, connection.transaction():
                yield connection
        except psycopg.Error as error:
            raise unreachable(self, error) from error

    def close(self) -> None:
        """Close what is kept; it opens again when it is asked."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def last_rows(connection: psycopg.Connection[tuple[Any, ...]], statement: Statement) -> list[tuple[Any, ...]]:
    """What the last of some statements finds; without parameters, several go in one exchange and one transaction."""
    cursor = connection.execute(statement)
    while cursor.nextset():
        pass
    return cursor.fetchall()


def unreachable(database: Database, error: psycopg.Error) -> IndexStoreError:
    """What to say of a database that does not do what was asked."""
    said = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, psycopg.OperationalError):
        return IndexStoreError(
            f"La base de données « {database} » ne répond pas : réessayez dans un instant. Si cela dure, vérifiez que "
            f"PostgreSQL est lancé et que le réglage « store » est juste ({said})."
        )
    return IndexStoreError(f"La base de données « {database} » a refusé ce qui lui était demandé ({said}).")

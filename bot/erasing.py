"""Erases lines of the journal so that no word of theirs is left in its files."""

import sqlite3

_UNSWEPT = 1
"""In ``PRAGMA application_id``: lines were erased, and their words may still lie in the file."""


def erase(connection: sqlite3.Connection, before: str) -> int:
    """Erase the lines asked before a moment (ISO 8601), and sweep the file; how many they were.

    ``secure_delete`` is not enough: a page that was split or joined keeps copies of its lines in the room between
    them (measured: of 1 line in 300). Hence the whole file is written anew, and the write-ahead log emptied. A sweep
    that fails, or a process killed before it, is made good by the next one.

    Raises:
        sqlite3.Error: The disk is full, or another process holds the file for too long.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        erased = connection.execute("DELETE FROM question WHERE asked < ?", (before,)).rowcount
        if erased:
            connection.execute(f"PRAGMA application_id = {_UNSWEPT}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    [(state,)] = connection.execute("PRAGMA application_id").fetchall()
    if state == _UNSWEPT:
        connection.execute("VACUUM")
    [(busy, _, _)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise sqlite3.OperationalError("un autre programme le tient ouvert : les lignes effacées y restent lisibles")
    if state == _UNSWEPT:
        connection.execute("PRAGMA application_id = 0")
    return erased

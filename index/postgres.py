"""Indexes in PostgreSQL with pgvector: versions switched in one transaction, and large ones searched where they are.

A large version has tables of its own: an HNSW index filtered by version would return too few rows. Small ones are
read into memory as from a folder.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from io import BytesIO
from itertools import count
from typing import Any

import numpy as np

from corpus.errors import IndexStoreError
from index.database import Database, Transaction, own_table
from index.dense import Dense, Field
from index.lexical import Arrays, restore
from index.postgres_search import (
    LARGE,
    LEXICAL,
    DatabaseBm25,
    DatabaseField,
    stems,
    write_postings,
    write_vectors,
)
from index.records import batched
from index.rows import LexicalFields
from index.store import Store
from index.stored import (
    FIELDS,
    SMALL_FILES,
    VECTORS,
    Raw,
    Stored,
    arrays_of,
    documents_json,
    entries_json,
    packed,
    restored,
    small_files,
)
from index.versions import KEPT, MEND, damaged, manifest_of

_SEARCHED = ("headings", "passages", "phrasings")
_DOCUMENTS = 500
"""Written in one exchange."""

_TABLES = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE IF NOT EXISTS motamot_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, manifest text NOT NULL);
CREATE INDEX IF NOT EXISTS motamot_version_name ON motamot_version (name, id);
CREATE TABLE IF NOT EXISTS motamot_index (
    name text PRIMARY KEY, current bigint NOT NULL, withdrawn text[] NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS motamot_file (
    version bigint REFERENCES motamot_version ON DELETE CASCADE, name text, content bytea NOT NULL,
    PRIMARY KEY (version, name));
CREATE TABLE IF NOT EXISTS motamot_document (hash bytea PRIMARY KEY, content bytea NOT NULL);
CREATE TABLE IF NOT EXISTS motamot_place (
    version bigint REFERENCES motamot_version ON DELETE CASCADE, row int,
    hash bytea NOT NULL REFERENCES motamot_document, PRIMARY KEY (version, row));
CREATE INDEX IF NOT EXISTS motamot_place_hash ON motamot_place (hash);
CREATE TABLE IF NOT EXISTS motamot_entry (
    version bigint REFERENCES motamot_version ON DELETE CASCADE, row int, content bytea NOT NULL,
    terms bytea NOT NULL, weights bytea NOT NULL, PRIMARY KEY (version, row))
"""
"""``motamot_document`` holds each document once, whatever the versions and indexes that have it. ``terms`` and
``weights`` are the stems of an entry, by their columns, and their share of a BM25 score."""


class DatabaseStore(Store):
    """One index among those of a database; what follows by the names of ``Store`` is documented there.

    Args:
        database: Where it is.
        name: Tells it from the others.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self.name = name

    def __str__(self) -> str:
        return f"{self._database}, {self.name}"

    @contextmanager
    def turn(self, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
        key = int.from_bytes(hashlib.blake2b(f"motamot {self.name}".encode(), digest_size=8).digest(), signed=True)
        _set_up(self._database)
        # The lock is of a transaction: pgbouncer may give what is of a session to somebody else.
        with self._database.transaction() as transaction:
            [(free,)] = transaction.rows("SELECT pg_try_advisory_xact_lock($1)", key)
            if not free:
                if on_wait:
                    on_wait()
                transaction.rows("SELECT pg_advisory_xact_lock($1)", key)
            yield not free

    def save(self, stored: Stored) -> None:
        _set_up(self._database)
        arrays, files = arrays_of(stored), small_files(stored)
        large = len(stored.rows.targets) > LARGE
        apart = {name for name in arrays if large and _is_searched_in_place(name)}
        files["arrays.npz"] = packed({name: array for name, array in arrays.items() if name not in apart})
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        manifest = json.dumps(asdict(replace(stored.manifest, files=hashes)), ensure_ascii=False)
        with self._database.transaction() as transaction:
            # One after the other: a document given up by a build is not one that another has just found there.
            transaction.rows("SELECT pg_advisory_xact_lock(hashtext('motamot documents'))")
            [(version,)] = transaction.rows(
                "INSERT INTO motamot_version (name, manifest) VALUES ($1, $2) RETURNING id", self.name, manifest
            )
            _write_documents(transaction, version, stored)
            own = zip(count(), entries_json(stored), stems(stored.lexical.entries, arrays), strict=False)
            transaction.copy("motamot_entry", ((version, row, content, *terms) for row, content, terms in own))
            if large:
                files["search.json"] = json.dumps(_write_in_place(transaction, version, arrays)).encode()
            transaction.copy("motamot_file", ((version, name, content) for name, content in files.items()))
            transaction.rows(
                "INSERT INTO motamot_index (name, current) VALUES ($1, $2) "
                "ON CONFLICT (name) DO UPDATE SET current = excluded.current",
                self.name,
                version,
            )
            self._prune(transaction)

    def _prune(self, transaction: Transaction) -> None:
        old = transaction.rows(
            "DELETE FROM motamot_version WHERE name = $1 AND id NOT IN "
            "(SELECT id FROM motamot_version WHERE name = $1 ORDER BY id DESC LIMIT $2) RETURNING id",
            self.name,
            KEPT,
        )
        for (version,) in old:
            for table in (*_SEARCHED, "posting"):
                transaction.run(f"DROP TABLE IF EXISTS {own_table(version, table)}")
        if old:
            transaction.run(
                "DELETE FROM motamot_document WHERE NOT EXISTS (SELECT FROM motamot_place p WHERE p.hash = "
                "motamot_document.hash)"
            )

    def _current(self) -> int:
        version = self.mark()
        if version is None:
            raise IndexStoreError(f"Il n’y a pas d’index dans « {self} » : {MEND}")
        return version

    def _read(self, version: int) -> Stored:
        manifest = manifest_of(self._manifest(version), self)
        files: dict[str, bytes] = dict(
            self._database.rows("SELECT name, content FROM motamot_file WHERE version = $1", version)
        )
        for name, wanted in manifest.files.items():
            if hashlib.sha256(files.get(name, b"")).hexdigest() != wanted:
                raise damaged(self, f"fichier « {name} »")
        with np.load(BytesIO(files["arrays.npz"]), allow_pickle=False) as small:
            arrays: Arrays = {name: small[name] for name in small.files}
        dense: dict[str, Field] = {
            name: Dense(own) for name in FIELDS if (own := arrays.get(VECTORS + name)) is not None
        }
        lexical = None
        if "search.json" in files:
            for name, (n, effort) in json.loads(files["search.json"]).items():
                dense[name] = DatabaseField(self._database, own_table(version, name), n, manifest.dim, effort)
            empty = {f"{LEXICAL}texts": np.zeros(0, np.int32), f"{LEXICAL}weights": np.zeros(0, np.float32)}
            lexical = restore(LexicalFields, {**arrays, **empty}, "lexical")
            lexical = replace(lexical, entries=DatabaseBm25.of_database(lexical.entries, self._database, version))
        return restored(
            manifest,
            {name: files[name] for name in SMALL_FILES},
            arrays,
            dense,
            self._reader(
                "SELECT row, d.content FROM motamot_place JOIN motamot_document d USING (hash) "
                "WHERE version = $1 AND row = ANY($2::int[])",
                version,
            ),
            self._reader("SELECT row, content FROM motamot_entry WHERE version = $1 AND row = ANY($2::int[])", version),
            lexical,
        )

    def _reader(self, statement: str, version: int) -> Raw:
        def read(rows: Sequence[int]) -> list[bytes]:
            found: dict[int, bytes] = dict(self._database.rows(statement, version, list(rows)))
            if len(found) < len(set(rows)):
                raise IndexStoreError(f"La version {version} de l’index « {self} » n’est plus dans la base.")
            return [found[row] for row in rows]

        return read

    def _manifest(self, version: int) -> dict[str, Any]:
        found = self._database.rows("SELECT manifest FROM motamot_version WHERE id = $1", version)
        return dict(json.loads(found[0][0])) if found else {}

    def _newest_first(self) -> list[tuple[Any, ...]]:
        return self._database.rows(
            "SELECT id, manifest::json->>'fingerprint' FROM motamot_version WHERE name = $1 ORDER BY id DESC", self.name
        )

    def _serve(self, version: int, withdrawn: str = "") -> None:
        self._database.rows(
            "UPDATE motamot_index SET current = $1, withdrawn = withdrawn || $2::text[] WHERE name = $3",
            version,
            [withdrawn] if withdrawn else [],
            self.name,
        )

    def mark(self) -> int | None:
        found = self._of_index("current")
        return int(found) if found is not None else None

    def is_in_service(self) -> bool:
        return self.mark() is not None

    def remembered(self) -> dict[str, Any]:
        version = self.mark()
        return self._manifest(version) if version else {}

    def withdrawn(self) -> frozenset[str]:
        return frozenset(self._of_index("withdrawn") or ())

    def forgive(self) -> None:
        self._database.rows("UPDATE motamot_index SET withdrawn = '{}' WHERE name = $1", self.name)

    def _of_index(self, column: str) -> Any:
        if self._database.rows("SELECT to_regclass('motamot_index')::text") == [(None,)]:
            return None
        found = self._database.rows(f"SELECT {column} FROM motamot_index WHERE name = $1", self.name)
        return found[0][0] if found else None


def _set_up(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.rows("SELECT pg_advisory_xact_lock(hashtext('motamot tables'))")
        if transaction.rows("SELECT to_regclass('motamot_entry')::text") == [(None,)]:
            transaction.run(_TABLES)


def _is_searched_in_place(name: str) -> bool:
    return name in (f"{LEXICAL}texts", f"{LEXICAL}weights") or name.removeprefix(VECTORS) in _SEARCHED


def _write_documents(transaction: Transaction, version: int, stored: Stored) -> None:
    rows = count()
    for part in batched(documents_json(stored), _DOCUMENTS):
        keys = [hashlib.sha256(content).digest() for content in part]
        transaction.rows(
            "INSERT INTO motamot_document SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING",
            keys,
            part,
        )
        transaction.copy("motamot_place", ((version, next(rows), key) for key in keys))


def _write_in_place(transaction: Transaction, version: int, arrays: Arrays) -> dict[str, tuple[int, int | None]]:
    """Vectors and postings in tables of their own; field -> how many vectors, and the candidates to ask HNSW for."""
    write_postings(transaction, version, arrays)
    trials = arrays[f"{VECTORS}trials"]
    return {
        name: write_vectors(transaction, own_table(version, name), arrays[VECTORS + name], trials) for name in _SEARCHED
    }

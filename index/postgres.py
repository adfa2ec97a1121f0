"""Indexes in PostgreSQL with pgvector: versions switched in one transaction, and large ones searched where they are.

A large version has tables of its own: an HNSW index filtered by version would return too few rows. Small ones are
read into memory as from a folder.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from io import BytesIO
from itertools import pairwise
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import psycopg
from cachetools import LRUCache
from psycopg import sql

from corpus.errors import IndexStoreError
from index.database import Database, last_rows, unreachable
from index.dense import Dense, Field, Vectors, true_nearest
from index.lexical import Arrays, Bm25, Doubles, Floats, Ints, restore
from index.manifest import FORMAT, Manifest
from index.records import Records
from index.rows import LexicalFields
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
from index.versions import KEPT, MEND

LARGE = 10_000
"""Targets from which vectors and postings stay in the database: fewer take 40 MB of a process."""
_RECALL, _EFFORTS = 0.98, (100, 200, 400, 800)
"""Share of the true nearest that HNSW must find, and the numbers of candidates that are tried for it."""
_VECTORS_KEPT = 6_000
"""Of a field, in memory: 10 MB. Half of those that a question is compared with are of the sample, always the same."""
_SEARCHED = ("headings", "openings", "passages", "phrasings")
_LEXICAL = "lexical.entries."

_TABLES = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """CREATE TABLE IF NOT EXISTS motamot_version (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, manifest text NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS motamot_version_name ON motamot_version (name, id)",
    """CREATE TABLE IF NOT EXISTS motamot_index (
        name text PRIMARY KEY, current bigint NOT NULL, withdrawn text[] NOT NULL DEFAULT '{}')""",
    """CREATE TABLE IF NOT EXISTS motamot_file (
        version bigint REFERENCES motamot_version ON DELETE CASCADE, name text, content bytea NOT NULL,
        PRIMARY KEY (version, name))""",
    "CREATE TABLE IF NOT EXISTS motamot_document (hash bytea PRIMARY KEY, content bytea NOT NULL)",
    """CREATE TABLE IF NOT EXISTS motamot_place (
        version bigint REFERENCES motamot_version ON DELETE CASCADE, row int,
        hash bytea NOT NULL REFERENCES motamot_document, PRIMARY KEY (version, row))""",
    "CREATE INDEX IF NOT EXISTS motamot_place_hash ON motamot_place (hash)",
    """CREATE TABLE IF NOT EXISTS motamot_entry (
        version bigint REFERENCES motamot_version ON DELETE CASCADE, row int, content bytea NOT NULL,
        terms bytea NOT NULL, weights bytea NOT NULL, PRIMARY KEY (version, row))""",
)
"""``motamot_document`` holds each document once, whatever the versions and indexes that have it. ``terms`` and
``weights`` are the stems of an entry, by their columns, and their share of a BM25 score."""


class DatabaseStore:
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
        try:
            connection = self._database.connect()
        except psycopg.Error as error:
            raise unreachable(self._database, error) from error
        with connection:  # which releases the lock when it ends, however it ends
            _set_up(self._database)
            [(free,)] = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchall()
            if not free:
                if on_wait:
                    on_wait()
                connection.execute("SELECT pg_advisory_lock(%s)", (key,))
            yield not free

    def save(self, stored: Stored) -> None:
        _set_up(self._database)
        arrays, files = arrays_of(stored), small_files(stored)
        large = len(stored.rows.targets) > LARGE
        apart = {name for name in arrays if large and _is_searched_in_place(name)}
        files["arrays.npz"] = packed({name: array for name, array in arrays.items() if name not in apart})
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        manifest = json.dumps(asdict(replace(stored.manifest, files=hashes)), ensure_ascii=False)
        with self._database.transaction() as connection:
            # One after the other: a document given up by a build is not one that another has just found there.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('motamot documents'))")
            [(version,)] = connection.execute(
                "INSERT INTO motamot_version (name, manifest) VALUES (%s, %s) RETURNING id", (self.name, manifest)
            )
            _write_documents(connection, version, stored)
            _write_entries(connection, version, stored, arrays)
            if large:
                files["search.json"] = json.dumps(_write_in_place(connection, version, arrays)).encode()
            with connection.cursor() as cursor:
                for name, content in files.items():
                    cursor.execute("INSERT INTO motamot_file VALUES (%s, %s, %s)", (version, name, content))
            connection.execute(
                "INSERT INTO motamot_index (name, current) VALUES (%s, %s) "
                "ON CONFLICT (name) DO UPDATE SET current = excluded.current",
                (self.name, version),
            )
            self._prune(connection)

    def _prune(self, connection: psycopg.Connection[Any]) -> None:
        old = connection.execute(
            "DELETE FROM motamot_version WHERE name = %s AND id NOT IN "
            "(SELECT id FROM motamot_version WHERE name = %s ORDER BY id DESC LIMIT %s) RETURNING id",
            (self.name, self.name, KEPT),
        ).fetchall()
        for (version,) in old:
            for table in (*_SEARCHED, "posting"):
                connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_table(version, table)))
        if old:
            connection.execute(
                "DELETE FROM motamot_document WHERE NOT EXISTS (SELECT FROM motamot_place p WHERE p.hash = "
                "motamot_document.hash)"
            )

    def load(self) -> Stored:
        while True:
            version = self.mark()
            if version is None:
                raise IndexStoreError(f"Il n’y a pas d’index dans « {self} » : {MEND}")
            try:
                return self._load(version)
            except IndexStoreError:
                if self.mark() == version:
                    raise  # else a build replaced the one that we were reading

    def _load(self, version: int) -> Stored:
        manifest = self._manifest(version)
        files = dict(self._database.rows("SELECT name, content FROM motamot_file WHERE version = %s", version))
        for name, wanted in manifest.files.items():
            if hashlib.sha256(files.get(name, b"")).hexdigest() != wanted:
                raise IndexStoreError(f"L’index « {self} » est abîmé (fichier « {name} ») : {MEND}")
        with np.load(BytesIO(files["arrays.npz"]), allow_pickle=False) as small:
            arrays: Arrays = {name: small[name] for name in small.files}
        dense: dict[str, Field] = {
            name: Dense(own) for name in FIELDS if (own := arrays.get(VECTORS + name)) is not None
        }
        lexical = None
        if "search.json" in files:
            for name, (n, effort) in json.loads(files["search.json"]).items():
                dense[name] = DatabaseField(self._database, _table(version, name), n, manifest.dim, effort)
            empty = {f"{_LEXICAL}texts": np.zeros(0, np.int32), f"{_LEXICAL}weights": np.zeros(0, np.float32)}
            lexical = restore(LexicalFields, {**arrays, **empty}, "lexical")
            lexical = replace(lexical, entries=DatabaseBm25.of_database(lexical.entries, self._database, version))
        return restored(
            manifest,
            {name: files[name] for name in SMALL_FILES},
            arrays,
            dense,
            self._reader(
                "SELECT row, d.content FROM motamot_place JOIN motamot_document d USING (hash) "
                "WHERE version = %s AND row = ANY(%s::int[])",
                version,
            ),
            self._reader("SELECT row, content FROM motamot_entry WHERE version = %s AND row = ANY(%s::int[])", version),
            lexical,
        )

    def _reader(self, statement: str, version: int) -> Raw:
        def read(rows: Sequence[int]) -> list[bytes]:
            found = dict(self._database.rows(statement, version, _array(rows)))
            if len(found) < len(set(rows)):
                raise IndexStoreError(f"La version {version} de l’index « {self} » n’est plus dans la base.")
            return [found[row] for row in rows]

        return read

    def _manifest(self, version: int) -> Manifest:
        [(content,)] = self._database.rows("SELECT manifest FROM motamot_version WHERE id = %s", version) or [("{}",)]
        made = json.loads(content)
        if made.get("format") != FORMAT:
            raise IndexStoreError(
                f"L’index « {self} » vient d’une autre version de Motamot "
                f"(format {made.get('format')}, attendu {FORMAT}) : {MEND}"
            )
        return Manifest(**made)

    def rollback(self) -> Manifest:
        with self.turn():
            left = self.mark()
            older = self._database.rows(
                "SELECT id FROM motamot_version WHERE name = %s AND id < %s ORDER BY id DESC", self.name, left or 0
            )
            for (version,) in older:
                try:
                    manifest = self._load(version).manifest
                except IndexStoreError:
                    continue
                self._database.rows(
                    "UPDATE motamot_index SET current = %s, withdrawn = withdrawn || %s::text "
                    "WHERE name = %s RETURNING 1",
                    version,
                    str(self.remembered().get("fingerprint")),
                    self.name,
                )
                return manifest
        raise IndexStoreError(
            f"L’index « {self} » n’a pas de version précédente en bon état : corrigez le corpus, puis {MEND}"
        )

    def mark(self) -> int | None:
        found = self._of_index("current")
        return int(found) if found is not None else None

    def is_in_service(self) -> bool:
        return self.mark() is not None

    def remembered(self) -> dict[str, Any]:
        version = self.mark()
        found = self._database.rows("SELECT manifest FROM motamot_version WHERE id = %s", version) if version else []
        return dict(json.loads(found[0][0])) if found else {}

    def withdrawn(self) -> frozenset[str]:
        return frozenset(self._of_index("withdrawn") or ())

    def forgive(self) -> None:
        self._database.rows("UPDATE motamot_index SET withdrawn = '{}' WHERE name = %s RETURNING 1", self.name)

    def _of_index(self, column: str) -> Any:
        if self._database.rows("SELECT to_regclass('motamot_index')::text") == [(None,)]:
            return None
        chosen = sql.SQL("SELECT {} FROM motamot_index WHERE name = %s").format(sql.Identifier(column))
        found = self._database.rows(chosen, self.name)
        return found[0][0] if found else None


class DatabaseField:
    """The vectors of one field of a large version, compared by pgvector.

    Args:
        database: Where they are.
        table: Of ``row`` and ``embedding``.
        n: How many.
        dim: Their length.
        effort: Candidates of HNSW (``ef_search``); None where every vector is compared.
    """

    def __init__(self, database: Database, table: sql.Identifier, n: int, dim: int, effort: int | None) -> None:
        self._database = database
        self._table = table
        self._n, self.dim = n, dim
        self._effort = effort
        self._kept: tuple[Ints, Vectors] = (np.zeros(0, np.intp), np.zeros((0, dim), np.float32))
        self._before: Ints = self._kept[0]

    def __len__(self) -> int:
        return self._n

    def scores(self, queries: Vectors, rows: Ints | None = None) -> Vectors:
        """As ``Field.scores``; rows of two questions in a row, as those of the sample are, are kept from then on."""
        wanted = np.arange(self._n) if rows is None else np.asarray(rows)
        kept, vectors = self._kept
        if not len(kept) and len(both := np.intersect1d(wanted, self._before)[:_VECTORS_KEPT]):
            kept, vectors = self._kept = both, self._vectors(both)
        self._before = wanted
        found = np.empty((len(queries), len(wanted)), np.float32)
        there = np.isin(wanted, kept)
        found[:, there] = queries @ vectors[np.searchsorted(kept, wanted[there])].T
        found[:, ~there] = self._compared(queries, wanted[~there])
        return found

    def _compared(self, queries: Vectors, rows: Ints) -> Vectors:
        columns = sql.SQL(", ").join(
            sql.SQL("(embedding <#> {}::vector)::real").format(_text(query)) for query in queries
        )
        statement = sql.SQL("SELECT row, {} FROM {} WHERE row = ANY({}::int[])").format(
            columns, self._table, _array(rows.tolist())
        )
        table = np.asarray(self._database.rows(statement), dtype=np.float64).reshape(-1, 1 + len(queries))
        places = np.argsort(table[:, 0])
        found: Vectors = -table[places[np.searchsorted(table[places, 0], rows)], 1:].T.astype(np.float32)
        return found

    def _vectors(self, rows: Ints) -> Vectors:
        statement = sql.SQL("SELECT row, vector_send(embedding) FROM {} WHERE row = ANY(%s::int[]) ORDER BY row")
        found = self._database.rows(statement.format(self._table), _array(rows.tolist()))
        return np.stack([np.frombuffer(content, ">f4", offset=4) for _, content in found]).astype(np.float32)

    def nearest(self, queries: Vectors, k: int) -> Ints:
        return np.unique(np.concatenate([self._near(query, k) for query in queries]))

    def _near(self, query: Vectors, k: int) -> Ints:
        return nearest(self._database.rows, self._table, query, k, self._effort)

    def all(self) -> Vectors:
        found = self._database.rows(sql.SQL("SELECT vector_send(embedding) FROM {} ORDER BY row").format(self._table))
        raw = np.frombuffer(b"".join(content for (content,) in found), dtype=np.uint8).reshape(len(found), -1)
        return np.ascontiguousarray(raw[:, 4:]).view(">f4").astype(np.float32)


def nearest(ask: Callable[..., Any], table: sql.Identifier, query: Vectors, k: int, effort: int | None) -> Ints:
    """Rows of the ``k`` nearest vectors of a table, in one exchange with the server."""
    order = sql.SQL("embedding::halfvec({0}) <#> {1}::halfvec({0})" if effort else "embedding <#> {1}::vector")
    statement = sql.SQL("SELECT row FROM {} ORDER BY {} LIMIT {}").format(
        table, order.format(sql.Literal(len(query)), sql.Literal(_text(query))), sql.Literal(k)
    )
    if effort:
        statement = sql.SQL("SET LOCAL hnsw.ef_search = {}; {}").format(sql.Literal(effort), statement)
    return np.fromiter((row for (row,) in ask(statement)), dtype=np.intp)


@dataclass(frozen=True, slots=True)
class DatabaseBm25(Bm25):
    """BM25 of a large version: postings of the telling terms to nominate, stems of the candidates to score."""

    database: Database
    version: int
    own: Records[tuple[bytes, bytes]]
    """Columns and weights of each text."""
    latest: LRUCache[bytes, "_Stems"]
    """Of the rows that were asked for last: a question asks three times."""

    @classmethod
    def of_database(cls, known: Bm25, database: Database, version: int) -> Self:
        """From its vocabulary, idf and numbers of postings."""

        def read(rows: Sequence[int]) -> list[tuple[bytes, bytes]]:
            found = database.rows(
                "SELECT row, terms, weights FROM motamot_entry WHERE version = %s AND row = ANY(%s::int[])",
                version,
                _array(rows),
            )
            held = {row: (terms, weights) for row, terms, weights in found}
            return [held[row] for row in rows]

        fields = (known.n_texts, known.vocabulary, known.idf, known.starts, known.texts, known.weights)
        return cls(*fields, database, version, Records(known.n_texts, read), LRUCache(8))

    def postings(self, columns: Ints) -> tuple[npt.NDArray[np.int32], Floats | Doubles]:
        found = self.database.rows(
            sql.SQL("SELECT term, texts, weights FROM {} WHERE term = ANY(%s)").format(_table(self.version, "posting")),
            columns.tolist(),
        )
        held = {term: (np.frombuffer(texts, "<i4"), np.frombuffer(weights, "<f4")) for term, texts, weights in found}
        texts, weights = zip(*(held[column] for column in columns.tolist()), strict=True)
        return np.concatenate(texts), np.concatenate(weights)

    def weigh(self, terms: Any, rows: Ints | None = None) -> Doubles:
        if rows is None:
            return Bm25.weigh(self, terms)
        factors = np.zeros(len(self.vocabulary))
        for term, factor in terms.items():
            if term in self.vocabulary:
                factors[self.vocabulary[term]] = factor
        owner, columns, weights = self._stems_of(rows)
        return np.bincount(owner, weights * factors[columns], minlength=len(rows)).astype(np.float64, copy=False)

    def holds(self, terms: Sequence[str], rows: Ints) -> npt.NDArray[np.bool_]:
        found = np.zeros((len(terms), len(rows)), dtype=bool)
        owner, columns, _ = self._stems_of(rows)
        for place, term in enumerate(terms):
            if (column := self.vocabulary.get(term)) is not None:
                found[place, owner[columns == column]] = True
        return found

    def _stems_of(self, rows: Ints) -> "_Stems":
        key = rows.tobytes()
        with _LATEST:
            known = self.latest.get(key)
        if known is None:
            columns, weights = zip(*self.own.some(rows.tolist()), strict=True)
            owner = np.repeat(np.arange(len(rows)), [len(own) // 4 for own in columns])
            known = owner, np.frombuffer(b"".join(columns), "<i4"), np.frombuffer(b"".join(weights), "<f4")
            with _LATEST:
                self.latest[key] = known
        return known


_Stems = tuple[Ints, Ints, Floats]
"""Place in the rows asked for, column and weight of every stem of some texts."""
_LATEST = Lock()


def _set_up(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('motamot tables'))")
        if connection.execute("SELECT to_regclass('motamot_entry')::text").fetchall() == [(None,)]:
            for statement in _TABLES:
                connection.execute(statement)


def _is_searched_in_place(name: str) -> bool:
    return name in (f"{_LEXICAL}texts", f"{_LEXICAL}weights") or name.removeprefix(VECTORS) in _SEARCHED


def _table(version: int, name: str) -> sql.Identifier:
    return sql.Identifier(f"motamot_{name}_{version}")


def _write_documents(connection: psycopg.Connection[Any], version: int, stored: Stored) -> None:
    with connection.cursor() as cursor:
        for row, content in enumerate(documents_json(stored)):
            key = hashlib.sha256(content).digest()
            cursor.execute("INSERT INTO motamot_document VALUES (%s, %s) ON CONFLICT DO NOTHING", (key, content))
            cursor.execute("INSERT INTO motamot_place VALUES (%s, %s, %s)", (version, row, key))


def _write_entries(connection: psycopg.Connection[Any], version: int, stored: Stored, arrays: Arrays) -> None:
    """Entries with their stems: the columns of BM25, turned into rows."""
    from scipy.sparse import csc_matrix

    known = stored.lexical.entries
    columns = (arrays[f"{_LEXICAL}{name}"] for name in ("weights", "texts", "starts"))
    rows = csc_matrix(tuple(columns), shape=(known.n_texts, len(known.vocabulary))).tocsr()
    with connection.cursor().copy("COPY motamot_entry FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["int8", "int4", "bytea", "bytea", "bytea"])
        for row, content in enumerate(entries_json(stored)):
            own = slice(rows.indptr[row], rows.indptr[row + 1])
            terms, weights = rows.indices[own].astype("<i4"), rows.data[own].astype("<f4")
            copy.write_row((version, row, content, terms.tobytes(), weights.tobytes()))


def _write_in_place(
    connection: psycopg.Connection[Any], version: int, arrays: Arrays
) -> dict[str, tuple[int, int | None]]:
    """Vectors and postings in tables of their own; field -> how many vectors, and the candidates to ask HNSW for."""
    table = _table(version, "posting")
    connection.execute(
        sql.SQL("CREATE TABLE {} (term int PRIMARY KEY, texts bytea NOT NULL, weights bytea NOT NULL)").format(table)
    )
    starts, texts, weights = (arrays[f"{_LEXICAL}{name}"] for name in ("starts", "texts", "weights"))
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(table)) as copy:
        copy.set_types(["int4", "bytea", "bytea"])
        for term, (start, end) in enumerate(pairwise(starts.tolist())):
            own = (texts[start:end].astype("<i4"), weights[start:end].astype("<f4"))
            copy.write_row((term, own[0].tobytes(), own[1].tobytes()))
    return {
        name: write_vectors(connection, _table(version, name), arrays[VECTORS + name], arrays[f"{VECTORS}trials"])
        for name in _SEARCHED
    }


def write_vectors(
    connection: psycopg.Connection[Any], table: sql.Identifier, vectors: Vectors, queries: Vectors
) -> tuple[int, int | None]:
    """Make a table of vectors, with an HNSW index of their halves where they are many; as many, and its effort."""
    n, dim = vectors.shape
    connection.execute(
        sql.SQL("CREATE TABLE {} (row int PRIMARY KEY, embedding vector({}) STORAGE PLAIN NOT NULL)").format(
            table, sql.Literal(dim)
        )
    )
    shape = [("fields", ">i2"), ("four", ">i4"), ("row", ">i4"), ("size", ">i4"), ("dim", ">i2"), ("zero", ">i2")]
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(table)) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for start in range(0, n, LARGE):
            part = vectors[start : start + LARGE]
            lines = np.zeros(len(part), dtype=np.dtype([*shape, ("numbers", ">f4", (dim,))]))
            lines["fields"], lines["four"], lines["size"], lines["dim"] = 2, 4, 4 + 4 * dim, dim
            lines["row"], lines["numbers"] = np.arange(start, start + len(part)), part
            copy.write(lines.tobytes())
        copy.write(b"\xff\xff")
    connection.execute(sql.SQL("ANALYZE {}").format(table))
    if n <= LARGE:
        return n, None
    # The graph of a million halves of 384 numbers takes 1.3 GB: where it does not fit, building takes ten times longer.
    connection.execute(
        sql.SQL("SET LOCAL maintenance_work_mem = {}").format(sql.Literal(f"{64 + n * (2 * dim + 500) // 2**20}MB"))
    )
    connection.execute(
        sql.SQL("CREATE INDEX ON {} USING hnsw ((embedding::halfvec({})) halfvec_ip_ops)").format(
            table, sql.Literal(dim)
        )
    )
    queries, true = true_nearest(vectors, queries)
    for effort in _EFFORTS:
        found = [nearest(partial(last_rows, connection), table, query, true.shape[1], effort) for query in queries]
        if np.mean([len(np.intersect1d(*pair)) for pair in zip(true, found, strict=True)]) >= _RECALL * true.shape[1]:
            break
    return n, effort


def _text(vector: Vectors) -> str:
    return _text_of(vector.astype(np.float32).tobytes())


@lru_cache(64)
def _text_of(raw: bytes) -> str:
    """The same vector is looked for in several fields."""
    return f"[{','.join(map(repr, np.frombuffer(raw, np.float32).tolist()))}]"


def _array(rows: Sequence[int]) -> str:
    """As PostgreSQL reads an array: psycopg takes a millisecond for a thousand numbers."""
    return f"{{{','.join(map(str, rows))}}}"

"""A large version in PostgreSQL, searched where it is: vectors by pgvector and its HNSW graph, BM25 by its own tables.

Postings, by term, nominate texts; stems, by text, score them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from index.database import Database, Row, Transaction, own_table
from index.dense import ASKED, Vectors, trials
from index.lexical import Arrays, Bm25, Doubles, Floats, Ints, Postings, found_in
from index.records import Later, Records

LEXICAL = "lexical.entries."
"""Before the names of its arrays."""
LARGE = 10_000
"""Vectors up to which all are compared, targets up to which an index is read into memory: they take 40 MB there."""
_RECALL, _EFFORTS = 0.97, (150, 250, 300, 400, 500, 600, 700, 800)
"""Share of the nearest of trials that HNSW must find, and the numbers of candidates tried for it: of citizens' messages
it then finds .978 over 103,299 passages and .979 over a million."""
_CARE = 160
"""``ef_construction`` of the graph. Over 295,140 passages 64 finds .895 of the nearest with 200 candidates, 160 .962
in the same time, and takes 2.3 times as long to build; 24 links in place of 16 bring less and take longer still."""

_KEPT = 6_000
"""Of a field, in memory: 10 MB. A third to half of those that a question is compared with recur."""


class DatabaseField:
    """The vectors of one field of a large version, compared by pgvector.

    Those of rows that two questions in a row asked for are kept: of the sample, which all are compared with.

    Args:
        database: Where they are.
        table: Of ``row`` and ``embedding``.
        n: How many.
        dim: Their length.
        effort: Candidates of HNSW (``ef_search``); None where every vector is compared.
    """

    def __init__(self, database: Database, table: str, n: int, dim: int, effort: int | None) -> None:
        self._database = database
        self._table = table
        self._n, self._dim = n, dim
        self._effort = effort
        self._kept: tuple[Ints, Vectors] | None = None
        self._before: Ints | None = None

    def scores_later(self, queries: Vectors, rows: Ints) -> Later[Vectors]:
        """As ``Field.scores_later``."""
        if self._kept is None and self._before is not None:
            both = np.intersect1d(rows, self._before)[:_KEPT]
            self._kept = (both, self._vectors("WHERE row = ANY($1::int[])", both.tolist())) if len(both) else None
        self._before = rows
        if (kept := self._kept) is None:
            return self._compared(queries, rows)
        places, there = found_in(kept[0], rows)
        compared = self._compared(queries, rows[~there])

        def found() -> Vectors:
            scores = np.empty((len(queries), len(rows)), np.float32)
            scores[:, there] = (queries @ kept[1].T)[:, places[there]]
            scores[:, ~there] = compared()
            return scores

        return found

    def _compared(self, queries: Vectors, rows: Ints) -> Later[Vectors]:
        # All in one value: a thousand rows of a result take a millisecond to read.
        scores = "".join(
            f" || float4send((embedding <#> ${n}::real[]::vector)::real)" for n in range(2, 2 + len(queries))
        )
        statement = f"SELECT string_agg(int4send(row){scores}, '') FROM {self._table} WHERE row = ANY($1::int[])"
        asked = self._database.ask(statement, rows.tolist(), *queries.tolist())
        form = np.dtype([("row", ">i4"), ("scores", ">f4", (len(queries),))])

        def found() -> Vectors:
            table = np.frombuffer(asked()[0][0] or b"", form)
            places = np.argsort(table["row"])
            scores: Vectors = -table["scores"][places[np.searchsorted(table["row"][places], rows)]].T
            return scores.astype(np.float32)

        return found

    def nearest_later(self, queries: Vectors, k: int) -> Later[Ints]:
        """As ``Field.nearest_later``."""
        return nearest(self._database.ask, self._table, queries, k, self._effort)

    def all(self) -> Vectors:
        """As ``Field.all``."""
        parts = [(start, start + LARGE) for start in range(0, self._n, LARGE)]
        found = [self._vectors("WHERE row >= $1 AND row < $2", *part) for part in parts]
        return np.concatenate([*found, np.zeros((0, self._dim), np.float32)])

    def _vectors(self, which: str, *parameters: object) -> Vectors:
        statement = f"SELECT string_agg(vector_send(embedding), '' ORDER BY row) FROM {self._table} {which}"
        content = self._database.rows(statement, *parameters)[0][0] or b""
        form = np.dtype([("head", ">i4"), ("numbers", ">f4", (self._dim,))])
        return np.frombuffer(content, form)["numbers"].astype(np.float32)


def nearest(
    ask: Callable[..., Later[list[Row]]], table: str, queries: Vectors, k: int, effort: int | None
) -> Later[Ints]:
    """Rows of the vectors of a table nearest to each query, in one exchange with the server."""
    dim = queries.shape[1]
    which, order = "", "embedding <#> ${}::real[]::vector"
    if effort:
        # A condition on no row is looked at before the first one, and holds for this statement alone.
        which = f"WHERE (SELECT set_config('hnsw.ef_search', '{effort}', true)) IS NOT NULL"
        order = f"embedding::halfvec({dim}) <#> ${{}}::real[]::halfvec({dim})"
    each = (
        f"(SELECT row FROM {table} {which} ORDER BY {order.format(n)} LIMIT {k})" for n in range(1, 1 + len(queries))
    )
    asked = ask(" UNION ALL ".join(each), *queries.tolist())
    return lambda: np.unique(np.fromiter((row for (row,) in asked()), dtype=np.intp))


def write_vectors(transaction: Transaction, table: str, vectors: Vectors, queries: Vectors) -> tuple[int, int | None]:
    """Make a table of vectors, with an HNSW index of their halves where they are many; as many, and its effort."""
    n, dim = vectors.shape
    transaction.run(f"CREATE TABLE {table} (row int PRIMARY KEY, embedding vector({dim}) STORAGE PLAIN NOT NULL)")
    shape = [("fields", ">i2"), ("four", ">i4"), ("row", ">i4"), ("size", ">i4"), ("dim", ">i2"), ("zero", ">i2")]
    for start in range(0, n, LARGE):
        part = vectors[start : start + LARGE]
        lines = np.zeros(len(part), dtype=np.dtype([*shape, ("numbers", ">f4", (dim,))]))
        lines["fields"], lines["four"], lines["size"], lines["dim"] = 2, 4, 4 + 4 * dim, dim
        lines["row"], lines["numbers"] = np.arange(start, start + len(part)), part
        transaction.copy_binary(table, lines.tobytes())
    transaction.run(f"ANALYZE {table}")
    if n <= LARGE:
        return n, None
    # The graph of a million halves of 384 numbers takes 1.3 GB: where it does not fit, building takes ten times longer.
    memory = 64 + n * (2 * dim + 500) // 2**20
    transaction.run(
        f"SET LOCAL maintenance_work_mem = '{memory}MB'; CREATE INDEX ON {table} USING hnsw "
        f"((embedding::halfvec({dim})) halfvec_ip_ops) WITH (ef_construction = {_CARE})"
    )
    asked = trials(vectors, queries)
    true = faiss.knn(asked, vectors, ASKED, faiss.METRIC_INNER_PRODUCT)[1]
    for effort in _EFFORTS:
        found = [nearest(transaction.ask, table, query[None], ASKED, effort)() for query in asked]
        if np.mean([len(np.intersect1d(*pair)) for pair in zip(true, found, strict=True)]) >= _RECALL * ASKED:
            break
    return n, effort


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
                "SELECT row, terms, weights FROM motamot_entry WHERE version = $1 AND row = ANY($2::int[])",
                version,
                list(rows),
            )
            held = {row: (terms, weights) for row, terms, weights in found}
            return [held[row] for row in rows]

        fields = (known.n_texts, known.vocabulary, known.idf, known.starts, known.texts, known.weights)
        return cls(*fields, database, version, Records(known.n_texts, read), LRUCache(8))

    def postings_later(self, columns: Ints) -> Later[Postings]:
        statement = f"SELECT term, texts, weights FROM {own_table(self.version, 'posting')} WHERE term = ANY($1::int[])"
        asked = self.database.ask(statement, columns.tolist())

        def found() -> Postings:
            held = {
                term: (np.frombuffer(texts, "<i4"), np.frombuffer(weights, "<f4")) for term, texts, weights in asked()
            }
            texts, weights = zip(*(held[column] for column in columns.tolist()), strict=True)
            return np.concatenate(texts), np.concatenate(weights)

        return found

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


def write_postings(transaction: Transaction, version: int, arrays: Arrays) -> None:
    """A table with one line for each term."""
    table = own_table(version, "posting")
    # Not compressed: unpacking a common term takes longer than reading it.
    column = "bytea STORAGE EXTERNAL NOT NULL"
    transaction.run(f"CREATE TABLE {table} (term int PRIMARY KEY, texts {column}, weights {column})")
    starts, texts, weights = (arrays[f"{LEXICAL}{name}"] for name in ("starts", "texts", "weights"))
    transaction.copy(
        table,
        (
            (term, texts[start:end].astype("<i4").tobytes(), weights[start:end].astype("<f4").tobytes())
            for term, (start, end) in enumerate(pairwise(starts.tolist()))
        ),
    )


def stems(known: Bm25, arrays: Arrays) -> Iterator[tuple[bytes, bytes]]:
    """Columns and weights of each text: the columns of BM25, turned into rows."""
    from scipy.sparse import csc_matrix

    columns = (arrays[f"{LEXICAL}{name}"] for name in ("weights", "texts", "starts"))
    rows = csc_matrix(tuple(columns), shape=(known.n_texts, len(known.vocabulary))).tocsr()
    for start, end in pairwise(rows.indptr.tolist()):
        yield rows.indices[start:end].astype("<i4").tobytes(), rows.data[start:end].astype("<f4").tobytes()

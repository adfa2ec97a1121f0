"""Vectors of a large version in PostgreSQL: compared by pgvector, the nearest found by its HNSW graph."""

from collections.abc import Callable
from functools import partial

import numpy as np

from index.database import Database, Row, Transaction
from index.dense import Recurring, Vectors, true_nearest
from index.lexical import Ints
from index.records import Later

LARGE = 10_000
"""Vectors up to which all are compared, targets up to which an index is read into memory: they take 40 MB there."""
_RECALL, _EFFORTS = 0.97, (150, 250, 300, 400, 500, 600, 700, 800)
"""Share of the nearest of trials that HNSW must find, and the numbers of candidates tried for it: of citizens' messages
it then finds .978 over 103,299 passages and .979 over a million."""
_CARE = 160
"""``ef_construction`` of the graph. Over 295,140 passages 64 finds .895 of the nearest with 200 candidates, 160 .962
in the same time, and takes 2.3 times as long to build; 24 links in place of 16 bring less and take longer still."""


class DatabaseField:
    """The vectors of one field of a large version, compared by pgvector.

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
        self._n, self.dim = n, dim
        self._effort = effort
        self._recurring = Recurring()

    def __len__(self) -> int:
        return self._n

    def scores(self, queries: Vectors, rows: Ints | None = None) -> Vectors:
        """As ``Field.scores``."""
        return self.scores_later(queries, rows)()

    def scores_later(self, queries: Vectors, rows: Ints | None = None) -> Later[Vectors]:
        """As ``Field.scores_later``."""
        wanted = np.arange(self._n) if rows is None else np.asarray(rows)
        return self._recurring.scores(queries, wanted, self._some, partial(self._compared, queries))

    def _compared(self, queries: Vectors, rows: Ints) -> Later[Vectors]:
        # All in one value: a thousand rows of a result take a millisecond to read.
        scores = "".join(f" || float4send((embedding <#> ${n}::real[]::vector)::real)" for n in _numbers(queries, 2))
        statement = f"SELECT string_agg(int4send(row){scores}, '') FROM {self._table} WHERE row = ANY($1::int[])"
        asked = self._database.ask(statement, rows.tolist(), *queries.tolist())
        form = np.dtype([("row", ">i4"), ("scores", ">f4", (len(queries),))])

        def found() -> Vectors:
            table = np.frombuffer(asked()[0][0] or b"", form)
            places = np.argsort(table["row"])
            scores: Vectors = -table["scores"][places[np.searchsorted(table["row"][places], rows)]].T
            return scores.astype(np.float32)

        return found

    def nearest(self, queries: Vectors, k: int) -> Ints:
        """As ``Field.nearest``."""
        return self.nearest_later(queries, k)()

    def nearest_later(self, queries: Vectors, k: int) -> Later[Ints]:
        """As ``Field.nearest_later``."""
        return nearest(self._database.ask, self._table, queries, k, self._effort)

    def all(self) -> Vectors:
        """As ``Field.all``."""
        parts = [(start, start + LARGE) for start in range(0, self._n, LARGE)]
        found = [self._vectors("WHERE row >= $1 AND row < $2", *part) for part in parts]
        return np.concatenate([*found, np.zeros((0, self.dim), np.float32)])

    def _some(self, rows: Ints) -> Vectors:
        return self._vectors("WHERE row = ANY($1::int[])", rows.tolist())

    def _vectors(self, which: str, *parameters: object) -> Vectors:
        statement = f"SELECT string_agg(vector_send(embedding), '' ORDER BY row) FROM {self._table} {which}"
        content = self._database.rows(statement, *parameters)[0][0] or b""
        form = np.dtype([("head", ">i4"), ("numbers", ">f4", (self.dim,))])
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
    each = (f"(SELECT row FROM {table} {which} ORDER BY {order.format(n)} LIMIT {k})" for n in _numbers(queries, 1))
    asked = ask(" UNION ALL ".join(each), *queries.tolist())
    return lambda: np.unique(np.fromiter((row for (row,) in asked()), dtype=np.intp))


def _numbers(queries: Vectors, first: int) -> range:
    """Of the parameters that are queries."""
    return range(first, first + len(queries))


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
    queries, true = true_nearest(vectors, queries)
    for effort in _EFFORTS:
        found = [nearest(transaction.ask, table, query[None], true.shape[1], effort)() for query in queries]
        if np.mean([len(np.intersect1d(*pair)) for pair in zip(true, found, strict=True)]) >= _RECALL * true.shape[1]:
            break
    return n, effort

"""BM25 of a large version in PostgreSQL: postings by term to nominate texts, stems by text to score them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from cachetools import LRUCache

from index.database import Database, Transaction, own_table
from index.lexical import Arrays, Bm25, Doubles, Floats, Ints, Postings
from index.records import Later, Records

LEXICAL = "lexical.entries."
"""Before the names of its arrays."""


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

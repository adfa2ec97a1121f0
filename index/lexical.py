"""Lexical fields as sparse columns: BM25 over French stems, TF-IDF over n-grams, and which text has which word."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, Self, TypeVar, get_type_hints

import numpy as np
import numpy.typing as npt

from index.records import Later

T = TypeVar("T")

Arrays = dict[str, npt.NDArray[Any]]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Postings = tuple[npt.NDArray[np.int32], Floats | Doubles]

# Postings weighed to nominate texts: the rarest words first, for a word of every text names none of them.
_MOST_POSTINGS = 100_000
# Texts for each posting from which sorting these takes less time than a sum for each text (of 0.2 to 5 million).
_SPARSE = 12
_BLOCK = 64


SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
"""Of a run of equal numbers, as ``numpy.searchsorted`` names them."""


def spread(starts: Ints, ends: Ints) -> Ints:
    """The numbers of some ranges, one range after the other.

    >>> spread(np.array([0, 7]), np.array([2, 10])).tolist()
    [0, 1, 7, 8, 9]
    """
    sizes = ends - starts
    before = np.cumsum(sizes) - sizes
    found: Ints = np.repeat(starts - before, sizes) + np.arange(sizes.sum())
    return found


def found_in(rows: Ints, wanted: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Where each of the wanted rows is, or would be, among some ascending ones, and whether it is there."""
    places = np.minimum(np.searchsorted(rows, wanted), max(len(rows) - 1, 0))
    return places, rows[places] == wanted if len(rows) else np.zeros(len(wanted), dtype=bool)


@dataclass(frozen=True, slots=True)
class TermMatrix:
    """What each text of a field weighs for each term: one sparse column a term, as in ``scipy.sparse.csc_matrix``."""

    n_texts: int
    vocabulary: dict[str, int]
    """Term -> its column."""
    idf: Doubles
    """How telling each term is, shape ``(n_terms,)``."""
    starts: Ints
    """Where each column begins in the two below, shape ``(n_terms + 1,)``."""
    texts: npt.NDArray[np.int32]
    """Rows of the texts that have the term, column after column."""
    weights: Floats | Doubles
    """Their weights."""

    @classmethod
    def present(cls, texts: Sequence[Sequence[str]]) -> Self:
        """Weights of 1: which text has which term."""
        matrix, vocabulary = _counted(texts)
        matrix.data[:] = 1
        return cls._of(matrix, vocabulary)

    @classmethod
    def _of(cls, matrix: Any, vocabulary: Mapping[str, int], idf: Doubles | None = None) -> Self:
        """From a ``csc_matrix`` of shape ``(n_texts, n_terms)``; by default with Robertson's idf.

        It has 1 inside the logarithm, so that none is negative, as Lucene's.
        """
        matrix.sort_indices()
        n, holding = matrix.shape[0], np.diff(matrix.indptr)
        known = np.log(1 + (n - holding + 0.5) / (holding + 0.5)) if idf is None else idf
        starts, texts = matrix.indptr.astype(np.intp), matrix.indices.astype(np.int32)
        return cls(n, {term: int(column) for term, column in vocabulary.items()}, known, starts, texts, matrix.data)

    def weigh(self, terms: Mapping[str, float], rows: Ints | None = None) -> Doubles:
        """Sum of the columns of some terms, each times a factor, 0 where none is shared.

        Args:
            terms: Term -> factor.
            rows: Ascending rows of the texts that are wanted, shape ``(n,)``; by default all.
        """
        known = {self.vocabulary[term]: factor for term, factor in terms.items() if term in self.vocabulary}
        if rows is not None and len(rows) < self.n_texts:
            found = np.zeros(len(rows))
            for column, factor in known.items():
                start, places, there = self._in_column(column, rows)
                found[there] += self.weights[start + places[there]] * factor
            return found
        return self._weighed(np.fromiter(known, np.intp), np.fromiter(known.values(), np.float64))

    def _weighed(self, columns: Ints, factors: Doubles) -> Doubles:
        """Sum of some columns, each times its factor, of every text."""
        if not len(columns):
            return np.zeros(self.n_texts)
        texts, weights = self.postings_later(columns)()
        factor_of = np.repeat(factors, self.starts[columns + 1] - self.starts[columns])
        return np.bincount(texts, weights * factor_of, minlength=self.n_texts).astype(np.float64, copy=False)

    def postings_later(self, columns: Ints) -> Later[Postings]:
        """Texts and weights of some columns, one column after the other; where they are far away, begun now."""
        places = spread(self.starts[columns], self.starts[columns + 1])
        return lambda: (self.texts[places], self.weights[places])

    def holds(self, terms: Sequence[str], rows: Ints) -> npt.NDArray[np.bool_]:
        """Whether some texts, by their ascending rows, have each of some terms; shape ``(n_terms, n_rows)``."""
        found = np.zeros((len(terms), len(rows)), dtype=bool)
        for place, term in enumerate(terms):
            if (column := self.vocabulary.get(term)) is not None:
                found[place] = self._in_column(column, rows)[2]
        return found

    def texts_with(self, term: str) -> npt.NDArray[np.int32]:
        """Rows of the texts that have a term."""
        column = self.vocabulary.get(term)
        return self.texts[:0] if column is None else self.texts[self.starts[column] : self.starts[column + 1]]

    def _in_column(self, column: int, rows: Ints) -> tuple[int, Ints, npt.NDArray[np.bool_]]:
        """Where a column starts, where in it each row would be, and whether it is there."""
        start = int(self.starts[column])
        return start, *found_in(self.texts[start : self.starts[column + 1]], rows)


def _counted(texts: Sequence[Sequence[str]]) -> tuple[Any, dict[str, int]]:
    """How often each text has each term, a ``csc_matrix`` of shape ``(n_texts, n_terms)``; and the column of each."""
    from scipy.sparse import csc_matrix  # here and below: libraries that searching does not need

    vocabulary = {term: column for column, term in enumerate(sorted({t for text in texts for t in text}))}
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    columns = np.fromiter((vocabulary[term] for text in texts for term in text), np.intp, len(rows))
    return csc_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(vocabulary))), vocabulary


class Bm25(TermMatrix):
    """BM25 of texts that come as lists of terms (see ``french.stems``).

    Lucene's variant (Kamphuis et al. 2020, "Which BM25 do you mean?") with the usual k1 and b.
    """

    __slots__ = ()

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.75) -> Self:
        """Weigh the terms of some texts."""
        if not any(texts):  # bm25s refuses a field that has no word at all
            return cls.present(texts)
        import bm25s
        from scipy.sparse import csc_matrix

        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in text] for text in texts]
        index = bm25s.BM25(k1=k1, b=b, method="lucene")
        # A copy: bm25s adds a word of its own, the empty one, which then has no column.
        index.index((ids, dict(vocabulary)), show_progress=False)
        columns = (index.scores[name] for name in ("data", "indices", "indptr"))
        return cls._of(csc_matrix(tuple(columns), shape=(len(texts), len(vocabulary))), vocabulary)

    def scores(self, terms: Sequence[str], rows: Ints | None = None) -> Floats:
        """BM25 for these terms of every text or of some, by their ascending rows; 0 where no term is shared."""
        return self.weigh(Counter(terms), rows).astype(np.float32)

    def best(self, terms: Sequence[str], k: int) -> Ints:
        """Rows of the ``k`` texts that score highest, fewer where fewer share a telling term; in no order."""
        return self.best_later(terms, k)()

    def best_later(self, terms: Sequence[str], k: int) -> Later[Ints]:
        """``best``, begun now."""
        columns: list[int] = []
        n_postings = 0
        known = sorted({self.vocabulary[term] for term in terms if term in self.vocabulary})
        for column in sorted(known, key=lambda column: -self.idf[column]):
            n_postings += int(self.starts[column + 1] - self.starts[column])
            if columns and n_postings > _MOST_POSTINGS:
                break
            columns.append(column)
        if not columns:
            return lambda: np.zeros(0, np.intp)
        postings = self.postings_later(np.asarray(columns))
        return lambda: _highest(*postings(), self.n_texts, k)


def _highest(texts: npt.NDArray[np.int32], weights: Floats | Doubles, n_texts: int, k: int) -> Ints:
    """Rows of the ``k`` texts whose weights add up to most."""
    if len(texts) * _SPARSE > n_texts:
        return _best(np.bincount(texts, weights, minlength=n_texts).astype(np.float64, copy=False), k)
    # A sum for each text of a large corpus would take longer than all else.
    order = np.argsort(texts, kind="stable")
    rows = texts[order]
    first = np.flatnonzero(np.diff(rows, prepend=-1))
    found: Ints = rows[first][_best(np.add.reduceat(weights[order], first, dtype=np.float64), k)]
    return found


def _best(scores: Doubles, k: int) -> Ints:
    """Places of the ``k`` highest scores, in no order, fewer where fewer are above 0.

    As many blocks as that have a score of the least of their maxima: only what reaches it is sorted, five times faster.
    """
    least, n_blocks = np.nextafter(0, 1), len(scores) // _BLOCK
    if n_blocks > k:
        highest = scores[: n_blocks * _BLOCK].reshape(n_blocks, _BLOCK).max(axis=1)
        least = max(least, np.partition(highest, -k)[-k])
    rows: Ints = np.flatnonzero(scores >= least)
    return rows if len(rows) <= k else rows[np.argpartition(-scores[rows], k - 1)[:k]]


class Tfidf(TermMatrix):
    """TF-IDF of texts that come as lists of n-grams, logarithmic in their counts, each text of length 1.

    As scikit-learn's ``TfidfVectorizer``, which takes two seconds to import.
    """

    __slots__ = ()

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> Self:
        """Weigh the n-grams of some texts."""
        matrix, vocabulary = _counted(texts)
        n_holding = np.diff(matrix.indptr)
        idf = np.log((1 + len(texts)) / (1 + n_holding)) + 1
        matrix.data = (1 + np.log(matrix.data)) * np.repeat(idf, n_holding)
        lengths = np.sqrt(np.bincount(matrix.indices, matrix.data**2, minlength=len(texts)))
        matrix.data /= lengths[matrix.indices]
        return cls._of(matrix, vocabulary, idf)

    def scores(self, grams: Sequence[str]) -> Doubles:
        """Cosine of every text with a query, shape ``(n_texts,)``, in [0, 1].

        As ``TfidfVectorizer.transform`` weighs a query, without the 2 ms of its checks.
        """
        counts = Counter(map(self.vocabulary.get, grams))
        del counts[None]
        columns = np.fromiter(counts, np.intp)
        weights = (1 + np.log(np.fromiter(counts.values(), np.float64))) * self.idf[columns]
        return self._weighed(columns, weights) / (np.linalg.norm(weights) or 1.0)

    def products(self) -> Doubles:
        """Cosine of every text with every other, shape ``(n_texts, n_texts)``."""
        from scipy.sparse import csc_matrix

        shape = (self.n_texts, len(self.vocabulary))
        rows = csc_matrix((self.weights, self.texts, self.starts), shape=shape).tocsr()
        found: Doubles = (rows @ rows.T).toarray()
        return found


def char_grams(folded: str, shortest: int = 3, longest: int = 5) -> list[str]:
    """Character n-grams inside the words of a folded text: what survives a typing error.

    As scikit-learn's analyzer ``char_wb`` gives them, which takes most of a second to import.
    """
    found: list[str] = []
    for word in folded.split():
        padded = f" {word} "
        for n in range(shortest, longest + 1):
            found += [padded[at : at + n] for at in range(max(len(padded) - n, 0) + 1)]
            if len(padded) <= n:
                break  # a short word counts once
    return found


def flatten(record: Any, prefix: str) -> Arrays:
    """Every field of a dataclass by its name, those of a dataclass inside it by ``outer.inner``."""
    found: Arrays = {}
    for field in fields(record):
        name, value = f"{prefix}.{field.name}", getattr(record, field.name)
        if is_dataclass(value):
            found |= flatten(value, name)
        elif isinstance(value, tuple):
            found[name] = np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)
        elif isinstance(value, dict):
            found[name] = np.frombuffer("\n".join(sorted(value, key=value.__getitem__)).encode(), dtype=np.uint8)
        else:
            found[name] = np.asarray(value)
    return found


def restore(kind: type[T], arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> T:
    """What ``flatten`` made a table of.

    Raises:
        KeyError: A field is not there.
    """
    hints = get_type_hints(kind)
    return kind(**{name: _value(hint, arrays, f"{prefix}.{name}") for name, hint in hints.items()})


def _value(hint: Any, arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Any:
    if is_dataclass(hint):
        return restore(hint, arrays, name)  # type: ignore[arg-type]
    value = np.asarray(arrays[name])  # and not a memmap, which takes longer at each slice
    if hint is int:
        return int(value)
    if hint == tuple[str, ...]:
        return tuple(json.loads(value.tobytes()))
    if hint == dict[str, int]:  # a vocabulary: its terms hold no line feed
        text = value.tobytes().decode()
        return {term: row for row, term in enumerate(text.split("\n"))} if text else {}
    return value

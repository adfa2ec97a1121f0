"""How well a question matches every target of a corpus, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from corpus.split.sentences import sentences
from index.candidates import Candidates, Pool
from index.dense import Field, Vectors
from index.encoder import Encoder
from index.lexical import Bm25, Doubles, Floats, Ints, spread
from index.query import Query, QueryParser, by_asking
from index.rows import LexicalFields, Rows

FIELDS = (
    "heading_dense",
    "passage_dense",
    "entry_bm25",
    "phrasing_dense",
    "phrasing_dense_mean",
    "phrasing_bm25",
)
"""The columns of ``Features.fields``."""

# What the lexicon adds to a question weighs this much of a word that was typed.
_ADDED_WEIGHT = 0.5
# A long message is also read sentence by sentence, what asks first; more than this many cost time and bring nothing.
_MOST_PIECES = 4
# Score of a phrasing that is left out: below that of any other (a cosine may fall to -1).
_LEFT_OUT = -2.0
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
_LONG = 25
"""Words from which a question is a message, whose sentences are matched one by one as well."""


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A question, read and encoded."""

    query: Query
    vectors: Vectors
    """Shape ``(1 + n_pieces, dim)``: the whole first, then the sentences of a long message."""


@dataclass(frozen=True, slots=True)
class Features:
    """One question against every target of a corpus, or of a pool."""

    fields: Floats
    """Shape ``(n_targets, len(FIELDS))``; cosines in [-1, 1], BM25 scores >= 0."""
    familiarity: Floats
    """Shape ``(n_entries,)``: share of the question's words, weighed by rarity, that an entry or its phrasings have."""
    strangeness: float
    """Share of the question's words, weighed by rarity, that no document has; in [0, 1]."""
    novelty: float
    """The same, for words that neither a document nor a phrasing has."""
    asked: npt.NDArray[np.bool_]
    """Shape ``(n_entries,)``: whether somebody wrote how people ask for it, what was left out aside."""
    nearest: Ints
    """Shape ``(n_targets,)``: row of the phrasing of each that the question is nearest to; -1 where it has none."""
    stands: Doubles
    """How many entries of the corpus each stands for, shape ``(n_entries,)``: 1 where all are there (see ``Pool``)."""


class FeatureExtractor:
    """The fields of one corpus, ready to be compared with questions; those of ``dense`` by their names."""

    def __init__(self, rows: Rows, parser: QueryParser, dense: Mapping[str, Field], lexical: LexicalFields) -> None:
        self.rows = rows
        self.parser = parser
        self.dense = dense
        self._lexical = lexical
        self._candidates = Candidates(rows, dense, lexical)

    def pieces(self, query: Query) -> list[str]:
        """What is encoded for a question: the whole, and the sentences of a long message."""
        text = query.text
        if len(text.split()) < _LONG:
            return [text]
        parts = list(dict.fromkeys(s.of(text) for s in sentences(text)))
        parts = [p for p in parts if len(p.split()) >= 4 and p != text]
        return [text, *(parts[row] for row in by_asking(parts)[:_MOST_PIECES])]

    def encode(self, query: Query, encoder: Encoder) -> EncodedQuery:
        """Encode what was read.

        Where nobody wrote how people ask, the whole is the mean of the question with its acronyms and with
        their words: one of the two is what the documents say.
        """
        pieces = self.pieces(query)
        spelled = [query.spelled_out] if query.spelled_out and not self.rows.phrasings else []
        vectors = encoder.encode_queries([*pieces, *spelled])
        if spelled:
            whole = vectors[0] + vectors[-1]
            vectors = vectors[:-1].copy()
            vectors[0] = whole / np.linalg.norm(whole)
        return EncodedQuery(query, vectors)

    def pool(self, question: EncodedQuery, also: Sequence[int] = ()) -> Pool:
        """The entries that may answer, and those of the targets ``also``; all of a small corpus."""
        query = question.query
        return self._candidates.pool(question.vectors, query.terms, query.added, np.asarray(also, dtype=np.intp))

    def extract(self, question: EncodedQuery, without: Ints | None = None, pool: Pool | None = None) -> Features:
        """Compare a question with every target, or with those of a pool.

        Args:
            question: Read and encoded by this corpus's parser and encoder.
            without: Rows of phrasings of one entry to leave out, as cross-validation does.
            pool: What to compare with.
        """
        query, lexical = question.query, self._lexical
        pool = pool or self._candidates.everything
        kept = np.ones(len(self.rows.phrasings), dtype=bool)
        if without is not None:
            kept[without] = False
        starts, ends = (np.searchsorted(self.rows.target_of_phrasing, pool.targets, side) for side in _SIDES)
        own, owner = spread(starts, ends), np.repeat(np.arange(len(pool.targets)), ends - starts)
        passages, place = np.unique(self.rows.passage_of_target[pool.targets], return_inverse=True)
        compared = {"headings": pool.entries, "passages": passages, "phrasings": own}
        # All are asked before the first is waited for: a database answers them at once.
        asked_for = {name: self.dense[name].scores_later(question.vectors, rows) for name, rows in compared.items()}
        bm25 = self._bm25(lexical.entries, query, pool.entries)
        cosines = {name: found().max(axis=0) for name, found in asked_for.items()}
        phrasing = np.stack([cosines["phrasings"], self._bm25(lexical.phrasings, query, own)])
        phrasing[:, ~kept[own]] = _LEFT_OUT
        columns: list[npt.NDArray[np.floating[Any]]] = [
            cosines["headings"][pool.owner],
            cosines["passages"][place],
            bm25[pool.owner],
            *_of_phrasings(phrasing, owner, len(pool.targets)),
        ]
        asked = np.zeros(len(pool.entries), dtype=bool)
        asked[pool.owner[owner][kept[own]]] = True
        fields = np.stack(columns, axis=1).astype(np.float32)
        nearest = _nearest(phrasing[0], own, owner, len(pool.targets))
        return Features(fields, *self._covered(query, kept, pool, own, owner), asked, nearest, pool.stands)

    def holds(self, terms: Sequence[str], entry: int) -> bool:
        """Whether an entry, by its row, has any of some terms."""
        return bool(self._lexical.entries.holds(terms, np.asarray([entry])).any())

    def share(self, terms: Sequence[str], known: Sequence[str], text: str) -> float:
        """Share of the terms that are not known yet, weighed by rarity, that a text of the corpus has."""
        idf, vocabulary = self._lexical.entries.idf, self._lexical.entries.vocabulary
        held, unseen = set(self.parser.terms(text)), float(idf.max(initial=0.0))
        new = {term: idf[row] if (row := vocabulary.get(term)) is not None else unseen for term in {*terms} - {*known}}
        return float(sum(new[term] for term in new.keys() & held) / (sum(new.values()) or 1.0))

    @staticmethod
    def _bm25(index: Bm25, query: Query, rows: Ints) -> Floats:
        scores = index.scores(query.terms, rows)
        return scores + _ADDED_WEIGHT * index.scores(query.added, rows) if query.added else scores

    def _covered(
        self, query: Query, kept: npt.NDArray[np.bool_], pool: Pool, own: Ints, owner: Ints
    ) -> tuple[Floats, float, float]:
        """Familiarity, strangeness and novelty; phrasings left out do not vouch for their own words."""
        terms, entries, said = list(dict.fromkeys(query.terms)), self._lexical.entries, self._lexical.phrasing_words
        unseen = entries.idf.max(initial=0.0) or 1.0
        known = [entries.vocabulary.get(term) for term in terms]
        weights = np.asarray([unseen if row is None else entries.idf[row] for row in known])
        total = weights.sum() or 1.0
        held = entries.holds(terms, pool.entries)
        rows, phrasings = np.nonzero(said.holds(terms, own) & kept[own])
        held[rows, pool.owner[owner[phrasings]]] = True
        strange = np.asarray([row is None for row in known], dtype=bool)
        new = np.asarray([not kept[said.texts_with(term)].any() for term in terms], dtype=bool)
        return (
            (weights @ held / total).astype(np.float32),
            float(weights[strange].sum() / total),
            float(weights[strange & new].sum() / total),
        )


def _of_phrasings(scores: Floats, owner: Ints, n_targets: int) -> list[Floats]:
    """Best and mean of the three nearest phrasings (dense), best BM25, of each target.

    A target that has none gets the least of those that have some.

    Args:
        scores: Cosine and BM25 of each phrasing, shape ``(2, n_phrasings)``.
        owner: Target of each phrasing, ascending.
        n_targets: How many there are.
    """
    found = np.full((3, n_targets), _LEFT_OUT, dtype=np.float32)
    if owner.size:
        targets, first = np.unique(owner, return_index=True)
        found[[[0], [2]], targets] = np.maximum.reduceat(scores, first, axis=1)
        found[1, targets] = _mean_of_three(scores[0], owner, np.append(first, owner.size))
    asked = found[0] > _LEFT_OUT
    fill = found[[0, 0, 2]][:, asked].min(axis=1) if asked.any() else np.zeros(3, dtype=np.float32)
    return list(np.where(asked, found, fill[:, None]))


def _nearest(cosines: Floats, rows: Ints, owner: Ints, n_targets: int) -> Ints:
    """Of ``rows``, the one with the highest cosine for each owner, ascending; -1 where it has none, or none is kept."""
    found = np.full(n_targets, -1)
    order = np.argsort(cosines, kind="stable")
    kept = order[cosines[order] > _LEFT_OUT]
    found[owner[kept]] = rows[kept]  # of those of one owner, the last stays
    return found


def _mean_of_three(scores: Floats, owner: Ints, bounds: Ints) -> Floats:
    """Mean of the three highest of each run of scores, fewer where it has fewer that are not left out."""
    ordered = scores[np.lexsort((scores, owner))]
    total, n = np.zeros(len(bounds) - 1, dtype=np.float32), np.zeros(len(bounds) - 1, dtype=np.float32)
    for place in (3, 2, 1):
        rows = bounds[1:] - place
        value = ordered[np.maximum(rows, 0)]
        there = (rows >= bounds[:-1]) & (value > _LEFT_OUT)
        total += np.where(there, value, np.float32(0))
        n += there
    return np.where(n > 0, total / np.maximum(n, 1), np.float32(_LEFT_OUT))

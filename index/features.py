"""How well a question matches every target of a corpus, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.split.sentences import sentences
from index.candidates import Candidates, Pool
from index.dense import Field, Vectors
from index.encoder import Encoder
from index.lexical import SIDES, Bm25, Doubles, Floats, Ints, found_in, spread
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
        self._entry_of_phrasing: Ints = rows.entry_of_target[rows.target_of_phrasing]

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
        """Compare a question with every target, or with those of a pool; ``without`` as for ``extract_each``."""
        left_out = np.zeros(0, dtype=np.intp) if without is None else without
        [found] = self.extract_each([question], [left_out], pool)
        return found

    def extract_each(
        self, questions: Sequence[EncodedQuery], without: Sequence[Ints], pool: Pool | None = None
    ) -> list[Features]:
        """Compare some questions with every target, or with those of a pool; at once, which takes a third of the time.

        Args:
            questions: Read and encoded by this corpus's parser and encoder.
            without: Rows of phrasings to leave out for each, as cross-validation does.
            pool: What to compare with.
        """
        lexical, queries = self._lexical, [question.query for question in questions]
        pool = pool or self._candidates.everything
        kept = np.ones((len(questions), len(self.rows.phrasings)), dtype=bool)
        for own_kept, left_out in zip(kept, without, strict=True):
            own_kept[left_out] = False
        starts, ends = (np.searchsorted(self.rows.target_of_phrasing, pool.targets, side) for side in SIDES)
        own, owner = spread(starts, ends), np.repeat(np.arange(len(pool.targets)), ends - starts)
        passages, place = np.unique(self.rows.passage_of_target[pool.targets], return_inverse=True)
        compared = {"headings": pool.entries, "passages": passages, "phrasings": own}
        vectors = np.concatenate([question.vectors for question in questions])
        first = np.cumsum([0, *(len(question.vectors) for question in questions[:-1])])
        # All are asked before the first is waited for: a database answers them at once.
        asked_for = {name: self.dense[name].scores_later(vectors, rows) for name, rows in compared.items()}
        bm25 = self._bm25(lexical.entries, queries, pool.entries)
        cosines = {name: np.maximum.reduceat(found(), first, axis=0) for name, found in asked_for.items()}
        phrasing = np.stack([cosines["phrasings"], self._bm25(lexical.phrasings, queries, own)])
        phrasing[:, ~kept[:, own]] = _LEFT_OUT
        best, nearest = _of_phrasings(phrasing, own, owner, len(pool.targets))
        text = [cosines["headings"][:, pool.owner], cosines["passages"][:, place], bm25[:, pool.owner]]
        fields = np.stack([*text, *best], axis=2).astype(np.float32)
        asked = np.zeros((len(questions), len(pool.entries)), dtype=bool)
        numbers, phrasings = np.nonzero(kept[:, own])
        asked[numbers, pool.owner[owner[phrasings]]] = True
        covered = (self._covered(*each, pool) for each in zip(queries, kept, strict=True))
        each = zip(fields, covered, asked, nearest, strict=True)
        return [Features(f, *known, has_asked, near, pool.stands) for f, known, has_asked, near in each]

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
    def _bm25(index: Bm25, queries: Sequence[Query], rows: Ints) -> Floats:
        """Scores of some texts for each query, shape ``(n_queries, n_rows)``."""
        scores = np.stack([index.scores(query.terms, rows) for query in queries])
        for own, query in zip(scores, queries, strict=True):
            if query.added:
                own += _ADDED_WEIGHT * index.scores(query.added, rows)
        return scores

    def _covered(self, query: Query, kept: npt.NDArray[np.bool_], pool: Pool) -> tuple[Floats, float, float]:
        """Familiarity, strangeness and novelty; phrasings left out do not vouch for their own words."""
        terms, entries = list(dict.fromkeys(query.terms)), self._lexical.entries
        unseen = entries.idf.max(initial=0.0) or 1.0
        known = [entries.vocabulary.get(term) for term in terms]
        weights = np.asarray([unseen if row is None else entries.idf[row] for row in known])
        total = weights.sum() or 1.0
        held, new = entries.holds(terms, pool.entries), np.zeros(len(terms), dtype=bool)
        for row, term in enumerate(terms):
            said = self._lexical.phrasing_words.texts_with(term)
            said = said[kept[said]]
            new[row] = not len(said)
            places, there = found_in(pool.entries, self._entry_of_phrasing[said])
            held[row, places[there]] = True
        strange = np.asarray([row is None for row in known], dtype=bool)
        return (
            (weights @ held / total).astype(np.float32),
            float(weights[strange].sum() / total),
            float(weights[strange & new].sum() / total),
        )


def _of_phrasings(scores: Floats, own: Ints, owner: Ints, n_targets: int) -> tuple[list[Floats], Ints]:
    """Best and mean of the three nearest phrasings (dense), best BM25, of each target; and the row of the nearest.

    A target that has none gets the least of those that have some, and -1.

    Args:
        scores: Cosine and BM25 of each phrasing for each question, shape ``(2, n_questions, n_phrasings)``.
        own: Rows of the phrasings.
        owner: Target of each phrasing, ascending.
        n_targets: How many there are.
    """
    n = scores.shape[1]
    found, nearest = np.full((3, n, n_targets), _LEFT_OUT, dtype=np.float32), np.full((n, n_targets), -1)
    if not owner.size:
        return list(np.zeros_like(found)), nearest
    targets, first = np.unique(owner, return_index=True)
    found[0][:, targets], found[2][:, targets] = np.maximum.reduceat(scores, first, axis=2)
    found[1][:, targets] = _mean_of_three(scores[0], owner, np.append(first, owner.size))
    questions, places = np.nonzero((scores[0] == found[0][:, owner]) & (scores[0] > _LEFT_OUT))
    nearest[questions, owner[places]] = own[places]  # of those of one owner, the last stays
    asked = found[0] > _LEFT_OUT
    least = np.where(asked, found, np.inf).min(axis=2)[[0, 0, 2], :, None]
    return list(np.where(asked, found, np.where(np.isinf(least), 0, least))), nearest


def _mean_of_three(scores: Floats, owner: Ints, bounds: Ints) -> Floats:
    """Mean of the three highest of each run of scores, fewer where it has fewer that are not left out.

    Args:
        scores: Shape ``(n_questions, n_phrasings)``.
        owner: Of each phrasing, ascending.
        bounds: Where the run of each owner begins, and where the last ends.
    """
    ordered = np.take_along_axis(scores, np.lexsort((scores, np.broadcast_to(owner, scores.shape))), axis=1)
    total, n = np.zeros((2, len(scores), len(bounds) - 1), dtype=np.float32)
    for place in (3, 2, 1):
        rows = bounds[1:] - place
        value = ordered[:, np.maximum(rows, 0)]
        there = (rows >= bounds[:-1]) & (value > _LEFT_OUT)
        total += np.where(there, value, np.float32(0))
        n += there
    return np.where(n > 0, total / np.maximum(n, 1), np.float32(_LEFT_OUT))

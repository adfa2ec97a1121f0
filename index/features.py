"""How well a question matches every target of a corpus, field by field."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from corpus.split.sentences import sentences
from index import answer_type
from index.bm25 import Bm25
from index.dense import Dense, Vectors
from index.encoder import Encoder
from index.query import Query, QueryParser
from index.rows import CharGrams, Floats, Ints, Rows

FIELDS = (
    "heading_dense",
    "passage_dense",
    "sentence_dense",
    "heading_bm25",
    "passage_bm25",
    "entry_bm25",
    "heading_chars",
    "opening_dense",
    "phrasing_dense",
    "phrasing_dense_mean",
    "phrasing_bm25",
    "phrasing_chars",
)
"""The columns of ``Features.fields``."""

# What the lexicon adds to a question weighs this much of a word that was typed.
_ADDED_WEIGHT = 0.5
# A long message is also read sentence by sentence; more than this many cost time and bring nothing.
_MOST_PIECES = 6
# Score of a phrasing that is left out: below that of any other (a cosine may fall to -1).
_LEFT_OUT = -2.0
_LONG = 25
"""Words from which a question is a message, whose sentences are matched one by one as well."""


@dataclass(frozen=True, slots=True)
class DenseFields:
    """The dense indexes of a corpus, one for each field of its rows."""

    headings: Dense
    openings: Dense
    passages: Dense
    sentences: Dense
    phrasings: Dense

    @classmethod
    def of(cls, dense: Mapping[str, Dense]) -> "DenseFields":
        """From indexes by the names of its fields; others are left aside."""
        return cls(*(dense[field.name] for field in fields(cls)))


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A question, read and encoded."""

    query: Query
    vectors: Vectors
    """Shape ``(1 + n_pieces, dim)``: the whole first, then the sentences of a long message."""


@dataclass(frozen=True, slots=True)
class Features:
    """One question against every target."""

    fields: Floats
    """Shape ``(n_targets, len(FIELDS))``; cosines in [-1, 1], BM25 scores >= 0."""
    coverage: Floats
    """Shape ``(n_entries,)``: share of the question's words, weighed by rarity, that it has."""
    familiarity: Floats
    """The same, the words of the entry's phrasings counted as its own."""
    strangeness: float
    """Share of the question's words, weighed by rarity, that no document has; in [0, 1]."""
    novelty: float
    """The same, for words that neither a document nor a phrasing has."""
    missing: Floats
    """Shape ``(n_entries,)``: 1 where the question wants a number, a date or an address that the entry lacks."""
    asked: npt.NDArray[np.bool_]
    """Shape ``(n_entries,)``: whether somebody wrote how people ask for it, what was left out aside."""


class FeatureExtractor:
    """The fields of one corpus, ready to be matched."""

    def __init__(self, rows: Rows, parser: QueryParser, dense: DenseFields) -> None:
        self.rows = rows
        self.parser = parser
        self.dense = dense
        headings = [parser.terms(t) for t in rows.heading_texts()]
        bodies = [parser.terms(e.body_text) for e in rows.entries]
        whole = [h + b for h, b in zip(headings, bodies, strict=True)]
        self._heading_bm25 = Bm25(headings)
        self._entry_bm25 = Bm25(whole)
        self._passage_bm25 = Bm25([parser.terms(t) for t in rows.passage_texts()])
        self._phrasing_bm25 = Bm25([parser.terms(t) for t in rows.phrasings])
        self._heading_chars = CharGrams(rows.heading_texts())
        self._phrasing_chars = CharGrams(rows.phrasings)
        self._idf = _idf(whole)
        self._vocabulary = [frozenset(w) for w in whole]
        self._phrasing_words = [frozenset(parser.read(t).terms) for t in rows.phrasings]
        self._entry_of_phrasing = rows.entry_of_target[rows.target_of_phrasing]
        self._asked_words = self._count_asked()
        self._inside = self._sentences_of_targets()
        self._given = [answer_type.given(f"{e.heading_text} {e.body_text}") for e in rows.entries]

    def pieces(self, query: Query) -> list[str]:
        """What is encoded for a question: the whole, and the sentences of a long message."""
        text = query.text
        if len(text.split()) < _LONG:
            return [text]
        parts = [s.of(text) for s in sentences(text)]
        parts = [p for p in parts if len(p.split()) >= 4]
        asking = [p for p in parts if p.rstrip().endswith("?")]
        return [text, *(asking + [p for p in parts if p not in asking])[:_MOST_PIECES]]

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

    def extract(self, question: EncodedQuery, without: Ints | None = None) -> Features:
        """Features a question against every target.

        Args:
            question: Read and encoded by this corpus's parser and encoder.
            without: Rows of phrasings of one entry to leave out, as cross-validation does.
        """
        rows, seen = self.rows, question.query
        heading = self._dense(self.dense.headings, question)
        passage = self._dense(self.dense.passages, question)
        sentence = self._dense(self.dense.sentences, question)
        phrasing = np.stack(
            [
                self._dense(self.dense.phrasings, question),
                self._bm25(self._phrasing_bm25, seen),
                self._phrasing_chars.scores(seen.text),
            ]
        )
        if without is not None:
            phrasing[:, without] = _LEFT_OUT
        e, p = rows.entry_of_target, rows.passage_of_target
        columns = [
            heading[e],
            passage[p],
            self._of_sentences(sentence),
            self._bm25(self._heading_bm25, seen)[e],
            self._bm25(self._passage_bm25, seen)[p],
            self._bm25(self._entry_bm25, seen)[e],
            self._heading_chars.scores(seen.text)[e],
            self._dense(self.dense.openings, question)[e],
            *self._of_phrasings(phrasing),
        ]
        wanted = answer_type.wanted(seen.text)
        missing = np.asarray([bool(wanted & ~given) for given in self._given], dtype=np.float32)
        scores = np.stack(columns, axis=1).astype(np.float32)
        return Features(scores, *self._covered(seen, without), missing, self._asked(without))

    def _asked(self, without: Ints | None) -> npt.NDArray[np.bool_]:
        kept = np.ones(len(self._entry_of_phrasing), dtype=bool)
        if without is not None:
            kept[without] = False
        asked = np.zeros(len(self.rows.entries), dtype=bool)
        asked[self._entry_of_phrasing[kept]] = True
        return asked

    @staticmethod
    def _dense(index: Dense, question: EncodedQuery) -> Floats:
        found: Floats = index.scores(question.vectors).max(axis=0)
        return found

    @staticmethod
    def _bm25(index: Bm25, query: Query) -> Floats:
        scores = index.scores(query.terms)
        return scores + _ADDED_WEIGHT * index.scores(query.added) if query.added else scores

    def _sentences_of_targets(self) -> list[Ints]:
        """Rows of the sentences inside each target; of its whole passage where there is none."""
        found = []
        for target, passage in zip(self.rows.targets, self.rows.passage_of_target, strict=True):
            own = np.flatnonzero(self.rows.passage_of_sentence == passage)
            spans = [self.rows.sentences[i] for i in own]
            inside = [target.span.start <= s.start and s.end <= target.span.end for s in spans]
            found.append(own[inside] if any(inside) else own)
        return found

    def _of_sentences(self, scores: Floats) -> Floats:
        """The best sentence inside each target."""
        return np.asarray([scores[rows].max() if len(rows) else -1.0 for rows in self._inside], dtype=np.float32)

    def _of_phrasings(self, scores: Floats) -> list[Floats]:
        """Best and mean of the three nearest phrasings (dense), best BM25, best character n-grams."""
        n = len(self.rows.targets)
        best = np.full((3, n), _LEFT_OUT, dtype=np.float32)
        for row in range(3):
            np.maximum.at(best[row], self.rows.target_of_phrasing, scores[row])
        asked = best[0] > _LEFT_OUT
        mean = best[0].copy()
        for target in np.flatnonzero(asked):
            own = np.sort(scores[0][self.rows.target_of_phrasing == target])[-3:]
            mean[target] = own[own > _LEFT_OUT].mean()
        fill = best[:, asked].min(axis=1) if asked.any() else np.zeros(3, dtype=np.float32)
        for row in range(3):
            best[row][~asked] = fill[row]
        mean[~asked] = fill[0]
        return [best[0], mean, best[1], best[2]]

    def _count_asked(self) -> list[Counter[str]]:
        """How many phrasings of each entry have each word."""
        counts: list[Counter[str]] = [Counter() for _ in self.rows.entries]
        for own, entry in zip(self._phrasing_words, self._entry_of_phrasing, strict=True):
            counts[entry].update(own)
        return counts

    def _covered(self, query: Query, without: Ints | None) -> tuple[Floats, Floats, float, float]:
        terms = set(query.terms)
        unseen = max(self._idf.values(), default=1.0)
        weights = {t: self._idf.get(t, unseen) for t in terms}
        total = sum(weights.values()) or 1.0
        asked = [{t for t in terms if counts[t]} for counts in self._asked_words]
        if without is not None and len(without):
            # Phrasings left out must not vouch for their own words.
            spare = int(self._entry_of_phrasing[without[0]])
            gone = Counter(t for row in without for t in self._phrasing_words[row])
            asked[spare] = {t for t in terms if self._asked_words[spare][t] > gone[t]}
        heard = set().union(*asked) if asked else set()
        coverage = [sum(w for t, w in weights.items() if t in own) / total for own in self._vocabulary]
        familiar = [
            sum(w for t, w in weights.items() if t in own or t in also) / total
            for own, also in zip(self._vocabulary, asked, strict=True)
        ]
        strange = sum(w for t, w in weights.items() if t not in self._idf) / total
        novel = sum(w for t, w in weights.items() if t not in self._idf and t not in heard) / total
        return np.asarray(coverage, np.float32), np.asarray(familiar, np.float32), strange, novel


def _idf(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """Robertson's inverse document frequency, +1 inside the logarithm so that none is negative."""
    counts: dict[str, int] = {}
    for text in texts:
        for term in set(text):
            counts[term] = counts.get(term, 0) + 1
    n = len(texts)
    return {t: float(np.log(1 + (n - c + 0.5) / (c + 0.5))) for t, c in counts.items()}

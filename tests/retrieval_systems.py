"""The systems that bench_retrieval compares, each over the same passages and with the same encoder."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

# Read when Haystack is imported; the encoder's module closes the model hub to txtai likewise.
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

import bm25s
import numpy as np
import Stemmer
import txtai
from haystack import Document, Pipeline, component
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from retrieval_measures import first_seen, reciprocal_rank_fusion

from corpus.document import Entry
from index.encoder import Encoder
from index.searcher import Searcher
from index.stored import Stored

CANDIDATES = 100
"""Passages that each retriever gives to a fusion: many enough for ten entries, as is usual."""


class System(Protocol):
    """One row of the table."""

    name: str

    def rank(self, question: str) -> list[str]:
        """The units that answer, best first: ten at least, where there are ten."""


@dataclass(frozen=True, slots=True)
class Passages:
    """What every system but Motamot searches, under the heading above it where there is one."""

    texts: tuple[str, ...]
    vectors: np.ndarray
    """Unit vectors of ``texts``, shape ``(n, dim)``, as the index encoded them."""
    units: tuple[str, ...]
    """What is ranked: the entry, or the document, that each belongs to."""

    @classmethod
    def of(cls, stored: Stored, unit_of: Callable[[Entry], str]) -> "Passages":
        """The passages of an index."""
        rows = stored.rows
        units = tuple(unit_of(rows.entries[entry]) for entry in rows.entry_of_passage)
        return cls(tuple(rows.passage_texts()), stored.dense["passages"].all(), units)

    def ranked(self, rows: Sequence[int]) -> list[str]:
        """Rows of passages as a ranking of units."""
        return first_seen(self.units[row] for row in rows)


class Lexical:
    """BM25 as bm25s is set up for French: its stop words, Snowball's stemmer, its default k1 and b."""

    def __init__(self, passages: Passages) -> None:
        self.name = "BM25 (bm25s, French stems)"
        self._passages = passages
        self._stemmer = Stemmer.Stemmer("french")
        self._index = bm25s.BM25()
        self._index.index(self._words(passages.texts), show_progress=False)

    def _words(self, texts: Sequence[str]) -> list[list[str]]:
        words: list[list[str]] = bm25s.tokenize(
            list(texts), stopwords="fr", stemmer=self._stemmer, return_ids=False, show_progress=False
        )
        return words

    def rows(self, question: str) -> list[int]:
        """Passages that share a word, best first."""
        [words] = self._words([question])
        known = [word for word in words if word in self._index.vocab_dict]
        scores = self._index.get_scores(known) if known else np.zeros(len(self._passages.texts))
        return [int(row) for row in np.argsort(-scores, kind="stable")[:CANDIDATES] if scores[row] > 0]

    def rank(self, question: str) -> list[str]:
        return self._passages.ranked(self.rows(question))


class Nearest:
    """The cosine of the question and the whole passage."""

    def __init__(self, passages: Passages, encoder: Encoder) -> None:
        self.name = "dense (default encoder)"
        self._passages = passages
        self._encoder = encoder

    def rows(self, question: str) -> list[int]:
        """The nearest passages, best first."""
        scores = self._passages.vectors @ self._encoder.encode_queries([question])[0]
        return [int(row) for row in np.argsort(-scores, kind="stable")[:CANDIDATES]]

    def rank(self, question: str) -> list[str]:
        return self._passages.ranked(self.rows(question))


class Fused:
    """Reciprocal rank fusion of the two above."""

    def __init__(self, passages: Passages, lexical: Lexical, nearest: Nearest) -> None:
        self.name = "RRF of both (k = 60)"
        self._passages = passages
        self._parts = (lexical, nearest)

    def rank(self, question: str) -> list[str]:
        return self._passages.ranked(reciprocal_rank_fusion([part.rows(question) for part in self._parts]))


class Haystack:
    """The hybrid pipeline of Haystack's documentation: BM25 and embedding retrievers, joined by RRF."""

    def __init__(self, passages: Passages, encoder: Encoder) -> None:
        self.name = "Haystack hybrid (RRF)"
        self._units = passages.units
        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        pairs = zip(passages.texts, passages.vectors, strict=True)
        store.write_documents(
            [Document(id=str(row), content=text, embedding=vector.tolist()) for row, (text, vector) in enumerate(pairs)]
        )

        @component
        class Embedder:
            @component.output_types(embedding=list[float])
            def run(self, text: str) -> dict[str, Any]:
                return {"embedding": encoder.encode_queries([text])[0].tolist()}

        self._pipeline = Pipeline()
        self._pipeline.add_component("embedder", Embedder())
        self._pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=CANDIDATES))
        self._pipeline.add_component("vectors", InMemoryEmbeddingRetriever(store, top_k=CANDIDATES))
        self._pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        self._pipeline.connect("embedder.embedding", "vectors.query_embedding")
        self._pipeline.connect("words", "joiner")
        self._pipeline.connect("vectors", "joiner")

    def rank(self, question: str) -> list[str]:
        found = self._pipeline.run({"embedder": {"text": question}, "words": {"query": question}})
        return first_seen(self._units[int(document.id)] for document in found["joiner"]["documents"])


class Txtai:
    """The hybrid index of txtai as ``hybrid=True`` makes it, which weighs both scores the same."""

    def __init__(self, passages: Passages, encoder: Encoder) -> None:
        self.name = "txtai hybrid"
        self._units = passages.units
        known = dict(zip(passages.texts, passages.vectors, strict=True))

        def vectors(texts: Sequence[str]) -> np.ndarray:
            return np.stack([known[t] if t in known else encoder.encode_queries([t])[0] for t in texts])

        self._index = txtai.Embeddings(method="external", transform=vectors, hybrid=True)
        self._index.index(list(enumerate(passages.texts)))

    def rank(self, question: str) -> list[str]:
        return first_seen(self._units[row] for row, _ in self._index.search(question, CANDIDATES))


class Motamot:
    """The project's own search, as it answers."""

    def __init__(self, name: str, searcher: Searcher, unit_of: Callable[[Entry], str]) -> None:
        self.name = name
        self._searcher = searcher
        self._unit_of = unit_of

    def rank(self, question: str) -> list[str]:
        hits = self._searcher.search(self._searcher.read(question), CANDIDATES).hits
        return first_seen(self._unit_of(hit.entry) for hit in hits)

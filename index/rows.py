"""The fields of a corpus: what each target is known by, and how well a question matches it there."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer

from corpus.document import Entry, Passage, Span
from corpus.phrasings import Target
from corpus.split.sentences import sentences
from index.french import fold

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.intp]


# Characters, about two sentences. On the CNIL's FAQ, 200 bring a point of hit@1 over the whole passage.
_OPENING = 200


@dataclass(frozen=True, slots=True)
class Rows:
    """Every text of a corpus by field, and who owns it: the rows of all indexes, in one place."""

    entries: tuple[Entry, ...]
    targets: tuple[Target, ...]
    """One for each passage, in order, then the editor's own, which have phrasings."""
    passages: tuple[Passage, ...]
    sentences: tuple[Span, ...]
    """Offsets in the document of the passage that owns them."""
    phrasings: tuple[str, ...]
    entry_of_passage: Ints
    entry_of_target: Ints
    passage_of_target: Ints
    passage_of_sentence: Ints
    target_of_phrasing: Ints

    @classmethod
    def of(cls, entries: Sequence[Entry], editor: Sequence[Target]) -> "Rows":
        """Lay out entries and the targets that an editor wrote phrasings for."""
        passages = [p for entry in entries for p in entry.passages]
        row = {(p.document.id, p.start, p.end): i for i, p in enumerate(passages)}
        entry_of_passage = [i for i, entry in enumerate(entries) for _ in entry.passages]
        targets = _merged([Target(p, Span(p.start, p.end)) for p in passages] + list(editor))
        passage_of_target = [row[t.passage.document.id, t.passage.start, t.passage.end] for t in targets]
        spans = [[s.shift(p.start) for s in sentences(p.text)] for p in passages]
        return cls(
            entries=tuple(entries),
            targets=tuple(targets),
            passages=tuple(passages),
            sentences=tuple(s for own in spans for s in own),
            phrasings=tuple(text for t in targets for text in t.phrasings),
            entry_of_passage=_ints(entry_of_passage),
            entry_of_target=_ints([entry_of_passage[p] for p in passage_of_target]),
            passage_of_target=_ints(passage_of_target),
            passage_of_sentence=_ints([i for i, own in enumerate(spans) for _ in own]),
            target_of_phrasing=_ints([i for i, t in enumerate(targets) for _ in t.phrasings]),
        )

    def heading_texts(self) -> list[str]:
        """One for each entry: its question; for an entry without one, its first sentence."""
        return [entry.heading_text or _first_sentence(entry) for entry in self.entries]

    def opening_texts(self) -> list[str]:
        """One for each entry: its question and how its answer begins, which says what the whole is about."""
        return [f"{h} {e.body_text[:_OPENING]}" for h, e in zip(self.heading_texts(), self.entries, strict=True)]

    def passage_texts(self) -> list[str]:
        """One for each passage: the headings above it, what must be read with it, and itself."""
        return [" ".join([*_above(p), p.text]) for p in self.passages]

    def sentence_texts(self) -> list[str]:
        """One for each sentence."""
        return [
            span.of(self.passages[p].document.text)
            for span, p in zip(self.sentences, self.passage_of_sentence, strict=True)
        ]


def _merged(targets: Sequence[Target]) -> list[Target]:
    """Targets of the same slice become one, with the phrasings of all."""
    merged: dict[tuple[str, Span, int], Target] = {}
    for target in targets:
        key = (target.passage.document.id, target.span, target.passage.start)
        earlier = merged.get(key)
        merged[key] = replace(target, phrasings=earlier.phrasings + target.phrasings) if earlier else target
    return list(merged.values())


def _ints(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.intp)


def _first_sentence(entry: Entry) -> str:
    text = entry.body_text
    found = sentences(text)
    return found[0].of(text) if found else text


def _above(passage: Passage) -> list[str]:
    spans = [*passage.section, *([passage.question] if passage.question else []), *passage.context]
    return [span.of(passage.document.text) for span in spans]


class CharGrams:
    """TF-IDF over character 3- to 5-grams inside words: what survives a typing error."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._size = len(texts)
        if texts:
            vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
            self._columns = vectorizer.fit_transform([fold(t) or " ." for t in texts]).tocsc()
            self._grams_of = vectorizer.build_analyzer()
            self._vocabulary: dict[str, int] = vectorizer.vocabulary_
            self._idf = vectorizer.idf_

    def scores(self, query: str) -> Floats:
        """Cosine of every text with the query, shape ``(n_texts,)``, in [0, 1].

        As ``TfidfVectorizer.transform`` weighs a text, without the 2 ms of its checks.
        """
        if not self._size:
            return np.zeros(0, dtype=np.float32)
        counts = Counter(self._vocabulary[gram] for gram in self._grams_of(fold(query)) if gram in self._vocabulary)
        if not counts:
            return np.zeros(self._size, dtype=np.float32)
        grams = np.fromiter(counts, dtype=np.intp)
        weights = (1 + np.log(np.fromiter(counts.values(), dtype=np.float64))) * self._idf[grams]
        return np.asarray(self._columns[:, grams] @ (weights / np.linalg.norm(weights)), dtype=np.float32)

"""The texts of a corpus by field, who owns each, and what their words say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpus.document import Entry, Passage, Span
from corpus.phrasings import Target
from corpus.split.sentences import sentences
from index import answer_type
from index.french import fold
from index.lexical import Bm25, Ints, TermMatrix, Tfidf, char_grams
from index.query import Query, QueryParser

# Characters, about two sentences. On the CNIL's FAQ, 200 bring a point of hit@1 over the whole passage.
_OPENING = 200


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of every passage, in order."""

    spans: Ints
    """Offsets in the document of the passage that owns them, shape ``(n_sentences, 2)``."""
    passages: Ints
    """Row of that passage, shape ``(n_sentences,)``."""
    starts: Ints
    """Where the sentences of each target begin in ``of_targets``, shape ``(n_targets + 1,)``."""
    of_targets: Ints
    """Rows of the sentences inside each target; of its whole passage where there is none."""

    @classmethod
    def of(cls, passages: Sequence[Passage], targets: Sequence[Target], passage_of_target: Ints) -> "Sentences":
        """Split the passages."""
        own = [[s.shift(p.start) for s in sentences(p.text)] for p in passages]
        first = np.cumsum([0, *map(len, own)])
        inside = []
        for target, passage in zip(targets, passage_of_target, strict=True):
            rows, span = range(first[passage], first[passage + 1]), target.span
            within = [r for r, s in zip(rows, own[passage], strict=True) if span.start <= s.start and s.end <= span.end]
            inside.append(within or list(rows))
        return cls(
            spans=_ints([(s.start, s.end) for spans in own for s in spans]).reshape(-1, 2),
            passages=_ints([row for row, spans in enumerate(own) for _ in spans]),
            starts=np.cumsum([0, *map(len, inside)]),
            of_targets=_ints([row for rows in inside for row in rows]),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Every text of a corpus by field, and who owns it: the rows of all indexes, in one place."""

    entries: tuple[Entry, ...]
    targets: tuple[Target, ...]
    """One for each passage, in order, then the editor's own, which have phrasings."""
    passages: tuple[Passage, ...]
    sentences: Sentences
    phrasings: tuple[str, ...]
    entry_of_passage: Ints
    entry_of_target: Ints
    passage_of_target: Ints
    target_of_phrasing: Ints

    @classmethod
    def of(cls, entries: Sequence[Entry], editor: Sequence[Target], known: Sentences | None = None) -> "Rows":
        """Lay out entries and the targets that an editor wrote phrasings for.

        Args:
            entries: Of the corpus.
            editor: The targets.
            known: Sentences of the same corpus, where it was laid out before.
        """
        passages = [p for entry in entries for p in entry.passages]
        row = {(p.document.id, p.start, p.end): i for i, p in enumerate(passages)}
        entry_of_passage = [i for i, entry in enumerate(entries) for _ in entry.passages]
        targets = _merged([Target(p, Span(p.start, p.end)) for p in passages] + list(editor))
        passage_of_target = _ints([row[t.passage.document.id, t.passage.start, t.passage.end] for t in targets])
        return cls(
            entries=tuple(entries),
            targets=tuple(targets),
            passages=tuple(passages),
            sentences=known or Sentences.of(passages, targets, passage_of_target),
            phrasings=tuple(text for t in targets for text in t.phrasings),
            entry_of_passage=_ints(entry_of_passage),
            entry_of_target=_ints([entry_of_passage[p] for p in passage_of_target]),
            passage_of_target=passage_of_target,
            target_of_phrasing=_ints([i for i, t in enumerate(targets) for _ in t.phrasings]),
        )

    def heading_texts(self) -> list[str]:
        """One for each entry: its question; for an entry without one, its first sentence.

        Where several ask the same ("Quel délai ?"), the heading above tells which it is.
        """
        told = Counter((entry.document.id, entry.heading_text) for entry in self.entries)
        return [
            " ".join(_above(entry.passages[0])[-2:])
            if entry.heading and told[entry.document.id, entry.heading_text] > 1
            else entry.heading_text or _first_sentence(entry)
            for entry in self.entries
        ]

    def opening_texts(self) -> list[str]:
        """One for each entry: its question and how its answer begins, which says what the whole is about."""
        return [f"{h} {e.body_text[:_OPENING]}" for h, e in zip(self.heading_texts(), self.entries, strict=True)]

    def passage_texts(self) -> list[str]:
        """One for each passage: the headings above it, what must be read with it, and itself."""
        return [" ".join([*_above(p), *(c.of(p.document.text) for c in p.context), p.text]) for p in self.passages]

    def sentence_texts(self) -> list[str]:
        """One for each sentence."""
        owners = (self.passages[row].document for row in self.sentences.passages)
        return [d.text[start:end] for d, (start, end) in zip(owners, self.sentences.spans.tolist(), strict=True)]


@dataclass(frozen=True, slots=True)
class LexicalFields:
    """What the words of a corpus say, field by field: everything here is stored."""

    headings: Bm25
    passages: Bm25
    entries: Bm25
    phrasings: Bm25
    heading_chars: Tfidf
    phrasing_chars: Tfidf
    phrasing_words: TermMatrix
    """Which phrasing has which word, read as a question is."""
    given: Ints
    """The details that each entry gives, ``answer_type.Detail`` as a number; shape ``(n_entries,)``."""

    @classmethod
    def of(cls, rows: Rows, parser: QueryParser, asked: Sequence[Query]) -> "LexicalFields":
        """Read every text of a corpus; its phrasings come read as questions are."""
        headings = [parser.terms(t) for t in rows.heading_texts()]
        bodies = [parser.terms(e.body_text) for e in rows.entries]
        return cls(
            headings=Bm25.of(headings),
            passages=Bm25.of([parser.terms(t) for t in rows.passage_texts()]),
            entries=Bm25.of([h + b for h, b in zip(headings, bodies, strict=True)]),
            phrasings=Bm25.of([parser.terms(t) for t in rows.phrasings]),
            heading_chars=Tfidf.of([char_grams(fold(t)) for t in rows.heading_texts()]),
            phrasing_chars=Tfidf.of([char_grams(fold(t)) for t in rows.phrasings]),
            phrasing_words=TermMatrix.present([query.terms for query in asked]),
            given=np.asarray(
                [answer_type.given(fold(f"{e.heading_text} {e.body_text}")).value for e in rows.entries], dtype=np.intp
            ),
        )


def _merged(targets: Sequence[Target]) -> list[Target]:
    """Targets of the same slice become one, with the phrasings of all."""
    merged: dict[tuple[str, Span, int], Target] = {}
    for target in targets:
        key = (target.passage.document.id, target.span, target.passage.start)
        earlier = merged.get(key)
        merged[key] = replace(target, phrasings=earlier.phrasings + target.phrasings) if earlier else target
    return list(merged.values())


def _ints(values: Sequence[object]) -> Ints:
    return np.asarray(values, dtype=np.intp)


def _first_sentence(entry: Entry) -> str:
    text = entry.body_text
    found = sentences(text)
    return found[0].of(text) if found else text


def _above(passage: Passage) -> list[str]:
    """The headings above, and the question."""
    spans = [*passage.section, *([passage.question] if passage.question else [])]
    return [span.of(passage.document.text) for span in spans]

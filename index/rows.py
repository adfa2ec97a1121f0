"""The texts of a corpus by field, who owns each, and what their words say."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from corpus.document import Document, Entry, Passage, Span
from corpus.layout.lines import asks
from corpus.layout.list_markers import INTERROGATIVE, TITLE_WORD, markers
from corpus.phrasings import Target
from corpus.split.sentences import sentences
from index.french import stems, words
from index.lexical import Bm25, Ints, TermMatrix
from index.query import Query, QueryParser
from index.records import Records, some

# Characters that a reader reads of an answer, as many as of the passages that it learned from, and of a heading above
# it. With 400 of an answer the area under ROC is the same on FAQs, and .03 less on the documents of reader_data.
_READ, _HEADING_READ = 700, 160
_PLAIN = 300
"""Characters of an answer from which a heading that does not ask is not read: what it names passes for answered."""
_MOST_NAMES = 3
# Characters of a title before what is offered.
_BRIEF = 80
_SIGN = re.compile(r"\s*[-–—:.]+\s*(?=\w)")


@dataclass(frozen=True, slots=True)
class Layout:
    """Who owns what: all that must be known of a corpus before one of its texts is read."""

    document_of_entry: Ints
    entry_of_passage: Ints
    entry_of_target: Ints
    passage_of_target: Ints
    target_of_phrasing: Ints
    spans: Ints
    """Of the targets that are no whole passage, which are the last: start and end, shape ``(n, 2)``."""
    phrasings: tuple[str, ...]
    titled: Ints
    """Targets that an editor gave a short title, ascending."""
    titles: tuple[str, ...]
    named_by: Ints
    """How many of the last names of an entry (document, headings above, heading) tell it from the others."""

    def target(self, row: int, passage: Passage) -> Target:
        """One target, from its passage."""
        first = len(self.entry_of_target) - len(self.spans)
        start, end = (passage.start, passage.end) if row < first else self.spans[row - first].tolist()
        asked = slice(*np.searchsorted(self.target_of_phrasing, [row, row + 1]).tolist())
        title = "".join(self.titles[place] for place in np.flatnonzero(self.titled == row).tolist())
        return Target(passage, Span(start, end), self.phrasings[asked], title)


@dataclass(frozen=True, slots=True)
class Rows:
    """Every text of a corpus by field, and who owns it: the rows of all indexes, in one place."""

    entries: Sequence[Entry]
    targets: Sequence[Target]
    """One for each passage, in order, then the editor's own, which have phrasings."""
    passages: Sequence[Passage]
    documents: Mapping[str, Document]
    """By their identifiers, in the order of their entries."""
    layout: "Layout"

    @classmethod
    def of(cls, entries: Sequence[Entry], editor: Sequence[Target]) -> "Rows":
        """Lay out entries and the targets that an editor wrote phrasings for."""
        passages = [p for entry in entries for p in entry.passages]
        row = {(p.document.id, p.start, p.end): i for i, p in enumerate(passages)}
        entry_of_passage = [i for i, entry in enumerate(entries) for _ in entry.passages]
        targets = _merged([Target(p, Span(p.start, p.end)) for p in passages] + list(editor))
        passage_of_target = [row[t.passage.document.id, t.passage.start, t.passage.end] for t in targets]
        documents = {entry.document.id: entry.document for entry in entries}
        titled = len(documents) > 1
        firsts = [e.passages[0] for e in entries]
        paths = [[*(_title(p) if titled else ()), *_headings(p)] if p.question else [] for p in firsts]
        place = {id_: number for number, id_ in enumerate(documents)}
        layout = Layout(
            document_of_entry=_ints([place[entry.document.id] for entry in entries]),
            entry_of_passage=_ints(entry_of_passage),
            entry_of_target=_ints([entry_of_passage[p] for p in passage_of_target]),
            passage_of_target=_ints(passage_of_target),
            target_of_phrasing=_ints([i for i, t in enumerate(targets) for _ in t.phrasings]),
            spans=_ints([(t.span.start, t.span.end) for t in targets[len(passages) :]]).reshape(-1, 2),
            phrasings=tuple(text for t in targets for text in t.phrasings),
            titled=_ints([row for row, t in enumerate(targets) if t.title]),
            titles=tuple(t.title for t in targets if t.title),
            named_by=_ints(_named_by(paths)),
        )
        return cls(tuple(entries), tuple(targets), tuple(passages), documents, layout)

    @classmethod
    def restored(cls, entries: Sequence[Entry], documents: Mapping[str, Document], layout: "Layout") -> "Rows":
        """The same of entries that are read when they are asked for."""
        owner = layout.entry_of_passage

        def passages(rows: Sequence[int]) -> list[Passage]:
            firsts = np.searchsorted(owner, owned := owner[list(rows)])
            own = zip(some(entries, owned.tolist()), rows, firsts.tolist(), strict=True)
            return [entry.passages[row - first] for entry, row, first in own]

        def targets(rows: Sequence[int]) -> list[Target]:
            held = some(found, layout.passage_of_target[list(rows)].tolist())
            return [layout.target(row, passage) for row, passage in zip(rows, held, strict=True)]

        found = Records(len(owner), passages)
        return cls(entries, Records(len(layout.entry_of_target), targets), found, documents, layout)

    @property
    def phrasings(self) -> tuple[str, ...]:
        return self.layout.phrasings

    @property
    def entry_of_passage(self) -> Ints:
        return self.layout.entry_of_passage

    @property
    def entry_of_target(self) -> Ints:
        return self.layout.entry_of_target

    @property
    def passage_of_target(self) -> Ints:
        return self.layout.passage_of_target

    @property
    def target_of_phrasing(self) -> Ints:
        return self.layout.target_of_phrasing

    def entries_of(self, document: str) -> Sequence[Entry]:
        """The entries of a document, by its identifier."""
        number = list(self.documents).index(document)
        return some(self.entries, np.flatnonzero(self.layout.document_of_entry == number).tolist())

    def heading_texts(self) -> list[str]:
        """One for each entry: its question; for an entry without one, its first sentence.

        Where several ask the same ("Quel délai ?", "Tarifs"), what stands above tells which it is.
        """
        return [" ".join(self._names(row)) or _first_sentence(entry) for row, entry in enumerate(self.entries)]

    def label(self, target: int) -> str:
        """What a target is offered by: its short title, one of its passage, or what its entry begins with."""
        titled, passages = self.layout.titled, self.passage_of_target
        own = titled == target
        places = np.flatnonzero(own if own.any() else passages[titled] == passages[target])
        if len(places):
            return self.layout.titles[int(places[0])]
        entry = int(self.entry_of_target[target])
        names = self._names(entry)
        if len(names) == 1 and len(self.documents) > 1 and not _is_question(names[0]):
            # "2. Périmètre" says little beside what other documents have: the title of its own, or what says it.
            passage = self.entries[entry].passages[0]
            names = list(dict.fromkeys([*self._title(passage), *_headings(passage)[:1]][:1] + names))
        return " › ".join([*map(_brief, names[:-1]), *names[-1:]]) or _first_sentence(self.entries[entry])

    def is_shared(self, target: int) -> bool:
        """Whether another entry has the heading of the entry of a target."""
        return bool(self.layout.named_by[self.entry_of_target[target]] > 1)

    def passage_texts(self) -> list[str]:
        """One for each passage: what stands above it, what must be read with it, and itself."""
        owned = zip(self.passages, self.entry_of_passage.tolist(), strict=True)
        return [" ".join([*self._above(p, e), *(c.of(p.document.text) for c in p.context), p.text]) for p, e in owned]

    def _names(self, entry: int) -> list[str]:
        """The heading of an entry, below what tells it from other entries with the same."""
        own = self.entries[entry]
        names = [*self._title(own.passages[0]), *_headings(own.passages[0])]
        return names[-int(self.layout.named_by[entry]) :] if own.heading else []

    def _above(self, passage: Passage, entry: int) -> list[str]:
        """The headings above, and the question; the title of the document where these do not tell what it is about."""
        headings = _headings(passage)
        is_topic = len(headings) < 2 and not any(map(_is_question, headings))
        titled = is_topic or self.layout.named_by[entry] > len(headings)
        return [*(self._title(passage) if titled else ()), *headings]

    def _title(self, passage: Passage) -> list[str]:
        return _title(passage) if len(self.documents) > 1 else []

    def reader_text(self, target: int, terms: Collection[str], phrasing: int = -1) -> str:
        """What a reader reads of a target: the question of its entry, or what heads a short text, and the answer.

        Of a long answer, the sentences of the target where most of the stems ``terms`` stand together. The phrasing of
        row ``phrasing``, unless it is -1, is read after the question: one more way in which the answer is asked for.
        """
        entry, own = self.entries[self.entry_of_target[target]], self.targets[target]
        text = own.passage.document.text
        named_by = int(self.layout.named_by[self.entry_of_target[target]])
        above, context = self._above(own.passage, int(self.entry_of_target[target]))[-max(2, named_by) :], []
        if len(body := entry.body_text) > _READ:
            context = [span.of(text) for span in own.passage.context]
            body = _densest(own.span.of(text), terms)
        if len(body) >= _PLAIN and named_by == 1:
            above = [heading for heading in above if _is_question(heading)]
        if phrasing >= 0:
            above = [*above[:-1], " ".join([*above[-1:], self.phrasings[phrasing]])]
        return "\n".join([*map(_ends, above + context), body])


def _brief(name: str) -> str:
    """How a long title begins and ends, in whole words.

    >>> _brief("Circulaire du Premier ministre du 20 novembre 2020 relative à l’élaboration des CRTE (n° 6231/SG)")
    'Circulaire du Premier ministre du 20 … à l’élaboration des CRTE (n° 6231/SG)'
    """
    if len(name) <= _BRIEF:
        return name
    return f"{name[: _BRIEF // 2].rsplit(' ', 1)[0]} … {name[-(_BRIEF // 2) :].split(' ', 1)[-1]}"


def _is_question(heading: str) -> bool:
    return asks(heading) or INTERROGATIVE.match(heading) is not None


def _ends(text: str) -> str:
    """How a long heading begins and ends."""
    half = _HEADING_READ // 2
    return text if len(text) <= _HEADING_READ else f"{text[:half]} … {text[-half:]}"


def _densest(text: str, terms: Collection[str]) -> str:
    """The run of sentences of at most _READ characters that holds most of the terms; the first of equals."""
    spans = sentences(text)
    held = [_stems_of(span.of(text)).intersection(terms) for span in spans]
    best, most = Span(0, min(len(text), _READ)), -1
    for first, start in enumerate(spans):
        found: set[str] = set()
        end = start.start
        for span, own in zip(spans[first:], held[first:], strict=True):
            if span.end - start.start > _READ and end > start.start:
                break
            found |= own
            end = span.end
        if len(found) > most:
            best, most = Span(start.start, min(end, start.start + 2 * _READ)), len(found)
    return best.of(text)


@lru_cache(10_000)
def _stems_of(sentence: str) -> frozenset[str]:
    return frozenset(stems(sentence))


@dataclass(frozen=True, slots=True)
class LexicalFields:
    """What the words of a corpus say, field by field: everything here is stored."""

    entries: Bm25
    phrasings: Bm25
    phrasing_words: TermMatrix
    """Which phrasing has which word, read as a question is."""

    @classmethod
    def of(cls, rows: Rows, parser: QueryParser, asked: Sequence[Query]) -> "LexicalFields":
        """Read every text of a corpus; its phrasings come read as questions are."""
        texts = [f"{t}\n{e.body_text}" for t, e in zip(rows.heading_texts(), rows.entries, strict=True)]
        return cls(
            entries=Bm25.of([parser.terms(t) for t in texts]),
            phrasings=Bm25.of([parser.terms(t) for t in rows.phrasings]),
            phrasing_words=TermMatrix.present([query.terms for query in asked]),
        )


def _merged(targets: Sequence[Target]) -> list[Target]:
    """Targets of the same slice become one, with the phrasings of all."""
    merged: dict[tuple[str, Span, int], Target] = {}
    for target in targets:
        key = (target.passage.document.id, target.span, target.passage.start)
        earlier = merged.get(key)
        merged[key] = (
            replace(target, phrasings=earlier.phrasings + target.phrasings, title=earlier.title or target.title)
            if earlier
            else target
        )
    return list(merged.values())


def _ints(values: Sequence[object]) -> Ints:
    return np.asarray(values, dtype=np.int32)


def _first_sentence(entry: Entry) -> str:
    text = entry.body_text
    found = sentences(text)
    return found[0].of(text) if found else text


def _headings(passage: Passage) -> list[str]:
    return [span.of(passage.document.text) for span in passage.headings]


def _title(passage: Passage) -> list[str]:
    """The title of the document; none where the headings above say it."""
    title = passage.document.source.title
    said = frozenset(stem for heading in _headings(passage) for stem in _stems_of(heading))
    return [] if 2 * len(_stems_of(title) & said) >= len(_stems_of(title)) else [title]


def unnumbered(heading: str) -> str:
    """The folded words of a heading, without the number before them.

    >>> unnumbered("2.3 Montant"), unnumbered("Article 12 – Montant")
    ('montant', 'montant')
    """
    word = TITLE_WORD.match(heading)
    sign = _SIGN.match(heading, word.end()) if word and word["value"] else None
    return " ".join(words(heading[sign.end() if sign else next((marker.end for marker in markers(heading)), 0) :]))


def _named_by(paths: Sequence[Sequence[str]]) -> list[int]:
    """How many of the last names of each path no other path ends with; _MOST_NAMES where all are shared."""
    named_by = [1] * len(paths)
    left = list(range(len(paths)))
    for n in range(1, _MOST_NAMES):
        ends = {place: tuple(map(unnumbered, paths[place][-n:])) for place in left}
        told = Counter(ends.values())
        left = [place for place in left if told[ends[place]] > 1 and len(paths[place]) > n]
        for place in left:
            named_by[place] = n + 1
    return named_by


@dataclass(frozen=True, slots=True)
class ExactTexts:
    """A hash of the folded words of each text, and the target that it asks for."""

    hashes: npt.NDArray[np.uint64]
    """Ascending. Of a million texts, two share one by chance once in 40 million corpora."""
    targets: Ints

    @classmethod
    def of(cls, rows: Rows) -> "ExactTexts":
        """Note them."""
        found: list[tuple[int, int]] = []
        headings = [tuple(words(entry.heading_text)) for entry in rows.entries]
        for row, (target, entry) in enumerate(zip(rows.targets, rows.entry_of_target.tolist(), strict=True)):
            keys = {headings[entry], *(tuple(words(text)) for text in (rows.label(row), *target.phrasings))}
            found += [(_hash(key), row) for key in keys if key]
        found.sort(key=lambda pair: pair[0])
        hashes, targets = zip(*found, strict=True) if found else ((), ())
        return cls(np.asarray(hashes, dtype=np.uint64), np.asarray(targets, dtype=np.int32))

    def find(self, folded: Sequence[str]) -> list[int]:
        """Rows of the targets whose heading or phrasing these folded words are."""
        key = np.uint64(_hash(folded))
        start, end = np.searchsorted(self.hashes, key), np.searchsorted(self.hashes, key, "right")
        found: list[int] = self.targets[start:end].tolist()
        return found if folded else []


def _hash(folded: Sequence[str]) -> int:
    return int.from_bytes(blake2b(" ".join(folded).encode(), digest_size=8).digest())

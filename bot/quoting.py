"""Quotes: the slice that is shown, the sentences in it that answer, and the proof that both are verbatim."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.answer import Quote, QuoteSource
from bot.legal_status import is_in_force, status_line
from corpus.document import Document, Entry, Passage, Span
from corpus.split.sentences import sentences
from index.french import stems
from index.result import Hit
from index.rows import Rows

RECOGNISED = "texte reconnu automatiquement"
"""Said with every quote of words that were recognised in a picture."""
# Characters of a lead-in or head and what it introduces that are marked: half of what fits a phone's screen.
_LIST = 350
# A number or a letter counts when it numbers ("2.", "a)", "IV."): "M. le maire" keeps its first word.
_BULLET = re.compile(r"\s*(?:[-–—•▪◦‣·*\uf0a7\uf0b7]|o(?=\s)|\(?(?:\d{1,3}|[a-z]|[IVX]{1,4})[.)°])\s+")


class NotVerbatimError(AssertionError):
    """A quote that is not a slice of its document: a defect of this code, never shown to anyone."""


def quote(hit: Hit, answering: Sequence[Span] = ()) -> Quote:
    """The quote of one hit, proven against its document.

    Args:
        hit: What was found.
        answering: Its sentences that are marked, in order; by default all of its target.

    Raises:
        NotVerbatimError: The slice or a highlight is not a slice of the document.
    """
    passage = hit.target.passage
    document = passage.document
    # Of a long table a row is a quote; several are marked where a question does not tell them apart.
    shown = [passage.quote, *answering]
    span = Span(min(each.start for each in shown), max(each.end for each in shown))
    marked = _marked(hit, answering)
    made = Quote(
        text=span.of(document.text),
        highlights=tuple((s.start - span.start, s.end - span.start) for s in marked),
        source=source_of(document, marked[0].start, hit.entry.id, passage),
        start=span.start,
        end=span.end,
        context=_context(passage, span),
    )
    prove(made, document)
    return made


def prove(made: Quote, document: Document) -> None:
    """Check that a quote is a slice of the document, its highlights slices of the quote, its context slices above it.

    Raises:
        NotVerbatimError: It is not.
    """
    inside = all(0 <= start < end <= len(made.text) for start, end in made.highlights)
    ordered = all(a[1] <= b[0] for a, b in zip(made.highlights, made.highlights[1:], strict=False))
    above = all(words.strip() and document.text.rfind(words, 0, made.start) >= 0 for words in made.context)
    same = made.text == document.text[made.start : made.end]
    if not (same and made.text.strip() and inside and ordered and above):
        raise NotVerbatimError(f"{document.id} [{made.start}, {made.end}) is not a verbatim quote")


def _context(passage: Passage, span: Span) -> tuple[str, ...]:
    """What a row or an item must be read with, where the quote ``span`` does not hold it."""
    return tuple(above.of(passage.document.text) for above in passage.context if above.end <= span.start)


def _marked(hit: Hit, answering: Sequence[Span]) -> list[Span]:
    passage, target = hit.target.passage, hit.target.span
    own = (s.shift(passage.start) for s in sentences(passage.text))
    within = answering or [s for s in own if target.start <= s.start and s.end <= target.end] or [target]
    return [_without_bullet(s, passage.document.text) for s in (*within, *_introduced(hit, within[-1]))]


def _introduced(hit: Hit, last: Span) -> list[Span]:
    """What a marked lead-in or head of a table introduces in the quote, as far as fits: alone, it says nothing."""
    passage = hit.target.passage
    heads = {last, Span(passage.start, passage.end)} if last.end == passage.end else set[Span]()
    below = [Span(p.start, p.end) for p in hit.entry.passages if not heads.isdisjoint(p.context)]
    held = [span for span in below if span.end <= passage.quote.end]
    return [span for span in held if span.end - last.start <= _LIST] or held[:1]


def _without_bullet(span: Span, text: str) -> Span:
    found = _BULLET.match(text, span.start, span.end)
    return Span(found.end(), span.end) if found and found.end() < span.end else span


def _is_title(heading: str, title: str) -> bool:
    """Whether a heading says little else than the title of its document, which is told beside it."""
    one, other = set(stems(heading)), set(stems(title))
    return 2 * len(one & other) > len(one | other)


def source_of(document: Document, offset: int, entry: str, passage: Passage | None) -> QuoteSource:
    """Where the character at ``offset`` stands: in ``passage`` of ``entry``, or under no heading that we know."""
    heading = passage.question.of(document.text) if passage and passage.question else None
    is_question = heading is not None and heading.rstrip().endswith("?")
    above = [s.of(document.text) for s in passage.section] if passage else []
    if above and _is_title(above[0], document.source.title):
        above = above[1:]
    section = above if is_question or heading is None else [*above, heading]
    return QuoteSource(
        document=document.id,
        entry=entry,
        title=document.source.title,
        publisher=document.source.publisher,
        date=document.source.date,
        page=document.page_at(offset),
        page_label=document.label_at(offset),
        section=" › ".join(section) or None,
        question=heading if is_question else None,
        url=document.source.url,
        sha256=document.sha256,
        notice="\u00a0; ".join(
            filter(None, (status_line(document.source), RECOGNISED * document.is_recognised_at(offset)))
        )
        or None,
        in_force=is_in_force(document.source, datetime.now(UTC).date()),
    )


class Library:
    """What the answers are quoted from. Safe to share between threads: nothing in it changes."""

    def __init__(
        self,
        documents: Mapping[str, Callable[[], Document]],
        entries_of: Callable[[str], Iterable[Entry]],
        hashes: Mapping[str, str],
    ):
        self._documents = documents
        self._entries_of = entries_of
        self._hashes = hashes
        self._after: Library | None = None
        self._after_is = ""

    @classmethod
    def of_documents(cls, documents: Iterable[Document], entries: Iterable[Entry] = ()) -> "Library":
        """Of documents that were read, and those of their entries that are known."""
        known, own = {document.sha256: document for document in documents}, tuple(entries)
        return cls(
            {sha256: partial(known.__getitem__, sha256) for sha256 in known},
            lambda id_: [entry for entry in own if entry.document.id == id_],
            {document.id: sha256 for sha256, document in known.items()},
        )

    @classmethod
    def of(cls, rows: Rows, hashes: Mapping[str, str]) -> "Library":
        """The documents of an index, read when they are asked for; ``hashes`` of their files, by their ids."""
        # Two sources may name the same bytes: the first of the catalogue speaks for both.
        found: dict[str, Callable[[], Document]] = {}
        for id_ in rows.documents:
            found.setdefault(hashes[id_], partial(rows.documents.__getitem__, id_))
        return cls(found, rows.entries_of, hashes)

    def joined(self, after: "Library", whose: str) -> "Library":
        """The same, with the common documents of another behind its own, and who keeps these."""
        found = Library(self._documents, self._entries_of, self._hashes)
        found._after, found._after_is = after, whose
        return found

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of them, in the order of the index."""
        others = self._after.documents if self._after else ()
        return (*(read() for read in self._documents.values()), *(d for d in others if d.sha256 not in self._documents))

    def document(self, sha256: str) -> Document | None:
        """The document whose file has this hash, None when there is none, or no longer."""
        read = self._documents.get(sha256)
        return read() if read else self._after.document(sha256) if self._after else None

    def edition_in_service(self, id_: str) -> Document | None:
        """The document that has this identifier in the catalogue; None when there is none, or no longer."""
        if id_ in self._hashes:
            return self.document(self._hashes[id_])
        return self._after.edition_in_service(id_) if self._after else None

    def entries(self, document: Document) -> tuple[Entry, ...]:
        """Of one of the documents."""
        holder = self._after if self._after and document.sha256 not in self._documents else self
        return tuple(holder._entries_of(document.id))

    def body(self, document: Document, entry: str) -> Span | None:
        """Where all that an entry says stands."""
        return next((known.body for known in self._entries_of(document.id) if known.id == entry), None)

    def quote(self, document: Document, span: Span) -> Quote:
        """Any slice of a document as a quote, with the question or the headings that it stands under.

        Raises:
            ValueError: The slice holds no word or ends beyond the document.
        """
        text = span.of(document.text)
        if span.end > len(document.text) or not text.strip():
            raise ValueError(f"[{span.start}, {span.end}) is no quote of {len(document.text)} characters")
        inked = span.start + len(text) - len(text.lstrip())
        common = self._after if document.sha256 not in self._documents else None
        entry, passage = (common or self)._at(document, inked)
        source = source_of(document, inked, entry, passage)
        source = replace(source, common=self._after_is) if common else source
        return Quote(text, (), source, span.start, span.end, _context(passage, span) if passage else ())

    def _at(self, document: Document, offset: int) -> tuple[str, Passage | None]:
        """The entry and the passage that hold a character; of an entry, its first passage stands for its heading."""
        for entry in self._entries_of(document.id):
            start = entry.heading.start if entry.heading else entry.body.start
            if min(start, entry.body.start) <= offset < entry.body.end:
                held = [passage for passage in entry.passages if passage.start <= offset < passage.end]
                return entry.id, (held or list(entry.passages))[0]
        return "", None

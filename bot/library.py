"""The documents that are indexed, by the hash of their file, and what stands at any place of them."""

from collections.abc import Iterable

from bot.answer import Quote
from bot.quoting import source_of
from corpus.document import Document, Entry, Passage, Span


class Library:
    """What the answers are quoted from. Safe to share between threads: nothing in it changes."""

    def __init__(self, documents: Iterable[Document], entries: Iterable[Entry] = ()) -> None:
        self._documents: dict[str, Document] = {}
        self._entries: dict[str, list[Entry]] = {}
        for document in documents:
            # Two sources may name the same bytes: the first of the catalogue speaks for both.
            self._documents.setdefault(document.sha256, document)
        for entry in entries:
            self._entries.setdefault(entry.document.id, []).append(entry)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Library":
        """The documents of these entries."""
        known = tuple(entries)
        return cls({entry.document.id: entry.document for entry in known}.values(), known)

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of them, in the order of the index."""
        return tuple(self._documents.values())

    def document(self, sha256: str) -> Document | None:
        """The document whose file has this hash, None when there is none, or no longer."""
        return self._documents.get(sha256)

    def quote(self, document: Document, span: Span) -> Quote:
        """Any slice of a document as a quote, with the question or the headings that it stands under.

        Raises:
            ValueError: The slice holds no word or ends beyond the document.
        """
        text = span.of(document.text)
        if span.end > len(document.text) or not text.strip():
            raise ValueError(f"[{span.start}, {span.end}) is no quote of {len(document.text)} characters")
        inked = span.start + len(text) - len(text.lstrip())
        entry, passage = self._at(document, inked)
        return Quote(text, (), source_of(document, inked, entry, passage), span.start, span.end)

    def _at(self, document: Document, offset: int) -> tuple[str, Passage | None]:
        """The entry and the passage that hold a character; of an entry, its first passage stands for its heading."""
        for entry in self._entries.get(document.id, ()):
            start = entry.heading.start if entry.heading else entry.body.start
            if min(start, entry.body.start) <= offset < entry.body.end:
                held = [passage for passage in entry.passages if passage.start <= offset < passage.end]
                return entry.id, (held or list(entry.passages))[0]
        return "", None

"""Whether the files of the corpus as they are today, or a later edition, still hold the words of a quote."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from stat import S_ISREG
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache

from bot.answer import Quote
from bot.collection import in_force
from corpus.alignment import aligned, followed
from corpus.catalogue import DOCUMENTS
from corpus.document import LIMITS, Document, Entry, Span
from corpus.errors import UnreadableDocumentError
from corpus.files import sha256_of
from corpus.kept_editions import KeptEdition, kept_edition
from corpus.read import SafeReader

if TYPE_CHECKING:
    from bot.quoting import Library

_LIMITS = replace(LIMITS, cpu_seconds=30, wall_seconds=60)
"""A visitor waits: a tenth of what a build may take, enough for 1,200 pages of PDF."""

_EDITIONS = 20
"""Earlier editions kept in memory."""


class Today(Enum):
    """What became of a quote's words."""

    SAME_FILE = "the file has not changed, so they stand where they stood"
    STILL_THERE = "the file has changed and they still stand in it"
    NO_LONGER_THERE = "the file has changed and they no longer stand in it"
    UNREADABLE = "the file has changed and cannot be read"
    NO_FILE = "the file is no longer there"
    SAME_WORDS = "a newer edition is quoted now, and they stand in it"
    CHANGED = "a newer edition is quoted now, and it says it in other words"
    GONE = "a newer edition is quoted now, and says nothing of the kind"
    WITHDRAWN = "the document is no longer quoted"


@dataclass(frozen=True, slots=True)
class Standing:
    """The outcome of one check."""

    today: Today
    sha256: str | None = None
    """Of the file as it is today."""
    page: int | None = None
    """Where the words stand in a file that has changed."""
    reason: str = ""
    """Why it cannot be read, in French."""
    quote: Quote | None = None
    """What the edition that is quoted now says of it, word for word."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was at one moment; read again only when the system says that it was touched."""

    mark: tuple[int, int, int, int]
    sha256: str
    document: Document | None = None
    """As it reads today, if it has changed."""
    reason: str = ""


class Originals:
    """The files behind the indexed documents. Safe to share between threads."""

    def __init__(self, corpus: Path | None, collections: Mapping[str, Path] = {}) -> None:
        """``corpus`` is the folder of the catalogue, without which no file is there; those of collections by name."""
        self._folder = corpus
        self._own = dict(collections)
        self._editions: LRUCache[tuple[Path, str], KeptEdition] = LRUCache(_EDITIONS)
        self._seen: dict[Path, _Seen] = {}
        self._lock = Lock()

    def path(self, document: Document) -> Path | None:
        """The file, if it is still the one that was read."""
        kept = self.edition(document.sha256)
        for path in (self._path(document), kept.file if kept else None):
            seen = self._look(path, document) if path else None
            if seen and seen.sha256 == document.sha256:
                return path
        return None

    def edition(self, sha256: str) -> KeptEdition | None:
        """An earlier edition, of the collection in force or of the common texts."""
        for folder in filter(None, (self._own.get(in_force()), self._folder)):
            with self._lock:
                found = self._editions.get((folder, sha256))
            if found is None and (found := kept_edition(folder, sha256)):
                with self._lock:
                    self._editions[folder, sha256] = found
            if found:
                return found
        return None

    def standing(self, document: Document, span: Span) -> Standing:
        """Whether the words of a slice still stand in the file as it is today."""
        path = self._path(document)
        seen = self._look(path, document) if path else None
        if seen is None:
            return Standing(Today.NO_FILE)
        if seen.sha256 == document.sha256:
            return Standing(Today.SAME_FILE, seen.sha256)
        if seen.document is None:
            return Standing(Today.UNREADABLE, seen.sha256, reason=seen.reason)
        found = find_words(whole_words(span, document.text), seen.document.text)
        if found is None:
            return Standing(Today.NO_LONGER_THERE, seen.sha256)
        return Standing(Today.STILL_THERE, seen.sha256, page=seen.document.page_at(found.start))

    def _path(self, document: Document) -> Path | None:
        """In the collection in force; among the common ones, where it has no such file."""
        own = self._own.get(in_force())
        if own and (own / DOCUMENTS / document.source.file).is_file():
            return own / DOCUMENTS / document.source.file
        return self._folder / DOCUMENTS / document.source.file if self._folder else None

    def _look(self, path: Path, document: Document) -> _Seen | None:
        try:
            found = path.stat()
            if not S_ISREG(found.st_mode):  # a pipe would be waited for without end
                return None
            mark = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            with self._lock:  # the same file is never read twice at once
                seen = self._seen.get(path)
                if seen is None or seen.mark != mark:
                    seen = self._seen[path] = _read(path, mark, document)
        except OSError:
            return None
        return seen


def _read(path: Path, mark: tuple[int, int, int, int], document: Document) -> _Seen:
    sha256 = sha256_of(path)
    if sha256 == document.sha256:
        return _Seen(mark, sha256)
    try:
        with SafeReader(_LIMITS) as reader:
            now, _ = reader.read(document.source, path)
    except UnreadableDocumentError as error:
        return _Seen(mark, sha256, reason=error.reason)
    return _Seen(mark, now.sha256, now)


def find_words(words: str, text: str) -> Span | None:
    r"""Where the same words follow each other in a text, whatever white space parts them; whole words only.

    >>> find_words("le contrat\nest signé", "Hier, le contrat est signé.")
    Span(start=6, end=26)
    >>> find_words("un délai de 2", "Hier, un délai de 20 jours.")
    """
    pattern = r"\s+".join(re.escape(word) for word in words.split())
    before = r"(?<!\w)" if re.match(r"\s*\w", words) else ""
    after = r"(?!\w)" if re.search(r"\w\s*$", words) else ""
    found = re.search(before + pattern + after, text) if pattern else None
    return Span(*found.span()) if found else None


def whole_words(span: Span, text: str) -> str:
    """The slice, and what it lacks of its first and last words: half of "20" must not be found in "25"."""
    start, end = span.start, span.end
    while start > 0 and re.match(r"\w\w", text[start - 1 : start + 1]):
        start -= 1
    while end < len(text) and re.match(r"\w\w", text[end - 1 : end + 1]):
        end += 1
    return text[start:end]


def since(kept: KeptEdition, span: Span, library: "Library") -> Standing:
    """Whether they stand in it, what stands there in their place, or that nothing does."""
    now = library.edition_in_service(kept.document.id)
    if now is None:
        return Standing(Today.WITHDRAWN)
    then = next((e for e in kept.entries if e.body.start <= span.start < e.body.end), None)
    entries = library.entries(now)
    found, today = _same(kept.document, span, then, now, entries), Today.SAME_WORDS
    if found is None:
        found, today = _meant_now(kept, span, then, entries), Today.CHANGED
    if found is None:
        return Standing(Today.GONE, now.sha256)
    return Standing(today, now.sha256, now.page_at(found.start), quote=library.quote(now, found))


def _same(document: Document, span: Span, then: Entry | None, now: Document, entries: Sequence[Entry]) -> Span | None:
    """Where the very words stand: under the same heading, else anywhere."""
    words = whole_words(span, document.text)
    for entry in entries:
        if then and entry.heading_text == then.heading_text and (found := find_words(words, entry.body_text)):
            return found.shift(entry.body.start)
    return find_words(words, now.text)


def _meant_now(kept: KeptEdition, span: Span, then: Entry | None, entries: Sequence[Entry]) -> Span | None:
    """The slice that took the place of a slice."""
    if then is None:
        return None
    # An entry that stands word for word in both is not what another became.
    before = {(e.heading_text, e.body_text) for e in kept.entries}
    others = [e for e in entries if (e.heading_text, e.body_text) not in before]
    now = next((pair.after for pair in aligned([then], others) if pair.before), None)
    if now is None:
        return None
    slices = {passage.quote.of(passage.document.text): passage.quote for passage in now.passages}
    found = followed(span.of(kept.document.text), list(slices))
    return slices[found] if found else now.body

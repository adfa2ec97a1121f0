"""What became of words that an earlier edition of a document had, in the one that is quoted now."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.web.source_files import Standing, Today, find_words, whole_words
from corpus.alignment import aligned, followed
from corpus.document import Document, Entry, Span
from corpus.kept_editions import KeptEdition

if TYPE_CHECKING:
    from bot.quoting import Library


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

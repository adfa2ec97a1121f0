"""Splits a document into entries: questions with their answers, or headings with their sections."""

import re
import unicodedata
from collections.abc import Sequence

from corpus.document import Document, Entry, Span
from corpus.split.faq import faq_parts, is_faq
from corpus.split.passages import passages
from corpus.split.sections import Section, headed_parts

# Long enough to tell entries apart, short enough for a file of known questions.
SLUG_LENGTH = 60


def split(document: Document) -> list[Entry]:
    """The entries of a document, in order.

    Titles, dates, signatures and tables of contents make no entry; a reference ("Référence : …",
    "Pour en savoir plus …") that ends an answer makes one of its own.
    """
    parts: list[Section] = []
    if document.source.kind == "faq" or is_faq(document):
        parts = faq_parts(document)
    taken: set[str] = set()
    return [_entry(document, part, taken) for part in parts or headed_parts(document)]


def _entry(document: Document, part: Section, taken: set[str]) -> Entry:
    body = Span(part.body[0].start, part.body[-1].end)
    wanted = part.key or slug((part.heading or body).of(document.text))
    identifier, number = wanted, 1
    while identifier in taken:
        number += 1
        identifier = f"{wanted}-{number}"
    taken.add(identifier)
    return Entry(document, identifier, part.heading, body, passages(document, part, identifier))


def slug(text: str) -> str:
    """The first words in lower-case ASCII, joined by hyphens.

    >>> slug("L’œuvre d’État, à 80 % ?")
    'l-oeuvre-d-etat-a-80'
    """
    plain = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    words: Sequence[str] = re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    kept = words[0][:SLUG_LENGTH] if words else "passage"
    for word in words[1:]:
        if len(kept) + len(word) >= SLUG_LENGTH:
            break
        kept += f"-{word}"
    return kept

"""What a PDF file says of its own structure: the labels of its pages, and its outline (bookmarks)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pypdfium2 import PdfDocument, PdfiumError

from corpus.layout.lines import Line
from corpus.layout.list_markers import markers

# Of a page: "A-12", "xviii".
_LONGEST_LABEL = 20
# More bookmarks than that are an index.
_MOST_TITLES = 2_000
# Lines of a heading.
_MOST_LINES = 4
# Of the bookmarks that lead to a page, those whose words stand there: fewer are notes of the author, or of a scanner.
_LEAST_FOUND = 0.6
# Than all titles of the outline: what stands above them so large is above them.
_LARGER = 1.05


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A title of the outline."""

    title: str
    page: int
    """From 0."""
    level: int
    """1 = outermost."""


def page_labels(document: PdfDocument) -> tuple[str, ...]:
    """What the file calls its pages; nothing where all have numbers: extracts keep those of the whole."""
    labels = tuple(document.get_page_label(index)[:_LONGEST_LABEL].strip() for index in range(len(document)))
    return labels if any(label and not label.isdecimal() for label in labels) else ()


def bookmarks(document: PdfDocument) -> list[Bookmark]:
    """The titles that lead to a page."""
    found: list[Bookmark] = []
    try:
        for item in document.get_toc():
            place = item.get_dest()
            page = place.get_index() if place else None
            if page is not None and (title := _folded(item.get_title())):
                found.append(Bookmark(title, page, item.level + 1))
            if len(found) > _MOST_TITLES:
                return []
    except PdfiumError:
        return []
    return found


def with_outline(lines: Sequence[Line], titles: Sequence[Bookmark]) -> list[Line]:
    """The lines, those that the outline names with its level; as they are where it names few of them."""
    found = list(lines)
    pages: dict[int, list[int]] = {}
    for index, line in enumerate(lines):
        if not (line.noise or line.note or line.cells):
            pages.setdefault(line.page, []).append(index)
    named = 0
    for title in titles:
        if place := _place(title.title, lines, pages.get(title.page, [])):
            named += 1
            for index in place:
                pages[title.page].remove(index)
                found[index] = replace(lines[index], level=title.level if index == place[0] else -title.level)
    if named < 2 or named < _LEAST_FOUND * len(titles):
        return list(lines)
    first = next(index for index, line in enumerate(found) if line.level)
    above = max((line.size for line in lines[:first] if not line.noise), default=0.0)
    if above > _LARGER * max(
        line.size for line in found if line.level
    ):  # the title of the document, which it leaves out
        return [replace(line, level=line.level + (line.level > 0) - (line.level < 0)) for line in found]
    return found


def _place(title: str, lines: Sequence[Line], page: Sequence[int]) -> list[int]:
    """The lines of a page that hold a title and nothing else; none where it does not stand there."""
    for at in range(len(page)):
        words = ""
        for end in range(at, min(at + _MOST_LINES, len(page))):
            words = f"{words} {_folded(lines[page[end]].text)}".strip()
            if words == title or words[_number(words) :] == title[_number(title) :]:
                return list(page[at : end + 1])
            if not title.startswith(words[_number(words) :]) and not title.startswith(words):
                break
    return []


def _number(words: str) -> int:
    return next((marker.end for marker in markers(words.upper()) if marker.style != "bullet"), 0)


def _folded(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())

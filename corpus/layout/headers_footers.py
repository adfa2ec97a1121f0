"""Detect what stands apart on a page: running headers and footers, page numbers, lists of links, notes."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace
from itertools import pairwise

from rapidfuzz import fuzz

from corpus.layout.lines import RULE, Line, prevailing
from corpus.layout.list_markers import markers, roman

# How far from the top and bottom of a page we look: headers of four lines are the longest we have met.
ZONE = 5
# "Nearly the same line": a header whose chapter number or a misread letter changes still scores above this.
ALIKE, SHORTEST_ALIKE = 92.0, 15
# Points by which a running title rises or falls from page to page.
LEVEL = 20
PAGE_NUMBER = re.compile(
    r"(?:[-–—•|\[(\s]*(?:page|p\.|pg\.?)\s*(?:n°\s*)?\d{1,4}(?:\s*(?:/|sur|de|of|-)\s*\d{1,4})?[-–—•|\])\s]*"
    r"|[^.:?!]{1,100}\s[-–—•|]\s*page\s*\d{1,4}(?:\s*(?:/|sur)\s*\d{1,4})?"
    r"|\d{1,4}\s*(?:/|sur)\s*\d{1,4}"
    r"|[-–—•]\s*\d{1,4}\s*[-–—•])",
    re.IGNORECASE,
)
# What a browser prints below a page, and above it.
_PRINTED_FOOT = re.compile(r"(?:https?|file)://\S+\s+\d{1,4}\s?/\s?\d{1,4}")
_PRINTED_HEAD = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4},?\s+\d{1,2}[:h]\d{2}\b.*")
# At the foot of the only page, its name and its number.
_ONLY_FOOT = re.compile(r"[^.:?!]{1,100}\s[-–—•|]\s*1(?:\s*(?:/|sur)\s*1)?")
BARE_NUMBER = re.compile(r"[\s.]*(\d{1,4})[\s.]*")
ROMAN_NUMBER = re.compile(r"[ivx]{1,6}")
BARE_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_AFTER_URL = ".,;:)"
# Notes are set smaller than the text, often by a fifth; other lines of that size are captions.
NOTE_SIZE, ALMOST = 0.92, 0.98
# Ordinary spacings above a note in the type of the text.
APART = 1.8
NOTE = re.compile(r"(?:[\[(]?(?P<number>\d{1,3})(?:[\])]|(?=[\s.])|(?=[A-ZÀ-Ý«]))|(?P<stars>\*{1,3}))[\s.]*[^\s\d.]")
NOTES_TITLE = re.compile(r"notes?(?: de (?:fin|bas de page))?\W*", re.IGNORECASE)
SHORTEST_NOTE = 4
# Lines of notes at the foot of a page.
MOST_NOTES = 100
# Of a number: more are no number of a page.
_MOST_DIGITS = 9


def without_noise(lines: list[Line]) -> list[Line]:
    """The same lines, with ``noise`` set on running headers and footers, page numbers, repeated heads of tables."""
    pages: list[list[int]] = []
    for indices in _grouped(range(len(lines)), lambda index: lines[index].page):
        standing = [index for index in indices if lines[index].height is not None]
        # In whatever order they were drawn.
        pages.append(sorted(standing, key=lambda index: -(lines[index].height or 0.0)) or indices)
    rules = {index for index, line in enumerate(lines) if RULE.fullmatch(line.text)}
    noise = set(rules) | _printed(lines, pages)
    if (
        len(pages) == 1
        and _ONLY_FOOT.fullmatch(lines[last := pages[0][-1]].text)
        and (lines[last].gap or APART) >= APART
    ):
        noise.add(last)
    for edge in ([page[:ZONE] for page in pages], [page[::-1][:ZONE] for page in pages]):
        numbers = _page_numbers(lines, edge)
        running = _running(lines, edge)
        for indices in edge:
            noise |= _peel(lines, indices, numbers | running | noise)
    marked = [replace(line, noise=True) if index in noise else line for index, line in enumerate(lines)]
    return _without_repeated_heads(marked)


def _printed(lines: Sequence[Line], pages: Sequence[Sequence[int]]) -> set[int]:
    """The address and the date with which a browser prints a page."""
    found: set[int] = set()
    for page in pages:
        feet = {index for index in page[-ZONE:] if _PRINTED_FOOT.fullmatch(lines[index].text)}
        heads = {index for index in page[:ZONE] if feet and _PRINTED_HEAD.fullmatch(lines[index].text)}
        found |= feet | heads
    return found


def _peel(lines: Sequence[Line], indices: list[int], noise: set[int]) -> set[int]:
    """Lines of noise from the edge of the page inwards, up to the first line of text.

    The head of a table that goes on over the page is not among them, unlike a table that is a header.
    """
    peeled: list[int] = []
    for index in indices:
        if index not in noise and not PAGE_NUMBER.fullmatch(lines[index].text):
            while peeled and lines[index].cells and lines[peeled[-1]].cells:
                peeled.pop()
            break
        peeled.append(index)
    return set(peeled)


def _without_repeated_heads(lines: Sequence[Line]) -> list[Line]:
    """A table that goes on over a page break has its head again on the new page: noise."""
    found: list[Line] = []
    table: list[Line] = []
    repeated = 0
    for line in lines:
        if not line.noise and line.cells:
            if table and table[-1].page < line.page:
                repeated = 0
            if table and line.page > table[0].page and repeated < len(table) and line.text == table[repeated].text:
                repeated += 1
                table[-1] = replace(table[-1], page=line.page)
                line = replace(line, noise=True)
            else:
                repeated = len(lines)
                table.append(line)
        elif not line.noise:
            table, repeated = [], 0
        found.append(line)
    return found


def _page_numbers(lines: Sequence[Line], edge: list[list[int]]) -> set[int]:
    """Bare numbers that grow with the pages: "12" is a page number only if "13" stands on the next page."""
    told = {index: _page_number(lines[index].text) for indices in edge for index in indices}
    numbers = {index: number - lines[index].page for index, number in told.items() if number is not None}
    found = _grouped(numbers, numbers.__getitem__)
    return {index for indices in found if len({lines[i].page for i in indices}) > 1 for index in indices}


def _page_number(text: str) -> int | None:
    match = BARE_NUMBER.fullmatch(text)
    if match:
        return int(match[1])
    return roman(text) if ROMAN_NUMBER.fullmatch(text) else None


def is_page_number(text: str) -> bool:
    """Whether the text may be the number of a page, and nothing else."""
    text = text.strip()
    return _page_number(text) is not None or PAGE_NUMBER.fullmatch(text) is not None


def _running(lines: Sequence[Line], edge: list[list[int]]) -> set[int]:
    """Lines that stand at the same edge of several pages, digits aside.

    A chapter's title set larger than the text is repeated on its pages: its first appearance stays.
    """
    running: set[int] = set()
    for shape, found in _alike_lines(lines, edge):
        # A header without the page number that the others have is the title of a cover.
        for counted in _grouped(found, lambda index: len(re.findall(r"\d+", lines[index].text))):
            growing = _counts_pages(lines, counted)
            for same in [counted] if growing else _grouped(counted, lambda index: lines[index].text):
                if _repeats(lines, shape, same, len(edge)):
                    running.update(same[1:] if _is_title(lines, same, len(edge)) else same)
    return running


def _alike_lines(lines: Sequence[Line], edge: list[list[int]]) -> list[tuple[str, list[int]]]:
    """Lines of nearly the same words at the same height or place, with these words."""
    groups: list[tuple[str, list[int]]] = []
    places: dict[int, int] = {}

    def stands(last: int, index: int) -> bool:
        heights = lines[last].height, lines[index].height
        level = None in heights or abs((heights[0] or 0.0) - (heights[1] or 0.0)) <= LEVEL
        sentence = lines[index].text.endswith(".")  # "Adopté à l'unanimité." ends many pages
        return level or (places[last] == places[index] and not sentence)

    for indices in edge:
        for place, index in enumerate(indices):
            shape, places[index] = _shape(lines[index].text), place
            alike = next((found for known, found in groups if _alike(known, shape) and stands(found[-1], index)), None)
            if alike is None:
                groups.append((shape, [index]))
            else:
                alike.append(index)
    return groups


def _grouped(found: Iterable[int], key: Callable[[int], object]) -> Iterable[list[int]]:
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for index in found:
        groups[key(index)].append(index)
    return groups.values()


def _counts_pages(lines: Sequence[Line], found: list[int]) -> bool:
    """Whether each number of the lines is constant or grows with the pages: not "Article 5", "Article 9"."""
    texts = [_number_last(lines[index].text) for index in found]
    rows = [[int(number[:_MOST_DIGITS]) for number in re.findall(r"\d+", text)] for text in texts]
    pages = [lines[index].page for index in found]
    return all(
        len(set(column)) == 1 or len({number - page for number, page in zip(column, pages, strict=True)}) == 1
        for column in zip(*rows, strict=True)
    )


def _is_title(lines: Sequence[Line], found: list[int], pages: int) -> bool:
    """Whether the line is larger than the text, on some of the pages only."""
    everywhere = len({lines[index].page for index in found}) > 0.6 * pages
    body = prevailing((line.size, len(line.text)) for line in lines)
    return lines[found[0]].size > 1.15 * body > 0 and not everywhere


def _repeats(lines: Sequence[Line], shape: str, found: list[int], pages: int) -> bool:
    """Whether a line stands on half the pages, or on three near ones: a chapter's header, odd pages."""
    bulleted = any(marker.style == "bullet" for marker in markers(shape))
    if bulleted or not any(char.isalpha() for char in shape):
        return False
    seen = sorted({lines[index].page for index in found})
    often = len(seen) >= max(2, pages / 2)
    if shape.endswith(("?", ":", ";")):
        return often and len(seen) > 3
    steps = [after - before for before, after in pairwise(seen)]
    alternate = set(steps) == {2} and seen[0] <= 2 and seen[-1] >= pages - 2
    return often or alternate or any(max(two) <= 2 for two in pairwise(steps))


def _shape(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\d+", "#", _number_last(text))).casefold()


def _number_last(text: str) -> str:
    """The text with a number that opens it at its end: on even pages, that of the page stands before the title."""
    return re.sub(r"^(\d{1,4})\s+([^\W\d].*)", r"\2 \1", text)


def _alike(known: str, shape: str) -> bool:
    sentence = known.endswith(".") or min(len(known), len(shape)) < SHORTEST_ALIKE
    return known == shape or (not sentence and fuzz.ratio(known, shape) >= ALIKE)


def with_notes(lines: Sequence[Line]) -> list[Line]:
    """The same lines, with ``note`` set on footnotes and on notes at the end."""
    body = prevailing((line.size, len(line.text)) for line in lines if not line.noise)
    standing = [index for index, line in enumerate(lines) if not line.noise and line.height is not None]
    found = set(_end_notes(lines))
    for indices in _grouped(standing, lambda index: lines[index].page):
        found |= _footnotes(lines, sorted(indices, key=lambda index: lines[index].height or 0.0), body)
    return [replace(line, note=True) if index in found else line for index, line in enumerate(lines)]


def _footnotes(lines: Sequence[Line], upwards: Sequence[int], body: float) -> set[int]:
    """Smaller lines at the foot of a page from a number on: one that the text above refers to, if barely smaller."""
    found: set[int] = set()
    small: list[int] = []
    for at, index in enumerate(upwards[:MOST_NOTES]):
        line = lines[index]
        if line.size > body or line.cells:
            break
        small.append(index)
        mark = note_mark(line.text)
        if mark is None or (line.size > NOTE_SIZE * body and not _is_referred(lines, upwards[at + 1 :], mark)):
            continue
        if line.size <= ALMOST * body or (line.gap or 0) > APART:
            found.update(small)
    return found


def _is_referred(lines: Sequence[Line], indices: Sequence[int], mark: str) -> bool:
    number = re.escape(mark)
    reference = re.compile(rf"[(\[]{number}[)\]]|[^\W\d_]{number}(?![\w°])|(?<!\d)[»).,]{number}(?!\w)")
    return any(reference.search(lines[index].text) and note_mark(lines[index].text) != mark for index in indices)


def _end_notes(lines: Sequence[Line]) -> range:
    """The lines under the title of the notes with which a document ends."""
    titles = [index for index, line in enumerate(lines) if not line.noise and NOTES_TITLE.fullmatch(line.text)]
    first = titles[-1] + 1 if titles else len(lines)
    return range(first, len(lines)) if first < len(lines) and note_mark(lines[first].text) == "1" else range(0)


def note_mark(text: str) -> str | None:
    """The number or the stars before a note; None if the text starts otherwise.

    >>> [note_mark(text) for text in ("(1) Loi de 2019", "12 Ibid.", "* Sauf le lundi", "1er janvier", "2024")]
    ['1', '12', '*', None, None]
    """
    match = NOTE.match(text)
    return (match["number"] or match["stars"]) if match and len(text) > SHORTEST_NOTE else None


def printed_links(lines: Sequence[Line], raw: str) -> list[Line]:
    """Lines of a text printed page by page, whose pages end at the list of the links they hold.

    Such a list repeats bare addresses given above it, and two blank lines or the end of the file follow it.
    The lists become noise, and what follows each of them starts a new page.
    """
    marked: list[Line] = []
    told: set[str] = set()
    page, index, end, pending = 0, 0, 0, False
    while index < len(lines):
        end = max(index, end)
        while end < len(lines) and BARE_URL.fullmatch(lines[end].text):
            end += 1
        after = lines[end] if end < len(lines) else None
        if index < end and _is_list(lines[index:end], after, told, raw):
            marked += [replace(line, page=page, noise=True) for line in lines[index:end]]
            page, index, pending = page + 1, end, True
            continue
        line = lines[index]
        marked.append(replace(line, page=page, gap=None if pending else line.gap))
        told.update(url.rstrip(_AFTER_URL) for url in BARE_URL.findall(line.text))
        index, pending = index + 1, False
    return marked


def _is_list(block: Sequence[Line], after: Line | None, told: Set[str], raw: str) -> bool:
    if not all(line.text.rstrip(_AFTER_URL) in told for line in block):
        return False
    return after is None or len(re.findall(r"\r\n|\r|\n", raw[block[-1].end : after.start])) > 2

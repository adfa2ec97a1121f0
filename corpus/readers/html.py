"""Read HTML pages without menus, banners and forms; Markdown and OpenDocument come as HTML."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from corpus.document import BlockKind, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.builder import BREAK, Builder, TextRun
from corpus.readers.columns import add_table, grid
from corpus.readers.formats import decode
from corpus.readers.page_content import (
    ASKS,
    BLOCKS,
    HEADINGS,
    LISTS,
    opened,
    remove_surroundings,
    remove_what_is_no_content,
)

# Python allows 1000 nested calls, we make two per element: deeper down we keep the words without structure.
_DEEPEST = 250
# Of the rows and columns that a cell spans: more is no table.
_DIGITS = 4


def read_html(data: bytes, name: str) -> StructuredText:
    """Read the main part of a page: ``<main>``, else its articles, else its body."""
    soup = BeautifulSoup(_decoded(data, name), "lxml")
    shown = opened(soup)
    for roots in (soup.select("main, [role=main]"), soup.select("article"), soup.select("body")):
        builder = Builder()
        known = set(map(id, roots))  # elements compare by what they hold: slowly, and two may hold the same
        for root in roots:
            if not any(id(parent) in known for parent in root.parents):
                remove_what_is_no_content(root, shown)
                remove_surroundings(root)
                _PageReader(builder).read(root)
        if (reading := builder.reading()).blocks:
            return reading
    raise UnreadableDocumentError(
        name,
        "cette page web ne contient aucun texte (page remplie par un script ?).",
        "Ouvrez-la dans votre navigateur, imprimez-la au format PDF et ajoutez ce PDF à la place.",
    )


def read_markup(markup: str) -> StructuredText:
    """Read the whole of a page that was made from another format; it may be empty."""
    page, builder = BeautifulSoup(markup, "lxml"), Builder()
    remove_what_is_no_content(page, opened(page))
    _PageReader(builder).read(page)
    return builder.reading()


def _decoded(data: bytes, name: str) -> str:
    declared = EncodingDetector.find_declared_encoding(data, is_html=True) or "utf-8"
    if declared.lower() in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        declared = "cp1252"  # as every browser reads them
    try:
        return data.decode(declared)
    except (LookupError, ValueError):
        return decode(data, name, len(data))  # pages lie about their encoding: we look for ourselves


@dataclass(frozen=True, slots=True)
class _Inline:
    """What the elements around say of the words in them."""

    bold: bool = False
    pre: bool = False
    depth: int = 0

    def inside(self, tag: Tag) -> "_Inline":
        return _Inline(self.bold or tag.name in ("strong", "b"), self.pre or tag.name == "pre", self.depth + 1)

    def words(self, node: PageElement) -> Iterator[TextRun]:
        """The words of a text node; comments and the like hold none. Line feeds count in ``<pre>`` only."""
        if isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield TextRun(str(node) if self.pre else re.sub(r"[\r\n]+", " ", str(node)), self.bold)


class _PageReader:
    """Walks through elements and gives their words to a builder."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._runs: list[TextRun] = []
        """Words of the block being read."""
        self._kind = BlockKind.PARAGRAPH
        self._level = 0

    def read(self, root: Tag, look: _Inline = _Inline()) -> None:
        self._children(root, look)
        self._close()

    def _children(self, tag: Tag, look: _Inline) -> None:
        for child in tag.children:
            if not isinstance(child, Tag):
                self._runs += look.words(child)
            elif look.depth < _DEEPEST:
                self._element(child, look.inside(child))
            else:
                self._runs.append(TextRun(child.get_text(" ")))

    def _element(self, tag: Tag, look: _Inline) -> None:
        if tag.name == "br":
            self._runs.append(BREAK)
        elif tag.name == "table" and _has_columns(tag):
            self._table(tag, look)
        elif tag.name in ASKS or (self._kind is not BlockKind.HEADING and _is_question(tag)):
            self._block(tag, look, BlockKind.QUESTION, 0)
        elif tag.name in HEADINGS and self._kind is not BlockKind.QUESTION:
            self._block(tag, look, BlockKind.HEADING, int(tag.name[1]))
        elif tag.name in LISTS:
            self._block(tag, look, BlockKind.ITEM, self._level + 1 if self._kind is BlockKind.ITEM else 1)
        elif tag.name == "li" or (self._kind is not BlockKind.ITEM and self._is_block(tag)):
            self._close()
            self._children(tag, look)
            self._close()
        elif self._is_block(tag):
            self._runs.append(BREAK)  # the paragraphs of an item are lines of one block
            self._children(tag, look)
            self._runs.append(BREAK)
        else:
            self._children(tag, look)

    def _is_block(self, tag: Tag) -> bool:
        if self._kind in (BlockKind.HEADING, BlockKind.QUESTION):
            return False
        return tag.name in BLOCKS or "-" in tag.name

    def _block(self, tag: Tag, look: _Inline, kind: BlockKind, level: int) -> None:
        self._close()
        outer = self._kind, self._level
        self._kind, self._level = kind, level
        self._children(tag, look)
        self._close()
        self._kind, self._level = outer

    def _table(self, table: Tag, look: _Inline) -> None:
        self._close()
        if caption := table.find("caption", recursive=False):
            self._block(caption, look, BlockKind.PARAGRAPH, 0)
        rows = (row.find_all(["th", "td"], recursive=False) for row in table.find_all("tr"))
        spanning = (
            [(_cell(cell, look), _span(cell, "colspan"), _span(cell, "rowspan")) for cell in cells] for cells in rows
        )
        add_table(self._builder, grid(spanning))

    def _close(self) -> None:
        """End the block being read."""
        self._builder.add(self._runs, self._kind, self._level)
        self._runs = []


def _is_question(tag: Tag) -> bool:
    """Whether the page marks it as a question: the button of an accordion, a name in the terms of schema.org."""
    if tag.name == "button" or tag.get("role") == "button":
        return True  # the other ones are gone
    return tag.get("itemprop") == "name" and "Question" in str(getattr(tag.parent, "attrs", {}).get("itemtype", ""))


def _cell(cell: Tag, look: _Inline) -> StructuredText:
    builder = Builder()
    reader = _PageReader(builder)
    reader.read(cell, look)
    return builder.cell()


def _span(cell: Tag, name: str) -> int:
    found = str(cell.get(name, ""))
    return int(found) if found.isdecimal() and len(found) < _DIGITS else 1


def _has_columns(table: Tag) -> bool:
    """Whether it shows data: tables of one column, or with headings or tables inside, only lay out a page."""
    if table.get("role") == "presentation" or table.find([*HEADINGS, "table"]):
        return False
    rows = table.find_all("tr")
    return any(len(row.find_all(["th", "td"], recursive=False)) > 1 for row in rows)

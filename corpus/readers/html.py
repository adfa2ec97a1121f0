"""Read HTML pages without menus, banners, forms and what stays hidden; Markdown and OpenDocument come as HTML."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from corpus.document import BlockKind, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.layout.lines import asks
from corpus.layout.list_markers import markers, numeral
from corpus.readers.builder import BREAK, Builder, TextRun
from corpus.readers.columns import add_table, columns, grid
from corpus.readers.formats import decode
from corpus.readers.office import whole
from corpus.readers.page_content import (
    ASKS,
    BLOCKS,
    HEADINGS,
    LISTS,
    TITLE_NAME,
    class_names,
    last_alike,
    move_tabs,
    opened,
    panel,
    remove_notes,
    remove_surroundings,
    remove_what_is_no_content,
)

# Python allows 1000 nested calls, we make two per element: deeper down we keep the words without structure.
_DEEPEST = 250
_LONGEST_STYLE = 2000
# Of the rows and columns that a cell spans: more is no table.
_DIGITS = 4


_WEIGHT = re.compile(r"font-weight\s*:\s*(?:(bold|bolder|[6-9]00)|normal|lighter|[1-5]00)", re.IGNORECASE)
_STRUCK = re.compile(r"text-decoration[^;]*line-through", re.IGNORECASE)
_FONT_SIZE = re.compile(r"font-size\s*:\s*(\d{1,3}(?:\.\d{1,3})?)(pt|px)", re.IGNORECASE)
_WORD_LIST = re.compile(r"mso-list\s*:\s*\S+ level(\d)", re.IGNORECASE)
_UNNUMBERED = re.compile(r"list-style(?:-type)?\s*:[^;]*\b(?:none|disc|circle|square)\b", re.IGNORECASE)
# "tab" is that of the OpenDocument reader.
_SIGNS = {"br": BREAK, "tab": TextRun("\t")}
_CLASS = re.compile(r"\w*\.([\w-]+)")


def read_html(data: bytes, name: str) -> StructuredText:
    """Read the main part of a page: ``<main>``, else its articles, else its body."""
    soup = BeautifulSoup(_decoded(data, name), "lxml")
    for tag in soup.find_all(role="heading"):
        tag.name = f"h{min(max(whole(str(tag.get('aria-level', '')), 2), 1), 6)}"
    move_tabs(soup)
    shown, looks = opened(soup), _looks(soup)
    remove_notes(soup)
    for roots in (soup.select("main, [role=main]"), soup.select("article"), soup.select("body")):
        builder = Builder()
        known = set(map(id, roots))  # elements compare by what they hold: slowly, and two may hold the same
        for root in roots:
            if not any(id(parent) in known for parent in root.parents):
                remove_what_is_no_content(root, shown)
                remove_surroundings(root)
                _PageReader(builder, looks, shown).read(root)
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
    remove_what_is_no_content(page, shown := opened(page))
    _PageReader(builder, {}, shown).read(page)
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
    size: float = 0.0
    pre: bool = False
    depth: int = 0

    def inside(self, tag: Tag, style: str) -> "_Inline":
        """Inside an element with this style."""
        # A whole question in italics marks it as bold type does.
        bold = self.bold or tag.name in ("strong", "b") or (tag.name in ("em", "i") and asks(tag.get_text()))
        if weight := _WEIGHT.search(style):
            bold = weight[1] is not None
        size = self.size
        if told := _FONT_SIZE.search(style):
            size = float(told[1]) * (1 if told[2].lower() == "pt" else 0.75)
        return _Inline(bold, size, self.pre or tag.name == "pre", self.depth + 1)

    def words(self, node: PageElement) -> Iterator[TextRun]:
        """The words of a text node; comments and the like hold none. Line feeds count in ``<pre>`` only."""
        if isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield TextRun(str(node) if self.pre else re.sub(r"[\t\r\n]+", " ", str(node)), self.bold, self.size)


class _PageReader:
    """Walks through elements and gives their words to a builder."""

    def __init__(self, builder: Builder, looks: Mapping[str, str], shown: Mapping[str, Tag]) -> None:
        """``looks``: the style of each class of the page; ``shown``: what a click shows, by identifier."""
        self._builder, self._looks, self._shown = builder, looks, shown
        self._runs: list[TextRun] = []
        """Words of the block being read."""
        self._kind = BlockKind.PARAGRAPH
        self._level = 0
        self._titled = False
        """Whether an office program gave it a title, which is above its headings."""
        self._label = ""
        """The number of the item being read."""
        self._counts: dict[int, int] = {}
        """Items so far, by the identity of their list."""
        self._answers: set[int] = set()
        """Identities of the elements at whose end an answer ends."""
        self._panels: dict[int, int] = {}
        """The level of the title that shows an element, by the identity of this."""
        self._above = self._peer = 0
        """The level of the title that shows what is being read, and of the last one that showed what was."""

    def read(self, root: Tag, look: _Inline = _Inline()) -> None:
        self._children(root, look)
        self._close()

    def _children(self, tag: Tag, look: _Inline) -> None:
        for child in tag.children:
            if not isinstance(child, Tag):
                self._runs += look.words(child)
            elif look.depth < _DEEPEST:
                style, above = self._style(child), self._above
                self._above = self._panels.get(id(child), above)
                if not _STRUCK.search(style):
                    self._element(child, look.inside(child, style), style)
                self._above = above
                if child_level := self._panels.get(id(child)):
                    self._builder.heading_level, self._peer = child_level - 1, child_level
                if id(child) in self._answers:
                    self._close()
                    self._builder.end_answer()
            else:
                self._runs.append(TextRun(child.get_text(" ")))

    def _style(self, tag: Tag) -> str:
        """Declarations, the last one first: its own, then those of its classes."""
        classes = reversed(tag.get_attribute_list("class")) if self._looks else ()
        return ";".join([str(tag.get("style", "")), *(self._looks.get(str(name), "") for name in classes)])

    def _element(self, tag: Tag, look: _Inline, style: str) -> None:
        if tag.name in _SIGNS:
            self._runs.append(_SIGNS[tag.name])
        elif tag.name == "table" and _has_columns(tag):
            self._table(tag, look)
        elif tag.name == "details":
            before = self._builder.heading_level
            self._separate(tag, look)
            self._builder.heading_level = before
        elif self._kind not in (BlockKind.HEADING, BlockKind.QUESTION) and _is_question(tag, self._shown):
            self._question(tag, look)
        elif (tag.name in HEADINGS or _is_title(tag)) and self._kind is not BlockKind.QUESTION:
            self._titled = self._titled or tag.name == "p"
            level = 1 if tag.name == "p" else int(tag.name[1]) + self._titled
            self._block(tag, look, BlockKind.HEADING, level)
        elif tag.name in LISTS:
            self._block(tag, look, BlockKind.ITEM, self._level + 1 if self._kind is BlockKind.ITEM else 1)
        elif tag.name == "p" and (listed := _WORD_LIST.search(style)):
            self._block(tag, look, BlockKind.ITEM, int(listed[1]))
        elif "mso-list:ignore" in style.lower().replace(" ", ""):
            label = tag.get_text().strip()  # a bullet, else the number of an item of Word
            self._runs += [TextRun(f"{label} ", look.bold, look.size)] if len(label) > 1 else []
        elif tag.name == "li":
            self._separate(tag, look, self._number(tag, style))
        elif self._kind is not BlockKind.ITEM and self._is_block(tag):
            self._separate(tag, look)
        elif self._is_block(tag):
            self._runs.append(BREAK)  # the paragraphs of an item are lines of one block
            self._children(tag, look)
            self._runs.append(BREAK)
        else:
            self._children(tag, look)

    def _question(self, tag: Tag, look: _Inline) -> None:
        """A title and, until what it shows ends, its answer; what holds titles or questions has no answer."""

        def parts(inner: Tag) -> bool:
            heads = inner.name in HEADINGS and (titled or asks(inner.get_text()))
            return inner is not tag and inner is not heading and (heads or _is_question(inner, self._shown))

        shown = tag.parent if tag.name in ASKS else last_alike(panel(tag, self._shown))
        titled = tag.name in HEADINGS
        heading = tag if titled else tag.find(HEADINGS)
        level = self._peer if self._peer == self._builder.heading_level + 1 else 0
        level = int(heading.name[1]) + self._titled if isinstance(heading, Tag) else level
        level = max(level, self._above + 1) if self._above else level
        if shown is not None and tag.name != "dt" and shown.find(parts):
            self._panels[id(shown)] = level = level or self._builder.heading_level + 1
            self._block(tag, look, BlockKind.HEADING, level)
            return
        self._answers.add(id(shown))
        self._block(tag, look, BlockKind.QUESTION, level)

    def _separate(self, tag: Tag, look: _Inline, label: str = "") -> None:
        self._close()
        self._label = label
        self._children(tag, look)
        self._close()

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
        spanning = (
            [(_cell(cell, look), _span(cell, "colspan"), _span(cell, "rowspan")) for cell in cells]
            for cells in _own_rows(table)
        )
        add_table(self._builder, grid(spanning))

    def _close(self) -> None:
        """End the block being read."""
        first = next((at for at, run in enumerate(self._runs) if run.text.strip()), None)
        if self._label and first is not None:
            if self._kind is BlockKind.ITEM:
                self._runs.insert(first, replace(self._runs[first], text=f"{self._label} "))
            self._label = ""
        self._builder.add(self._runs, self._kind, self._level)
        self._runs = []

    def _number(self, item: Tag, style: str) -> str:
        """The number that a browser shows before an item; empty where it shows a bullet, or the words have one."""
        above = item.parent
        if above is None or above.name != "ol" or _UNNUMBERED.search(f"{style};{self._style(above)}"):
            return ""
        first = whole(str(above.get("start", "")), 1)
        count = whole(str(item.get("value", "")), self._counts.get(id(above), first - 1) + 1)
        self._counts[id(above)] = count
        words = " ".join(islice(item.stripped_strings, 2))
        return "" if markers(words) else f"{numeral(count, str(above.get('type', '1')))}."


def _looks(page: Tag) -> Mapping[str, str]:
    """The style of each class, as far as it stands alone in a rule: office programs write their looks so."""
    found: dict[str, str] = {}
    for rules in page.find_all("style", limit=20):
        for rule in rules.get_text().replace("<!--", "").split("}"):
            selectors, _, style = rule.partition("{")
            for selector in selectors.split(","):
                if named := _CLASS.fullmatch(selector.strip()):
                    found[named[1]] = f"{style};{found.get(named[1], '')}"[:_LONGEST_STYLE]
    return found


def _is_title(tag: Tag) -> bool:
    """Whether an office program wrote it as the title of a document."""
    return tag.name == "p" and not {"title", "msotitle"}.isdisjoint(class_names(tag).split())


def _is_question(tag: Tag, shown: Mapping[str, Tag]) -> bool:
    """Whether the page marks it as a question: a title that unfolds, a name of schema.org, a class beside answers."""
    if tag.name == "dt" and tag.find_next_sibling("dd") is None:
        return False
    if tag.name in ASKS or tag.name == "button" or tag.get("role") == "button":
        return True  # the other buttons are gone
    if (tag.name in HEADINGS or TITLE_NAME.search(class_names(tag))) and panel(tag, shown) is not None:
        return True
    return tag.get("itemprop") == "name" and "Question" in str(getattr(tag.parent, "attrs", {}).get("itemtype", ""))


def _cell(cell: Tag, look: _Inline) -> StructuredText:
    builder = Builder()
    _PageReader(builder, {}, {}).read(cell, look)
    return builder.cell()


def _span(cell: Tag, name: str) -> int:
    found = str(cell.get(name, ""))
    return int(found) if found.isdecimal() and len(found) < _DIGITS else 1


def _own_rows(table: Tag) -> list[list[Tag]]:
    """The cells of its rows, without those of the tables in it."""
    rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
    return [row.find_all(["th", "td"], recursive=False) for row in rows]


def _has_columns(table: Tag) -> bool:
    """Whether it shows data: tables of one column, or with headings or tables beside others, only lay out a page."""
    rows = [cells for cells in _own_rows(table) if len(cells) > 1]
    titled = len(rows) == 1 and any(len(cell.find_all(["b", "strong"], limit=2)) == 2 for cell in rows[0])
    if not rows or titled or table.get("role") == "presentation":
        return False
    if columns([cell.get_text(" ", strip=True) for cell in rows[0]]):
        return True
    return not any(cell.find([*HEADINGS, "table"]) for cells in rows for cell in cells)

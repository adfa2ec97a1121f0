"""Read HTML pages without menus, banners, forms and what stays hidden; Markdown and OpenDocument come as HTML."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from corpus.document import BlockKind, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.layout.lines import asks
from corpus.readers.builder import BREAK, Builder, TextRun
from corpus.readers.columns import add_table, grid
from corpus.readers.formats import decode

# Python allows 1000 nested calls, we make two per element: deeper down we keep the words without structure.
_DEEPEST = 250
# Of the rows and columns that a cell spans: more is no table.
_DIGITS = 4


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NO_CONTENT = _names("""
    script style noscript template head nav footer aside svg math iframe object canvas audio video select
    input textarea datalist dialog s strike del
""")
_ROLES_WITHOUT_CONTENT = _names("navigation banner contentinfo search dialog alertdialog")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = _names("""
    address article blockquote body center caption dd details div dl fieldset figcaption figure form header
    hgroup hr html legend li main p pre section table tbody td tfoot th thead tr
""")
_LISTS = _names("ul ol menu dir")
_ASKS = ("summary", "dt")
_TITLES = (*_HEADINGS, *_ASKS, "label", "button", "legend")
_CONSENTS = re.compile(
    r"\W*(?:ok|(?:je |j[’'])?(?:tout )?(?:accepte|refuse|autorise|interdi|personnalise|param[èe]tre)[rzs]?"
    r"|continuer sans accepter)(?: (?:tout|et fermer|les cookies|les traceurs|et continuer))*\W*",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"cookies?\b|traceurs?\b", re.IGNORECASE)
# Characters of a banner that asks for consent.
_LONGEST_BANNER = 2000
# Names that pages give to what surrounds their text.
_SURROUNDING = re.compile(
    r"(?<![a-z])(?:footer|nav|navbar|navigation|menu|breadcrumbs?|ariane|share|sharing|partage|social|newsletter"
    r"|banner|bandeau|sidebar|toolbar)(?![a-z])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read_html(data: bytes, name: str) -> StructuredText:
    """Read the main part of a page: ``<main>``, else its articles, else its body."""
    soup = BeautifulSoup(_decoded(data, name), "lxml")
    shown = _opened(soup)
    for roots in (soup.select("main, [role=main]"), soup.select("article"), soup.select("body")):
        builder = Builder()
        known = set(map(id, roots))  # elements compare by what they hold: slowly, and two may hold the same
        for root in roots:
            if not any(id(parent) in known for parent in root.parents):
                _remove_what_is_no_content(root, shown)
                _remove_surroundings(root)
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
    _remove_what_is_no_content(page, _opened(page))
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
        # A whole question in italics marks it as bold type does.
        bold = tag.name in ("strong", "b") or (tag.name in ("em", "i") and asks(tag.get_text()))
        return _Inline(self.bold or bold, self.pre or tag.name == "pre", self.depth + 1)

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
        elif tag.name in _ASKS or (self._kind is not BlockKind.HEADING and _is_question(tag)):
            self._block(tag, look, BlockKind.QUESTION, 0)
        elif tag.name in _HEADINGS and self._kind is not BlockKind.QUESTION:
            self._block(tag, look, BlockKind.HEADING, int(tag.name[1]))
        elif tag.name in _LISTS:
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
        return tag.name in _BLOCKS or "-" in tag.name

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
    _PageReader(builder).read(cell, look)
    return builder.cell()


def _span(cell: Tag, name: str) -> int:
    found = str(cell.get(name, ""))
    return int(found) if found.isdecimal() and len(found) < _DIGITS else 1


def _has_columns(table: Tag) -> bool:
    """Whether it shows data: tables of one column, or with headings or tables inside, only lay out a page."""
    if table.get("role") == "presentation" or table.find([*_HEADINGS, "table"]):
        return False
    rows = table.find_all("tr")
    return any(len(row.find_all(["th", "td"], recursive=False)) > 1 for row in rows)


# What is no content


def _opened(page: Tag) -> frozenset[str]:
    """Identifiers of what a button of the page shows or hides: content, though hidden at first."""
    controls = page.find_all(lambda tag: tag.has_attr("aria-controls"))
    return frozenset(identifier for tag in controls for identifier in str(tag["aria-controls"]).split())


def _remove_what_is_no_content(root: Tag, shown: Set[str]) -> None:
    """Leave what a reader may see; ``shown`` are identifiers of what a click shows."""
    # Not decompose(): to ask what was decomposed already, the library searches the whole of each tag.
    for tag in _consent_banners(root):
        tag.extract()
    for tag in [t for t in root.find_all(True) if _is_no_content(t) or (_is_hidden(t) and not _is_opened(t, shown))]:
        tag.extract()


def _remove_surroundings(root: Tag) -> None:
    """Remove links in what is named a menu and, around the part that holds the headings, what is either.

    That part is the smallest element with all headings and the text under the last. Measured on 31 pages of
    questions, trafilatura left four of the six kinds of surroundings that it met, and jusText lost every answer,
    which are short.
    """
    menus = [tag for tag in root.find_all(True) if _is_named_surrounding(tag) and _is_links(tag)]
    for tag in menus:
        tag.extract()
    heads = root.find_all([*_HEADINGS, *_ASKS])
    if not heads:
        return
    own = set(map(id, heads[-1].descendants))
    after = (each for each in heads[-1].next_elements if id(each) not in own and isinstance(each, NavigableString))
    ends = set(map(id, next((words for words in after if words.strip()), heads[-1]).parents))
    found: list[PageElement] = []
    for inner in (heads[0], *heads[0].parents):
        if inner is root:
            break
        found += inner.previous_siblings
        if id(inner) in ends:  # it is the part itself, or holds it
            found += inner.next_siblings
    for beside in found:
        if isinstance(beside, Tag) and (_is_links(beside) or _is_named_surrounding(beside)):
            beside.extract()


def _is_no_content(tag: Tag) -> bool:
    if tag.name == "button" or tag.get("role") == "button":
        return tag.find_parent([*_HEADINGS, *_ASKS]) is None and not _unfolds(tag)
    if tag.name == "form":
        return tag.find(["main", "article", "h1"]) is None  # some servers wrap the whole page in a form
    if tag.name == "header":
        return tag.find_parent(["main", "article"]) is None  # that of an article holds its title
    return tag.name in _NO_CONTENT or tag.get("role") in _ROLES_WITHOUT_CONTENT


def _unfolds(button: Tag) -> bool:
    """Whether the button is the title of what it shows: the page says so, or it asks."""
    if button.get("role") == "tab":
        return False
    if button.has_attr("aria-expanded") or button.has_attr("aria-controls"):
        return True
    return _asks(button)


def _asks(tag: Tag) -> bool:
    return tag.get_text().rstrip(" »\u00a0\u202f\r\n\t+-▼▾").endswith("?")


def _is_hidden(tag: Tag) -> bool:
    hidden = tag.has_attr("hidden") and tag["hidden"] != "until-found"
    styled = _HIDDEN_STYLE.search(str(tag.get("style", "")))
    return hidden or tag.get("aria-hidden") == "true" or styled is not None


def _is_opened(tag: Tag, shown: Set[str]) -> bool:
    """Whether a click shows it: a control of the page names it, or it follows a title or a question."""
    if tag.get("id") in shown:
        return True
    if tag.name not in _BLOCKS and tag.name not in _LISTS:
        return False
    title = tag.find_previous_sibling(True)
    return isinstance(title, Tag) and (title.name in _TITLES or _asks(title))


def _consent_banners(root: Tag) -> list[Tag]:
    """The smallest elements that speak of cookies and hold a button to accept or refuse them."""
    found = []
    for words in root.find_all(string=_COOKIES, limit=20):
        for parent in words.parents:
            if parent is root or parent.name == "body" or len(parent.get_text()) > _LONGEST_BANNER:
                break
            controls = parent.find_all(["button", "a", "input"])
            if any(_CONSENTS.fullmatch(each.get_text() or str(each.get("value", ""))) for each in controls):
                found.append(parent)
                break
    return found


def _is_named_surrounding(tag: Tag) -> bool:
    names = " ".join([*tag.get_attribute_list("class"), str(tag.get("id", ""))])
    return _SURROUNDING.search(names) is not None


def _is_links(tag: Tag) -> bool:
    """Whether most of its words lead elsewhere."""
    links = [tag] if tag.name == "a" else tag.find_all("a")
    linked = sum(len(link.get_text("").strip()) for link in links if not str(link.get("href", "#")).startswith("#"))
    return linked > 0.6 * len(tag.get_text("").strip())

"""Read OpenDocument texts (.odt), by conversion to HTML, and spreadsheets (.ods), as those of .xlsx."""

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any
from zipfile import ZipFile

from corpus.document import StructuredText
from corpus.readers.builder import TextRun
from corpus.readers.html import read_markup
from corpus.readers.office import (
    ListLevel,
    ListNumbering,
    encrypted,
    filled,
    heading_level,
    is_coloured,
    office_archive,
    parsed,
    whole,
)
from corpus.readers.table import TableRow, Worksheet, read_sheets

_NAMESPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
_TEXT, _SPREADSHEET = (b"application/vnd.oasis.opendocument." + kind for kind in (b"text", b"spreadsheet"))


def _qn(name: str) -> str:
    """Lxml's name of ``prefix:local``."""
    prefix, local = name.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


_P, _H, _BOX = _qn("text:p"), _qn("text:h"), _qn("draw:text-box")
_LIST, _ITEM = _qn("text:list"), _qn("text:list-item")
_CELL, _COVERED = _qn("table:table-cell"), _qn("table:covered-table-cell")
_NAME, _STYLE = _qn("style:name"), _qn("text:style-name")
_TAGS = {_P: "p", _H: "p", _LIST: "ul", _ITEM: "li", _qn("text:list-header"): "li"}
_TAGS |= {_qn("table:table"): "table", _qn("table:table-row"): "tr", _CELL: "td"}
_SIGNS = {_qn("text:line-break"): "\n", _qn("text:s"): " ", _qn("text:tab"): "\t"}
# Deleted text, tables of contents, notes, comments, fields to fill in, words on images; a text box is read as blocks.
_SKIPPED = frozenset(
    _qn(name)
    for name in (
        *("text:tracked-changes", "text:table-of-content", "text:alphabetical-index", "text:note", "text:table-index"),
        *("text:illustration-index", "text:object-index", "text:user-index", "text:bibliography", "text:placeholder"),
        *("text:hidden-text", "text:hidden-paragraph", "text:script", "office:annotation", "office:forms"),
        *("draw:text-box", "svg:title", "svg:desc", "table:covered-table-cell"),
    )
)
_FAMILIES = {_P: "paragraph", _H: "paragraph", _qn("text:span"): "text"}
_ID, _START = "{http://www.w3.org/XML/1998/namespace}id", _qn("text:start-value")
_BOLD = ("bold", "600", "700", "800", "900")
# Styles based on one another: more are a circle.
_LONGEST_CHAIN = 20
_DEFAULT_SIZE = 12.0
# Of a spreadsheet: repeated cells and rows beyond are the empty rest of a sheet.
_MOST_COLUMNS, _MOST_COPIES = 200, 1_000


def read_odt(data: bytes, name: str) -> StructuredText:
    """Read an OpenDocument text; headers, footers, notes and the table of contents are no content."""
    with _opened(data, name, _TEXT) as archive:
        content = parsed(archive, "content.xml")
        styles = parsed(archive, "styles.xml") if "styles.xml" in archive.namelist() else content
        bodies = content.iterfind(f"{_qn('office:body')}/{_qn('office:text')}")
        markup = _Markup([*styles.iterfind(_qn("office:styles")), *content.iterfind(_qn("office:automatic-styles"))])
        return filled(read_markup("".join(part for body in bodies for part in markup.of(body))), name)


@contextmanager
def _opened(data: bytes, name: str, mime_type: bytes) -> Iterator[ZipFile]:
    """The archive of an OpenDocument file of this type, which is not encrypted."""
    with office_archive(data, name) as archive:
        if archive.read("mimetype").strip().removesuffix(b"-template") != mime_type:
            raise ValueError("another type of OpenDocument")
        if parsed(archive, "META-INF/manifest.xml").find(f".//{_qn('manifest:encryption-data')}") is not None:
            raise encrypted(name)
        yield archive


class _Markup:
    """Writes a body as the web page that says the same; styles tell titles, numbers, bold and hidden words."""

    def __init__(self, styles: Sequence[Any]) -> None:
        """``styles``: those that the office program offers, then the document's own, which have the last word."""
        named = [style for part in styles for style in part.iter(_qn("style:style"))]
        self._styles = {(style.get(_qn("style:family"), ""), style.get(_NAME, "")): style for style in named}
        lists = [each for part in styles for each in part.iter(_qn("text:list-style"))]
        self._levels = {each.get(_NAME, ""): _levels(each) for each in lists}
        outlines = [each for part in styles for each in part.iter(_qn("text:outline-style"))]
        self._outline = ListNumbering(_levels(outlines[0]) if outlines else {})
        self._counted: dict[str, ListNumbering] = {}
        """Lists by their identifier and by their style, for those that go on."""
        self._open: list[ListNumbering] = []
        self._label = ""
        """The number of an item, until its first paragraph shows it."""
        self._size = _points(self._look("paragraph", "Standard")) or _DEFAULT_SIZE

    def of(self, element: Any, around: TextRun | None = None) -> Iterator[str]:
        """An element with what stands in it; ``around``: the looks of the words around."""
        look = self._look(_FAMILIES.get(element.tag, ""), element.get(_STYLE, ""))
        if element.tag in _SKIPPED or _is_unseen(look) or element.get(_qn("text:display")) == "none":
            return
        if element.tag in _SIGNS:
            yield {"\n": "<br>", "\t": "<tab></tab>"}.get(_SIGNS[element.tag], " ")
            return
        run = self._run(look, around or TextRun("", size=self._size))
        tag = f"h{min(level, 6)}" if (level := self._heading_level(element)) else _TAGS.get(element.tag, "")
        yield f"<{tag}{_spans(element)}>" if tag else ""
        if element.tag in (_P, _H):
            yield _marked(self._number(element, level), run)
        yield _marked(element.text, run)
        yield from self._list(element) if element.tag == _LIST else self._children(element, run)
        yield f"</{tag}>" if tag else ""
        if element.tag in (_P, _H):
            for box in _outermost(element, _BOX):
                yield from (part for child in box for part in self.of(child))

    def _children(self, element: Any, run: TextRun) -> Iterator[str]:
        for child in element:
            yield from self.of(child, run)
            yield _marked(child.tail, run)

    def _list(self, element: Any) -> Iterator[str]:
        style = element.get(_STYLE, "")
        before = self._counted.get(element.get(_qn("text:continue-list"), ""))
        if element.get(_qn("text:continue-numbering")) == "true":
            before = self._counted.get(style)
        inner = (
            self._open[-1] if self._open and (not style or self._levels.get(style) is self._open[-1].levels) else None
        )
        numbering = inner or before or ListNumbering(self._levels.get(style, {}))
        if style:
            self._counted |= {style: numbering, element.get(_ID, style): numbering}
        self._open.append(numbering)
        for item in element:
            counted = item.tag == _ITEM and len(item) and item[0].tag != _LIST  # else a deeper list goes on
            self._label = numbering.label(len(self._open), _start(item)) if counted else ""
            yield from self.of(item)
        self._open.pop()

    def _number(self, paragraph: Any, level: int) -> str:
        """The number that a paragraph shows, and white space."""
        label, self._label = self._label, ""
        if paragraph.tag == _H and not label and paragraph.get(_qn("text:is-list-header")) != "true":
            label = self._outline.label(level - 1, _start(paragraph))
        return f"{label} " if label and "".join(paragraph.itertext()).strip() else ""

    def _look(self, family: str, name: str) -> Mapping[str, str]:
        """What a style says of its words, by the attributes of the format; those it is based on come after."""
        maps: list[Any] = []
        style = self._styles.get((family, name))
        while style is not None and len(maps) < _LONGEST_CHAIN:
            maps += [dict(each.attrib) for each in style.iterchildren(_qn("style:text-properties"))]
            style = self._styles.get((family, style.get(_qn("style:parent-style-name"), "")))
        return ChainMap(*maps)

    def _run(self, look: Mapping[str, str], around: TextRun) -> TextRun:
        """The looks of words: bold by their weight, their colour or a line under them."""
        weight, line = look.get(_qn("fo:font-weight")), look.get(_qn("style:text-underline-style"), "none")
        marked = line != "none" or is_coloured(look.get(_qn("fo:color"), ""))
        bold = marked or (weight in _BOLD if weight else around.bold)
        return TextRun("", bold, _points(look) or around.size)

    def _heading_level(self, paragraph: Any) -> int:
        """0 for a plain paragraph."""
        if paragraph.tag == _H:
            level = paragraph.get(_qn("text:outline-level"), "")
            return max(int(level), 1) + 1 if level.isdecimal() else 2
        style = self._styles.get(("paragraph", paragraph.get(_STYLE, ""))) if paragraph.tag == _P else None
        names = (paragraph.get(_STYLE, ""), style.get(_qn("style:parent-style-name"), "") if style is not None else "")
        # The format writes "Heading 2" as "Heading_20_2".
        own, parent = (heading_level(each.replace("_20_", " ")) for each in names)
        return own or parent if paragraph.tag == _P else 0


def _marked(text: str | None, run: TextRun) -> str:
    if not text:
        return ""
    return f'<span style="font-size:{run.size}pt;font-weight:{"bold" if run.bold else "normal"}">{escape(text)}</span>'


def _spans(element: Any) -> str:
    """What a cell tells of the rows and columns that it covers."""
    if element.tag != _CELL:
        return ""
    columns = element.get(_qn("table:number-columns-spanned")) or element.get(_qn("table:number-columns-repeated"), "1")
    return f' colspan="{escape(columns)}" rowspan="{escape(element.get(_qn("table:number-rows-spanned"), "1"))}"'


def _levels(style: Any) -> dict[int, ListLevel]:
    levels = {whole(level.get(_qn("text:level"), ""), 1): level for level in style}
    styles = {depth: level.get(_qn("style:num-format"), "") for depth, level in levels.items()}
    found = {}
    for depth, level in levels.items():
        first = max(depth - whole(level.get(_qn("text:display-levels"), ""), 1), 0) + 1
        numbers = [part for each in range(first, depth + 1) if styles.get(each) for part in (".", each)][1:]
        label = (level.get(_qn("style:num-prefix"), ""), *numbers, level.get(_qn("style:num-suffix"), ""))
        found[depth] = ListLevel(whole(level.get(_START, ""), 1), styles[depth], label)
    return found


def _start(element: Any) -> int | None:
    """The number with which an item starts anew, if it does."""
    start = element.get(_START, "")
    return whole(start, 1) if start else None


def _points(look: Mapping[str, str]) -> float:
    """Size of the words; 0 where it is not told in points."""
    size = look.get(_qn("fo:font-size"), "")
    return whole(size, 0) if size.endswith("pt") else 0.0


def _outermost(parent: Any, tag: str) -> Iterator[Any]:
    """Descendants of this tag that stand in no other of the same tag."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _outermost(child, tag)


def _is_unseen(look: Mapping[str, str]) -> bool:
    """Whether words are hidden, or struck out."""
    struck = (
        look.get(_qn("style:text-line-through-style"), "none"),
        look.get(_qn("style:text-line-through-type"), "none"),
    )
    return struck != ("none", "none") or look.get(_qn("text:display")) == "none"


# Spreadsheets


def read_ods(data: bytes, name: str) -> StructuredText:
    """Read the sheets that have the columns; hidden rows and sheets are left out."""
    with _opened(data, name, _SPREADSHEET) as archive:
        content = parsed(archive, "content.xml")
    hidden = {
        style.get(_qn("style:name"), "")
        for style in content.iter(_qn("style:style"))
        if any(each.get(_qn("table:display")) == "false" for each in style.iterfind(_qn("style:table-properties")))
    }
    tables = content.iterfind(f"{_qn('office:body')}/{_qn('office:spreadsheet')}/{_qn('table:table')}")
    return read_sheets([_sheet(table) for table in tables if table.get(_qn("table:style-name")) not in hidden], name)


def _sheet(table: Any) -> Worksheet:
    rows: list[TableRow] = []
    merged: dict[int, dict[int, int]] = {}
    number = 0
    for row in table.iter(_qn("table:table-row")):
        copies = whole(row.get(_qn("table:number-rows-repeated"), ""), 1)
        cells: list[str] = []
        for cell in row.iterchildren(_CELL, _COVERED):
            words = "\n".join("".join(_words(part)).strip() for part in cell.iterchildren(_qn("text:p")))
            high = whole(cell.get(_qn("table:number-rows-spanned"), ""), 1)
            for below in range(1, min(high, _MOST_COPIES)):
                merged.setdefault(number + 1 + below, {})[len(cells)] = number + 1
            repeated = whole(cell.get(_qn("table:number-columns-repeated"), ""), 1)
            cells += [words.strip()] * min(repeated, _MOST_COLUMNS - len(cells))
        if any(cells) and row.get(_qn("table:visibility")) != "collapse":  # "filter": a filter that was left on
            rows += [TableRow(number + 1 + copy, tuple(cells)) for copy in range(min(copies, _MOST_COPIES))]
        number += copies
    return Worksheet(table.get(_qn("table:name"), ""), rows, merged)


def _words(element: Any) -> Iterator[str]:
    """The words of a paragraph, without the notes in it."""
    yield element.text or ""
    for child in element:
        if child.tag in _SIGNS:
            yield _SIGNS[child.tag].replace("\t", " ")
        elif child.tag not in _SKIPPED:
            yield from _words(child)
        yield child.tail or ""

"""Read OpenDocument texts (.odt) by conversion to HTML: headings, paragraphs, lists, tables, text boxes."""

from collections.abc import Iterator
from html import escape
from typing import Any

from corpus.document import StructuredText
from corpus.readers.html import read_markup
from corpus.readers.office_zip import encrypted, filled, heading_level, office_archive, parsed

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
_MIME_TYPE = b"application/vnd.oasis.opendocument.text"


def _qn(name: str) -> str:
    """Lxml's name of ``prefix:local``."""
    prefix, local = name.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


_P, _H, _BOX = _qn("text:p"), _qn("text:h"), _qn("draw:text-box")
_TABLE, _ROW, _CELL = _qn("table:table"), _qn("table:table-row"), _qn("table:table-cell")
_NAME, _STYLE = _qn("style:name"), _qn("text:style-name")
_TAGS = {_P: "p", _H: "p", _TABLE: "table", _ROW: "tr", _CELL: "td"}
_TAGS |= {_qn("text:list"): "ul", _qn("text:list-item"): "li", _qn("text:list-header"): "li"}
_SIGNS = {_qn("text:line-break"): "<br>", _qn("text:s"): " ", _qn("text:tab"): " "}
_IN_CELLS = (_P, _H)
# Deleted text, tables of contents, notes, comments, words on images; a text box is read as blocks of its own.
_SKIPPED = frozenset(
    _qn(name)
    for name in (
        *("text:tracked-changes", "text:table-of-content", "text:alphabetical-index", "text:note"),
        *("text:illustration-index", "office:annotation", "office:forms", "draw:text-box", "svg:title", "svg:desc"),
        "table:covered-table-cell",
    )
)


def read_odt(data: bytes, name: str) -> StructuredText:
    """Read an OpenDocument text; headers, footers, notes and the table of contents are no content."""
    with office_archive(data, name) as archive:
        if archive.read("mimetype").strip().removesuffix(b"-template") != _MIME_TYPE:
            raise ValueError("no OpenDocument text")
        if parsed(archive, "META-INF/manifest.xml").find(f".//{_qn('manifest:encryption-data')}") is not None:
            raise encrypted(name)
        content = parsed(archive, "content.xml")
        bodies = content.iterfind(f"{_qn('office:body')}/{_qn('office:text')}")
        return filled(read_markup("".join(part for body in bodies for part in _Markup(content).of(body))), name)


class _Markup:
    """Writes a body as the web page that says the same; styles tell titles, bold and hidden words."""

    def __init__(self, content: Any) -> None:
        styles = list(content.iter(_qn("style:style")))
        self._parents = {style.get(_NAME, ""): style.get(_qn("style:parent-style-name"), "") for style in styles}
        self._bold = {style.get(_NAME) for style in styles if _has(style, "fo:font-weight", "bold")}
        self._cells: set[Any] = set()
        """Of tables that have columns: what stands in them is one line."""
        self._unseen = {style.get(_NAME) for style in styles if _is_unseen(style)}

    def of(self, element: Any, *, in_cell: bool = False) -> Iterator[str]:
        """An element with what stands in it; in a cell, all is text."""
        style = element.get(_STYLE)
        if element.tag in _SKIPPED or style in self._unseen:
            return
        if element.tag == _TABLE:
            rows = [list(_outermost(row, _CELL)) for row in _outermost(element, _ROW)]
            if any(len(cells) > 1 for cells in rows):  # one column is a frame around text
                self._cells.update(cell for cells in rows for cell in cells)
        if element.tag in _SIGNS:
            yield _SIGNS[element.tag]
            return
        tag = self._tag(element, in_cell)
        opening, closing = (f"<{tag}>", f"</{tag}>") if tag else ("", "")
        yield f"{opening}<b>" if style in self._bold else opening
        yield escape(element.text or "")
        for child in element:
            yield from self.of(child, in_cell=in_cell or element in self._cells)
            yield escape(child.tail or "")
        yield f"</b>{closing}" if style in self._bold else closing
        if element.tag in (_P, _H):
            for box in _outermost(element, _BOX):
                yield from (part for child in box for part in self.of(child, in_cell=in_cell))

    def _tag(self, element: Any, in_cell: bool) -> str:
        if element.tag in (_P, _H) and not in_cell and (level := self._heading_level(element)):
            return f"h{min(level, 6)}"
        if in_cell and element.tag not in _IN_CELLS:
            return ""
        return _TAGS.get(element.tag, "")

    def _heading_level(self, paragraph: Any) -> int:
        """0 for a plain paragraph."""
        if paragraph.tag == _H:
            level = paragraph.get(_qn("text:outline-level"), "")
            return max(int(level), 1) if level.isdecimal() else 1
        style = paragraph.get(_STYLE, "")
        # The format writes "Heading 2" as "Heading_20_2".
        own, parent = (heading_level(each.replace("_20_", " ")) for each in (style, self._parents.get(style, "")))
        return own or parent


def _outermost(parent: Any, tag: str) -> Iterator[Any]:
    """Descendants of this tag that stand in no other of the same tag."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _outermost(child, tag)


def _has(style: Any, name: str, *values: str) -> bool:
    properties = style.find(_qn("style:text-properties"))
    return properties is not None and properties.get(_qn(name)) in values


def _is_unseen(style: Any) -> bool:
    """Whether words of this style are hidden, or struck out."""
    struck = _has(style, "style:text-line-through-style", "solid", "dotted", "dash", "wave")
    return struck or _has(style, "text:display", "none")

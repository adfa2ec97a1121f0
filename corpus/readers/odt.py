"""Reads OpenDocument texts (.odt) in their order: headings, paragraphs, nested lists, tables, text boxes."""

import re
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from corpus.document import BlockKind, StructuredText
from corpus.readers.builder import BREAK, Builder, TextRun
from corpus.readers.office_zip import BROKEN, broken, empty, encrypted, open_archive

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
# "Heading_20_2" is how the format writes "Heading 2".
_HEADING = re.compile(r"(?:heading|titre)(?:_20_)?\s*([1-9])", re.IGNORECASE)
_TITLE = re.compile(r"title|titre(?:_20_principal)?", re.IGNORECASE)


def _qn(name: str) -> str:
    """ElementTree's name of ``prefix:local``."""
    prefix, local = name.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


_P, _H, _LIST, _TABLE = _qn("text:p"), _qn("text:h"), _qn("text:list"), _qn("table:table")
_ITEMS = (_qn("text:list-item"), _qn("text:list-header"))
_NAME = _qn("style:name")
_ROW, _CELL, _BOX = _qn("table:table-row"), _qn("table:table-cell"), _qn("draw:text-box")
# Deleted text, tables of contents, notes, comments, words on images; a text box is read as blocks of its own.
_SKIPPED = frozenset(
    _qn(name)
    for name in (
        *("text:tracked-changes", "text:table-of-content", "text:alphabetical-index", "text:note"),
        *("text:illustration-index", "office:annotation", "office:forms", "draw:text-box", "svg:title", "svg:desc"),
    )
)


def read_odt(data: bytes, name: str) -> StructuredText:
    """Read an OpenDocument text; headers, footers, notes and the table of contents are no content.

    Raises:
        UnreadableDocumentError: It is encrypted, damaged, no OpenDocument text, or holds no text.
    """
    with open_archive(data, name) as archive:
        try:
            content = _content(archive, name)
            reader = _OdtReader(content)
            for body in content.iterfind(f"{_qn('office:body')}/{_qn('office:text')}"):
                reader.read(body)
        except (*BROKEN, KeyError, ParseError, DefusedXmlException) as error:
            raise broken(name) from error
    reading = reader.builder.reading()
    if not reading.blocks:
        raise empty(name)
    return reading


def _content(archive: zipfile.ZipFile, name: str) -> Element:
    if archive.read("mimetype").strip().removesuffix(b"-template") != _MIME_TYPE:
        raise broken(name)
    manifest = fromstring(archive.read("META-INF/manifest.xml"))
    if manifest.find(f".//{_qn('manifest:encryption-data')}") is not None:
        raise encrypted(name)
    content: Element = fromstring(archive.read("content.xml"))
    return content


class _OdtReader:
    """A document's styles, at hand while its body is read."""

    def __init__(self, content: Element) -> None:
        self.builder = Builder()
        styles = list(content.iter(_qn("style:style")))
        self._parents = {
            style.get(_qn("style:name"), ""): style.get(_qn("style:parent-style-name"), "") for style in styles
        }
        self._bold = {style.get(_qn("style:name")) for style in styles if _has(style, "fo:font-weight", "bold")}
        self._unseen = {style.get(_qn("style:name")) for style in styles if _is_unseen(style)}

    def read(self, parent: Element) -> None:
        """Append what stands in a body, a section, a cell or a text box."""
        for element in parent:
            if element.tag in (_P, _H):
                self._paragraph(element)
            elif element.tag == _LIST:
                self._list(element, 1)
            elif element.tag == _TABLE:
                self._table(element)
            elif element.tag == _BOX:
                self.read(element)
            elif element.tag not in _SKIPPED:
                self.read(element)  # a section, a group of drawings

    def _paragraph(self, paragraph: Element) -> None:
        level = self._heading_level(paragraph)
        kind = BlockKind.HEADING if level else BlockKind.PARAGRAPH
        self.builder.add(list(self._runs(paragraph)), kind, level)
        self._boxes(paragraph)

    def _boxes(self, paragraph: Element) -> None:
        for box in _outermost(paragraph, _BOX):
            self.read(box)

    def _heading_level(self, paragraph: Element) -> int:
        """0 for a plain paragraph."""
        if paragraph.tag == _H:
            return _number(paragraph.get(_qn("text:outline-level")))
        style = paragraph.get(_qn("text:style-name"), "")
        for name in (style, self._parents.get(style, "")):
            if found := _HEADING.fullmatch(name):
                return int(found[1])
            if _TITLE.fullmatch(name):
                return 1
        return 0

    def _list(self, listed: Element, level: int) -> None:
        """Its paragraphs are lines of one item; a numbered heading may stand in a list as well."""
        for item in listed:
            if item.tag not in _ITEMS:
                continue
            lines: list[TextRun] = []
            for element in item:
                if element.tag == _P and not self._heading_level(element):
                    lines += [BREAK, *self._runs(element)] if lines else self._runs(element)
                    continue
                self.builder.add(lines, BlockKind.ITEM, level)
                lines = []
                if element.tag == _LIST:
                    self._list(element, level + 1)
                elif element.tag in (_P, _H):
                    self._paragraph(element)
            self.builder.add(lines, BlockKind.ITEM, level)
            for paragraph in item.findall(_P):
                self._boxes(paragraph)

    def _table(self, table: Element) -> None:
        rows = [list(_outermost(row, _CELL)) for row in _outermost(table, _ROW)]
        if all(len(cells) <= 1 for cells in rows):
            for cells in rows:
                for cell in cells:  # a frame around text
                    self.read(cell)
            return
        for cells in rows:
            self.builder.add_row([self._cell(cell) for cell in cells])

    def _cell(self, cell: Element) -> list[TextRun]:
        paragraphs = [element for element in cell.iter() if element.tag in (_P, _H)]
        return [run for paragraph in paragraphs for run in (*self._runs(paragraph), TextRun(" "))]

    def _runs(self, element: Element, *, bold: bool = False) -> Iterator[TextRun]:
        style = element.get(_qn("text:style-name"))
        if style in self._unseen:
            return
        bold = bold or style in self._bold
        yield TextRun(_one_line(element.text), bold)
        for child in element:
            if child.tag in (_qn("text:s"), _qn("text:tab")):
                yield TextRun(" ")
            elif child.tag == _qn("text:line-break"):
                yield BREAK
            elif child.tag not in _SKIPPED:
                yield from self._runs(child, bold=bold)
            yield TextRun(_one_line(child.tail), bold)


def _outermost(parent: Element, tag: str) -> Iterator[Element]:
    """Descendants of this tag that stand in no other of the same tag."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _outermost(child, tag)


def _has(style: Element, name: str, *values: str) -> bool:
    properties = style.find(_qn("style:text-properties"))
    return properties is not None and properties.get(_qn(name)) in values


def _is_unseen(style: Element) -> bool:
    """Whether words of this style are hidden, or struck out."""
    struck = _has(style, "style:text-line-through-style", "solid", "dotted", "dash", "wave")
    return struck or _has(style, "text:display", "none")


def _number(value: str | None) -> int:
    return int(value) if value and value.isdigit() and int(value) else 1


def _one_line(text: str | None) -> str:
    """Line feeds of the file are spaces: the format has an element for line breaks."""
    return (text or "").replace("\n", " ")

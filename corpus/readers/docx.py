"""Reads Word documents (.docx) in their order: headings, paragraphs, lists, tables and text boxes."""

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.oxml.ns import qn
from lxml import etree

from corpus.document import BlockKind, StructuredText
from corpus.readers.builder import BREAK, Builder, TextRun
from corpus.readers.office_zip import BROKEN, broken, empty, is_out_of_memory, open_archive

_HEADING = re.compile(r"(?:heading|titre)\s*([1-9])", re.IGNORECASE)
_TITLE = re.compile(r"(?:title|titre|titre principal|titre du document)", re.IGNORECASE)
_LIST = re.compile(r"(?:list (?:bullet|number)|liste à (?:puces|numéros))\s*([1-9])?", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|tm|table of contents|table des matières)\b", re.IGNORECASE)
_CONTENTS_GALLERY = "Table of Contents"

_P, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_BOX = qn("w:txbxContent")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Deleted by a tracked change, a second copy of a drawing, or read as blocks of their own.
_SKIPPED = frozenset([qn("w:del"), qn("w:moveFrom"), _FALLBACK, _BOX])
_WRAPPERS = frozenset([qn("w:sdtContent"), qn("w:ins"), qn("w:moveTo"), qn("w:customXml")])
_SIGNS = {
    qn("w:tab"): TextRun(" "),
    qn("w:br"): BREAK,
    qn("w:cr"): BREAK,
    qn("w:noBreakHyphen"): TextRun("\u2011"),
}


def read_docx(data: bytes, name: str) -> StructuredText:
    """Read a Word document; headers, footers, notes and the table of contents are no content.

    Raises:
        UnreadableDocumentError: It is encrypted, damaged, no Word document, or holds no text.
    """
    open_archive(data, name).close()
    try:
        document = docx.Document(io.BytesIO(data))
        if document.element.getroottree().docinfo.doctype:
            raise broken(name)  # Word writes none: its entities would be words that we lose
        reader = _WordReader(document)
        reader.read(document.element.body)
    except (*BROKEN, KeyError, AttributeError, TypeError, etree.LxmlError) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        raise broken(name) from error
    reading = reader.builder.reading()
    if not reading.blocks:
        raise empty(name)
    return reading


class _WordReader:
    """A document's styles, at hand while its body is read."""

    # python-docx ships no types: its objects and elements are Any.

    def __init__(self, document: Any) -> None:
        self.builder = Builder()
        self._styles = {style.style_id: style for style in document.styles}

    def read(self, body: Any) -> None:
        """Append what stands in a body, a cell or a text box."""
        for element in body:
            if element.tag == _P:
                self._paragraph(element)
            elif element.tag == _TABLE:
                self._table(element)
            elif element.tag == qn("w:sdt"):
                gallery = element.find(f"{qn('w:sdtPr')}/{qn('w:docPartObj')}/{qn('w:docPartGallery')}")
                if gallery is None or gallery.get(qn("w:val")) != _CONTENTS_GALLERY:
                    self.read(element.iterchildren(qn("w:sdtContent")))
            elif element.tag in _WRAPPERS:
                self.read(element)

    def _paragraph(self, paragraph: Any) -> None:
        chain = self._style_chain(paragraph)
        if not any(_CONTENTS.match(style.name or "") for style in chain):
            kind, level = _kind(paragraph, chain)
            self.builder.add(list(self._runs(paragraph)), kind, level)
        for box in paragraph.iter(_BOX):
            if not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
                self.read(box)

    def _table(self, table: Any) -> None:
        rows = [
            [cell for cell in row.iter(_CELL) if _nearest(cell, _TABLE) is table]
            for row in table.iter(_ROW)
            if _nearest(row, _TABLE) is table
        ]
        if all(len(cells) == 1 for cells in rows):
            for [cell] in rows:  # a frame around text
                self.read(cell)
            return
        for cells in rows:
            self.builder.add_row([self._cell(cell) for cell in cells])

    def _cell(self, cell: Any) -> list[TextRun]:
        return [run for paragraph in cell.iter(_P) for run in (*self._runs(paragraph), TextRun(" "))]

    def _style_chain(self, paragraph: Any) -> list[Any]:
        """The paragraph's style, then those it is based on."""
        named = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        style = self._styles.get(named.get(qn("w:val"))) if named is not None else None
        chain: list[Any] = []
        while style is not None and style not in chain:
            chain.append(style)
            style = getattr(style, "base_style", None)
        return chain

    def _runs(self, element: Any, *, bold: bool = False) -> Iterator[TextRun]:
        for child in element:
            if child.tag in _SKIPPED:
                continue
            if child.tag == qn("w:t"):
                yield TextRun((child.text or "").replace("\n", " "), bold)
            elif child.tag in _SIGNS:
                if child.getparent().tag == qn("w:r"):
                    yield _SIGNS[child.tag]  # w:tab also stands in the settings of a paragraph
            else:
                yield from self._runs(child, bold=bold or _is_bold(child))


def _kind(paragraph: Any, chain: list[Any]) -> tuple[BlockKind, int]:
    """From the names of the styles, the outline level and the numbering; the paragraph's own come first."""
    for style in chain:
        if found := _HEADING.fullmatch(style.name or ""):
            return BlockKind.HEADING, int(found[1])
        if _TITLE.fullmatch(style.name or ""):
            return BlockKind.HEADING, 1
    settings = [paragraph.find(qn("w:pPr")), *(style.element.find(qn("w:pPr")) for style in chain)]
    settings = [properties for properties in settings if properties is not None]
    outline = _first(settings, "w:outlineLvl")
    if outline is not None and outline < 9:  # 9 is body text
        return BlockKind.HEADING, outline + 1
    named = next((found for style in chain if (found := _LIST.fullmatch(style.name or ""))), None)
    numbering = _first(settings, "w:numPr/w:numId")
    if named or numbering:  # numbering 0 takes a paragraph out of its list
        depth = _first(settings, "w:numPr/w:ilvl") or 0
        return (BlockKind.PARAGRAPH, 0) if numbering == 0 else (BlockKind.ITEM, max(depth + 1, _digit(named)))
    return BlockKind.PARAGRAPH, 0


def _first(settings: list[Any], path: str) -> int | None:
    """The number that the first of these settings gives to ``path``."""
    steps = "/".join(qn(step) for step in path.split("/"))
    found = next((element for properties in settings if (element := properties.find(steps)) is not None), None)
    return int(found.get(qn("w:val"))) if found is not None else None


def _digit(named: re.Match[str] | None) -> int:
    return int(named[1]) if named and named[1] else 1


def _is_bold(run: Any) -> bool:
    bold = run.find(f"{qn('w:rPr')}/{qn('w:b')}") if run.tag == qn("w:r") else None
    return bold is not None and bold.get(qn("w:val")) not in ("0", "false", "off")


def _nearest(element: Any, tag: str) -> Any:
    return next(element.iterancestors(tag), None)

"""Read Word documents (.docx): headings, paragraphs, lists, tables and text boxes.

Not through mammoth: it knows no outline level, no style based on another, no hidden text, and expands entities.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from corpus.document import BlockKind, StructuredText
from corpus.readers.builder import BREAK, Builder, TextRun
from corpus.readers.columns import EMPTY, WIDEST, add_table
from corpus.readers.office import (
    ListLevel,
    ListNumbering,
    filled,
    heading_level,
    is_coloured,
    office_archive,
    parsed,
    whole,
)

_LIST = re.compile(r"(?:list (?:bullet|number)|liste à (?:puces|numéros))\s*([1-9])?", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|tm|table of contents|table des matières)\b", re.IGNORECASE)
_CONTENTS_GALLERY = "Table of Contents"


def _w(path: str) -> str:
    """Lxml's name of a path of elements of WordprocessingML."""
    return "/".join(
        f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{step}" for step in path.split("/")
    )


_P, _R, _TABLE, _ROW, _CELL, _BOX = map(_w, ("p", "r", "tbl", "tr", "tc", "txbxContent"))
_P_SETTINGS, _R_SETTINGS, _VALUE = map(_w, ("pPr", "rPr", "val"))
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Settings, text deleted by a tracked change, a second copy of a drawing; a text box is read as blocks of its own.
_SKIPPED = frozenset([_P_SETTINGS, _R_SETTINGS, _w("del"), _w("moveFrom"), _FALLBACK, _BOX])
_WRAPPERS = frozenset([_w("sdtContent"), _w("ins"), _w("moveTo"), _w("customXml")])
_ON = ("1", "true", "on")
_PLAIN = TextRun("")
_SIGNS = {_w("tab"): TextRun("\t"), _w("br"): BREAK, _w("cr"): BREAK, _w("noBreakHyphen"): TextRun("\u2011")}
_NUMERALS = {"bullet": "", "none": "", "lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
_NUMERALS |= {"decimalZero": "01", "ordinal": "1er"}
_PLACE = re.compile(r"%([1-9])")
# Run properties that hide text or strike it out.
_HIDING = ("vanish", "strike", "dstrike")


def read_docx(data: bytes, name: str) -> StructuredText:
    """Read a Word document; headers, footers, notes and the table of contents are no content."""
    with office_archive(data, name) as archive:
        document = _related(archive, "", "officeDocument")
        styles, numbering = (
            parsed(archive, part) if (part := _related(archive, document, kind)) else ()
            for kind in ("styles", "numbering")
        )
        reader = _WordReader(styles, numbering)
        for body in parsed(archive, document).iterfind(_w("body")):
            reader.read(body)
    return filled(reader.builder.reading(), name)


def _related(archive: zipfile.ZipFile, part: str, kind: str) -> str:
    """The part of this kind that a part names, or the package itself; empty when it names none."""
    folder, file = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{file}.rels")
    if relations not in archive.namelist():
        return ""
    for relation in parsed(archive, relations).iterchildren("{*}Relationship"):
        if relation.get("Type", "").endswith(f"/{kind}"):
            return posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
    return ""


class _WordReader:
    """A document's styles and the numbers of its lists, at hand while its body is read."""

    def __init__(self, parts: Sequence[Any], numbering: Sequence[Any]) -> None:
        """What the parts of styles and of numbering hold, where the document has them."""
        styles = [part for part in parts if part.tag == _w("style")]
        defaults = [part for part in parts if part.tag == _w("docDefaults")]
        self._defaults = [settings for part in defaults for settings in part.iterfind(_w("rPrDefault/rPr"))]
        self.builder = Builder()
        self._lists = _lists(numbering)
        self._styles = {style.get(_w("styleId"), ""): style for style in styles}
        ordinary = next((s for s in styles if s.get(_w("default")) in _ON and s.get(_w("type")) == "paragraph"), None)
        self._ordinary = ordinary.get(_w("styleId"), "") if ordinary is not None else ""

    def read(self, body: Any) -> None:
        """Append what stands in a body, a cell or a text box."""
        for element in body:
            if element.tag == _P:
                self._paragraph(element)
            elif element.tag == _TABLE:
                self._table(element)
            elif element.tag == _w("sdt"):
                if _text_of(element, "sdtPr/docPartObj/docPartGallery") != _CONTENTS_GALLERY:
                    self.read(element.iterchildren(_w("sdtContent")))
            elif element.tag in _WRAPPERS:
                self.read(element)

    def _paragraph(self, paragraph: Any) -> None:
        chain = self._styles_of(_text_of(paragraph, "pPr/pStyle") or self._ordinary)
        if not any(_CONTENTS.match(_text_of(style, "name")) for style in chain):
            settings = [*paragraph.iterchildren(_P_SETTINGS), *_settings(chain, _P_SETTINGS)]
            kind, level = _kind(settings, chain)
            runs = list(self._words(paragraph, [*_settings(chain, _R_SETTINGS), *self._defaults]))
            label = self._label(settings, [style.get(_w("styleId")) for style in chain])
            first = next((run for run in runs if run.text.strip()), None)
            if label and first:
                runs.insert(0, replace(first, text=f"{label} "))
            self.builder.add(runs, kind, level)
        for box in paragraph.iter(_BOX):
            if not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
                self.read(box)

    def _label(self, settings: Sequence[Any], styles: Sequence[str]) -> str:
        """The number of the next paragraph that has these settings and styles; empty for a bullet or none."""
        found = self._lists.get(_number(settings, "numPr/numId") or 0)
        if found is None:
            return ""
        numbering, restarts = found
        depth = _number(settings, "numPr/ilvl")
        if depth is None:
            depth = next((depth for depth, level in numbering.levels.items() if level.paragraphs in styles), 0)
        return numbering.label(depth, restarts.pop(depth, None)) if depth in numbering.levels else ""

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
        places: list[list[StructuredText]] = []
        for cells in rows:
            places.append(self._places(cells, places[-1] if places else []))
        add_table(self.builder, places)

    def _places(self, cells: Sequence[Any], above: Sequence[StructuredText]) -> list[StructuredText]:
        """What stands in each column of a row; a cell that goes on from the row above is the same object."""
        line = [EMPTY] * min(_number([cells[0].getparent()], "trPr/gridBefore") or 0, WIDEST) if cells else []
        for cell in cells:
            merged = cell.find(_w("tcPr/vMerge"))
            goes_on = merged is not None and merged.get(_VALUE) != "restart" and len(line) < len(above)
            line.append(above[len(line)] if goes_on else self._cell(cell))
            line += [EMPTY] * (min(_number([cell], "tcPr/gridSpan") or 1, WIDEST) - 1)
        return line

    def _cell(self, cell: Any) -> StructuredText:
        outer, self.builder = self.builder, Builder()
        self.read(cell)
        made, self.builder = self.builder.cell(), outer
        return made

    def _styles_of(self, identifier: str) -> list[Any]:
        """The style of this identifier, then those it is based on."""
        chain: list[Any] = []
        style = self._styles.get(identifier)
        while style is not None and style not in chain:
            chain.append(style)
            style = self._styles.get(_text_of(style, "basedOn"))
        return chain

    def _words(self, element: Any, inherited: Sequence[Any], look: TextRun = _PLAIN) -> Iterator[TextRun]:
        """The words inside, without what is hidden, struck out or to be filled in; ``inherited``: settings of runs."""
        for child in element:
            if child.tag == _w("t"):
                yield replace(look, text=(child.text or "").replace("\n", " "))
            elif child.tag in _SIGNS:
                yield _SIGNS[child.tag]
            elif child.tag == _R:
                settings = [*child.iterchildren(_R_SETTINGS)]
                settings += [*_settings(self._styles_of(_text_of(child, "rPr/rStyle")), _R_SETTINGS), *inherited]
                if not any(_is_on(settings, sign) for sign in _HIDING):
                    shown = (_is_on(settings, "u") or is_coloured(_value(settings, "color"))) and not _in_link(child)
                    look = TextRun("", _is_on(settings, "b") or shown, (_number(settings, "sz") or 0) / 2)
                    yield from self._words(child, inherited, look)
            elif child.tag not in _SKIPPED and not _is_on([child], "sdtPr/showingPlcHdr"):  # a field to fill in
                yield from self._words(child, inherited, look)


def _lists(numbering: Sequence[Any]) -> dict[int, tuple[ListNumbering, dict[int, int]]]:
    """Lists by identifier, with the numbers from which they start anew; those of one definition count together."""
    definitions = {each.get(_w("abstractNumId"), ""): each for each in numbering if each.tag == _w("abstractNum")}
    named = {link: each for each in definitions.values() if (link := _text_of(each, "styleLink"))}
    shared = {
        identifier: ListNumbering(
            {
                whole(level.get(_w("ilvl"), ""), 0): _level(level)
                for level in named.get(_text_of(each, "numStyleLink"), each).iterchildren(_w("lvl"))
            }
        )
        for identifier, each in definitions.items()
    }
    found: dict[int, tuple[ListNumbering, dict[int, int]]] = {}
    for number in (each for each in numbering if each.tag == _w("num")):
        overrides = {
            whole(override.get(_w("ilvl"), ""), 0): whole(start, 1)
            for override in number.iterchildren(_w("lvlOverride"))
            if (start := _text_of(override, "startOverride"))
        }
        if of := shared.get(_text_of(number, "abstractNumId")):
            found[whole(number.get(_w("numId"), ""), 0)] = of, overrides
    return found


def _level(level: Any) -> ListLevel:
    parts = _PLACE.split(_text_of(level, "lvlText"))
    return ListLevel(
        whole(_text_of(level, "start"), 1),
        _NUMERALS.get(_text_of(level, "numFmt"), "1"),
        tuple(int(part) - 1 if index % 2 else part for index, part in enumerate(parts)),
        figures=level.find(_w("isLgl")) is not None,
        paragraphs=_text_of(level, "pStyle"),
    )


def _in_link(run: Any) -> bool:
    return _text_of(run, "rPr/rStyle").lower().startswith("hyperlink") or run.getparent().tag == _w("hyperlink")


def _kind(settings: Sequence[Any], chain: Sequence[Any]) -> tuple[BlockKind, int]:
    """From the names of the styles, the outline level and the numbering; the paragraph's own come first."""
    names = [_text_of(style, "name") for style in chain]
    if level := next(filter(None, map(heading_level, names)), 0):
        return BlockKind.HEADING, level
    outline = _number(settings, "outlineLvl")
    if outline is not None and outline < 9:  # 9 is body text
        return BlockKind.HEADING, outline + 2
    named = next(filter(None, map(_LIST.fullmatch, names)), None)
    numbering = _number(settings, "numPr/numId")
    if (named or numbering) and numbering != 0:  # which takes a paragraph out of its list
        named_depth = int(named[1] or 1) if named else 1
        return BlockKind.ITEM, max((_number(settings, "numPr/ilvl") or 0) + 1, named_depth)
    return BlockKind.PARAGRAPH, 0


def _settings(chain: Sequence[Any], tag: str) -> list[Any]:
    return [settings for style in chain for settings in style.iterchildren(tag)]


def _first(settings: Sequence[Any], path: str) -> Any:
    """The element at ``path`` in the first of these settings that have one."""
    return next((element for each in settings if (element := each.find(_w(path))) is not None), None)


def _value(settings: Sequence[Any], path: str) -> str:
    found = _first(settings, path)
    return str(found.get(_VALUE, "")) if found is not None else ""


def _number(settings: Sequence[Any], path: str) -> int | None:
    found = _first(settings, path)
    return whole(found.get(_VALUE, ""), 0) if found is not None else None


def _is_on(settings: Sequence[Any], sign: str) -> bool:
    found = _first(settings, sign)
    return found is not None and found.get(_VALUE) not in ("0", "false", "off", "none")


def _text_of(element: Any, path: str) -> str:
    """The value of the element at ``path``; empty when there is none."""
    return _value([element], path)


def _nearest(element: Any, tag: str) -> Any:
    return next(element.iterancestors(tag), None)

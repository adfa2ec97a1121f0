"""Number the paragraphs of Word documents as Word shows them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.layout.list_markers import numeral
from corpus.readers.office_zip import whole

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STYLES = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
_SILENT = ("bullet", "none")
_PLACE = re.compile(r"%([1-9])")


@dataclass(slots=True)
class _List:
    """One definition, which several lists of a document may share: they go on from one another."""

    levels: dict[int, Any]
    counts: dict[int, int] = field(default_factory=dict)


class WordNumbering:
    """The definitions of a document's lists, and how far each has counted."""

    def __init__(self, numbering: Sequence[Any]) -> None:
        """``numbering``: the children of the part of that name, if there is one."""
        definitions = {_value(e, "abstractNumId"): e for e in numbering if e.tag == f"{_W}abstractNum"}
        named = {_value(e, "styleLink"): e for e in definitions.values() if _value(e, "styleLink")}
        lists = {
            identifier: _List(_levels(named.get(_value(e, "numStyleLink"), e))) for identifier, e in definitions.items()
        }
        self._lists: dict[str, _List] = {}
        self._restarts: dict[str, dict[int, int]] = {}
        for number in (e for e in numbering if e.tag == f"{_W}num"):
            identifier = number.get(f"{_W}numId", "")
            if definition := lists.get(_value(number, "abstractNumId")):
                self._lists[identifier] = definition
                self._restarts[identifier] = {
                    whole(override.get(f"{_W}ilvl", ""), 0): whole(start, 1)
                    for override in number.iterchildren(f"{_W}lvlOverride")
                    if (start := _value(override, "startOverride"))
                }

    def label(self, settings: Sequence[Any], styles: Sequence[str]) -> str:
        """The number of the next paragraph that has these settings and styles; empty for a bullet or none."""
        identifier = _first(settings, "numId")
        found = self._lists.get(identifier)
        if found is None:
            return ""
        own = _first(settings, "ilvl")
        linked = (depth for depth, level in found.levels.items() if _value(level, "pStyle") in styles)
        depth = whole(own, 0) if own else next(linked, 0)
        level = found.levels.get(depth)
        if level is None:
            return ""
        restart = self._restarts[identifier].pop(depth, None)
        before = found.counts.get(depth, _start(level) - 1) if restart is None else restart - 1
        found.counts = {above: count for above, count in found.counts.items() if above < depth} | {depth: before + 1}
        if _value(level, "numFmt") in _SILENT:
            return ""
        return _PLACE.sub(lambda place: _shown(found, int(place[1]) - 1, level), _value(level, "lvlText")).strip()


def _shown(of: _List, depth: int, level: Any) -> str:
    """The number that a list has reached at this depth, in the style of that depth."""
    above = of.levels.get(depth, level)
    count = of.counts.get(depth, _start(above))
    if level.find(f"{_W}isLgl") is not None:
        return str(count)
    style = _value(above, "numFmt")
    if style == "decimalZero":
        return f"{count:02}"
    if style == "ordinal":
        return f"{count}{'er' if count == 1 else 'e'}"
    return "" if style in _SILENT else numeral(count, _STYLES.get(style, "1"))


def _levels(definition: Any) -> dict[int, Any]:
    return {whole(level.get(f"{_W}ilvl", ""), 0): level for level in definition.iterchildren(f"{_W}lvl")}


def _start(level: Any) -> int:
    return whole(_value(level, "start"), 1)


def _first(settings: Sequence[Any], name: str) -> str:
    """The value of the first of these settings of paragraphs that tell it."""
    return next((value for each in settings if (value := _value(each, f"numPr/{_W}{name}"))), "")


def _value(element: Any, path: str) -> str:
    """The value of the element at ``path``, or of the attribute of that name; empty when there is neither."""
    found = element.find(f"{_W}{path}")
    return str(element.get(f"{_W}{path}", "") if found is None else found.get(f"{_W}val", ""))

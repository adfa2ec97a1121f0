"""What office formats share: archives of a limited size, XML, styles of headings, numbers of lists, refusals."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from corpus.document import StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.layout.list_markers import numeral

# Unpacked. The longest reports we know unpack to 30 MB; zipfile never reads past a member's declared size.
LARGEST = 200_000_000
# Documents of Word before 2007, and encrypted ones of any version, are OLE files.
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# The names that "Strict Open XML" has for the elements of Word.
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_TRANSITIONAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_COLOUR = re.compile("#?([0-9a-fA-F]{6})")
# Of the shades of a colour: less is a tinted grey.
_LEAST_COLOUR = 80
_WHOLE = re.compile(r"-?\d{1,9}")
_HEADING = re.compile(r"(?:heading|titre)\s*([1-9])", re.IGNORECASE)
_TITLE = re.compile(r"title|titre(?: principal| du document)?", re.IGNORECASE)

# What a damaged member of an archive can raise while it is read.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, KeyError),
    etree.LxmlError,
)


@contextmanager
def office_archive(data: bytes, name: str, broken: tuple[type[Exception], ...] = BROKEN) -> Iterator[zipfile.ZipFile]:
    """Open an office file; what reading it raises of ``broken`` becomes a refusal.

    Raises:
        UnreadableDocumentError: It is encrypted, of an old format, damaged, no archive at all, or would unpack to
            more than ``LARGEST`` bytes.
    """
    if data.startswith(_OLE):
        raise UnreadableDocumentError(
            name,
            "ce fichier est protégé par un mot de passe, ou d’un ancien format d’Office.",
            "Ouvrez-le dans votre logiciel de bureautique, retirez le mot de passe et enregistrez-le au format actuel.",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive.infolist(), name)
            yield archive
    except broken as error:
        if isinstance(error, etree.XMLSyntaxError) and error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error  # which lxml calls an error of syntax
        raise UnreadableDocumentError(
            name,
            "ce fichier est endommagé, ou son contenu ne correspond pas à son extension.",
            "Ouvrez-le dans votre logiciel de bureautique et enregistrez-le de nouveau, ou téléchargez-le de nouveau.",
        ) from error


def _check_members(members: list[zipfile.ZipInfo], name: str) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > LARGEST:
        raise UnreadableDocumentError(
            name,
            f"une fois décompressé, ce fichier pèserait {unpacked // 1_000_000} Mo "
            f"(maximum : {LARGEST // 1_000_000} Mo).",
            "Réduisez ses images ou partagez-le en plusieurs fichiers.",
        )
    if any(member.flag_bits & 1 for member in members):
        raise encrypted(name)


def parsed(archive: zipfile.ZipFile, part: str) -> Any:
    """The root element of a part of an archive; lxml ships no types.

    Raises:
        ValueError: It declares entities, which no office program does: they would be words that we lose.
    """
    parser = etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True)
    root = etree.fromstring(archive.read(part).replace(_STRICT, _TRANSITIONAL), parser)
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and declared.entities():
        raise ValueError("an office file declares no entity")
    return root


def heading_level(style: str) -> int:
    """The level of a heading in this style, as office programs name it in English and French; 0 for other styles.

    The title of a document is above its headings, the first of which are of level 2.
    """
    found = _HEADING.fullmatch(style)
    return int(found[1]) + 1 if found else int(_TITLE.fullmatch(style) is not None)


def is_coloured(colour: str) -> bool:
    """Whether words of this colour, in hexadecimal, stand out from black and grey ones."""
    found = _COLOUR.fullmatch(colour)
    shades = [int(found[1][at : at + 2], 16) for at in (0, 2, 4)] if found else [0]
    return max(shades) - min(shades) >= _LEAST_COLOUR


def whole(text: str, otherwise: int) -> int:
    """The whole number that an attribute begins with; some programs write "24.0", or nothing."""
    found = _WHOLE.match(text)
    return int(found[0]) if found else otherwise


@dataclass(frozen=True, slots=True)
class ListLevel:
    """How a list numbers its items at one depth."""

    start: int = 1
    style: str = ""
    """As ``numeral`` names it; empty for a bullet."""
    label: tuple[str | int, ...] = ()
    """What is shown: words, and the depths whose numbers stand among them."""
    figures: bool = False
    """Whether all these numbers are in figures, whatever their styles."""
    paragraphs: str = ""
    """The style of paragraphs that are always at this depth, in Word."""


@dataclass(slots=True)
class ListNumbering:
    """How far a list, or the headings, have counted at each depth."""

    levels: Mapping[int, ListLevel]
    counts: dict[int, int] = field(default_factory=dict)

    def label(self, depth: int, start: int | None = None) -> str:
        """Count one more item at this depth; its number as it is shown, empty for a bullet."""
        level = self.levels.get(depth, ListLevel())
        count = self.counts.get(depth, level.start - 1) + 1 if start is None else start
        self.counts = {above: known for above, known in self.counts.items() if above < depth} | {depth: count}
        shown = (part if isinstance(part, str) else self._number(part, level) for part in level.label)
        return "".join(shown).strip() if level.style else ""

    def _number(self, depth: int, of: ListLevel) -> str:
        level = self.levels.get(depth, of)
        count = self.counts.get(depth, level.start)
        return str(count) if of.figures else numeral(count, level.style) if level.style else ""


def encrypted(name: str) -> UnreadableDocumentError:
    """The error of a file that asks for a password."""
    return UnreadableDocumentError(
        name, "ce fichier est protégé par un mot de passe.", "Retirez le mot de passe et enregistrez-le de nouveau."
    )


def filled(reading: StructuredText, name: str) -> StructuredText:
    """The same reading.

    Raises:
        UnreadableDocumentError: It holds no text.
    """
    if reading.blocks:
        return reading
    raise UnreadableDocumentError(
        name,
        "ce fichier ne contient aucun texte (des images seules ?).",
        "Remplacez-le par une version dont le texte peut être sélectionné.",
    )

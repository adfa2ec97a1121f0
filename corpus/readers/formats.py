"""Choose the reader of a file by its suffix, check its type and size, read it in this process; decode its text."""

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from importlib import import_module
from pathlib import Path

from corpus.document import LIMITS, Document, Limits, Source, StructuredText
from corpus.errors import MORE_MEMORY, UnreadableDocumentError, beyond

ReadFunction = Callable[[bytes, str], StructuredText]
"""The bytes of a file and its name to its text and structure.

Raises:
    UnreadableDocumentError: It is damaged, encrypted, of another format, or holds no text; the reason and the remedy.
"""


def _read(module: str, function: str, data: bytes, name: str) -> StructuredText:
    """Import a reader when a file of its format is met: all of them take half a second, one a tenth."""
    reader: ReadFunction = getattr(import_module(f"corpus.readers.{module}"), function)
    return reader(data, name)


IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""Suffixes of pictures of pages."""

READERS: Mapping[str, ReadFunction] = {
    ".txt": partial(_read, "text", "read_text"),
    ".md": partial(_read, "text", "read_markdown"),
    ".pdf": partial(_read, "pdf", "read_pdf"),
    ".docx": partial(_read, "docx", "read_docx"),
    ".odt": partial(_read, "opendocument", "read_odt"),
    ".html": partial(_read, "html", "read_html"),
    ".htm": partial(_read, "html", "read_html"),
    ".csv": partial(_read, "table", "read_csv"),
    ".xlsx": partial(_read, "table", "read_xlsx"),
    ".ods": partial(_read, "opendocument", "read_ods"),
} | dict.fromkeys(IMAGES, partial(_read, "images", "read_image"))
"""Suffix -> reader of its format."""

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Half a surrogate pair, which some PDF fonts give, has no UTF-8 form.
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_file(source: Source, path: Path, limits: Limits = LIMITS) -> Document:
    """Read one file in this process, wherever it lies; time and memory are the caller's to limit.

    Raises:
        UnreadableDocumentError: It is missing, no ordinary file, too large, of no format that we read, or refused.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableDocumentError(
            source.file,
            f"le format « {path.suffix or 'sans extension'} » n’est pas pris en charge.",
            f"Enregistrez ce document dans l’un des formats {', '.join(READERS)}.",
        )
    data = _bytes(source, path, limits.file)
    reading = reader(data, source.file)
    text = _SURROGATE.sub("\ufffd", reading.text)  # offset by offset
    if len(text) > limits.characters:
        raise beyond(source.file, len(text), limits.characters, "caractères")
    told = {field.name: getattr(reading, field.name) for field in fields(reading)} | {"text": text}
    return Document(source, sha256=hashlib.sha256(data).hexdigest(), **told)


def _bytes(source: Source, path: Path, largest: int) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # before it is opened: some devices act when they are
            raise UnreadableDocumentError(
                source.file,
                "ce n’est pas un fichier ordinaire, mais un dossier, un tube ou un périphérique.",
                "Remplacez-le par le document lui-même.",
            )
        # Unblocked: a pipe put there since we looked does not make us wait for its writer.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(largest + 1) if size <= largest else b""
    except FileNotFoundError as error:
        raise missing(source, path) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "son nom ne convient pas au système"
        raise UnreadableDocumentError(
            source.file, f"ce fichier ne peut pas être ouvert ({reason}).", "Vérifiez ses droits."
        ) from error
    if max(size, len(data)) <= largest:
        return data
    raise UnreadableDocumentError(
        source.file,
        f"ce fichier pèse {max(size, len(data)) / 1_000_000:.0f} Mo (maximum : {largest // 1_000_000} Mo).",
        f"Réduisez ses images, partagez-le en plusieurs documents, ou {MORE_MEMORY}.",
    )


def missing(source: Source, path: Path) -> UnreadableDocumentError:
    """The error of a file that is not there, and how to get it."""
    remedy = f"Il a été cherché sous « {path} » : placez-le là, ou retirez sa table [[source]] du catalogue."
    if source.url:
        remedy = (
            f"Lancez « motamot fetch », ou téléchargez-le avec votre navigateur à l’adresse {source.url} "
            f"et enregistrez-le sous « {path} »."
        )
    return UnreadableDocumentError(source.file, "ce fichier manque.", remedy)


def decode(data: bytes, name: str, most: int = LIMITS.characters) -> str:
    """Read UTF-8 and UTF-16 with a mark, UTF-8 without one, else Windows-1252, which Excel still writes.

    Raises:
        UnreadableDocumentError: It has more than ``most`` characters, none fits, or the bytes are no text at all.
    """
    encoding = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = data.decode(candidate)
        except UnicodeDecodeError:
            continue
        if len(text) > most:
            raise beyond(name, len(text), most, "caractères")
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UnreadableDocumentError(
        name,
        "ce fichier n’est pas un texte lisible.",
        "Ouvrez-le dans le logiciel qui l’a produit et enregistrez-le de nouveau en UTF-8.",
    )

"""Earlier editions of documents: their text as it was read, and their files, by SHA-256, in the folder of the corpus.

``editions/<sha256>.json`` holds document and entries; ``editions/<sha256>.pdf`` (or other) is the file, where it was
still at hand. Whoever withdraws a text for good removes both.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from pydantic import TypeAdapter, ValidationError

from corpus.catalogue import DOCUMENTS
from corpus.document import Document, Documents, Entry
from corpus.files import copy_file, sha256_of, write_file

log = logging.getLogger(__name__)

EDITIONS = "editions"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class _Kept:
    documents: Documents
    entries: tuple[Entry, ...]


_KEPT = TypeAdapter(_Kept)


@dataclass(frozen=True, slots=True)
class KeptEdition:
    """A document as it was read when it was in service."""

    document: Document
    entries: tuple[Entry, ...]
    file: Path
    """The file, which may not be there."""


def keep_edition(folder: Path, document: Document, entries: Iterable[Entry]) -> None:
    """Keep an edition that is about to leave, or has left, what is in service; one kept before stays as it is.

    Raises:
        OSError: It cannot be written.
    """
    text = folder / EDITIONS / f"{document.sha256}.json"
    file, kept = folder / DOCUMENTS / document.source.file, _file(folder, document)
    if not kept.is_file() and file.is_file() and sha256_of(file) == document.sha256:
        copy_file(file, kept)
    if not text.is_file():
        write_file(text, _KEPT.dump_json(_Kept((document,), tuple(entries)), exclude_defaults=True))


def kept_edition(folder: Path, sha256: str) -> KeptEdition | None:
    """The edition whose file has this hash; None where none was kept."""
    path = folder / EDITIONS / f"{sha256}.json"
    if not _SHA256.fullmatch(sha256) or not path.is_file():
        return None
    try:
        found = _KEPT.validate_json(path.read_bytes(), context={})
    except (OSError, ValidationError) as error:
        log.error("%s cannot be read: %s", path, error)
        return None
    if len(found.documents) != 1:
        return None
    document = found.documents[0]
    return KeptEdition(document, found.entries, _file(folder, document))


def _file(folder: Path, document: Document) -> Path:
    return folder / EDITIONS / f"{document.sha256}{PurePath(document.source.file).suffix.lower()}"

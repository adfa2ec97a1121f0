"""A document of the draft replaced by its new edition, or added: read first, then written, its phrasings following."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from uuid import uuid4

import tomlkit
from tomlkit.items import AoT

from bot.workshop.draft import WorkshopError, written
from bot.workshop.editing import Workshop
from corpus.alignment import Fate, Pair, aligned
from corpus.atomic import write_file
from corpus.catalogue import CATALOGUE, DOCUMENTS, read_catalogue
from corpus.document import Entry, Source
from corpus.read import SafeReader
from corpus.readers.formats import READERS


@dataclass(frozen=True, slots=True)
class Edition:
    """What a new edition changes."""

    document: str
    pairs: tuple[Pair, ...]
    n_following: int
    """Phrasings that follow their entry."""
    left: tuple[str, ...]
    """Questions, paragraphs and sentences that phrasings aimed at and that are gone."""
    unread: tuple[str, ...] = ()

    def of(self, fate: Fate) -> list[Pair]:
        """Entries that had this fate."""
        return [pair for pair in self.pairs if pair.fate is fate]


def update(workshop: Workshop, document: str, name: str, content: bytes) -> Edition:
    """Replace a document of the draft by a new edition.

    Args:
        workshop: Whose draft.
        document: Its identifier in the catalogue.
        name: Of the file given; its ending tells the format.
        content: Of the file.

    Raises:
        WorkshopError: There is no such document, or the file is of no format that is read.
        UnreadableDocumentError: It cannot be read: nothing is changed.
    """
    source = next((s for s in read_catalogue(workshop.draft.folder) if s.id == document), None)
    if source is None:
        raise WorkshopError(f"Il n’y a pas de document « {document} » dans le catalogue.")
    before = [entry for entry in workshop.corpus.entries if entry.document.id == document]
    file, known = workshop.file(document), workshop.known()
    after, unread = _read(workshop, source, name, content)
    suffix = PurePath(name).suffix.lower()
    stored = source.file if PurePath(source.file).suffix.lower() == suffix else f"{document}{suffix}"
    with workshop.draft.locked():
        workshop.draft.write(f"{DOCUMENTS}/{stored}", content)
        if stored != source.file:
            _rename(workshop, document, stored)
    pairs = aligned(before, after)
    became = {pair.before.id: pair.after for pair in pairs if pair.before}
    n, left = file.follow(became, after)
    known.follow(document, {id_: entry.id for id_, entry in became.items() if entry})
    return Edition(document, tuple(pairs), n, tuple(left), unread)


def add(workshop: Workshop, said: dict[str, str], name: str, content: bytes) -> Edition:
    """Add a document to the draft; ``said`` is its table of the catalogue, without ``file``.

    Raises:
        CorpusError: The catalogue cannot hold it, or the file cannot be read: nothing is changed.
    """
    suffix = PurePath(name).suffix.lower()
    id_ = said.get("id", "")
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", id_):
        raise WorkshopError("L’identifiant s’écrit en minuscules sans accent, chiffres et tirets, comme « faq-eau ».")
    if any(source.id == id_ for source in read_catalogue(workshop.draft.folder)):
        raise WorkshopError(f"Le document « {id_} » existe déjà : remplacez-le par sa nouvelle édition.")
    table = {**{key: value for key, value in said.items() if value}, "file": f"{id_}{suffix}"}
    title, publisher, date, kind = (table.get(key, "") for key in ("title", "publisher", "date", "kind"))
    source = Source(id_, title, publisher, date, kind, table["file"])
    entries, unread = _read(workshop, source, name, content)
    with workshop.draft.locked():
        catalogue = _catalogue(workshop)
        made = tomlkit.table()
        made.update(table)
        sources = catalogue.get("source")
        assert isinstance(sources, AoT)
        sources.append(made)
        workshop.draft.write(f"{DOCUMENTS}/{table['file']}", content)
        try:
            _save(workshop, catalogue)
        except Exception:
            workshop.draft.remove(f"{DOCUMENTS}/{table['file']}")
            raise
    return Edition(id_, tuple(Pair(Fate.NEW, None, entry) for entry in entries), 0, (), unread)


def describe(workshop: Workshop, document: str, said: Mapping[str, str]) -> None:
    """Change what the catalogue of the draft says of a document: what is empty is no longer said.

    Raises:
        CorpusError: The catalogue cannot say it: nothing is changed.
    """
    with workshop.draft.locked():
        catalogue = _catalogue(workshop)
        for table in catalogue.get("source", ()):
            if table.get("id") == document:
                for key, value in said.items():
                    if not value:
                        table.pop(key, None)
                    elif value != str(table.get(key)):
                        table[key] = value
        _save(workshop, catalogue)


def _catalogue(workshop: Workshop) -> tomlkit.TOMLDocument:
    return tomlkit.parse(workshop.draft.read(CATALOGUE).decode("utf-8-sig"))


def _save(workshop: Workshop, catalogue: tomlkit.TOMLDocument) -> None:
    """Write the catalogue, and put back what was there where it is not a good one."""
    before = workshop.draft.read(CATALOGUE)
    workshop.draft.write(CATALOGUE, tomlkit.dumps(catalogue).encode())
    try:
        read_catalogue(workshop.draft.folder)
    except Exception:
        workshop.draft.write(CATALOGUE, before)
        raise


def _read(workshop: Workshop, source: Source, name: str, content: bytes) -> tuple[list[Entry], tuple[str, ...]]:
    suffix = PurePath(name).suffix.lower()
    if suffix not in READERS:
        raise WorkshopError(f"« {name[:80]} » : sont lus {', '.join(READERS)}. Rien n’a été changé.")
    received: Path = workshop.draft.home / f".{uuid4().hex}.part{suffix}"
    try:
        with written(received.parent):
            write_file(received, content)
        with SafeReader() as reader:
            document, entries = reader.read(source, received)
    finally:
        received.unlink(missing_ok=True)
    if not entries:
        raise WorkshopError(f"« {name[:80]} » ne contient aucun passage à citer : rien n’a été changé.")
    return list(entries), document.unread


def _rename(workshop: Workshop, document: str, stored: str) -> None:
    catalogue = _catalogue(workshop)
    for table in catalogue.get("source", ()):
        if table.get("id") == document:
            table["file"] = stored
    workshop.draft.write(CATALOGUE, tomlkit.dumps(catalogue).encode())

"""Read the documents of a corpus folder; report those left out and why."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from corpus.catalogue import DOCUMENTS, read_catalogue, shown, unlisted_documents
from corpus.document import LIMITS, Document, Entry, Limits, Source
from corpus.errors import CorpusError, UnreadableDocumentError
from corpus.read_worker import SafeReader


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A source of the catalogue that could not be read."""

    source: Source
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a corpus folder holds."""

    folder: Path
    documents: tuple[Document, ...]
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...] = ()
    unlisted: tuple[str, ...] = ()
    """Files of the documents folder that the catalogue does not name: they are not indexed."""


def read_corpus(
    folder: Path, limits: Limits = LIMITS, on_progress: Callable[[int, int], None] = lambda *_: None
) -> Corpus:
    """Read the documents of a corpus folder; one that cannot be read does not keep the others out.

    ``on_progress`` is called with the number of documents done and to do.

    Raises:
        CorpusError: The catalogue itself cannot be used.
    """
    sources = read_catalogue(folder)
    documents: list[Document] = []
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    with SafeReader(limits) as reader:
        for done, source in enumerate(sources):
            on_progress(done, len(sources))
            try:
                document, own = reader.read(source, place(source, folder))
                entries += _quotable(document, own)
            except UnreadableDocumentError as error:
                left_out.append(LeftOut(source, error.reason, error.remedy))
            else:
                documents.append(document)
    unlisted = unlisted_documents(folder, sources)
    return Corpus(folder, tuple(documents), tuple(entries), tuple(left_out), unlisted)


def read_document(source: Source, folder: Path, limits: Limits = LIMITS) -> Document:
    """Read the file of one source of a corpus folder.

    Raises:
        UnreadableDocumentError: It is missing, beyond the limits, of no format that we read, or its reader says why.
    """
    return read_file(source, place(source, folder), limits)


def read_file(source: Source, path: Path, limits: Limits = LIMITS) -> Document:
    """Read one file, wherever it lies.

    Raises:
        UnreadableDocumentError: As ``read_document``.
    """
    with SafeReader(limits) as reader:
        return reader.read(source, path)[0]


def find_document(name: str, corpus_folder: Path) -> Document:
    """Read the document that has this identifier in the catalogue, or this path.

    Raises:
        CorpusError: Neither exists, or the document cannot be read.
    """
    sources = read_catalogue(corpus_folder)
    for source in sources:
        if source.id == name:
            return read_document(source, corpus_folder)
    path = Path(name)
    if path.is_file():
        kind = "faq" if "faq" in path.stem.lower() else "page"
        source = Source(shown(path.stem), shown(path.stem), "", "1970-01", kind, shown(str(path.resolve())))
        return read_file(source, path)
    known = ", ".join(source.id for source in sources) or "aucun"
    raise CorpusError(f"« {name} » n’est ni un document du catalogue ({known}) ni un fichier.")


def place(source: Source, folder: Path) -> Path:
    """Where the file of a source lies, which must be inside the documents folder.

    Raises:
        UnreadableDocumentError: A link leads elsewhere: to what nobody meant to publish.
    """
    documents = folder / DOCUMENTS
    real = Path(os.path.realpath(documents / source.file))
    if not real.is_relative_to(os.path.realpath(documents)):
        raise UnreadableDocumentError(
            source.file,
            f"c’est un lien vers un fichier qui n’est pas dans le dossier « {DOCUMENTS} ».",
            "Copiez-y le document lui-même.",
        )
    return documents / source.file


def _quotable(document: Document, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    if not entries:
        raise UnreadableDocumentError(
            document.source.file,
            "ce document ne contient aucun passage à citer.",
            f"Regardez ce qui en a été compris avec « motamot inspect {document.id} ».",
        )
    return entries

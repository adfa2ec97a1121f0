"""Reads a whole corpus: every document of its catalogue, split into entries, and what had to be left out."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from corpus.catalogue import DOCUMENTS, read_catalogue, unlisted_documents
from corpus.document import Document, Entry, Reading, Source
from corpus.docx_reader import read_docx
from corpus.errors import UnreadableDocumentError
from corpus.html_reader import read_html
from corpus.markdown_reader import read_markdown
from corpus.odt_reader import read_odt
from corpus.pdf_reader import read_pdf
from corpus.splitting import split
from corpus.table_reader import read_csv, read_xlsx
from corpus.text_reader import read_text

LARGEST = 50_000_000
"""Bytes of a file. The longest official reports, with their images, are a fifth of this."""

READERS: Mapping[str, Callable[[bytes, str], Reading]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".odt": read_odt,
    ".html": read_html,
    ".htm": read_html,
    ".csv": read_csv,
    ".xlsx": read_xlsx,
}


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
    """Files of the documents folder that the catalogue does not name: nobody will be quoted from them."""


def read_corpus(folder: Path) -> Corpus:
    """Read the documents of a corpus folder; one that cannot be read does not keep the others out.

    Raises:
        CorpusError: The catalogue itself cannot be used.
    """
    sources = read_catalogue(folder)
    documents: list[Document] = []
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    for source in sources:
        try:
            document = read_document(source, folder)
            entries += _entries(document)
        except UnreadableDocumentError as error:
            left_out.append(LeftOut(source, error.reason, error.remedy))
        else:
            documents.append(document)
    unlisted = unlisted_documents(folder, sources)
    return Corpus(folder, tuple(documents), tuple(entries), tuple(left_out), unlisted)


def read_document(source: Source, folder: Path) -> Document:
    """Read the file of one source of a corpus folder.

    Raises:
        UnreadableDocumentError: It is missing, too large, of no format that we read, or its reader says why.
    """
    return read_file(source, folder / DOCUMENTS / source.file)


def read_file(source: Source, path: Path) -> Document:
    """Read one file, wherever it lies.

    Raises:
        UnreadableDocumentError: As ``read_document``.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableDocumentError(
            source.file,
            f"le format « {path.suffix or 'sans extension'} » n’est pas pris en charge.",
            f"Enregistrez ce document dans l’un des formats {', '.join(READERS)}.",
        )
    data = _bytes(source, path)
    reading = reader(data, source.file)
    sha256 = hashlib.sha256(data).hexdigest()
    return Document(source, reading.text, sha256, reading.blocks, reading.pages, reading.links)


def _bytes(source: Source, path: Path) -> bytes:
    if not path.is_file():
        raise UnreadableDocumentError(source.file, "ce fichier manque.", _how_to_get(source))
    try:
        size = path.stat().st_size
        if size <= LARGEST:
            return path.read_bytes()
    except OSError as error:
        raise UnreadableDocumentError(
            source.file, f"ce fichier ne peut pas être ouvert ({error.strerror}).", "Vérifiez ses droits."
        ) from error
    raise UnreadableDocumentError(
        source.file,
        f"ce fichier pèse {size / 1_000_000:.0f} Mo (maximum : {LARGEST // 1_000_000} Mo).",
        "Réduisez ses images ou partagez-le en plusieurs documents.",
    )


def _how_to_get(source: Source) -> str:
    if source.url:
        return (
            f"Lancez « motamot fetch », ou téléchargez-le avec votre navigateur à l’adresse {source.url} "
            f"et enregistrez-le sous le nom « {source.file} » dans le dossier « {DOCUMENTS} »."
        )
    return f"Placez-le dans le dossier « {DOCUMENTS} », ou retirez sa table [[source]] du catalogue."


def _entries(document: Document) -> list[Entry]:
    entries = split(document)
    if not entries:
        raise UnreadableDocumentError(
            document.source.file,
            "ce document ne contient aucun passage à citer.",
            f"Regardez ce qui en a été compris avec « motamot inspect {document.id} ».",
        )
    return entries

"""One document for a look inside: from the catalogue, or any file that the readers know."""

from pathlib import Path

from corpus.catalogue import read_catalogue
from corpus.document import Document, Source
from corpus.errors import CorpusError
from corpus.read import read_document, read_file


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
        source = Source(path.stem, path.stem, "", "1970-01", kind, str(path.resolve()))
        return read_file(source, path)
    known = ", ".join(source.id for source in sources) or "aucun"
    raise CorpusError(f"« {name} » n’est ni un document du catalogue ({known}) ni un fichier.")

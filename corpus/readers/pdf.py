"""Reads PDF files that have a text layer; the others are refused with the remedy."""

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import LimitReachedError, PyPdfError

from corpus.document import LIMITS, StructuredText
from corpus.errors import UnreadableDocumentError, beyond
from corpus.layout.compose import compose
from corpus.layout.headers_footers import without_noise
from corpus.readers.legibility import is_legible
from corpus.readers.pdf_lines import Printed, joined, printed

# Fewer letters than this per page on average is a scan with a stamp or a page number.
LETTERS_PER_PAGE = 20
# Twenty are read in a second; the longest budgets and town plans we know have half as many.
MOST_PAGES = 2_000
# What pypdf and the decoders under it raise on damaged files, besides its own errors.
DAMAGE = (
    PyPdfError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RecursionError,
    OSError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    EOFError,
    zlib.error,
)


def read_pdf(data: bytes, name: str) -> StructuredText:
    """Read a PDF file.

    Raises:
        UnreadableDocumentError: It is no PDF, is damaged or protected by a password, is a scan without text,
            or its fonts do not say which letters they draw.
    """
    if b"%PDF-" not in data[:1024]:
        raise _not_a_pdf(data, name)
    with _quiet():
        pages = _pages(data, name)
    raw, lines = joined(pages)
    if sum(char.isalpha() for char in raw) < LETTERS_PER_PAGE * max(len(pages), 1):
        raise _scan(name)
    if not is_legible(raw):
        raise _illegible(name)
    return compose(raw, without_noise(lines), paged=True).reading


def _pages(data: bytes, name: str) -> list[list[Printed]]:
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _protected(name)
        if len(reader.pages) > MOST_PAGES:
            raise beyond(name, len(reader.pages), MOST_PAGES, "pages")
        return list(_printed(reader, name))
    except UnreadableDocumentError:
        raise
    except LimitReachedError as error:
        raise _swollen(name) from error
    except DAMAGE as error:
        raise _damaged(name) from error


def _printed(reader: PdfReader, name: str) -> Iterator[list[Printed]]:
    characters = 0
    for page in reader.pages:
        lines = printed(page)
        characters += sum(len(line.text) for line in lines)
        if characters > LIMITS.characters:
            raise beyond(name, characters, LIMITS.characters, "caractères, au moins,")
        yield lines


def _not_a_pdf(data: bytes, name: str) -> UnreadableDocumentError:
    if not data:
        return UnreadableDocumentError(name, "le fichier est vide.", "Téléchargez ou copiez de nouveau le document.")
    return UnreadableDocumentError(
        name,
        "ce fichier n’est pas un PDF, malgré son nom.",
        "Téléchargez de nouveau le document\u00a0: il s’agit souvent d’une page d’erreur enregistrée à sa place.",
    )


def _scan(name: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        name,
        "ce PDF ne contient pas de texte\u00a0: ses pages sont des images, sans doute numérisées.",
        "Passez-le par un logiciel de reconnaissance de caractères (OCR) en français, "
        "ou demandez à son éditeur la version d’origine.",
    )


def _illegible(name: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        name,
        "le texte de ce PDF est inutilisable\u00a0: "
        "ses polices ne disent pas quelles lettres elles dessinent, ou ses mots y sont coupés en morceaux.",
        "Demandez à son éditeur la version d’origine (traitement de texte ou autre PDF), "
        "ou passez-le par un logiciel de reconnaissance de caractères (OCR).",
    )


def _protected(name: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        name,
        "ce PDF est protégé par un mot de passe.",
        "Enlevez le mot de passe\u00a0: ouvrez le document, puis imprimez-le dans un nouveau PDF, sans protection.",
    )


def _damaged(name: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        name,
        "ce PDF est endommagé ou incomplet.",
        "Téléchargez-le de nouveau ou demandez l’original à son éditeur.",
    )


def _swollen(name: str) -> UnreadableDocumentError:
    """Of the limits of pypdf: 75 MB for a stream once decompressed, a million pieces in a page, and the like."""
    return UnreadableDocumentError(
        name,
        "ce PDF contient une page ou un objet démesuré, une fois décompressé.",
        "Imprimez-le dans un nouveau PDF, ou demandez l’original à son éditeur.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """What pypdf says about slightly wrong files is of no use to our readers: it copes, or raises."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)

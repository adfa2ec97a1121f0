"""Reads PDF files that have a text layer; the others are refused with the remedy."""

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from corpus.document import Reading
from corpus.errors import UnreadableDocumentError
from corpus.layout import compose
from corpus.legibility import is_legible
from corpus.pdf_lines import Printed, joined, printed
from corpus.running import without_noise

# Fewer letters than this per page on average is a scan with a stamp or a page number.
LETTERS_PER_PAGE = 20
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


def read_pdf(data: bytes, name: str) -> Reading:
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
        return [printed(page) for page in reader.pages]
    except UnreadableDocumentError:
        raise
    except DAMAGE as error:
        raise _damaged(name) from error


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

"""Reads PDF files: pypdf says what kind of file it is, PDFium what is printed; files without a text are refused."""

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO

import pypdfium2.raw as pdfium
from pypdf import PdfReader
from pypdf.errors import LimitReachedError, PyPdfError
from pypdfium2 import PdfDocument, PdfiumError

from corpus.document import LIMITS, StructuredText
from corpus.errors import UnreadableDocumentError, beyond
from corpus.layout.compose import compose
from corpus.layout.headers_footers import without_noise
from corpus.readers.legibility import is_legible
from corpus.readers.pdf_lines import Row, joined, printed, runs

# Fewer letters than this per page on average is a scan with a stamp or a page number.
LETTERS_PER_PAGE = 20
# Forty are read in a second; the longest budgets and town plans we know have half as many.
MOST_PAGES = 2_000
# Attached files that a refusal names.
_NAMED = 5
# What pypdf and the decoders under it raise on damaged files, besides its own errors.
DAMAGE = (
    *(PyPdfError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, OSError, ArithmeticError),
    *(AssertionError, EOFError, zlib.error),
)
# Of the content of one page, once decompressed: PDFium reads no larger one, and a dense page has 0.1 MB.
MOST_CONTENT = 20_000_000


def read_pdf(data: bytes, name: str) -> StructuredText:
    """Read a PDF file.

    Raises:
        UnreadableDocumentError: It is no PDF, is damaged or protected by a password, only wraps other files or a form,
            is a scan without text, or its fonts do not say which letters they draw.
    """
    if b"%PDF-" not in data[:1024]:
        raise _not_a_pdf(data, name)
    with _quiet():
        _check_structure(data, name)
    try:
        pages = list(_pages(data, name))
    except PdfiumError as error:
        locked = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        raise (_protected(name) if locked else _damaged(name)) from error
    raw, lines = joined(pages)
    if sum(char.isalpha() for char in raw) < LETTERS_PER_PAGE * max(len(pages), 1):
        raise _swollen(name) if _is_swollen(data) else _scan(name)
    if not is_legible(raw):
        raise _illegible(name)
    layout = compose(raw, without_noise(lines), paged=True)
    return replace(layout.reading, printed=runs(layout.reading.text, layout.origin, pages))


def _check_structure(data: bytes, name: str) -> None:
    """Refuse what PDFium would show the wrapping of: a password, attached files, a form that a script draws."""
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _protected(name)
        root = reader.root_object
        if "/Collection" in root:
            raise _portfolio(name, sorted(reader.attachments))
        if root.get("/NeedsRendering"):
            raise _dynamic_form(name)
    except UnreadableDocumentError:
        raise
    except DAMAGE:
        return  # PDFium mends more than pypdf does


def _is_swollen(data: bytes) -> bool:
    """Whether a page without a text has too large a content for one, that PDFium did not read."""
    try:
        contents = [page.get_contents() for page in PdfReader(BytesIO(data)).pages]
        return any(len(content.get_data()) > MOST_CONTENT for content in contents if content)
    except LimitReachedError:
        return True
    except DAMAGE:
        return False


def _pages(data: bytes, name: str) -> Iterator[list[Row]]:
    document = PdfDocument(data)
    try:
        if len(document) > MOST_PAGES:
            raise beyond(name, len(document), MOST_PAGES, "pages")
        characters = 0
        for page in document:
            rows = printed(page, LIMITS.characters)
            characters += sum(len(row.text) for row in rows)
            if characters > LIMITS.characters:
                raise beyond(name, characters, LIMITS.characters, "caractères, au moins,")
            yield rows
            page.close()
    finally:
        document.close()


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
    return UnreadableDocumentError(
        name,
        "ce PDF contient une page ou un objet démesuré, une fois décompressé.",
        "Imprimez-le dans un nouveau PDF, ou demandez l’original à son éditeur.",
    )


def _portfolio(name: str, files: list[str]) -> UnreadableDocumentError:
    named = ", ".join(f"« {file} »" for file in files[:_NAMED]) + (", etc." if len(files) > _NAMED else "")
    return UnreadableDocumentError(
        name,
        f"ce PDF est un porte-documents\u00a0: il ne sert qu’à contenir d’autres fichiers ({named or 'aucun'}).",
        "Ouvrez-le, enregistrez ces fichiers, et mettez-les eux-mêmes dans le dossier « documents ».",
    )


def _dynamic_form(name: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(
        name,
        "ce PDF est un formulaire dynamique (XFA), que seul Adobe Reader affiche.",
        "Ouvrez-le avec Adobe Reader, puis imprimez-le dans un nouveau PDF.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """What pypdf says about slightly wrong files is of no use to our readers: it copes, or raises."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)

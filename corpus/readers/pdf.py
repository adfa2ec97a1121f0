"""Read PDF files with PDFium; refuse those without usable text, with the reason and the remedy."""

import logging
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from io import BytesIO

import pypdfium2.raw as pdfium
from pypdf import PdfReader
from pypdf.errors import LimitReachedError, PyPdfError
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from corpus.document import LIMITS, StructuredText
from corpus.errors import UnreadableDocumentError, beyond, typeset
from corpus.layout.compose import compose
from corpus.layout.headers_footers import with_notes, without_noise
from corpus.layout.hyphenation import is_french
from corpus.readers.images import INSTALL_OCR, MOST_RECOGNISED, ocr_is_available, recognised_rows
from corpus.readers.pdf_outline import bookmarks, page_labels, with_outline
from corpus.readers.pdf_rows import Row, in_order, joined, page_rows, runs
from corpus.readers.pdf_tables import with_tables
from corpus.readers.pdf_words import open_page

# Fewer letters than this per page on average is a scan with a stamp or a page number.
LETTERS_PER_PAGE = 20
# Forty are read in a second; the longest budgets and town plans we know have half as many.
MOST_PAGES = 2_000
# Of the words, split ones: measured on twelve administrative PDFs, at most 0.14 % in the good ones, at least 1.3 % in
# those whose words come out in pieces.
MOST_SPLIT = 0.006
# Words in letters that French does not use: 0 in the good ones, 0.76 % where the glyph map is wrong.
MOST_FOREIGN = 0.005
# Signs that stand for characters without a code.
MOST_UNKNOWN = 0.02
# Fewer words prove nothing.
FEWEST_WORDS = 5
# All but letters.
_LETTERS = re.compile(r"[\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+")
# A letter that French does not use.
_FOREIGN = re.compile(r"[^\W\d_\x00-\xffœŒŸ]")
# Two words, the second of which may go on the first; by one pattern, for pages have hundreds.
_NEIGHBOURS = re.compile(r"(?<![^\W\d_])([^\W\d_]++)\s+(?=([a-zß-öø-ÿœ][^\W\d_]*+)(?!\s?[’']))")
# Attached files that are looked at, and that a refusal names.
_MOST_FILES, _NAMED = 1_000, 5
# What pypdf and the decoders under it raise on damaged files, besides its own errors.
DAMAGE = (
    *(PyPdfError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, OSError, ArithmeticError),
    *(AssertionError, EOFError, zlib.error),
)
# Of the content of one page, once decompressed: PDFium reads no larger one, and a dense page has 0.1 MB.
MOST_CONTENT = 20_000_000


class _Refusal(Enum):
    """Why a file is refused, and the remedy."""

    EMPTY = "le fichier est vide.", "Téléchargez ou copiez de nouveau le document."
    NO_PDF = (
        "ce fichier n’est pas un PDF, malgré son nom.",
        "Téléchargez de nouveau le document : il s’agit souvent d’une page d’erreur enregistrée à sa place.",
    )
    DAMAGED = ("ce PDF est endommagé ou incomplet.", "Téléchargez-le de nouveau ou demandez l’original à son éditeur.")
    LOCKED = (
        "ce PDF est protégé par un mot de passe.",
        "Enlevez le mot de passe : ouvrez le document, puis imprimez-le dans un nouveau PDF, sans protection.",
    )
    PORTFOLIO = (
        "ce PDF est un porte-documents, qui ne sert qu’à contenir d’autres fichiers{detail}.",
        "Ouvrez-le, enregistrez ces fichiers, et mettez-les eux-mêmes dans le dossier « documents ».",
    )
    DYNAMIC_FORM = (
        "ce PDF est un formulaire dynamique (XFA), que seul Adobe Reader affiche.",
        "Ouvrez-le avec Adobe Reader, puis imprimez-le dans un nouveau PDF.",
    )
    OVERSIZED = (
        "ce PDF contient une page ou un objet démesuré, une fois décompressé.",
        "Imprimez-le dans un nouveau PDF, ou demandez l’original à son éditeur.",
    )
    SCAN = (
        "ce PDF ne contient pas de texte : ses pages sont des images, sans doute numérisées.",
        "Demandez à son éditeur la version d’origine, ou {ocr}.",
    )
    ILLEGIBLE = (
        "le texte de ce PDF est inutilisable : "
        "ses polices ne disent pas quelles lettres elles dessinent, ou ses mots y sont coupés en morceaux.",
        "Demandez à son éditeur la version d’origine (traitement de texte ou autre PDF), ou {ocr}.",
    )

    def of(self, name: str, detail: str = "") -> UnreadableDocumentError:
        reason, remedy = self.value
        ocr = "numérisez-le de nouveau, droit et plus finement" if ocr_is_available() else INSTALL_OCR
        return UnreadableDocumentError(name, reason.format(detail=detail), remedy.replace("{ocr}", ocr))


class _Unread(Enum):
    """Why a page is left out, whole or in part, or to be read again."""

    PICTURE = "c’est une image, sans texte (numérisée ?)"
    ILLEGIBLE = "le texte est illisible, faute de savoir quelles lettres sa police dessine"
    PARTLY = "une partie du texte est illisible, faute de savoir quelles lettres sa police dessine"
    DAMAGED = "la page est endommagée"
    RECOGNISED = "c’est une image, dont le texte a été reconnu automatiquement (relisez-le)"


@dataclass(frozen=True, slots=True)
class _Page:
    rows: list[Row]
    unread: _Unread | None = None


def read_pdf(data: bytes, name: str) -> StructuredText:
    """Read a PDF file; one that only wraps other files or a form, or whose letters cannot be told, is refused."""
    if b"%PDF-" not in data[:1024]:
        raise (_Refusal.NO_PDF if data else _Refusal.EMPTY).of(name)
    try:
        with PdfDocument(data) as document:
            _check_structure(document, data, name)
            pages = list(_pages(document, name))
            labels, titles = page_labels(document), bookmarks(document)
    except PdfiumError as error:
        locked = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        raise (_Refusal.LOCKED if locked else _Refusal.DAMAGED).of(name) from error
    legible = [page.rows for page in pages]
    raw, lines = joined(legible)
    if not any(_letters(rows) >= LETTERS_PER_PAGE for rows in legible) or _is_scan(pages):
        kinds = {page.unread for page in pages}
        if _Unread.ILLEGIBLE in kinds:
            raise _Refusal.ILLEGIBLE.of(name)
        if _Unread.DAMAGED in kinds:
            raise _Refusal.DAMAGED.of(name)
        raise (_Refusal.OVERSIZED if _has_oversized_page(data) else _Refusal.SCAN).of(name)
    if not _is_legible(raw):
        raise _Refusal.ILLEGIBLE.of(name)
    layout = compose(raw, with_outline(with_notes(without_noise(lines)), titles), paged=True)
    printed = runs(layout.reading.text, layout.origin, legible)
    recognised = tuple(row.recognised for rows in legible for row in rows if row.recognised)
    return replace(
        layout.reading,
        printed=printed,
        unread=tuple(_unread_messages(pages)),
        recognised=recognised,
        labels=labels,
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


def _check_structure(document: PdfDocument, data: bytes, name: str) -> None:
    """Refuse what PDFium shows the wrapping of: attached files, a form that a script draws."""
    if document.get_formtype() == pdfium.FORMTYPE_XFA_FULL:
        raise _Refusal.DYNAMIC_FORM.of(name)
    files = [
        document.get_attachment(index).get_name() for index in range(min(document.count_attachments(), _MOST_FILES))
    ]
    if files and _is_portfolio(data):
        raise _Refusal.PORTFOLIO.of(name, f" ({', '.join(f'« {file} »' for file in sorted(files)[:_NAMED])})")


@_quiet()
def _is_portfolio(data: bytes) -> bool:
    try:
        return "/Collection" in PdfReader(BytesIO(data)).root_object
    except DAMAGE:
        return False


@_quiet()
def _has_oversized_page(data: bytes) -> bool:
    """Whether a page without a text has too large a content for one, that PDFium did not read."""
    try:
        contents = [page.get_contents() for page in PdfReader(BytesIO(data)).pages]
        return any(len(content.get_data()) > MOST_CONTENT for content in contents if content is not None)
    except LimitReachedError:
        return True
    except DAMAGE:
        return False


def _pages(document: PdfDocument, name: str) -> Iterator[_Page]:
    if len(document) > MOST_PAGES:
        raise beyond(name, len(document), MOST_PAGES, "pages")
    characters = recognised = 0
    for index in range(len(document)):
        try:
            page, fields = open_page(document, index)
        except PdfiumError:
            yield _Page([], _Unread.DAMAGED)
            continue
        rows = page_rows(page, LIMITS.characters, fields)
        characters += sum(len(row.text) for row in rows)
        if characters > LIMITS.characters:
            raise beyond(name, characters, LIMITS.characters, "caractères, au moins,")
        judged = _assessed(rows, page)
        unread = judged.unread in (_Unread.PICTURE, _Unread.ILLEGIBLE)
        if unread and recognised < MOST_RECOGNISED and ocr_is_available():
            recognised += 1
            judged = _recognised(page) or judged
        yield judged
        page.close()


def _recognised(page: PdfPage) -> _Page | None:
    """The page as the engine reads it, if it reads enough."""
    rows = recognised_rows(page)
    legible = _letters(rows) >= LETTERS_PER_PAGE and _is_legible("\n".join(row.text for row in rows))
    return _Page(rows, _Unread.RECOGNISED) if legible else None


def _assessed(rows: list[Row], page: PdfPage) -> _Page:
    """What can be read of a page, in order."""
    letters = _letters(rows)
    if letters < LETTERS_PER_PAGE and _is_picture(page):
        return _Page(rows, _Unread.PICTURE)
    good = [row for row in rows if not _is_illegible(row.text)]
    if (len(good) < len(rows) and _letters(good) < 0.5 * letters) or not _is_legible(
        "\n".join(row.text for row in good)
    ):
        return _Page([], _Unread.ILLEGIBLE)
    return _Page(in_order(with_tables(good)), _Unread.PARTLY if len(good) < len(rows) else None)


def _letters(rows: Sequence[Row]) -> int:
    return sum(len(_LETTERS.sub("", row.text)) for row in rows)


def _is_picture(page: PdfPage) -> bool:
    """Whether an image covers most of the page."""
    width, height = page.get_size()
    for drawn in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        left, bottom, right, top = drawn.get_bounds()
        if (right - left) * (top - bottom) > 0.5 * width * height:
            return True
    return False


def _is_scan(pages: Sequence[_Page]) -> bool:
    """Whether the few words of the file are a stamp on pictures, the mark of who copied it."""
    return 2 * sum(page.unread is _Unread.PICTURE for page in pages) > len(pages) and sum(
        _letters(page.rows) for page in pages
    ) < LETTERS_PER_PAGE * len(pages)


def _unread_messages(pages: Sequence[_Page]) -> Iterator[str]:
    """What could not be read, for the editor."""
    for kind in _Unread:
        numbers = [str(number) for number, page in enumerate(pages, 1) if page.unread is kind]
        if numbers:
            more = f" et {len(numbers) - _NAMED} autres" if len(numbers) > _NAMED else ""
            where = f"pages {', '.join(numbers[:_NAMED])}{more}" if len(numbers) > 1 else f"page {numbers[0]}"
            yield typeset(f"{where} : {kind.value}.")


def _is_illegible(text: str) -> bool:
    """Whether most of the words of a line are in letters that French does not use."""
    foreign = _foreign(text)
    return foreign > 0 and 2 * foreign > len(_WORD.findall(text))


def _is_legible(text: str) -> bool:
    """Whether words are whole and in letters that French uses; a text of few words passes."""
    unknown = text.count("\ufffd")
    if unknown and unknown > MOST_UNKNOWN * len("".join(text.split())):
        return False
    split = sum(_is_split(first, second) for first, second in _NEIGHBOURS.findall(text))
    counts = (_foreign(text), MOST_FOREIGN), (split, MOST_SPLIT)
    return not any(count >= FEWEST_WORDS and count > share * len(_WORD.findall(text)) for count, share in counts)


def _foreign(text: str) -> int:
    """How many words are in such letters."""
    words = _WORD.findall(text) if _FOREIGN.search(text) else []
    return sum(len(word) > 2 and 2 * len(_FOREIGN.findall(word)) > len(word) for word in words)


def _is_split(first: str, second: str) -> bool:
    """Two pieces that make one word together and are not both words apart."""
    if len(first + second) < 4:
        return False
    return not (is_french(first) and is_french(second)) and is_french(first + second)

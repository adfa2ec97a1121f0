"""PDF files that cannot be read are refused, or their pages named."""

import logging
from collections.abc import Callable
from io import BytesIO

import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod
from pdf_making import SENTENCE, plain, read
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, BooleanObject, DictionaryObject, NameObject, TextStringObject

from corpus.document import LIMITS
from corpus.errors import UnreadableDocumentError
from corpus.readers.pdf import read_pdf
from corpus.readers.pdf_rows import page_rows

MANY = " ".join(f"La mesure {number} concerne {number * 7} communes du territoire." for number in range(1, 130))
BROKEN = "Le té létra vail est une for me d'orga nisation du tra vail qui per met aux ag ents. "


@pytest.mark.parametrize("method", list(EncryptionMethod)[1:])
def test_an_encrypted_file_opens_without_a_password_and_is_refused_with_one(method: EncryptionMethod) -> None:
    opened, locked = plain(), plain()
    opened.set_encryption(owner_password="editeur", encryption_method=method)
    locked.set_encryption(owner_password="editeur", user_password="secret", encryption_method=method)

    assert read(opened).text == (SENTENCE * 3).strip()
    with pytest.raises(UnreadableDocumentError, match=r"note\.pdf.*mot de passe"):
        read(locked)


def edited(change: Callable[[PdfWriter], object]) -> bytes:
    writer, saved = PdfWriter(BytesIO(bytes(plain().output()))), BytesIO()
    change(writer)
    writer.write(saved)
    return saved.getvalue()


def wrap(writer: PdfWriter) -> None:
    writer.add_attachment("statuts.docx", b"PK")
    writer.root_object[NameObject("/Collection")] = DictionaryObject()


def script(writer: PdfWriter) -> None:
    writer.root_object[NameObject("/NeedsRendering")] = BooleanObject(True)
    form = DictionaryObject({NameObject("/XFA"): TextStringObject("<xdp/>"), NameObject("/Fields"): ArrayObject()})
    writer.root_object[NameObject("/AcroForm")] = form


@pytest.fixture(params=[False, True], ids=["no OCR", "OCR"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an engine, and with one that recognises the words that are there; the real one takes a second a page."""
    monkeypatch.setattr("corpus.readers.pdf.ocr_is_available", lambda: request.param)
    monkeypatch.setattr("corpus.readers.pdf.recognised_rows", lambda page: page_rows(page, LIMITS.characters))


@pytest.mark.usefixtures("engine")
def test_unreadable_files_are_refused_with_the_reason() -> None:
    made = bytes(plain().output())
    scan = FPDF()
    scan.add_page()
    scan.rect(20, 20, 100, 100)

    for data, reason in {
        b"": "vide",
        b"<html>Erreur 404</html>": "pas un PDF",
        made[: len(made) // 3]: "endommagé",
        b"%PDF-1.7\n": "endommagé",
        bytes(scan.output()): "images",
        bytes(plain(BROKEN * 10).output()): "inutilisable",
        edited(wrap): "d’autres fichiers («\u00a0statuts.docx\u00a0»)",
        edited(script): "formulaire dynamique",
    }.items():
        with pytest.raises(UnreadableDocumentError) as refusal:
            read_pdf(data, "note.pdf")
        assert reason in refusal.value.reason
        assert refusal.value.name == "note.pdf"
        assert refusal.value.remedy


@pytest.mark.usefixtures("engine")
def test_pages_that_cannot_be_read_are_named_and_the_others_read() -> None:
    made = plain()
    for page in range(2):
        made.add_page()
        made.image(Image.new("L", (10, 10), 200 + page), 0, 0, 210, 297)
    made.add_page()
    made.multi_cell(0, 6, BROKEN * 10, align="L")
    reading = read(made)

    assert reading.text == (SENTENCE * 3).strip()
    assert reading.unread == (
        "pages 2, 3\u00a0: c’est une image, sans texte (numérisée\u00a0?).",
        "page 4\u00a0: le texte est illisible, faute de savoir quelles lettres sa police dessine.",
    )


def test_what_the_libraries_say_of_damaged_files_stays_unsaid(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    made = bytes(plain().output()).replace(b"startxref\n", b"startxref\n9")

    assert read_pdf(made, "note.pdf").text == (SENTENCE * 3).strip()
    with pytest.raises(UnreadableDocumentError, match="images"):
        read_pdf(made.replace(b"/Contents", b"/Contents 1 /C"), "note.pdf")
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert logging.getLogger("pypdf").level == logging.NOTSET

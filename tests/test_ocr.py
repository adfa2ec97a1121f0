"""Scanned pages and images are read with the extra ``ocr``; without it, the refusal says how to install it."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from pdf_making import document, laid, plain
from PIL import Image

from bot.quoting import RECOGNISED, source_of
from bot.web.pdf_pages import page_image, placed_text
from bot.web.source_files import Originals
from bot.web.viewer import Viewer, printed_on, recognised_on
from corpus.document import Box, Document, Entry, Source, Span, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.read import SafeReader
from corpus.readers.formats import READERS
from corpus.readers.images import _Found, in_columns, ocr_is_available, pdf_of_image

needs_engine = pytest.mark.skipif(not ocr_is_available(), reason='pip install "motamot[ocr]"')
FIRST = "L'élève reçoit une réponse à sa requête dès août, ça va de soi."
SECOND = "Le tarif est de 30 euros par an, voté le 4 février 2023 (délibération n° 12)."


def pictures(*texts: str) -> list[Image.Image]:
    """The head of pages as a scanner gives them: what is recognised takes time by its surface."""
    pages = [pypdfium2.PdfDocument(bytes(plain(text).output()))[0] for text in texts]
    return [page.render(scale=2).to_pil().convert("L").crop((0, 0, 1190, 420)) for page in pages]


def saved(images: list[Image.Image], kind: str) -> bytes:
    made = BytesIO()
    more = {} if kind == "PNG" else {"save_all": True, "append_images": images[1:]}
    images[0].save(made, kind, **more)
    return made.getvalue()


SCANS = {"scan.tif": ("TIFF", [FIRST, SECOND]), "scan.pdf": ("PDF", [SECOND])}
Read = dict[str, tuple[Document, tuple[Entry, ...]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    (folder / "documents").mkdir()
    for name, (kind, texts) in SCANS.items():
        (folder / "documents" / name).write_bytes(saved(pictures(*texts), kind))
    return folder


@pytest.fixture(scope="module")
def read(folder: Path) -> Read:
    """Both, read by one process, which loads the engine once."""
    source = Source("scan", "Scan", "Mairie", "2021-05", "page", "", notice="version de mai")
    with SafeReader() as reader:
        return {name: reader.read(replace(source, file=name), folder / "documents" / name) for name in SCANS}


@needs_engine
@pytest.mark.parametrize("name", SCANS)
def test_pictures_of_pages_are_read_with_their_accents_and_boxes(folder: Path, read: Read, name: str) -> None:
    found, texts, data = read[name][0], SCANS[name][1], (folder / "documents" / name).read_bytes()

    assert [block.of(found.text).replace("’", "'") for block in found.blocks] == texts
    assert len(found.pages) == len(found.recognised) == len(texts)
    assert all(0.03 < box.left < 0.1 and 0 < box.top < box.bottom < 0.4 for box in found.recognised)
    assert "reconnu automatiquement" in found.unread[0]
    assert [found.page_at(found.text.index(text[-9:])) for text in texts] == list(range(1, len(texts) + 1))
    assert printed_on(found, Span(0, len(found.text)), 1) == ((), "")
    assert page_image(data, len(texts)).startswith(b"RIFF")
    assert placed_text(data, 1, [()]).boxes == ((),)


@needs_engine
def test_quotes_say_that_their_words_were_recognised_and_show_the_lines(folder: Path, read: Read) -> None:
    found, entries = read["scan.tif"]
    passage = entries[0].passages[0]

    assert passage.text.replace("’", "'") == FIRST
    assert source_of(found, passage.start, "scan", passage).notice == f"version de mai\u00a0; {RECOGNISED}"
    [line] = recognised_on(found, Span(passage.start, passage.end), 1)
    assert line.words == passage.text
    spread = Viewer(Originals(folder)).spread(found, Span(passage.start, passage.end), range(1, 2))
    assert spread is not None
    assert spread.exact
    assert [(sheet.boxes, sheet.recognised) for sheet in spread.sheets] == [((line.box,), (line,))]


def test_without_the_extra_the_refusal_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.readers.pdf.ocr_is_available", lambda: False)
    for kind, suffix in (("PNG", ".png"), ("PDF", ".pdf")):
        with pytest.raises(UnreadableDocumentError, match=r"images.*pip install \"motamot\[ocr\]\""):
            READERS[suffix](saved(pictures(FIRST), kind), "scan" + suffix)


def test_damaged_and_oversized_images_are_refused() -> None:
    sound = saved(pictures(FIRST), "PNG")
    large = BytesIO()
    Image.new("1", (20_000, 20_000)).save(large, "PNG")
    tiff = b"II*\x00\x08\x00\x00\x00\x00\x00" + bytes(40)  # a page without width or height
    for data in (b"", b"GIF89a", tiff, sound[:300], sound.replace(b"IDAT", b"IDBT"), large.getvalue()):
        with pytest.raises(UnreadableDocumentError, match=r"scan\.png.*endommagée, vide ou démesurée"):
            READERS[".png"](data, "scan.png")


def test_a_transparent_image_is_seen_on_white() -> None:
    page = pypdfium2.PdfDocument(pdf_of_image(saved([Image.new("RGBA", (200, 100), (0, 0, 0, 0))], "PNG")))[0]

    assert page.render().to_pil().getpixel((5, 5)) == (255, 255, 255)


def test_columns_are_read_one_after_the_other_below_their_title() -> None:
    def line(name: str, left: int, top: int, width: int) -> _Found:
        return _Found(name, left, top, left + width, top + 20, Box(0, 0, 1, 1))

    rows = [line("b1", 500, 100, 380), line("a1", 50, 102, 400), line("title", 50, 20, 800)]
    rows += [line("a2", 50, 130, 390), line("b2", 500, 131, 400), line("foot", 50, 900, 850)]

    assert [each.text for each in in_columns(rows)] == ["title", "a1", "a2", "b1", "b2", "foot"]


def test_a_document_whose_letters_are_in_the_file_is_not_recognised() -> None:
    reading: StructuredText = laid("60 740 n Le tarif est de trente euros par an, sauf pour les associations.")

    assert not reading.recognised
    assert isinstance(document(reading), Document)
    assert not document(reading).is_recognised_at(3)

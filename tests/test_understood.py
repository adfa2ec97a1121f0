"""The report of ``motamot inspect``: what was understood, on pictures of the pages or on the text."""

import re
from pathlib import Path

from pdf_making import Paper

from bot.understood import MarkKind, marks, page_pictures, report
from bot.web.pdf_pages import Drawer
from corpus.document import Document, Entry, Source
from corpus.read import SafeReader

FAQ = "# Terrasses\n\n## Combien coûte une terrasse ?\n\nTrente euros par an.\n\nVoir le site.\n\n# Sommaire\n"


def read(path: Path) -> tuple[Document, tuple[Entry, ...]]:
    with SafeReader() as reader:
        return reader.read(Source("guide", "Guide & co", "Mairie", "2021-05", "page", path.name), path)


def guide(folder: Path) -> Path:
    made = Paper()
    for _ in range(2):
        made.add_page()
        made.put("1. Montant de la redevance" if made.page == 1 else "2. Retrait", "B", 14)
        made.put("La redevance est de trente euros par an." if made.page == 1 else "Le maire retire l'accord.")
    (path := folder / "guide.pdf").write_bytes(bytes(made.output()))
    return path


def test_every_block_has_a_mark_and_every_passage_its_kind(tmp_path: Path) -> None:
    (path := tmp_path / "faq.md").write_text(FAQ, encoding="utf-8")
    document, entries = read(path)

    assert [(mark.kind, mark.of(document.text)) for mark in marks(document, entries)] == [
        (MarkKind.HEADING, "Terrasses"),
        (MarkKind.ENTRY, "Combien coûte une terrasse ?"),
        (MarkKind.PASSAGE, "Trente euros par an."),
        (MarkKind.PASSAGE, "Voir le site."),
        (MarkKind.HEADING, "Sommaire"),
    ]


def test_pages_are_drawn_with_their_marks_and_what_was_left_out(tmp_path: Path) -> None:
    path = guide(tmp_path)
    document, entries = read(path)
    first, second = page_pictures(document, entries, path, Drawer())

    assert [entry.heading_text for entry in (*first.entries, *second.entries)] == [e.heading_text for e in entries]
    for page in (first, second):
        assert page.image.startswith(b"RIFF")
        (heading, above), (passage, below), (left_out, others) = page.marks
        assert (heading.kind, passage.kind) == (MarkKind.ENTRY, MarkKind.PASSAGE)
        assert heading.entry == passage.entry == page.entries[0].id
        assert above[0].bottom < below[0].bottom
        assert (left_out.kind, len(others)) == (MarkKind.LEFT_OUT, 2)  # the running title, the page number
        assert others[0].top < 0.1
        assert others[1].top > 0.9


def test_the_report_needs_nothing_else(tmp_path: Path) -> None:
    path = guide(tmp_path)
    page = report(*read(path), path)

    assert page.count("data:image/webp;base64,") == 2
    assert "Guide &amp; co" in page
    assert "<strong>1. Montant de la redevance</strong> (1 passage)" in page
    assert not re.search(r"https?:|<script|url\(", page)


def test_other_formats_show_their_text_and_a_page_that_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    (path := tmp_path / "faq.md").write_text(FAQ, encoding="utf-8")
    page = report(*read(path), path)
    assert '<p class="passage"><span class="spoken">passage qui peut être cité' in page
    assert "laissé de côté" not in page

    drawn = guide(tmp_path)
    read_before = read(drawn)
    drawn.write_bytes(b"%PDF- changed")
    assert report(*read_before, drawn).count("ne peut pas être dessinée") == 2

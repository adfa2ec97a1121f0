"""What is read of the real PDF files of the shared folder."""

from pathlib import Path

import pytest
from pdf_making import document

from corpus.document import StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.pdf import read_pdf
from corpus.split.split import split


def shared_pdf(shared: Path, name: str) -> StructuredText:
    return read_pdf((shared / "pdfs" / name).read_bytes(), name)


@pytest.mark.parametrize(
    ("name", "count"), [("faq_macantine_1_restaurants_administratifs.pdf", 17), ("faq_macantine_3_ehpad.pdf", 9)]
)
def test_each_numbered_question_of_the_real_faqs_is_an_entry(shared: Path, name: str, count: int) -> None:
    reading = shared_pdf(shared, name)

    entries = split(document(reading))

    assert all(entry.heading_text.endswith("?") for entry in entries)
    numbers = [reading.text[: entry.heading.start].rstrip()[-3:].strip() for entry in entries if entry.heading]
    assert numbers == [f"{number}." for number in range(1, count + 1)]


def test_the_headings_of_a_real_guide(shared: Path) -> None:
    reading = shared_pdf(shared, "guide_avancement_grade_cisirh.pdf")

    entries = split(document(reading, "guide"))

    assert len(reading.pages) == 48
    assert "Guide sur l’avancement de grade" not in reading.text  # the running header
    found = {entry.heading_text: entry for entry in entries}
    effective = found["III.2.1.2. L’ancienneté de services effectifs"]
    section = [span.of(reading.text) for span in effective.passages[0].section]
    assert section[-3:] == [
        "III. L’avancement de grade",
        "III.2. Les conditions d’éligibilité",
        "III.2.1. L’ancienneté nécessaire",
    ]
    assert document(reading).page_at(effective.body.start) == 14
    assert not any("-----" in passage.text for entry in entries for passage in entry.passages)


def test_a_column_of_a_real_guide_is_read_whole(shared: Path) -> None:
    text = shared_pdf(shared, "guide_covid_salarie_ministere_travail.pdf").text

    assert "Rester, autant que possible, à plus d’un mètre des autres" in text
    assert "CONSULTER ET S’ISOLER EN CAS DE SYMPTÔMES OU DE CONTAMINATION" in text
    assert "CAS C ON T ACT" not in " ".join(text.split())


def test_a_real_scan_is_refused_without_the_extra(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.readers.pdf.ocr_is_available", lambda: False)
    with pytest.raises(UnreadableDocumentError, match="images"):
        shared_pdf(shared, "scan_sans_texte_ricoh_guyane_legumes.pdf")


def test_a_line_in_a_broken_font_is_left_out_of_a_real_form(shared: Path) -> None:
    reading = shared_pdf(shared, "formulaire_demande_teletravail_cisirh.pdf")

    assert "IDENTIFICATION DE L’AGENT" in reading.text
    assert "ZĞĂĚĞƌ" not in reading.text
    assert [told.split("\u00a0:")[0] for told in reading.unread] == ["page 1"]


def test_words_that_no_longer_hold_are_left_out_of_a_real_file(shared: Path) -> None:
    text = shared_pdf(shared, "fiche_loi_climat_cnrc.pdf").text

    assert "Lorsqu'un agent mentionné au troisième alinéa constate" in text  # "deuxième" is struck out before it
    assert "restauration collective scolaire proposent, au moins" in text  # "sont tenus de proposer", glued to it

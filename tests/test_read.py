import hashlib
from pathlib import Path

import pytest
from conftest import plain
from seed_files import listed

from corpus.document import LIMITS, Document, Limits, Source
from corpus.errors import UnreadableDocumentError
from corpus.read import read_corpus
from corpus.readers.formats import read_file

FAQ = "# Foire aux questions\n\n## Qui paie ?\n\nL’État paie.\n\n## Quand ?\n\nEn 2021.\n"


def source(file: str, url: str | None = None) -> Source:
    return Source(Path(file).stem, "Titre", "ANCT", "2021-05", "faq", file, url)


def read_document(source: Source, folder: Path, limits: Limits = LIMITS) -> Document:
    return read_file(source, folder / "documents" / source.file, limits)


def corpus_of(tmp_path: Path, **files: str) -> Path:
    """A corpus folder whose catalogue names these files (``__`` is the dot); an empty one is not written."""
    (tmp_path / "documents").mkdir()
    tables = []
    for name, content in files.items():
        file = name.replace("__", ".")
        if content:
            (tmp_path / "documents" / file).write_text(content, encoding="utf-8")
        tables.append(listed(file))
    (tmp_path / "catalogue.toml").write_text("\n".join(tables), encoding="utf-8")
    return tmp_path


def test_a_document_carries_its_source_text_and_hash(tmp_path: Path) -> None:
    folder = corpus_of(tmp_path, faq__md=FAQ)

    document = read_document(source("faq.md"), folder)

    assert document.id == "faq"
    assert document.text == "Foire aux questions\n\nQui paie ?\n\nL’État paie.\n\nQuand ?\n\nEn 2021."
    assert document.sha256 == hashlib.sha256(FAQ.encode()).hexdigest()
    assert document.text[document.blocks[1].start : document.blocks[1].end] == "Qui paie ?"


def test_one_unreadable_document_does_not_keep_the_others_out(tmp_path: Path) -> None:
    folder = corpus_of(
        tmp_path,
        faq__md=FAQ,
        table__csv="id;question;réponse\nq1;Où ?;À Lille.\n",
        absent__txt="",
        casse__docx="pas un zip",
        titres__md="# Titre\n\n## Autre titre\n",
    )
    (folder / "documents" / "oublie.txt").write_text("x", encoding="utf-8")

    corpus = read_corpus(folder)

    assert [document.id for document in corpus.documents] == ["faq", "table"]
    assert [(entry.document.id, entry.id, entry.heading_text, entry.body_text) for entry in corpus.entries] == [
        ("faq", "qui-paie", "Qui paie ?", "L’État paie."),
        ("faq", "quand", "Quand ?", "En 2021."),
        ("table", "q1", "Où ?", "À Lille."),
    ]
    assert [(left.source.id, left.reason.split()[-1]) for left in corpus.left_out] == [
        ("absent", "manque."),
        ("casse", "extension."),
        ("titres", "citer."),
    ]
    assert "motamot inspect titres" in corpus.left_out[-1].remedy
    assert corpus.unlisted == ("oublie.txt",)


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocumentError, match=r"motamot fetch.*https://a.fr/guide.*guide.pdf"):
        read_document(source("guide.pdf", "https://a.fr/guide"), tmp_path)
    with pytest.raises(UnreadableDocumentError) as refused:
        read_document(source("guide.pdf"), tmp_path)
    assert f"Il a été cherché sous « {tmp_path / 'documents' / 'guide.pdf'} »" in plain(refused.value.remedy)


def test_an_unknown_format_names_those_that_are_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocumentError, match=r"«\u00a0\.doc\u00a0».*\.docx"):
        read_document(source("ancien.doc"), tmp_path)

"""One small file of each format, made here: what fuzzing starts from, and what hostile files are bent out of."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

QUESTION, ANSWER = "Qui paie les travaux ?", "La commune paie les travaux. L'État aide (voir https://a.fr/aide)."
TEXT = f"Foire aux questions\n\n1. {QUESTION}\n\n{ANSWER}\n\n• premier cas ;\n• second cas.\n\n2. Quand ?\n\nEn 2021.\n"
MARKDOWN = (
    f"# Foire\n\n## {QUESTION}\n\n{ANSWER}\n\n- un\n  - deux\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n"
    "**Et après ?**\n\nRien.\n"
)
HTML = (
    f"<!DOCTYPE html><html lang=fr><meta charset=utf-8><body><nav>Menu</nav><main><h1>Foire</h1><h2>{QUESTION}</h2>"
    f"<p>{ANSWER} <a href='https://a.fr/x'>lien</a></p><ul><li>un<ul><li>deux</ul></ul><table><tr><th>A<th>B<tr><td>1"
    "<td>2</table><details><summary>Quand ?</summary><p>En 2021.</p></details><script>go()</script></main></body>"
    "</html>"
)
CSV = f'id;question;réponse\nq1;{QUESTION};"{ANSWER}\n\nSuite."\nq2;Quand ?;En 2021.\n'


def listed(file: str, **given: str) -> str:
    """The table of a catalogue that lists a file under its own name, unless something else is given."""
    id_ = Path(file).stem
    said = {"id": id_, "title": id_, "publisher": "Ville", "date": "2024-03", "kind": "faq", "file": file, **given}
    return "\n".join(["[[source]]", *(f'{key} = "{value}"' for key, value in said.items()), ""])


def write_documents(folder: Path, documents: Mapping[str, str], **given: str) -> Path:
    """A corpus of these texts, by the names of their files; ``given`` is said of each in the catalogue."""
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    (folder / "catalogue.toml").write_text("\n".join(listed(name, **given) for name in documents), encoding="utf-8")
    return folder


_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"
ODT_HEAD = (
    f'<office:document-content xmlns:office="{_OFFICE}office:1.0" xmlns:text="{_OFFICE}text:1.0" '
    f'xmlns:table="{_OFFICE}table:1.0" xmlns:draw="{_OFFICE}drawing:1.0" xmlns:style="{_OFFICE}style:1.0" '
    f'xmlns:fo="{_OFFICE}xsl-fo-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    f'xmlns:svg="{_OFFICE}svg-compatible:1.0">'
)
_ODT_OPENING = "<office:body><office:text>"
ODT_FOOT = "</office:text></office:body></office:document-content>"
ODT_BODY = (
    f'<text:h text:outline-level="1">{QUESTION}</text:h><text:p>{ANSWER}</text:p><text:list><text:list-item><text:p>un'
    "</text:p><text:list><text:list-item><text:p>deux</text:p></text:list-item></text:list></text:list-item></text:list>"
    "<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>B"
    "</text:p></table:table-cell></table:table-row></table:table>"
)


def pdf(*, compressed: bool = False) -> bytes:
    """Two pages, each with a heading, a paragraph and a link; streams as text unless ``compressed``."""
    from fpdf import FPDF  # here and below: processes that need ``listed`` alone start a second earlier

    made = FPDF()
    made.set_compression(compressed)
    for question, answer in ((QUESTION, ANSWER), ("Quand ?", "Les travaux finissent en 2021, sauf au port.")):
        made.add_page()
        made.set_font("helvetica", style="B", size=14)
        made.multi_cell(0, 8, question, new_x="LMARGIN", new_y="NEXT")
        made.set_font("helvetica", size=11)
        made.multi_cell(0, 6, answer, link="https://a.fr/x", new_x="LMARGIN", new_y="NEXT")
    return bytes(made.output())


def word() -> bytes:
    """Headings, a list, a table, a bold question."""
    import docx

    made = docx.Document()
    made.add_heading(QUESTION, 1)
    made.add_paragraph(ANSWER)
    made.add_paragraph("un", style="List Bullet")
    made.add_paragraph().add_run("Et après ?").bold = True
    made.add_paragraph("Rien de plus.")
    for number, cell in enumerate(made.add_table(2, 2)._cells):
        cell.text = str(number)
    return saved(made.save)


def odt(
    body: str = ODT_BODY, prolog: str = "", *, styles: str = "", named: str = "", kind: str = "text", manifest: str = ""
) -> bytes:
    """An OpenDocument text with this body, its XML after ``prolog``; ``named`` styles are in a part of their own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        if named:
            head, foot = ODT_HEAD.replace("-content", "-styles"), "</office:styles></office:document-styles>"
            archive.writestr("styles.xml", f"{head}<office:styles>{named}{foot}")
        archive.writestr("content.xml", prolog + ODT_HEAD + styles + _ODT_OPENING + body + ODT_FOOT)
        manifest = f'<m:manifest xmlns:m="{_OFFICE}manifest:1.0">{manifest}</m:manifest>'
        archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def workbook() -> bytes:
    """Two questions in the first sheet."""
    import openpyxl

    made = openpyxl.Workbook()
    for row in (["id", "question", "réponse"], ["q1", QUESTION, ANSWER], [2.0, "Quand ?", "En 2021."]):
        made.active.append(row)
    return saved(made.save)


def rezipped(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same archive, each member put through ``change(name, content)``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


SEEDS: Mapping[str, Callable[[], bytes]] = {
    ".txt": TEXT.encode,
    ".md": MARKDOWN.encode,
    ".html": HTML.encode,
    ".csv": CSV.encode,
    ".pdf": pdf,
    ".docx": word,
    ".odt": odt,
    ".xlsx": workbook,
}
"""Suffix -> maker of a small file that its reader accepts."""

"""The phrasings of a draft as an Excel workbook, out and in: the same columns, nothing lost on the way."""

from io import BytesIO
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils.exceptions import InvalidFileException

from bot.phrases import counted
from bot.workshop.draft import WorkshopError
from bot.workshop.editing import Workshop
from bot.workshop.phrasings_file import MOST_CHARACTERS, Attached
from corpus.document import Entry

COLUMNS = ("entrée", "question du document", "titre court", "formulation")
_UNANSWERED = "(aucun texte n’y répond)"
"""In place of an entry."""
_NOTHING = Attached()


def workbook(workshop: Workshop) -> bytes:
    """One line for each phrasing, and one for each entry that has none."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Formulations"
    sheet.append(COLUMNS)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    attached = workshop.attached()
    for entry in workshop.corpus.entries:
        own = attached.get(entry.key, _NOTHING)
        for phrasing in own.phrasings or ("",):
            sheet.append([entry.key, " ".join(entry.heading_text.split()), own.title, phrasing])
    for document in dict.fromkeys(entry.document.id for entry in workshop.corpus.entries):
        for text in workshop.file(document).unanswered():
            sheet.append([f"{document}/", _UNANSWERED, "", text])
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            # A text that begins like a formula is a text.
            cell.data_type = "s" if cell.value is not None else cell.data_type
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, width in zip("ABCD", (28, 60, 28, 80), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def read_workbook(workshop: Workshop, content: bytes, author: str) -> str:
    """Make the phrasings of the draft those of a workbook, of the entries that it names; what changed, counted.

    Raises:
        WorkshopError: It is no such workbook, or a line names no entry: nothing is changed.
    """
    rows = _rows(content)
    entries = {entry.key: entry for entry in workshop.corpus.entries}
    wanted: dict[str, tuple[str, list[str]]] = {}
    for number, (key, _, title, phrasing) in rows:
        if key not in entries and key.rstrip("/") not in {e.document.id for e in entries.values()}:
            raise WorkshopError(
                f"Ligne {number} : l’entrée « {key} » n’est pas dans les documents. Gardez la première colonne telle "
                "que l’atelier l’a écrite ; rien n’a été changé."
            )
        if len(phrasing) > MOST_CHARACTERS:
            raise WorkshopError(f"Ligne {number} : une formulation a au plus {MOST_CHARACTERS} caractères.")
        before = wanted.setdefault(key, (title, []))
        before[1].extend([phrasing] if phrasing and phrasing not in before[1] else [])
    added, removed = 0, 0
    for key, (title, phrasings) in wanted.items():
        more, fewer = _change(workshop, key, entries.get(key), title, phrasings, author)
        added, removed = added + more, removed + fewer
    return (
        f"{counted(added, 'formulation ajoutée', 'formulations ajoutées')}, {counted(removed, 'retirée', 'retirées')}"
    )


def _change(
    workshop: Workshop, key: str, entry: Entry | None, title: str, phrasings: list[str], author: str
) -> tuple[int, int]:
    if entry is None:
        file = workshop.file(key.rstrip("/"))
        own = file.unanswered()
    else:
        attached = workshop.attached().get(key, _NOTHING)
        own = attached.phrasings
    add, remove = [p for p in phrasings if p not in own], [p for p in own if p not in phrasings]
    if entry is None:
        if add or remove:
            file.change_unanswered(add, remove)
    elif add or remove or title != attached.title:
        workshop.change(key, author, add, remove, title if title != attached.title else None)
    return len(add), len(remove)


def _rows(content: bytes) -> list[tuple[int, tuple[str, str, str, str]]]:
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        lines = [["" if v is None else str(v).strip() for v in row[:4]] for row in sheet.iter_rows(values_only=True)]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError, EOFError) as error:
        raise WorkshopError(
            "Ce fichier n’est pas un classeur Excel (.xlsx) lisible : enregistrez-le de nouveau dans ce format. "
            "Rien n’a été changé."
        ) from error
    if not lines or tuple(lines[0][:4]) != COLUMNS:
        raise WorkshopError(
            f"La première ligne doit nommer les colonnes : {', '.join(COLUMNS)}. Partez du tableau que l’atelier "
            "donne ; rien n’a été changé."
        )
    found = []
    for number, line in enumerate(lines[1:], 2):
        key, heading, title, phrasing = (*line, "", "", "", "")[:4]
        if key:
            found.append((number, (key, heading, title, phrasing)))
    return found

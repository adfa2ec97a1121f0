"""« Questions et formulations »: every entry, how often it is asked, and its phrasings; the same as a workbook."""

from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.phrases import counted
from bot.workshop.decisions import Act
from bot.workshop.draft import ConflictError, WorkshopError
from bot.workshop.editing import Workshop
from bot.workshop.inbox_pages import shown
from bot.workshop.phrasings_file import MOST_CHARACTERS, Attached, key_of, pasted_lines
from bot.workshop.views import field, fields, file, moved, number, page, posted
from index.french import fold

_A_PAGE = 50
_NOTHING = Attached()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _list(request: Request, trouble: str = "", status: int = 200) -> Response:
    asked, start = request.query_params.get("q", "").strip(), number(request, "de")
    wanted = fold(asked).split()
    workshop: Workshop = request.app.state.site.workshop
    attached, counts = workshop.attached(), workshop.counts()
    last = {d.key: d for d in workshop.decisions.all() if d.act.adds or d.act is Act.EDITED}
    found = []
    for key, each in shown(workshop).items():
        own = attached.get(key, _NOTHING)
        text = fold(" ".join((each.heading, own.title, *own.phrasings)))
        if all(word in text for word in wanted):
            found.append((each, own, counts.get(key, Counter()), last.get(key)))
    if request.query_params.get("tri") == "demandes":
        found.sort(key=lambda line: -line[2].total())
    return page(
        request,
        "entries.html",
        status=status,
        trouble=trouble,
        lines=found[start : start + _A_PAGE],
        n=len(found),
        start=start,
        size=_A_PAGE,
        asked=asked,
        order=request.query_params.get("tri", ""),
    )


def _entry(request: Request) -> Response:
    return _shown(request, request.query_params.get("entree", ""))


def _shown(
    request: Request,
    key: str,
    trouble: str = "",
    typed: str = "",
    title: str | None = None,
    elsewhere: Mapping[str, str] | None = None,
    n_added: int = 0,
    status: int = 200,
) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    entry, every = workshop.entry(key), shown(workshop)
    attached = workshop.attached().get(key, _NOTHING)
    return page(
        request,
        "entry.html",
        status=status,
        shown=every[key],
        body=entry.body_text if entry else "",
        attached=attached,
        title=attached.title if title is None else title,
        counts=workshop.counts().get(key, Counter()),
        typed=typed,
        elsewhere=[(text, every[other]) for text, other in (elsewhere or {}).items()],
        n_added=n_added,
        trouble=trouble,
    )


def _change(request: Request, form: FormData) -> Response:
    site = request.app.state.site
    workshop: Workshop = site.workshop
    key, typed, title = field(form, "entree"), field(form, "nouvelles"), field(form, "titre")
    move = fields(form, "deplacer")
    try:
        lines = list(dict.fromkeys([*pasted_lines(typed), *move]))
        taken = workshop.elsewhere(lines, key)
        held = {text: other for text, other in taken.items() if text not in move}
        add = [line for line in lines if line not in held]
        before = workshop.attached().get(key, _NOTHING)
        new_title = None if title == before.title else " ".join(title.split())
        after = workshop.change(
            key, site.author(request), add, fields(form, "retirer"), new_title, field(form, "revision")
        )
        _move(workshop, taken, move, site.author(request))
    except ConflictError as error:
        return _shown(request, key, str(error), typed, title, status=409)
    except WorkshopError as error:
        return _shown(request, key, str(error), typed, title, status=422)
    if held:
        return _shown(request, key, elsewhere=held, n_added=len({*after.phrasings} - {*before.phrasings}))
    return moved(request, "questions/entree", entree=key, dit="Enregistré dans le brouillon.")


def _move(workshop: Workshop, taken: Mapping[str, str], move: list[str], author: str) -> None:
    """Take what goes to another entry away from where it was; a heading stays where it is."""
    attached = workshop.attached()
    for text, key in taken.items():
        own = [t for t in attached.get(key, _NOTHING).phrasings if text in move and key_of(t) == key_of(text)]
        if own:
            workshop.change(key, author, remove=own)


def _workbook(request: Request) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="formulations.xlsx"'}
    return Response(workbook(request.app.state.site.workshop), media_type=XLSX, headers=headers)


def _read(request: Request, form: FormData) -> Response:
    site = request.app.state.site
    _, content = file(form, "tableau")
    try:
        changed = read_workbook(site.workshop, content, site.author(request))
    except WorkshopError as error:
        return _list(request, str(error), 409)
    return moved(request, "questions", dit=f"Tableau lu : {changed} dans le brouillon.")


# --- the workbook ---

COLUMNS = ("entrée", "question du document", "titre court", "formulation")
_BEFORE = "Avant"
"""A hidden sheet with what the workbook held when it was made: what others changed meanwhile is not undone."""

Line = tuple[str, str, str, str]


def workbook(workshop: Workshop) -> bytes:
    """One line for each phrasing, and one for each entry that has none."""
    attached = workshop.attached()
    lines = [
        (key, each.heading, own.title, phrasing)
        for key, each in shown(workshop).items()
        for own in [attached.get(key, _NOTHING)]
        for phrasing in own.phrasings or ("",)
    ]
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Formulations"
    before = book.create_sheet(_BEFORE)
    before.sheet_state = "hidden"
    for each in (sheet, before):
        _fill(each, lines)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column, width in zip("ABCD", (28, 60, 28, 80), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "A2"
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _fill(sheet: Worksheet, lines: Sequence[Line]) -> None:
    for line in (COLUMNS, *lines):
        sheet.append([text or None for text in line])
    for row in sheet.iter_rows(min_row=2):
        for cell in row:
            # A text that begins like a formula is a text.
            cell.data_type = "s" if cell.value is not None else cell.data_type
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def read_workbook(workshop: Workshop, content: bytes, author: str) -> str:
    """Change the phrasings of the draft as a workbook was changed, of the entries that it names; what changed, counted.

    Raises:
        WorkshopError: It is no such workbook, or a line cannot be used: nothing is changed.
    """
    rows, rows_before = _rows(content)
    attached, keys = workshop.attached(), shown(workshop).keys()
    for row, (key, _, _, phrasing) in rows.items():
        if key not in keys:
            raise WorkshopError(
                f"Ligne {row} : l’entrée « {key} » n’est pas dans les documents. Gardez la première colonne telle "
                "que l’atelier l’a écrite ; rien n’a été changé."
            )
        if len(phrasing) > MOST_CHARACTERS:
            raise WorkshopError(f"Ligne {row} : une formulation a au plus {MOST_CHARACTERS} caractères.")
    wanted, before = _by_entry(rows), attached | _by_entry(rows_before)
    _check_places(rows, wanted, before, attached)
    for key, own in wanted.items():
        was = before.get(key, _NOTHING)
        add = [text for text in own.phrasings if text not in was.phrasings]
        remove = [text for text in was.phrasings if text not in own.phrasings]
        if add or remove or own.title != was.title:
            workshop.change(key, author, add, remove, own.title if own.title != was.title else None)
    old, new = _pairs(attached), _pairs(workshop.attached())
    added, removed = len(new - old), len(old - new)
    return (
        f"{counted(added, 'formulation ajoutée', 'formulations ajoutées')}, {counted(removed, 'retirée', 'retirées')}"
    )


def _pairs(attached: Mapping[str, Attached]) -> set[tuple[str, str]]:
    return {(key, text) for key, own in attached.items() for text in own.phrasings}


def _by_entry(rows: Mapping[int, Line]) -> dict[str, Attached]:
    found: dict[str, Attached] = {}
    for key, _, title, phrasing in rows.values():
        own = found.setdefault(key, Attached((), title))
        new = (phrasing,) if phrasing and phrasing not in own.phrasings else ()
        found[key] = Attached((*own.phrasings, *new), own.title)
    return found


def _check_places(
    rows: Mapping[int, Line],
    wanted: Mapping[str, Attached],
    before: Mapping[str, Attached],
    attached: Mapping[str, Attached],
) -> None:
    """See that no line adds what another entry has."""
    places = {
        key_of(t): key for key, t in sorted(_pairs({**attached, **wanted})) if t in before.get(key, _NOTHING).phrasings
    }
    for row, (key, _, _, phrasing) in rows.items():
        is_new = phrasing and phrasing not in before.get(key, _NOTHING).phrasings
        other = places.setdefault(key_of(phrasing), key) if is_new else key
        if other != key:
            raise WorkshopError(
                f"Ligne {row} : « {phrasing} » est déjà rattachée à « {other} ». Gardez-la à un seul endroit ; "
                "rien n’a été changé."
            )


def _rows(content: bytes) -> tuple[dict[int, Line], dict[int, Line]]:
    """Number of each line -> what it says, now and when the workbook was made."""
    try:
        book = load_workbook(BytesIO(content), read_only=True, data_only=True)
        sheets = [book.worksheets[0], *(book[name] for name in book.sheetnames[1:] if name == _BEFORE)]
        now, *others = ([_line(row) for row in sheet.iter_rows(values_only=True)] for sheet in sheets)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError, EOFError) as error:
        raise WorkshopError(
            "Ce fichier n’est pas un classeur Excel (.xlsx) lisible : enregistrez-le de nouveau dans ce format. "
            "Rien n’a été changé."
        ) from error
    if not now or now[0] != COLUMNS:
        raise WorkshopError(
            f"La première ligne doit nommer les colonnes : {', '.join(COLUMNS)}. Partez du tableau que l’atelier "
            "donne ; rien n’a été changé."
        )
    numbered = [{n: line for n, line in enumerate(lines[1:], 2) if line[0]} for lines in (now, *others[:1])]
    return numbered[0], numbered[-1] if others else {}


def _line(row: Sequence[object]) -> Line:
    key, heading, title, phrasing = (*("" if v is None else str(v).strip() for v in row[:4]), "", "", "", "")[:4]
    return key, heading, title, phrasing


ROUTES = [
    Route("/questions", _list),
    Route("/questions/entree", _entry),
    Route("/questions/entree", posted(_change), methods=["POST"]),
    Route("/questions.xlsx", _workbook),
    Route("/questions.xlsx", posted(_read), methods=["POST"]),
]

"""« Questions et formulations »: every entry, how often it is asked, and its phrasings; the same as a workbook."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.workshop.decisions import Act, Decision
from bot.workshop.draft import ConflictError, WorkshopError
from bot.workshop.editing import Counts, Workshop
from bot.workshop.inbox_pages import Candidate, shown
from bot.workshop.phrasings_file import Attached, key_of, pasted_lines
from bot.workshop.views import field, fields, file, moved, page, posted
from bot.workshop.workbook import read_workbook, workbook
from index.french import fold

_A_PAGE = 50
_NOBODY = Counts()
_NOTHING = Attached()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A line of the list."""

    shown: Candidate
    attached: Attached
    counts: Counts
    last: Decision | None
    """Who changed it last, and when."""


def entry_lines(workshop: Workshop) -> list[EntryLine]:
    """All of them, in the order of the documents, then what these do not answer."""
    attached, counts = workshop.attached(), workshop.counts()
    last = {d.key: d for d in workshop.decisions.all() if d.act in (Act.PHRASING, Act.UNANSWERED, Act.EDITED)}
    return [
        EntryLine(each, attached.get(key, _NOTHING), counts.get(key, _NOBODY), last.get(key))
        for key, each in shown(workshop).items()
    ]


def _list(request: Request, trouble: str = "", status: int = 200) -> Response:
    asked, first = request.query_params.get("q", "").strip(), request.query_params.get("de", "0")
    start = int(first) if first.isdecimal() and len(first) < 9 else 0
    wanted = fold(asked).split()
    texts = (
        (line, fold(" ".join((line.shown.heading, line.attached.title, *line.attached.phrasings))))
        for line in entry_lines(request.app.state.site.workshop)
    )
    found = [line for line, text in texts if all(word in text for word in wanted)]
    if request.query_params.get("tri") == "demandes":
        found.sort(key=lambda line: -line.counts.asked)
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
        counts=workshop.counts().get(key, _NOBODY),
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


ROUTES = [
    Route("/questions", _list),
    Route("/questions/entree", _entry),
    Route("/questions/entree", posted(_change), methods=["POST"]),
    Route("/questions.xlsx", _workbook),
    Route("/questions.xlsx", posted(_read), methods=["POST"]),
]

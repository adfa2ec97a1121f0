"""« Documents »: what the draft holds, what was understood of it, a new edition, another document."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from copy import copy

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.legal_status import status_line
from bot.phrases import french_date
from bot.understood import report
from bot.workshop.draft import WorkshopError
from bot.workshop.draft_pages import SHOWN
from bot.workshop.editing import Workshop
from bot.workshop.phrasings_file import plain
from bot.workshop.updating import (
    FIELDS,
    Edition,
    add,
    compared,
    describe,
    is_other,
    named,
    taken,
    update,
    watched,
    withdraw,
)
from bot.workshop.views import field, file, moved, page, posted
from corpus.alignment import Fate
from corpus.catalogue import CATALOGUE, KINDS, NATURES, read_catalogue
from corpus.errors import MotamotError
from corpus.read import find_document
from corpus.split.split import split

KIND_NAMES = dict(zip(KINDS, ("foire aux questions", "circulaire", "guide", "page"), strict=True))
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""The policy of a page that is one file, its style and pictures in it."""


def _documents(request: Request, trouble: str = "", said: dict[str, str] | None = None, status: int = 200) -> Response:
    site = request.app.state.site
    workshop: Workshop = site.workshop
    job = copy(site.job)  # it may end while the page is made
    corpus = workshop.corpus
    sources = read_catalogue(workshop.draft.folder)
    others = {source.id for source in sources if is_other(workshop, source)}
    wanted = request.query_params.get("edition", "")
    edition: Edition | None = site.editions.get(wanted)
    if edition is None and wanted in others:
        edition = compared(workshop, wanted)
    in_service = {source.id: source.date for source in read_catalogue(workshop.draft.live)}
    return page(
        request,
        "documents.html",
        status=status,
        sources=sources,
        in_service=in_service,
        others=others,
        counts=Counter(entry.document.id for entry in corpus.entries),
        left_out={left.source.id: left for left in corpus.left_out},
        edition=edition,
        job=job,
        replay=workshop.indexes.checked() if edition and not job.is_running else None,
        shown=SHOWN,
        watched=watched(workshop),
        fates=list(Fate),
        fields=FIELDS,
        choices={"kind": KIND_NAMES, "nature": {"": "non dite", **dict(zip(NATURES, NATURES, strict=True))}},
        status_line=status_line,
        said=said or {},
        sheets={
            table["id"]: {key: french_date(str(value)) for key, value in table.items()}
            for table in plain(workshop.draft.folder / CATALOGUE)["source"]
        },
        trouble=trouble,
    )


def _update(request: Request, form: FormData) -> Response:
    given = (field(form, "document"), *file(form, "fichier"), field(form, "date"))
    return _changed(request, lambda workshop: update(workshop, *given))


def _describe(request: Request, form: FormData) -> Response:
    document, said = field(form, "document"), {key: field(form, key) for key in FIELDS}
    try:
        describe(request.app.state.site.workshop, document, said)
    except MotamotError as error:
        return _documents(request, str(error), said | {"document": document}, status=422)
    return moved(request, "documents", dit="Fiche enregistrée dans le brouillon.")


def _add(request: Request, form: FormData) -> Response:
    said = {key: field(form, key) for key in ("id", *FIELDS)}
    return _changed(request, lambda workshop: add(workshop, said, *file(form, "fichier")), said)


def _take(request: Request, form: FormData) -> Response:
    return _changed(request, lambda workshop: taken(workshop, field(form, "document")))


def _withdraw(request: Request, form: FormData) -> Response:
    site, document = request.app.state.site, field(form, "document")
    withdraw(site.workshop, document)
    site.editions.pop(document, None)
    return moved(request, "documents", dit="Retiré du brouillon.")


def _changed(request: Request, change: Callable[[Workshop], Edition], said: dict[str, str] | None = None) -> Response:
    """Change a document of the draft, and find out meanwhile which answers change."""
    site = request.app.state.site
    try:
        edition = change(site.workshop)
    except MotamotError as error:
        return _documents(request, str(error), said, status=422)
    site.editions[edition.document] = edition
    with suppress(WorkshopError):  # another is under way: the page offers the check for when it is done
        site.start_check()
    return moved(request, "documents", edition=edition.document)


def _understood(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    document = named(workshop, request.query_params.get("document", ""))
    found, path = find_document(document.id, workshop.draft.folder)
    html = report(found, split(found), path)
    return HTMLResponse(html, headers={"Content-Security-Policy": _PICTURE, "Cache-Control": "no-store"})


ROUTES = [
    Route("/documents", _documents),
    Route("/documents/edition", posted(_update), methods=["POST"]),
    Route("/documents/fiche", posted(_describe), methods=["POST"]),
    Route("/documents/prendre", posted(_take), methods=["POST"]),
    Route("/documents/retirer", posted(_withdraw), methods=["POST"]),
    Route("/documents/ajouter", posted(_add), methods=["POST"]),
    Route("/documents/compris", _understood),
]

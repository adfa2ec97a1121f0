"""« Documents »: what the draft holds, what was understood of it, a new edition, another document."""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.understood import report
from bot.workshop.draft import WorkshopError
from bot.workshop.editing import Workshop
from bot.workshop.editions import Fate
from bot.workshop.inbox_pages import candidate
from bot.workshop.updating import Edition, add, update
from bot.workshop.views import field, page
from bot.workshop.watching import taken, watched
from corpus.catalogue import KINDS, NATURES, read_catalogue
from corpus.errors import MotamotError
from corpus.read import find_document
from corpus.split.split import split

KIND_NAMES = dict(zip(KINDS, ("foire aux questions", "circulaire", "guide", "page"), strict=True))
_KEYS = (
    *("id", "title", "publisher", "date", "kind", "notice"),
    *("nature", "signed", "published", "published_on", "in_force", "repealed", "replaced_by"),
)
_SHOWN = 30
"""Questions of a document that are shown at once."""
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""The policy of a page that is one file, its style and pictures in it."""


async def _show(request: Request) -> Response:
    return await run_in_threadpool(_documents, request)


def _documents(
    request: Request,
    trouble: str = "",
    edition: Edition | None = None,
    said: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    corpus = workshop.corpus
    counts = {source.id: 0 for source in read_catalogue(workshop.draft.folder)}
    for entry in corpus.entries:
        counts[entry.document.id] += 1
    new = [pair.after for pair in edition.of(Fate.NEW) if pair.after] if edition else []
    return page(
        request,
        "documents.html",
        status=status,
        sources=read_catalogue(workshop.draft.folder),
        counts=counts,
        left_out={left.source.id: left for left in corpus.left_out},
        edition=edition,
        watched={each.document: each for each in watched(workshop)},
        fates=list(Fate),
        new=list(map(candidate, new[:_SHOWN])),
        kinds=KIND_NAMES,
        natures=NATURES,
        said=said or {},
        trouble=trouble,
    )


async def _update(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    async with request.form() as form:
        document, (name, content) = field(form, "document"), await _file(form)

    def work() -> Response:
        try:
            return _documents(request, edition=update(workshop, document, name, content))
        except MotamotError as error:
            return _documents(request, str(error), status=422)

    return await run_in_threadpool(work)


async def _add(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    async with request.form() as form:
        said, (name, content) = {key: field(form, key) for key in _KEYS}, await _file(form)

    def work() -> Response:
        try:
            return _documents(request, edition=add(workshop, said, name, content))
        except MotamotError as error:
            return _documents(request, str(error), said=said, status=422)

    return await run_in_threadpool(work)


async def _take(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    async with request.form() as form:
        document = field(form, "document")

    def work() -> Response:
        try:
            return _documents(request, edition=taken(workshop, document))
        except MotamotError as error:
            return _documents(request, str(error), status=422)

    return await run_in_threadpool(work)


async def _file(form: FormData) -> tuple[str, bytes]:
    given = form.get("fichier")
    return (given.filename or "", await given.read()) if isinstance(given, UploadFile) else ("", b"")


async def _understood(request: Request) -> Response:
    workshop: Workshop = request.app.state.site.workshop
    document = request.query_params.get("document", "")

    def work() -> Response:
        if document not in {source.id for source in read_catalogue(workshop.draft.folder)}:
            raise WorkshopError(f"Il n’y a pas de document « {document} » dans le catalogue.")
        found, path = find_document(document, workshop.draft.folder)
        html = report(found, split(found), path)
        return HTMLResponse(html, headers={"Content-Security-Policy": _PICTURE, "Cache-Control": "no-store"})

    return await run_in_threadpool(work)


ROUTES = [
    Route("/documents", _show),
    Route("/documents/edition", _update, methods=["POST"]),
    Route("/documents/prendre", _take, methods=["POST"]),
    Route("/documents/ajouter", _add, methods=["POST"]),
    Route("/documents/compris", _understood),
]

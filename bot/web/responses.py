"""Pages and errors as responses: strict policies, RFC 9457 problem documents, everything in French."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NotRequired

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from bot import phrases
from bot.logs import LOG, report_failure
from bot.web import dev_phrases
from bot.web.branding import Branding
from bot.web.render import TEMPLATES
from corpus.errors import IndexStoreError

MEDIA_TYPE = "application/problem+json"


class RefusedError(Exception):
    """A request that gets an error instead of an answer; its message is in French, for the person who reads it."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers


class FieldError(TypedDict):
    """One thing that is wrong in the body of a request."""

    pointer: str
    detail: str


class Problem(TypedDict):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[FieldError]]


def problem(
    status: int, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem document, in French; ``errors`` say what is wrong in a body, place by place."""
    body: Problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def strict_page(html: str, status: int, frame_ancestors: str) -> HTMLResponse:
    """A page of ours, which may use files of this server, and nothing written in the page."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {frame_ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Content-Language": "fr",
        "Cache-Control": "no-store",
        "Vary": "Accept",
    }
    return HTMLResponse(html, status, headers)


def base_of(request: Request) -> str:
    """From the root of the host to that of the site: the prefix is known to the server, not to the address."""
    return f"{request.scope.get('root_path', '').rstrip('/')}/"


def page(request: Request, template: str, *, status: int = 200, base: str = "", **values: Any) -> HTMLResponse:
    """A page of ours, of a template that extends ``layout.html``; ``base`` leads from it to the root of the site."""
    branding: Branding = request.app.state.branding
    html = TEMPLATES.get_template(template).render(branding=branding, base=base, **values)
    return strict_page(html, status, branding.frame_ancestors)


def explain(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error: a page for the person who follows a link, a problem document for a program."""
    if not wants_page(request):
        return problem(status, detail, headers=headers)
    title = phrases.ERROR_TITLES.get(status, phrases.ERROR_TITLE)
    response = page(request, "error.html", status=status, base=base_of(request), title=title, detail=detail)
    response.headers.update(headers or {})
    return response


def told(error: Exception) -> str:
    """What a visitor reads of an error of ours; where an index is, and why it cannot be read, is for the log."""
    if not isinstance(error, IndexStoreError):
        return str(error)
    LOG.error("%s", error)
    return phrases.TEXTS_AWAY


async def refused(request: Request, error: Exception) -> Response:
    """The handler of ``RefusedError``."""
    assert isinstance(error, RefusedError)
    return explain(request, error.status, str(error), error.headers)


def wants_page(request: Request) -> bool:
    """Whether a person's browser is to show what is answered."""
    return request.method in {"GET", "HEAD"} and accepts_html(request)


def accepts_html(request: Request) -> bool:
    """Whether the caller names HTML among what it reads; a program that takes anything does not."""
    return "text/html" in request.headers.get("accept", "").lower()


FOREIGN = {
    400: phrases.MALFORMED,
    403: phrases.NOT_FOUND,
    404: phrases.NOT_FOUND,
    405: dev_phrases.METHOD,
    413: phrases.BODY_TOO_LARGE,
    416: phrases.WRONG_RANGE,
    422: phrases.MALFORMED,
}
"""What is said instead of the errors of libraries, by status."""


class FrenchErrors:
    """ASGI middleware that says in French that the service failed, or what a library says in English."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False
        status = 0
        """Of an answer that is not given as it is."""

        async def watched(message: Message) -> None:
            nonlocal begun, status
            if message["type"] == "http.response.start" and _in_english(message):
                status = message["status"]
            elif not status:
                begun = True
                await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            # Whatever it is, a person reads French; the log gets the trace, without the question.
            report_failure("a request could not be answered", error)
            status = 500
        if status:
            detail = FOREIGN.get(status, phrases.SERVER_ERROR)
            await explain(Request(scope), status, detail)(scope, receive, send)


def _in_english(start: Message) -> bool:
    """Whether an answer is an error that is not ours: those are problem documents and pages."""
    kind = Headers(raw=start["headers"]).get("content-type", "").partition(";")[0]
    return start["status"] >= 400 and kind not in {MEDIA_TYPE, "text/html"}


def address_of(request: Request) -> str:
    """Address of the site as the browser sees it, a slash at its end."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope['root_path']}/"

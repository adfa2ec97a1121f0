"""Pages of the workshop as responses: templates, layout, messages, one place."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment
from jinja2.ext import Extension
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from bot import phrases
from bot.answer import Kind
from bot.evaluation import words
from bot.settings import config_file
from bot.web.pages import FRESH
from bot.web.render import TYPES, content, templates
from bot.web.responses import base_of, strict_page
from corpus.errors import typeset

_OWN = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_FILES = {path.name: path for path in (_OWN / "static").iterdir() if path.suffix in _TYPES}
_SHARED = ("theme.css", "icon.svg")
"""Files of the service's own pages."""


class _Typeset(Extension):
    """Templates may be written with plain spaces."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return typeset(source)


def _environment() -> Environment:
    environment = templates(_OWN / "templates")
    environment.add_extension(_Typeset)
    environment.globals |= {
        "verdict_name": words.verdict_name,
        "promise": words.promise,
        "kinds": KINDS,
        "counted": phrases.counted,
        "config_file": config_file,
    }
    environment.filters |= {
        "day": lambda moment: phrases.french_date(local(moment).date().isoformat()),
        "moment": lambda moment: phrases.french_moment(local(moment)),
        "share": words.share,
        "query": urlencode,
    }
    return environment


def local(moment: str) -> datetime:
    """A moment in ISO 8601 by the clock of this machine."""
    return datetime.fromisoformat(moment).astimezone()


KINDS = {
    Kind.ANSWER: "Répond",
    Kind.CLARIFY: "Propose des questions",
    Kind.REFUSE: "Ne répond pas",
    Kind.SMALLTALK: "Prend pour une politesse",
}
TEMPLATES = _environment()


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; what all pages show comes with it."""
    shared = {"base": base_of(request), "message": request.query_params.get("dit", ""), "trouble": "", "status": status}
    if "nav" not in values:
        shared["nav"] = request.app.state.site.nav()
    html = TEMPLATES.get_template(template).render(shared | values)
    return strict_page(html, status, "'none'")


def told(request: Request, status: int, title: str, detail: str) -> HTMLResponse:
    """A page that says one thing; before the doors, where there is no application, it shows nothing of what is inside.

    What failed may fail again: behind them, it leads to the other pages without their counts.
    """
    nav = {"to_decide": 0, "changed": 0} if "app" in request.scope else None
    return page(request, "told.html", status=status, title=title, detail=typeset(detail), nav=nav, message="")


def moved(request: Request, path: str, **query: str) -> RedirectResponse:
    """To another page of the workshop, after something was done; ``dit`` is what it says."""
    return RedirectResponse(f"{base_of(request)}{path}{'?' if query else ''}{urlencode(query)}", 303)


def number(request: Request, name: str) -> int:
    """A number of the address; 0 where there is none."""
    typed = request.query_params.get(name, "")
    return int(typed) if typed.isdecimal() and len(typed) < 9 else 0


def posted(work: Callable[[Request, FormData], Response]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a form: read here, and dealt with in a thread, as Starlette does with pages."""

    async def endpoint(request: Request) -> Response:
        async with request.form() as form:
            return await run_in_threadpool(work, request, form)

    return endpoint


def field(form: FormData, name: str) -> str:
    """What was typed in a field."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def fields(form: FormData, name: str) -> list[str]:
    """The values of what was ticked."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


def file(form: FormData, name: str) -> tuple[str, bytes]:
    """Name and content of a file that was given; nothing where there is none."""
    given = form.get(name)
    return (given.filename or "", given.file.read()) if isinstance(given, UploadFile) else ("", b"")


async def static_file(request: Request) -> Response:
    """A file of the workshop's pages."""
    name = request.path_params["name"]
    if name in _FILES:
        return FileResponse(_FILES[name], media_type=_TYPES[_FILES[name].suffix], headers=FRESH)
    if name in _SHARED:
        return Response(content(name), media_type=TYPES[name], headers=FRESH)
    return told(request, 404, "Cette page n’existe pas", "Revenez à l’accueil de l’atelier.")

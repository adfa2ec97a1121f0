"""The workshop as a site: its routes, what is said of errors, who may enter.

Whoever opens the one-time link may, or whom a trusted proxy names.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from threading import Lock, Thread

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.logs import report_failure
from bot.web.responses import problem
from bot.web.security import HOST, SAME_SITE, HttpGuard, is_one_of, local_path, with_headers
from bot.workshop import document_pages, draft_pages, entry_pages, inbox_pages, month
from bot.workshop.draft import WorkshopError
from bot.workshop.editing import Workshop
from bot.workshop.replay import Told
from bot.workshop.updating import Edition
from bot.workshop.views import static_file, told
from corpus.errors import MotamotError

COOKIE = "motamot-atelier"
ENTRANCE = "/entrer"
MOST_BODY = 64 * 1024 * 1024
"""Bytes: the largest document that is read, and the form around it."""
_ONLY_LINK = (
    "L’atelier s’ouvre par le lien que « motamot atelier » affiche, et qui ne sert qu’une fois. Relancez cette "
    "commande pour en avoir un nouveau."
)
_ONLY_PROXY = "L’atelier n’est ouvert qu’à travers le serveur de l’organisme, à qui y est connecté."


class Access(HttpGuard):
    """Lets in who holds the link's cookie or comes, named, through a trusted proxy.

    Args:
        app: The workshop.
        header: In which the proxy says who is connected; empty where the link is used.
        proxies: Addresses and networks of trusted proxies.
        hosts: Names under which the workshop is reached; another is an attack by a name that was made to lead here.
    """

    def __init__(self, app: ASGIApp, header: str, proxies: Sequence[str], hosts: Sequence[str]) -> None:
        super().__init__(app)
        self.header = header
        self.hosts = frozenset(hosts)
        self.key = secrets.token_urlsafe(24)
        """Of the link; empty once it served."""
        self._cookie = secrets.token_urlsafe(24)
        self._proxies = proxies

    async def meet(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the link, refuse, or pass the request on."""
        request = Request(scope)
        app = self._refusal(request) or self._entered(request) or self.app
        await app(scope, receive, with_headers(send))

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if not HOST.fullmatch(host) or (self.hosts and re.sub(r":\d+$", "", host) not in self.hosts):
            return problem(400, "Cette adresse n’est pas celle de l’atelier.")
        if request.method == "POST" and request.headers.get("sec-fetch-site", "none") not in SAME_SITE:
            return problem(403, "Cette demande vient d’un autre site.")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY or "transfer-encoding" in request.headers:
            return problem(413, "Ce fichier dépasse la taille permise.")
        if local_path(request.scope).startswith("/motamot/"):
            return None
        if self.header:
            return None if self._named(request) else told(request, 403, "L’atelier est fermé", _ONLY_PROXY)
        is_inside = compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode())
        if is_inside or local_path(request.scope) == ENTRANCE:
            return None
        return told(request, 403, "L’atelier est fermé", _ONLY_LINK)

    def _entered(self, request: Request) -> Response | None:
        """The answer to the link."""
        if local_path(request.scope) != ENTRANCE or self.header:
            return None
        given = request.query_params.get("cle", "")
        if not self.key or not compare_digest(given.encode(), self.key.encode()):
            return told(request, 403, "Ce lien ne sert plus", _ONLY_LINK)
        self.key = ""
        response = RedirectResponse(".", 303)
        response.set_cookie(COOKIE, self._cookie, httponly=True, samesite="strict")
        return response

    def _named(self, request: Request) -> bool:
        peer = request.client.host if request.client else ""
        return is_one_of(peer, self._proxies) and bool(author_of(request.headers, self.header))


def author_of(headers: Headers, header: str) -> str:
    """Who the proxy says it is, one line."""
    return " ".join(headers.get(header, "").split())[:100]


_SHORT = 1.0
"""Seconds that a page waits for long work, before it shows how far that is."""


@dataclass(slots=True)
class Job:
    """Long work of the workshop, one at a time."""

    name: str = ""
    """Of the work, as the page says what goes on."""
    done: int = 0
    total: int = 0
    is_running: bool = False
    said: str = ""
    """What it came to."""
    trouble: str = ""
    lock: Lock = field(default_factory=Lock)

    def start(self, name: str, work: Callable[[Told], str]) -> None:
        """Do it in a thread; what is short is done when this returns."""
        with self.lock:
            if self.is_running:
                raise WorkshopError(
                    f"{self.name} en cours, dans une autre fenêtre ou par quelqu’un d’autre. Rien n’a été fait : "
                    "recommencez quand ce sera fini."
                )
            self.is_running, self.name = True, name
            self.done, self.total, self.said, self.trouble = 0, 0, "", ""
        thread = Thread(target=self._run, args=(work,), name="motamot-workshop", daemon=True)
        thread.start()
        thread.join(_SHORT)

    def _run(self, work: Callable[[Told], str]) -> None:
        try:
            self.said = work(self._progress)
        except MotamotError as error:
            self.trouble = str(error)
        except Exception as error:  # noqa: BLE001  the page says it; the log has the trace
            report_failure("the work of the workshop ended", error)
            self.trouble = "Une erreur de Motamot a arrêté ce travail : rien n’a été publié."
        finally:
            self.is_running = False

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Site:
    """What the pages share; a trusted proxy names in ``header`` who is connected, else it is the owner."""

    def __init__(self, workshop: Workshop, header: str, owner: str) -> None:
        self.workshop = workshop
        self.job = Job()
        self.note = ""
        """Of the publication that was asked for last."""
        self.editions: dict[str, Edition] = {}
        """What the last change of each document changed, since the workshop was opened."""
        self._header = header
        self._owner = owner

    def author(self, request: Request) -> str:
        """Who is at work."""
        return (author_of(request.headers, self._header) if self._header else "") or self._owner

    def start_check(self) -> None:
        """Replay everything known."""

        def check(told: Told) -> str:
            self.workshop.indexes.check(told)
            return ""

        self.job.start("Contrôle", check)

    def nav(self) -> dict[str, int]:
        """What every page shows of the state of the work: groups to decide about, changes of the draft."""
        changed = sum(max(change.n_lines, 1) for change in draft_pages.changes(self.workshop))
        return {"to_decide": len(self.workshop.groups()), "changed": changed}


def build_workshop(
    workshop: Workshop, *, header: str = "", proxies: Sequence[str] = (), hosts: Sequence[str] = (), owner: str = ""
) -> tuple[Access, Starlette]:
    """The site, behind its door: the arguments are those of ``Access`` and ``Site``."""
    pages = (inbox_pages, entry_pages, document_pages, draft_pages, month)
    routes = [*(route for each in pages for route in each.ROUTES), Route("/motamot/{name}", static_file)]
    handlers = {MotamotError: _unable, HTTPException: _not_served, Exception: _failed}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.site = Site(workshop, header, owner)
    return Access(app, header, proxies, hosts), app


async def _unable(request: Request, error: Exception) -> Response:
    title = "Ce n’est pas fait" if request.method == "POST" else "Cette page ne peut pas être montrée"
    return told(request, 409, title, str(error))


async def _not_served(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return told(request, status, "Cette page n’existe pas", "Revenez à l’accueil de l’atelier.")


async def _failed(request: Request, error: Exception) -> Response:
    report_failure("a page of the workshop could not be made", error)
    return told(request, 500, "L’atelier a rencontré une erreur", "Rien n’a été publié. Revenez à la page précédente.")

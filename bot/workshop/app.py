"""The workshop as a site: its routes, who may enter, what is said of errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock, Thread

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.logs import LOG, report_failure
from bot.workshop import document_pages, draft_pages, entry_pages, inbox_pages, month_pages
from bot.workshop.access import Access, author_of
from bot.workshop.editing import Workshop
from bot.workshop.updating import Edition
from bot.workshop.views import static_file, told
from corpus.errors import MotamotError


@dataclass(frozen=True, slots=True)
class Nav:
    """What every page shows of the state of the work."""

    to_decide: int
    changed: int


@dataclass(slots=True)
class Job:
    """Long work of the workshop, one at a time."""

    done: int = 0
    total: int = 0
    is_running: bool = False
    trouble: str = ""
    lock: Lock = field(default_factory=Lock)

    def start(self, work: Callable[[Callable[[int, int], None]], object]) -> None:
        """Do it in a thread, unless one is under way."""
        with self.lock:
            if self.is_running:
                return
            self.is_running, self.done, self.total, self.trouble = True, 0, 0, ""
        Thread(target=self._run, args=(work,), name="motamot-workshop", daemon=True).start()

    def _run(self, work: Callable[[Callable[[int, int], None]], object]) -> None:
        try:
            work(self._told)
        except MotamotError as error:
            self.trouble = str(error)
        except Exception as error:  # noqa: BLE001  the page says it; the log has the trace
            report_failure(LOG, "the work of the workshop ended", error)
            self.trouble = "Une erreur de Motamot a arrêté ce travail : rien n’a été publié."
        finally:
            self.is_running = False

    def _told(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class Site:
    """What the pages share.

    Args:
        workshop: What they show and change.
        header: In which a trusted proxy names who is connected.
        owner: Who works where there is no proxy.
    """

    def __init__(self, workshop: Workshop, header: str, owner: str) -> None:
        self.workshop = workshop
        self.job = Job()
        self.editions: dict[str, Edition] = {}
        """What the last change of each document changed, since the workshop was opened."""
        self._header = header
        self._owner = owner

    def author(self, request: Request) -> str:
        """Who is at work."""
        return (author_of(request.headers, self._header) if self._header else "") or self._owner

    def nav(self) -> Nav:
        """What every page shows."""
        return Nav(len(self.workshop.groups()), len(self.workshop.draft.sync().changed))


def build_workshop(
    workshop: Workshop, *, header: str = "", proxies: Sequence[str] = (), hosts: Sequence[str] = (), owner: str = ""
) -> tuple[Access, Starlette]:
    """The site, behind its door: the arguments are those of ``Access`` and ``Site``."""
    routes = [
        *inbox_pages.ROUTES,
        *entry_pages.ROUTES,
        *document_pages.ROUTES,
        *draft_pages.ROUTES,
        *month_pages.ROUTES,
    ]
    routes.append(Route("/motamot/{name}", static_file))
    handlers = {MotamotError: _unable, HTTPException: _not_served, Exception: _failed}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.site = Site(workshop, header, owner)
    return Access(app, header, proxies, hosts), app


async def _unable(request: Request, error: Exception) -> Response:
    return told(request, 409, "Ce n’est pas fait", str(error))


async def _not_served(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return told(request, status, "Cette page n’existe pas", "Revenez à l’accueil de l’atelier.")


async def _failed(request: Request, error: Exception) -> Response:
    report_failure(LOG, "a page of the workshop could not be made", error)
    return told(request, 500, "L’atelier a rencontré une erreur", "Rien n’a été publié. Revenez à la page précédente.")

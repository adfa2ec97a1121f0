"""The web server: the chat page, the answer endpoint, and the guard in front of both."""

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bot import phrases
from bot.journal import Journal
from bot.service import AssistantLike, Desk
from bot.web import dev_phrases
from bot.web.api import build_api, invalid
from bot.web.branding import House
from bot.web.client_address import LOOPBACK, NO_LIMIT
from bot.web.connections import PatientProtocol, allow_many_files
from bot.web.door import ChatDoor
from bot.web.gradio_page import mount_chat
from bot.web.health import MetricsFor, build_running
from bot.web.page import PageMender
from bot.web.pages import build_pages
from bot.web.problem import problem
from bot.web.proof import build_proof
from bot.web.rate_limits import Limiter
from bot.web.reply import build_reply
from bot.web.responses import LastResort, explain
from bot.web.security import Guard, Published
from bot.web.source_files import Originals
from bot.web.turnstile import Turnstile
from corpus.errors import MotamotError

OWN_FILES = {
    "theme.css": "text/css",
    "chat.css": "text/css",
    "chat.js": "text/javascript",
    "panel.css": "text/css",
    "panel.js": "text/javascript",
    "pages.css": "text/css",
    "integration.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "proof.css": "text/css",
    "quote.js": "text/javascript",
    "api.css": "text/css",
    "feedback.css": "text/css",
    "feedback.js": "text/javascript",
}
"""Files of this folder served as they are."""

_NOBODY = House()


@dataclass(frozen=True, slots=True)
class Service:
    """How the site is run."""

    journal: Journal | None = None
    """Where questions are written down; None for nowhere."""
    rate: str = NO_LIMIT
    """Questions that one client may send, such as ``60/minute``."""
    trusted_proxies: tuple[str, ...] = LOOPBACK
    """Addresses and networks whose ``X-Forwarded-For`` is believed."""
    metrics_for: MetricsFor = "local"


_PLAIN = Service()


def build_app(
    assistant: AssistantLike,
    *,
    root_path: str = "",
    house: House = _NOBODY,
    corpus: Path | None = None,
    service: Service = _PLAIN,
) -> FastAPI:
    """The whole site on one assistant.

    Args:
        assistant: Answers the questions; called from several threads at once.
        root_path: Prefix under which a proxy publishes the site, such as ``/assistant``; the
            proxy may keep or strip it.
        house: The organisation that answers for the site.
        corpus: Folder of the catalogue, where the original files are; without it no proof says that they still hold.
        service: Journal, limits, who may look.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.house = house
    desk = Desk(assistant, service.journal, house.contact)
    app.include_router(build_pages(desk, house))
    app.include_router(build_proof(assistant, Originals(corpus), datetime.now))
    app.include_router(build_reply(desk, datetime.now))
    _add_endpoints(app)
    app.include_router(build_api(desk))
    app.include_router(build_running(desk, service.metrics_for))
    _add_problems(app)
    app.state.chat = mount_chat(app, desk, root_path)
    functions = app.state.chat.get_blocks().fns
    app.add_middleware(ChatDoor, functions={number: len(function.inputs) for number, function in functions.items()})
    app.add_middleware(PageMender, house=house, feedback=service.journal is not None)
    # Its presence also keeps Gradio from answering any origin with credentials.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(LastResort)
    app.add_middleware(Turnstile, refused=desk.metrics.refused_questions)
    if service.rate != NO_LIMIT:
        app.add_middleware(Limiter, rate=service.rate, refused=desk.metrics.refused_clients)
    app.add_middleware(Guard, frame_ancestors=house.frame_ancestors)
    app.add_middleware(Published, root_path=root_path)
    # Who asks, and by http or https, as said by a proxy that the operator trusts.
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(service.trusted_proxies))
    return app


def _add_endpoints(app: FastAPI) -> None:
    @app.get("/motamot/{name}")
    async def own_file(name: str) -> Response:
        if name not in OWN_FILES:
            return problem(404, phrases.NOT_FOUND)
        return FileResponse(
            Path(__file__).parent / "static" / name,
            media_type=OWN_FILES[name],
            headers={"Cache-Control": "no-cache"},
        )


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def misshapen(request: Request, error: RequestValidationError) -> Response:
        return invalid(request, error.errors())

    @app.exception_handler(MotamotError)
    async def unable(request: Request, error: MotamotError) -> Response:
        return explain(request, 503, str(error))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        phrase = {400: dev_phrases.UNREADABLE, 405: dev_phrases.METHOD}
        return explain(request, error.status_code, phrase.get(error.status_code, phrases.NOT_FOUND))


def configuration(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """How the application is served; requests are logged nowhere."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=PatientProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the application reads them, from the proxies it trusts
        log_config=None,  # ours
        timeout_graceful_shutdown=5,  # seconds for the answers under way
    )


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until interrupted."""
    allow_many_files()
    # Threads that answer leave the interpreter to the one that listens after 1 ms, and not 5 each.
    sys.setswitchinterval(0.001)
    uvicorn.Server(configuration(app, host, port)).run()

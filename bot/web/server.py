"""The web server: the application and how it is served; slow and silent connections are closed."""

import asyncio
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot import phrases
from bot.journal import Journal
from bot.service import AssistantLike, Service
from bot.web import dev_phrases
from bot.web.api import build_api, invalid
from bot.web.branding import Branding
from bot.web.client_address import LOOPBACK, NO_LIMIT
from bot.web.gradio_page import ChatDoor, PageMender, mount_chat
from bot.web.health import MetricsFor, build_running
from bot.web.pages import build_pages
from bot.web.proof import build_proof, build_reply
from bot.web.rate_limits import QuestionQueue, RateLimiter
from bot.web.responses import FrenchErrors, explain, problem
from bot.web.security import HEADERS, RootPath, Security
from bot.web.source_files import Originals
from corpus.errors import MotamotError

IDLE_SECONDS = 15.0
"""For the head of a request, and for a client to read a part of its answer; at most twice that."""
MOST_AHEAD = 65_536
"""Bytes sent before the answer to what came earlier; browsers wait for it."""
MOST_FILES = 65_536
"""Files and connections that the process may have open, where the system lets it."""


class TimeoutProtocol(H11Protocol):
    """uvicorn's own, which waits without end for the first request and for one that comes letter by letter."""

    idle_seconds = IDLE_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Watch the connection from its first moment on."""
        super().connection_made(transport)
        self._seen: Any = None
        self._unread = 0
        self._watch = self.loop.call_later(self.idle_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch it no more."""
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take no more than a little ahead: uvicorn takes a piece with each answer, and keeps all of them."""
        super().data_received(data)
        if self.conn.their_state is h11.DONE and len(self.conn.trailing_data[0]) > MOST_AHEAD:
            self.transport.abort()

    def _look(self) -> None:
        waiting = self.cycle is None or self.cycle.response_complete
        unread = self.transport.get_write_buffer_size()
        stuck = unread > 0 and unread == self._unread
        if stuck or (waiting and self.cycle is self._seen):
            self.transport.abort()
            return
        self._seen, self._unread = self.cycle, unread
        self._watch = self.loop.call_later(self.idle_seconds, self._look)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  it is English
        """Say in French that this is no HTTP."""
        response = problem(400, phrases.MALFORMED, headers={**HEADERS, "Connection": "close"})
        start = h11.Response(status_code=400, headers=response.raw_headers)
        with suppress(h11.LocalProtocolError):  # an answer is under way: it is cut short
            for event in (start, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def allow_many_files() -> None:
    """Raise the number of connections that this process may hold: many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


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

_NOBODY = Branding()


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How the site is run."""

    journal: Journal | None = None
    """Where questions are written down; None for nowhere."""
    rate: str = NO_LIMIT
    """Questions that one client may send, such as ``60/minute``."""
    trusted_proxies: tuple[str, ...] = LOOPBACK
    """Addresses and networks whose ``X-Forwarded-For`` is believed."""
    metrics_for: MetricsFor = "local"


_PLAIN = SiteOptions()


def build_app(
    assistant: AssistantLike,
    *,
    root_path: str = "",
    branding: Branding = _NOBODY,
    corpus: Path | None = None,
    options: SiteOptions = _PLAIN,
) -> FastAPI:
    """The whole site on one assistant.

    Args:
        assistant: Answers the questions; called from several threads at once.
        root_path: Prefix under which a proxy publishes the site, such as ``/assistant``; the
            proxy may keep or strip it.
        branding: The organisation that answers for the site.
        corpus: Folder of the catalogue, where the original files are; without it no proof says that they still hold.
        options: Journal, limits, who may look.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.branding = branding
    service = Service(assistant, options.journal, branding.contact)
    app.include_router(build_pages(service, branding))
    app.include_router(build_proof(assistant, Originals(corpus), datetime.now))
    app.include_router(build_reply(service, datetime.now))
    _add_endpoints(app)
    app.include_router(build_api(service))
    app.include_router(build_running(service, options.metrics_for))
    _add_problems(app)
    app.state.chat = mount_chat(app, service, root_path)
    functions = app.state.chat.get_blocks().fns
    app.add_middleware(ChatDoor, functions={number: len(function.inputs) for number, function in functions.items()})
    app.add_middleware(PageMender, branding=branding, feedback=options.journal is not None)
    # Its presence also keeps Gradio from answering any origin with credentials.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(FrenchErrors)
    app.add_middleware(QuestionQueue, refused=service.metrics.refused_questions)
    if options.rate != NO_LIMIT:
        app.add_middleware(RateLimiter, rate=options.rate, refused=service.metrics.refused_clients)
    app.add_middleware(Security, frame_ancestors=branding.frame_ancestors)
    app.add_middleware(RootPath, root_path=root_path)
    # Who asks, and by http or https, as said by a proxy that the operator trusts.
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(options.trusted_proxies))
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
        http=TimeoutProtocol,
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

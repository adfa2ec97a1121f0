"""The web server: the application and how it is served; it listens first and loads meanwhile."""

import asyncio
import resource
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot import phrases
from bot.collection import CollectionTable
from bot.journal import Journal
from bot.logs import LOG
from bot.service import AssistantLike, Service
from bot.settings import LOOPBACK, NO_LIMIT, MetricsFor
from bot.web import dev_phrases
from bot.web.api import build_api, invalid
from bot.web.branding import Branding
from bot.web.pages import alive, build_health, build_pages, static_file
from bot.web.proof import build_proof
from bot.web.rate_limits import RETRY_SECONDS, RequestCounts, RequestLimits
from bot.web.responses import FrenchErrors, RefusedError, explain, problem, refused, told
from bot.web.security import HEADERS, CollectionAccess, CollectionPath, RootPath, Security
from bot.web.source_files import Originals
from corpus.errors import MotamotError

IDLE_SECONDS = 15.0
"""For the head of a request, and for a client to read a part of its answer; at most twice that."""
MOST_AHEAD = 65_536
"""Bytes sent before the answer to what came earlier; browsers wait for it."""
MOST_FILES = 65_536
"""Files and connections that the process may have open, where the system lets it."""

PACKED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, *(str(guess_type(f"a.{end}")[0]) for end in ("pdf", "docx", "odt", "xlsx")))
"""Types that are compressed already, and stay as they are on the way."""


_NOBODY = Branding()
_LATER = {"Retry-After": str(RETRY_SECONDS)}


def build_app(
    assistant: AssistantLike,
    *,
    root_path: str = "",
    branding: Branding = _NOBODY,
    corpus: Path | None = None,
    journal: Journal | None = None,
    rate: str = NO_LIMIT,
    trusted_proxies: Sequence[str] = LOOPBACK,
    metrics_for: MetricsFor = "local",
    collections: Sequence[CollectionTable] = (),
    counts: RequestCounts | None = None,
) -> FastAPI:
    """The whole site on one assistant, which is called from several threads at once; the rest is as in the settings.

    A proxy may keep or strip ``root_path``. ``app.state.branding`` may be replaced at any time. Without a ``corpus``,
    where the original files are, no proof says that they still hold. Several processes count together in ``counts``.
    """
    from bot.web.gradio_page import ChatPage  # two seconds: the server listens before

    folders = {table.name: table.corpus for table in collections}
    service = Service(assistant, journal, tuple(folders))
    limits = RequestLimits(service.metrics, rate, counts=counts)
    chat: ChatPage
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lambda _: chat.lifespan(),
        exception_handlers={
            RefusedError: refused,
            RequestValidationError: _misshapen,
            MotamotError: _unable,
            HTTPException: _not_served,
        },
    )
    app.state.branding = branding
    app.state.chat = chat = ChatPage(service, limits, app.state, root_path)
    app.include_router(build_pages(service))
    app.include_router(build_proof(service, limits, Originals(corpus, folders)))
    app.include_router(build_api(service, limits))
    app.include_router(build_health(service, limits, metrics_for))
    app.mount("/", chat)
    # The last one is the first that a request meets.
    app.add_middleware(FrenchErrors)
    app.add_middleware(GZipMiddleware, compresslevel=6, exclude_content_types=PACKED)
    app.add_middleware(Security)
    if collections:
        app.state.access = CollectionAccess(collections, trusted_proxies)
        app.add_middleware(CollectionPath, access=app.state.access)
    # Who asks, and by http or https, as said by a proxy that the operator trusts.
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(trusted_proxies))
    app.add_middleware(RootPath, root_path=root_path)
    return app


async def _misshapen(request: Request, error: RequestValidationError) -> Response:
    return invalid(request, error.errors())


async def _unable(request: Request, error: MotamotError) -> Response:
    return explain(request, 503, told(error), _LATER)


async def _not_served(request: Request, error: HTTPException) -> Response:
    phrase = {400: dev_phrases.UNREADABLE, 405: dev_phrases.METHOD}
    return explain(request, error.status_code, phrase.get(error.status_code, phrases.NOT_FOUND))


class Loading:
    """ASGI application that says that the site is loading, until it is; then the site itself.

    Args:
        load: Makes the site, in a thread of its own.
        branding: Of the pages; read again at the signal SIGHUP.
        ready: Called once the site answers.
        root_path: As in ``build_app``.
        first: Whether to load before the first request is accepted: other processes answer meanwhile.
    """

    def __init__(
        self,
        load: Callable[[], FastAPI],
        branding: Callable[[], Branding],
        ready: Callable[[], None],
        root_path: str,
        *,
        first: bool = False,
    ) -> None:
        self._first = first
        self._load = load
        self._branding = branding
        self._ready = ready
        self._site: FastAPI | None = None
        self.failure: BaseException | None = None
        """Why the site could not be loaded."""
        self.stop: Callable[[], None] = lambda: None
        """Called when it could not."""
        self._waiting = Starlette(
            routes=[
                Route("/healthz", alive),
                Route("/readyz", _loading),
                Route("/motamot/{name}", static_file),
                Route("/{path:path}", _wait, methods=["GET", "POST"]),
            ],
            middleware=[Middleware(RootPath, root_path=root_path), Middleware(Security)],
            exception_handlers={RefusedError: refused},
            lifespan=self._lifespan,
        )
        self._waiting.state.branding = branding()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        site = self._site if self._site and scope["type"] != "lifespan" else self._waiting
        await site(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        if threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reread)
        async with AsyncExitStack() as stack:
            loading = asyncio.create_task(self._become_ready(stack))
            if self._first:
                await loading
            yield
            loading.cancel()

    async def _become_ready(self, stack: AsyncExitStack) -> None:
        loaded: Future[FastAPI] = Future()
        loaded.set_running_or_notify_cancel()  # or it is cancelled with the wait for it, and the thread cannot end it

        def work() -> None:
            try:
                loaded.set_result(self._load())
            except BaseException as error:  # noqa: BLE001  raised again by the one who waits
                loaded.set_exception(error)

        # Not one that the process would wait for when it is asked to stop.
        threading.Thread(target=work, name="motamot-loading", daemon=True).start()
        try:
            site = await asyncio.wrap_future(loaded)
            site.state.branding = self._waiting.state.branding
            await stack.enter_async_context(site.router.lifespan_context(site))
        except Exception as error:  # noqa: BLE001  ``serve`` raises it
            self.failure = error
            self.stop()
        else:
            self._site = site
            self._ready()

    def reread(self) -> None:
        """Take up the settings that pages alone need; what cannot be read changes nothing."""
        try:
            branding = self._branding()
        except MotamotError as error:
            LOG.error("the settings are not read again: %s", error)
            return
        for app in (self._waiting, self._site):
            if app:
                app.state.branding = branding
        LOG.info("the settings of the pages were read again")


async def _loading(_: Request) -> Response:
    return JSONResponse({"status": "loading"}, 503, _LATER)


async def _wait(request: Request) -> Response:
    return explain(request, 503, phrases.LOADING, _LATER)


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


def serve(app: Loading, host: str, port: int, listener: socket.socket | None = None) -> None:
    """Listen, load the site meanwhile, and serve it until interrupted; ``listener`` is of other processes too.

    Raises:
        Exception: What kept the site from being loaded.
    """
    allow_many_files()
    # Threads that answer leave the interpreter to the one that listens after 1 ms, and not 5 each.
    sys.setswitchinterval(0.001)
    server = uvicorn.Server(configuration(app, host, port))
    app.stop = lambda: setattr(server, "should_exit", True)
    server.run([listener] if listener else None)
    if app.failure:
        raise app.failure

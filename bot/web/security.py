"""Security of every request: open routes, small bodies, calls of the same site only, strict headers, collections."""

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import phrases
from bot.collection import COMMON, CollectionTable, enter, in_force
from bot.web.branding import SELF
from bot.web.responses import RefusedError, explain

MAX_BODY = 64 * 1024
"""Bytes. A question of 2,000 characters takes 12 kB when each is escaped, with ten earlier ones far less."""
MAX_DRAINED = 32 * 1024 * 1024
"""Bytes of a body too large that are read and thrown away, so that its sender reads the answer."""
BODY_SECONDS = 20.0
"""For the whole of a body: 64 kB over a telephone line of 56 kbit/s take 10."""

OPEN_ROUTES = re.compile(
    r"""
      GET  (?: / | /healthz | /readyz | /metrics | /api | /api/openapi\.json | /config
             | /theme\.css | /favicon\.ico | /robots\.txt
             | /panneau | /integration | /accessibilite | /statut | /embed\.js
             | /(?: preuve | document )/[0-9A-Za-z]{1,80}/[0-9A-Za-z.-]{1,40} | /fichier/[0-9A-Za-z]{1,80}
             | /reponse | /fiche
             | /motamot/[\w.-]{1,80} | /(?: assets | static )(?: /\w[\w.-]{0,80} ){1,5}
             | /gradio_api/app_id )
    | POST (?: /api/ask | /api/feedback | /gradio_api/run/predict )
    """,
    re.VERBOSE | re.ASCII,
)
"""All that the pages need. Gradio also opens an upload of any size, its queue, streams that never end, its API pages:
closed."""

HOST = re.compile(
    r"(?: [a-z0-9_.-]{1,253} | \[[0-9a-f:.]{2,45}\] )(?: :\d{1,5} )?", re.VERBOSE | re.IGNORECASE | re.ASCII
)
"""What a browser may send; it stands in addresses that our pages show."""

SAME_SITE = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site for our own pages and for an address typed by hand; programs send none."""

IGNORED_HEADERS = frozenset({b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server"})
"""Headers that Gradio believes, whoever sends them, to be where it stands. A trusted proxy was heard before."""

HANG_UP = {"Connection": "close"}
"""With a refusal: what the caller may still be sending is not waited for."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # The one file for other sites, embed.js, says otherwise itself.
    "Cross-Origin-Resource-Policy": "same-origin",
}


def content_policy(nonce: str | None = None, frame_ancestors: str = SELF) -> str:
    """The Content-Security-Policy: only this server, and inline scripts that carry ``nonce``."""
    scripts = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    # Gradio writes style attributes and style elements while it runs.
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        f"frame-ancestors {frame_ancestors}"
    )


class HttpGuard:
    """ASGI middleware that meets requests alone: what starts and stops the application passes, all else is refused."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            # A websocket: nothing here speaks it, and an ASGI server answers 403 to this.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self.meet(scope, receive, send)

    async def meet(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse one request, or pass it on."""
        raise NotImplementedError


class Security(HttpGuard):
    """Lets through only what the pages need."""

    def __init__(self, app: ASGIApp, body_seconds: float = BODY_SECONDS) -> None:
        super().__init__(app)
        self.body_seconds = body_seconds

    async def meet(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body whole, where it is one of those that are open."""
        send = with_headers(send, scope["app"].state.branding.frame_ancestors)
        try:
            self.check(scope)
            async with asyncio.timeout(self.body_seconds):
                body = await self.body(Headers(scope=scope), receive)
        except TimeoutError:
            await explain(Request(scope), 408, phrases.TOO_SLOW, HANG_UP)(scope, receive, send)
        except RefusedError as refused:
            await explain(Request(scope), refused.status, str(refused), HANG_UP)(scope, receive, send)
        else:
            if body is not None:
                headers = [(name, value) for name, value in scope["headers"] if name not in IGNORED_HEADERS]
                await self.app({**scope, "headers": headers}, replayed(body, receive), send)

    def check(self, scope: Scope) -> None:
        """Refuse what is to be refused before its body is read."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) > 1 or not all(HOST.fullmatch(host) for host in hosts):
            raise RefusedError(400, phrases.WRONG_HOST)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if not re.fullmatch(OPEN_ROUTES, f"{method}{local_path(scope)}"):
            raise RefusedError(404, phrases.NOT_FOUND)
        if method == "POST" and headers.get("sec-fetch-site", "none") not in SAME_SITE:
            raise RefusedError(403, phrases.FORBIDDEN_ORIGIN)

    async def body(self, headers: Headers, receive: Receive) -> bytes | None:
        """The whole body, once it is known to be small; None when the caller hung up.

        One that is too large is read to its end all the same and thrown away, up to a bound: many clients look at
        what is answered only when they have sent all, and a connection closed before that hides it from them.
        """
        announced = headers.get("content-length", "0")
        size = int(announced) if re.fullmatch(r"\d{1,12}", announced, re.ASCII) else MAX_DRAINED + 1
        waits = headers.get("expect", "").lower() == "100-continue"
        if size > MAX_DRAINED or (size > MAX_BODY and waits):
            raise RefusedError(413, phrases.BODY_TOO_LARGE)
        body, size, more = bytearray(), 0, True
        while more and size <= MAX_DRAINED:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            size += len(piece)
            body += piece if size <= MAX_BODY else b""
            more = message.get("more_body", False)
        if size > MAX_BODY:
            raise RefusedError(413, phrases.BODY_TOO_LARGE)
        return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """What gives this body, then whatever comes."""
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await receive()

    return replay


class RootPath:
    """ASGI middleware, the first of all: says under which prefix the site is published, whatever the server knows.

    It remembers who is connected, before a proxy says for whom it asks.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app = app
        self.root_path = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            root_path = self.root_path or scope.get("root_path", "")
            scope = {**scope, _PEER: (scope.get("client") or ("",))[0], "root_path": root_path}
        await self.app(scope, receive, send)


def local_path(scope: MutableMapping[str, Any]) -> str:
    """The path within this application, whether the proxy in front keeps its prefix or strips it."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "").rstrip("/")
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :] or "/"
    return path


def with_headers(
    send: Callable[[Message], Awaitable[None]], frame_ancestors: str = SELF
) -> Callable[[Message], Awaitable[None]]:
    """Add the security headers to the response, where it has none of its own."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", content_policy(frame_ancestors=frame_ancestors))
        await send(message)

    return sender


# --- collections: who may see which ----------------------------------------------------------------

_PATH = re.compile(r"/c/([a-z0-9][a-z0-9-]{0,62})(/.*)?", re.ASCII | re.DOTALL)
_PEER = "motamot.peer"


class CollectionAccess:
    """Who may see which collection; the headers of ``trusted_proxies`` are believed."""

    def __init__(self, tables: Sequence[CollectionTable], trusted_proxies: Sequence[str]) -> None:
        self._tables = {table.name: table for table in tables}
        self._trusted = trusted_proxies

    def allows(self, name: str, scope: Scope) -> bool:
        """Whether the one who asks may see a collection; nobody sees one that is not there."""
        table = self._tables.get(name)
        if table is None:
            return False
        client = (scope.get("client") or ("",))[0]
        return table.is_open or is_one_of(client, table.networks) or self._said(table, scope)

    def _said(self, table: CollectionTable, scope: Scope) -> bool:
        """Whether a trusted proxy says that who asks may see it; what a visitor writes there himself says nothing."""
        if table.header is None or not is_one_of(scope.get(_PEER, ""), self._trusted):
            return False
        said = Headers(scope=scope).getlist(table.header)
        given = {each.strip() for line in said for each in line.split(",") if each.strip()}
        return bool(given & set(table.values)) if table.values else bool(given)


def is_one_of(host: str, networks: Sequence[str]) -> bool:
    """Whether an address is one of these, or in one of these networks."""
    try:
        address = ip_address(host)
    except ValueError:  # a Unix socket, a name
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in networks)


class CollectionPath:
    """ASGI middleware that puts the collection of an address in force.

    One that is not there, or not for who asks, is an address like any other that nothing answers to.
    """

    def __init__(self, app: ASGIApp, access: CollectionAccess) -> None:
        self.app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(local_path(scope)) if scope["type"] == "http" else None
        if found is None or not self._access.allows(found[1], scope):
            await self.app(scope, receive, send)
            return
        name, root = found[1], scope.get("root_path", "").rstrip("/") + f"/c/{found[1]}"
        if found[2] is None:
            address = Request(scope).url.replace(path=f"{root}/")
            await RedirectResponse(address, status_code=308)(scope, receive, send)
            return
        with enter(name):
            await self.app({**scope, "path": root + found[2], "root_path": root}, receive, send)


def chosen(asked: str | None, request: Request) -> str | None:
    """The collection that a question names, or that of its address; None where it is not for who asks."""
    if asked is None or asked == in_force():
        return in_force()
    access: CollectionAccess | None = getattr(request.app.state, "access", None)
    return asked if in_force() == COMMON and access and access.allows(asked, request.scope) else None

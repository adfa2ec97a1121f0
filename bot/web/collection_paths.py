"""Addresses of collections, ``/c/<name>/…``: the collection is put in force for those who may see it."""

import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.collection import COMMON, CollectionTable, enter, in_force
from bot.web.security import local_path

_PATH = re.compile(r"/c/([a-z0-9][a-z0-9-]{0,62})(/.*)?", re.ASCII | re.DOTALL)
_PEER = "motamot.peer"


class Peer:
    """ASGI middleware, the first of all: remembers who is connected, before a proxy says for whom it asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app({**scope, _PEER: (scope.get("client") or ("",))[0]}, receive, send)


class CollectionAccess:
    """Who may see which collection.

    Args:
        tables: The collections.
        trusted_proxies: Those whose headers are believed.
    """

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

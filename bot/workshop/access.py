"""Who may enter the workshop: whoever opens the one-time link, or whom a trusted proxy names."""

import re
import secrets
from collections.abc import Sequence
from hmac import compare_digest
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.web.responses import problem
from bot.web.security import HOST, SAME_SITE, HttpGuard, with_headers
from bot.workshop.views import told

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
        header: Name of the header in which the proxy says who is connected; empty where the link is used.
        proxies: Addresses and networks of trusted proxies.
        hosts: Names under which the workshop is reached; another is an attack by a name that was made to lead here.
    """

    def __init__(self, app: ASGIApp, header: str = "", proxies: Sequence[str] = (), hosts: Sequence[str] = ()) -> None:
        super().__init__(app)
        self.header = header
        self.hosts = frozenset(hosts)
        self.key = secrets.token_urlsafe(24)
        """Of the link; empty once it served."""
        self._cookie = secrets.token_urlsafe(24)
        self._networks = [ip_network(proxy) for proxy in proxies]

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
        if request.url.path.startswith("/motamot/"):
            return None
        if self.header:
            return None if self._named(request) else told(request, 403, "L’atelier est fermé", _ONLY_PROXY)
        given = request.cookies.get(COOKIE, "")
        is_inside = compare_digest(given.encode(), self._cookie.encode())
        if is_inside or request.url.path == ENTRANCE:
            return None
        return told(request, 403, "L’atelier est fermé", _ONLY_LINK)

    def _entered(self, request: Request) -> Response | None:
        """The answer to the link."""
        if request.url.path != ENTRANCE or self.header:
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
        try:
            is_proxy = any(ip_address(peer) in network for network in self._networks)
        except ValueError:
            is_proxy = False
        return is_proxy and bool(author_of(request.headers, self.header))


def author_of(headers: Headers, header: str) -> str:
    """Who the proxy says it is, one line."""
    return " ".join(headers.get(header, "").split())[:100]

"""Limit the questions of each client and the concurrent questions; queue the rest; 503 when full."""

import asyncio
import math
import re
import secrets
import time
from hashlib import blake2b

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from prometheus_client import Counter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import phrases
from bot.web.client_address import network
from bot.web.responses import explain
from bot.web.security import local_path

ASKING = re.compile(
    r"POST(?: /api/ask | /api/feedback | /gradio_api/run/predict ) | GET(?: /reponse | /fiche )", re.VERBOSE
)
"""What asks a question or says what an answer was worth."""
READING = re.compile(r"GET(?: /(?: preuve | document | fichier )/.* | /readyz )", re.VERBOSE | re.DOTALL)
"""What draws a page of a document or reads its file, and what tries the index."""
READS = 6
"""So many readings for one question: the proof of its quote, its place in the document, the four pages shown there."""


class RateLimiter:
    """ASGI middleware that counts what each client asks and reads, from the first of a window on.

    Args:
        app: What it stands before.
        rate: Such as ``60/minute``.
        refused: Counts the refusals.
    """

    def __init__(self, app: ASGIApp, rate: str, refused: Counter) -> None:
        self.app = app
        asked: RateLimitItem = parse(rate)
        read = type(asked)(asked.amount * READS, asked.multiples, namespace="read")
        self._rates = ((ASKING, asked), (READING, read))
        self.refused = refused
        # A fixed window: what it keeps of a client goes with the window, so that a year fills no memory.
        self._counts = FixedWindowRateLimiter(MemoryStorage())
        self._salt = secrets.token_bytes(16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rate = self._rate(scope)
        if rate is None:
            await self.app(scope, receive, send)
            return
        client = self._client(scope)
        if self._counts.hit(rate, client):
            await self.app(scope, receive, send)
            return
        self.refused.inc()
        wait = max(1, math.ceil(self._counts.get_window_stats(rate, client).reset_time - time.time()))
        await explain(Request(scope), 429, phrases.too_many(wait), {"Retry-After": str(wait)})(scope, receive, send)

    def _rate(self, scope: Scope) -> RateLimitItem | None:
        """How often one may do this; None for what costs next to nothing."""
        if scope["type"] != "http":
            return None
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        asked = f"{method}{local_path(scope)}"
        return next((rate for routes, rate in self._rates if routes.fullmatch(asked)), None)

    def _client(self, scope: Scope) -> str:
        """Who asks, as a mark that leads back to no address."""
        host = scope["client"][0] if scope.get("client") else ""
        return blake2b(network(host).encode(), key=self._salt, digest_size=16).hexdigest()


ANSWERING = re.compile(r"POST(?: /api/ask | /gradio_api/run/predict ) | GET(?: /reponse | /fiche )", re.VERBOSE)
"""What keeps a core busy."""
AT_WORK = 4
"""Questions answered at once: enough to be encoded together, and threads are left for pages and probes."""
WAITING = 240
"""Two hundred visitors who ask in the same second all get an answer, in some six seconds on 2 cores."""
RETRY_SECONDS = 5


class QuestionQueue:
    """ASGI middleware that lets questions through in the order of their coming.

    Args:
        app: What it stands before.
        refused: Counts those who came too late.
        at_work: Questions answered at once.
        waiting: Questions that wait for that at most.
    """

    def __init__(self, app: ASGIApp, refused: Counter, at_work: int = AT_WORK, waiting: int = WAITING) -> None:
        self.app = app
        self.refused = refused
        self.most = at_work + waiting
        self.inside = 0
        self.turn = asyncio.Semaphore(at_work)  # first come, first served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not ANSWERING.fullmatch(f"{scope['method']}{local_path(scope)}"):
            await self.app(scope, receive, send)
            return
        if self.inside >= self.most:
            self.refused.inc()
            headers = {"Retry-After": str(RETRY_SECONDS)}
            await explain(Request(scope), 503, phrases.OVERLOADED, headers)(scope, receive, send)
            return
        self.inside += 1
        try:
            async with self.turn:
                await self.app(scope, receive, send)
        finally:
            self.inside -= 1

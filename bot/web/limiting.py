"""So many questions a client, and no more: one that asks without end leaves room for the others."""

import math
import secrets
import time
from hashlib import blake2b

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import texts
from bot.web.clients import network
from bot.web.guard import local_path
from bot.web.problem import problem

LIMITED = frozenset({"/api/ask", "/api/feedback", "/gradio_api/run/predict"})
"""What costs something: POST to these."""


class Limiter:
    """ASGI middleware that counts the questions of each client, from the first of a window on.

    Args:
        app: What it stands before.
        rate: Such as ``60/minute``.
        refused: Counts the refusals.
    """

    def __init__(self, app: ASGIApp, rate: str, refused: Counter) -> None:
        self.app = app
        self.rate: RateLimitItem = parse(rate)
        self.refused = refused
        # A fixed window: what it keeps of a client goes with the window, so that a year fills no memory.
        self._counts = FixedWindowRateLimiter(MemoryStorage())
        self._salt = secrets.token_bytes(16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or local_path(scope) not in LIMITED:
            await self.app(scope, receive, send)
            return
        client = self._client(scope)
        if self._counts.hit(self.rate, client):
            await self.app(scope, receive, send)
            return
        self.refused.inc()
        wait = max(1, math.ceil(self._counts.get_window_stats(self.rate, client).reset_time - time.time()))
        await problem(429, texts.too_many(wait), headers={"Retry-After": str(wait)})(scope, receive, send)

    def _client(self, scope: Scope) -> str:
        """Who asks, as a mark that leads back to no address."""
        host = scope["client"][0] if scope.get("client") else ""
        return blake2b(network(host).encode(), key=self._salt, digest_size=16).hexdigest()

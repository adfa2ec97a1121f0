"""So many questions at work, so many waiting for their turn, and a word at once to those that come after."""

import asyncio
import re

from prometheus_client import Counter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import phrases
from bot.web.responses import explain
from bot.web.security import local_path

ANSWERING = re.compile(r"POST(?: /api/ask | /gradio_api/run/predict ) | GET(?: /reponse | /fiche )", re.VERBOSE)
"""What keeps a core busy."""
AT_WORK = 4
"""Questions answered at once: enough to be encoded together, and threads are left for pages and probes."""
WAITING = 240
"""Two hundred visitors who ask in the same second all get an answer, in some six seconds on 2 cores."""
RETRY_SECONDS = 5


class Turnstile:
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

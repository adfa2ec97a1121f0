"""Limit the questions of each client and the concurrent questions; queue the rest; 503 when full."""

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request

from bot import phrases
from bot.service import Metrics
from bot.settings import NO_LIMIT
from bot.shared_state import SharedCounts, SharedState
from bot.web.responses import RefusedError

READS = 6
"""Readings for one question: the proof of its quote, its place in the document, the four pages shown there."""
CONCURRENT = 4
"""Questions answered at once: enough to be encoded together, and threads are left for pages and probes."""
WAITING = 240
"""Two hundred visitors who ask in the same second all get an answer, in some six seconds on 2 cores."""
RETRY_SECONDS = 5


class RequestLimits:
    """What routes depend on, as FastAPI's ``Depends(limits.question, scope="function")``.

    Args:
        metrics: Count the refusals.
        rate: Questions that one client may send, such as ``60/minute``; ``non`` for no limit.
        concurrent: Questions answered at once.
        waiting: Questions that wait for that at most.
        shared: Where several processes count together.
    """

    def __init__(
        self,
        metrics: Metrics,
        rate: str = NO_LIMIT,
        concurrent: int = CONCURRENT,
        waiting: int = WAITING,
        shared: SharedState | None = None,
    ) -> None:
        self.metrics = metrics
        self.most = concurrent + waiting
        self.inside = 0
        self._turn = asyncio.Semaphore(concurrent)  # first come, first served
        self._asked: RateLimitItem | None = None
        self._read: RateLimitItem | None = None
        if rate != NO_LIMIT:
            self._asked = parse(rate)
            self._read = type(self._asked)(self._asked.amount * READS, self._asked.multiples, namespace="read")
        # A fixed window: what it keeps of a client goes with the window, so that a year fills no memory.
        self._counts = FixedWindowRateLimiter(SharedCounts(shared) if shared else MemoryStorage())
        self._salt = shared.salt if shared else secrets.token_bytes(16)

    async def asking(self, request: Request) -> None:
        """Count what asks a question or says what an answer was worth."""
        self._count(self._asked, request)

    async def reading(self, request: Request) -> None:
        """Count what draws a page of a document, reads its file, tries the index or starts a new conversation."""
        self._count(self._read, request)

    async def question(self, request: Request) -> AsyncIterator[None]:
        """Count a question, then wait for its turn; the place is free again when the answer is there.

        Raises:
            RefusedError: 429, its client has sent too many; 503, too many are waiting.
        """
        self._count(self._asked, request)
        if self.inside >= self.most:
            self.metrics.refused_questions.inc()
            raise RefusedError(503, phrases.OVERLOADED, {"Retry-After": str(RETRY_SECONDS)})
        self.inside += 1
        try:
            async with self._turn:
                yield
        finally:
            self.inside -= 1

    def _count(self, rate: RateLimitItem | None, request: Request) -> None:
        client = self._mark(request)
        if rate is None or self._counts.hit(rate, client):
            return
        self.metrics.refused_clients.inc()
        wait = max(1, math.ceil(self._counts.get_window_stats(rate, client).reset_time - time.time()))
        raise RefusedError(429, phrases.too_many(wait), {"Retry-After": str(wait)})

    def _mark(self, request: Request) -> str:
        """Who asks, as a mark that leads back to no address."""
        host = request.client.host if request.client else ""
        return blake2b(network(host).encode(), key=self._salt, digest_size=16).hexdigest()


def network(host: str) -> str:
    """The address of a client; of an IPv6 one, the /64 that one subscriber has whole.

    >>> network("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::'
    """
    try:
        address = ip_address(host)
    except ValueError:  # a Unix socket, a name
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> 64 << 64))

"""Connections that do not last for ever: a client that says nothing, or reads nothing, is hung up on."""

import asyncio
import resource
from contextlib import suppress
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot import phrases
from bot.web.problem import problem
from bot.web.security import HEADERS

IDLE_SECONDS = 15.0
"""For the head of a request, and for a client to read a part of its answer; at most twice that."""
MOST_AHEAD = 65_536
"""Bytes sent before the answer to what came earlier; browsers wait for it."""
MOST_FILES = 65_536
"""Files and connections that the process may have open, where the system lets it."""


class PatientProtocol(H11Protocol):
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

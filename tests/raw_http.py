"""HTTP byte by byte, for what no client library would send, and servers that wait less long than ours."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from fastapi import FastAPI

from bot.web.security import Security
from bot.web.server import TimeoutProtocol

PATIENCE = 20
"""Seconds for one answer, on a busy machine: far more than any takes."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; status 0 when the server hung up."""

    status: int
    headers: Message
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get_content_type() if self.headers.get("content-type") else ""


def impatient(app: FastAPI, seconds: float) -> FastAPI:
    """The application, waiting so long for a body."""
    [guard] = [middleware for middleware in app.user_middleware if middleware.cls is Security]
    guard.kwargs["body_seconds"] = seconds
    return app


@contextmanager
def hurried(seconds: float = 1) -> Iterator[None]:
    """Servers wait so long for a request, until the end of the block."""
    usual = TimeoutProtocol.idle_seconds
    TimeoutProtocol.idle_seconds = seconds
    try:
        yield
    finally:
        TimeoutProtocol.idle_seconds = usual


def send(port: int, raw: bytes) -> Response:
    """The answer to one exchange."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        with suppress(OSError):  # it hung up before the end of a large body: what it said may still be there
            connection.sendall(raw)
        return read(connection)


def read(connection: socket.socket) -> Response:
    """What the server says until it hangs up."""
    received = b""
    with suppress(ConnectionResetError, TimeoutError):
        while piece := connection.recv(1 << 16):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    status, _, headers = head.partition(b"\r\n")
    if not head:
        return Response(0, Message(), b"")
    parsed = BytesHeaderParser().parsebytes(headers + b"\r\n\r\n")
    if parsed.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Response(int(status.split()[1]), parsed, body)


def _unchunked(body: bytes) -> bytes:
    pieces = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        pieces.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    return b"".join(pieces)

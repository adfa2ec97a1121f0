"""The door of the chat page's own calls: what Gradio gets is what the page sends, and nothing else."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import phrases
from bot.service import readable
from bot.web.problem import problem
from bot.web.security import local_path

PREDICT = "/gradio_api/run/predict"
_REWRITTEN = frozenset({b"content-type", b"content-length", b"content-encoding", b"transfer-encoding"})


class ChatDoor:
    """ASGI middleware that rewrites the calls of the chat page from the two fields that it needs.

    Gradio keeps in memory, without limit or end, what comes with the names of sessions and events that a caller
    chooses; and it answers in English, with a trace in the log, what it does not expect. Neither gets in.

    Args:
        app: What it stands before.
        functions: Number of each function of the page, and how many values it takes.
    """

    def __init__(self, app: ASGIApp, functions: Mapping[int, int]) -> None:
        self.app = app
        self.functions = functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or local_path(scope) != PREDICT:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        call = self.read(await request.body()) if is_json(request.headers) else None
        if call is None:
            await problem(422, phrases.FOREIGN_CALL)(scope, receive, send)
            return
        body = json.dumps(call).encode()
        headers = [(name, value) for name, value in scope["headers"] if name not in _REWRITTEN]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        rewritten: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return rewritten.pop() if rewritten else await receive()

        await self.app({**scope, "headers": headers}, replay, send)

    def read(self, body: bytes) -> dict[str, Any] | None:
        """The call, or None when it is none of the page's."""
        try:
            call = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(call, dict):
            return None
        number, data = call.get("fn_index"), call.get("data")
        # True is a number to Python.
        if type(number) is not int or not isinstance(data, list) or self.functions.get(number) != len(data):
            return None
        if not all(value is None or isinstance(value, str) for value in data):
            return None
        return {"fn_index": number, "data": [value and readable(value) for value in data]}


def is_json(headers: Headers) -> bool:
    """Whether a body says that it is JSON: the form of another site cannot."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"

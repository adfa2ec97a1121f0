"""The web server: the chat page, the answer endpoint, and the guard in front of both."""

import logging
from pathlib import Path
from socket import socket

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response

from bot import texts
from bot.web.chat import MAX_HISTORY, MAX_QUESTION, AssistantLike, mount_chat
from bot.web.guard import Guard, Published
from bot.web.page import PageMender
from bot.web.problem import problem
from corpus.errors import MotamotError

LOG = logging.getLogger(__name__)

OWN_FILES = {"theme.css": "text/css", "chat.js": "text/javascript"}
"""Files of this folder served as they are."""


class Question(BaseModel):
    """The body of ``POST /api/ask``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: str
    history: list[str] = Field(default_factory=list)
    """Earlier questions, oldest first."""


def build_app(assistant: AssistantLike, *, root_path: str = "") -> FastAPI:
    """The whole site on one assistant.

    Args:
        assistant: Answers the questions; called from several threads at once.
        root_path: Prefix under which a proxy publishes the site, such as ``/assistant``; the
            proxy may keep or strip it.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_endpoints(app, assistant)
    _add_problems(app)
    app.state.chat = mount_chat(app, assistant, root_path)
    app.add_middleware(PageMender)
    # Its presence also keeps Gradio from answering any origin with credentials.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    app.add_middleware(Guard)
    app.add_middleware(Published, root_path=root_path)
    return app


def _add_endpoints(app: FastAPI, assistant: AssistantLike) -> None:
    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.get("/motamot/{name}")
    async def own_file(name: str) -> Response:
        if name not in OWN_FILES:
            return problem(404, texts.NOT_FOUND)
        return FileResponse(
            Path(__file__).parent / name,
            media_type=OWN_FILES[name],
            headers={"Cache-Control": "no-cache"},
        )

    @app.post("/api/ask")
    async def ask(asked: Question) -> Response:
        question = asked.question.strip()
        if not question:
            return problem(422, texts.EMPTY_QUESTION)
        if len(question) > MAX_QUESTION:
            return problem(422, texts.too_long(len(question), MAX_QUESTION))
        try:
            answer = await run_in_threadpool(assistant.ask, question, tuple(asked.history[-MAX_HISTORY:]))
        except MotamotError as error:
            return problem(503, str(error))
        except Exception:  # the caller reads French and no trace; the log has the trace
            LOG.exception("a question could not be answered")
            return problem(500, texts.SERVER_ERROR)
        return JSONResponse(answer.to_json())


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, _error: RequestValidationError) -> Response:
        return problem(422, texts.INVALID_REQUEST)


class _Server(uvicorn.Server):
    """Tells the open pages to hang up before it waits for them: each holds a heartbeat for ever."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.chat.stop_event.set()
        await super().shutdown(sockets)


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until interrupted; requests are logged nowhere."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,  # seconds for the answers under way
    )
    _Server(config).run()

"""The endpoints for programs and for our own pages: a question in, an answer out, then a thumb."""

import logging
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot import phrases
from bot.answer import Answer
from bot.logs import report_failure
from bot.phrases import Reason
from bot.service import MAX_HISTORY, MAX_QUESTION, Desk, Reply, readable
from bot.web import dev_phrases, openapi
from bot.web.problem import problem
from bot.web.render import answer_html
from bot.web.responses import accepts_html, address_of, page
from bot.web.validation import explain_errors
from corpus.errors import MotamotError

LOG = logging.getLogger(__name__)

JOURNAL_HEADER = "X-Motamot-Journal"
"""What `POST /api/feedback` wants back; absent when the journal is off."""


Text = Annotated[str, BeforeValidator(lambda given: readable(given) if isinstance(given, str) else given)]
"""A text that can be shown whatever was sent."""


class Question(BaseModel):
    """The body of ``POST /api/ask``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    # Described here and judged below, without the white space around it.
    question: Text = Field(
        description=dev_phrases.QUESTION,
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION, "pattern": r"[^\s\u001c-\u001f\u0085]"},
    )
    history: list[Annotated[Text, Field(max_length=MAX_QUESTION)]] = Field(
        default_factory=list, max_length=dev_phrases.MAX_SENT, description=dev_phrases.HISTORY
    )


class Feedback(BaseModel):
    """The body of ``POST /api/feedback``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    journal: str = Field(pattern=r"^[0-9a-f]{16}$", description=dev_phrases.JOURNAL)
    helpful: bool = Field(description=dev_phrases.HELPFUL)
    reason: Annotated[Reason | None, Field(strict=False, description=dev_phrases.REASON)] = None
    comment: Text | None = Field(default=None, max_length=dev_phrases.MAX_COMMENT, description=dev_phrases.COMMENT)


def build_api(desk: Desk) -> APIRouter:
    """The routes under ``/api``, and the page that documents them."""
    api = APIRouter(prefix="/api")

    @api.post("/ask", response_model=Answer, **openapi.ASK)
    async def ask(request: Request, asked: Question) -> Response:
        question = asked.question.strip()
        history = tuple(asked.history[-MAX_HISTORY:])
        if not question:
            return problem(422, phrases.EMPTY_QUESTION)
        if len(question) > MAX_QUESTION:
            return problem(422, phrases.too_long(len(question), MAX_QUESTION))
        try:
            reply = await run_in_threadpool(desk.reply, question, history)
        except MotamotError as error:
            return problem(503, str(error))
        except Exception as error:  # noqa: BLE001  the caller reads French; the log has the trace
            report_failure(LOG, "a question could not be answered", error)
            return problem(500, phrases.SERVER_ERROR)
        response = respond(request, reply, history, desk.contact)
        if reply.reference:
            response.headers[JOURNAL_HEADER] = reply.reference
        return response

    @api.post("/feedback", status_code=204, **openapi.FEEDBACK)
    async def feedback(given: Feedback) -> Response:
        if desk.journal is None:
            return problem(404, dev_phrases.JOURNAL_OFF)
        try:
            known = await run_in_threadpool(desk.judge, given.journal, given.helpful, given.reason, given.comment)
        except MotamotError as error:
            return problem(503, str(error))
        return Response(status_code=204) if known else problem(404, dev_phrases.NO_SUCH_LINE)

    description = openapi.describe(api.routes)

    @api.get("/openapi.json", include_in_schema=False)
    async def document() -> JSONResponse:
        return JSONResponse(description)

    @api.get("", include_in_schema=False)
    async def documentation(request: Request) -> Response:
        return page(request, "api.html", api=openapi.reading(description), address=address_of(request).rstrip("/"))

    return api


def respond(request: Request, reply: Reply, history: Sequence[str], contact: str) -> Response:
    """The answer in the form that the caller accepts: the HTML of the chat for our light page, else JSON."""
    if accepts_html(request):
        html = answer_html(reply.answer, history, contact=contact, reference=reply.reference)
        return HTMLResponse(html, headers={"Vary": "Accept"})
    return JSONResponse(reply.answer.to_json(), headers={"Vary": "Accept"})


def invalid(request: Request, errors: Sequence[Any]) -> Response:
    """What is wrong in a body, as pydantic found it."""
    expected = dev_phrases.EXPECTED.get(request.url.path.rpartition("/")[2], {})
    found = explain_errors(errors, expected)
    return problem(422, f"{dev_phrases.INVALID} {found[0]['detail']}", found)

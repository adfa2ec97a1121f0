"""The JSON API: a question in, an answer out, then a thumb; what is wrong in a body, in French."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot import phrases
from bot.answer import Answer
from bot.logs import report_failure
from bot.phrases import Reason
from bot.service import MAX_HISTORY, MAX_QUESTION, Reply, Service, readable
from bot.web import dev_phrases, openapi
from bot.web.render import answer_html
from bot.web.responses import FieldError, accepts_html, address_of, page, problem
from corpus.errors import MotamotError, typeset

_SHOWN = 60
"""Characters of a wrong value that are shown."""


def explain_errors(errors: Sequence[Mapping[str, Any]], expected: Mapping[str, str]) -> list[FieldError]:
    """The errors of pydantic as fields of a problem.

    Args:
        errors: As pydantic lists them, with FastAPI's ``body`` in front of each place.
        expected: What each field wants, by its path; ``*`` stands for any index.
    """
    return [{"pointer": _pointer(error), "detail": typeset(_explain(error, expected))} for error in errors]


def _explain(error: Mapping[str, Any], expected: Mapping[str, str]) -> str:
    kind, path = error["type"], _path(error)
    if kind == "json_invalid" or not path:
        return "le corps de la demande n’est pas un objet JSON ; est attendu : " + ", ".join(
            f"« {name} »" for name in expected if "." not in name
        )
    name = ".".join("*" if isinstance(part, int) else part for part in path)
    shown = ".".join(map(str, path))
    if kind == "extra_forbidden":
        allowed = ", ".join(f"« {field} »" for field in expected if "." not in field)
        return f"le champ « {_cut(shown)} » n’est pas connu ; champs admis : {allowed}."
    if kind == "missing":
        return f"le champ « {shown} » manque ; est attendu : {expected[name]}."
    return f"le champ « {shown} » ne convient pas : {_value(error.get('input'))} ; est attendu : {expected[name]}."


def _value(value: object) -> str:
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"un texte de {len(value)} caractères"
    if isinstance(value, list) and len(value) > 3:
        return f"une liste de {len(value)} éléments"
    return _cut(json.dumps(value, ensure_ascii=False, default=repr))


def _cut(text: str) -> str:
    safe = text.encode("utf-8", "backslashreplace").decode()
    return safe if len(safe) <= _SHOWN else f"{safe[:_SHOWN]}…"


def _path(error: Mapping[str, Any]) -> tuple[str | int, ...]:
    place: tuple[str | int, ...] = tuple(error["loc"])
    return () if error["type"] == "json_invalid" else place[1:]


def _pointer(error: Mapping[str, Any]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in _path(error))
    return "".join(f"/{_cut(part)}" for part in parts)


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


def build_api(service: Service) -> APIRouter:
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
            reply = await run_in_threadpool(service.reply, question, history)
        except MotamotError as error:
            return problem(503, str(error))
        except Exception as error:  # noqa: BLE001  the caller reads French; the log has the trace
            report_failure(LOG, "a question could not be answered", error)
            return problem(500, phrases.SERVER_ERROR)
        response = respond(request, reply, history, service.contact)
        if reply.reference:
            response.headers[JOURNAL_HEADER] = reply.reference
        return response

    @api.post("/feedback", status_code=204, **openapi.FEEDBACK)
    async def feedback(given: Feedback) -> Response:
        if service.journal is None:
            return problem(404, dev_phrases.JOURNAL_OFF)
        try:
            known = await run_in_threadpool(service.judge, given.journal, given.helpful, given.reason, given.comment)
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

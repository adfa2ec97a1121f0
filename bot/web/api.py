"""The JSON API: a question in, an answer out, then a thumb; its OpenAPI 3.1 description, and the page made of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from bot import phrases
from bot.answer import Answer
from bot.collection import enter
from bot.phrases import Reason
from bot.service import MAX_HISTORY, MAX_QUESTION, Service, readable
from bot.web import dev_phrases
from bot.web.rate_limits import RequestLimits
from bot.web.render import answer_html
from bot.web.responses import (
    MEDIA_TYPE,
    FieldError,
    Problem,
    RefusedError,
    accepts_html,
    address_of,
    page,
    problem,
)
from bot.web.security import chosen
from corpus.errors import typeset

Schema = dict[str, Any]

JOURNAL_HEADER = "X-Motamot-Journal"
"""What `POST /api/feedback` wants back; absent when the journal is off."""
_SHOWN = 60
"""Characters of a wrong value that are shown."""

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
    collection: Text | None = Field(default=None, max_length=63, description=dev_phrases.COLLECTION)


class Feedback(BaseModel):
    """The body of ``POST /api/feedback``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    journal: str = Field(pattern=r"^[0-9a-f]{16}$", description=dev_phrases.JOURNAL)
    helpful: bool = Field(description=dev_phrases.HELPFUL)
    reason: Annotated[Reason | None, Field(strict=False, description=dev_phrases.REASON)] = None
    comment: Text | None = Field(default=None, max_length=dev_phrases.MAX_COMMENT, description=dev_phrases.COMMENT)


def build_api(service: Service, limits: RequestLimits) -> APIRouter:
    """The routes under ``/api``, and the page that documents them."""
    api = APIRouter(prefix="/api")
    _add_ask(api, service, limits)
    _add_feedback(api, service, limits)
    _add_description(api)
    return api


def _add_ask(api: APIRouter, service: Service, limits: RequestLimits) -> None:
    @api.post(
        "/ask",
        summary=dev_phrases.ASK,
        description=dev_phrases.ASK_MORE,
        response_model=Answer,
        response_description=dev_phrases.ANSWER,
        responses={200: {"headers": {JOURNAL_HEADER: _JOURNAL}}, **_ERRORS},
        openapi_extra={"x-codeSamples": _samples("/api/ask", dev_phrases.ASK_EXAMPLES)},
        operation_id="ask",
        dependencies=[Depends(limits.question, scope="function")],
    )
    async def ask(request: Request, asked: Question) -> Response:
        question = asked.question.strip()
        history = tuple(asked.history[-MAX_HISTORY:])
        if not question:
            raise RefusedError(422, phrases.EMPTY_QUESTION)
        if len(question) > MAX_QUESTION:
            raise RefusedError(422, phrases.too_long(len(question), MAX_QUESTION))
        collection = chosen(asked.collection, request)
        if collection is None:
            raise RefusedError(404, phrases.NO_SUCH_COLLECTION)
        with enter(collection):
            reply = await run_in_threadpool(service.reply, question, history)
        headers = {"Vary": "Accept", **({JOURNAL_HEADER: reply.reference} if reply.reference else {})}
        if not accepts_html(request):
            return JSONResponse(reply.answer.to_json(), headers=headers)
        # For our own light page: the HTML of the chat.
        contact = request.app.state.branding.contact
        html = answer_html(reply.answer, contact=contact, reference=reply.reference)
        return HTMLResponse(html, headers=headers)


def _add_feedback(api: APIRouter, service: Service, limits: RequestLimits) -> None:
    @api.post(
        "/feedback",
        summary=dev_phrases.FEEDBACK,
        description=dev_phrases.FEEDBACK_MORE,
        status_code=204,
        response_description=dev_phrases.FEEDBACK_SAVED,
        responses=_ERRORS,
        openapi_extra={"x-codeSamples": _samples("/api/feedback", dev_phrases.FEEDBACK_EXAMPLES)},
        operation_id="feedback",
        dependencies=[Depends(limits.asking)],
    )
    async def feedback(given: Feedback) -> Response:
        if service.journal is None:
            raise RefusedError(404, dev_phrases.JOURNAL_OFF)
        if not await run_in_threadpool(service.judge, given.journal, given.helpful, given.reason, given.comment):
            raise RefusedError(404, dev_phrases.NO_SUCH_LINE)
        return Response(status_code=204)


def _add_description(api: APIRouter) -> None:
    """The OpenAPI document of the routes so far, and the page made of it."""
    description = describe(api.routes)

    @api.get("/openapi.json", include_in_schema=False)
    async def document() -> JSONResponse:
        return JSONResponse(description)

    @api.get("", include_in_schema=False)
    async def documentation(request: Request) -> Response:
        return page(
            request,
            "api.html",
            api=description,
            objects=list(_objects(description)),
            name_of=name_of,
            address=address_of(request).rstrip("/"),
        )


# --- the description -------------------------------------------------------------------------------

_JOURNAL: Schema = {
    "description": dev_phrases.JOURNAL_HEADER,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}
_RETRY_AFTER: Schema = {"Retry-After": {"description": dev_phrases.RETRY_AFTER, "schema": {"type": "integer"}}}
_PROBLEM: Schema = {"schema": {"$ref": "#/components/schemas/Problem"}}


_ERRORS: dict[int | str, Schema] = {
    status: {"description": said, "content": {MEDIA_TYPE: _PROBLEM}}
    | ({"headers": _RETRY_AFTER} if status == 429 else {})
    for status, said in dev_phrases.API_ERRORS.items()
}


def _samples(path: str, examples: Mapping[str, tuple[str, str]]) -> list[Schema]:
    return [
        {
            "lang": "Shell",
            "label": label,
            "source": f'curl --silent --show-error --fail-with-body {options}"$FAQ{path}" \\\n'
            f"  --header 'Content-Type: application/json' \\\n  --data '{body}'",
        }
        for label, (options, body) in examples.items()
    ]


def describe(routes: Sequence[BaseRoute]) -> Schema:
    """The OpenAPI document of these routes, its fields described in French."""
    document = get_openapi(
        title=dev_phrases.API_TITLE,
        version=version("motamot"),
        description=dev_phrases.API_DESCRIPTION,
        routes=routes,
    )
    # From `/api/openapi.json` to the root of the site, whatever the prefix it is published under.
    document["servers"] = [{"url": ".."}]
    document["externalDocs"] = {"description": dev_phrases.TO_READ, "url": "../api"}
    schemas = document["components"]["schemas"]
    problems = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problems.pop("$defs"))
    schemas["Problem"] = problems
    for name, fields in dev_phrases.FIELDS.items():
        # Of an answer, every field is always there; of a problem, all but the list of errors.
        schemas[name].setdefault("required", [])
        if name != "Problem":
            schemas[name]["required"] = list(schemas[name]["properties"])
        for field, schema in schemas[name]["properties"].items():
            schema["description"] = fields[field]
    for schema in schemas.values():
        # pydantic's titles and docstrings are English words for programmers.
        schema.pop("description", None)
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
    return document


def _objects(document: Schema) -> Iterator[tuple[str, list[tuple[str, str, str | None, bool, str]]]]:
    """Name of each object and its fields (name, type, what it refers to, required, description), as one reads them."""
    bodies = [
        str(name_of(operation["requestBody"]["content"]["application/json"]["schema"]))
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    schemas = document["components"]["schemas"]
    for name in (*bodies, *dev_phrases.FIELDS):
        required = schemas[name].get("required", ())
        yield (
            name,
            [
                (field, french_type(given), name_of(given), field in required, given.get("description", ""))
                for field, given in schemas[name]["properties"].items()
            ],
        )


def name_of(schema: Schema) -> str | None:
    """The schema that this one is, or holds."""
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else ())]
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return next((found for part in inner if (found := name_of(part))), None)


def french_type(schema: Schema) -> str:
    """What a value is, in words.

    >>> french_type({"type": "array", "items": {"type": "string"}})
    'liste de textes'
    """
    if "anyOf" in schema:
        return " ou ".join(french_type(part) for part in schema["anyOf"])
    if "$ref" in schema:
        return "texte" if schema["$ref"].endswith(("/Kind", "/Reason")) else "objet"
    if schema["type"] == "array":
        if "prefixItems" in schema:
            return f"couple de {french_type(schema['prefixItems'][0])}s"
        first, *others = french_type(schema["items"]).split(" ")
        return " ".join(["liste de", f"{first}s", *others])
    names = {"string": "texte", "integer": "entier", "number": "nombre", "boolean": "vrai ou faux", "null": "null"}
    return names[schema["type"]]


# --- what is wrong in a body ------------------------------------------------------------------------


def invalid(request: Request, errors: Sequence[Any]) -> Response:
    """What is wrong in a body, as pydantic found it."""
    expected = dev_phrases.EXPECTED.get(request.url.path.rpartition("/")[2], {})
    found: list[FieldError] = [
        {"pointer": _pointer(error), "detail": typeset(_explain(error, expected))} for error in errors
    ]
    return problem(422, f"{dev_phrases.INVALID} {found[0]['detail']}", found)


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

"""The API's description: an OpenAPI 3.1 document made from the code, and the same as a page to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.routing import BaseRoute

from bot.web import dev_phrases
from bot.web.responses import MEDIA_TYPE, Problem

Schema = dict[str, Any]

_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


def _errors(*statuses: int) -> dict[int, Schema]:
    responses: dict[int, Schema] = {
        status: {"description": dev_phrases.API_ERRORS[status], "content": {MEDIA_TYPE: _PROBLEM}}
        for status in statuses
    }
    if 429 in responses:
        responses[429]["headers"] = {
            "Retry-After": {"description": dev_phrases.RETRY_AFTER, "schema": {"type": "integer"}}
        }
    return responses


_JOURNAL_HEADER = {
    "description": dev_phrases.JOURNAL_HEADER,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}

ASK: Schema = {
    "operation_id": "ask",
    "summary": dev_phrases.ASK,
    "description": dev_phrases.ASK_MORE,
    "response_description": dev_phrases.ANSWER,
    "responses": {
        200: {"headers": {"X-Motamot-Journal": _JOURNAL_HEADER}},
        **_errors(400, 408, 413, 422, 429, 500, 503),
    },
    "openapi_extra": {
        "x-codeSamples": [
            {
                "lang": "Shell",
                "label": "Une question",
                "source": 'curl --silent --show-error --fail-with-body "$FAQ/api/ask" \\\n'
                "  --header 'Content-Type: application/json' \\\n"
                '  --data \'{"question": "Peut-on modifier un contrat ?"}\'',
            },
            {
                "lang": "Shell",
                "label": "Une question qui suit une autre, et l’en-tête du journal",
                "source": 'curl --silent --show-error --fail-with-body --include "$FAQ/api/ask" \\\n'
                "  --header 'Content-Type: application/json' \\\n"
                '  --data \'{"question": "Et par qui ?", "history": ["Peut-on modifier un contrat ?"]}\'',
            },
        ]
    },
}
"""What FastAPI is told of ``POST /api/ask`` for its document."""

FEEDBACK: Schema = {
    "operation_id": "feedback",
    "summary": dev_phrases.FEEDBACK,
    "description": dev_phrases.FEEDBACK_MORE,
    "response_description": dev_phrases.FEEDBACK_SAVED,
    "responses": _errors(400, 404, 408, 413, 422, 429, 500, 503),
    "openapi_extra": {
        "x-codeSamples": [
            {
                "lang": "Shell",
                "label": "Un avis",
                "source": 'curl --silent --show-error --fail-with-body "$FAQ/api/feedback" \\\n'
                "  --header 'Content-Type: application/json' \\\n"
                '  --data \'{"journal": "0123456789abcdef", "helpful": false, "reason": "incomplet"}\'',
            }
        ]
    },
}
"""What FastAPI is told of ``POST /api/feedback`` for its document."""


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


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object, for the page."""

    name: str
    type: str
    refers_to: str | None
    """Name of the schema that it holds."""
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Object:
    """One schema, for the page."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint, for the page."""

    method: str
    path: str
    id: str
    summary: str
    description: str
    body: str
    """Name of its schema."""
    responses: tuple[tuple[str, str, str | None], ...]
    """Status, what it means, name of the schema."""
    examples: tuple[tuple[str, str], ...]
    """What is shown, and the command."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An OpenAPI document as its page tells it."""

    title: str
    version: str
    description: str
    operations: tuple[Operation, ...]
    objects: tuple[Object, ...]


def reading(document: Schema) -> Reading:
    """The parts of a document, in the order in which a person reads them."""
    operations = tuple(
        _operation(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )
    schemas = document["components"]["schemas"]
    objects = tuple(_object(name, schema) for name, schema in schemas.items() if "properties" in schema)
    bodies = [operation.body for operation in operations]
    order = [*bodies, *dev_phrases.FIELDS]
    info = document["info"]
    return Reading(
        info["title"],
        info["version"],
        info["description"],
        operations,
        tuple(sorted(objects, key=lambda found: order.index(found.name))),
    )


def _operation(method: str, path: str, operation: Schema) -> Operation:
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    return Operation(
        method.upper(),
        path,
        operation["operationId"],
        operation["summary"],
        operation["description"],
        _name(body) or "",
        tuple((status, given["description"], _content(given)) for status, given in operation["responses"].items()),
        tuple((sample["label"], sample["source"]) for sample in operation["x-codeSamples"]),
    )


def _content(response: Schema) -> str | None:
    return next((_name(media.get("schema", {})) for media in response.get("content", {}).values()), None)


def _object(name: str, schema: Schema) -> Object:
    required = schema.get("required", ())
    return Object(
        name,
        tuple(
            Field(field, french_type(given), _name(given), field in required, given.get("description", ""))
            for field, given in schema["properties"].items()
        ),
    )


def _name(schema: Schema) -> str | None:
    """The schema that this one is, or holds."""
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), dict) else ())]
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return next((found for part in inner if (found := _name(part))), None)


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
        return f"liste de {_plural(french_type(schema['items']))}"
    names = {"string": "texte", "integer": "entier", "number": "nombre", "boolean": "vrai ou faux", "null": "null"}
    return names[schema["type"]]


def _plural(words: str) -> str:
    first, *others = words.split(" ")
    return " ".join([f"{first}s", *others])

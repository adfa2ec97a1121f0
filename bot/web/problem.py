"""Errors of the web layer as RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NotRequired

from starlette.responses import JSONResponse
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

MEDIA_TYPE = "application/problem+json"


class FieldError(TypedDict):
    """One thing that is wrong in the body of a request."""

    pointer: str
    detail: str


class Problem(TypedDict):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[FieldError]]


def problem(
    status: int, detail: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem document.

    Args:
        status: Of the response.
        detail: In French, for the person who reads it.
        errors: What is wrong in the body, place by place (JSON pointers, RFC 6901).
        headers: Added to the response.
    """
    body: Problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)

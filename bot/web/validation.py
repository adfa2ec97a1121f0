"""What is wrong in the body of a request, in French: the field, the value, what was expected."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.web.problem import FieldError
from corpus.errors import typeset

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

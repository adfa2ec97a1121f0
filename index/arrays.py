"""Dataclasses of arrays as one flat table of named arrays, which NumPy writes and reads without pickle."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]

T = TypeVar("T")


def flatten(record: Any, prefix: str) -> Arrays:
    """Every field of a dataclass by its name, those of a dataclass inside it by ``outer.inner``."""
    found: Arrays = {}
    for field in fields(record):
        name, value = f"{prefix}.{field.name}", getattr(record, field.name)
        if is_dataclass(value):
            found |= flatten(value, name)
        elif isinstance(value, dict):
            found[name] = np.frombuffer("\n".join(sorted(value, key=value.__getitem__)).encode(), dtype=np.uint8)
        else:
            found[name] = np.asarray(value)
    return found


def restore(kind: type[T], arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> T:
    """What ``flatten`` made a table of.

    Raises:
        KeyError: A field is not there.
    """
    hints = get_type_hints(kind)
    return kind(**{name: _value(hint, arrays, f"{prefix}.{name}") for name, hint in hints.items()})


def _value(hint: Any, arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Any:
    if is_dataclass(hint):
        return restore(hint, arrays, name)  # type: ignore[arg-type]
    value = arrays[name]
    if hint is int:
        return int(value)
    if hint == dict[str, int]:  # a vocabulary: its terms hold no line feed
        text = value.tobytes().decode()
        return {term: row for row, term in enumerate(text.split("\n"))} if text else {}
    return value

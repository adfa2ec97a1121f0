"""The collection in force: whose texts answer the request that is being served."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IN_FORCE: ContextVar[str] = ContextVar("collection", default="")
COMMON = ""
"""The name of what is common to all: the corpus of the service itself."""


def in_force() -> str:
    """The collection of the request that is being answered; COMMON outside of any."""
    return _IN_FORCE.get()


@contextmanager
def enter(name: str) -> Iterator[None]:
    """Put a collection in force, in this task and the threads that work for it."""
    token = _IN_FORCE.set(name)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)

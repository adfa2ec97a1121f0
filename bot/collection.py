"""The tables ``[[collection]]`` of the settings: a corpus of its own each, who may see it, which one is in force."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.web.branding import read_frame_ancestors

ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
"""Of a collection: it stands in addresses, and in the name of an index."""


def _named(value: object) -> object:
    """What may be a file or a folder: an empty name would be the current folder, which nobody means."""
    if value == "":
        raise ValueError("a name is wanted")
    return value


NamedPath = Annotated[Path, BeforeValidator(_named)]


def read_networks(value: object) -> tuple[str, ...]:
    """Addresses and networks, as a list or as one text separated by spaces.

    Raises:
        ValueError: One of them is neither.
    """
    given = value.split() if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise ValueError(f"not a list: {value!r}")
    return tuple(str(ip_network(str(each))) if "/" in str(each) else str(ip_address(str(each))) for each in given)


class CollectionTable(BaseModel):
    """One ``[[collection]]``; what it does not say is that of the service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=NAME)
    corpus: NamedPath
    index: NamedPath | None = None
    title: str | None = Field(default=None, max_length=200, pattern=ONE_LINE)
    operator: str | None = Field(default=None, max_length=200, pattern=ONE_LINE)
    contact: str | None = Field(default=None, max_length=200, pattern=ONE_LINE)
    theme: NamedPath | None = None
    frame_ancestors: Annotated[tuple[str, ...] | None, BeforeValidator(read_frame_ancestors)] = None
    max_error: float | None = Field(default=None, gt=0, lt=1)
    networks: Annotated[tuple[str, ...], BeforeValidator(read_networks)] = ()
    """Where those who may see it are; nobody else may, unless ``header`` lets them."""
    header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,80}$")
    """What a trusted proxy says of who asks (OpenID Connect and ProConnect are its business)."""
    values: tuple[str, ...] = ()
    """What it must say, one of these; by default anything."""

    @property
    def is_open(self) -> bool:
        """Whether everybody may see it."""
        return not self.networks and self.header is None


def distinct(tables: tuple[CollectionTable, ...]) -> tuple[CollectionTable, ...]:
    """The tables, if no two have the same name.

    Raises:
        ValueError: Two have.
    """
    names = [table.name for table in tables]
    if len(set(names)) < len(names):
        raise ValueError("two collections of one name")
    return tables


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

"""Collections, ``[[collection]]`` in the settings: corpora under one service, each with the common texts behind it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated

from cachetools import LRUCache
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.answer import Answer, Kind
from bot.web.branding import Branding, read_frame_ancestors

if TYPE_CHECKING:
    from bot.assistant import About
    from bot.quoting import Library
    from bot.reload import LiveAssistant
    from bot.service import AssistantLike
    from bot.settings import Settings

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
    """The tables, if no two have the same name."""
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


_KEPT = 100
"""Collections in memory; one that is asked again is loaded in some hundredths of a second."""
_LOOK = 2.0
"""Seconds between two looks for a newer index of one that is asked, as of the common one."""
_WORTH = {Kind.SMALLTALK: 0, Kind.REFUSE: 1, Kind.CLARIFY: 2, Kind.ANSWER: 3}


class Inheriting:
    """The texts of a collection, and the common ones where these answer better; each quote says whose it is.

    ``title`` is that of the collection, ``keeper`` who keeps the common texts.
    """

    def __init__(self, own: "AssistantLike", common: "AssistantLike", title: str, keeper: str) -> None:
        self._own, self._common = own, common
        self._title, self._keeper = title, keeper

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """The surer of two answers; the collection's own of two as sure."""
        own = replace(self._own.ask(question, history), collection=self._title)
        # Few texts tell badly what they do not answer: only their exact question is surely theirs.
        if own.kind is Kind.SMALLTALK or own.confidence >= 1:
            return own
        common = self._common.ask(question, history)
        elapsed_ms = round(own.elapsed_ms + common.elapsed_ms, 1)
        if (_WORTH[own.kind], own.confidence) >= (_WORTH[common.kind], common.confidence):
            return replace(own, elapsed_ms=elapsed_ms)
        quotes = tuple(replace(each, source=replace(each.source, common=self._keeper)) for each in common.quotes)
        return replace(common, quotes=quotes, elapsed_ms=elapsed_ms, collection=self._title)

    def about(self) -> "About":
        """What both know; the examples are the collection's own."""
        own, common = self._own.about(), self._common.about()
        return replace(
            own,
            documents=own.documents + common.documents,
            left_out=own.left_out + common.left_out,
            examples=own.examples or common.examples,
            entries=own.entries + common.entries,
        )

    @property
    def library(self) -> "Library":
        return self._own.library.joined(self._common.library, self._keeper)

    @property
    def problem(self) -> str | None:
        return self._own.problem or self._common.problem


class Collections:
    """What the pages ask of an assistant, of the collection in force: nothing else can be reached from there.

    ``common`` is over the service's own corpus; ``open_own`` opens that of a collection, by its settings.
    """

    def __init__(
        self, settings: "Settings", common: "AssistantLike", open_own: "Callable[[Settings], LiveAssistant]"
    ) -> None:
        self._settings = {table.name: settings.of(table.name) for table in settings.collection}
        self._common = common
        self._keeper = settings.operator
        self._open = open_own
        self._known: LRUCache[str, tuple[LiveAssistant, AssistantLike]] = LRUCache(_KEPT)
        self._looked: dict[str, float] = {}
        self._lock = Lock()

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """As ``Assistant.ask``."""
        return self._current().ask(question, history)

    def about(self) -> "About":
        """As ``Assistant.about``."""
        return self._current().about()

    @property
    def library(self) -> "Library":
        return self._current().library

    @property
    def problem(self) -> str | None:
        return self._current().problem

    def _current(self) -> "AssistantLike":
        name = in_force()
        if name == COMMON:
            return self._common
        with self._lock:  # two that ask for one that is not open wait for one loading
            found = self._known.get(name)
            if found is None:
                own = self._settings[name]
                live = self._open(own)
                found = self._known[name] = live, Inheriting(live, self._common, own.title or name, self._keeper)
                self._looked[name] = time.monotonic()
            due = time.monotonic() - self._looked[name] > _LOOK
            if due:
                self._looked[name] = time.monotonic()
        if due:
            found[0].check()
        return found[1]


class CurrentBranding:
    """The branding of the collection in force, of these by name, for the application's state."""

    def __init__(self, of: dict[str, Branding]) -> None:
        self._of = of

    def __getattr__(self, name: str) -> object:
        return getattr(self._of[in_force()], name)

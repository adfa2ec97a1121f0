"""Several corpora under one service: the collection in force, its own texts first, and the common ones behind them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock

from cachetools import LRUCache

from bot.answer import Answer, Kind
from bot.assistant import About
from bot.collection import COMMON, in_force
from bot.quoting import Library
from bot.reload import EVERY, LiveAssistant
from bot.service import AssistantLike
from bot.settings import Settings
from bot.web.branding import Branding

_KEPT = 100
"""Collections in memory; one that is asked again is loaded in some hundredths of a second."""
_WORTH = {Kind.SMALLTALK: 0, Kind.REFUSE: 1, Kind.CLARIFY: 2, Kind.ANSWER: 3}


class Inheriting:
    """The texts of a collection, and the common ones where these answer better; each quote says whose it is.

    Args:
        own: Over its own texts.
        common: Over those that answer everywhere.
        title: Of the collection.
        keeper: Of the common texts.
    """

    def __init__(self, own: AssistantLike, common: AssistantLike, title: str, keeper: str) -> None:
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

    def about(self) -> About:
        """What both know; the examples are the collection's own."""
        own, common = self._own.about(), self._common.about()
        return About(
            own.documents + common.documents,
            own.left_out + common.left_out,
            own.examples or common.examples,
            own.built,
            own.entries + common.entries,
        )

    @property
    def library(self) -> Library:
        return self._own.library.joined(self._common.library, self._keeper)

    @property
    def problem(self) -> str | None:
        return self._own.problem or self._common.problem


class Collections:
    """What the pages ask of an assistant, of the collection in force: nothing else can be reached from there.

    Args:
        settings: Of the service, with its collections.
        common: The assistant over its own corpus.
        open_own: Opens the assistant over that of a collection, by its settings.
    """

    def __init__(
        self, settings: Settings, common: AssistantLike, open_own: Callable[[Settings], LiveAssistant]
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

    def about(self) -> About:
        """As ``Assistant.about``."""
        return self._current().about()

    @property
    def library(self) -> Library:
        return self._current().library

    @property
    def problem(self) -> str | None:
        return self._current().problem

    def _current(self) -> AssistantLike:
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
            due = time.monotonic() - self._looked[name] > EVERY
            if due:
                self._looked[name] = time.monotonic()
        if due:
            found[0].check()
        return found[1]


class CurrentBranding:
    """The branding of the collection in force, for the application's state.

    Args:
        of: Name of a collection -> its branding; that of COMMON is there.
    """

    def __init__(self, of: dict[str, Branding]) -> None:
        self._of = of

    def __getattr__(self, name: str) -> object:
        return getattr(self._of[in_force()], name)

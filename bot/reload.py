"""The assistant over the index in service, replaced as soon as a newer index is whole, while questions are answered."""

import threading
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bot.answer import Answer
from bot.assistant import About, Assistant
from bot.logs import LOG, repeated
from bot.quoting import Library
from corpus.errors import MotamotError
from index.searcher import Searcher
from index.store import Store, store_at

# Seconds. One look at a file's date; a new version takes seconds to build and to load anyway.
EVERY = 2.0


class LiveAssistant:
    """An assistant that is replaced when its index is; safe to share between threads.

    A question keeps to its end the index that it began with. Every call may meet a newer one than the call before.
    ``seen`` is the mark of what was in service before ``first`` was loaded: a version that came since is picked up.
    """

    def __init__(self, place: Path | Store, first: Assistant, seen: Hashable | None) -> None:
        self._store = store_at(place)
        self.encoder = first.searcher.encoder
        self._current = first
        self._turn = threading.Lock()
        self._mark = seen
        self._problem: str | None = None
        self._away: str | None = None

    def ask(self, question: str, history: Sequence[str] = ()) -> Answer:
        """As ``Assistant.ask``."""
        return self._current.ask(question, history)

    def about(self) -> About:
        """As ``Assistant.about``."""
        return self._current.about()

    @property
    def library(self) -> Library:
        """What the answers are quoted from now: take it once for what must agree."""
        return self._current.library

    @property
    def problem(self) -> str | None:
        """Why the newest index is not the one that answers, in French; None when it is."""
        return self._problem

    def check(self) -> bool:
        """Load the version in service if it is another than before; whether it now answers.

        One that is missing or damaged is logged and left aside until the pointer changes again.
        """
        with self._turn:
            try:
                mark = self._store.mark()
            except MotamotError as error:  # a database that is away: the next look may find it
                self._away = self._problem = str(error)
                return False
            if self._away:
                LOG.info("the store of the index is back: %s", self._store)
                self._away = self._problem = None
            if mark == self._mark:
                return False
            self._mark = mark  # as it was before loading: what changes meanwhile is seen next time
            try:
                loaded = Assistant(Searcher.load(self._store, self.encoder))
            except MotamotError as error:
                self._problem = str(error)
                LOG.error("the new index in %s is not used, the one before still answers: %s", self._store, error)
                return False
            self._current, self._problem = loaded, None
            LOG.info("the new index in %s answers", self._store)
            return True

    def watched(self, every: float = EVERY) -> AbstractContextManager[None]:
        """Check every so many seconds, in a thread of its own, as long as the block runs; the index before answers."""
        return repeated(self.check, every, "the look for a new index")

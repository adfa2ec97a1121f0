"""The assistant over the index in service, replaced as soon as a newer index is whole, while questions are answered."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.answer import Answer
from bot.assistant import About, Assistant
from bot.quoting import Library
from corpus.errors import MotamotError
from index import versions
from index.searcher import Searcher

log = logging.getLogger(__name__)

# Seconds. One look at a file's date; a new version takes seconds to build and to load anyway.
EVERY = 2.0

Mark = tuple[int, int, int] | None
"""Inode, date and size of the pointer to the version in service; None where there is none."""


class LiveAssistant:
    """An assistant that is replaced when its index is; safe to share between threads.

    A question keeps to its end the index that it began with. Every call may meet a newer one than the call before.

    Args:
        folder: Of the index.
        first: The assistant over it now.
        seen: What was in service before ``first`` was loaded: a version that came since is picked up.
    """

    def __init__(self, folder: Path, first: Assistant, seen: Mark) -> None:
        self._folder = folder
        self._encoder = first.searcher.encoder
        self._current = first
        self._turn = threading.Lock()
        self._mark = seen
        self._problem: str | None = None

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
            mark = pointer(self._folder)
            if mark == self._mark:
                return False
            self._mark = mark  # as it was before loading: what changes meanwhile is seen next time
            try:
                loaded = Assistant(Searcher.load(self._folder, self._encoder))
            except MotamotError as error:
                self._problem = str(error)
                log.error("the new index in %s is not used, the one before still answers: %s", self._folder, error)
                return False
            self._current, self._problem = loaded, None
            log.info("the new index in %s answers", self._folder)
            return True

    @contextmanager
    def watched(self, every: float = EVERY) -> Iterator[None]:
        """Check every so many seconds, in a thread of its own, as long as the block runs."""
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(every):
                try:
                    self.check()
                except Exception:  # the thread goes on: the index before still answers
                    log.exception("the new index in %s could not be loaded", self._folder)

        thread = threading.Thread(target=watch, name="motamot-index", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def pointer(folder: Path) -> Mark:
    """What tells one version in service from the next, without reading it."""
    try:
        found = (folder / versions.CURRENT).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size

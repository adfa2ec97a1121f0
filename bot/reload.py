"""The index in service, in memory, replaced while questions are answered as soon as a newer one is whole."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from corpus.errors import MotamotError
from index import versions

log = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds. One look at a file's date; a new version takes seconds to build and to load anyway.
EVERY = 2.0

Mark = tuple[int, int, int] | None
"""Inode, date and size of the pointer to the version in service; None where there is none."""


class Live(Generic[T]):
    """Holds what ``load`` makes of the version in service.

    A question takes ``get()`` once and keeps it: the version it began with answers it to the end. Safe to share
    between threads.

    Args:
        folder: Of the index.
        load: Reads the version in service, as ``Searcher.load`` does; called outside the threads that answer.
        first: What it made at the start.
        seen: The pointer before that: a version that came while it was loading is loaded at the next check.
    """

    def __init__(self, folder: Path, load: Callable[[], T], first: T, seen: Mark) -> None:
        self._folder = folder
        self._load = load
        self._held = first
        self._turn = threading.Lock()
        self._mark = seen
        self._problem: str | None = None

    def get(self) -> T:
        """What answers now; costs nothing."""
        return self._held

    @property
    def problem(self) -> str | None:
        """Why the newest version is not the one that answers, in French; None when it is."""
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
                held = self._load()
            except MotamotError as error:
                self._problem = str(error)
                log.error("the new index in %s is not used, the one before still answers: %s", self._folder, error)
                return False
            self._held, self._problem = held, None
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

"""Draws pages of PDF files in a process of their own, one at a time, for as many visitors as may wait."""

import json
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

from bot.web.page_image import Box, PrintedPage, UnusablePageError
from corpus.errors import MotamotError
from corpus.sandbox import ChildProcess, EndedError

_START = "from bot.web.drawing_process import main; main()"
_LARGEST_ANSWER = 64_000_000
"""Bytes: more than the largest image (4 million pixels) or the longest page within their limits."""


@dataclass(frozen=True, slots=True)
class DrawingLimits:
    """Of one page."""

    cpu_seconds: int = 10
    """Of the processor. Measured: 0.1 to 0.2 s for pages of official PDFs, 1.4 s for scanned ones."""
    wall_seconds: float = 30
    """By the clock: for a busy machine, or a file on a network drive that no longer answers."""
    memory: int = 2**30
    """Bytes of addresses. Measured: 0.15 GB for files of 2 MB; the largest that is read has 50."""
    waiting: int = 8
    """Visitors served at once; a ninth is told to come back. Each holds one of the 40 threads that answer questions."""
    spared: int = 3
    """Pages of one file that may break the process before the others of that file are not tried."""


LIMITS = DrawingLimits()


class BusyError(MotamotError):
    """As many visitors as may wait for a page already do."""

    def __init__(self) -> None:
        super().__init__(
            "Beaucoup de pages sont demandées en ce moment, et celle-ci n’a pas pu être préparée. "
            "Rechargez-la dans quelques secondes."
        )


class Drawer:
    """Safe to share between threads; the process starts with the first page and ends with this object.

    Of a file that breaks it, a page is tried once: it would cost as much at each visit.
    """

    def __init__(self, limits: DrawingLimits = LIMITS) -> None:
        self.limits = limits
        self._child = ChildProcess(_START, _LARGEST_ANSWER)
        self._one = Lock()
        self._room = BoundedSemaphore(limits.waiting)
        self._broken: set[tuple[str, int]] = set()
        self._breaks: Counter[str] = Counter()

    def image(self, path: Path, sha256: str, number: int) -> bytes:
        """Page ``number`` (from 1) of the file with that hash, as a WebP image.

        Raises:
            UnusablePageError: It cannot be drawn within the limits, or the file is another.
            BusyError: Too many wait.
        """
        return self._asked(path, sha256, number, image=True)[1]

    def page(self, path: Path, sha256: str, number: int) -> PrintedPage:
        """The characters of that page and their boxes; raises as ``image`` does."""
        found, _ = self._asked(path, sha256, number, image=False)
        boxes = tuple(Box(*box) if box else None for box in found["boxes"])
        return PrintedPage(found["width"], found["height"], found["text"], boxes)

    def _asked(self, path: Path, sha256: str, number: int, *, image: bool) -> tuple[dict[str, Any], bytes]:
        if not self._room.acquire(blocking=False):
            raise BusyError
        try:
            with self._one:
                if (sha256, number) in self._broken or self._breaks[sha256] >= self.limits.spared:
                    raise UnusablePageError("it broke the process that drew it")
                answer = self._drawn(
                    {
                        "path": str(path),
                        "sha256": sha256,
                        "number": number,
                        "image": image,
                        "memory": self.limits.memory,
                        "cpu_seconds": self.limits.cpu_seconds,
                    }
                )
        finally:
            self._room.release()
        line, _, rest = answer.partition(b"\n")
        found = json.loads(line)
        if "unusable" in found:
            raise UnusablePageError(found["unusable"])
        return found, rest

    def _drawn(self, asked: dict[str, Any]) -> bytes:
        try:
            try:
                fresh = not self._child.running
                return self._child.ask(asked, self.limits.wall_seconds)
            except EndedError as ended:
                if fresh or ended.late or ended.status == -signal.SIGXCPU:
                    raise
                # What the pages before left in memory may be why: it is judged alone.
                return self._child.ask(asked, self.limits.wall_seconds)
        except EndedError as ended:
            self._broken.add((asked["sha256"], asked["number"]))
            self._breaks[asked["sha256"]] += 1
            raise UnusablePageError(f"the process that drew it ended: {ended.status}") from ended
        except OSError as error:
            raise UnusablePageError(f"the process that draws does not start: {error}") from error

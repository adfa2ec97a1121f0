"""The conversations under way: each under the secret of its page, in memory only, and within limits."""

import re
import sys
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock, Timer

from bot.service import MAX_HISTORY

MAX_TURNS = 50
"""Kept on screen; each answer sends them all again, about 4 kB each before compression."""
VISIT_SECONDS = 4 * 3_600
"""How long a conversation left alone stays in memory."""
MAX_VISITS = 10_000
"""Kept at once. Beyond, the one left alone the longest goes."""
MAX_MEMORY = 200_000_000
"""Bytes of all of them: 3,000 conversations of ten questions, which take 65 kB each, as measured."""
MAX_MEMORY_EACH = 4_000_000
"""Bytes of one: fifty answers five times as long as the longest measured (16 kB). Beyond, its first turns go."""

KEY = re.compile(r"[\w-]{22}", re.ASCII)
"""The secret of a page: 128 random bits in Base64, as ``secrets.token_urlsafe(16)`` makes them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what was said to it, as HTML."""

    question: str
    reply: str
    understood: bool
    """Whether the assistant read it: only then may a later question refer to it."""

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sys.getsizeof(self.question) + sys.getsizeof(self.reply)


class Conversation:
    """What one visitor asked; the lock keeps two questions sent at once in order."""

    def __init__(self) -> None:
        self.turns: Sequence[Turn] = ()
        self.lock = Lock()

    @property
    def size(self) -> int:
        """Bytes in memory."""
        return sum(turn.size for turn in self.turns)

    def history(self) -> tuple[str, ...]:
        """The earlier questions, oldest first."""
        return tuple(turn.question for turn in self.turns if turn.understood)[-MAX_HISTORY:]

    def add(self, turn: Turn) -> None:
        """Keep one more turn, without the first ones where it would be too many or too much."""
        self.turns = (*self.turns, turn)[-MAX_TURNS:]
        while len(self.turns) > 1 and self.size > MAX_MEMORY_EACH:
            self.turns = self.turns[1:]


@dataclass(frozen=True, slots=True)
class _Visit:
    conversation: Conversation
    size: int
    used: float


class Conversations:
    """Safe to share between threads. A key that is none, or not secret enough, keeps nothing.

    Args:
        seconds: How long a conversation left alone is kept.
        most: Conversations kept at once.
        most_memory: Bytes of all of them.
    """

    def __init__(self, seconds: float = VISIT_SECONDS, most: int = MAX_VISITS, most_memory: int = MAX_MEMORY) -> None:
        self._seconds = seconds
        self._most = most
        self._most_memory = most_memory
        self._visits: OrderedDict[str, _Visit] = OrderedDict()
        self._memory = 0
        self._lock = Lock()
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._visits)

    @property
    def memory(self) -> int:
        """Bytes of all of them."""
        return self._memory

    def conversation(self, key: str | None) -> Conversation:
        """The one under this key, empty at first."""
        with self._lock:
            visit = self._visits.get(key or "")
            found = visit.conversation if visit else Conversation()
            self._keep(key, found)
        return found

    def keep(self, key: str | None, conversation: Conversation) -> None:
        """Remember what was said; those left alone make room."""
        with self._lock:
            self._keep(key, conversation)

    def forget(self, key: str | None) -> None:
        """Its visitor starts a new one."""
        with self._lock:
            self._drop(key or "")

    def _keep(self, key: str | None, conversation: Conversation) -> None:
        if not key or not KEY.fullmatch(key):
            return
        self._drop(key)
        visit = self._visits[key] = _Visit(conversation, conversation.size, time.monotonic())
        self._memory += visit.size
        while len(self._visits) > self._most or (self._memory > self._most_memory and len(self._visits) > 1):
            self._drop(next(iter(self._visits)))
        self._watch()

    def _drop(self, key: str) -> None:
        if visit := self._visits.pop(key, None):
            self._memory -= visit.size

    def _watch(self) -> None:
        """What was left alone goes by itself, even when nobody comes any more."""
        if self._timer is None and self._visits:
            oldest = next(iter(self._visits.values()))
            self._timer = Timer(oldest.used + self._seconds - time.monotonic(), self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        with self._lock:
            self._timer = None
            while self._visits:
                key, oldest = next(iter(self._visits.items()))
                if oldest.used + self._seconds > time.monotonic():
                    break
                self._drop(key)
            self._watch()

"""Questions that come at the same moment are encoded together."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition

import numpy as np

from index.dense import Vectors


class _Turn:
    """What one thread wants encoded, and what came of it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)
        self.vectors: Vectors | None = None
        self.error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.vectors is not None or self.error is not None


class Batching:
    """Calls of several threads, joined: whoever gets the model encodes what all of them wait for, the oldest first.

    No thread of its own and no pause to let others come: alone, a call costs a lock more. Safe to share between
    threads.

    Args:
        encode: Vectors of some texts, shape ``(n, dim)``, in their order.
        most: Texts encoded together at most, unless one caller brings more.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Vectors], most: int) -> None:
        self._encode = encode
        self._most = most
        self._free = True
        self._waiting: deque[_Turn] = deque()
        self._changed = Condition()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of these texts, shape ``(n, dim)``; raises what ``encode`` raises for them alone."""
        mine = _Turn(texts)
        with self._changed:
            self._waiting.append(mine)
        while turns := self._next(mine):
            try:
                self._serve(turns)
            finally:
                with self._changed:
                    self._free = True
                    self._changed.notify_all()
        if mine.error is not None:
            raise mine.error
        assert mine.vectors is not None
        return mine.vectors

    def _next(self, mine: _Turn) -> list[_Turn]:
        """The oldest turns that fit together, once the model is free; none when ``mine`` is done."""
        with self._changed:
            while not mine.done and not (self._free and mine in self._waiting):
                self._changed.wait()
            if mine.done:
                return []
            self._free = False
            turns = [self._waiting.popleft()]
            size = len(turns[0].texts)
            while self._waiting and size + len(self._waiting[0].texts) <= self._most:
                turns.append(self._waiting.popleft())
                size += len(turns[-1].texts)
            return turns

    def _serve(self, turns: list[_Turn]) -> None:
        try:
            vectors = self._encode([text for turn in turns for text in turn.texts])
        except BaseException as error:  # noqa: BLE001  handed to the thread that asked
            if len(turns) == 1:
                turns[0].error = error
                return
            for turn in turns:  # one of them is to blame: the others must not pay for it
                self._serve([turn])
            return
        ends = np.cumsum([len(turn.texts) for turn in turns])
        for turn, end in zip(turns, ends, strict=True):
            turn.vectors = vectors[end - len(turn.texts) : end]

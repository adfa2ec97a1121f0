"""Objects that are read from their store when they are asked for, and the last ones kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import TypeVar, overload

from cachetools import LRUCache

T = TypeVar("T")
Later = Callable[[], T]
"""What was begun: waits for it, and gives what it found."""

_KEPT = 2_000
"""Objects in memory: of entries some 5 MB."""


def batched(things: Iterable[T], n: int) -> Iterator[list[T]]:
    """Lists of ``n`` of them, the last one of what is left."""
    rest = iter(things)
    while found := list(islice(rest, n)):
        yield found


class Records(Sequence[T]):
    """A sequence whose objects are read by their rows. Safe to share between threads.

    Args:
        n: How many there are.
        read: The objects of some rows, in their order.
        kept: How much stays in memory.
        size: Of an object, in the unit of ``kept``; by default each is one.
    """

    def __init__(
        self,
        n: int,
        read: Callable[[Sequence[int]], Sequence[T]],
        kept: int = _KEPT,
        size: Callable[[T], int] = lambda _: 1,
    ) -> None:
        self._n = n
        self._read = read
        self._known: LRUCache[int, T] = LRUCache(kept, lambda value: min(size(value), kept))
        self._lock = Lock()

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, row: int) -> T: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[T]: ...
    def __getitem__(self, row: int | slice) -> T | Sequence[T]:
        if isinstance(row, slice):
            return self.some(range(self._n)[row])
        return self.some([range(self._n)[row]])[0]

    def __iter__(self) -> Iterator[T]:
        for start in range(0, self._n, 500):
            yield from self.some(range(start, min(start + 500, self._n)))

    def some(self, rows: Sequence[int]) -> Sequence[T]:
        """The objects of some rows, those that are not in memory read at once."""
        with self._lock:
            found = {row: self._known[row] for row in rows if row in self._known}
        missing = [row for row in dict.fromkeys(rows) if row not in found]
        if missing:
            found |= zip(missing, self._read(missing), strict=True)
            with self._lock:
                for row in missing:
                    found[row] = self._known.setdefault(row, found[row])  # one object for all that read it at once
        return [found[row] for row in rows]


def some(objects: Sequence[T], rows: Sequence[int]) -> Sequence[T]:
    """The objects of some rows of any sequence."""
    return objects.some(rows) if isinstance(objects, Records) else [objects[row] for row in rows]


class ByName(Mapping[str, T]):
    """Objects of a sequence by their names."""

    def __init__(self, names: Sequence[str], objects: Sequence[T]) -> None:
        self._rows = {name: row for row, name in enumerate(names)}
        self._objects = objects

    def __getitem__(self, name: str) -> T:
        return self._objects[self._rows[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

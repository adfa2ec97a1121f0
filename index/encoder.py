"""What the index asks of an encoder: texts in, unit vectors out."""

from collections.abc import Callable, Sequence
from typing import Protocol

from index.dense import Vectors

Progress = Callable[[int, int], None]
"""Called with the number of texts encoded and the number to encode."""


class Encoder(Protocol):
    """Turns texts into unit vectors whose inner product says how close their meanings are."""

    @property
    def name(self) -> str:
        """Model, version and weights: two encoders of one name give the same vectors."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, ``(n, dim)``, float32, in the order of the texts."""

    def encode_passages(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """The same of what a query may find; ``on_progress`` gets (encoded, wanted) as the work goes on."""


def whole(text: str) -> str:
    """The text as UTF-8 can write it: half a surrogate pair, as a broken phone may send, becomes "?"."""
    return text.encode("utf-8", "replace").decode()

"""What the index asks of a model: an encoder, texts in and vectors out, and beside it a reader that judges."""

from collections.abc import Sequence
from typing import Protocol

from index.dense import Vectors


class Reader(Protocol):
    """Judges whether a text answers a question, reading both together."""

    @property
    def name(self) -> str:
        """Model, version and weights: two readers of one name give the same logits."""

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        """A logit for each text, shape ``(n_texts,)``, float32: the higher, the surer that it answers."""


class Encoder(Protocol):
    """Turns texts into unit vectors whose inner product says how close their meanings are."""

    @property
    def name(self) -> str:
        """Model, version and weights: two encoders of one name give the same vectors."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    @property
    def reader(self) -> Reader | None:
        """What judges beside it, if anything does."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, ``(n, dim)``, float32, in the order of the texts."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The same of what a query may find."""


def whole(text: str) -> str:
    """The text as UTF-8 can write it: half a surrogate pair, as a broken phone may send, becomes "?"."""
    return text.encode("utf-8", "replace").decode()

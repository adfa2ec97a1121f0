"""An exported transformer, run by onnxruntime: token ids in, what its graph computes out."""

import ctypes
import hashlib
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
import onnxruntime
from cachetools import LRUCache

TOKENIZER, ENCODER_GRAPH, READER_GRAPH = "tokenizer.json", "encoder.onnx", "reader.onnx"
WORDS = "words.npy"
"""Vectors of the pieces, ``(pieces, hidden)``, float16: one file for all the graphs of a folder."""
_N_OUTPUTS = 2000
"""Outputs that are kept: at most 4 MB. Visitors repeat each other, and a turn may be read alone and after another."""
_M_ARENA_MAX = -8
"""Of ``mallopt``."""


def _share_free_memory() -> None:
    """Let all threads free into two pools: glibc makes up to sixteen, and keeps 10 MiB of activations in each."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option:
        set_option(_M_ARENA_MAX, 2)


class OnnxModel:
    """A graph over word vectors. Several threads may run it at once, each on one core.

    Texts are run one at a time: without padding a short text costs little, and what comes out does not depend on
    the texts that happened to be run beside it.
    """

    def __init__(self, graph: Path) -> None:
        options = onnxruntime.SessionOptions()
        # One core a call: a question is too small to share, and its threads would spin while others want the core.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Texts have many lengths: the arena would keep the largest block of each (measured: hundreds of MiB).
        options.enable_cpu_mem_arena = False
        _share_free_memory()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        # Mapped: only the rows that are read take memory.
        self._words = np.load(graph.parent / WORDS, mmap_mode="r")
        self._outputs: LRUCache[bytes, npt.NDArray[np.float32]] = LRUCache(_N_OUTPUTS)
        self._lock = Lock()

    def run_once(self, ids: list[int]) -> npt.NDArray[np.float32]:
        """``run``, or what it gave lately for the same text, of which only a digest is kept; not to be written to."""
        key = hashlib.sha256(np.asarray(ids, np.int32).tobytes()).digest()
        with self._lock:
            found = self._outputs.get(key)
        if found is None:
            found = self.run(ids)
            with self._lock:
                self._outputs[key] = found
        return found

    def run(self, ids: list[int]) -> npt.NDArray[np.float32]:
        """The output for one text, without its batch axis."""
        vectors = self._words[ids].astype(np.float32)[np.newaxis]
        [found] = self._session.run(None, {"vectors": vectors})
        output: npt.NDArray[np.float32] = np.asarray(found, dtype=np.float32)[0]
        return output

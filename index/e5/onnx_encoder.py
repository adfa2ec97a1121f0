"""The default encoder and its reader at work: tokenizer and exported graphs, run by onnxruntime, without torch."""

import ctypes
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from operator import attrgetter
from pathlib import Path
from threading import Lock

import numpy as np
import onnxruntime
from cachetools import LRUCache, cachedmethod
from tokenizers import Tokenizer

from index.dense import Vectors
from index.encoder import whole

TOKENIZER, ENCODER_GRAPH, READER_GRAPH = "tokenizer.json", "encoder.onnx", "reader.onnx"
WORDS = "words.npy"
"""Vectors of the pieces, ``(pieces, hidden)``, float16: one file for all the graphs of a folder."""
QUERY, PASSAGE = "query: ", "passage: "  # what E5 was trained with
# What the reader was trained with: tokens of the question and of the text, those at their ends included.
_QUERY_TOKENS, _TEXT_TOKENS = 110, 280
_FEW = 32
"""Texts of one question, or sentences of a passage, at most; more are a build's."""
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
        self._outputs: LRUCache[bytes, Vectors] = LRUCache(_N_OUTPUTS)
        self._lock = Lock()

    @cachedmethod(
        attrgetter("_outputs"),
        key=lambda _, ids: hashlib.sha256(np.asarray(ids, np.int32).tobytes()).digest(),
        lock=attrgetter("_lock"),
    )
    def run_once(self, ids: list[int]) -> Vectors:
        """``run``, or what it gave lately for the same text, of which only a digest is kept; not to be written to."""
        return self.run(ids)

    def run(self, ids: list[int]) -> Vectors:
        """The output for one text, without its batch axis."""
        vectors = self._words[ids].astype(np.float32)[np.newaxis]
        [found] = self._session.run(None, {"vectors": vectors})
        output: Vectors = found[0]
        return output


class OnnxReader:
    """A cross-encoder of twelve layers on the CPU; safe to share between threads.

    Args:
        folder: As ``unpack_default_model`` writes it.
        tokenizer: Of that folder.
        workers: What it shares its texts with.
    """

    def __init__(self, folder: Path, tokenizer: Tokenizer, workers: Executor) -> None:
        self.name = f"{folder.name}-reader"
        self._tokenizer = tokenizer
        self._model = OnnxModel(folder / READER_GRAPH)
        self._workers = workers

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        """See ``Reader``; the texts share the cores."""
        asked = _question(self._tokenizer, query)
        pairs = [asked + _answer(self._tokenizer, text) for text in texts]
        outputs = _shared(self._workers, self._model.run_once, pairs)
        return np.asarray([output[0] for output in outputs], dtype=np.float32)


class OnnxEncoder:
    """Encodes on the CPU; safe to share between threads.

    What exceeds the limit noted in the tokenizer (512 tokens, prompt included) is left out of a vector.

    Args:
        folder: As ``unpack_default_model`` writes it; its name says which weights it holds.
    """

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._model = OnnxModel(folder / ENCODER_GRAPH)
        self.dim = len(self._model.run(self._tokenizer.encode("a").ids))
        self._workers = ThreadPoolExecutor(_cores(), thread_name_prefix="motamot-model")
        self.reader = OnnxReader(folder, self._tokenizer, self._workers)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Encoder``; the texts share the cores."""
        return self._encoded([QUERY + text for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See ``Encoder``; on all cores."""
        return self._encoded([PASSAGE + text for text in texts])

    def _encoded(self, texts: Sequence[str]) -> Vectors:
        """Few texts may recur, and are remembered; those of a build have threads that no question waits for."""
        ids = [self._tokenizer.encode(whole(text)).ids for text in texts]
        if len(ids) <= _FEW:
            outputs = _shared(self._workers, self._model.run_once, ids)
        else:
            with ThreadPoolExecutor(_cores()) as pool:
                outputs = list(pool.map(self._model.run, ids))
        return np.reshape(outputs, (len(texts), self.dim)).astype(np.float32, copy=False)


def _shared(workers: Executor, run: Callable[[list[int]], Vectors], texts: Sequence[list[int]]) -> list[Vectors]:
    """What comes out for each text: the first, often alone, in the calling thread, the others beside it."""
    others = [workers.submit(run, ids) for ids in texts[1:]]
    return [*map(run, texts[:1]), *(other.result() for other in others)]


def pair(tokenizer: Tokenizer, query: str, text: str) -> list[int]:
    """What the reader reads: the pieces of the question, then of the text without its opening one."""
    return _question(tokenizer, query) + _answer(tokenizer, text)


def _question(tokenizer: Tokenizer, query: str) -> list[int]:
    return _cut(tokenizer.encode(QUERY + whole(query)).ids, _QUERY_TOKENS)


def _answer(tokenizer: Tokenizer, text: str) -> list[int]:
    return _cut(tokenizer.encode(PASSAGE + whole(text)).ids, _TEXT_TOKENS)[1:]


def _cut(ids: list[int], most: int) -> list[int]:
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]


def _cores() -> int:
    return len(os.sched_getaffinity(0))

"""The default encoder and its reader at work: tokenizer and exported graphs, without torch."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from index.dense import Vectors
from index.e5.onnx_model import ENCODER_GRAPH, READER_GRAPH, TOKENIZER, OnnxModel
from index.encoder import Progress, whole

QUERY, PASSAGE = "query: ", "passage: "  # what E5 was trained with
# What the reader was trained with: tokens of the question and of the text, those at their ends included.
_QUERY_TOKENS, _TEXT_TOKENS = 110, 280
_FEW = 32
"""Texts of one question, or sentences of a passage, at most; more are a build's."""


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
        pairs = [pair(self._tokenizer, query, text) for text in texts]
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
        self.dim = len(self._vector("a"))
        self._workers = ThreadPoolExecutor(_cores(), thread_name_prefix="motamot-model")
        self.reader = OnnxReader(folder, self._tokenizer, self._workers)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Encoder``; the texts share the cores."""
        return self._encoded([QUERY + text for text in texts])

    def encode_passages(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """See ``Encoder``; on all cores."""
        return self._encoded([PASSAGE + text for text in texts], on_progress)

    def _encoded(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """Few texts may recur, and are remembered; those of a build have threads that no question waits for."""
        if 0 < len(texts) <= _FEW and not on_progress:
            ids = [self._tokenizer.encode(whole(text)).ids for text in texts]
            return np.stack(_shared(self._workers, self._model.run_once, ids))
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        with ThreadPoolExecutor(_cores()) as pool:
            encoded = pool.map(self._vector, texts)
            for row, vector in enumerate(encoded):
                vectors[row] = vector
                if on_progress:
                    on_progress(row + 1, len(texts))
        return vectors

    def _vector(self, text: str) -> Vectors:
        return self._model.run(self._tokenizer.encode(whole(text)).ids)


def _shared(workers: Executor, run: Callable[[list[int]], Vectors], texts: Sequence[list[int]]) -> list[Vectors]:
    """What comes out for each text: the first, often alone, in the calling thread, the others beside it."""
    others = [workers.submit(run, ids) for ids in texts[1:]]
    return [*map(run, texts[:1]), *(other.result() for other in others)]


def pair(tokenizer: Tokenizer, query: str, text: str) -> list[int]:
    """What the reader reads: the pieces of the question, then of the text without its opening one."""
    asked = _cut(tokenizer.encode(QUERY + whole(query)).ids, _QUERY_TOKENS)
    return asked + _cut(tokenizer.encode(PASSAGE + whole(text)).ids, _TEXT_TOKENS)[1:]


def _cut(ids: list[int], most: int) -> list[int]:
    return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]


def _cores() -> int:
    return len(os.sched_getaffinity(0))

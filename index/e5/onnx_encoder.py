"""The default encoder at work: tokenizer and exported graph, without torch."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from index.dense import Vectors
from index.e5.onnx_model import OnnxModel
from index.encoder import Progress, whole

GRAPH = "encoder.onnx"
TOKENIZER = "tokenizer.json"
QUERY, PASSAGE = "query: ", "passage: "  # what E5 was trained with


class OnnxEncoder:
    """Encodes on the CPU; safe to share between threads.

    What exceeds the limit noted in the tokenizer (512 tokens, prompt included) is left out of a vector.

    Args:
        folder: As ``unpack_default_model`` writes it.
        name: What identifies the weights.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._model = OnnxModel(folder / GRAPH)
        self.dim = len(self._vector("a"))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Encoder``; in the calling thread."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(QUERY + text)
        return vectors

    def encode_passages(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """See ``Encoder``; on all cores."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            encoded = pool.map(lambda text: self._vector(PASSAGE + text), texts)
            for row, vector in enumerate(encoded):
                vectors[row] = vector
                if on_progress:
                    on_progress(row + 1, len(texts))
        return vectors

    def _vector(self, text: str) -> Vectors:
        return self._model.run(self._tokenizer.encode(whole(text)).ids)

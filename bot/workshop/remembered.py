"""An encoder whose reader is asked once: drafts are built and checked again and again, of nearly the same questions."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from cachetools import LRUCache

from bot.workshop.draft import written
from corpus.files import write_file
from index.dense import Vectors
from index.encoder import Encoder, Progress, Reader

_MOST = 200_000
"""Logits kept: 10 MB, those of some 50,000 questions."""


class RememberedReader:
    """A reader that remembers what it said, by a hash of question and text.

    Args:
        reader: What is asked.
        path: Where it is kept; what another reader said is not used.
    """

    def __init__(self, reader: Reader, path: Path) -> None:
        self._reader = reader
        self._path = path
        self._lock = Lock()
        self._said: LRUCache[str, float] = LRUCache(_MOST)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["reader"] == reader.name:
                self._said.update(content["said"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # there is none yet, or it is damaged: it is asked again

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self, query: str, texts: Sequence[str]) -> Vectors:
        keys = [hashlib.blake2b(f"{query}\n{text}".encode(), digest_size=12).hexdigest() for text in texts]
        with self._lock:
            found = [self._said.get(key) for key in keys]
        if None in found:
            logits = self._reader.read(query, texts)
            with self._lock:
                self._said.update(zip(keys, logits.tolist(), strict=True))
            return logits
        return np.asarray(found, dtype=np.float32)

    def save(self) -> None:
        """Keep it for the next start.

        Raises:
            WorkshopError: It cannot be written.
        """
        with self._lock:
            content = json.dumps({"reader": self.name, "said": dict(self._said.items())})
        with written(self._path.parent):
            write_file(self._path, content.encode())


class RememberedEncoder:
    """The same encoder, its reader remembered."""

    def __init__(self, encoder: Encoder, path: Path) -> None:
        self._encoder = encoder
        self.reader = RememberedReader(encoder.reader, path) if encoder.reader else None

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dim(self) -> int:
        return self._encoder.dim

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_queries(texts)

    def encode_passages(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        return self._encoder.encode_passages(texts, on_progress)

    def save(self) -> None:
        """Keep what the reader said for the next start."""
        if self.reader:
            self.reader.save()

"""An encoder that an operator chose: any sentence-transformers model, run by torch."""

import gc
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from corpus.errors import IndexStoreError
from corpus.files import sha256_of
from index import check_temporary_folder
from index.dense import Vectors
from index.encoder import Reader, whole

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Measured on 2 cores: 16 passages of 1,800 characters at 6.1, 7.3 and 6.8 a second in batches of 1, 4 and 16,
# 64 of 300 characters at 26, 51 and 47 a second. A question waits for one batch at most.
_BATCH = 16

# So few texts are a person waiting: one thread, because two are 4 ms faster on an idle machine and
# ten times slower as soon as something else wants a core (measured: p95 150 ms against 25 ms).
_FEW_TEXTS = 4

# Files of a model that change its vectors.
_MODEL_FILES = ("*.safetensors", "*.bin", "*.json", "*.model", "*.txt", "*/*.safetensors", "*/*.json")


class SentenceTransformerEncoder:
    """A sentence-transformers model on the CPU, from a folder or from the local Hugging Face cache.

    Several threads may encode at once: they take turns, one batch each. What exceeds ``max_tokens``
    is left out of the vector, of a query as of a passage.

    Args:
        model: A folder, or a hub name that the cache holds; nothing is ever downloaded.
        name: What identifies the weights, when the caller knows it; else they are hashed.

    Raises:
        IndexStoreError: There is no such model, or it cannot be loaded.
    """

    def __init__(self, model: str | Path, name: str | None = None) -> None:
        folder = _model_folder(model)
        label = folder.resolve().name if Path(model).expanduser() == folder else model
        self.name = name or f"{label}@{_fingerprint(folder)}"
        self._lock = Lock()
        self._model = load_model(folder)
        self.reader: Reader | None = None
        self._query_prompt, self._passage_prompt = _prompts(self._model, self.name)
        self.dim = self._model.get_embedding_dimension() or self._run(["a"], "").shape[1]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See ``Encoder``."""
        return self._encode(texts, self._query_prompt)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See ``Encoder``; those of a batch cost as much as its longest: a build sorts them by length."""
        return self._encode(texts, self._passage_prompt)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        import torch

        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            batch = slice(start, start + _BATCH)
            with self._lock:
                # Torch keeps this number by thread: set in the thread that computes, and given back.
                before = torch.get_num_threads()
                torch.set_num_threads(1 if len(texts) <= _FEW_TEXTS else before)
                try:
                    vectors[batch] = self._run(texts[batch], prompt)
                finally:
                    torch.set_num_threads(before)
        return vectors

    def _run(self, texts: Sequence[str], prompt: str) -> Vectors:
        import torch

        # The two halves of SentenceTransformer.encode, without the 3 ms of its checks at each question.
        features = self._model.preprocess([whole(text) for text in texts], prompt=prompt or None)
        with torch.inference_mode():
            found = self._model(features)["sentence_embedding"]
        vectors: Vectors = torch.nn.functional.normalize(found.float(), dim=1).numpy()
        return vectors


def load_model(folder: Path) -> "SentenceTransformer":
    """A model folder as sentence-transformers runs it, on the CPU.

    Raises:
        IndexStoreError: It cannot be loaded.
    """
    check_temporary_folder()
    # Importing makes millions of objects and frees none: with the collector off it takes 5 s, not 6.3.
    with _collector_paused():
        from huggingface_hub import constants
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar, set_verbosity_error

        # For the case where huggingface_hub was imported before this module set the environment.
        constants.HF_HUB_OFFLINE = True
        disable_progress_bar()  # type: ignore[no-untyped-call]
        set_verbosity_error()  # type: ignore[no-untyped-call]
        try:
            return SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
            raise IndexStoreError(
                f"Le modèle « {folder} » ne peut pas être chargé ({error}). "
                "Vérifiez que ce dossier contient un modèle sentence-transformers complet, "
                "ou retirez ce réglage pour utiliser le modèle fourni."
            ) from error


@contextmanager
def _collector_paused() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _prompts(model: "SentenceTransformer", name: str) -> tuple[str, str]:
    """What stands before a query and before a passage: the model's own prompts, else those of E5."""
    prompts: dict[str, str] = {key: text for key, text in model.prompts.items() if text}
    query = prompts.get("query", "")
    passage = prompts.get("document") or prompts.get("passage", "")
    if prompts or not re.search(r"(?<![a-z0-9])e5(?![a-z0-9])(?!.*instruct)", name.lower()):
        return query, passage
    return "query: ", "passage: "


def _model_folder(model: str | Path) -> Path:
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(model), local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        raise IndexStoreError(
            f"Le modèle « {model} » n’est ni un dossier, ni un modèle du cache Hugging Face de cette machine "
            "(Motamot ne télécharge aucun modèle). Copiez le dossier du modèle sur cette machine et "
            "indiquez son chemin, ou retirez ce réglage pour utiliser le modèle fourni."
        ) from error


def _fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits of the SHA-256 of every file that changes the vectors."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _MODEL_FILES for path in folder.glob(pattern)}):
        digest.update(f"{path.relative_to(folder).as_posix()} {sha256_of(path)}\n".encode())
    return digest.hexdigest()[:12]

"""The default encoder as sentence-transformers runs it, exported once to a graph that onnxruntime runs."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.dense import Vectors
from index.e5.onnx_encoder import GRAPH, QUERY, TOKENIZER
from index.e5.onnx_model import WORDS
from index.sentence_transformer import load_model

if TYPE_CHECKING:
    from torch import Tensor

_OPSET = 17


class Exporter:
    """A model folder in memory, to be compared and written in its exported form. Imports torch (seconds).

    Args:
        source: A sentence-transformers folder of a BERT encoder.
    """

    def __init__(self, source: Path) -> None:
        self._model = load_model(source)
        self._bert: Any = self._model[0].model

    def vectors(self, queries: Sequence[str]) -> Vectors:
        """What sentence-transformers makes of the queries, ``(n, dim)``."""
        found: Vectors = self._model.encode([QUERY + query for query in queries], normalize_embeddings=True)
        return found

    def write(self, folder: Path) -> None:
        """Write tokenizer, word vectors and graph into an existing folder."""
        tokenizer = self._model.tokenizer.backend_tokenizer
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._model.max_seq_length)
        tokenizer.save(str(folder / TOKENIZER), pretty=False)
        words = self._bert.embeddings.word_embeddings.weight.detach().numpy()
        np.save(folder / WORDS, words.astype(np.float16))  # cosine to float32 above 0.999999
        _export(self._bert, folder / GRAPH)


def _export(bert: Any, path: Path) -> None:
    import torch

    class Pooled(torch.nn.Module):
        """Mean of the token vectors of one text, of length 1."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = bert  # a part of this module: its weights are then the graph's

        def forward(self, vectors: "Tensor") -> "Tensor":
            tokens = self.bert(inputs_embeds=vectors).last_hidden_state
            return torch.nn.functional.normalize(tokens.mean(dim=1), dim=1)

    bert.config._attn_implementation = "eager"  # plain products: the exporter knows them all
    example = torch.zeros(1, 12, bert.config.hidden_size)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        torch.onnx.export(
            Pooled().eval(),
            (example,),
            str(path),
            input_names=["vectors"],
            output_names=["vector"],
            dynamic_axes={"vectors": {1: "tokens"}},
            opset_version=_OPSET,
            dynamo=False,
        )

"""The default model as torch runs it, adapted and exported once to the graphs that onnxruntime runs."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index import check_temporary_folder
from index.dense import Vectors
from index.e5.bert import bert_model, french_tokenizer, kept_rows
from index.e5.onnx_encoder import ENCODER_GRAPH, QUERY, READER_GRAPH, TOKENIZER, WORDS, pair
from index.e5.weights import PackedModel

if TYPE_CHECKING:
    from torch import Tensor

_OPSET = 17
# alpha / r of the adapters.
_SCALE = 2.0
# Share of an outlier that moves from the activations into the weights (SmoothQuant, Xiao et al., 2022,
# https://arxiv.org/abs/2211.10438). Least cosine to float32 over 70 texts: .984 with 0.5, .990 with 0.7 and 0.8,
# .987 with 0.9.
_SMOOTHING = 0.75
_N_CALIBRATION = 60


class Exporter:
    """The default model in memory, to be compared and written in its exported form. Imports torch (seconds)."""

    def __init__(self, packed: PackedModel) -> None:
        check_temporary_folder()
        self._packed, self._rows = packed, kept_rows(packed.pieces)
        self.bert: Any = bert_model(packed, self._rows)
        self._tokenizer = french_tokenizer(packed, self._rows)

    def vectors(self, queries: Sequence[str]) -> Vectors:
        """What torch makes of the queries, ``(n, dim)``; before the encoder is written."""
        return self._outputs(_pooled(self.bert), [self._tokenizer.encode(QUERY + query).ids for query in queries])

    def adapt(self) -> None:
        """Merge the encoder's adapter: ``vectors`` are then those of the adapted encoder."""
        _merge(self.bert, _adapter("encoder"))

    def write(self, folder: Path) -> None:
        """Write tokenizer, word vectors and the encoder's graph into an existing folder."""
        bert = self.bert
        self._tokenizer.save(str(folder / TOKENIZER), pretty=False)
        words = bert.embeddings.word_embeddings.weight.detach().numpy()
        np.save(folder / WORDS, words.astype(np.float16))  # cosine to float32 above 0.999999
        self._smooth(bert, [self._tokenizer.encode(QUERY + text).ids for text in _calibration_texts()])
        _export(_pooled(bert), bert.config, folder / ENCODER_GRAPH)

    def reader(self) -> Any:
        """The reader as torch runs it: token ids ``(1, n)`` in, a logit out."""
        bert = bert_model(self._packed, self._rows)
        adapter = _adapter("reader")
        _merge(bert, {name[2:]: tensor for name, tensor in adapter.items() if name.startswith("m.")})
        return _judge(bert, {name[2:]: tensor.float() for name, tensor in adapter.items() if name.startswith("h.")})

    def write_reader(self, reader: Any, folder: Path) -> None:
        """Write the reader's graph beside the encoder's, whose word vectors it shares."""
        texts = _calibration_texts()
        self._smooth(reader.bert, [pair(self._tokenizer, a, b) for a, b in pairwise(texts)])
        _export(reader, reader.bert.config, folder / READER_GRAPH)

    def logits(self, reader: Any, query: str, texts: Sequence[str]) -> Vectors:
        """What torch makes of the pairs, ``(n_texts,)``; before the reader is written."""
        return self._outputs(reader, [pair(self._tokenizer, query, text) for text in texts])[:, 0]

    @staticmethod
    def _outputs(module: Any, texts: Sequence[Sequence[int]]) -> Vectors:
        import torch

        with torch.inference_mode():
            words = [module.bert.embeddings.word_embeddings(torch.tensor([ids])) for ids in texts]
            return np.concatenate([module(vectors).numpy() for vectors in words])

    def _smooth(self, bert: Any, texts: Sequence[Sequence[int]]) -> None:
        """Move the outliers of what the second feed-forward map reads into its weights; its output stays."""
        import torch

        largest: dict[int, Tensor] = {}
        with torch.inference_mode(), _watched(bert, largest):
            for ids in texts:
                bert(input_ids=torch.tensor([ids]))
        for number, layer in enumerate(bert.encoder.layer):
            linear = layer.output.dense
            activations = largest[number].clamp(min=1e-5)
            weights = linear.weight.data.abs().amax(dim=0).clamp(min=1e-5)
            layer.output.dense = _smoothed(linear, activations**_SMOOTHING / weights ** (1 - _SMOOTHING))


def _adapter(name: str) -> dict[str, "Tensor"]:
    """A low-rank adapter (Hu et al., 2021, https://arxiv.org/abs/2106.09685) that is shipped: its tensors, by name."""
    from safetensors.torch import load

    return load(files("index").joinpath("data", f"{name}-adapter.safetensors").read_bytes())


def _merge(bert: Any, adapter: dict[str, "Tensor"]) -> None:
    """Add ``_SCALE * b @ a`` to each map that an adapter names: ``<map>.a``, ``(r, in)``, ``<map>.b``, ``(out, r)``."""
    for name in {name[:-2] for name in adapter}:
        a, b = (adapter[f"{name}.{side}"].float() for side in "ab")
        bert.get_submodule(name).weight.data += _SCALE * (b @ a)


def _calibration_texts() -> list[str]:
    """Questions of every kind that are shipped with the code."""
    return files("index").joinpath("data/out_of_scope.txt").read_text(encoding="utf-8").splitlines()[:_N_CALIBRATION]


@contextmanager
def _watched(bert: Any, largest: dict[int, "Tensor"]) -> Iterator[None]:
    """Note the largest magnitude of each input of each second feed-forward map."""

    def watch(number: int) -> Any:
        def hook(_module: Any, inputs: tuple["Tensor"], _output: Any) -> None:
            seen = inputs[0].detach().abs().amax(dim=(0, 1))
            largest[number] = seen if number not in largest else largest[number].maximum(seen)

        return hook

    hooks = [layer.output.dense.register_forward_hook(watch(n)) for n, layer in enumerate(bert.encoder.layer)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _smoothed(linear: Any, scale: "Tensor") -> Any:
    import torch

    class Smoothed(torch.nn.Module):
        """A linear map whose inputs are divided, and its weights multiplied, by the same scale."""

        def __init__(self) -> None:
            super().__init__()
            self.linear = linear
            self.inverse = torch.nn.Parameter(1 / scale, requires_grad=False)
            linear.weight.data *= scale

        def forward(self, x: "Tensor") -> "Tensor":
            found: Tensor = self.linear(x * self.inverse)
            return found

    return Smoothed()


def _pooled(bert: Any) -> Any:
    import torch

    class Pooled(torch.nn.Module):
        """Mean of the token vectors of one text, of length 1."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = bert  # a part of this module: its weights are then the graph's

        def forward(self, vectors: "Tensor") -> "Tensor":
            tokens = self.bert(inputs_embeds=vectors).last_hidden_state
            return torch.nn.functional.normalize(tokens.mean(dim=1), dim=1)

    return Pooled()


def _judge(bert: Any, head: dict[str, Any]) -> Any:
    import torch

    class Judge(torch.nn.Module):
        """One logit from the first token's vector and the mean of all."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = bert
            width = 2 * bert.config.hidden_size
            self.head = torch.nn.Sequential(torch.nn.Linear(width, 128), torch.nn.GELU(), torch.nn.Linear(128, 1))
            self.head.load_state_dict(head)

        def forward(self, vectors: "Tensor") -> "Tensor":
            tokens = self.bert(inputs_embeds=vectors).last_hidden_state
            logit: Tensor = self.head(torch.cat([tokens[:, 0], tokens.mean(dim=1)], dim=1))
            return logit

    return Judge()


def _attention(of: Any) -> Any:
    import torch

    class Attention(torch.nn.Module):
        """Self-attention of one text without padding: queries, keys and values come of one product."""

        def __init__(self) -> None:
            super().__init__()
            linears = (of.query, of.key, of.value)
            self.n_heads, self.width = of.num_attention_heads, of.all_head_size
            self.linear = torch.nn.Linear(of.query.in_features, 3 * self.width)
            self.linear.weight.data = torch.cat([linear.weight.data for linear in linears])
            self.linear.bias.data = torch.cat([linear.bias.data for linear in linears])

        def forward(self, tokens: "Tensor", *_: object, **__: object) -> tuple["Tensor", None]:
            n, size = tokens.shape[1], self.width // self.n_heads
            parts = self.linear(tokens).split(self.width, dim=-1)
            queries, keys, values = (part.view(n, self.n_heads, size).transpose(0, 1) for part in parts)
            weights = torch.softmax(queries @ (keys.transpose(1, 2) * size**-0.5), dim=-1)
            return (weights @ values).transpose(0, 1).reshape(1, n, self.width), None

    return Attention()


def _export(module: Any, config: Any, path: Path) -> None:
    import torch

    for layer in module.bert.encoder.layer:
        layer.attention.self = _attention(layer.attention.self)
    example = torch.zeros(1, 12, config.hidden_size)
    plain = path.with_suffix(".float32")
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        torch.onnx.export(
            module.eval(),
            (example,),
            str(plain),
            input_names=["vectors"],
            output_names=["output"],
            dynamic_axes={"vectors": {1: "tokens"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    _quantise(plain, path)
    plain.unlink()


def _quantise(plain: Path, path: Path) -> None:
    """Hold the weights of the linear maps in 8 bits, one scale a column.

    Of 7 bits each: without VNNI, a processor adds two products of 8 bits in 16, which 8-bit weights overflow.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    ready, handlers = path.with_suffix(".ready"), list(logging.root.handlers)
    quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
    quantize_dynamic(
        str(ready),
        str(path),
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )
    ready.unlink()
    logging.root.handlers = handlers  # onnxruntime adds one, through which other libraries would print

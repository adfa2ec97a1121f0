"""The default encoder and the reader with low-rank adapters, for torch, and what they make of texts."""

import lzma
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional
from train_data import Corpus, Tokens, TrainingData
from transformers import BertConfig, BertModel

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
Adapter = dict[str, Tensor]
FIELDS = ("headings", "bodies", "wholes")

# alpha / r of every adapter.
_SCALE = 2.0
_RANK = 24
# Share of the outputs of layers that is left out while an adapter learns: some twenty thousand questions are few.
_DROPOUT = 0.1
_MAPS = (
    *(f"attention.self.{name}" for name in ("query", "key", "value")),
    *(f"{name}.dense" for name in ("attention.output", "intermediate", "output")),
)


class LowRank(nn.Module):
    """A linear map that stays as it is, plus ``b @ a`` that is learned (LoRA, Hu et al., 2021)."""

    def __init__(self, linear: nn.Linear, a: Tensor, b: Tensor) -> None:
        super().__init__()
        self.linear, self.a, self.b = linear, nn.Parameter(a.float()), nn.Parameter(b.float())

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(DEVICE, enabled=False):
            weight = self.linear.weight + _SCALE * (self.b @ self.a)
        return functional.linear(x, weight, self.linear.bias)


class Judge(nn.Module):
    """The reader: one logit from the first token's vector and the mean of all."""

    def __init__(self, bert: BertModel, adapter: Adapter) -> None:
        super().__init__()
        self.bert = bert
        self.head = nn.Sequential(nn.Linear(2 * bert.config.hidden_size, 128), nn.GELU(), nn.Linear(128, 1))
        self.head.load_state_dict({name[2:]: tensor.float() for name, tensor in adapter.items() if name[:2] == "h."})

    def forward(self, pairs: Sequence[Tokens]) -> Tensor:
        """Logits, ``(n_pairs,)``."""
        return in_batches(self._logits, pairs, 128)

    def _logits(self, pairs: Sequence[Tokens]) -> Tensor:
        states, mask = last_states(self.bert, pairs)
        return self.head(torch.cat([states[:, 0], mean(states, mask)], dim=1)).squeeze(1).float()


def base(work: Path, layers: int = 12) -> BertModel:
    """The default model, none of whose weights is learned."""
    config = BertConfig.from_json_file(work / "config.json")
    config.attention_probs_dropout_prob, config.hidden_dropout_prob = 0.0, _DROPOUT
    bert = BertModel(config, add_pooling_layer=False).requires_grad_(False)
    weights = load(lzma.decompress((work / "base.xz").read_bytes()))
    bert.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    bert.encoder.layer = bert.encoder.layer[:layers]
    return bert


def maps(bert: BertModel) -> list[str]:
    """Names of the linear maps that are adapted."""
    return [f"encoder.layer.{layer}.{name}" for layer in range(len(bert.encoder.layer)) for name in _MAPS]


def merged(bert: BertModel, adapter: Adapter) -> BertModel:
    """The model with the adapter in its weights."""
    for name in maps(bert):
        bert.get_submodule(name).weight += _SCALE * (adapter[name + ".b"].float() @ adapter[name + ".a"].float())
    return bert.to(DEVICE).eval()


def adapted(bert: BertModel, adapter: Adapter, prefix: str = "", frozen: int = 0) -> BertModel:
    """The model with the adapter beside its weights, to be learned but for the first layers."""
    for name in maps(bert):
        parent, _, leaf = name.rpartition(".")
        a, b = (adapter[f"{prefix}{name}.{side}"] for side in "ab")
        setattr(bert.get_submodule(parent), leaf, LowRank(bert.get_submodule(name), a, b))
    bert.encoder.layer[:frozen].requires_grad_(False)
    return bert.to(DEVICE)


def fresh_adapter(bert: BertModel) -> Adapter:
    """An adapter that changes nothing yet."""
    found = {}
    for name in maps(bert):
        rows, columns = bert.get_submodule(name).weight.shape
        found[name + ".a"] = nn.init.kaiming_uniform_(torch.empty(_RANK, columns), a=math.sqrt(5))
        found[name + ".b"] = torch.zeros(rows, _RANK)
    return found


def adapter_of(bert: BertModel) -> Adapter:
    """What the model has learned."""
    return {f"{n}.{side}": getattr(bert.get_submodule(n), side).detach().cpu() for n in maps(bert) for side in "ab"}


def mean_of(adapters: Sequence[Adapter]) -> Adapter:
    """The mean of the weights that adapters of one model add, at the rank of the first (Wortsman et al., 2022).

    What is left out is small: of a reader and of what it became, .002 of the squares of the weights.
    """
    found = {name: sum(a[name].float() for a in adapters) / len(adapters) for name in adapters[0] if name[:2] == "h."}
    for name in (key[:-2] for key in adapters[0] if key.endswith(".a")):
        added = sum(a[name + ".b"].float() @ a[name + ".a"].float() for a in adapters) / len(adapters)
        left, sizes, right = torch.linalg.svd(added, full_matrices=False)
        rank = len(adapters[0][name + ".a"])
        roots = sizes[:rank].sqrt()
        found |= {name + ".a": roots[:, None] * right[:rank], name + ".b": left[:, :rank] * roots}
    return found


def save_adapter(adapter: Adapter, path: Path) -> None:
    path.write_bytes(save({name: tensor.half().contiguous() for name, tensor in adapter.items()}))
    print(f"wrote {path}")


def last_states(bert: BertModel, texts: Sequence[Tokens]) -> tuple[Tensor, Tensor]:
    """Vectors of the tokens, ``(n, length, hidden)``, and which of them are there, ``(n, length, 1)``."""
    length = -(-max(map(len, texts)) // 16) * 16
    ids, mask = torch.full((len(texts), length), bert.config.pad_token_id), torch.zeros(len(texts), length)
    for row, text in enumerate(texts):
        ids[row, : len(text)], mask[row, : len(text)] = torch.from_numpy(text), 1
    ids, mask = ids.to(DEVICE), mask.to(DEVICE)
    with torch.autocast(DEVICE, dtype=torch.bfloat16):
        states = bert(input_ids=ids, attention_mask=mask).last_hidden_state
    return states.float(), mask[..., None]


def mean(states: Tensor, mask: Tensor) -> Tensor:
    return (states * mask).sum(1) / mask.sum(1)


def in_batches(function: Callable[[Sequence[Tokens]], Tensor], texts: Sequence[Tokens], size: int) -> Tensor:
    """What the function makes of the texts, those of like lengths together."""
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    parts = [[texts[row] for row in order[start : start + size]] for start in range(0, len(order), size)]
    return torch.cat([function(part) for part in parts])[np.argsort(order)]


def vectors(bert: BertModel, texts: Sequence[Tokens]) -> Tensor:
    """Unit vectors, ``(n, hidden)``."""
    return in_batches(lambda part: functional.normalize(mean(*last_states(bert, part)), dim=1), texts, 512)


@torch.no_grad()
def cosines(
    bert: BertModel, data: TrainingData, corpus: Corpus, asked: Sequence[int], fields: Sequence[str] = FIELDS
) -> Tensor:
    """Of each question with each field of each entry, ``(n_fields, n_questions, n_entries)``."""
    columns = [getattr(corpus, name) for name in fields]
    texts, place = np.unique(np.concatenate([asked, *columns]), return_inverse=True)
    found = vectors(bert, [data.tokens[text] for text in texts])[place]
    queries, *entries = found.split([len(asked), *map(len, columns)])
    return torch.stack([queries @ field.T for field in entries])


def fused(scores: Tensor) -> Tensor:
    """The sum of the standardised scores of the fields, ``(n_questions, n_entries)``."""
    return ((scores - scores.mean(2, keepdim=True)) / (scores.std(2, keepdim=True) + 1e-6)).sum(0)


def pair(data: TrainingData, query: int, passage: int) -> Tokens:
    return np.concatenate([data.tokens[query], data.tokens[passage][1:]])

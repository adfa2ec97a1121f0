"""The packed model as transformers and tokenizers hold it, with the pieces that French needs."""

import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from index.e5.weights import Floats, PackedModel

# First word of the Unicode name of the letters and marks that are kept. Greek is there for µ, Ω, π:
# with its whole alphabet, a text in kept characters is cut exactly as with every piece of the file.
_KEPT_LETTERS = frozenset({"LATIN", "GREEK", "MODIFIER", "COMBINING"})

# What e5.c names a tensor of a layer, what BERT calls it.
_LINEAR = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORM = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

# What the file's own map erases, and what it turns into a space, beside NFKC (read from the 0.3.0 file).
_ERASED = r"[\x{01}-\x{08}\x{0B}\x{0E}-\x{1F}\x{7F}\x{8F}\x{9F}]"
_SPACES = r"[\t\n\f\r \x{1680}\x{200B}-\x{200F}\x{2028}\x{2029}\x{2581}\x{FEFF}\x{FFFD}]+"


def kept_rows(pieces: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Numbers of the pieces without a letter of another script than Latin or Greek, in order."""
    # One look-up for each character, not for each occurrence: 250,000 pieces.
    dropped = {c for c in set("".join(pieces)) if not _is_kept(c)}
    return np.array([row for row, piece in enumerate(pieces) if dropped.isdisjoint(piece)], dtype=np.int64)


def _is_kept(character: str) -> bool:
    if unicodedata.category(character)[0] not in "LM":
        return True  # digits, punctuation, symbols, the private signs of PDF bullets
    return unicodedata.name(character, "").partition(" ")[0] in _KEPT_LETTERS


def bert_model(packed: PackedModel, rows: npt.NDArray[np.int64]) -> Any:
    """The encoder in float32, with the given pieces only: a ``transformers.BertModel``."""
    import torch
    from transformers import BertConfig, BertModel

    shape = packed.shape
    config = BertConfig(
        vocab_size=len(rows),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.token_types,
        layer_norm_eps=shape.norm_epsilon,
        # Special pieces open the file: dropping others after them leaves their numbers alone.
        pad_token_id=packed.pieces.index("<pad>"),
    )
    bert: Any = BertModel(config, add_pooling_layer=False)  # the file has no pooler
    bert.load_state_dict({name: torch.tensor(tensor) for name, tensor in bert_weights(packed, rows).items()})
    return bert.eval()


def bert_weights(packed: PackedModel, rows: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """Every tensor in float32 under the name that ``transformers.BertModel`` gives it."""
    hidden = packed.shape.hidden
    weights = {
        "embeddings.word_embeddings.weight": packed.matrix("emb.word", hidden, rows),
        "embeddings.position_embeddings.weight": packed.vector("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": packed.vector("emb.type").reshape(-1, hidden),
        "embeddings.LayerNorm.weight": packed.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.vector("emb.ln.b"),
    }
    for layer in range(packed.shape.layers):
        for short, name in _LINEAR.items():
            columns = packed.shape.feed_forward if short == "fo" else hidden
            weights[f"encoder.layer.{layer}.{name}.weight"] = packed.matrix(f"l{layer}.{short}.w", columns)
            weights[f"encoder.layer.{layer}.{name}.bias"] = packed.vector(f"l{layer}.{short}.b")
        for short, name in _NORM.items():
            weights[f"encoder.layer.{layer}.{name}.weight"] = packed.vector(f"l{layer}.{short}.w")
            weights[f"encoder.layer.{layer}.{name}.bias"] = packed.vector(f"l{layer}.{short}.b")
    return weights


def french_tokenizer(packed: PackedModel, rows: npt.NDArray[np.int64]) -> Tokenizer:
    """The SentencePiece unigram tokenizer of the file, over the given pieces only."""
    vocabulary = [(packed.pieces[row], float(packed.scores[row])) for row in rows]
    numbers = {piece: number for number, (piece, _) in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.Unigram(vocabulary, numbers["<unk>"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_ERASED), ""),
            normalizers.NFKC(),
            normalizers.Replace(Regex(_SPACES), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(token, numbers[token]) for token in ("<s>", "</s>")],
    )
    tokenizer.enable_truncation(packed.shape.positions)
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    )
    return tokenizer

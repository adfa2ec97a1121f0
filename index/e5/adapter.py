"""Low-rank adapters (Hu et al., 2021, https://arxiv.org/abs/2106.09685) that make the default model ours."""

from importlib.resources import files
from typing import Any, Final

ENCODER: Final = "encoder-adapter.safetensors"
READER: Final = "reader-adapter.safetensors"


def read_adapter(name: str) -> dict[str, Any]:
    """Tensors of an adapter that is shipped in ``index/data``, by name, on the CPU."""
    from safetensors.torch import load

    return load(files("index").joinpath("data", name).read_bytes())


def merge_adapter(bert: Any, adapter: dict[str, Any], scale: float, prefix: str = "") -> None:
    """Add ``scale * b @ a`` to each linear map of a BERT encoder that the adapter names.

    Args:
        bert: A ``transformers.BertModel``.
        adapter: ``<prefix><module>.a``, ``(r, in)``, and ``.b``, ``(out, r)``.
        scale: alpha / r, times the share of the adapter that is wanted.
        prefix: What its names begin with.

    Raises:
        ValueError: The adapter names a module that the encoder has not, or none at all.
    """
    modules = dict(bert.named_modules())
    names = [name.removeprefix(prefix).removesuffix(".a") for name in adapter if name.endswith(".a")]
    unknown = [name for name in names if name not in modules]
    if unknown or not names:
        raise ValueError(f"the adapter must name modules of the encoder, got {unknown or sorted(adapter)[:3]}")
    for name in names:
        a, b = (adapter[f"{prefix}{name}.{side}"].float() for side in "ab")
        modules[name].weight.data += scale * (b @ a)

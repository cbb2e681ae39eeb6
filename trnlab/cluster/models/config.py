"""Read a Hugging Face `config.json`: a dictionary, its text, or a file.

    >>> from_config({"model_type": "llama", "hidden_size": 64, ...})

A family that is not known, or a value that cannot be, is refused in one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from .families import FAMILIES, Family
from .transformer import Attention, Experts, Latent, Layer, Mlp, Transformer

MAX_FILE_BYTES = 1_000_000  # a config.json has a few thousand
LARGEST = 10**7  # of any size in a configuration
MOST_LAYERS = 10_000
LONGEST_NAME = 80
_NAMES = {  # GPT-2's own words
    "hidden_size": "n_embd",
    "num_hidden_layers": "n_layer",
    "num_attention_heads": "n_head",
    "intermediate_size": "n_inner",
    "max_position_embeddings": "n_positions",
}


def from_config(config: Mapping[str, Any], name: str = "", source: str = "") -> Transformer:
    """The model that a configuration describes.

    Args:
        config: in Hugging Face form
        name: to show; the configuration's own if empty
        source: to show
    Raises:
        ValueError: a family that is not known, or a value that is missing or cannot be
    """
    if not isinstance(config, Mapping):
        raise ValueError(f"model: a configuration is a dictionary, this is {_kind(config)}")
    inner = config.get("text_config")  # of a model that also sees or hears
    if "hidden_size" not in config and isinstance(inner, Mapping):
        config = inner
    family = _family(config)
    fields = _Fields(config)
    layers = fields.number("num_hidden_layers")
    if layers > MOST_LAYERS:
        raise ValueError(f"model: num_hidden_layers = {layers:,} exceeds {MOST_LAYERS:,}")
    windows = _windows(fields, family, layers)
    kinds = [_layer(fields, family, i, windows[i]) for i in range(layers)]
    return Transformer(
        name=name or str(config.get("_name_or_path") or config["model_type"])[:LONGEST_NAME],
        hidden=fields.number("hidden_size"),
        vocabulary=fields.number("vocab_size"),
        groups=tuple((len(list(same)), layer) for layer, same in groupby(_sorted(kinds))),
        is_tied=fields.flag("tie_word_embeddings", family.is_tied),
        positions=fields.number("max_position_embeddings") if family.has_positions else 0,
        has_dropout=family.has_dropout,
        has_head_bias=family.has_head_bias,
        source=source or "a configuration of the user",
    )


def read_config(text: str | bytes | Path) -> dict[str, Any]:
    """The dictionary in a file or in a pasted text.

    Raises:
        ValueError: no such file, too large, or not JSON with names and values
    """
    if isinstance(text, Path) or (isinstance(text, str) and not text.lstrip().startswith("{")):
        path = Path(text)
        if not _is_file(path):
            raise ValueError(f"model: there is no file {str(path)[:80]!r}; give a config.json")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(
                f"model: {path.name} has {path.stat().st_size:,} bytes; a config.json has a few "
                "thousand, so this is another file"
            )
        text = path.read_bytes()
    if len(text) > MAX_FILE_BYTES:
        raise ValueError(
            f"model: this text has {len(text):,} characters; a config.json has a few thousand"
        )
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(
            "model: this is not JSON text; give the config.json of a model, not its weights or a "
            "picture"
        ) from None
    if not isinstance(parsed, dict):
        raise ValueError(f"model: a config.json holds names and values, this is {_kind(parsed)}")
    return parsed


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for any file
        return False


def _kind(value: object) -> str:
    """What JSON would call it."""
    names = {str: "text", type(None): "null", dict: "names and values"}
    number = "a number" if isinstance(value, (int, float)) else f"a {type(value).__name__}"
    return names.get(type(value), number)


def _family(config: Mapping[str, Any]) -> Family:
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        said = f"its model_type is {kind!r:.40}" if kind else "it names no model_type"
        raise ValueError(
            f"model: {said}, and trnlab knows {', '.join(FAMILIES)}; a model of another family "
            "that is built like one of these can be given with that model_type"
        )
    return FAMILIES[kind]


class _Fields:
    """The numbers of a configuration, each checked when it is read."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    def get(self, name: str) -> Any:
        return self.config.get(name, self.config.get(_NAMES.get(name, name)))

    def number(self, name: str, default: int | None = None) -> int:
        value = self.get(name)
        value = default if value is None else value
        if value is None:
            raise ValueError(f"model: the configuration has no {name}")
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST:
            asked = f"model: {name} = {value!r:.40}"
            raise ValueError(f"{asked} should be a whole number from 1 to {LARGEST:,}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.get(name)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise ValueError(f"model: {name} = {value!r:.40} should be true or false")
        return value

    def optional(self, *names: str) -> int:
        """The first of these that is there; 0 if none is."""
        found = [name for name in names if self.get(name)]
        return self.number(found[0]) if found else 0


def _windows(fields: _Fields, family: Family, layers: int) -> list[int | None]:
    window = fields.optional("sliding_window")
    types = fields.get("layer_types")
    if not window or family.window == "none":
        return [None] * layers
    if family.window == "all":
        return [window] * layers
    if isinstance(types, list) and len(types) == layers:
        return [window if kind == "sliding_attention" else None for kind in types]
    if family.window == "flag":
        first = (
            fields.optional("max_window_layers") if fields.flag("use_sliding_window") else layers
        )
        return [window if i >= first else None for i in range(layers)]
    every = fields.optional("sliding_window_pattern") or family.every
    return [window if (i + 1) % every else None for i in range(layers)]


def _layer(fields: _Fields, family: Family, index: int, window: int | None) -> Layer:
    experts = _experts(fields, family)
    is_mixture = experts is not None and _is_mixture(fields, index)
    return Layer(
        attention=_attention(fields, family),
        mlp=None if is_mixture else _mlp(fields, family, "intermediate_size"),
        experts=experts if is_mixture else None,
        window=window,
        norms=family.norms,
        has_norm_bias=family.has_norm_bias,
    )


def _is_mixture(fields: _Fields, index: int) -> bool:
    dense = fields.get("mlp_only_layers") or []
    if not isinstance(dense, list):
        raise ValueError(f"model: mlp_only_layers = {dense!r:.40} should be a list of layers")
    step = fields.optional("decoder_sparse_step", "moe_layer_freq") or 1
    first = fields.optional("first_k_dense_replace")
    offset = index + 1 if fields.get("decoder_sparse_step") else index
    return index not in dense and index >= first and offset % step == 0


def _attention(fields: _Fields, family: Family) -> Attention:
    heads = fields.number("num_attention_heads")
    hidden = fields.number("hidden_size")
    flagged = fields.flag("attention_bias")
    common: dict[str, Any] = {
        "heads": heads,
        "has_qkv_bias": family.has_qkv_bias or flagged,
        "has_out_bias": family.has_out_bias or flagged,
        "has_qk_norm": family.has_qk_norm,
        "norms_all_heads": family.norms_all_heads,
        "has_sinks": family.has_sinks,
    }
    if fields.get("kv_lora_rank"):
        nope, rope = fields.number("qk_nope_head_dim"), fields.number("qk_rope_head_dim")
        latent = Latent(
            query_rank=fields.optional("q_lora_rank"),
            kv_rank=fields.number("kv_lora_rank"),
            rope_dim=rope,
            nope_dim=nope,
        )
        value = fields.number("v_head_dim")
        return Attention(
            kv_heads=heads, head_dim=nope + rope, value_dim=value, latent=latent, **common
        )
    if hidden % heads and not fields.get("head_dim"):
        raise ValueError(
            f"model: hidden_size = {hidden} is not a multiple of {heads} heads; give a head_dim"
        )
    width = fields.optional("head_dim") or hidden // heads
    kv_heads = fields.number("num_key_value_heads", heads)
    if heads % kv_heads:
        raise ValueError(
            f"model: {heads} query heads cannot share {kv_heads} key and value heads equally"
        )
    return Attention(kv_heads=kv_heads, head_dim=width, value_dim=width, **common)


def _mlp(fields: _Fields, family: Family, name: str) -> Mlp:
    default = 4 * fields.number("hidden_size") if not family.is_gated else None
    bias = family.has_mlp_bias or fields.flag("mlp_bias")
    return Mlp(inner=fields.number(name, default), is_gated=family.is_gated, has_bias=bias)


def _experts(fields: _Fields, family: Family) -> Experts | None:
    count = fields.optional("n_routed_experts", "num_local_experts", "num_experts")
    if not count:
        return None
    top_k = fields.optional("num_experts_per_tok", "experts_per_token")
    if not 1 <= top_k <= count:
        raise ValueError(f"model: a token picks {top_k} of {count} experts; check the two numbers")
    groups = fields.optional("n_group") or 1
    name = "moe_intermediate_size"
    expert = _mlp(fields, family, name if fields.get(name) else "intermediate_size")
    shared, has_gate = fields.optional("shared_expert_intermediate_size"), True
    if fields.optional("n_shared_experts"):
        shared, has_gate = fields.optional("n_shared_experts") * expert.inner, False
    return Experts(
        count=count,
        top_k=top_k,
        expert=expert,
        shared=Mlp(inner=shared) if shared else None,
        groups=groups,
        top_groups=fields.optional("topk_group") or groups,
        has_shared_gate=bool(shared) and has_gate,
        has_router_bias=family.has_router_bias,
    )


def _sorted(kinds: list[Layer]) -> list[Layer]:
    """Equal layers side by side, in the order of their first."""
    return sorted(kinds, key=kinds.index)

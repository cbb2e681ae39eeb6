"""What a Hugging Face `config.json` leaves unsaid: the habits of each family of models."""

from __future__ import annotations

from typing import NamedTuple


class Family(NamedTuple):
    """Habits that the code of a family fixes and its configuration does not mention."""

    has_qkv_bias: bool = False
    has_out_bias: bool = False
    has_mlp_bias: bool = False
    has_qk_norm: bool = False
    norms_all_heads: bool = False  # one norm over the width of all heads, not of each
    has_head_bias: bool = False
    has_norm_bias: bool = False
    is_gated: bool = True
    is_tied: bool = False  # unless the configuration says otherwise
    norms: int = 2  # of hidden width, in one layer
    window: str = "none"  # which layers look back a limited way, see `windows`
    every: int = 2  # layers, of which one looks back all the way, if the configuration says none
    has_positions: bool = False
    has_sinks: bool = False
    has_router_bias: bool = False
    has_dropout: bool = False


_BIASED = Family(
    has_qkv_bias=True,
    has_out_bias=True,
    has_mlp_bias=True,
    has_norm_bias=True,
    is_gated=False,
)

FAMILIES = {
    "llama": Family(),
    "mistral": Family(window="all"),
    "mixtral": Family(window="all"),
    "qwen2": Family(has_qkv_bias=True, window="flag"),
    "qwen2_moe": Family(has_qkv_bias=True, window="flag"),
    "qwen3": Family(has_qk_norm=True, window="flag"),
    "qwen3_moe": Family(has_qk_norm=True, window="flag"),
    "phi3": Family(window="all"),
    "gemma": Family(is_tied=True),
    "gemma2": Family(is_tied=True, norms=4, window="types"),
    "gemma3_text": Family(is_tied=True, norms=4, has_qk_norm=True, window="types", every=6),
    "granite": Family(),
    "olmo2": Family(has_qk_norm=True, norms_all_heads=True),
    "olmoe": Family(has_qk_norm=True, norms_all_heads=True),
    "gpt_oss": Family(
        has_qkv_bias=True,
        has_out_bias=True,
        has_mlp_bias=True,
        window="types",
        has_sinks=True,
        has_router_bias=True,
    ),
    "deepseek_v2": Family(),
    "deepseek_v3": Family(has_router_bias=True),
    "kimi_k2": Family(has_router_bias=True),
    "gpt2": _BIASED._replace(is_tied=True, has_positions=True, has_dropout=True),
    "gpt_neox": _BIASED,
    "phi": _BIASED._replace(norms=1, has_head_bias=True),
    "starcoder2": _BIASED._replace(is_tied=True, window="all"),
}

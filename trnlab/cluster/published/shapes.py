"""Networks that published runs trained, where no configuration of theirs is in the gallery."""

from __future__ import annotations

from trnlab.cluster.models import Attention, Layer, Mlp, Transformer

MEGATRON = "arXiv 2205.05198, Table 5"
MAXTEXT = "github.com/AI-Hypercomputer/maxtext, configs of TPU v5p"
PALM = "arXiv 2204.02311, section 4"


def gpt(name: str, layers: int, hidden: int, heads: int, vocabulary: int = 51200) -> Transformer:
    """GPT-3's layer: biases, LayerNorm, dropout, a feed-forward network four times as wide."""
    width = hidden // heads
    attention = Attention(
        heads=heads,
        kv_heads=heads,
        head_dim=width,
        value_dim=width,
        has_qkv_bias=True,
        has_out_bias=True,
    )
    mlp = Mlp(inner=4 * hidden, is_gated=False, has_bias=True)
    layer = Layer(attention=attention, mlp=mlp, has_norm_bias=True)
    return Transformer(
        name=name,
        hidden=hidden,
        vocabulary=vocabulary,
        groups=((layers, layer),),
        is_tied=True,
        positions=2048,
        has_dropout=True,
        source=MEGATRON,
    )


def maxtext(name: str, layers: int, hidden: int, heads: int, inner: int) -> Transformer:
    """MaxText's default layer: gated, heads of 128, 32,000 words."""
    attention = Attention(heads=heads, kv_heads=heads, head_dim=128, value_dim=128)
    layer = Layer(attention=attention, mlp=Mlp(inner=inner))
    return Transformer(
        name=name, hidden=hidden, vocabulary=32000, groups=((layers, layer),), source=MAXTEXT
    )


def palm_540b() -> Transformer:
    """PaLM: one key and value head, gated feed-forward, 256,000 words shared with the head."""
    attention = Attention(heads=48, kv_heads=1, head_dim=256, value_dim=256)
    layer = Layer(attention=attention, mlp=Mlp(inner=4 * 18_432))
    return Transformer(
        name="PaLM 540B",
        hidden=18_432,
        vocabulary=256_000,
        groups=((118, layer),),
        is_tied=True,
        source=PALM,
    )


MEGATRON_MODELS = {
    "22B": gpt("22B", 48, 6144, 64),
    "175B": gpt("175B", 96, 12288, 96),
    "530B": gpt("530B", 105, 20480, 128),
    "1T": gpt("1T", 128, 25600, 160),
}

"""Parameters, floating-point operations and cached bytes of a model: exact counts.

Counts follow the weights that the published checkpoints hold: embeddings once if tied, every norm,
every bias.
"""

from __future__ import annotations

from typing import NamedTuple

from .transformer import Attention, Experts, Layer, Mlp, Transformer


class LayerParameters(NamedTuple):
    """Parameters of one layer by kind."""

    attention: int
    mlp: int  # dense, and the shared expert
    experts: int  # all of them
    router: int
    norms: int

    @property
    def total(self) -> int:
        """Sum of all kinds."""
        return sum(self)


def layer_parameters(model: Transformer, layer: Layer) -> LayerParameters:
    """Parameters of one layer."""
    width = model.hidden
    experts = layer.experts
    dense = _mlp(width, layer.mlp) if layer.mlp else 0
    all_experts = router = 0
    if experts:
        dense += _mlp(width, experts.shared) if experts.shared else 0
        all_experts = experts.count * _mlp(width, experts.expert)
        router = _router(width, experts)
    norms = layer.norms * width * (2 if layer.has_norm_bias else 1)
    return LayerParameters(_attention(width, layer.attention), dense, all_experts, router, norms)


def embedding_parameters(model: Transformer) -> int:
    """Token and position vectors."""
    return (model.vocabulary + model.positions) * model.hidden


def head_parameters(model: Transformer) -> int:
    """The output matrix; none if it is the embedding."""
    bias = model.vocabulary if model.has_head_bias else 0
    return bias + (0 if model.is_tied else model.vocabulary * model.hidden)


def parameters(model: Transformer) -> int:
    """All parameters, as a checkpoint holds them."""
    layers = sum(count * layer_parameters(model, layer).total for count, layer in model.groups)
    return embedding_parameters(model) + layers + _final_norm(model) + head_parameters(model)


def active_parameters(model: Transformer) -> int:
    """Parameters that one token passes: of the experts only those its router picks."""
    idle = 0
    for count, layer in model.groups:
        if layer.experts:
            spare = layer.experts.count - layer.experts.top_k
            idle += count * spare * _mlp(model.hidden, layer.experts.expert)
    return parameters(model) - idle


def forward_flops(model: Transformer, sequence: int, attention: str = "full") -> float:
    """FLOPs of one sequence's forward pass: 2 for each multiply-accumulate.

    Args:
        sequence: tokens
        attention: "full" counts every pair of tokens, as most papers do; "causal" those a token
            can see; "none" leaves the two products of attention out
    Raises:
        ValueError: no such way of counting
    """
    total = 2.0 * sequence * model.vocabulary * model.hidden
    for count, layer in model.groups:
        pairs = attended_pairs(sequence, layer.window, attention)
        width = layer.attention.heads * (layer.attention.head_dim + layer.attention.value_dim)
        total += count * (2.0 * sequence * _multiplied(model.hidden, layer) + 2.0 * pairs * width)
    return total


def training_flops(model: Transformer, sequence: int, attention: str = "full") -> float:
    """FLOPs of one sequence, forward and backward: three times the forward pass."""
    return 3 * forward_flops(model, sequence, attention)


def attended_pairs(sequence: int, window: int | None, attention: str) -> float:
    """Pairs (query, key) that attention multiplies in one sequence."""
    if attention == "none":
        return 0.0
    if attention == "full":
        return float(sequence) * min(sequence, window or sequence)
    if attention == "causal":
        seen = min(sequence, window or sequence)
        return seen * (seen + 1) / 2 + (sequence - seen) * float(seen)
    raise ValueError(f"attention: {attention!r} should be 'full', 'causal' or 'none'")


def cached_values(layer: Layer) -> int:
    """Numbers that one token adds to the KV cache of a layer."""
    latent = layer.attention.latent
    return latent.kv_rank + latent.rope_dim if latent else layer.attention.kv_width


def cache_values(model: Transformer, context: int) -> int:
    """Numbers in the KV cache of one sequence; a window keeps the last tokens only."""
    return sum(
        count * cached_values(layer) * min(context, layer.window or context)
        for count, layer in model.groups
    )


def _attention(width: int, attention: Attention) -> int:
    heads, out = attention.heads, attention.out_width * width
    if attention.latent is None:
        columns = attention.query_width + attention.kv_width
        total = width * columns + out
        total += columns if attention.has_qkv_bias else 0
    else:
        latent = attention.latent
        queries = attention.query_width
        rank = latent.query_rank
        total = width * queries if not rank else width * rank + rank + rank * queries
        total += width * (latent.kv_rank + latent.rope_dim) + latent.kv_rank
        total += latent.kv_rank * heads * (latent.nope_dim + attention.value_dim) + out
    total += width if attention.has_out_bias else 0
    total += _qk_norm(attention) if attention.has_qk_norm else 0
    return total + (heads if attention.has_sinks else 0)


def _qk_norm(attention: Attention) -> int:
    if attention.norms_all_heads:
        return (attention.heads + attention.kv_heads) * attention.head_dim
    return 2 * attention.head_dim


def _mlp(width: int, mlp: Mlp) -> int:
    bias = mlp.up_columns + width if mlp.has_bias else 0
    return width * (mlp.up_columns + mlp.inner) + bias


def _router(width: int, experts: Experts) -> int:
    bias = experts.count if experts.has_router_bias else 0
    return width * experts.count + bias + (width if experts.has_shared_gate else 0)


def _final_norm(model: Transformer) -> int:
    return model.hidden * (2 if model.groups[-1][1].has_norm_bias else 1)


def _multiplied(width: int, layer: Layer) -> float:
    """Weights of a layer that multiply one token."""
    attention = layer.attention
    if attention.latent is None:
        total = width * (attention.query_width + attention.kv_width)
    else:
        latent = attention.latent
        rank = latent.query_rank
        queries = attention.query_width
        total = width * rank + rank * queries if rank else width * queries
        total += width * (latent.kv_rank + latent.rope_dim)
        total += latent.kv_rank * attention.heads * (latent.nope_dim + attention.value_dim)
    total += attention.out_width * width
    if layer.mlp:
        total += width * (layer.mlp.up_columns + layer.mlp.inner)
    if layer.experts:
        experts = layer.experts
        total += width * experts.count
        for mlp, times in ((experts.expert, experts.top_k), (experts.shared, 1)):
            total += times * width * (mlp.up_columns + mlp.inner) if mlp else 0
    return total

"""What one device does for one micro-batch of one layer: products, passes, bytes to exchange.

These records say what is computed; `layer_time` says how long it takes. Shapes follow Megatron's
cut of a layer: columns of the first product and rows of the second are split over tp.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .columns import Column, Plans
from .models import Experts, Layer, Mlp, Transformer
from .product import Product

SOFTMAX_BYTES, DROPOUT_BYTES = 4.0, 5.0  # of one score: read and write; once more, and a mask
SOFTMAX_VISITS, DROPOUT_VISITS = (
    4.0,
    3.0,
)  # mask, maximum, exp, divide; draw, compare, use
SORT_BYTES = 16.0  # of a routed element: read and written by sender and by experts, there and back
SORT_VISITS = 2.0  # weighted and added when it comes back
ACTIVATION_BYTES = 2.0  # activations stay in 16 bits whatever the products' format


class Pass(NamedTuple):
    """Elementwise work: bytes between memory and chip, elements that engines visit."""

    bytes: Column
    elements: Column
    picked: Column | float = 0.0  # of the bytes, in rows that an index names


class Work(NamedTuple):
    """One forward pass; `attention` is what selective recomputation repeats."""

    products: list[Product]
    attention: list[Product]
    softmax: Pass  # if attention is not fused
    scores: Column
    passes: list[Pass]
    blocks: list[Column]  # bytes of hidden state that enter and leave a tensor-parallel block
    routed: list[Column]  # bytes that one device sends to other experts, and back


class Share(NamedTuple):
    """What one device holds of a micro-batch."""

    tokens: Column  # of all its sequences
    keys: Column  # that each token attends to, after masking by a fused kernel
    tp: Column
    ep: Column
    sharded: Column  # divides norms and residuals: tp with sequence parallelism, else 1
    fused: Column


def share(plans: Plans, layer: Layer, sequence: Column) -> Share:
    """The part of a device, for one layer."""
    window = float(layer.window or 0)
    seen = np.minimum(sequence, window) if window else sequence
    causal = seen * (sequence - seen / 2) / sequence  # mean keys of a token
    keys = np.where(plans.fused_attention > 0, causal, sequence)
    return Share(
        tokens=plans.micro_batch * sequence / plans.cp,
        keys=keys,
        tp=plans.tp,
        ep=plans.ep,
        sharded=np.where(plans.sequence_parallel > 0, plans.tp, 1.0),
        fused=plans.fused_attention,
    )


def layer_work(model: Transformer, layer: Layer, part: Share) -> Work:
    """The forward pass of a layer on one device."""
    hidden = float(model.hidden)
    ones = np.ones_like(part.tokens)
    feed_products, feed_passes, routed = _feed_forward(layer, part, hidden)
    attention = layer.attention
    heads = attention.heads / part.tp
    queries = heads * part.tokens
    scores = Product(part.tokens, ones * attention.head_dim, part.keys, heads)
    values = Product(part.tokens, part.keys, ones * attention.value_dim, heads)
    softmax = Pass(
        queries * part.keys * (SOFTMAX_BYTES + (DROPOUT_BYTES if model.has_dropout else 0.0)),
        queries * part.keys * (SOFTMAX_VISITS + (DROPOUT_VISITS if model.has_dropout else 0.0)),
    )
    block = part.tokens * hidden * ACTIVATION_BYTES
    return Work(
        products=projections(layer, part, hidden) + feed_products,
        attention=[scores, values],
        softmax=softmax,
        scores=queries * part.keys,
        passes=[_residual(model, layer, part), _rotary(layer, part)] + feed_passes,
        blocks=[block, block * _needs_block(layer, part)],
        routed=routed,
    )


def _needs_block(layer: Layer, part: Share) -> Column:
    """1 where the feed-forward part gathers hidden states; routed tokens go straight to experts."""
    if layer.experts is None or layer.experts.shared:
        return np.ones_like(part.tokens)
    return np.where(part.tp > part.ep, 1.0, 0.0)


def projections(layer: Layer, part: Share, hidden: float) -> list[Product]:
    """Products with the weights of attention."""
    attention, tokens, tp = layer.attention, part.tokens, part.tp
    one = np.ones_like(tokens)
    out = Product(tokens, attention.out_width / tp, hidden * one, one)
    latent = attention.latent
    if latent is None:
        kv_share = np.minimum(tp, attention.kv_heads)
        columns = attention.query_width / tp + attention.kv_width / kv_share
        return [Product(tokens, hidden * one, columns, one), out]
    products = [Product(tokens, hidden * one, one * (latent.kv_rank + latent.rope_dim), one)]
    keys_values = attention.heads * (latent.nope_dim + attention.value_dim)
    products.append(Product(tokens, one * latent.kv_rank, keys_values / tp, one))
    if latent.query_rank:
        products.append(Product(tokens, hidden * one, one * latent.query_rank, one))
        products.append(Product(tokens, one * latent.query_rank, attention.query_width / tp, one))
    else:
        products.append(Product(tokens, hidden * one, attention.query_width / tp, one))
    return [*products, out]


def _feed_forward(
    layer: Layer, part: Share, hidden: float
) -> tuple[list[Product], list[Pass], list[Column]]:
    products: list[Product] = []
    passes: list[Pass] = []
    routed: list[Column] = []
    one = np.ones_like(part.tokens)
    if layer.mlp:
        _add_mlp(products, passes, layer.mlp, part.tokens, part.tp, one, hidden)
    if layer.experts:
        experts = layer.experts
        products.append(Product(part.tokens, hidden * one, one * experts.count, one))
        if experts.shared:
            _add_mlp(products, passes, experts.shared, part.tokens, part.tp, one, hidden)
        rows, count, split = expert_rows(experts, part)
        _add_mlp(products, passes, experts.expert, rows, split, count, hidden)
        sent = part.tokens * experts.top_k * hidden / part.tp
        routed.append(sent * ACTIVATION_BYTES)
        passes.append(Pass(sent * SORT_BYTES, sent * SORT_VISITS, sent * SORT_BYTES))
    return products, passes, routed


def expert_rows(experts: Experts, part: Share) -> tuple[Column, Column, Column]:
    """Tokens of one expert, experts of one device, and the devices that share an expert.

    Tokens spread evenly. Experts go over ep devices; tp devices beyond ep cut each expert.
    """
    split = np.maximum(1.0, part.tp / part.ep)
    count = experts.count / part.ep
    tokens = part.tokens * experts.top_k / part.tp * split  # that one device works on
    return tokens / count, count, split


def _add_mlp(
    products: list[Product],
    passes: list[Pass],
    mlp: Mlp,
    rows: Column,
    split: Column,
    count: Column,
    hidden: float,
) -> None:
    one = np.ones_like(rows)
    products.append(Product(rows, hidden * one, mlp.up_columns / split, count))
    products.append(Product(rows, mlp.inner / split, hidden * one, count))
    moved = rows * count * (mlp.up_columns + mlp.inner) / split
    passes.append(Pass(moved * ACTIVATION_BYTES, moved / 2))


def _residual(model: Transformer, layer: Layer, part: Share) -> Pass:
    """Norms read and write; two residual sums read two and write one."""
    elements = part.tokens * model.hidden / part.sharded
    moved = layer.norms * 4.0 + 2 * 6.0 + (2 * 1.0 if model.has_dropout else 0.0)
    return Pass(elements * moved, elements * (2.0 * layer.norms + 2.0))


def _rotary(layer: Layer, part: Share) -> Pass:
    attention = layer.attention
    width = (attention.query_width + attention.kv_heads * attention.head_dim) / part.tp
    return Pass(part.tokens * width * 4.0, part.tokens * width)

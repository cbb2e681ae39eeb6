"""One token of every sequence through all layers: weights and caches are read, little computed."""

from __future__ import annotations

import numpy as np

from trnlab.spec.chip import Chip
from trnlab.spec.system import System

from .columns import Column, Plans, total
from .dtypes import FORMATS, Format
from .exchange import ALL_REDUCE, ALL_TO_ALL, Group, crossing_share, exchange_s, send_s
from .layer_time import Times, pass_s
from .models import Experts, Layer, Mlp, Transformer
from .models.counts import cached_values
from .product import Product, product_s
from .work import ACTIVATION_BYTES, Pass, Share, expert_rows, projections

SMALL_PASSES = 8.0  # elementwise passes of a layer that a fused graph still starts one by one


def decode_times(
    system: System,
    model: Transformer,
    plans: Plans,
    rows: Column,
    context: Column,
    dtype: Format,
    cache: Format,
) -> Times:
    """Seconds by cause from one token of a sequence to its next.

    Args:
        rows: sequences that one device works on at once
        context: tokens in the cache of each
        dtype: of weights
        cache: of keys and values
    """
    times: Times = {"matmul": np.zeros_like(rows), "attention": np.zeros_like(rows)}
    part = _share(plans, rows, context)
    for count, layer in model.groups:
        products = projections(layer, part, float(model.hidden)) + _feed_forward(model, layer, part)
        each = {
            "matmul": total(
                product_s(system, product, dtype, is_streamed=True) for product in products
            ),
            "attention": _cache_s(system, layer, plans, rows, context, cache),
            "elementwise": _small_s(system, model, rows),
            ALL_REDUCE: 2 * _reduce_s(system, model, plans, rows),
        }
        if layer.experts:
            sent = rows * layer.experts.top_k * model.hidden * ACTIVATION_BYTES / plans.tp
            group = Group(plans.ep, np.ones_like(rows))
            crossing = crossing_share(system, group, layer.experts)
            each[ALL_TO_ALL] = 2 * exchange_s(system, ALL_TO_ALL, group, sent, crossing)
        for cause, seconds in each.items():
            times[cause] = times.get(cause, np.zeros_like(rows)) + count * seconds
    head = Product(rows, model.hidden + 0 * rows, model.vocabulary / plans.tp, np.ones_like(rows))
    times["matmul"] = times["matmul"] + product_s(system, head, dtype.result, is_streamed=True)
    payload = rows * model.hidden * ACTIVATION_BYTES
    hop = send_s(system, plans.tp * plans.cp * plans.dp, payload)
    times["permute"] = (plans.pp - 1) * hop
    return times


def cache_bytes(
    model: Transformer, plans: Plans, rows: Column, context: Column, cache: Format
) -> Column:
    """Cache of one device; heads are split over tp as far as there are any."""
    held = np.zeros_like(rows)
    for count, layer in model.groups:
        held = held + count * _layer_cache_bytes(layer, plans, rows, context, cache)
    return held / plans.pp


def _layer_cache_bytes(
    layer: Layer, plans: Plans, rows: Column, context: Column, cache: Format
) -> Column:
    kept = np.minimum(context, float(layer.window or np.inf))
    heads = 1.0 if layer.attention.latent else np.minimum(plans.tp, layer.attention.kv_heads)
    return rows * kept * cached_values(layer) * cache.bytes / heads / plans.cp


def _cache_s(
    system: System, layer: Layer, plans: Plans, rows: Column, context: Column, cache: Format
) -> Column:
    """Keys and values are read once; their products hide behind that unless heads are many."""
    bytes_ = _layer_cache_bytes(layer, plans, rows, context, cache)
    read_s = pass_s(system, Pass(bytes_, np.zeros_like(bytes_)))
    attention = layer.attention
    latent = attention.latent
    width = attention.head_dim + attention.value_dim
    if latent:
        width = 2 * latent.kv_rank + latent.rope_dim
    kept = np.minimum(context, float(layer.window or np.inf)) / plans.cp
    flops = 2.0 * rows * kept * attention.heads / plans.tp * width
    return np.maximum(read_s, flops / device_flops_per_s(system, FORMATS["bfloat16"]))


def device_flops_per_s(system: System, dtype: Format) -> float:
    """Peak of one device in the format's mode; TensorE alone on Trainium."""
    chip = system.chip
    if isinstance(chip, Chip):
        core = chip.core
        return system.cores_per_device * core.tensor.peak_flops_per_s(dtype.mode(core))
    return dtype.peak_flops_per_s(chip)


def _share(plans: Plans, rows: Column, context: Column) -> Share:
    return Share(
        tokens=rows,
        keys=context,
        tp=plans.tp,
        ep=plans.ep,
        sharded=np.ones_like(rows),
        fused=np.ones_like(rows),
    )


def _feed_forward(model: Transformer, layer: Layer, part: Share) -> list[Product]:
    one, hidden = np.ones_like(part.tokens), float(model.hidden)
    products: list[Product] = []

    def add(mlp: Mlp, rows: Column, split: Column, times: Column) -> None:
        products.append(Product(rows, hidden * one, mlp.up_columns / split, times))
        products.append(Product(rows, mlp.inner / split, hidden * one, times))

    if layer.mlp:
        add(layer.mlp, part.tokens, part.tp, one)
    experts = layer.experts
    if experts:
        products.append(Product(part.tokens, hidden * one, one * experts.count, one))
        if experts.shared:
            add(experts.shared, part.tokens, part.tp, one)
        add(experts.expert, *_touched(experts, part))
    return products


def _touched(experts: Experts, part: Share) -> tuple[Column, Column, Column]:
    """Rows of one expert, devices that share it, and experts that any of the tokens picks.

    Tokens pick at random: of E experts, n picks are expected to touch E (1 - (1 - 1 / E)^n).
    """
    rows, held, split = expert_rows(experts, part)
    picks = rows * held
    missed = np.where(held > 1, 1 - 1 / np.maximum(held, 1.0 + 1e-9), 0.0) ** picks
    touched = np.maximum(held * (1 - missed), 1e-9)
    return np.maximum(1.0, picks / touched), split, touched


def _small_s(system: System, model: Transformer, rows: Column) -> Column:
    moved = rows * model.hidden * ACTIVATION_BYTES * 2
    each = pass_s(system, Pass(moved, rows * model.hidden))
    if isinstance(system.chip, Chip):
        each = each + system.chip.core.semaphore_s + system.chip.core.dma.completion_s
    return SMALL_PASSES * each


def _reduce_s(system: System, model: Transformer, plans: Plans, rows: Column) -> Column:
    group = Group(plans.tp * plans.cp, np.ones_like(rows))
    return exchange_s(system, ALL_REDUCE, group, rows * model.hidden * ACTIVATION_BYTES)

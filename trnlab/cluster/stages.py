"""A pipeline: the time of a step from the time of a micro-batch in each stage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trnlab.spec.system import System

from .columns import Column, Plans, total
from .degrees import SCHEDULES
from .dtypes import Format
from .exchange import ALL_REDUCE, Group, exchange_s, send_s
from .layer_time import LayerTime, Times, layer_time, pass_s
from .memory import stage_layers
from .models import Transformer
from .product import Product, product_s
from .work import ACTIVATION_BYTES, Pass

ZERO_BUBBLE = float(SCHEDULES.index("zero-bubble"))
ZERO_BUBBLE_REST = 1 / 3  # of the bubble is left when weight gradients fill it (ZB-H1)


class Pipeline(NamedTuple):
    """Seconds by cause for one micro-batch on the slowest stage, and the bubble of a step."""

    micro_batch: Times
    bubble_s: Column
    layer: Times  # forward, backward and recomputed, of a mean layer


def pipeline(
    system: System, model: Transformer, plans: Plans, sequence: Column, dtype: Format
) -> Pipeline:
    """Time of one micro-batch and of the bubble."""
    layer, head, host_s = _distinct_times(system, model, plans, sequence, dtype)
    layers, replaced = stage_layers(model, plans)
    layer_s, head_s = total(layer.values()), total(head.values())
    is_single = plans.pp == 1
    middle = layers - np.where(is_single, 2 * replaced, 0.0)
    last = layers - replaced
    is_last = is_single | (last * layer_s + head_s > middle * layer_s)
    own = np.where(is_single, middle, np.where(is_last, last, layers))
    times = {cause: own * seconds for cause, seconds in layer.items()}
    for cause, seconds in head.items():
        times[cause] = times.get(cause, 0.0) + np.where(is_last, seconds, 0.0)
    times["permute"] = _sends_s(system, model, plans, sequence)
    slowest = total(times.values())
    times["host"] = own * host_s
    whole = model.layers * layer_s + head_s + plans.pp * times["permute"]
    bubble = np.maximum(0.0, whole - slowest) / plans.virtual_stages
    bubble = bubble * (1 + times["host"] / slowest)
    rest = np.where(plans.schedule == ZERO_BUBBLE, ZERO_BUBBLE_REST, 1.0)
    return Pipeline(times, np.where(is_single, 0.0, bubble * rest), layer)


def _distinct_times(
    system: System, model: Transformer, plans: Plans, sequence: Column, dtype: Format
) -> tuple[Times, Times, Column]:
    """A mean layer, the head, the layer's wait for a host; equal cuts are timed once."""
    cuts = (
        plans.tp,
        plans.ep,
        plans.cp,
        plans.micro_batch,
        plans.sequence_parallel,
        plans.recompute,
        plans.fused_attention,
        sequence,
    )
    key = np.zeros(len(plans), np.int64)
    for column in cuts:
        values, codes = np.unique(column, return_inverse=True)
        key = key * len(values) + codes
    _, rows, again = np.unique(key, return_index=True, return_inverse=True)
    few, length = plans.take(rows), sequence[rows]
    layer, host_s = mean_layer(system, model, few, length, dtype)
    head = _head(system, model, few, length, dtype)
    return (
        {cause: seconds[again] for cause, seconds in layer.items()},
        {cause: seconds[again] for cause, seconds in head.items()},
        host_s[again],
    )


def mean_layer(
    system: System, model: Transformer, plans: Plans, sequence: Column, dtype: Format
) -> tuple[Times, Column]:
    """Seconds by cause, and waiting for a host, averaged over the kinds of layers."""
    mean: Times = {}
    host_s = np.zeros(len(plans))
    for count, layer in model.groups:
        timed: LayerTime = layer_time(system, model, layer, plans, sequence, dtype)
        host_s = host_s + timed.host * (count / model.layers)
        for times in (timed.forward, timed.backward, timed.recompute):
            for cause, seconds in times.items():
                mean[cause] = mean.get(cause, 0.0) + seconds * (count / model.layers)
    return mean, host_s


def _head(
    system: System, model: Transformer, plans: Plans, sequence: Column, dtype: Format
) -> Times:
    """Logits, loss and their gradients; the vocabulary is split over tp."""
    tokens = plans.micro_batch * sequence / plans.cp
    one = np.ones_like(tokens)
    hidden, words = model.hidden * one, model.vocabulary / plans.tp
    forward = Product(tokens, hidden, words, one)
    of_input = Product(tokens, words, hidden, one)
    of_weights = Product(hidden, tokens, words, one)
    products = [product_s(system, p, dtype.result) for p in (forward, of_input, of_weights)]
    logits = tokens * words
    loss = pass_s(system, Pass(logits * 16.0, logits * 6.0))
    group = Group(plans.tp, one)
    block = tokens * hidden * ACTIVATION_BYTES
    return {
        "matmul": total(products),
        "elementwise": loss,
        ALL_REDUCE: exchange_s(system, ALL_REDUCE, group, block) * system.collectives.exposed,
    }


def _sends_s(system: System, model: Transformer, plans: Plans, sequence: Column) -> Column:
    """Hidden states go to the next stage and their gradients come back, once for each chunk."""
    tokens = plans.micro_batch * sequence / plans.cp
    payload = tokens * model.hidden * ACTIVATION_BYTES / plans.tp
    stride = plans.tp * plans.cp * plans.dp
    once = send_s(system, stride, payload)
    return np.where(plans.pp > 1, 2 * plans.virtual_stages * once, 0.0)

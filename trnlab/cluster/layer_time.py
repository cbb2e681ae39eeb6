"""Time of one micro-batch in one layer, by cause: forward, backward and what is recomputed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trnlab.spec.chip import Chip
from trnlab.spec.system import System

from .columns import Column, Plans, total
from .dtypes import Format
from .exchange import (
    ALL_GATHER,
    ALL_REDUCE,
    ALL_TO_ALL,
    REDUCE_SCATTER,
    Group,
    crossing_share,
    exchange_s,
)
from .models import Layer, Transformer
from .product import Product, product_flops, product_s
from .work import ACTIVATION_BYTES, Pass, Share, Work, layer_work, share

BACKWARD_OF_FUSED = 2.5  # a fused kernel multiplies the scores again: 5 products against 2
FUSED_TENSOR_PASSES = 3.0  # columns through TensorE for 128 scores: Q K, transpose, P V
FUSED_VECTOR_PASSES = 2.0  # columns through VectorE for 128 scores: maximum, rescale and sum
QUANTIZE_VISITS = 0.5  # VectorE quantizes several elements in the time of one
FULL, SELECTIVE = 2.0, 1.0  # codes of `degrees.RECOMPUTE`

Times = dict[str, Column]


class LayerTime(NamedTuple):
    """Seconds by cause for one micro-batch."""

    forward: Times
    backward: Times
    recompute: Times
    host: Column  # the devices wait for their host to start operators


def layer_time(
    system: System,
    model: Transformer,
    layer: Layer,
    plans: Plans,
    sequence: Column,
    dtype: Format,
) -> LayerTime:
    """Forward, backward and recomputed time of one layer."""
    part = share(plans, layer, sequence)
    work = layer_work(model, layer, part)
    products = [product_s(system, product, dtype) for product in work.products]
    forward = {
        "matmul": total(products),
        "attention": _attention_s(system, work, part, dtype),
        "elementwise": total(pass_s(system, each) for each in work.passes),
    }
    narrow_s = [_quantize_s(system, work, dtype, backward) for backward in (False, True)]
    exchanges = _exchanges(system, layer, work, part)
    backward = {
        "matmul": total(_backward_s(system, product, dtype) for product in work.products),
        "attention": _attention_backward_s(system, work, part, dtype, forward["attention"]),
        "elementwise": 2 * forward["elementwise"] + narrow_s[1],
    }
    forward["elementwise"] = forward["elementwise"] + narrow_s[0]
    skipped = np.zeros(1) if system.recomputes_all else products[-1]
    again = _recomputed(system, plans, total(forward.values()) - skipped, forward, exchanges)
    inputs_again = exchanges[ALL_GATHER] / len(work.blocks) * 2  # only a shard of them was kept
    returned = {**exchanges, ALL_GATHER: exchanges[ALL_GATHER] + inputs_again}
    for kind in (ALL_GATHER, REDUCE_SCATTER, ALL_REDUCE):
        returned[kind] = returned[kind] * system.collectives.backward
    there, back = {**forward, **exchanges}, {**backward, **returned}
    device_s = total(total(times.values()) for times in (there, back, again))
    waits = _host_s(system, layer, _operators(plans, work, dtype), device_s)
    return LayerTime(there, back, again, waits)


def _host_s(system: System, layer: Layer, operators: Column, device_s: Column) -> Column:
    """A host starts operators ahead of the devices, and they wait for what it takes longer.

    Routing counts the tokens of each expert on the device, and the host reads the counts before
    it goes on: the queue is empty then, so nothing of its time is hidden.
    """
    starts_s = operators * system.host_call_s
    return starts_s if layer.experts else np.maximum(0.0, starts_s - device_s)


def _operators(plans: Plans, work: Work, dtype: Format) -> Column:
    """Every expert's products start alone, and so does the quantization of each operand."""
    narrow = 1.0 if dtype.bytes < ACTIVATION_BYTES else 0.0
    products = total(product.times for product in work.products)
    forward = products * (1 + narrow) + len(work.passes) + 1
    backward = products * (2 + narrow) + 2 * len(work.passes) + 1
    return forward * np.where(plans.recompute == FULL, 2.0, 1.0) + backward


def _quantize_s(system: System, work: Work, dtype: Format, backward: bool) -> Column:
    """Operands of 8 bits and less are made of 16-bit ones: inputs forward, gradients backward.

    The weights' gradient reads inputs the other way around: the backward pass turns them.
    """
    if dtype.bytes >= ACTIVATION_BYTES:
        return np.zeros(1)
    made = ACTIVATION_BYTES + dtype.bytes
    seconds = np.zeros(1)
    for rows, inner, columns, count in work.products:
        inputs, results = rows * inner * count, rows * columns * count
        elements = results if backward else inputs
        turned = 2 * dtype.bytes * inputs if backward else 0.0
        work_done = Pass(elements * made + turned, elements * QUANTIZE_VISITS)
        seconds = seconds + pass_s(system, work_done)
    return seconds


def pass_s(system: System, work: Pass) -> Column:
    """Time of elementwise work: bytes over memory, or elements through VectorE if slower."""
    chip = system.chip
    if not isinstance(chip, Chip):
        bytes_ = work.bytes + work.picked * (1 / chip.gather_rate - 1)
        return bytes_ / (chip.hbm_bytes_per_s * chip.hbm_rate) + chip.launch_s
    core, cores = chip.core, system.cores_per_device
    memory_s = work.bytes / (cores * memory_bytes_per_s(chip))
    visited = work.elements * system.vector_passes
    return np.maximum(memory_s, visited / (cores * core.vector.lanes * core.vector.clock_hz))


def memory_bytes_per_s(chip: Chip) -> float:
    """What one core can move between HBM and chip: its DMA engines or its share of a stack."""
    return min(chip.core.dma.total_bytes_per_s, chip.core.hbm_share_bytes_per_s)


def _attention_s(system: System, work: Work, part: Share, dtype: Format) -> Column:
    fused = _fused_s(system, work, part, dtype)
    if np.all(part.fused > 0):
        return fused
    products = total(product_s(system, product, dtype) for product in work.attention)
    return np.where(part.fused > 0, fused, products + pass_s(system, work.softmax))


def _fused_s(system: System, work: Work, part: Share, dtype: Format) -> Column:
    """A fused kernel keeps scores on the chip; TensorE and VectorE work side by side."""
    chip = system.chip
    if not isinstance(chip, Chip):
        flops = total(product_flops(product) for product in work.attention)
        peak = dtype.result.peak_flops_per_s(chip) * chip.attention_rate
        return flops / peak + chip.launch_s
    core, cores = chip.core, system.cores_per_device
    columns = work.scores / (core.tensor.rows * cores)
    head_tiles = np.ceil(work.attention[0].inner / core.tensor.rows)
    tensor_s = columns * (2 * head_tiles + FUSED_TENSOR_PASSES - 2) / core.tensor.clock_hz
    return np.maximum(tensor_s, columns * FUSED_VECTOR_PASSES / core.vector.clock_hz)


def _attention_backward_s(
    system: System, work: Work, part: Share, dtype: Format, forward: Column
) -> Column:
    if np.all(part.fused > 0):
        return BACKWARD_OF_FUSED * forward
    products = total(_backward_s(system, product, dtype) for product in work.attention)
    unfused = products + 2 * pass_s(system, work.softmax)
    return np.where(part.fused > 0, BACKWARD_OF_FUSED * forward, unfused)


def _backward_s(system: System, product: Product, dtype: Format) -> Column:
    """Two products of the same size: gradients of the input and of the weights."""
    rows, inner, columns, count = product
    of_input = Product(rows, columns, inner, count)
    of_weights = Product(inner, rows, columns, count)
    return product_s(system, of_input, dtype) + product_s(system, of_weights, dtype)


def _exchanges(system: System, layer: Layer, work: Work, part: Share) -> Times:
    """Exchanges of one forward pass; the backward pass mirrors them."""
    one = np.ones_like(part.tp)
    group = Group(part.tp, one)
    sharded = part.sharded > 1
    exposed = system.collectives.exposed
    gathered = total(exchange_s(system, ALL_GATHER, group, block) for block in work.blocks)
    reduced = total(exchange_s(system, ALL_REDUCE, group, block) for block in work.blocks)
    half = np.where(sharded, gathered, 0.0) * exposed
    times = {
        ALL_GATHER: half,
        REDUCE_SCATTER: half,
        ALL_REDUCE: np.where(sharded, 0.0, reduced) * exposed,
    }
    if layer.experts:
        experts = Group(part.ep, one)
        crossing = crossing_share(system, experts, layer.experts)
        routed = total(
            exchange_s(system, ALL_TO_ALL, experts, sent, crossing) for sent in work.routed
        )
        times[ALL_TO_ALL] = 2 * routed
    return times


def _recomputed(
    system: System, plans: Plans, compute_s: Column, forward: Times, exchanges: Times
) -> Times:
    """What the backward pass computes a second time; a fused kernel already has its own.

    A compiler leaves out the layer's last product and the exchange behind it: nobody reads them.
    """
    full = plans.recompute == FULL
    selective = (plans.recompute == SELECTIVE) & (plans.fused_attention == 0)
    again = np.where(full, compute_s, np.where(selective, forward["attention"], 0.0))
    if system.keeps_products_alone:
        rest = forward["attention"] * (plans.fused_attention > 0) + forward["elementwise"]
        again = again + np.where(plans.recompute == SELECTIVE, rest, 0.0)
    kept = 1.0 if system.recomputes_all else 0.5
    parts = {REDUCE_SCATTER: kept, ALL_REDUCE: kept}
    repeated = {
        kind: np.where(full, seconds * parts.get(kind, 1.0), 0.0)
        for kind, seconds in exchanges.items()
    }
    return {"recompute": again, **repeated}

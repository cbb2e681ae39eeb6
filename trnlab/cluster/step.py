"""A training step of many plans at once: seconds by cause."""

from __future__ import annotations

import numpy as np

from trnlab.spec.system import System

from .columns import Column, Plans, total
from .dtypes import Format
from .exchange import ALL_GATHER, ALL_REDUCE, PERMUTE, REDUCE_SCATTER, Group, exchange_s
from .layer_time import Times, pass_s
from .memory import GRADIENT_BYTES, WEIGHT_BYTES, Held, held_parameters
from .models import Transformer
from .stages import pipeline
from .work import ACTIVATION_BYTES, Pass

OPTIMIZER_PASS_BYTES = 34.0  # of one parameter: Adam reads 18 and writes 16
OPTIMIZER_PASS_ELEMENTS = 10.0
CONTEXT_PASSES = 3.0  # keys and values go around forward; they and their gradients backward
BACKWARD_PART = 2 / 3  # of a micro-batch's time


def step_times(
    system: System,
    model: Transformer,
    plans: Plans,
    sequence: Column,
    micro_batches: Column,
    dtype: Format,
) -> Times:
    """Seconds of a step by cause; their sum is the step."""
    line = pipeline(system, model, plans, sequence, dtype)
    times = {cause: seconds * micro_batches for cause, seconds in line.micro_batch.items()}
    times["bubble"] = line.bubble_s
    micro_batch_s = total(line.micro_batch.values())
    held = held_parameters(model, plans)
    for cause, seconds in _data_parallel(system, plans, held, micro_batches, micro_batch_s).items():
        times[cause] = times.get(cause, 0.0) + seconds
    moved = CONTEXT_PASSES * context_s(system, model, plans, sequence) / plans.pp
    behind = np.where(plans.overlap > 0, line.micro_batch["attention"], 0.0)
    times[PERMUTE] = times[PERMUTE] + micro_batches * np.maximum(0.0, moved - behind)
    times["optimizer"] = _optimizer_s(system, plans, held)
    times["overhead"] = np.full_like(plans.tp, system.step_overhead_s)
    domains = np.maximum(1.0, plans.devices / (system.domain_chips * system.devices_per_chip))
    lost = system.scale_out.straggle * np.log2(domains)
    times["straggle"] = lost * total(times.values())
    return times


def _data_parallel(
    system: System, plans: Plans, held: Held, micro_batches: Column, micro_batch_s: Column
) -> Times:
    """Exchange of gradients and weights that no compute hides."""
    dense = Group(plans.dp * plans.cp, plans.tp)
    split = np.maximum(1.0, plans.tp / plans.ep)
    experts = Group(held.expert_copies, plans.ep * split)

    def both(kind: str, bytes_: float) -> Column:
        return exchange_s(system, kind, dense, held.dense * bytes_) + np.where(
            held.experts > 0, exchange_s(system, kind, experts, held.experts * bytes_), 0.0
        )

    reduce, scatter = both(ALL_REDUCE, GRADIENT_BYTES), both(REDUCE_SCATTER, GRADIENT_BYTES)
    gather = both(ALL_GATHER, WEIGHT_BYTES)
    hidden = plans.overlap > 0
    backward_s, forward_s = micro_batch_s * BACKWARD_PART, micro_batch_s * (1 - BACKWARD_PART)

    def exposed(seconds: Column, behind: Column) -> Column:
        rest = np.maximum(0.0, seconds - behind)
        paid = system.collectives.hidden_cost * (seconds - rest)
        return np.where(hidden, rest + paid, seconds)

    is_zero3 = plans.zero >= 3
    once = {
        ALL_REDUCE: np.where(plans.zero == 0, exposed(reduce, backward_s), 0.0),
        REDUCE_SCATTER: np.where(plans.zero > 0, exposed(scatter, backward_s), 0.0),
        ALL_GATHER: np.where(plans.zero > 0, exposed(gather, forward_s), 0.0),
    }
    each = {
        ALL_REDUCE: 0.0 * reduce,
        REDUCE_SCATTER: exposed(scatter / 2 + gather, backward_s),  # 16-bit gradients
        ALL_GATHER: exposed(gather, forward_s),
    }
    return {
        kind: np.where(is_zero3, each[kind] * micro_batches, seconds)
        for kind, seconds in once.items()
    }


def context_s(system: System, model: Transformer, plans: Plans, sequence: Column) -> Column:
    """Keys and values of all layers travel around the context group once."""
    width = sum(count * layer.attention.kv_width for count, layer in model.groups)
    shared = width / model.layers / np.minimum(plans.tp, model.kv_heads)
    payload = plans.micro_batch * sequence * shared * ACTIVATION_BYTES
    return model.layers * exchange_s(system, ALL_GATHER, Group(plans.cp, plans.tp), payload)


def _optimizer_s(system: System, plans: Plans, held: Held) -> Column:
    """Adam over the parameters that this device updates."""
    ranks = np.where(plans.zero > 0, plans.dp * plans.cp, 1.0)
    copies = np.where(plans.zero > 0, held.expert_copies, 1.0)
    own = held.dense / ranks + held.experts / copies
    return pass_s(system, Pass(own * OPTIMIZER_PASS_BYTES, own * OPTIMIZER_PASS_ELEMENTS))

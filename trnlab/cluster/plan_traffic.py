"""What the devices of a plan send each other in one step: messages, ready to be put on links.

Groups are taken to exchange around rings, and experts with all others of their group. Devices are
numbered as `exchange` counts strides: tensor, then context, data and pipeline.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns import columns
from .degrees import Plan
from .layer_time import FULL
from .memory import GRADIENT_BYTES, WEIGHT_BYTES, held_parameters, stage_layers
from .step import CONTEXT_PASSES
from .training import Training
from .work import ACTIVATION_BYTES, layer_work, share

CAUSES = ("tensor", "context", "expert", "data", "pipeline")
Ints = NDArray[np.int64]
Messages = tuple[Ints, Ints, Ints, NDArray[np.float64]]


class Sent(NamedTuple):
    """Bytes that one device sends in a step, by cause; to each neighbor of its ring in all."""

    tensor: float
    context: float
    expert: float  # to all other members together
    data: float  # dense weights, to the next device that holds the same
    data_experts: float
    pipeline: float  # to each neighbor: forward to the next stage, back to the one before


class Traffic(NamedTuple):
    """Messages as columns."""

    source: Ints
    target: Ints
    cause: Ints  # code into CAUSES
    bytes: NDArray[np.float64]


def sent_bytes(of: Training) -> Sent:
    """What a device of a middle stage sends in a step."""
    plan, model = of.plan, of.model
    plans = columns([plan], of.micro_batch)
    tensor = expert = 0.0
    for count, layer in model.groups:
        work = layer_work(model, layer, share(plans, layer, np.full(1, float(of.sequence))))
        blocks, routed = (
            float(sum(np.sum(x) for x in part)) for part in (work.blocks, work.routed)
        )
        tensor += count / model.layers * blocks
        expert += count / model.layers * routed
    layers = float(stage_layers(model, plans)[0][0]) * of.micro_batches
    again = 1.0 if plans.recompute[0] == FULL else 0.0
    held = held_parameters(model, plans)
    hidden = of.micro_batch * of.sequence / plan.cp * model.hidden * ACTIVATION_BYTES / plan.tp
    is_piped = plan.pp > 1
    return Sent(
        tensor=layers * _tensor_rounds(of, again) * _part(plan.tp) * tensor,
        context=_context_bytes(of),
        expert=layers * (4.0 + 2.0 * again) * _part(plan.ep) * expert,
        data=_gradient_bytes(of) * _part(plan.dp * plan.cp) * float(held.dense[0]),
        data_experts=_gradient_bytes(of)
        * _part(float(held.expert_copies[0]))
        * float(held.experts[0]),
        pipeline=is_piped * of.micro_batches * plan.virtual_stages * hidden,
    )


def step_traffic(of: Training, first: int) -> Traffic:
    """Messages of a step that the first devices send.

    Args:
        first: how many devices, of those that the plan keeps busy
    """
    plan, sent = of.plan, sent_bytes(of)
    devices = np.arange(min(first, plan.devices))
    split = max(1, plan.tp // plan.ep)
    copies = max(1, plan.tp * plan.cp * plan.dp // (plan.ep * split))
    rings = [
        (0, plan.tp, 1, sent.tensor),
        (1, plan.cp, plan.tp, sent.context),
        (3, plan.dp * plan.cp, plan.tp, sent.data),
        (3, copies, plan.ep * split, sent.data_experts),
    ]
    parts = [_ring(devices, *ring) for ring in rings]
    parts += _pipeline(devices, plan, sent.pipeline)
    parts += _experts(devices, plan.ep, sent.expert)
    source, target, cause, bytes_ = (np.concatenate(column) for column in zip(*parts, strict=True))
    moves = (bytes_ > 0) & (source != target)
    return Traffic(source[moves], target[moves], cause[moves], bytes_[moves])


def _part(size: float) -> float:
    """What each member sends of a tensor in one round around a ring."""
    return (size - 1) / size


def _tensor_rounds(of: Training, again: float) -> float:
    """Gather and scatter, forward and back; sharded inputs are gathered once more."""
    sharded = of.plan.sequence_parallel and of.plan.tp > 1
    kept = 1.0 if of.system.recomputes_all else 0.5
    repeated = again * (1.0 + kept if sharded else 2.0 * kept)
    return 4.0 + (1.0 if sharded else 0.0) + repeated


def _context_bytes(of: Training) -> float:
    width = sum(count * layer.attention.kv_width for count, layer in of.model.groups)
    shared = width / min(of.plan.tp, of.model.kv_heads) / of.plan.pp
    payload = of.micro_batch * of.sequence * shared * ACTIVATION_BYTES
    return CONTEXT_PASSES * of.micro_batches * _part(of.plan.cp) * payload


def _gradient_bytes(of: Training) -> float:
    """Moved for each parameter: gradients, and weights where they are sharded."""
    zero = of.plan.zero
    if zero == 0:
        return 2 * GRADIENT_BYTES
    if zero < 3:
        return GRADIENT_BYTES + WEIGHT_BYTES
    return of.micro_batches * (GRADIENT_BYTES / 2 + 2 * WEIGHT_BYTES)


def _ring(devices: Ints, cause: int, size: int, stride: int, bytes_: float) -> Messages:
    place = devices // stride % size
    target = devices + stride * ((place + 1) % size - place)
    return _messages(devices, target, cause, bytes_)


def _pipeline(devices: Ints, plan: Plan, bytes_: float) -> list[Messages]:
    stride = plan.tp * plan.cp * plan.dp
    stage = devices // stride
    wraps = plan.virtual_stages > 1
    found = []
    for step in (1, -1):
        other = (stage + step) % plan.pp
        stays = np.full(len(devices), wraps) | (other == stage + step)
        target = np.where(stays, devices + stride * (other - stage), devices)
        found.append(_messages(devices, target, CAUSES.index("pipeline"), bytes_))
    return found


def _experts(devices: Ints, size: int, bytes_: float) -> list[Messages]:
    if size == 1:
        return []
    first = devices // size * size
    source = np.repeat(devices, size)
    target = np.repeat(first, size) + np.tile(np.arange(size), len(devices))
    return [_messages(source, target, CAUSES.index("expert"), bytes_ / (size - 1))]


def _messages(source: Ints, target: Ints, cause: int, bytes_: float) -> Messages:
    return source, target, np.full(len(source), cause), np.full(len(source), float(bytes_))

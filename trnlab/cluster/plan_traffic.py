"""What the devices of a plan send each other in one step: messages, ready to be put on links.

Ranks are numbered as `exchange` counts strides: tensor, then context, data and pipeline; tensor and
context groups are not torn between scale-up domains if they fit one. Groups exchange around rings,
inside their domain and then between domains; experts exchange with all others of their group.
"""

from __future__ import annotations

from math import lcm
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .columns import columns
from .layer_time import FULL
from .memory import GRADIENT_BYTES, WEIGHT_BYTES, held_parameters, stage_layers
from .step import CONTEXT_PASSES
from .training import Training
from .work import ACTIVATION_BYTES, layer_work, share

CAUSES = ("tensor", "context", "expert", "data", "pipeline")
Ints = NDArray[np.int64]
Messages = tuple[Ints, Ints, Ints, NDArray[np.float64]]


class Traffic(NamedTuple):
    """Messages as columns."""

    source: Ints
    target: Ints
    cause: Ints  # code into CAUSES
    bytes: NDArray[np.float64]


class Exchange(NamedTuple):
    """What equal groups exchange in a step, in rounds around a ring."""

    cause: str
    size: int
    stride: int
    bytes: float  # of the whole tensor, times rounds
    inside: int  # members within one domain
    outside: float  # domains

    @property
    def near_bytes(self) -> float:
        """What a member sends to the next one of its domain."""
        return self.bytes * (self.inside - 1) / self.inside

    @property
    def far_bytes(self) -> float:
        """What a member sends to the next domain."""
        return self.bytes / self.inside * (self.outside - 1) / self.outside


def sent_bytes(of: Training) -> dict[str, float]:
    """What a device of a middle stage sends in a step, by cause."""
    sent = dict.fromkeys(CAUSES, 0.0)
    for each in exchanges(of):
        sent[each.cause] += each.near_bytes + each.far_bytes
    sent["expert"] = _expert_bytes(of)
    sent["pipeline"] = 2 * _hidden_bytes(of)
    return sent


def exchanges(of: Training) -> list[Exchange]:
    """Exchanges around rings."""
    plan, held = of.plan, held_parameters(of.model, columns([of.plan], of.micro_batch))
    split = max(1, plan.tp // plan.ep)
    copies = max(1, plan.tp * plan.cp * plan.dp // (plan.ep * split))
    moved = _gradient_bytes(of)
    return [
        _exchange(of, "tensor", plan.tp, 1, _tensor_bytes(of)),
        _exchange(of, "context", plan.cp, plan.tp, _context_bytes(of)),
        _exchange(of, "data", plan.dp * plan.cp, plan.tp, moved * float(held.dense[0])),
        _exchange(of, "data", copies, plan.ep * split, moved * float(held.experts[0])),
    ]


def step_traffic(of: Training, first: int) -> Traffic:
    """Messages of a step that the first ranks send, from device to device.

    Args:
        first: how many ranks, of those that the plan keeps busy
    """
    ranks = np.arange(min(first, of.plan.devices))
    parts = [ring for each in exchanges(of) for ring in _rings(ranks, each)]
    parts += _pipeline(ranks, of)
    parts += _experts(ranks, of)
    source, target, cause, bytes_ = (np.concatenate(column) for column in zip(*parts, strict=True))
    moves = (bytes_ > 0) & (source != target)
    devices, others = placed(of, source[moves]), placed(of, target[moves])
    return Traffic(devices, others, cause[moves], bytes_[moves])


def placed(of: Training, ranks: Ints) -> Ints:
    """The device of each rank."""
    used, domain = used_of_domain(of), of.system.domain_chips * of.system.devices_per_chip
    return ranks // used * domain + ranks % used


def used_of_domain(of: Training) -> int:
    """Devices of a domain that a plan uses if there are several: whole groups of tp x cp, of ep."""
    domain = of.system.domain_chips * of.system.devices_per_chip
    unit = lcm(of.plan.tp * of.plan.cp, of.plan.ep)
    used = max(1, domain // unit) * unit
    there = of.chips * of.system.devices_per_chip
    fits = -(-of.plan.devices // used) * domain <= -(-there // domain) * domain
    return used if used < domain and fits else domain


def _exchange(of: Training, cause: str, size: int, stride: int, bytes_: float) -> Exchange:
    inside = max(1, min(size, used_of_domain(of) // stride))
    return Exchange(cause, size, stride, bytes_, inside, size / inside)


def _tensor_bytes(of: Training) -> float:
    """Gather and scatter, forward and back; sharded inputs are gathered once more."""
    plans = columns([of.plan], of.micro_batch)
    length = np.full(1, float(of.sequence))
    mean = sum(
        count / of.model.layers * float(np.sum(block))
        for count, layer in of.model.groups
        for block in layer_work(of.model, layer, share(plans, layer, length)).blocks
    )
    again = 1.0 if plans.recompute[0] == FULL else 0.0
    sharded = of.plan.sequence_parallel and of.plan.tp > 1
    kept = 1.0 if of.system.recomputes_all else 0.5
    rounds = 5.0 + again * (1.0 + kept) if sharded else 4.0 + again * 2.0 * kept
    return _layer_passes(of) * rounds * mean


def _layer_passes(of: Training) -> float:
    """Layers of a middle stage, each for every micro-batch."""
    plans = columns([of.plan], of.micro_batch)
    return float(stage_layers(of.model, plans)[0][0]) * of.micro_batches


def _context_bytes(of: Training) -> float:
    width = sum(count * layer.attention.kv_width for count, layer in of.model.groups)
    shared = width / min(of.plan.tp, of.model.kv_heads) / of.plan.pp
    payload = of.micro_batch * of.sequence * shared * ACTIVATION_BYTES
    return CONTEXT_PASSES * of.micro_batches * payload


def _gradient_bytes(of: Training) -> float:
    """Moved for each parameter: gradients, and weights where they are sharded."""
    zero = of.plan.zero
    if zero == 0:
        return 2 * GRADIENT_BYTES
    if zero < 3:
        return GRADIENT_BYTES + WEIGHT_BYTES
    return of.micro_batches * (GRADIENT_BYTES / 2 + 2 * WEIGHT_BYTES)


def _expert_bytes(of: Training) -> float:
    """Tokens to their experts and back, forward and backward."""
    plan, plans = of.plan, columns([of.plan], of.micro_batch)
    length = np.full(1, float(of.sequence))
    mean = sum(
        count / of.model.layers * float(np.sum(routed))
        for count, layer in of.model.groups
        for routed in layer_work(of.model, layer, share(plans, layer, length)).routed
    )
    rounds = 4.0 + (2.0 if plans.recompute[0] == FULL else 0.0)
    return _layer_passes(of) * rounds * mean * (plan.ep - 1) / plan.ep


def _hidden_bytes(of: Training) -> float:
    """Hidden states to the next stage; as much comes back as gradients."""
    plan = of.plan
    tokens = of.micro_batch * of.sequence / plan.cp / plan.tp
    sends = of.micro_batches * plan.virtual_stages if plan.pp > 1 else 0
    return sends * tokens * of.model.hidden * ACTIVATION_BYTES


def _rings(ranks: Ints, each: Exchange) -> list[Messages]:
    """To the next member inside the domain, and to the next domain."""
    place = ranks // each.stride % each.size
    first = place // each.inside * each.inside
    members = np.minimum(each.inside, each.size - first)
    near = first + (place - first + 1) % members
    far = np.where(place + each.inside < each.size, place + each.inside, place % each.inside)
    return [
        _messages(ranks, ranks + each.stride * (near - place), each.cause, each.near_bytes),
        _messages(ranks, ranks + each.stride * (far - place), each.cause, each.far_bytes),
    ]


def _pipeline(ranks: Ints, of: Training) -> list[Messages]:
    plan = of.plan
    stride = plan.tp * plan.cp * plan.dp
    stage = ranks // stride
    found = []
    for step in (1, -1):
        other = (stage + step) % plan.pp
        is_next = np.full(len(ranks), plan.virtual_stages > 1) | (other == stage + step)
        target = np.where(is_next, ranks + stride * (other - stage), ranks)
        found.append(_messages(ranks, target, "pipeline", _hidden_bytes(of)))
    return found


def _experts(ranks: Ints, of: Training) -> list[Messages]:
    size = of.plan.ep
    if size == 1:
        return []
    target = np.repeat(ranks // size * size, size) + np.tile(np.arange(size), len(ranks))
    bytes_ = _expert_bytes(of) / (size - 1)
    return [_messages(np.repeat(ranks, size), target, "expert", bytes_)]


def _messages(source: Ints, target: Ints, cause: str, bytes_: float) -> Messages:
    code = np.full(len(source), CAUSES.index(cause))
    return source, target, code, np.full(len(source), float(bytes_))

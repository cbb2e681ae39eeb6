"""Time of a collective between devices of a plan, from the system's wiring: columns in and out.

A group has `size` members, `stride` devices apart. It spans scale-up domains if it must; then the
part inside runs first and the rest on the network between them, as the runtime does. The executed
and timed schedules of `trnlab.cluster.collectives` are the reference for these formulas; what
KangaRing saves on large tensors is left out, as published runs of Trainium1 do without it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trnlab.spec.fabric import Switched, Torus
from trnlab.spec.system import System

from .columns import Column
from .models import Experts

ALL_REDUCE, ALL_GATHER, REDUCE_SCATTER = "all_reduce", "all_gather", "reduce_scatter"
ALL_TO_ALL, PERMUTE = "all_to_all", "permute"


class Group(NamedTuple):
    """Equal groups that exchange at the same time."""

    size: Column  # members
    stride: Column  # devices between neighbors


def exchange_s(
    system: System, kind: str, group: Group, payload_bytes: Column, crossing: Column | float = 1.0
) -> Column:
    """Time of one collective, seconds; 0 for a group of one.

    Args:
        kind: "all_reduce", "all_gather", "reduce_scatter" or "all_to_all"
        payload_bytes: of the whole tensor: what all_reduce adds, all_gather ends with,
            reduce_scatter starts from, and one rank gives to all_to_all
        crossing: part of an all_to_all's bytes to other domains that crosses the network, see
            `crossing_share`
    """
    inside, outside = _split(system, group)
    near = _inside(system, group, inside)
    far = system.scale_out.bytes_per_s / system.devices_per_chip * system.collectives.out_rate
    if kind == ALL_TO_ALL:
        return _all_to_all_s(system, group, inside, near, far / crossing, payload_bytes)
    rounds = 2.0 if kind == ALL_REDUCE else 1.0
    hops = _hops_s(system, inside, outside)
    near_s = rounds * _moved(inside) * payload_bytes / near
    far_s = rounds * _moved(outside) * payload_bytes / inside / far
    total = system.collectives.meeting_s + rounds * hops + near_s + far_s
    return np.where(group.size > 1, total, 0.0)


def send_s(system: System, stride: Column, payload_bytes: Column) -> Column:
    """Time to send a tensor from one device to the one `stride` further, seconds."""
    group = Group(np.full_like(stride, 2.0), stride)
    inside, _ = _split(system, group)
    near = _inside(system, group, inside)
    far = system.scale_out.bytes_per_s / system.devices_per_chip * system.collectives.out_rate
    is_near = inside > 1
    hop = np.where(is_near, system.fabric.hop_s, system.scale_out.hop_s)
    return hop + payload_bytes / np.where(is_near, near, far)


def crossing_share(system: System, group: Group, experts: Experts) -> Column:
    """Part of the bytes for experts elsewhere that crosses the network between domains.

    All of it, unless a token crosses once to each domain that it picks experts of, and is copied to
    them there. Picks are random: of d domains, k picks are expected to hit d (1 - (1 - 1 / d)^k).
    """
    _, domains = _split(system, group)
    if not system.collectives.sends_token_once:
        return np.ones_like(domains)
    picks = float(experts.top_k)
    hit = domains * (1 - (1 - 1 / domains) ** picks)
    spread = np.maximum(1.0, domains / experts.groups)  # domains of one group
    limit = domains if experts.top_groups == experts.groups else spread * experts.top_groups
    return np.minimum(hit, limit) / picks


def _split(system: System, group: Group) -> tuple[Column, Column]:
    """Members inside one scale-up domain, and domains that the group spans."""
    domain = float(system.domain_chips * system.devices_per_chip)
    inside = np.clip(np.floor(domain / group.stride), 1.0, group.size)
    return inside, group.size / inside


def _moved(size: Column) -> Column:
    """Part of a tensor that each rank sends in one all_gather or reduce_scatter."""
    return (size - 1) / size


def _hops_s(system: System, inside: Column, outside: Column) -> Column:
    """Latency of one round: recursive doubling between chips, and one hop inside them."""
    chips = np.maximum(1.0, inside / system.devices_per_chip)
    near = np.ceil(np.log2(chips)) + np.where(inside > chips, 1.0, 0.0)
    far = np.ceil(np.log2(np.maximum(1.0, outside)))
    return near * system.fabric.hop_s + far * system.scale_out.hop_s


def _all_to_all_s(
    system: System,
    group: Group,
    inside: Column,
    near: Column,
    far: Column | float,
    payload_bytes: Column,
) -> Column:
    """Each rank sends a part to every other; those of other domains cross the network."""
    inner = payload_bytes * (inside - 1) / group.size
    outer = payload_bytes * (group.size - inside) / group.size
    hops = system.fabric.hop_s + np.where(outer > 0, system.scale_out.hop_s, 0.0)
    mean_hops = _torus_hops(system, inside)
    moved_s = np.maximum(inner * mean_hops / near, outer / far)
    return np.where(group.size > 1, system.collectives.meeting_s + hops + moved_s, 0.0)


def _torus_hops(system: System, inside: Column) -> Column:
    """Links that a message crosses on average: a quarter of each ring of a torus."""
    if isinstance(system.fabric, Switched):
        return np.ones_like(inside)
    chips = np.maximum(1.0, inside / system.devices_per_chip)
    side = np.minimum(chips, system.fabric.x)
    return np.maximum(1.0, side / 4 + np.minimum(chips / side, system.fabric.y) / 4)


def _inside(system: System, group: Group, inside: Column) -> Column:
    """Bytes per second that each member sends along a ring inside its domain."""
    per_chip = float(system.devices_per_chip)
    chip_stride = group.stride / per_chip
    span = inside * chip_stride  # chips
    members = np.clip(per_chip / group.stride, 1.0, inside)  # of one group on one chip
    rings = np.maximum(1.0, per_chip / members)  # that share the links of a chip
    links = _ring_links(system.fabric, chip_stride, span) * system.collectives.rate / rings
    own = np.full_like(span, system.collectives.device_bytes_per_s)
    alone = (span <= 1.0) | (inside <= 1.0)
    return np.where(alone, own, np.minimum(own, links))


def _ring_links(fabric: Torus | Switched, chip_stride: Column, span: Column) -> Column:
    """Bytes per second that a chip can send to the next one of its ring, both ways around."""
    if isinstance(fabric, Switched):
        half = float(fabric.half_chips)
        rack = fabric.rack_bytes_per_s or fabric.server_bytes_per_s
        links = np.where(span <= fabric.chips_per_server, fabric.server_bytes_per_s, rack)
        twin = fabric.twin_bytes_per_s or rack
        return np.where((chip_stride >= half) & (fabric.halves > 1), twin, links)
    plane = fabric.x * fabric.y
    line = 2 * fabric.link_bytes_per_s
    across = 2 * fabric.z_link_bytes_per_s
    links = np.where(span <= fabric.x, line, 2 * line)
    return np.where(chip_stride >= plane, across, links)

"""Routes between devices: which links each message crosses. Columns in, columns out.

A torus routes along x, then y, then z, the shorter way around; behind switches a message takes the
lowest switch that both chips share, or the link to its twin in the other half; between domains it
takes the network.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trnlab.cluster.degrees import shown
from trnlab.spec.fabric import Switched, Torus

from .links import (
    IN,
    MINUS_X,
    MINUS_Y,
    MINUS_Z,
    OUT,
    PLUS_X,
    PLUS_Y,
    PLUS_Z,
    PORTS,
    RACK_IN,
    RACK_OUT,
    SERVER_IN,
    SERVER_OUT,
    TWIN,
    Ints,
)
from .machine import Machine

NONE = -1  # fills up a row of links


class Routes(NamedTuple):
    """Routes of many messages."""

    links: Ints  # [message, at most this many], NONE at the end
    hops: Ints  # of chips: links of the fabric, a pass through a switch counts once
    latency_s: NDArray[np.float64]


def routes(machine: Machine, sources: ArrayLike, targets: ArrayLike) -> Routes:
    """Routes from device to device; devices of one chip need no link.

    Raises:
        ValueError: a device that does not exist
    """
    source, target = whole_devices(sources), whole_devices(targets)
    if source.shape != target.shape:
        raise ValueError(
            f"routes: {source.size:,} sources and {target.size:,} targets; give one of each for "
            "every message"
        )
    for devices in (source, target):
        if devices.size and (devices.min() < 0 or devices.max() >= machine.devices):
            raise ValueError(f"routes: devices are numbered 0 to {machine.devices - 1:,}")
    per_chip, domain_chips = machine.system.devices_per_chip, machine.system.domain_chips
    chip, other = source // per_chip, target // per_chip
    inside = chip // domain_chips == other // domain_chips
    near = _near(machine, chip, other, inside & (chip != other))
    far = np.stack([chip * PORTS + OUT, other * PORTS + IN], axis=1)
    far = np.where(inside[:, None], NONE, far)
    hops = (near != NONE).sum(axis=1)
    if isinstance(machine.system.fabric, Switched):
        hops = (hops + 1) // 2
    latency = np.where(inside, _latency_s(machine, hops), machine.system.scale_out.hop_s)
    latency = np.where(source == target, 0.0, latency)
    return Routes(_packed(np.concatenate([near, far], axis=1)), hops, latency)


def whole_devices(numbers: ArrayLike) -> Ints:
    """Numbers of devices, as whole numbers.

    Raises:
        ValueError: something else
    """
    given = np.asarray(numbers)
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"devices: {shown(numbers)} should be whole numbers")
    return given.astype(np.int64)


def _latency_s(machine: Machine, hops: Ints) -> NDArray[np.float64]:
    """A message through other chips of a torus waits once for its target; switches add hops."""
    fabric = machine.system.fabric
    further = np.maximum(0, hops - 1)
    if isinstance(fabric, Switched):
        return fabric.hop_s * (1 + further)
    return fabric.hop_s + fabric.routed_hop_s * further


def _near(machine: Machine, chip: Ints, other: Ints, moves: NDArray[np.bool_]) -> Ints:
    fabric, size = machine.system.fabric, machine.system.domain_chips
    base = chip // size * size
    if isinstance(fabric, Switched):
        links = _switched(fabric, base, chip % size, other % size)
    else:
        links = _torus(fabric, base, chip % size, other % size)
    return np.where(moves[:, None], links, NONE)


def _switched(fabric: Switched, base: Ints, chip: Ints, other: Ints) -> Ints:
    half, server = fabric.half_chips, fabric.chips_per_server
    crosses = chip // half != other // half
    twin = np.where(crosses, (chip + half) % fabric.chips, chip)
    local = twin // server == other // server
    stays = twin == other
    out = np.where(local, SERVER_OUT, RACK_OUT)
    into = np.where(local, SERVER_IN, RACK_IN)
    return np.stack(
        [
            np.where(crosses, (base + chip) * PORTS + TWIN, NONE),
            np.where(stays, NONE, (base + twin) * PORTS + out),
            np.where(stays, NONE, (base + other) * PORTS + into),
        ],
        axis=1,
    )


def _torus(fabric: Torus, base: Ints, chip: Ints, other: Ints) -> Ints:
    sizes = (fabric.x, fabric.y, fabric.z)
    strides = (1, fabric.x, fabric.x * fabric.y)
    ports = ((PLUS_X, MINUS_X), (PLUS_Y, MINUS_Y), (PLUS_Z, MINUS_Z))
    at = chip.copy()
    columns = []
    for size, stride, (plus, minus) in zip(sizes, strides, ports, strict=True):
        place, goal = at // stride % size, other // stride % size
        forward = (goal - place) % size
        tie = (2 * forward == size) & (place % 2 == 1)  # both ways are equal: share them
        goes_up = (2 * forward <= size) & ~tie
        steps = np.where(goes_up, forward, size - forward) % size
        for i in range(size // 2):
            moving = i < steps
            port = np.where(goes_up, plus, minus)
            columns.append(np.where(moving, (base + at) * PORTS + port, NONE))
            place = at // stride % size
            moved = (place + np.where(goes_up, 1, -1)) % size
            at = np.where(moving, at + (moved - place) * stride, at)
    return np.stack(columns, axis=1) if columns else np.full((len(chip), 1), NONE)


def _packed(links: Ints) -> Ints:
    """Links first, then NONE, in as few columns as possible."""
    order = np.argsort(links == NONE, axis=1, kind="stable")
    packed = np.take_along_axis(links, order, axis=1)
    width = int((packed != NONE).sum(axis=1).max(initial=0))
    return packed[:, :width]

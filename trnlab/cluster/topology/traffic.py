"""Loads of links under a pattern of traffic, and the bandwidth between two halves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trnlab.spec.fabric import Switched, Torus

from .links import Ints, link_bytes_per_s, memory_links
from .machine import Machine
from .routes import NONE, routes


class Loads(NamedTuple):
    """Links that carry something."""

    links: Ints
    bytes: NDArray[np.float64]
    seconds: NDArray[np.float64]  # bytes over the link's bandwidth

    @property
    def busiest_s(self) -> float:
        """Time of the link that needs longest; 0 without traffic."""
        return float(self.seconds.max(initial=0.0))


def link_loads(
    machine: Machine, sources: ArrayLike, targets: ArrayLike, sent_bytes: ArrayLike
) -> Loads:
    """Bytes on each link if all messages are sent at once.

    Args:
        sources, targets: devices
        sent_bytes: of each message, or one number for all
    Raises:
        ValueError: a device that does not exist
    """
    found = routes(machine, sources, targets)
    sent = np.broadcast_to(np.asarray(sent_bytes, float), found.hops.shape)
    ends = [memory_links(machine, np.asarray(end, np.int64)) for end in (sources, targets)]
    touched = np.concatenate([found.links, np.stack(ends, axis=1)], axis=1)
    crossed = touched != NONE
    weights = np.broadcast_to(sent[:, None], touched.shape)[crossed]
    links, where = np.unique(touched[crossed], return_inverse=True)
    total = np.zeros(len(links))
    np.add.at(total, where, weights)
    return Loads(links, total, total / link_bytes_per_s(machine, links))


def bisection_bytes_per_s(machine: Machine) -> float:
    """Published bandwidth from one half of the chips to the other, one direction.

    A single domain is cut where it is narrowest. Several are cut between domains, where the network
    is taken to carry what its adapters can send.
    """
    system = machine.system
    if machine.domains > 1:
        half = machine.domains // 2 * system.domain_chips
        return half * system.scale_out.bytes_per_s
    fabric = system.fabric
    if isinstance(fabric, Switched):
        if fabric.halves > 1 and machine.chips > fabric.half_chips:
            return (machine.chips - fabric.half_chips) * fabric.twin_bytes_per_s
        is_one_server = machine.chips <= fabric.chips_per_server
        rate = fabric.server_bytes_per_s if is_one_server else fabric.rack_bytes_per_s
        return machine.chips / 2 * rate
    return _torus_cut(fabric, machine.chips)


def _torus_cut(fabric: Torus, chips: int) -> float:
    """Chips fill rows, then planes, then the torus; a whole ring is cut twice, a part once."""
    plane = fabric.x * fabric.y
    if chips > plane:
        lines, size, rate = plane, fabric.z, fabric.z_link_bytes_per_s
    elif chips > fabric.x:
        lines, size, rate = fabric.x, fabric.y, fabric.link_bytes_per_s
    else:
        lines, size, rate = 1, fabric.x, fabric.link_bytes_per_s
    is_ring = chips == lines * size and size > 2
    across = [lines * rate * (2 if is_ring else 1)]
    if chips == fabric.chips:
        others = ((fabric.x, fabric.link_bytes_per_s), (fabric.y, fabric.link_bytes_per_s))
        across += [2 * chips / side * link for side, link in others if side > 2]
    return min(across)

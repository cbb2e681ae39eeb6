"""A machine as the browser draws it: one scale-up domain, and how many of them there are."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trnlab.cluster.topology import Machine, links
from trnlab.spec.fabric import Switched

TYPES = {"i4": np.int32, "i2": np.int16, "f4": np.float32, "f8": np.float64, "u4": np.uint32}


def picture(machine: Machine, guests: int = 0) -> dict[str, Any]:
    """What the layout needs.

    Args:
        guests: chips of another kind in the same domain
    """
    shape = _shape(machine, guests)
    rates = links.link_bytes_per_s(machine, np.arange(links.PORTS))
    if shape.get("halves") == 1:
        rates[links.TWIN] = 0.0
    return {
        **shape,
        "guests": guests,
        "devices_per_chip": machine.system.devices_per_chip,
        "domains": machine.domains,
        "chips": machine.chips,
        "ports": list(links.NAMES),
        "ports_used": np.flatnonzero(rates > 0).tolist(),
    }


def _shape(machine: Machine, guests: int) -> dict[str, Any]:
    """The domain's shape; of a domain that is not full, the servers or rows that there are."""
    fabric, chips = machine.system.fabric, machine.chips
    is_part = chips < machine.system.domain_chips
    if isinstance(fabric, Switched):
        each, halves = fabric.chips_per_server, fabric.halves
        servers = fabric.servers
        if is_part and chips <= fabric.half_chips:
            servers, halves = -(-chips // each), 1
        return {
            "kind": "switched",
            "chips_per_server": min(each, chips),
            "servers": servers + guests,
            "halves": halves,
            "domain_chips": servers * min(each, chips) + guests,
        }
    x, y, z = fabric.x, fabric.y, fabric.z
    if is_part:
        x, y, z = min(x, chips), min(y, -(-chips // x)), -(-chips // (x * y))
    return {"kind": "torus", "x": x, "y": y, "z": z, "domain_chips": x * y * z}


def column(kind: str, values: ArrayLike) -> dict[str, Any]:
    """A column of numbers as bytes."""
    return {"type": kind, "data": np.asarray(values).astype(TYPES[kind]).tobytes()}

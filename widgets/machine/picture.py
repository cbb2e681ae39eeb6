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
    fabric = machine.system.fabric
    shape: dict[str, Any]
    if isinstance(fabric, Switched):
        shape = {
            "kind": "switched",
            "chips_per_server": fabric.chips_per_server,
            "servers": fabric.servers + guests,
            "halves": fabric.halves,
        }
    else:
        shape = {"kind": "torus", "x": fabric.x, "y": fabric.y, "z": fabric.z}
    rates = [
        float(links.link_bytes_per_s(machine, np.array([port]))[0]) for port in range(links.PORTS)
    ]
    return {
        **shape,
        "guests": guests,
        "domain_chips": machine.system.domain_chips + guests,
        "devices_per_chip": machine.system.devices_per_chip,
        "domains": machine.domains,
        "chips": machine.chips,
        "ports": list(links.NAMES),
        "ports_used": [port for port, rate in enumerate(rates) if rate > 0],
        "rates": rates,
    }


def column(kind: str, values: ArrayLike) -> dict[str, Any]:
    """A column of numbers as bytes."""
    return {"type": kind, "data": np.asarray(values).astype(TYPES[kind]).tobytes()}

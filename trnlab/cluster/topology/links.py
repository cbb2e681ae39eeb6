"""Links of a machine as whole numbers, so that a million chips need no objects.

A link is `chip * PORTS + port`, one direction. Beyond the last chip comes the memory of each
device, which every byte touches that is read, written, or added to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trnlab.spec.fabric import Switched

from .machine import Machine

Ints = NDArray[np.int64]

PORTS = 13
PLUS_X, MINUS_X, PLUS_Y, MINUS_Y, PLUS_Z, MINUS_Z = range(6)
SERVER_OUT, SERVER_IN, RACK_OUT, RACK_IN, TWIN = range(6, 11)
OUT, IN = 11, 12
TOUCHES_PER_BYTE = 3.5  # of a ring all_reduce of two: 5 while adding, 2 while gathering
NAMES = (
    "torus +x",
    "torus -x",
    "torus +y",
    "torus -y",
    "torus +z",
    "torus -z",
    "to the server's switch",
    "from the server's switch",
    "to the rack's switch",
    "from the rack's switch",
    "to the twin in the other half",
    "to the network between domains",
    "from the network between domains",
)


class Link(NamedTuple):
    """One link, ready to be shown."""

    chip: int
    kind: str
    bytes_per_s: float


def memory_links(machine: Machine, devices: Ints) -> Ints:
    """The memories of devices, as links."""
    return machine.chips * PORTS + devices


def link_bytes_per_s(machine: Machine, links: Ints) -> NDArray[np.float64]:
    """Bandwidth that large messages reach, one direction."""
    own = machine.system.collectives.device_bytes_per_s * TOUCHES_PER_BYTE
    rates = np.array(_port_rates(machine))
    ports = np.where(links < machine.chips * PORTS, links % PORTS, 0)
    return np.where(links < machine.chips * PORTS, rates[ports], own)


def link(machine: Machine, number: int) -> Link:
    """What a link is."""
    rate = float(link_bytes_per_s(machine, np.array([number]))[0])
    first_device = machine.chips * PORTS
    if number < first_device:
        chip, port = divmod(number, PORTS)
        return Link(chip, NAMES[port], rate)
    chip = (number - first_device) // machine.system.devices_per_chip
    return Link(chip, "memory of a device", rate)


def _port_rates(machine: Machine) -> list[float]:
    system = machine.system
    fabric, rate = system.fabric, system.collectives.rate
    out = system.scale_out.bytes_per_s * system.collectives.out_rate
    if isinstance(fabric, Switched):
        torus = [0.0] * 6
        server, rack = fabric.server_bytes_per_s * rate, fabric.rack_bytes_per_s * rate
        switched = [server, server, rack, rack, fabric.twin_bytes_per_s * rate]
    else:
        plane, across = fabric.link_bytes_per_s * rate, fabric.z_link_bytes_per_s * rate
        torus = [plane] * 4 + [across] * 2
        switched = [0.0] * 5
    return [*torus, *switched, out, out]

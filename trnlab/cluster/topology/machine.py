"""A machine of some chips as levels, from core to cluster. Numbers, not objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from trnlab.cluster.degrees import check_whole
from trnlab.cluster.requests import check_chips
from trnlab.spec.fabric import Switched
from trnlab.spec.system import System
from trnlab.spec.systems import system as find_system


class Level(NamedTuple):
    """One kind of part: how many there are, and how many of the kind before are in one."""

    name: str
    parts: int
    size: int


class Place(NamedTuple):
    """Where a device sits: numbers within the level above."""

    domain: int
    chip: int  # of the domain
    device: int  # of the chip
    position: tuple[
        int, ...
    ]  # of the chip: (x, y, z) of a torus, (half, server, chip) behind switches


@dataclass(frozen=True)
class Machine:
    """Chips of one system; a million take no more memory than one."""

    system: System
    chips: int

    @property
    def devices(self) -> int:
        """Devices of all chips."""
        return self.chips * self.system.devices_per_chip

    @property
    def domains(self) -> int:
        """Scale-up domains, the last one perhaps in part."""
        return -(-self.chips // self.system.domain_chips)

    def levels(self) -> list[Level]:
        """Levels from the core up."""
        system = self.system
        per_chip, per_server = system.devices_per_chip, system.chips_per_server
        servers = -(-self.chips // per_server)
        per_domain = system.domain_chips // per_server
        return [
            Level("core", self.devices * system.cores_per_device, 1),
            Level("device", self.devices, system.cores_per_device),
            Level("chip", self.chips, per_chip),
            Level("server", servers, min(per_server, self.chips)),
            Level("domain", self.domains, min(per_domain, servers)),
            Level("cluster", 1, self.domains),
        ]

    def place(self, device: int) -> Place:
        """Where a device sits.

        Raises:
            ValueError: there is no such device
        """
        device = check_whole("device", device, self.devices - 1, 0)
        chip, within = divmod(device, self.system.devices_per_chip)
        domain, chip = divmod(chip, self.system.domain_chips)
        return Place(domain, chip, within, self._position(chip))

    def _position(self, chip: int) -> tuple[int, ...]:
        fabric = self.system.fabric
        if isinstance(fabric, Switched):
            half, rest = divmod(chip, fabric.half_chips)
            return (half, *divmod(rest, fabric.chips_per_server))
        row, x = divmod(chip, fabric.x)
        z, y = divmod(row, fabric.y)
        return x, y, z


def machine(system: str | System, chips: int) -> Machine:
    """A machine of some chips.

    Args:
        system: a name or a record
        chips: whole servers, or a part of one that divides it
    Raises:
        ValueError: no such system, or a number of chips that cannot be had
    """
    found = find_system(system)
    return Machine(found, check_chips(found, chips))

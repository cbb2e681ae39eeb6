"""A system that one can rent or build: chips, how they are wired, and what a device is."""

from __future__ import annotations

from dataclasses import dataclass

from .accelerator import Accelerator
from .chip import Chip
from .fabric import Collectives, ScaleOut, Switched, Torus
from .record import Record

MAX_CHIPS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class System(Record):
    """A machine of many chips.

    A device is what degrees of parallelism count: a GPU, a TPU chip or, on Trainium, `device`.
    """

    derived = ("devices_per_chip", "domain_chips")

    name: str  # "trn3-gen2"
    product: str
    device: str  # "Trainium3 chip (8 NeuronCores)"
    chip: Chip | Accelerator
    cores_per_device: int
    chips_per_server: int
    fabric: Torus | Switched
    scale_out: ScaleOut
    collectives: Collectives
    max_chips: int
    vector_passes: float  # of VectorE, for one element of a fused pass
    memory_reserved_bytes: int  # of a device, kept by the runtime
    step_overhead_s: float  # of a training step, outside every kernel
    recomputes_all: bool  # else a compiler leaves out what only feeds the layer's own result
    keeps_products_alone: bool  # "selective" then computes all else again, fused attention too
    host_call_s: float = 0.0  # of the host, to start one operator; 0: a step is compiled whole

    @property
    def devices_per_chip(self) -> int:
        """Cores of a chip over cores of a device."""
        return self.chip.cores // self.cores_per_device

    @property
    def domain_chips(self) -> int:
        """Chips of one scale-up domain."""
        return self.fabric.chips

    @property
    def is_trainium(self) -> bool:
        """Whether the core model times its products."""
        return isinstance(self.chip, Chip)

    @property
    def device_hbm_bytes(self) -> int:
        """Memory of one device, without what the runtime keeps."""
        return self.chip.hbm_capacity_bytes // self.devices_per_chip - self.memory_reserved_bytes

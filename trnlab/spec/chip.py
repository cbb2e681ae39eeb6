"""A Trainium chip: some equal cores, HBM stacks and links to other chips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .core import Core
from .record import Record
from .table import Table


@dataclass(frozen=True, kw_only=True)
class Link(Record):
    """Equal links from a chip to one kind of neighbor."""

    derived = ("total_bytes_per_s",)

    name: str  # "NeuronLink-v4"
    count: int
    bytes_per_s: float  # of one link, one direction

    @property
    def total_bytes_per_s(self) -> float:
        """Links x bandwidth of one link."""
        return self.count * self.bytes_per_s


@dataclass(frozen=True, kw_only=True)
class Chip(Record):
    """A chip; what is derived here counts TensorE alone."""

    derived = (
        "peaks_flops_per_s",
        "hbm_bytes_per_s",
        "hbm_capacity_bytes",
        "sbuf_bytes",
        "dma_bytes_per_s",
    )

    name: str  # "trn3"
    product: str  # "AWS Trainium3"
    generation: str  # "gen4", NKI's name
    cores: int
    core: Core
    hbm_stacks: int
    cc_cores: int  # sequencers of collectives
    links: Mapping[str, Link]  # to whom -> the links
    link_bytes_per_s: float  # AWS's total for the chip
    published_flops_per_s: Mapping[str, float]  # AWS's peak of the chip, to compare with only

    def peak_flops_per_s(self, mode: str = "bfloat16") -> float:
        """Cores x the TensorE peak of one core, in FLOP/s.

        AWS's chip figures for BF16 and FP32 are higher: they add the other engines.

        Raises:
            ValueError: TensorE has no such mode
        """
        return self.cores * self.core.tensor.peak_flops_per_s(mode)

    @property
    def peaks_flops_per_s(self) -> Table[float]:
        """Cores x the TensorE peak of one core, for each mode."""
        modes = self.core.tensor.macs_per_pe_cycle
        return Table({mode: self.peak_flops_per_s(mode) for mode in modes})

    @property
    def hbm_bytes_per_s(self) -> float:
        """HBM stacks x bandwidth of one stack."""
        return self.hbm_stacks * self.core.hbm.bytes_per_s

    @property
    def hbm_capacity_bytes(self) -> int:
        """HBM stacks x capacity of one stack."""
        return self.hbm_stacks * self.core.hbm.capacity_bytes

    @property
    def sbuf_bytes(self) -> int:
        """Cores x SBUF of one core."""
        return self.cores * self.core.sbuf.total_bytes

    @property
    def dma_bytes_per_s(self) -> float:
        """Cores x usable rate of the DMA engines of one core."""
        return self.cores * self.core.dma.total_bytes_per_s

"""The DMA engines of a core as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from .record import Record


@dataclass(frozen=True, kw_only=True)
class Dma(Record):
    """The engines that move data between HBM and SBUF, each piece with its own descriptor."""

    derived = ("piece_bytes_per_s", "total_bytes_per_s")

    engines: int
    queues: int  # rings of one engine, each in order
    partitions_per_engine: int
    raw_bytes_per_s: float  # of one engine, as it is published
    moving_bytes_per_s: float  # of one engine, while bytes move
    usable_bytes_per_s: float  # of one engine, the ceiling AWS gives for large transfers
    descriptor_s: float  # fixed cost of one piece
    max_piece_bytes: int  # a longer row is cut into pieces
    prepared_descriptor_s: float  # of a piece whose descriptor was prepared and lies in HBM
    max_prepared_bytes: int  # of such a piece
    transfer_s: float  # fixed cost of a transfer on each engine that takes part
    trigger: str  # "gpsimd" writes descriptors, or "sync" starts prepared ones: the usual way
    start_s: float  # from the trigger to the first byte
    fetch_s: float  # longer, if the descriptors were prepared and lie in HBM
    stagger_s: float  # an engine starts that much after the one before it
    queue_interval_s: float  # smallest distance of two transfers of a queue, if it was prepared
    completion_s: float  # from the last byte to the waiting engine
    hwdge_instances: int  # hardware descriptor generators of a core
    hwdge_s: float  # one DMA instruction through a hardware generator
    hwdge_start_s: float  # from such an instruction to the first byte
    swdge_s: float  # one DMA instruction whose descriptors GpSimdE writes
    transpose_rate: float  # of the copy rate, HBM to SBUF
    transpose_sbuf_rate: float  # of the copy rate, SBUF to SBUF
    compute_rate: float  # of the copy rate, adding while copying
    compute_max_sources: int  # tensors that one dma_compute adds
    packet_bytes: int  # grain of arbitration between queues
    priority_classes: int  # 1: round robin only

    @property
    def usual_dge(self) -> str:
        """Who makes the descriptors when the kernel leaves that open, as `nki.isa` names it."""
        return "none" if self.trigger == "sync" else "swdge"

    def piece(self, dge: str = "") -> tuple[float, int]:
        """Fixed cost of a piece, seconds, and the bytes of the longest.

        Args:
            dge: who makes the descriptors; "": who usually does
        """
        if (dge or self.usual_dge) == "none":
            return self.prepared_descriptor_s, self.max_prepared_bytes
        return self.descriptor_s, self.max_piece_bytes

    @property
    def usual_start_s(self) -> float:
        """From the trigger to the first byte, when the kernel leaves the descriptors open."""
        return self.start_s + (self.fetch_s if self.trigger == "sync" else 0.0)

    @property
    def usual_interval_s(self) -> float:
        """Between two transfers of a queue, when the kernel leaves the descriptors open."""
        return self.queue_interval_s if self.trigger == "sync" else 0.0

    @property
    def has_hwdge(self) -> bool:
        """Whether the core generates descriptors in hardware."""
        return self.hwdge_instances > 0

    @property
    def piece_bytes_per_s(self) -> float:
        """Rate of one engine on full pieces: piece / (descriptor + piece / rate while moving)."""
        descriptor_s, longest = self.piece()
        return longest / (descriptor_s + longest / self.moving_bytes_per_s)

    @property
    def total_bytes_per_s(self) -> float:
        """Engines x usable rate of one engine."""
        return self.engines * self.usable_bytes_per_s

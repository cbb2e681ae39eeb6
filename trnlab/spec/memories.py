"""SBUF, PSUM and HBM of a core as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from .record import Record


@dataclass(frozen=True, kw_only=True)
class Sbuf(Record):
    """The on-chip memory that the engines compute from."""

    derived = ("total_bytes",)

    partitions: int
    partition_bytes: int
    usable_partition_bytes: int  # that the live tiles of a kernel may fill

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.usable_partition_bytes > self.partition_bytes:
            raise ValueError(
                f"Sbuf: usable_partition_bytes = {self.usable_partition_bytes} is more than the "
                f"{self.partition_bytes} bytes that a partition has; change both."
            )

    @property
    def total_bytes(self) -> int:
        """Partitions x bytes of a partition."""
        return self.partitions * self.partition_bytes


@dataclass(frozen=True, kw_only=True)
class Psum(Record):
    """The accumulation memory behind TensorE, in banks."""

    derived = ("partition_bytes", "total_bytes", "bank_fp32_elements")

    partitions: int
    banks: int
    bank_bytes: int  # of one bank in one partition

    @property
    def partition_bytes(self) -> int:
        """Banks x bytes of a bank."""
        return self.banks * self.bank_bytes

    @property
    def total_bytes(self) -> int:
        """Partitions x banks x bytes of a bank."""
        return self.partitions * self.partition_bytes

    @property
    def bank_fp32_elements(self) -> int:
        """FP32 elements of a bank in one partition: bytes of a bank / 4."""
        return self.bank_bytes // 4


@dataclass(frozen=True, kw_only=True)
class Hbm(Record):
    """One HBM stack, as a core next to it sees it."""

    derived = ("share_bytes_per_s",)

    bytes_per_s: float
    capacity_bytes: int
    cores: int  # that share the stack

    @property
    def share_bytes_per_s(self) -> float:
        """Bandwidth of the stack / cores that share it."""
        return self.bytes_per_s / self.cores

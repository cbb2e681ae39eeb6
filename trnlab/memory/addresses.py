"""Tensors that the kernel puts at an address of its own: `nl.ndarray(..., address=(p, byte))`.

All of them live in one array of bytes per memory and core, so that tensors that overlap share their
bytes. A slot is one rectangle of it; tensors with the same rectangle share the slot.
"""

from typing import Any

import numpy as np

from trnlab.errors import CapacityError, KernelError
from trnlab.memory.layout import Region, overlap
from trnlab.memory.storage import Allocation, Storage, fill_fresh, versions


class Slot:
    """A rectangle of an on-chip memory: partitions and bytes of each."""

    __slots__ = ("fp32", "memory", "overlaps", "region", "version", "written")

    def __init__(self, memory: "AddressedMemory", region: Region) -> None:
        self.memory = memory
        self.region = region
        self.written = False  # through any tensor that has exactly this place
        self.overlaps: list[Slot] = []
        self.fp32: dict = {}  # float32 form of views
        self.version = next(versions)  # of the bytes

    def is_written(self) -> bool:
        """Whether anything has been written to some of it."""
        return self.written or any(slot.written for slot in self.overlaps)

    def forget(self) -> None:
        """Its bytes have changed."""
        for slot in (self, *self.overlaps):
            slot.fp32.clear()
            slot.version = next(versions)


class AddressedMemory:
    """The bytes of SBUF or PSUM that a kernel addresses itself."""

    def __init__(
        self, name: str, partitions: int, pitch_bytes: int, grain_bytes: int, has_values: bool
    ) -> None:
        self.name = name  # "sbuf" | "psum"
        self.partitions = partitions
        self.pitch_bytes = pitch_bytes
        self.grain_bytes = grain_bytes  # addresses are multiples of it
        self.home = -1  # id of the first tensor in it, by which it is known
        self.slots: dict[Region, Slot] = {}
        self.pending: Any = None  # work that was put off, on any of its tensors
        self.owner: AddressedStorage | None = None  # of the work
        self.data: np.ndarray | None = None
        self._claimed: np.ndarray | None = None
        if has_values:
            self.data = np.empty(partitions * pitch_bytes, np.uint8)
            self._claimed = np.zeros((partitions, pitch_bytes), np.bool_)

    def slot(self, allocation: Allocation, address: Any) -> Slot:
        """The place of an allocation.

        Raises:
            KernelError: not an address, or one that no tensor may have
            CapacityError: it ends beyond the memory
        """
        region = self._region(allocation, address)
        if self.home < 0:
            self.home = allocation.id
        slot = self.slots.get(region)
        if slot is None:
            slot = Slot(self, region)
            for other in self.slots.values():
                if overlap(region, other.region):
                    slot.overlaps.append(other)
                    other.overlaps.append(slot)
            self.slots[region] = slot
            if self.data is not None:
                self._fill(region, allocation.dtype)
        return slot

    def _region(self, allocation: Allocation, address: Any) -> Region:
        try:
            partition, byte = (int(part) for part in address)
        except (TypeError, ValueError):
            raise KernelError(
                f"nl.ndarray: address {address!r} should be (partition, byte offset)"
            ) from None
        rows, pitch = allocation.rows, allocation.pitch_bytes
        where = f"nl.ndarray: address ({partition}, {byte}) of {allocation.name}"
        if partition < 0 or byte < 0 or byte % self.grain_bytes:
            start = "a PSUM bank" if self.name == "psum" else "an aligned byte"
            raise KernelError(f"{where} must start at {start}: multiples of {self.grain_bytes}")
        if partition + rows > self.partitions:
            raise KernelError(
                f"{where}: {rows} partitions from {partition} end beyond {self.partitions}"
            )
        if byte + pitch > self.pitch_bytes:
            raise CapacityError(
                f"{self.name.upper()}: {allocation.name} {list(allocation.shape)} "
                f"{allocation.dtype} (line {allocation.line}) at byte {byte} needs {pitch} bytes "
                f"per partition and ends beyond {self.pitch_bytes}; use a lower address or "
                "smaller tiles"
            )
        return Region(partition, partition + rows, byte, byte + pitch)

    def _fill(self, region: Region, dtype: str) -> None:
        """Bytes that nothing has claimed yet look as fresh memory does."""
        row, row_end, byte, byte_end = region
        assert self.data is not None and self._claimed is not None
        claimed = self._claimed[row:row_end, byte:byte_end]
        fresh = fill_fresh(np.empty(byte_end - byte, np.uint8), dtype)
        block = self.data.reshape(self.partitions, self.pitch_bytes)[row:row_end, byte:byte_end]
        np.copyto(block, fresh, where=~claimed)
        claimed[...] = True


class AddressedStorage(Storage):
    """The storage of a tensor with an address: a window on the memory."""

    __slots__ = ("slot",)

    def __init__(self, allocation: Allocation, slot: Slot) -> None:
        self.slot = slot
        super().__init__(allocation)
        self.pitch_bytes = slot.memory.pitch_bytes

    def __del__(self) -> None:
        """The bytes stay."""

    @property
    def data(self) -> np.ndarray | None:
        """The bytes of the whole memory."""
        return self.slot.memory.data

    @data.setter
    def data(self, value: np.ndarray | None) -> None:
        """They are the memory's own."""

    @property
    def fp32(self) -> dict:
        """Shared by all tensors of the slot."""
        return self.slot.fp32

    @fp32.setter
    def fp32(self, value: dict) -> None:
        """It is the slot's own."""

    @property
    def version(self) -> int:
        """Of the slot's bytes."""
        return self.slot.version

    @version.setter
    def version(self, value: int) -> None:
        """It is the slot's own."""

    @property
    def pending(self) -> Any:
        """Work of this tensor that was put off; that of any other is done first."""
        memory = self.slot.memory
        if memory.pending is not None and memory.owner is not self:
            memory.pending.finish()
        return memory.pending

    @pending.setter
    def pending(self, work: Any) -> None:
        self.slot.memory.pending = work
        self.slot.memory.owner = self

    def locate(self, offset_bytes: int) -> int:
        row, byte = divmod(offset_bytes, self.allocation.pitch_bytes)
        region = self.slot.region
        return (region.row + row) * self.pitch_bytes + region.byte + byte

    def forget(self) -> None:
        self.slot.forget()

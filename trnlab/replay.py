"""Values at any call of a trace: execute again what its operands depend on, nothing else."""

from collections.abc import Mapping

import numpy as np

from trnlab.memory import Allocation, Region, Storage, Tensor, View
from trnlab.memory.addresses import AddressedMemory, AddressedStorage, Slot
from trnlab.memory.layout import covers, overlap
from trnlab.trace import Trace


def values_after(
    trace: Trace, inputs: Mapping[int, np.ndarray], call: int, view: View
) -> np.ndarray:
    """Values of a view right after a call.

    Args:
        inputs: kernel inputs as they were before the run, by storage id
        view: what to show, usually an operand of the call
    Returns:
        array of the view's shape in its storage dtype; NaN where nothing was written yet
    """
    with np.errstate(all="ignore"):
        return _values_after(trace, inputs, call, view)


def _values_after(
    trace: Trace, inputs: Mapping[int, np.ndarray], call: int, view: View
) -> np.ndarray:
    storages = _Storages(trace, inputs)
    for index in _cone(trace, call, view):
        recorded = trace.calls[index]
        kind = recorded.kind
        writes = tuple(storages.tensor(written) for written in recorded.writes)
        reads = tuple(storages.tensor(read) for read in recorded.reads[: len(kind.reads)])
        kind.instruction.execute(kind, writes, reads, recorded.values)
        for tensor in writes:
            if tensor.storage.memory == "psum":
                tensor.mark_written()
    return storages.tensor(view).array.copy()


class _Storages:
    """Fresh storages, made as they are needed."""

    def __init__(self, trace: Trace, inputs: Mapping[int, np.ndarray]) -> None:
        self.trace = trace
        self.inputs = inputs
        self.made: dict[int, Storage] = {}
        self.memories: dict[AddressedMemory, AddressedMemory] = {}

    def tensor(self, view: View) -> Tensor:
        id, dtype, shape, strides, offset, path, _, _ = view
        storage = self.made.get(id)
        if storage is None:
            allocation = self.trace.allocations[id]
            slot = allocation.slot
            storage = Storage(allocation) if slot is None else self.addressed(allocation, slot)
            if id in self.inputs:
                data = np.ascontiguousarray(self.inputs[id]).copy()
                storage.data = data.reshape(-1).view(np.uint8)
            self.made[id] = storage
        return Tensor(storage, dtype, shape, strides, offset, path)

    def addressed(self, allocation: Allocation, slot: Slot) -> Storage:
        """A tensor at an address: it shares its bytes with those that overlap it."""
        old = slot.memory
        memory = self.memories.get(old)
        if memory is None:
            memory = self.memories[old] = AddressedMemory(
                old.name, old.partitions, old.pitch_bytes, old.grain_bytes, True
            )
        region = slot.region
        return AddressedStorage(allocation, memory.slot(allocation, (region.row, region.byte)))


def _cone(trace: Trace, call: int, view: View) -> list[int]:
    """Calls up to `call` that the view's values depend on, in program order."""
    needed: dict[int, list[Region]] = {}
    _need(trace, view, needed)
    found = []
    for index in range(call, -1, -1):
        recorded = trace.calls[index]
        if not any(_touches(trace, written, needed) for written in recorded.writes):
            continue
        if index in trace.skipped:
            continue
        found.append(index)
        kind = recorded.kind
        scatters = any(operand.path for operand in kind.writes)
        keeps = scatters or kind.instruction.keeps(kind, recorded.values)
        for written in recorded.writes:
            if keeps:
                _need(trace, written, needed)
            else:
                _satisfy(trace, written, needed)
        for read in recorded.reads:
            _need(trace, read, needed)
    return found[::-1]


def _need(trace: Trace, view: View, needed: dict[int, list[Region]]) -> None:
    home, region = trace.spot(view)
    regions = needed.setdefault(home, [])
    if region not in regions:
        regions.append(region)


def _touches(trace: Trace, view: View, needed: dict[int, list[Region]]) -> bool:
    home, region = trace.spot(view)
    return any(overlap(region, other) for other in needed.get(home, ()))


def _satisfy(trace: Trace, view: View, needed: dict[int, list[Region]]) -> None:
    """Forget the regions that are written whole."""
    home, written = trace.spot(view)
    if not view[7] or home not in needed:
        return
    needed[home][:] = [region for region in needed[home] if not covers(written, region)]

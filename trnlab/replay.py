"""Values at any call of a trace: execute again what its operands depend on, nothing else."""

import math
from collections.abc import Mapping

import numpy as np

from trnlab.memory import Storage, Tensor
from trnlab.memory.tensor import Region
from trnlab.numerics import itemsize
from trnlab.trace import Recorded, Trace, View


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
    storages = _Storages(trace, inputs)
    for index in _cone(trace, call, view):
        recorded = trace.calls[index]
        writes = tuple(storages.tensor(written) for written in recorded.writes)
        reads = tuple(storages.tensor(read) for read in recorded.reads)
        recorded.kind.instruction.execute(writes, reads, recorded.values)
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

    def tensor(self, view: View) -> Tensor:
        id, dtype, shape, strides, offset = view
        storage = self.made.get(id)
        if storage is None:
            storage = Storage(self.trace.allocations[id])
            if id in self.inputs:
                data = np.ascontiguousarray(self.inputs[id]).copy()
                storage.data = data.reshape(-1).view(np.uint8)
            self.made[id] = storage
        return Tensor(storage, dtype, shape, strides, offset)


def _cone(trace: Trace, call: int, view: View) -> list[int]:
    """Calls up to `call` that the view's values depend on, in program order."""
    needed: dict[int, list[Region]] = {view[0]: [trace.region(view)]}
    found = []
    for index in range(call, -1, -1):
        recorded = trace.calls[index]
        if not any(_touches(trace, written, needed) for written in recorded.writes):
            continue
        found.append(index)
        if _overwrites(recorded):
            for written in recorded.writes:
                _satisfy(needed[written[0]], trace.region(written), written)
        for read in recorded.reads:
            regions = needed.setdefault(read[0], [])
            if trace.region(read) not in regions:
                regions.append(trace.region(read))
    return found[::-1]


def _touches(trace: Trace, view: View, needed: dict[int, list[Region]]) -> bool:
    a = trace.region(view)
    return any(
        a.row < b.row_end and b.row < a.row_end and a.byte < b.byte_end and b.byte < a.byte_end
        for b in needed.get(view[0], ())
    )


def _overwrites(recorded: Recorded) -> bool:
    """False for a matmul that may add to what is there."""
    return recorded.kind.instruction.name != "nc_matmul" or recorded.values is False


def _satisfy(needed: list[Region], written: Region, view: View) -> None:
    """Forget the regions that are written whole, by a view without gaps."""
    _, dtype, shape, _, _ = view
    row_bytes = written.byte_end - written.byte
    if math.prod(shape) * itemsize(dtype) < (written.row_end - written.row) * row_bytes:
        return
    needed[:] = [
        region
        for region in needed
        if not (
            written.row <= region.row
            and region.row_end <= written.row_end
            and written.byte <= region.byte
            and region.byte_end <= written.byte_end
        )
    ]

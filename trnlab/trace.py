"""The trace: the NKI calls that a kernel made, as plain data.

In: instructions as they are issued. Out: one record that is read twice, as values and as time. It
knows no clock and no view.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from trnlab.isa.instruction import Instruction, Kind
from trnlab.memory import Allocation, Region, Signature, Tensor, View
from trnlab.numerics import itemsize
from trnlab.spec.core import Core

Site = tuple[str, int]  # file and line


class TensorInfo(NamedTuple):
    """One allocation, as views name it."""

    id: int
    name: str
    memory: str  # "hbm" | "sbuf" | "psum" | "engine"
    shape: tuple[int, ...]
    dtype: str
    argument: bool  # a kernel input
    output: bool  # returned by the kernel
    line: int  # of the kernel, where it was allocated


class Operand(NamedTuple):
    """One operand of a call: a rectangle of a tensor."""

    role: str
    tensor: TensorInfo
    shape: tuple[int, ...]
    dtype: str
    rows: tuple[int, int]  # partitions, or HBM rows
    cols: tuple[int, int]  # free elements


@dataclass(frozen=True, slots=True)
class Call:
    """One NKI call."""

    index: int
    op: str
    engine: str
    line: int
    queue: int  # DMA queue, -1 if none
    operands: tuple[Operand, ...]
    core: int = 0


class Recorded(NamedTuple):
    """One NKI call as the trace keeps it."""

    kind: Kind
    line: int
    queue: int
    writes: tuple[View, ...]
    reads: tuple[View, ...]
    values: Any  # what execution needs beyond the operands
    core: int = 0  # which of the launch's cores runs it


class Trace:
    """The calls of one kernel run, in program order."""

    def __init__(self, core: Core) -> None:
        self.core = core  # legality was checked against it
        self.allocations: list[Allocation] = []
        self.calls: list[Recorded] = []
        self._kinds: dict[tuple, Kind] = {}
        self._queues: dict[tuple[int, Site], int] = {}
        self.after: dict[int, tuple[int, ...]] = {}  # calls that a call waits for beside its data
        self.skipped: set[int] = set()  # calls whose run-time index was out of range
        self.silent: set[int] = set()  # calls that wrote to memory of two cores what it held
        self.loops: dict[int, tuple[int, ...]] = {}  # dynamic loops that a call lies in, if any
        self.named: dict[str, list[int]] = {}  # calls by the name that the kernel gave them
        self.cores = 1  # of the launch
        self.cache: dict[Any, Any] = {}  # readings that depend on the trace alone

    def __len__(self) -> int:
        return len(self.calls)

    def allocate(
        self, name: str, buffer: str, shape: tuple[int, ...], dtype: str, line: int
    ) -> Allocation:
        """A new allocation; if the kernel gave no name, its number makes one."""
        number = len(self.allocations)
        allocation = Allocation(number, name or f"{buffer}_{number}", buffer, shape, dtype, line)
        self.allocations.append(allocation)
        return allocation

    def kind(
        self,
        instruction: Instruction,
        writes: tuple[Signature, ...],
        reads: tuple[Signature, ...],
        options: tuple,
        engine: str = "",
    ) -> Kind:
        """The kind of a call, checked once: calls with equal signatures are equally legal.

        Raises:
            KernelError: the device would refuse it
        """
        key = (instruction, writes, reads, options, engine)
        kind = self._kinds.get(key)
        if kind is None:
            kind = Kind(instruction, engine, writes, reads, options)
            if not engine:
                chosen = instruction.engine(self.core, kind)
                kind = Kind(instruction, chosen, writes, reads, options)
            instruction.verify(self.core, kind)
            self._kinds[key] = kind
        return kind

    def append(
        self,
        kind: Kind,
        line: int,
        site: Site,
        writes: tuple[Tensor, ...],
        reads: tuple[Tensor, ...],
        values: Any,
        core: int = 0,
    ) -> int:
        """Add a call.

        Args:
            line: of the kernel
            site: where the call is written, in the kernel or in a helper
        Returns:
            its index
        """
        index = len(self.calls)
        queue = self._queue(site, writes + reads) if kind.engine == "dma" else -1
        self.calls.append(
            Recorded(kind, line, queue, _views(writes, index), _views(reads, index), values, core)
        )
        return index

    def is_within(self, producer: int, consumer: int) -> bool:
        """Whether each turn of a consumer's dynamic loops finds its producer done: that one lies in
        the same loops, or in fewer of them."""
        outer = self.loops.get(producer, ())
        return self.loops.get(consumer, ())[: len(outer)] == outer

    def order(self, call: int, *producers: int) -> None:
        """Make a call wait for others, whatever their data."""
        before = self.after.get(call, ())
        self.after[call] = before + tuple(p for p in producers if p >= 0 and p not in before)

    def _queue(self, site: Site, tensors: tuple[Tensor, ...]) -> int:
        """A DMA queue for each tensor in HBM and call that is written, round robin over all queues.

        A copy within SBUF has the queue of its site. Which queue a transfer uses is the compiler's
        choice and not published: assumed.
        """
        in_hbm = (tensor.storage.id for tensor in tensors if tensor.storage.memory == "hbm")
        key = (next(in_hbm, -1), site)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = len(self._queues) % self.core.dma.queues
        return queue

    def spot(self, view: View) -> tuple[int, Region]:
        """The bytes that a view spans: which memory of its own, and where in it.

        A tensor has one of its own, named by its id; tensors with an address share one.
        """
        region = view[6]
        slot = self.allocations[view[0]].slot
        if slot is None:
            return view[0], region
        row, byte = slot.region.row, slot.region.byte
        shifted = (region[0] + row, region[1] + row, region[2] + byte, region[3] + byte)
        return slot.memory.home, Region(*shifted)

    def call(self, index: int) -> Call:
        """One call, for reading."""
        kind, line, queue, writes, reads, _, core = self.calls[index]
        views = writes + reads
        roles = kind.roles + ("index",) * (len(views) - len(kind.roles))
        operands = tuple(
            self._operand(role, view) for role, view in zip(roles, views, strict=False)
        )
        return Call(index, kind.instruction.name, kind.engine, line, queue, operands, core)

    def tensor(self, id: int) -> TensorInfo:
        """One allocation, for reading."""
        a = self.allocations[id]
        return TensorInfo(id, a.name, a.memory, a.shape, a.dtype, a.argument, a.output, a.line)

    def _operand(self, role: str, view: View) -> Operand:
        id, dtype, shape, _, _, _, region, _ = view
        size = itemsize(dtype)
        cols = (region.byte // size, -(-region.byte_end // size))
        return Operand(role, self.tensor(id), shape, dtype, (region.row, region.row_end), cols)


def _views(tensors: tuple[Tensor, ...], index: int) -> tuple[View, ...]:
    views = []
    for tensor in tensors:
        allocation = tensor.storage.allocation
        if allocation.first_call < 0:
            allocation.first_call = index
        allocation.last_call = index
        views.append(tensor.detached)
    return tuple(views)

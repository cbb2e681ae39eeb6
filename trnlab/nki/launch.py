"""One run of a program: what it allocates and issues goes into the trace of its launch.

The current launch is the one context that `nl` and `nisa` calls share; nothing else is global.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from trnlab import spec
from trnlab.errors import KernelError, LimitError
from trnlab.isa.indirection import check_bases
from trnlab.isa.instruction import Instruction, Kind
from trnlab.memory import Allocation, Storage, Tensor
from trnlab.memory.addresses import AddressedMemory, AddressedStorage
from trnlab.memory.coverage import note_write
from trnlab.memory.dynamic import GROUP, TENSOR_GROUP, index_call, index_tiles, resolve
from trnlab.nki.engine_state import EngineState
from trnlab.nki.hazards import check_scatter, contents
from trnlab.nki.instruction_handle import NkiInstruction
from trnlab.nki.refusals import not_a_tensor, sizes_of
from trnlab.nki.team import Team, World
from trnlab.nki.unwritten import check_read
from trnlab.numerics import dtype_name
from trnlab.spec import Core
from trnlab.trace import Site

HBM_BUFFERS = ("private_hbm", "shared_hbm")
BUFFERS = ("sbuf", "psum", *HBM_BUFFERS)
MAX_CALLS = 1_000_000  # about 15 s and 1 GiB on a laptop
SBUF_GRAIN_BYTES = 1  # an explicit SBUF address may be any byte: no rule is published
MAX_HBM_BYTES = 4 * 2**30  # of HBM tensors with values: they live in the laptop's memory

Operands = tuple[Tensor, ...]


class Launch:
    """One program that runs on one core: its trace, and whether values are computed."""

    def __init__(
        self,
        core: Core,
        has_values: bool,
        filename: str,
        team: Team | None = None,
        program: int = 0,
        has_grid: bool = False,
    ) -> None:
        self.core = core
        self.has_values = has_values
        self.filename = filename  # of the kernel's source
        self.team = team or World(core, 1, 1).teams[0]
        self.program = program  # index within the team
        self.has_grid = has_grid  # launched as kernel[n]
        self.shares_values = has_values and self.team.cores > 1
        self.said: set[Site] = set()  # places that read what was written in part
        self.is_silent = False  # the last call wrote to memory of both cores what it held
        self.trace = self.team.trace
        self.lane = self.team.rank * self.team.cores + program  # core of the trace
        self.state = EngineState(self.trace)
        self.last_ordered: int | None = None  # last call of a no_reorder block; None: outside
        self.loops: tuple[int, ...] = ()  # dynamic loops that run now, outermost first
        self.loop_count = 0
        self.meetings = 0  # with the other core, so far
        self.collectives: dict[Any, int] = {}  # so far, by group
        self._shared_count = 0
        self._constant_count = 0
        self._addressed: dict[str, AddressedMemory] = {}
        self.hbm_bytes = 0  # allocated so far, if values are computed

    # ---- memory

    def allocate(
        self, shape: Any, dtype: Any, buffer: str, name: str = "", address: Any = None
    ) -> Tensor:
        """A fresh tensor.

        Raises:
            KernelError: no such memory, or a shape it cannot hold
            CapacityError: an address beyond the memory
            LimitError: with values, more HBM than this simulator holds
        """
        sizes = sizes_of(shape)
        if buffer not in BUFFERS:
            known = ", ".join(f"nl.{name}" for name in BUFFERS)
            raise KernelError(f"nl.ndarray: buffer {buffer!r} is none of {known}")
        if not sizes or min(sizes) < 1:
            raise KernelError(f"nl.ndarray: shape {list(sizes)} needs sizes of 1 or more")
        dtype, line = dtype_name(dtype), self.lines()[0]
        if buffer in HBM_BUFFERS and address is not None:
            raise KernelError(
                f"nl.ndarray: address {address!r} in HBM, which the runtime places; leave it out, "
                "or allocate in nl.sbuf or nl.psum"
            )
        if buffer == "shared_hbm":
            number = self._shared_count
            self._shared_count += 1
            tensor = self.team.shared(number, name, sizes, dtype, line, self.lane)
            if self.has_values and tensor.storage.allocation.core == self.lane:
                self.check_host_memory(tensor.storage.allocation)
            return tensor
        if buffer not in HBM_BUFFERS:
            sizes = self._check_on_chip(sizes, buffer)
        allocation = self.trace.allocate(name, buffer, sizes, dtype, line)
        if address is not None:
            allocation.core = self.lane
            return self._at_address(allocation, address)
        return self.tensor_of(allocation)

    def tensor_of(self, allocation: Allocation) -> Tensor:
        """The whole of a new allocation of this program."""
        allocation.core = self.lane
        if self.has_values and allocation.memory == "hbm":
            self.check_host_memory(allocation)
        return Tensor.whole(Storage(allocation))

    def constant(self, array: np.ndarray, dtype: str) -> Tensor:
        """A shared HBM tensor that holds an array from the start, the same for all programs."""
        number = self._constant_count
        self._constant_count += 1
        return self.team.constant(number, array, dtype, self.line())

    def check_host_memory(self, allocation: Allocation) -> None:
        self.hbm_bytes += allocation.nbytes
        if self.hbm_bytes > MAX_HBM_BYTES:
            raise LimitError(
                f"{allocation.name} {list(allocation.shape)} {allocation.dtype} (line "
                f"{allocation.line}) brings the HBM tensors of this run to {self.hbm_bytes:,} "
                f"bytes, and a run with values may hold {MAX_HBM_BYTES:,}; use smaller tensors, "
                "or trnlab.shape(...) as inputs for time alone"
            )

    def _check_on_chip(self, sizes: tuple[int, ...], buffer: str) -> tuple[int, ...]:
        limit = self.core.sbuf.partitions
        if sizes[0] > limit:
            raise KernelError(
                f"nl.ndarray: {list(sizes)} in {buffer.upper()} has {sizes[0]} partitions, at most "
                f"{limit} exist; tile dimension 0 by nl.tile_size.pmax ({limit})"
            )
        return sizes if len(sizes) > 1 else (sizes[0], 1)

    def _at_address(self, allocation: Allocation, address: Any) -> Tensor:
        memory = self._addressed.get(allocation.memory)
        if memory is None:
            memory = self._addressed[allocation.memory] = self._memory(allocation.memory)
        allocation.slot = memory.slot(allocation, address)
        return Tensor.whole(AddressedStorage(allocation, allocation.slot))

    def _memory(self, name: str) -> AddressedMemory:
        sbuf, psum = self.core.sbuf, self.core.psum
        if name == "psum":
            pitch, grain = psum.partition_bytes, psum.bank_bytes
            return AddressedMemory(name, psum.partitions, pitch, grain, self.has_values)
        pitch, grain = sbuf.partition_bytes, SBUF_GRAIN_BYTES
        return AddressedMemory(name, sbuf.partitions, pitch, grain, self.has_values)

    # ---- instructions

    def issue(
        self,
        instruction: Instruction,
        writes: Operands,
        reads: Operands,
        options: tuple = (),
        values: Any = None,
        engine: str = "",
        name: str | None = None,
        skips_oob: bool = False,
    ) -> NkiInstruction:
        """Check an instruction, compute its values, and add it to the trace.

        Args:
            options: what legality and cost depend on beside the operands
            values: what else execution needs
            engine: the engine that the kernel asks for; "": the instruction's own choice
            name: the kernel's name for this call
            skips_oob: run-time indices out of range are dropped, not refused
        """
        is_indirect = False
        try:
            for tensor in writes:
                if tensor.path is not None:
                    is_indirect = True
            for tensor in reads:
                if tensor.path is not None:
                    is_indirect = True
        except AttributeError:
            raise KernelError(not_a_tensor(instruction, options, writes + reads)) from None
        if is_indirect:
            return self._issue_indirect(
                instruction, writes, reads, options, values, engine, name, skips_oob
            )
        kind = self._kind(instruction, writes, reads, options, engine)
        self._execute(kind, writes, reads, values)
        return self._append(kind, writes, reads, values, name)

    def _issue_indirect(
        self,
        instruction: Instruction,
        writes: Operands,
        reads: Operands,
        options: tuple,
        values: Any,
        engine: str,
        name: str | None,
        skips_oob: bool,
    ) -> NkiInstruction:
        """The same with run-time addresses, which are looked up first."""
        views = writes + reads
        kind = self._kind(instruction, writes, reads, options, engine)
        check_bases(instruction.name, writes, reads)
        tiles = tuple(tile for view in views for tile in index_tiles(view))
        for tile in tiles:
            if not tile.storage.allocation.filled:
                check_read(instruction, tile, self.said, self.lines)
        after = [index_call(view) for view in views]
        group = TENSOR_GROUP if kind.engine == "tensor" else GROUP
        name_of, has_values = instruction.name, self.has_values
        found = [resolve(name_of, view, has_values, skips_oob, group) for view in views]
        is_skipped = any(view is None for view in found)
        if is_skipped:
            found = [resolve(name_of, view, False, True, group) for view in views]
        looked_up = tuple(view for view in found if view is not None)
        writes, reads = looked_up[: len(writes)], looked_up[len(writes) :]
        if not is_skipped:
            check_scatter(instruction, writes, self.lines)
            self._execute(kind, writes, reads, values)
        handle = self._append(kind, writes, reads + tiles, values, name)
        if is_skipped:
            self.trace.skipped.add(handle.index)
        if any(call >= 0 for call in after):
            self.trace.order(handle.index, *after)
        return handle

    def _kind(
        self,
        instruction: Instruction,
        writes: Operands,
        reads: Operands,
        options: tuple,
        engine: str,
    ) -> Kind:
        written = tuple([tensor.footprint[0] for tensor in writes])
        read = tuple([tensor.footprint[0] for tensor in reads])
        return self.trace.kind(instruction, written, read, options, engine)

    def _execute(self, kind: Kind, writes: Operands, reads: Operands, values: Any) -> None:
        for tensor in reads:
            if not tensor.storage.allocation.filled:
                check_read(kind.instruction, tensor, self.said, self.lines)
        if self.has_values:
            for tensor in writes:
                allocation = tensor.storage.allocation
                if allocation.argument and not allocation.mutated:
                    self.team.world.keep(tensor.storage)
        if self.shares_values:
            before = contents(writes)
            kind.instruction.execute(kind, writes, reads, values)
            self.is_silent = before is not None and before == contents(writes)
        elif self.has_values:
            kind.instruction.execute(kind, writes, reads, values)
        for tensor in writes:
            storage = tensor.storage
            allocation = storage.allocation
            if not (allocation.filled and allocation.mutated):
                note_write(tensor)
            if storage.memory == "psum" and self.has_values:
                tensor.mark_written()

    def _append(
        self, kind: Kind, writes: Operands, reads: Operands, values: Any, name: str | None
    ) -> NkiInstruction:
        trace = self.trace
        if len(trace) >= MAX_CALLS:
            raise LimitError(
                f"This kernel makes more than {MAX_CALLS:,} NKI calls, the most that one run may "
                "record; use smaller inputs, larger tiles or fewer repetitions"
            )
        line, site = self.lines()
        number = trace.append(kind, line, site, writes, reads, values, self.lane)
        if self.is_silent:
            trace.silent.add(number)
            self.is_silent = False
        if self.loops:
            trace.loops[number] = self.loops
        if name is not None:
            trace.named.setdefault(name, []).append(number)
        if self.last_ordered is not None:
            trace.order(number, self.last_ordered)
            self.last_ordered = number
        return NkiInstruction(trace, number, name)

    @contextmanager
    def dynamic_loop(self) -> Iterator[None]:
        """One loop of the device, whatever its number of turns."""
        before = self.loops
        self.loops = (*before, self.loop_count)
        self.loop_count += 1
        try:
            yield
        finally:
            self.loops = before

    def line(self) -> int:
        """The line of the kernel's file that is running now."""
        return self.lines()[0]

    def lines(self) -> tuple[int, Site]:
        """The line of the kernel's file that is running now, and the place that makes the call.

        They differ if the kernel calls a helper from another file, or another kernel.
        """
        frame: FrameType | None = sys._getframe(3)  # who called nl or nisa
        while frame and frame.f_code.co_filename != self.filename and _is_ours(frame):
            frame = frame.f_back
        if frame is None:
            return 0, ("", 0)
        line = frame.f_lineno
        site = (frame.f_code.co_filename, line)
        outer: FrameType | None = frame
        while outer and outer.f_code.co_filename != self.filename:
            outer = outer.f_back
        if outer is None or outer is frame:
            return line, site
        return outer.f_lineno, site


def _is_ours(frame: FrameType) -> bool:
    """Whether a function of the language runs, and not a kernel."""
    return frame.f_globals.get("__name__", "").startswith("trnlab.nki")


class _Context(threading.local):
    """Each program of a launch runs on a stack of its own."""

    launch: Launch | None = None


_context = _Context()


def current() -> Launch:
    """The launch that is running.

    Raises:
        KernelError: no kernel is running
    """
    launch = _context.launch
    if launch is None:
        raise KernelError(
            "nl and nisa calls work inside a kernel only; decorate the function with nki.jit and "
            "run it with nki.simulate(kernel)(...) or trnlab.profile(kernel, ...)"
        )
    return launch


def is_running() -> bool:
    """True inside a kernel."""
    return _context.launch is not None


def current_core() -> Core:
    """The core of the running kernel; outside of one, Trainium3's."""
    return _context.launch.core if _context.launch is not None else spec.TRN3.core


@contextmanager
def launching(launch: Launch) -> Iterator[Launch]:
    """Make a launch the current one; as on the device, infinities and NaN pass without a word."""
    before, _context.launch = _context.launch, launch
    try:
        with np.errstate(all="ignore"):
            yield launch
    finally:
        _context.launch = before

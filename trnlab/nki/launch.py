"""One run of a kernel: what it allocates and issues goes into a trace.

The current launch is the one context that `nl` and `nisa` calls share; nothing else is global.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from operator import index
from types import FrameType
from typing import Any

from trnlab import spec
from trnlab.errors import KernelError, LimitError
from trnlab.isa.instruction import Instruction
from trnlab.memory import Allocation, Storage, Tensor
from trnlab.numerics import dtype_name
from trnlab.spec import Core
from trnlab.trace import Site, Trace

HBM_BUFFERS = ("private_hbm", "shared_hbm")
BUFFERS = ("sbuf", "psum", *HBM_BUFFERS)
MAX_CALLS = 1_000_000  # about 15 s and 1 GiB on a laptop
MAX_HBM_BYTES = 4 * 2**30  # of HBM tensors with values: they live in the laptop's memory

_launches: list["Launch"] = []


class NkiInstruction:
    """Handle of an issued instruction."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index  # of the call in the trace


class Launch:
    """A kernel that runs: its trace, and whether values are computed."""

    def __init__(self, core: Core, has_values: bool, filename: str) -> None:
        self.core = core
        self.has_values = has_values
        self.filename = filename  # of the kernel's source
        self.trace = Trace(core)
        self.hbm_bytes = 0  # allocated so far, if values are computed

    def allocate(self, shape: Any, dtype: Any, buffer: str, name: str = "") -> Tensor:
        """A fresh tensor.

        Raises:
            KernelError: no such memory, or a shape it cannot hold
            LimitError: with values, more HBM than this simulator holds
        """
        sizes = _sizes(shape)
        if buffer not in BUFFERS:
            known = ", ".join(f"nl.{name}" for name in BUFFERS)
            raise KernelError(f"nl.ndarray: buffer {buffer!r} is none of {known}")
        if not sizes or min(sizes) < 1:
            raise KernelError(f"nl.ndarray: shape {list(sizes)} needs sizes of 1 or more")
        if buffer not in HBM_BUFFERS:
            sizes = self._check_on_chip(sizes, buffer)
        line, _ = self.lines()
        allocation = self.trace.allocate(name, buffer, sizes, dtype_name(dtype), line)
        if self.has_values and allocation.memory == "hbm":
            self._check_host_memory(allocation)
        return Tensor.whole(Storage(allocation))

    def _check_host_memory(self, allocation: Allocation) -> None:
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

    def issue(
        self,
        instruction: Instruction,
        writes: tuple[Tensor, ...],
        reads: tuple[Tensor, ...],
        options: tuple = (),
        values: Any = None,
        engine: str = "",
    ) -> NkiInstruction:
        """Check an instruction, compute its values, and add it to the trace.

        Args:
            options: what legality and cost depend on beside the operands
            values: what else execution needs
            engine: the engine that the kernel asks for; "": the instruction's own choice
        """
        trace = self.trace
        try:
            written = tuple([tensor.signature for tensor in writes])
            read = tuple([tensor.signature for tensor in reads])
        except AttributeError:
            raise KernelError(_not_a_tensor(instruction, writes + reads)) from None
        kind = trace.kind(instruction, written, read, options, engine)
        for tensor in reads:
            if not tensor.storage.allocation.written:
                raise KernelError(_never_written(instruction, tensor.storage.allocation))
        if self.has_values:
            instruction.execute(writes, reads, values)
        for tensor in writes:
            tensor.storage.allocation.mutated = True
            if tensor.storage.memory == "psum" and self.has_values:
                tensor.mark_written()
        if len(trace) >= MAX_CALLS:
            raise LimitError(
                f"This kernel makes more than {MAX_CALLS:,} NKI calls, the most that one run may "
                "record; use smaller inputs, larger tiles or fewer repetitions"
            )
        line, site = self.lines()
        return NkiInstruction(trace.append(kind, line, site, writes, reads, values))

    def lines(self) -> tuple[int, Site]:
        """The line of the kernel's file that is running now, and the place that makes the call.

        They differ if the kernel calls a helper from another file, or another kernel.
        """
        frame: FrameType | None = sys._getframe(3)  # who called nl or nisa
        while frame and frame.f_globals.get("__name__", "").startswith("trnlab.nki"):
            frame = frame.f_back
        if frame is None:
            return 0, ("", 0)
        line, site = frame.f_lineno, (frame.f_code.co_filename, frame.f_lineno)
        while frame:
            if frame.f_code.co_filename == self.filename:
                return frame.f_lineno, site
            frame = frame.f_back
        return line, site


def _sizes(shape: Any) -> tuple[int, ...]:
    try:
        return tuple(index(size) for size in (shape if hasattr(shape, "__iter__") else (shape,)))
    except TypeError:
        raise KernelError(
            f"nl.ndarray: shape {shape} needs whole numbers; divide with //"
        ) from None


def _not_a_tensor(instruction: Instruction, operands: tuple[Any, ...]) -> str:
    role, operand = next(
        (role, operand)
        for role, operand in zip(instruction.roles, operands, strict=False)
        if not isinstance(operand, Tensor)
    )
    return (
        f"{instruction.name}: {role} is of type {type(operand).__name__}, not a tensor; "
        "pass arrays as arguments of the kernel, and allocate tiles with nl.ndarray"
    )


def _never_written(instruction: Instruction, unset: Allocation) -> str:
    return (
        f"{instruction.name}: {unset.name} {list(unset.shape)} in {unset.memory.upper()} "
        f"(allocated in line {unset.line}) is read, but nothing has written it; "
        "load or compute it first"
    )


def current() -> Launch:
    """The launch that is running.

    Raises:
        KernelError: no kernel is running
    """
    if not _launches:
        raise KernelError(
            "nl and nisa calls work inside a kernel only; decorate the function with nki.jit and "
            "run it with nki.simulate(kernel)(...) or trnlab.profile(kernel, ...)"
        )
    return _launches[-1]


def is_running() -> bool:
    """True inside a kernel."""
    return bool(_launches)


def current_core() -> Core:
    """The core of the running kernel; outside of one, Trainium3's."""
    return _launches[-1].core if _launches else spec.TRN3.core


@contextmanager
def launching(launch: Launch) -> Iterator[Launch]:
    """Make a launch the current one."""
    _launches.append(launch)
    try:
        yield launch
    finally:
        _launches.pop()

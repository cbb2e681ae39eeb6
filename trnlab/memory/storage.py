"""A piece of memory: what was allocated, and its bytes if values are computed.

All three memories are rows of bytes. In SBUF and PSUM a row is a partition; in HBM it is one run
of the innermost dimension. Memory knows neither instructions nor addresses: while a kernel is
recorded it is virtual, and it gets its place when the trace is scheduled.
"""

from __future__ import annotations

import itertools
import math
import sys
from typing import TYPE_CHECKING, Protocol

import numpy as np

from trnlab.numerics import format_of

if TYPE_CHECKING:
    from trnlab.memory.addresses import Slot
    from trnlab.memory.coverage import Coverage


MAX_COPIES = 50_000  # that are remembered

versions = itertools.count()  # each number stands for contents that no other number stands for
_copies: dict[tuple, int] = {}


def copy_version(how: tuple) -> int:
    """The number of contents that are copied from others, equal for equal copies.

    Args:
        how: the number of the others, what of them is read, and how it is laid out
    """
    if len(_copies) >= MAX_COPIES:
        _copies.clear()
    return _copies.setdefault(how, next(versions))


class Allocation:
    """What was allocated: all but the bytes, so that it may outlive them."""

    __slots__ = (
        "argument",
        "buffer",
        "core",
        "coverage",
        "dtype",
        "filled",
        "first_call",
        "id",
        "last_call",
        "line",
        "memory",
        "mutated",
        "name",
        "output",
        "pitch_bytes",
        "shape",
        "slot",
    )

    def __init__(
        self, id: int, name: str, buffer: str, shape: tuple[int, ...], dtype: str, line: int = 0
    ) -> None:
        self.id = id
        self.name = name
        self.buffer = buffer  # "sbuf" | "psum" | "private_hbm" | "shared_hbm" | "engine"
        self.memory = "hbm" if buffer.endswith("hbm") else buffer
        self.shape = shape
        self.dtype = dtype
        self.line = line  # of the kernel, where it was allocated
        self.core = 0  # program of the launch that allocated it
        self.slot: Slot | None = None  # where the kernel put it; None: placed when scheduling
        self.argument = False  # a kernel input
        self.output = False  # returned by the kernel
        self.mutated = False  # the kernel has written to it
        self.filled = False  # all of it holds something, as far as is known
        self.coverage: Coverage | None = None  # what has been written, while that is a part
        self.first_call = -1  # first and last NKI call that touches it
        self.last_call = -1
        free = shape[-1] if self.memory == "hbm" else math.prod(shape[1:])
        self.pitch_bytes = free * format_of(dtype).itemsize  # bytes of one row

    @property
    def written(self) -> bool:
        """Holds anything: an input, or written by the kernel, here or under another name."""
        return self.argument or self.mutated or (self.slot is not None and self.slot.is_written())

    @property
    def written_part(self) -> Coverage | None:
        """What has been written, while that is a part; None: all of it, as far as is known."""
        return self.coverage if self.slot is None else self.slot.coverage

    def mark_mutated(self) -> None:
        """The kernel has written to it."""
        self.mutated = True
        if self.slot is not None:
            self.slot.written = True

    @property
    def rows(self) -> int:
        """Partitions on chip, runs of the innermost dimension in HBM."""
        return self.shape[0] if self.memory != "hbm" else math.prod(self.shape[:-1])

    @property
    def nbytes(self) -> int:
        """All of its bytes."""
        return self.rows * self.pitch_bytes


class Pending(Protocol):
    """Work on a storage that was put off."""

    def finish(self) -> None:
        """Do it now."""


class Storage:
    """The bytes of an allocation; they go when no tensor refers to them any more."""

    __slots__ = (
        "allocation",
        "data",
        "fp32",
        "id",
        "is_written",
        "memory",
        "pending",
        "pitch_bytes",
        "version",
        "written_mask",
        "written_parts",
    )

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        self.id = allocation.id
        self.memory = allocation.memory
        self.pitch_bytes = allocation.pitch_bytes
        self.data: np.ndarray | None = None  # flat uint8, None until needed
        self.fp32: dict = {}  # float32 form of views that are read many times
        self.version = next(versions)  # of the bytes
        self.pending: Pending | None = None  # to be finished before `data` is looked at
        self.is_written = False  # all of it, by one call, for accumulate=None
        self.written_parts: set = set()  # views of it written so far
        self.written_mask: np.ndarray | None = None  # the same by byte

    def __del__(self) -> None:
        if self.data is not None and sys.getrefcount(self.data) == OWN_REFERENCES:
            _pool.give(self.data)

    def locate(self, offset_bytes: int) -> int:
        """Where a byte of the allocation lies in `data`."""
        return offset_bytes

    def forget(self) -> None:
        """The bytes have changed: drop what was derived from them."""
        self.version = next(versions)
        if self.fp32:
            self.fp32.clear()

    def reserve(self) -> np.ndarray:
        """Take bytes that will all be written before they are read."""
        self.data = _pool.take(self.allocation.nbytes)
        return self.data

    def fill_fresh(self) -> np.ndarray:
        """Take bytes as fresh memory has them: NaN for floats, 4 for integers.

        NaN makes a read of memory that was never written show; in every float format all bits set
        are one. 4 is what AWS's simulator uses.
        """
        return fill_fresh(self.reserve(), self.allocation.dtype)


def fill_fresh(data: np.ndarray, dtype: str) -> np.ndarray:
    """Fill flat bytes as fresh memory of a dtype looks."""
    format = format_of(dtype)
    if format.kind in ("float", "packed"):
        data.fill(0xFF)
    else:
        data.view(format.storage).fill(4)
    return data


OWN_REFERENCES = 2  # the storage's own, and the one that asking for the count makes


class _Pool:
    """Arrays of dead tiles, to be used again: fresh pages cost more than the copy into them."""

    MAX_BYTES = 64 * 2**20

    def __init__(self) -> None:
        self.free: dict[int, list[np.ndarray]] = {}
        self.held_bytes = 0

    def take(self, nbytes: int) -> np.ndarray:
        same = self.free.get(nbytes)
        if same:
            self.held_bytes -= nbytes
            return same.pop()
        return np.empty(nbytes, np.uint8)

    def give(self, data: np.ndarray) -> None:
        if data.base is None and self.held_bytes + data.nbytes <= self.MAX_BYTES:
            self.held_bytes += data.nbytes
            self.free.setdefault(data.nbytes, []).append(data)


_pool = _Pool()

"""A piece of memory: what was allocated, and its bytes if values are computed.

All three memories are rows of bytes. In SBUF and PSUM a row is a partition; in HBM it is one run
of the innermost dimension. A storage knows neither instructions nor addresses: while a kernel is
recorded memory is virtual, and it gets its place when the trace is scheduled.
"""

import math

import numpy as np

from trnlab.numerics import format_of


class Storage:
    """Bytes that one allocation owns."""

    __slots__ = (
        "argument",
        "buffer",
        "data",
        "dtype",
        "first_call",
        "fp32",
        "id",
        "last_call",
        "line",
        "memory",
        "name",
        "output",
        "pitch_bytes",
        "shape",
        "written",
        "written_parts",
        "written_mask",
    )

    def __init__(
        self, id: int, name: str, buffer: str, shape: tuple[int, ...], dtype: str, line: int = 0
    ) -> None:
        self.id = id
        self.name = name
        self.buffer = buffer  # "sbuf" | "psum" | "private_hbm" | "shared_hbm"
        self.memory = buffer if buffer in ("sbuf", "psum") else "hbm"
        self.shape = shape
        self.dtype = dtype
        self.line = line  # of the kernel, where it was allocated
        self.argument = False  # a kernel input
        self.output = False  # returned by the kernel
        self.written = False  # anything ever written to it
        self.first_call = -1  # first and last NKI call that touches it
        self.last_call = -1
        self.data: np.ndarray | None = None  # flat uint8, None on shapes alone
        self.fp32: dict = {}  # float32 form of views that are read many times
        self.written_parts: set = set()  # PSUM views written so far, for accumulate=None
        self.written_mask: np.ndarray | None = None  # the same by byte
        free = shape[-1] if self.memory == "hbm" else math.prod(shape[1:])
        self.pitch_bytes = free * format_of(dtype).itemsize  # bytes of one row

    @property
    def rows(self) -> int:
        """Partitions on chip, runs of the innermost dimension in HBM."""
        return self.shape[0] if self.memory != "hbm" else math.prod(self.shape[:-1])

    @property
    def nbytes(self) -> int:
        """All of its bytes."""
        return self.rows * self.pitch_bytes

    def fill_fresh(self) -> None:
        """Give it bytes as fresh memory has them: NaN for floats, 4 for integers.

        NaN makes a read of memory that was never written show. 4 is what AWS's simulator uses.
        """
        format = format_of(self.dtype)
        if format.kind == "float":
            fresh = np.full(self.shape, np.nan, np.float32).astype(format.storage)
        elif format.kind == "packed":
            fresh = np.full(self.shape, np.iinfo(format.storage).max, format.storage)
        else:
            fresh = np.full(self.shape, 4).astype(format.storage)
        self.data = fresh.reshape(-1).view(np.uint8)

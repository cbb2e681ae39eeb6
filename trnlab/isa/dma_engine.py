"""The DMA engines: copies, transposes and sums between HBM and SBUF.

A transfer is one descriptor for each contiguous piece, spread over the core's DMA engines by
partition: each serves a fixed group. Its time on one engine = transfer + pieces x descriptor +
bytes / rate; constants in `spec`. Descriptors that were prepared are fetched from HBM, so they cost
more than those that a generator writes, and their pieces are shorter. Rows that lie next to each
other in HBM are read as one piece, whatever partitions they go to.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.instruction import Instruction, Kind, Transfer
from trnlab.isa.requirements import (
    require,
    require_generation,
    require_memory,
    require_priority,
    require_same_dtype,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import format_of, itemsize, stored
from trnlab.spec.core import Core

TRIGGERS = ("sync", "scalar")  # engines that command hardware descriptor generation
PERMUTATIONS = {2: (1, 0), 3: (2, 1, 0), 4: (3, 1, 2, 0)}
HARDWARE_ROWS = (1, 2, 4, 8, 16)  # first dimension of a transpose by hardware descriptors
HARDWARE_COLUMNS = 128
TRANSPOSED_ROWS = 16  # all engines write one block of so many columns of dst at a time
ROWS = "rows"  # path of a view with a run-time index for each row


class Start(NamedTuple):
    """Who starts a transfer, with the names of `Transfer`."""

    trigger: str
    trigger_s: float
    fetch_s: float = 0.0
    interval_s: float = 0.0


class DmaOptions(NamedTuple):
    dge: str = "unknown"  # who makes the descriptors
    trigger: str = ""  # engine that commands it; "": not given
    priority: int | None = None
    skips: bool = False  # rows whose index is out of range


def check_dma(core: Core, name: str, kind: Kind) -> None:
    """Memories, descriptor generation and priority, the same for all transfers."""
    options: DmaOptions = kind.options
    for role, operand in zip(kind.roles, kind.writes + kind.reads, strict=True):
        require_memory(name, role, operand, "hbm", "sbuf")  # from any partition on
    if options.dge == "hwdge":
        require_generation(core, f"{name} with dge_mode.hwdge", "v3", "leave dge_mode out")
    paths = [operand.path for operand in kind.writes + kind.reads]
    require(
        ROWS not in paths or options.dge in ("unknown", "swdge"),
        f"{name}: a vector_offset with dge_mode.{options.dge}; only dge_mode.swdge gathers and "
        "scatters, leave dge_mode out",
    )
    if options.trigger:
        require(
            options.dge == "hwdge" and options.trigger in TRIGGERS,
            f"{name}: engine {options.trigger} with dge_mode.{options.dge}; an engine can be named "
            f"for dge_mode.hwdge only, {' or '.join(TRIGGERS)}",
        )
    require_priority(core, name, options.priority)


class DmaCopy(Instruction):
    """dst = src between HBM and SBUF in any direction, cast through float32 if dtypes differ."""

    name = "dma_copy"
    takes_packed = True
    ours = "with oob_mode.skip a row that ends beyond the tensor is moved as far as it exists"
    cost_source = "inferred: descriptors fitted to nki-dma-overview.rst and tutorial profiles"

    def engine(self, core: Core, kind: Kind) -> str:
        return "dma"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src,) = kind.writes, kind.reads
        check_dma(core, self.name, kind)
        require(
            dst.size == src.size,
            f"{self.name}: dst {list(dst.shape)} has {dst.size} elements, src {list(src.shape)} "
            f"has {src.size}; slice both to the same tile",
        )
        kinds = (format_of(dst.dtype).kind, format_of(src.dtype).kind)
        if kind.options.dge == "hwdge":
            require_same_dtype(f"{self.name} with dge_mode.hwdge", "src", src, dst)
        if "packed" in kinds:
            require_same_dtype(self.name, "src", src, dst)

    def cost(self, core: Core, kind: Kind) -> Transfer:
        (dst,), (src,) = kind.writes, kind.reads
        return triggered(core, kind, spread(core, self.name, dst, src, dge_of(core, kind)))

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, src = writes[0], reads[0]
        if src.dtype == dst.dtype and src.path is None:
            dst.put_copy(src)
            return
        values = src.array if src.dtype == dst.dtype else src.fp32()
        _put_found(dst, values, src.valid)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.skips


class DmaTranspose(Instruction):
    """dst = src with its axes permuted: [1, 0], [2, 1, 0] or [3, 1, 2, 0]."""

    name = "dma_transpose"
    takes_packed = True
    cost_source = "inferred: dma_copy at the rate of transposes, trainium2_arch.rst"

    def engine(self, core: Core, kind: Kind) -> str:
        return "dma"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src,), options = kind.writes, kind.reads, kind.options
        check_dma(core, self.name, kind)
        require_memory(self.name, "dst", dst, "sbuf")
        require_same_dtype(self.name, "src", src, dst)
        ndim = len(src.shape)
        require(
            ndim in PERMUTATIONS,
            f"{self.name}: src {list(src.shape)} has {ndim} dimensions, allowed are 2, 3 and 4",
        )
        wanted = tuple(src.shape[axis] for axis in PERMUTATIONS[ndim])
        require(
            dst.shape == wanted,
            f"{self.name}: dst {list(dst.shape)} should be {list(wanted)}, src {list(src.shape)} "
            f"with axes {PERMUTATIONS[ndim]}",
        )
        # its page leaves none out, the one on descriptors and AWS's own kernels do not
        direct = ("unknown", "none", "hwdge")
        require(
            options.dge in (("unknown", "swdge") if src.path == ROWS else direct),
            f"{self.name}: dge_mode.{options.dge}; allowed are {', '.join(direct)}, and to gather "
            "unknown and swdge",
        )
        require(
            src.path != "" or not options.skips,
            f"{self.name}: oob_mode.skip, but src has no run-time index that could be out of "
            "range; leave oob_mode out",
        )
        if options.dge == "hwdge":
            self._check_hardware(src)
        if src.path == ROWS:
            self._check_gather(core, src)

    def _check_gather(self, core: Core, src: Signature) -> None:
        require_generation(core, f"{self.name} with vector_offset", "v3", "gather with dma_copy")
        require(
            src.shape[0] % 16 == 0
            and src.shape[-1] <= HARDWARE_COLUMNS
            and itemsize(src.dtype) == 2
            and (len(src.shape) != 4 or 1 in src.shape[1:3]),
            f"{self.name}: src {list(src.shape)} {src.dtype} with vector_offset; the first "
            f"dimension must be a multiple of 16, the last at most {HARDWARE_COLUMNS}, the dtype "
            "of 2 bytes, and in 4-D one of the middle dimensions 1",
        )

    def _check_hardware(self, src: Signature) -> None:
        rows, inner, columns = src.shape[0], src.shape[-2], src.shape[-1]
        by_rows = (
            rows == 16
            if len(src.shape) == 2
            else (rows in HARDWARE_ROWS and rows * inner % 16 == 0)
        )
        require(
            by_rows and columns <= HARDWARE_COLUMNS and itemsize(src.dtype) == 2,
            f"{self.name}: src {list(src.shape)} {src.dtype} with dge_mode.hwdge; the first "
            f"dimension must be 16 in 2-D, else one of {HARDWARE_ROWS} and a multiple of 16 with "
            f"dimension -2, the last at most {HARDWARE_COLUMNS}, the dtype of 2 bytes; leave "
            "dge_mode out",
        )

    def cost(self, core: Core, kind: Kind) -> Transfer:
        (dst,), (src,) = kind.writes, kind.reads
        within = src.memory == "sbuf"
        rate = core.dma.transpose_sbuf_rate if within else core.dma.transpose_rate
        columns = src.shape[-1]
        block = math.gcd(TRANSPOSED_ROWS, src.size // columns) * columns  # read as one piece
        copy = spread(core, self.name, dst, src._replace(run=block), dge_of(core, kind))
        return triggered(core, kind, copy._replace(engine_s=copy.engine_s / rate))

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        src, valid = reads[0].array, reads[0].valid
        axes = PERMUTATIONS[src.ndim]
        _put_found(
            writes[0], src.transpose(axes), valid if valid is None else valid.transpose(axes)
        )

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.skips


class ComputeOptions(NamedTuple):
    tiles: tuple[str, ...]  # one for each source
    operator: str
    scales: tuple[float, ...] | None  # of each source; None: 1.0
    unique_indices: bool
    dge: str = "unknown"
    trigger: str = ""
    priority: int | None = None
    skips: bool = False


class DmaCompute(Instruction):
    """dst = sum of sources, in the DMA engines; float32 inside."""

    name = "dma_compute"
    inputs = ()
    cost_source = "inferred: every source at the rate of DMA compute, trainium3_arch.rst"

    def engine(self, core: Core, kind: Kind) -> str:
        return "dma"

    def check(self, core: Core, kind: Kind) -> None:
        dst, srcs, options = kind.writes[0], kind.reads, kind.options
        check_dma(core, self.name, kind)
        most = core.dma.compute_max_sources
        require(
            1 <= len(srcs) <= most,
            f"{self.name}: {len(srcs)} sources, allowed are 1 to {most}; add them in steps",
        )
        require(
            options.operator == "add",
            f"{self.name}: reduce_op {options.operator}; DMA engines add only, use nl.add",
        )
        scales = options.scales
        require(
            scales is None or all(scale == 1.0 for scale in scales),
            f"{self.name}: scales must all be 1.0; scale with nisa.tensor_scalar",
        )
        require(
            scales is None or len(scales) == len(srcs),
            f"{self.name}: {len(scales or ())} scales for {len(srcs)} sources; give one for each, "
            "or leave scales out",
        )
        for role, src in zip(options.tiles, srcs, strict=True):
            require(
                src.size == dst.size,
                f"{self.name}: dst {list(dst.shape)} has {dst.size} elements, {role} "
                f"{list(src.shape)} has {src.size}; slice both to the same tile",
            )
        is_indirect = any(operand.path == ROWS for operand in (dst, *srcs))
        require(
            not is_indirect or (len(srcs) == 2 and options.unique_indices),
            f"{self.name}: with vector_offset it adds two sources, one of them dst, at unique "
            f"indices; here are {len(srcs)}, unique_indices={options.unique_indices}",
        )
        require(
            "scalar" not in [operand.path for operand in (dst, *srcs)],
            f"{self.name}: an operand has a scalar_offset or a register in its index; addresses "
            "must be known before the run, but for a vector_offset: copy it with nisa.dma_copy "
            "first",
        )
        require(
            is_indirect or not options.skips,
            f"{self.name}: oob_mode.skip without vector_offset; no index can be out of range",
        )

    def cost(self, core: Core, kind: Kind) -> Transfer:
        dst, srcs = kind.writes[0], kind.reads
        copies = [spread(core, self.name, dst, src, dge_of(core, kind)) for src in srcs]
        longest = max(copies, key=lambda copy: copy.engine_s)
        read = sum(src.size * itemsize(src.dtype) for src in srcs if src.memory == "hbm")
        written = dst.size * itemsize(dst.dtype) if dst.memory == "hbm" else 0
        seconds = sum(copy.engine_s for copy in copies) / core.dma.compute_rate
        return triggered(core, kind, longest._replace(engine_s=seconds, hbm_bytes=read + written))

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst = writes[0]
        total = reads[0].fp32().reshape(dst.shape)
        for src in reads[1:]:
            total = total + src.fp32().reshape(dst.shape)
        valid = [src.valid for src in reads if src.valid is not None and dst.valid is None]
        _put_found(dst, total, valid[0] if valid else None)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.skips


def _put_found(dst: Tensor, values: np.ndarray, valid: np.ndarray | None) -> None:
    """Write values, but not where the index that they were gathered by was out of range.

    Args:
        valid: which were in range, of the shape of `values`; None: all
    """
    values = values.reshape(dst.shape)
    if valid is None:
        dst.put(values)
        return
    dst.put(np.where(valid.reshape(dst.shape), stored(values, dst.dtype), dst.array))


def dge_of(core: Core, kind: Kind) -> str:
    """Who makes the descriptors of a transfer: hwdge, swdge, or none if they were prepared."""
    if ROWS in [operand.path for operand in kind.writes + kind.reads]:
        return "swdge"
    dge: str = kind.options.dge
    return core.dma.usual_dge if dge == "unknown" else dge


def spread(core: Core, op: str, dst: Signature, src: Signature, dge: str = "") -> Transfer:
    """Spread a copy over the DMA engines, by partition of its on-chip side.

    Args:
        dge: who makes the descriptors; "": who usually does
    """
    dma = core.dma
    descriptor_s, longest = dma.piece(dge)
    sides = [(operand, operand.size * itemsize(operand.dtype)) for operand in (dst, src)]
    widest = max(itemsize(operand.dtype) for operand in (dst, src))
    total = dst.size * widest
    chip = next((operand for operand in (dst, src) if operand.memory == "sbuf"), None)
    if chip is None:
        first, engines = 0, min(dma.engines, -(-total // longest))
        row = share = -(-total // engines)
    else:
        row = total // chip.partitions
        first = chip.partition // dma.partitions_per_engine
        last = (chip.partition + chip.partitions - 1) // dma.partitions_per_engine
        engines = min(last - first + 1, dma.engines)
        rows = min(chip.partitions, dma.partitions_per_engine)
        share = max(rows, -(-chip.partitions // engines)) * row
    pieces = max(_pieces(longest, operand, widest, row, share) for operand in (dst, src))
    seconds = dma.transfer_s + pieces * descriptor_s + share / dma.moving_bytes_per_s
    hbm_bytes = sum(size for operand, size in sides if operand.memory == "hbm")
    return Transfer(
        op, first % dma.engines, engines, seconds, sides[0][1], hbm_bytes, *_start(core, dge)
    )


def _pieces(longest: int, operand: Signature, widest: int, row: int, share: int) -> int:
    """Descriptors of one engine's share: contiguous bytes in HBM, or of one partition, cut.

    Args:
        longest: bytes of a piece
        widest: bytes of an element on the side where it is larger; `row` and `share` count them
    """
    run = operand.run * widest
    if operand.memory == "sbuf" and run >= row:
        return 1  # the partitions of one share are written in turn
    run = min(run, share)
    return -(-share // run) * math.ceil(run / longest)


def triggered(core: Core, kind: Kind, transfer: Transfer) -> Transfer:
    """The transfer, commanded by the engine that the kernel names, if it names one."""
    commander: str = kind.options.trigger
    return transfer._replace(trigger=commander) if commander else transfer


def _start(core: Core, dge: str) -> Start:
    """Who starts a transfer, and how long that takes."""
    dma = core.dma
    dge = dge or dma.usual_dge
    if dge == "swdge":
        return Start("gpsimd_dge", dma.swdge_s)
    if dge == "hwdge":
        return Start("sync", dma.hwdge_s, dma.hwdge_start_s - dma.start_s)
    # SyncE points at descriptors in HBM, which the DMA engines fetch, one transfer at a time
    return Start("sync", core.sync.dma_trigger_s, dma.fetch_s, dma.queue_interval_s)


DMA_COPY = DmaCopy()
DMA_TRANSPOSE = DmaTranspose()
DMA_COMPUTE = DmaCompute()

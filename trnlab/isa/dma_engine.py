"""The DMA engines: copies between HBM and SBUF, one descriptor per contiguous piece.

A transfer is spread over the core's DMA engines by partition: each serves a fixed group. Its time
on one engine = transfer + pieces x descriptor + bytes / rate; constants in `spec`. Rows that lie
next to each other in HBM are read as one piece, whatever partitions they go to.
"""

import math
from collections.abc import Sequence
from typing import Any

from trnlab.isa.instruction import (
    Instruction,
    Kind,
    Transfer,
    require,
    require_memory,
    require_partitions,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import itemsize
from trnlab.spec.core import Core


class DmaCopy(Instruction):
    """dst = src between HBM and SBUF in any direction, cast through float32 if dtypes differ."""

    name = "dma_copy"

    def engine(self, core: Core, kind: Kind) -> str:
        return "dma"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src,) = kind.writes, kind.reads
        for role, operand in (("dst", dst), ("src", src)):
            require_memory(self.name, role, operand, "hbm", "sbuf")
            if operand.memory == "sbuf":
                require_partitions(core, self.name, role, operand)
        require(
            dst.size == src.size,
            f"{self.name}: dst {list(dst.shape)} has {dst.size} elements, src {list(src.shape)} "
            f"has {src.size}; slice both to the same tile",
        )

    def cost(self, core: Core, kind: Kind) -> Transfer:
        (dst,), (src,) = kind.writes, kind.reads
        return spread(core, self.name, dst, src)

    def execute(self, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any) -> None:
        dst, src = writes[0], reads[0]
        dst.put(src.array if src.dtype == dst.dtype else src.fp32())


def spread(core: Core, op: str, dst: Signature, src: Signature) -> Transfer:
    """Spread a copy over the DMA engines, by partition of its on-chip side."""
    dma = core.dma
    sides = [(operand, operand.size * itemsize(operand.dtype)) for operand in (dst, src)]
    total = max(size for _, size in sides)
    chip = next((operand for operand in (dst, src) if operand.memory == "sbuf"), None)
    if chip is None:
        first, engines, share = 0, dma.engines, -(-total // dma.engines)
        row = share
    else:
        row = total // chip.partitions
        first = chip.partition // dma.partitions_per_engine
        last = (chip.partition + chip.partitions - 1) // dma.partitions_per_engine
        engines = min(last - first + 1, dma.engines)
        rows = min(chip.partitions, dma.partitions_per_engine)
        share = row * max(rows, math.ceil(chip.partitions / engines))
    widest = total // dst.size
    pieces = max(_pieces(core, operand, widest, row, share) for operand in (dst, src))
    seconds = dma.transfer_s + pieces * dma.descriptor_s + share / dma.raw_bytes_per_s
    hbm_bytes = sum(size for operand, size in sides if operand.memory == "hbm")
    return Transfer(
        op, first % dma.engines, engines, seconds, sides[0][1], hbm_bytes, *_trigger(core)
    )


def _pieces(core: Core, operand: Signature, widest: int, row: int, share: int) -> int:
    """Descriptors of one engine's share: contiguous bytes in HBM, or of one partition, cut.

    Args:
        widest: bytes of an element on the side where it is larger; `row` and `share` count them
    """
    run = operand.run * widest
    if operand.memory == "sbuf" and run >= row:
        return 1  # the partitions of one share are written in turn
    run = min(run, share)
    return -(-share // run) * math.ceil(run / core.dma.max_piece_bytes)


def _trigger(core: Core) -> tuple[str, float]:
    """The lane that starts a transfer when the kernel leaves the choice open, and its time."""
    if core.dma.trigger == "gpsimd":
        return "gpsimd_dge", core.dma.swdge_s
    return "sync", core.sync.dma_trigger_s


DMA_COPY = DmaCopy()

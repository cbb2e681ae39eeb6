"""The DMA engines: copies between HBM and SBUF, one descriptor per contiguous piece.

A transfer is spread over the core's DMA engines by partition: each serves a fixed group. Its time
on one engine = transfer + pieces x (descriptor + bytes / rate); constants in `spec`.
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
    widest = max(itemsize(operand.dtype) for operand in (dst, src))
    total, run = dst.size * widest, min(dst.run, src.run) * widest
    chip = next((operand for operand in (dst, src) if operand.memory == "sbuf"), None)
    if chip is None:
        pieces = _pieces(total, run, dma.max_piece_bytes)
        first, engines = 0, min(dma.engines, pieces)
        share_pieces, share_bytes = math.ceil(pieces / engines), total / engines
    else:
        row = total // chip.partitions
        first = chip.partition // dma.partitions_per_engine
        last = (chip.partition + chip.partitions - 1) // dma.partitions_per_engine
        engines = min(last - first + 1, dma.engines)
        rows = max(
            min(chip.partitions, dma.partitions_per_engine), math.ceil(chip.partitions / engines)
        )
        share_pieces = rows * _pieces(row, min(run, row), dma.max_piece_bytes)
        share_bytes = rows * row
    seconds = dma.transfer_s + share_pieces * dma.descriptor_s + share_bytes / dma.raw_bytes_per_s
    hbm_bytes = sum(size for operand, size in sides if operand.memory == "hbm")
    return Transfer(op, first % dma.engines, engines, seconds, sides[0][1], hbm_bytes)


def _pieces(total: int, run: int, longest: int) -> int:
    """Descriptors for `total` bytes in contiguous runs, long ones cut."""
    return max(1, total // run) * math.ceil(run / longest)


DMA_COPY = DmaCopy()

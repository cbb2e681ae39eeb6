"""GpSimd: patterns, selections by pattern, and what goes across partitions. It reaches SBUF only.

Eight processors, each beside 16 partitions. An instruction starts after about 150 cycles; most of
the costs are not published.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.elementwise import DOCSTRING, as_rows, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.operators import COMPARISONS, REDUCTIONS, is_bitwise
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_generation,
    require_integer,
    require_memory,
    require_on_chip,
    require_size,
    require_tiles,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import stored
from trnlab.spec.core import Core

Pattern = tuple[tuple[int, int], ...]  # [step, count], outermost first

GROUP = 16  # partitions beside one processor
MAX_PATTERN = 4


class PatternOptions(NamedTuple):
    pattern: Pattern
    multiplier: int


def check_pattern(name: str, pattern: Pattern, role: str, operand: Signature) -> None:
    """Up to four [step, count] pairs that count the elements of a partition."""
    require(
        1 <= len(pattern) <= MAX_PATTERN,
        f"{name}: pattern {list(map(list, pattern))} has {len(pattern)} [step, count] pairs, "
        f"allowed are 1 to {MAX_PATTERN}",
    )
    count = 1
    for _, size in pattern:
        count *= size
    require(
        count == operand.free,
        f"{name}: pattern {list(map(list, pattern))} counts {count} elements per partition, "
        f"{role} {list(operand.shape)} has {operand.free}; make the counts multiply to it",
    )


def affine(pattern: Pattern, partitions: int, multiplier: int, offset: int) -> np.ndarray:
    """offset + partition x multiplier + sum of index x step, in int32 that wraps around.

    Returns:
        int32 [partitions, elements]
    """
    values = np.zeros(1, np.int64)
    for step_, count in pattern:
        values = (values[:, np.newaxis] + step_ * np.arange(count)).reshape(-1)
    rows = offset + multiplier * np.arange(partitions, dtype=np.int64)
    return (rows[:, np.newaxis] + values).astype(np.int32)


class Iota(Instruction):
    """dst = offset + partition x channel_multiplier + sum of index x step."""

    name = "iota"
    inputs = ()
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        dst = kind.writes[0]
        require_memory(self.name, "dst", dst, "sbuf")
        require_on_chip(core, self.name, "dst", dst)
        check_pattern(self.name, kind.options.pattern, "dst", dst)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "gpsimd", self.name, kind.writes[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, (pattern, multiplier) = writes[0], kind.options
        dst.put(affine(pattern, dst.shape[0], multiplier, values))


class AffineSelectOptions(NamedTuple):
    pattern: Pattern
    multiplier: int
    comparison: str


class AffineSelect(Instruction):
    """dst = on_true_tile where comparison(affine expression, 0), else a constant."""

    name = "affine_select"
    reads_all = False
    inputs = ("on_true_tile",)
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,), options = kind.writes, kind.reads, kind.options
        require_memory(self.name, "dst", dst, "sbuf")
        require_memory(self.name, "on_true_tile", data, "sbuf")
        require_tiles(core, self.name, dst, ("on_true_tile", data))
        require(
            options.comparison in COMPARISONS,
            f"{self.name}: cmp_op {options.comparison} is no comparison; use nl."
            + ", nl.".join(COMPARISONS),
        )
        check_pattern(self.name, options.pattern, "dst", dst)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "gpsimd", self.name, kind.writes[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, data, options = writes[0], reads[0], kind.options
        offset, on_false = values
        expression = affine(options.pattern, dst.shape[0], options.multiplier, offset)
        chosen = COMPARISONS[options.comparison](expression, 0)
        same = data.dtype == dst.dtype
        on_true = as_rows(data.array) if same else stored(as_rows(data.fp32()), dst.dtype)
        dst.put(np.where(chosen, on_true, stored(np.asarray(on_false, np.float32), dst.dtype)))


class PartitionReduceOptions(NamedTuple):
    op: str


class TensorPartitionReduce(Instruction):
    """dst[1, F] = data[P, F] reduced over partitions."""

    name = "tensor_partition_reduce"
    inputs = ("data",)
    cost_source = "assumed: 150 + N for each processor whose result is merged"
    operators = ("add", "average", "maximum", "bitwise_or", "bitwise_and")

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,), op = kind.writes, kind.reads, kind.options.op
        require(
            op in self.operators,
            f"{self.name}: {op} is none of nl." + ", nl.".join(self.operators),
        )
        for role, operand in (("dst", dst), ("data", data)):
            require_memory(self.name, role, operand, "sbuf")
            require_on_chip(core, self.name, role, operand)
            if is_bitwise(op):
                require_integer(self.name, op, role, operand)
        require_size(self.name, "dst", dst, 1, data.free, f"data is {list(data.shape)}")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        data = kind.reads[0]
        processors = -(-data.partitions // GROUP)
        return (step(core, "gpsimd", self.name, data.free * processors),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, op = reads[0], kind.options.op
        if op == "average":
            writes[0].put(data.fp32().mean(axis=0, dtype=np.float32))
        else:
            writes[0].put(REDUCTIONS[op](data.array if is_bitwise(op) else data.fp32(), 0))


class SequenceBounds(Instruction):
    """Start and end of the segment of each element; for padding (id 0) the length and -1."""

    name = "sequence_bounds"
    inputs = ("segment_ids",)
    cost_source = "assumed: 150 + 2 N, one pass in each direction"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (ids,) = kind.writes, kind.reads
        for role, operand in (("dst", dst), ("segment_ids", ids)):
            require_memory(self.name, role, operand, "sbuf")
            require_dtype(self.name, role, operand, "float32", "int32")
        require(
            ids.partitions == 1,
            f"{self.name}: segment_ids {list(ids.shape)} has {ids.partitions} partitions, allowed "
            "is 1; call it for each",
        )
        require_size(self.name, "dst", dst, 1, 2 * ids.free, "start and end of each element")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "gpsimd", self.name, 2 * kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        ids = reads[0].array.reshape(-1)
        length = len(ids)
        index = np.arange(length)
        changes = np.flatnonzero(ids[1:] != ids[:-1]) + 1
        edges = np.concatenate([[0], changes, [length]])
        segment = np.searchsorted(edges, index, side="right") - 1
        starts = np.where(ids == 0, length, edges[segment])
        ends = np.where(ids == 0, -1, edges[segment + 1])
        writes[0].put(np.stack([starts, ends]).astype(np.float32))


class NonzeroWithCount(Instruction):
    """Indices of what is not 0, then padding, then their count; on partitions 0, 16, ..., 112."""

    name = "nonzero_with_count"
    reads_all = False
    cost_source = "assumed: 150 + N"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v3", "compare, and count on the host")
        (dst,), (src,) = kind.writes, kind.reads
        for role, operand in (("dst", dst), ("src", src)):
            require_memory(self.name, role, operand, "sbuf")
            require_on_chip(core, self.name, role, operand)
        require_dtype(self.name, "src", src, "float32", "int32")
        require_dtype(self.name, "dst", dst, "int32")
        require_size(
            self.name, "dst", dst, src.partitions, src.free + 1, "indices of src, and the count"
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "gpsimd", self.name, kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, src = writes[0], as_rows(reads[0].array)
        offset, padding = values
        result = as_rows(dst.array).copy()
        for row in range(0, len(src), GROUP):
            found = np.flatnonzero(src[row])
            result[row] = padding
            result[row, : len(found)] = found + offset
            result[row, -1] = len(found)
        dst.put(result)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.writes[0].partitions > 1


class TopkOptions(NamedTuple):
    n: int  # numbers in each snake


class Topk(Instruction):
    """The K largest of n numbers that snake over 16 partitions, smallest first, and their indices.

    Element i is in partition i % 16, column i // 16 of its group of partitions. All partitions of a
    group get the group's result, and of equal numbers the first ones (AWS says neither; ours).
    """

    name = "topk"
    outputs = ("val_dst", "idx_dst")
    ours = "all partitions of a group get its result; of equal numbers the first"
    cost_source = "published: nki.isa.topk, 4 n + K"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v3", "use nisa.max8 and nisa.nc_match_replace8")
        (top, indices), (src,), n = kind.writes, kind.reads, kind.options.n
        for role, operand, dtype in (
            ("val_dst", top, "bfloat16"),
            ("idx_dst", indices, "uint32"),
            ("src", src, "bfloat16"),
        ):
            require_memory(self.name, role, operand, "sbuf")
            require_on_chip(core, self.name, role, operand)
            require_dtype(self.name, role, operand, dtype)
        k = top.free
        require(
            src.partitions % GROUP == 0,
            f"{self.name}: src has {src.partitions} partitions, it needs a multiple of {GROUP}",
        )
        require(8 <= n < 65536, f"{self.name}: n is {n}, allowed is 8 to 65535")
        require(
            1 <= k <= min(n, 32767),
            f"{self.name}: val_dst asks for {k} of {n} numbers, allowed is 1 to {min(n, 32767)}",
        )
        require(
            src.free * GROUP >= n,
            f"{self.name}: src {list(src.shape)} holds {src.free * GROUP} numbers in each group of "
            f"{GROUP} partitions, n is {n}; give it {-(-n // GROUP)} columns",
        )
        for role, operand in (("val_dst", top), ("idx_dst", indices)):
            require_size(self.name, role, operand, src.partitions, k, "K for each partition of src")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = 4 * kind.options.n + kind.writes[0].free  # of all of it, the start included
        return (step(core, "gpsimd", self.name, cycles - core.gpsimd.start_cycles),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        n, k = kind.options.n, writes[0].size // writes[0].shape[0]
        src = as_rows(reads[0].fp32())
        groups = src.reshape(-1, GROUP, src.shape[1]).transpose(0, 2, 1)
        snakes = groups.reshape(len(groups), -1)[:, :n]
        order = np.argsort(-snakes, axis=1, kind="stable")[:, :k][:, ::-1]
        writes[0].put(np.repeat(np.take_along_axis(snakes, order, axis=1), GROUP, axis=0))
        writes[1].put(np.repeat(order, GROUP, axis=0))


IOTA = Iota()
AFFINE_SELECT = AffineSelect()
TENSOR_PARTITION_REDUCE = TensorPartitionReduce()
SEQUENCE_BOUNDS = SequenceBounds()
NONZERO_WITH_COUNT = NonzeroWithCount()
TOPK = Topk()

"""Reductions along the free axes on VectorE, on their own or beside element-wise work."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.accumulators import (
    RESULT,
    Reduction,
    check_reduction,
    forget,
    read_out,
    update,
)
from trnlab.isa.elementwise import DOCSTRING, accumulator_read, as_rows, operand_value, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.operators import REDUCTIONS, combine, is_bitwise
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_generation,
    require_integer,
    require_on_chip,
    require_size,
    require_tiles,
    require_vector,
)
from trnlab.isa.vector_arithmetic import require_arithmetic
from trnlab.memory import Tensor
from trnlab.spec.core import Core

NOT_REDUCTIONS = ("abs_max", "abs_min")  # accumulators take them, tensor_reduce does not
STATS = 6  # results of bn_stats: count, mean, variance x count; of even, then of odd elements
TRIPLE = 3
AGGREGATE_CYCLES = 13  # of bn_aggr for one triple
EXPONENTIAL_FLOATS = ("float8_e4m3", "float8_e5m2", "float16", "bfloat16", "float32")
EXPONENTIAL_INTEGERS = ("int8", "int16", "int32", "uint8", "uint16")


class ReduceOptions(NamedTuple):
    op: str
    axes: tuple[int, ...]  # as the kernel gives them
    negates: bool


class TensorReduce(Instruction):
    """dst = data reduced along its last free axes; times -1 if `negate`."""

    name = "tensor_reduce"
    inputs = ("data",)
    indirect = ("dst", "data")
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,), (op, axes, negates) = kind.writes, kind.reads, kind.options
        require(
            op in REDUCTIONS and op not in NOT_REDUCTIONS,
            f"{self.name}: {op} is not a reduction; use one of nl."
            + ", nl.".join(sorted(set(REDUCTIONS) - set(NOT_REDUCTIONS))),
        )
        for role, operand in (("dst", dst), ("data", data)):
            require_on_chip(core, self.name, role, operand)
            if is_bitwise(op):
                require_integer(self.name, op, role, operand)
        require(
            not (negates and is_bitwise(op)),
            f"{self.name}: negate goes with arithmetic operators, {op} is a bit operator",
        )
        first = self._first_axis(data.shape, axes)
        kept = 1
        for size in data.shape[1:first]:
            kept *= size
        require_size(self.name, "dst", dst, data.partitions, kept, f"data is {list(data.shape)}")

    def _first_axis(self, shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
        ndim = len(shape)
        given = sorted(axis % ndim if -ndim <= axis < ndim else axis for axis in axes)
        last = list(range(ndim - len(given), ndim))
        require(
            bool(given) and given == last and given[0] > 0,
            f"{self.name}: axis {axes} of data {list(shape)}; it reduces the last free axes, such "
            f"as {tuple(range(max(1, ndim - max(1, len(given))), ndim))}. For the partition axis "
            "transpose first, or multiply by ones with nisa.nc_matmul",
        )
        return given[0]

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """N cycles; N/2 for add and maximum from BF16 to BF16."""
        (dst,), (data,), op = kind.writes, kind.reads, kind.options.op
        fast = dst.dtype == data.dtype == "bfloat16" and op in ("add", "maximum")
        return (step(core, "vector", self.name, data.free / 2 if fast else data.free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, (op, axes, negates) = reads[0], kind.options
        first = data.ndim - len(axes)
        x = data.array if is_bitwise(op) else data.fp32()
        result = REDUCTIONS[op](x.reshape(*data.shape[:first], -1), first)
        writes[0].put(-result if negates else result)


class ScalarReduceOptions(NamedTuple):
    op0: str
    reverse0: bool
    reduction: Reduction
    tiles: tuple[str, ...]  # which of operand0 and reduce_init are tiles
    results: tuple[str, ...]


class TensorScalarReduce(Instruction):
    """dst = data op0 operand0, and its reduction over all free axes into the accumulators."""

    name = "tensor_scalar_reduce"
    inputs = ("data",)
    indirect = ("dst", "data")
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands, options = kind.operands, kind.options
        dst, data = operands["dst"], operands["data"]
        require_tiles(core, self.name, dst, ("data", data))
        require_arithmetic(core, self.name, options.op0)
        commands = ("reset_reduce", "reduce", "load_reduce")
        reductions = ("add", "multiply", "maximum", "minimum")
        check_reduction(core, self.name, kind, data, commands, reductions)
        for role in options.tiles:
            require_vector(core, self.name, role, operands[role], data, "float32")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """N cycles; 64 more to read the accumulators out."""
        steps = (step(core, "vector", self.name, kind.writes[0].free, len(kind.reads) - 1),)
        return (*steps, accumulator_read(core, "vector")) if RESULT in kind.roles else steps

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, options, tiles = reads[0], kind.options, iter(reads[1:])
        operand = operand_value(values[0], tiles, data.ndim)
        result = combine(options.op0, data.fp32(), operand, options.reverse0)
        initial = operand_value(values[1], tiles, 2)
        accumulate(kind, writes, result, initial)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.reduction.command == "reduce"


class ExponentialOptions(NamedTuple):
    reduction: Reduction
    tiles: tuple[str, ...]  # which of max_value and reduce_init are tiles
    results: tuple[str, ...]


class Exponential(Instruction):
    """dst = exp(src - max_value), and its running sum in the accumulators."""

    name = "exponential"
    indirect = ("dst", "src")
    cost_source = "inferred: four times ScalarE's rate, trainium3_arch.rst"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v4", "use nisa.activation with op=nl.exp")
        operands, options = kind.operands, kind.options
        dst, src = operands["dst"], operands["src"]
        require_tiles(core, self.name, dst, ("src", src))
        require(
            len(src.shape) <= 4 and len(dst.shape) <= 4,
            f"{self.name}: src has {len(src.shape)} dimensions, dst {len(dst.shape)}; it takes up "
            "to 4: reshape them",
        )
        require_dtype(self.name, "dst", dst, *EXPONENTIAL_FLOATS, "tfloat32", *EXPONENTIAL_INTEGERS)
        require_dtype(self.name, "src", src, *EXPONENTIAL_FLOATS, *EXPONENTIAL_INTEGERS, "uint32")
        commands = ("idle", "reset_reduce", "reduce", "load_reduce")
        check_reduction(core, self.name, kind, src, commands, ("add",))
        for role in options.tiles:
            require_vector(core, self.name, role, operands[role], src, "float32")
        if RESULT in operands:
            require_dtype(self.name, RESULT, operands[RESULT], *EXPONENTIAL_FLOATS, "tfloat32")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = kind.writes[0].free / core.vector.exponential_elements_per_cycle
        steps = (step(core, "vector", self.name, cycles, len(kind.reads) - 1),)
        return (*steps, accumulator_read(core, "vector")) if RESULT in kind.roles else steps

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        src, tiles = reads[0], iter(reads[1:])
        result = np.exp(src.fp32() - operand_value(values[0], tiles, src.ndim))
        accumulate(kind, writes, result, operand_value(values[1], tiles, 2))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.reduction.command == "reduce"


def accumulate(kind: Kind, writes: Sequence[Tensor], result: np.ndarray, initial: Any = 0) -> None:
    """Write dst, carry out the command on Vector's accumulators, and read them out if asked."""
    how = kind.options.reduction
    accumulators = writes[-1]
    if how.command == "idle":
        forget(accumulators)
    else:
        update(accumulators, how, as_rows(result), initial)
    writes[0].put(result)
    if RESULT in kind.options.results:
        read_out(writes[1], accumulators, how)


class BnStats(Instruction):
    """Count, mean and variance x count of the even elements, then of the odd ones."""

    name = "bn_stats"
    inputs = ("data",)
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,) = kind.writes, kind.reads
        for role, operand in (("dst", dst), ("data", data)):
            require_on_chip(core, self.name, role, operand)
        limit = core.psum.bank_fp32_elements
        require(
            data.free <= limit,
            f"{self.name}: data has {data.free} elements per partition, at most {limit} "
            "(nl.tile_size.bn_stats_fmax); merge several with nisa.bn_aggr",
        )
        require_size(self.name, "dst", dst, data.partitions, STATS, "six numbers per partition")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data = as_rows(reads[0].fp32())
        numbers = [number for start in (0, 1) for number in _moments(data[:, start::2])]
        writes[0].put(np.stack(numbers, axis=1))


def _moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, mean and variance x count of each row; zeros of an empty one."""
    count = np.full(len(x), x.shape[1], np.float32)
    mean = x.sum(axis=1) / np.maximum(count, 1)
    deviation = x - mean[:, np.newaxis]
    return count, mean, (deviation * deviation).sum(axis=1)


class BnAggr(Instruction):
    """Mean and variance from triples of count, mean and variance x count."""

    name = "bn_aggr"
    inputs = ("data",)
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,) = kind.writes, kind.reads
        for role, operand in (("dst", dst), ("data", data)):
            require_on_chip(core, self.name, role, operand)
        require(
            data.free % TRIPLE == 0,
            f"{self.name}: data has {data.free} elements per partition, it needs a multiple of "
            "3: count, mean and variance x count, as nisa.bn_stats writes them",
        )
        require_size(self.name, "dst", dst, data.partitions, 2, "mean and variance")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        triples = kind.reads[0].free // TRIPLE
        return (step(core, "vector", self.name, AGGREGATE_CYCLES * triples),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        triples = as_rows(reads[0].fp32()).reshape(reads[0].shape[0], -1, TRIPLE)
        count, mean, scatter = triples[..., 0], triples[..., 1], triples[..., 2]
        total = count.sum(axis=1)
        center = (count * mean).sum(axis=1) / total
        apart = mean - center[:, np.newaxis]
        variance = (scatter + count * apart * apart).sum(axis=1) / total
        writes[0].put(np.stack([center, variance], axis=1))


TENSOR_REDUCE = TensorReduce()
TENSOR_SCALAR_REDUCE = TensorScalarReduce()
EXPONENTIAL = Exponential()
BN_STATS = BnStats()
BN_AGGR = BnAggr()

"""Selections on VectorE, with the largest selected value of each row in the accumulators."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.accumulators import RESULT, Reduction, check_reduction
from trnlab.isa.elementwise import DOCSTRING, accumulator_read, operand_value, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.operators import COMPARISONS
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_generation,
    require_one_psum,
    require_tiles,
    require_vector,
)
from trnlab.isa.vector_reductions import accumulate
from trnlab.memory import Tensor
from trnlab.numerics import is_float
from trnlab.spec.core import Core

LOWEST = np.finfo(np.float32).min
BOUND_TESTS = ("equal", "less", "less_equal", "greater", "greater_equal")
INDEX_LIMIT = 2**24  # indices are float32


class RangeSelectOptions(NamedTuple):
    comparisons: tuple[str, str]
    start: int
    has_lowest_fill: bool
    reduction: Reduction
    results: tuple[str, ...]


class RangeSelect(Instruction):
    """dst = on_true_tile where the element's index passes both bounds, else the lowest float32."""

    name = "range_select"
    reads_all = False
    inputs = ("on_true_tile", "bound0", "bound1")
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v3", "use nisa.affine_select, or compare and multiply")
        operands, options = kind.operands, kind.options
        dst, data = operands["dst"], operands["on_true_tile"]
        require_tiles(core, self.name, dst, ("on_true_tile", data))
        require(
            is_float(data.dtype),
            f"{self.name}: on_true_tile is {data.dtype}; it takes floats: cast it first",
        )
        for role in ("bound0", "bound1"):
            require_vector(core, self.name, role, operands[role], data, "float32")
        for role, op in zip(("comp_op0", "comp_op1"), options.comparisons, strict=True):
            require(
                op in BOUND_TESTS,
                f"{self.name}: {role} is {op}, allowed are nl." + ", nl.".join(BOUND_TESTS),
            )
        require(
            options.has_lowest_fill,
            f"{self.name}: on_false_value must be the lowest float32, {LOWEST}; leave it out",
        )
        require(
            max(abs(options.start), abs(options.start + data.free)) <= INDEX_LIMIT,
            f"{self.name}: indices from {options.start} to {options.start + data.free} leave "
            "2^24, up to which float32 is exact; subtract the start from the bounds",
        )
        commands = ("idle", "reset_reduce", "reduce")
        check_reduction(core, self.name, kind, data, commands, ("maximum",))

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        steps = (step(core, "vector", self.name, kind.writes[0].free, len(kind.reads) - 1),)
        return (*steps, accumulator_read(core, "vector")) if RESULT in kind.roles else steps

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, options = reads[0], kind.options
        shape = data.shape
        index = np.arange(options.start, options.start + data.size // shape[0], dtype=np.float32)
        passes = [
            COMPARISONS[op](index, bound.fp32().reshape(-1, 1))
            for op, bound in zip(options.comparisons, reads[1:], strict=True)
        ]
        chosen = (passes[0] & passes[1]).reshape(shape)
        accumulate(kind, writes, np.where(chosen, data.fp32(), LOWEST))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.reduction.command == "reduce"


class SelectReduceOptions(NamedTuple):
    reverses: bool
    reduction: Reduction
    tiles: tuple[str, ...]  # ("on_false",) if it is a tile
    results: tuple[str, ...]


class SelectReduce(Instruction):
    """dst = on_true where predicate is not 0, else on_false, a constant or (P, 1) tile."""

    name = "select_reduce"
    reads_all = False
    inputs = ("predicate", "on_true")
    cost_source = "assumed: as tensor_copy_predicated, N with an input in PSUM, else 2N"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands = kind.operands
        dst, predicate, on_true = operands["dst"], operands["predicate"], operands["on_true"]
        require_tiles(core, self.name, dst, ("predicate", predicate), ("on_true", on_true))
        require_one_psum(self.name, ("predicate", predicate), ("on_true", on_true))
        require_dtype(self.name, "predicate", predicate, "int8", "uint8", "int16", "uint16")
        require(
            on_true.dtype not in ("tfloat32", "int32", "uint32") and "x4" not in on_true.dtype,
            f"{self.name}: on_true is {on_true.dtype}; it takes any other dtype: cast it first",
        )
        if "on_false" in operands:
            require_vector(core, self.name, "on_false", operands["on_false"], on_true)
        commands = ("idle", "reset_reduce", "reduce")
        check_reduction(core, self.name, kind, on_true, commands, ("maximum",))
        if RESULT in operands:
            dtype = operands[RESULT].dtype
            require(is_float(dtype), f"{self.name}: reduce_res is {dtype}; use a float")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        n = kind.writes[0].free
        in_psum = any(read.memory == "psum" for read in kind.reads[:2])
        steps = (step(core, "vector", self.name, n if in_psum else 2 * n, len(kind.reads) - 2),)
        return (*steps, accumulator_read(core, "vector")) if RESULT in kind.roles else steps

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        predicate, on_true = reads[0], reads[1]
        chosen = (predicate.array != 0).reshape(on_true.shape)
        if kind.options.reverses:
            chosen = ~chosen
        on_false = operand_value(values, iter(reads[2:]), on_true.ndim)
        accumulate(kind, writes, np.where(chosen, on_true.fp32(), on_false))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.reduction.command == "reduce"


def is_lowest(value: float) -> bool:
    """The one fill value that the device has."""
    return bool(np.float32(value) == LOWEST)


RANGE_SELECT = RangeSelect()
SELECT_REDUCE = SelectReduce()

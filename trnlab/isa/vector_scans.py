"""Scans along the free axis on VectorE: each result depends on the one before it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.accumulators import Reduction, check_reduction
from trnlab.isa.elementwise import DOCSTRING, as_rows, operand_value, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.operators import ARITHMETIC, IDENTITIES, combine
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_one_psum,
    require_tiles,
    require_vector,
)
from trnlab.isa.vector_arithmetic import require_arithmetic
from trnlab.memory import Tensor
from trnlab.spec.core import Core

CUMULATIVE = ("add", "subtract", "multiply", "maximum", "minimum")
CUMULATIVE_DTYPES = (
    "bfloat16", "float16", "float32", "float8_e4m3", "float8_e4m3fn", "float8_e5m2",
    "uint8", "uint16", "int8", "int16",
)  # fmt: skip


class ScanOptions(NamedTuple):
    op0: str
    op1: str
    reverse0: bool
    reverse1: bool
    tiles: tuple[str, ...]  # ("initial",) if it is a tile


class TensorTensorScan(Instruction):
    """dst[i] = (data0[i] op0 dst[i - 1]) op1 data1[i], starting from `initial`; float32 state."""

    name = "tensor_tensor_scan"
    inputs = ("data0", "data1")
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands, options = kind.operands, kind.options
        dst, a, b = operands["dst"], operands["data0"], operands["data1"]
        require_tiles(core, self.name, dst, ("data0", a), ("data1", b))
        require_one_psum(self.name, ("data0", a), ("data1", b))
        for op in (options.op0, options.op1):
            require(
                op in ARITHMETIC,
                f"{self.name}: {op} is no arithmetic operator of two inputs; use one such as "
                "nl.add",
            )
            require_arithmetic(core, self.name, op)
        for role in options.tiles:
            require_vector(core, self.name, role, operands[role], a)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, 2 * kind.writes[0].free, len(kind.reads) - 2),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        options = kind.options
        a, b = (np.ascontiguousarray(as_rows(read.fp32()).T) for read in reads[:2])
        state = operand_value(values, iter(reads[2:]), 2)
        state = np.broadcast_to(np.asarray(state).reshape(-1), a.shape[1:])
        result = np.empty_like(a)
        for i in range(len(a)):
            state = combine(options.op0, a[i], state, options.reverse0)
            state = result[i] = combine(options.op1, state, b[i], options.reverse1)
        writes[0].put(result.T)


class CumulativeOptions(NamedTuple):
    op0: str
    reduction: Reduction
    tiles: tuple[str, ...]  # which of imm0 and imm1 are tiles
    results: tuple[str, ...]


class TensorScalarCumulative(Instruction):
    """dst[i] = (src[i] op0 imm0) op1 dst[i - 1], through the accumulators."""

    name = "tensor_scalar_cumulative"
    indirect = ("dst", "src")
    cost_source = "assumed: max(64, N), as other instructions with one input"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands, options = kind.operands, kind.options
        dst, src = operands["dst"], operands["src"]
        require_tiles(core, self.name, dst, ("src", src))
        require_arithmetic(core, self.name, options.op0)
        commands = ("reset_reduce", "reduce", "load_reduce")
        check_reduction(core, self.name, kind, src, commands, CUMULATIVE)
        for role in options.tiles:
            require_vector(core, self.name, role, operands[role], src, "float32")
        for role, operand in (("dst", dst), ("src", src)):
            require_dtype(self.name, role, operand, *CUMULATIVE_DTYPES)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free, len(kind.reads) - 1),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, accumulators = writes
        src, options, tiles = reads[0], kind.options, iter(reads[1:])
        operator, command, _ = options.reduction
        operand = operand_value(values[0], tiles, src.ndim)
        terms = as_rows(combine(options.op0, src.fp32(), operand, False))
        start: Any = np.float32(IDENTITIES[operator])
        if command == "load_reduce":
            start = operand_value(values[1], tiles, 2)
        elif command == "reduce":
            start = accumulators.array
        result = _cumulative(operator, np.broadcast_to(start, accumulators.shape), terms)
        accumulators.put(result[:, -1:])
        dst.put(result)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return kind.options.reduction.command == "reduce"


def _cumulative(operator: str, start: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """result[i] = terms[i] operator result[i - 1].

    Subtraction takes the sum of terms with alternating signs: flipping a sign is exact.
    """
    if operator != "subtract":
        ufunc: Any = ARITHMETIC[operator]
        return ufunc.accumulate(np.concatenate([start, terms], axis=1), axis=1)[:, 1:]
    signs = np.where(np.arange(terms.shape[1]) % 2 == 0, 1, -1).astype(np.float32)
    return signs * np.add.accumulate(np.concatenate([-start, signs * terms], axis=1), axis=1)[:, 1:]


TENSOR_TENSOR_SCAN = TensorTensorScan()
TENSOR_SCALAR_CUMULATIVE = TensorScalarCumulative()

"""Element-wise arithmetic: VectorE, some of it also on ScalarE and GpSimd.

Arithmetic operators compute in float32; bit operators take raw integers; 32-bit integers are exact
on GpSimd.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa import operators
from trnlab.isa.elementwise import (
    DOCSTRING,
    TILE,
    one_input_cycles,
    operand_value,
    step,
    two_input_cycles,
)
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.operators import SINCE_V4, combine, is_bitwise, is_unary
from trnlab.isa.requirements import (
    require,
    require_engine,
    require_generation,
    require_integer,
    require_no_psum_on_gpsimd,
    require_one_psum,
    require_tiles,
    require_vector,
)
from trnlab.memory import Signature, Tensor
from trnlab.spec.core import Core

WORDS = ("int32", "uint32")
SCALAR_ENGINE_OPS = (("multiply", "add"), ("multiply", ""), ("add", ""))  # on NeuronCore-v3
RECIPROCAL_CYCLES = 8  # of VectorE for one element; nki.api.shared, "Engine Selection"
GPSIMD_RSQRT_CYCLES = 4  # the same for rsqrt on GpSimd: 4x slower than ScalarE


class OperatorOptions(NamedTuple):
    op: str


class TensorTensor(Instruction):
    """dst = data1 op data2, element by element."""

    name = "tensor_tensor"
    inputs = ("data1", "data2")
    indirect = ("dst", "data1")
    cost_source = f"published: {DOCSTRING}; 16-bit: trainium2_arch.rst; GpSimd: assumed"

    def engine(self, core: Core, kind: Kind) -> str:
        """GpSimd for exact 32-bit integers and for power, as AWS's page says; else Vector."""
        if kind.options.op == "power":
            return "gpsimd"
        operands = (*kind.writes, *kind.reads)
        in_psum = any(operand.memory == "psum" for operand in operands)
        exact = _are_words(operands) and not is_bitwise(kind.options.op)
        return "gpsimd" if exact and not in_psum else "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (a, b), op = kind.writes, kind.reads, kind.options.op
        require(
            not is_unary(op),
            f"{self.name}: {op} takes one input; use nisa.tensor_scalar or nisa.activation",
        )
        allowed = ("gpsimd",) if op == "power" else ("vector", "gpsimd")
        require_engine(f"{self.name} with {op}", kind.engine, allowed, core)
        if op in SINCE_V4:
            require_generation(core, f"{self.name} with {op}", "v4", "compose it of abs and max")
        require_tiles(core, self.name, dst, ("data1", a), ("data2", b))
        require_one_psum(self.name, ("data1", a), ("data2", b))
        require_no_psum_on_gpsimd(f"{self.name} with {op}", kind.engine, dst, a, b)
        for role, operand in (("dst", dst), ("data1", a), ("data2", b)):
            if is_bitwise(op):
                require_integer(self.name, op, role, operand)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        dst, (a, b) = kind.writes[0], kind.reads
        cycles = dst.free if kind.engine == "gpsimd" else two_input_cycles(core, dst, a, b)
        return (step(core, kind.engine, self.name, cycles),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, (a, b) = writes[0], reads
        op = kind.options.op
        if is_bitwise(op):
            x = a.array
            y = b.array.astype(x.dtype, copy=False)
        elif kind.engine == "gpsimd" and _are_words((*kind.writes, *kind.reads)):
            x, y = a.array, b.array
        else:
            x, y = a.fp32(), b.fp32()
        y = y if y.shape == x.shape else y.reshape(x.shape)
        dst.put_computed(operators.function_of(op), x, y)


def _are_words(operands: Sequence[Signature]) -> bool:
    return all(operand.dtype in WORDS for operand in operands)


class ScalarOptions(NamedTuple):
    op0: str
    op1: str  # "": none
    reverse0: bool
    reverse1: bool
    tiles: tuple[str, ...] = ()  # operands that are tiles


class TensorScalar(Instruction):
    """dst = (data op0 operand0) op1 operand1; operands are constants or (P, 1) tiles."""

    name = "tensor_scalar"
    inputs = ("data",)
    indirect = ("dst", "data")
    cost_source = f"published: {DOCSTRING}; fast modes: trainium2_arch.rst; rsqrt: nki.api.shared"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd" if "rsqrt" in kind.options[:2] else "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands, options = kind.operands, kind.options
        dst, data = operands["dst"], operands["data"]
        require_tiles(core, self.name, dst, ("data", data))
        given = [op for op in (options.op0, options.op1) if op]
        bits = [is_bitwise(op) for op in given]
        require(
            all(bits) or not any(bits),
            f"{self.name}: op0 {options.op0} and op1 {options.op1} are of different families; "
            "both must be arithmetic or both bitwise",
        )
        for role, operand in (("dst", dst), ("data", data)):
            if any(bits):
                require_integer(self.name, options.op0, role, operand)
        for role in options.tiles:
            if any(bits):
                require_vector(core, self.name, role, operands[role], data)
                require_integer(self.name, options.op0, role, operands[role])
            else:
                require_vector(core, self.name, role, operands[role], data, "float32")
        self._check_engine(core, kind, given, any(bits))
        require_no_psum_on_gpsimd(self.name, kind.engine, *kind.writes, *kind.reads)

    def _check_engine(self, core: Core, kind: Kind, given: list[str], bits: bool) -> None:
        with_ops = f"{self.name} with {' and '.join(given)}"
        for op in given:
            if op in SINCE_V4:
                require_generation(core, with_ops, "v4", "compose it of other operators")
        allowed = ["vector"]
        ops = (kind.options.op0, kind.options.op1)
        if "rsqrt" in given:
            allowed = ["gpsimd"]
        elif core.generation == "v4" and not bits:
            allowed.append("scalar")
        elif core.generation == "v3" and ops in SCALAR_ENGINE_OPS:
            allowed.append("scalar")
        require_engine(with_ops, kind.engine, tuple(allowed), core)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = one_input_cycles(core, kind.engine, kind.writes[0], kind.reads[0])
        if kind.engine == "gpsimd":
            cycles = GPSIMD_RSQRT_CYCLES * kind.writes[0].free
        return (step(core, kind.engine, self.name, cycles, len(kind.reads) - 1),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, options = reads[0], kind.options
        if is_bitwise(options.op0):
            writes[0].put(_bits(options, data, reads[1:], values))
            return
        tiles = iter(reads[1:])
        operand = operand_value(values[0], tiles, data.ndim)
        result = combine(options.op0, data.fp32(), operand, options.reverse0)
        if options.op1:
            operand = operand_value(values[1], tiles, data.ndim)
            result = combine(options.op1, result, operand, options.reverse1)
        writes[0].put(result)


def _bits(options: ScalarOptions, data: Tensor, tiles: Sequence[Tensor], values: Any) -> Any:
    """Bit operators on raw integers; the constants become integers of the data's dtype."""
    result = data.array
    following = iter(tiles)
    ops = ((options.op0, options.reverse0), (options.op1, options.reverse1))
    for (op, is_reversed), operand in zip(ops, values, strict=True):
        if not op:
            continue
        given = next(following).array if operand is TILE else operand
        bits = np.asarray(0 if given is None else given).astype(result.dtype)
        if bits.ndim:
            bits = bits.reshape(-1, *([1] * (result.ndim - 1)))
        if is_reversed:
            bits = np.broadcast_to(bits, result.shape)
        result = combine(op, result, bits, is_reversed)
    return result


class ScalarTensorTensor(Instruction):
    """dst = (data op0 operand0) op1 operand1; operand0 a constant or (P, 1), operand1 a tile."""

    name = "scalar_tensor_tensor"
    inputs = ("data", "operand1")
    cost_source = f"published: {DOCSTRING}; N with an input in PSUM: inferred from a profile"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands, options = kind.operands, kind.options
        dst, data, tile = operands["dst"], operands["data"], operands["operand1"]
        require_tiles(core, self.name, dst, ("data", data), ("operand1", tile))
        require_one_psum(self.name, ("data", data), ("operand1", tile))
        for op in (options.op0, options.op1):
            require_arithmetic(core, self.name, op)
        require(
            not is_unary(options.op1),
            f"{self.name}: op1 {options.op1} takes one input and would leave operand1 out; use "
            "nisa.tensor_scalar",
        )
        for role in options.tiles:
            require_vector(core, self.name, role, operands[role], data)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """2N; N with an input in PSUM, or for BF16 (x - a) * y with N even."""
        dst, data, tile = kind.writes[0], kind.reads[0], kind.reads[1]
        ops = (kind.options.op0, kind.options.op1)
        fast = (
            data.dtype == tile.dtype == "bfloat16"
            and ops == ("subtract", "multiply")
            and dst.free % 2 == 0
        )
        in_psum = "psum" in (data.memory, tile.memory)
        return (
            step(
                core,
                "vector",
                self.name,
                dst.free if fast or in_psum else 2 * dst.free,
                len(kind.reads) - 2,
            ),
        )

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, tile, options = reads[0], reads[1], kind.options
        operand = operand_value(values, iter(reads[2:]), data.ndim)
        x = combine(options.op0, data.fp32(), operand, options.reverse0)
        y = tile.fp32().reshape(x.shape)
        writes[0].put(combine(options.op1, x, y, options.reverse1))


class Reciprocal(Instruction):
    """dst = 1 / data."""

    name = "reciprocal"
    inputs = ("data",)
    cost_source = "published: nki.api.shared, Engine Selection"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,) = kind.writes, kind.reads
        require_tiles(core, self.name, dst, ("data", data))

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, RECIPROCAL_CYCLES * kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        writes[0].put(np.float32(1) / reads[0].fp32())


def require_arithmetic(core: Core, name: str, op: str) -> None:
    """An arithmetic operator that this generation has."""
    require(
        not is_bitwise(op),
        f"{name}: {op} is a bit operator, it takes arithmetic ones only; use nisa.tensor_scalar",
    )
    if op in SINCE_V4:
        require_generation(core, f"{name} with {op}", "v4", "compose it of other operators")


TENSOR_TENSOR = TensorTensor()
TENSOR_SCALAR = TensorScalar()
SCALAR_TENSOR_TENSOR = ScalarTensorTensor()
RECIPROCAL = Reciprocal()

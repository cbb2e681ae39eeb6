"""VectorE: element-wise work, reductions and copies, one lane per partition.

An instruction takes about N cycles for N elements per partition, whatever the partition count.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.isa import operators
from trnlab.isa.elementwise import (
    combine,
    one_input_cycles,
    operand_bits,
    operand_value,
    require_engine,
    require_no_psum_on_gpsimd,
    require_one_psum,
    step,
    two_input_cycles,
)
from trnlab.isa.instruction import (
    Instruction,
    Kind,
    Step,
    is_vector,
    require,
    require_memory,
    require_partitions,
    require_same_count,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import format_of, stored
from trnlab.spec.core import Core

ON_CHIP = ("sbuf", "psum")
INTEGERS = ("int", "uint")
SCALAR_ENGINE_OPS = (("multiply", "add"), ("multiply", ""), ("add", ""))


def check_operands(core: Core, name: str, dst: Signature, *operands: tuple[str, Signature]) -> None:
    """On chip, addressable, and of the destination's size."""
    require_memory(name, "dst", dst, *ON_CHIP)
    require_partitions(core, name, "dst", dst)
    for role, operand in operands:
        require_memory(name, role, operand, *ON_CHIP)
        require_partitions(core, name, role, operand)
        require_same_count(name, dst, role, operand)


def check_vectors(
    core: Core, name: str, role: str, dst: Signature, vectors: Sequence[Signature]
) -> None:
    """On chip, with one value per partition of the destination."""
    for vector in vectors:
        require(
            is_vector(dst, vector),
            f"{name}: {role} {list(vector.shape)} should be a constant or "
            f"[{dst.partitions}, 1]: one value per partition",
        )
        require_memory(name, role, vector, *ON_CHIP)
        require_partitions(core, name, role, vector)


class TensorCopy(Instruction):
    """dst = src, cast through float32 when the dtypes differ."""

    name = "tensor_copy"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src,) = kind.writes, kind.reads
        on_scalar = () if core.generation == "v2" else ("scalar",)
        allowed = ("vector", *on_scalar, "gpsimd")
        require_engine(self.name, kind.engine, allowed, core)
        check_operands(core, self.name, dst, ("src", src))
        require_no_psum_on_gpsimd(self.name, kind.engine, dst, src)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = one_input_cycles(core, kind.engine, kind.writes[0], kind.reads[0])
        return (step(core, kind.engine, self.name, cycles),)

    def execute(self, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any) -> None:
        dst, src = writes[0], reads[0]
        dst.put(src.array if src.dtype == dst.dtype else src.fp32())


class Memset(Instruction):
    """dst = constant."""

    name = "memset"
    roles = ("dst",)

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        dst = kind.writes[0]
        require_engine(self.name, kind.engine, ("vector", "gpsimd"), core)
        check_operands(core, self.name, dst)
        require_no_psum_on_gpsimd(self.name, kind.engine, dst)
        (is_zero,) = kind.options
        require(
            is_zero or format_of(dst.dtype).kind != "packed",
            f"{self.name}: {dst.dtype} can be set to 0 only",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """N cycles; half of it to clear 16-bit floats (NKI 2.26.1 docstring)."""
        dst = kind.writes[0]
        format = format_of(dst.dtype)
        (is_zero,) = kind.options
        halves = is_zero and format.kind == "float" and format.itemsize == 2
        return (step(core, kind.engine, self.name, dst.free / 2 if halves else dst.free),)

    def execute(self, writes: Sequence[Tensor], reads: Sequence[Tensor], values: float) -> None:
        dst = writes[0]
        if format_of(dst.dtype).kind == "packed":
            dst.put(np.zeros(dst.shape, dst.array.dtype))
        else:
            dst.put(np.full(dst.shape, stored(np.asarray(values, np.float64), dst.dtype)))


class TensorTensor(Instruction):
    """dst = data1 op data2, element by element."""

    name = "tensor_tensor"
    roles = ("dst", "data1", "data2")

    def engine(self, core: Core, kind: Kind) -> str:
        """GpSimd for exact 32-bit integers and for power, as AWS's page says; else Vector."""
        (op,) = kind.options
        operands = (*kind.writes, *kind.reads)
        if any(operand.memory == "psum" for operand in operands):
            return "vector"
        is_wide = all(operand.dtype in ("int32", "uint32") for operand in operands)
        exact = is_wide and not operators.is_bitwise(op)
        return "gpsimd" if exact or op == "power" else "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (a, b), (op,) = kind.writes, kind.reads, kind.options
        require_engine(self.name, kind.engine, ("vector", "gpsimd"), core)
        check_operands(core, self.name, dst, ("data1", a), ("data2", b))
        require_one_psum(self.name, a, b)
        require_no_psum_on_gpsimd(self.name, kind.engine, dst, a, b)
        if operators.is_bitwise(op):
            kinds = [format_of(operand.dtype).kind for operand in (dst, a, b)]
            require(
                all(found in INTEGERS for found in kinds),
                f"{self.name}: {op} works on integers, got {a.dtype} and {b.dtype}; "
                "use integer tiles on both sides",
            )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        dst, (a, b) = kind.writes[0], kind.reads
        return (step(core, kind.engine, self.name, two_input_cycles(core, dst, a, b)),)

    def execute(self, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any) -> None:
        dst, (a, b) = writes[0], reads
        op = values
        if operators.is_bitwise(op) or (a.dtype == b.dtype and a.dtype in ("int32", "uint32")):
            x, y = a.array, b.array.astype(a.array.dtype, copy=False)
        else:
            x, y = a.fp32(), b.fp32()
        dst.put(operators.apply(op, x, y if y.shape == x.shape else y.reshape(x.shape)))


class TensorScalar(Instruction):
    """dst = (data op0 operand0) op1 operand1; operands are constants or (P, 1) tiles."""

    name = "tensor_scalar"
    roles = ("dst", "data", "operand", "operand")

    def engine(self, core: Core, kind: Kind) -> str:
        op0, _op1 = kind.options
        return "gpsimd" if op0 == "rsqrt" else "vector"

    def check(self, core: Core, kind: Kind) -> None:
        dst, data, vectors = kind.writes[0], kind.reads[0], kind.reads[1:]
        check_operands(core, self.name, dst, ("data", data))
        check_vectors(core, self.name, "operand", dst, vectors)
        self._check_ops(core, kind)
        require_no_psum_on_gpsimd(self.name, kind.engine, dst, data)

    def _check_ops(self, core: Core, kind: Kind) -> None:
        op0, op1 = kind.options
        given = [op for op in (op0, op1) if op]
        bits = [operators.is_bitwise(op) for op in given]
        require(
            all(bits) or not any(bits),
            f"{self.name}: op0 {op0} and op1 {op1} are of different families; "
            "both must be arithmetic or both bitwise",
        )
        if any(bits):
            integer = format_of(kind.reads[0].dtype).kind in INTEGERS
            require(integer, f"{self.name}: {op0} works on integers, not {kind.reads[0].dtype}")
        allowed = ["vector"]
        if core.generation != "v2" and (op0, op1) in SCALAR_ENGINE_OPS:
            allowed.append("scalar")
        if "rsqrt" in given:
            allowed = ["gpsimd"]
        require_engine(f"{self.name} with {' and '.join(given)}", kind.engine, tuple(allowed), core)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = one_input_cycles(core, kind.engine, kind.writes[0], kind.reads[0])
        return (step(core, kind.engine, self.name, cycles),)

    def execute(self, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any) -> None:
        dst, data, vectors = writes[0], reads[0], list(reads[1:])
        op0, operand0, reverse0, op1, operand1, reverse1 = values
        raw = operators.is_bitwise(op0)
        result = data.array if raw else data.fp32()
        for op, operand, is_reversed in ((op0, operand0, reverse0), (op1, operand1, reverse1)):
            if not op:
                continue
            value = vectors.pop(0) if operand == "tile" else operand
            scalar = operand_bits(value, data) if raw else operand_value(value, data)
            result = combine(op, result, scalar, is_reversed)
        dst.put(result)


class NcTransposeVector(Instruction):
    """dst[F, P] = data[P, F]^T of at most 32 x 32, on VectorE."""

    name = "nc_transpose"
    roles = ("dst", "data")
    fmax = 32

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,) = kind.writes, kind.reads
        require_memory(self.name, "data", data, *ON_CHIP)
        require_memory(self.name, "dst", dst, *ON_CHIP)
        require_partitions(core, self.name, "data", data)
        require_partitions(core, self.name, "dst", dst)
        p, f = data.partitions, data.free
        require(
            max(p, f) <= self.fmax,
            f"{self.name}: data [{p}, {f}] exceeds [{self.fmax}, {self.fmax}] on the Vector "
            "engine; use the Tensor engine for larger tiles",
        )
        require(
            (dst.partitions, dst.free) == (f, p),
            f"{self.name}: dst {list(dst.shape)} should be [{f}, {p}] for data [{p}, {f}]",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free),)

    def execute(self, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any) -> None:
        data = reads[0]
        writes[0].put(data.array.reshape(data.shape[0], -1).T)


TENSOR_COPY = TensorCopy()
MEMSET = Memset()
TENSOR_TENSOR = TensorTensor()
TENSOR_SCALAR = TensorScalar()
NC_TRANSPOSE_VECTOR = NcTransposeVector()

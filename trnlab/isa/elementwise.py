"""What the element-wise instructions share: cost by engine and shape, operands, arithmetic."""

from typing import Any

import numpy as np

from trnlab.isa import operators
from trnlab.isa.instruction import Step, require
from trnlab.memory import Signature, Tensor
from trnlab.numerics import format_of
from trnlab.spec.core import Core
from trnlab.spec.engines import GpSimdEngine, ScalarEngine, VectorEngine

WORD_BYTES = 2  # the widest element that the fast modes take

Scalar = float | int | Tensor | None


def step(core: Core, engine: str, op: str, cycles: float) -> Step:
    """A device instruction that keeps a Vector, Scalar or GpSimd engine busy for some cycles."""
    spec: VectorEngine | ScalarEngine | GpSimdEngine = getattr(core, engine)
    busy = max(spec.min_interval_cycles, cycles)
    if isinstance(spec, GpSimdEngine):
        return Step(engine, op, (spec.start_cycles + cycles) / spec.clock_hz, 0.0)
    return Step(engine, op, busy / spec.clock_hz, spec.overhead_cycles / spec.clock_hz)


def is_narrow(core: Core, engine: str, operand: Signature) -> bool:
    """A 16-bit float, or FP8 where the engine's fast modes take it."""
    format = format_of(operand.dtype)
    has_fp8 = core.vector.has_fp8_fast_modes or engine == "scalar"
    return format.kind == "float" and (
        format.itemsize == WORD_BYTES or (format.itemsize < WORD_BYTES and has_fp8)
    )


def one_input_cycles(core: Core, engine: str, dst: Signature, data: Signature) -> float:
    """Cycles of tensor_copy and tensor_scalar: N, or less in a fast mode.

    Source: trainium2_arch.rst, "Vector Engine Performance Mode"; trainium3_arch.rst
    """
    narrow = is_narrow(core, engine, dst) and is_narrow(core, engine, data)
    if not narrow:
        return dst.free
    if engine == "scalar":
        return dst.free / core.scalar.fast_speedup
    if engine != "vector":
        return dst.free
    in_psum = [dst.memory, data.memory].count("psum")
    is_contiguous = _is_contiguous(dst) and _is_contiguous(data)
    if in_psum == 0 and is_contiguous:
        return dst.free / core.vector.fast_sbuf_speedup
    if (in_psum == 0) != (in_psum == 1 and is_contiguous):
        return dst.free / core.vector.fast_speedup
    return dst.free


def two_input_cycles(core: Core, dst: Signature, a: Signature, b: Signature) -> float:
    """Cycles of tensor_tensor: 2N, or N with one input in PSUM or everything 16-bit in SBUF.

    Source: NKI 2.26.1 docstring of tensor_tensor; trainium2_arch.rst
    """
    memories = (a.memory, b.memory)
    if "psum" in memories:
        return dst.free
    if all(is_narrow(core, "vector", operand) for operand in (dst, a, b)):
        return 2 * dst.free / core.vector.fast_speedup
    return 2 * dst.free


def _is_contiguous(operand: Signature) -> bool:
    return operand.run >= operand.shape[-1]


def operand_value(operand: Scalar, data: Tensor) -> Any:
    """A constant, or a (P, 1) tile as a column that broadcasts along the free dimensions."""
    if isinstance(operand, Tensor):
        return _column(operand.fp32(), data)
    return None if operand is None else np.float32(operand)


def operand_bits(operand: Scalar, data: Tensor) -> Any:
    """The same for bit operators: an integer of the data's own type."""
    if isinstance(operand, Tensor):
        return _column(operand.array, data).astype(data.array.dtype)
    return np.asarray(operand or 0).astype(data.array.dtype)


def _column(values: np.ndarray, data: Tensor) -> np.ndarray:
    return values.reshape(values.shape[0], *([1] * (data.ndim - 1)))


def combine(operator: str, x: Any, y: Any, is_reversed: bool) -> Any:
    """x operator y, or y operator x."""
    return operators.apply(operator, y, x) if is_reversed else operators.apply(operator, x, y)


def require_one_psum(name: str, a: Signature, b: Signature) -> None:
    """Two tensor inputs: at most one in PSUM."""
    require(
        not (a.memory == "psum" and b.memory == "psum"),
        f"{name}: both inputs are in PSUM, at most one may be; "
        "copy one to SBUF with nisa.tensor_copy first",
    )


def require_engine(name: str, engine: str, allowed: tuple[str, ...], core: Core) -> None:
    """The engine that the kernel asks for must be able to run it."""
    require(
        engine in allowed,
        f"{name}: runs on {', '.join(allowed)} of {core.name}, not on {engine}",
    )


def require_no_psum_on_gpsimd(name: str, engine: str, *operands: Signature) -> None:
    """GpSimd cannot reach PSUM."""
    require(
        engine != "gpsimd" or all(operand.memory == "sbuf" for operand in operands),
        f"{name}: GpSimd reaches SBUF only; run it on the Vector engine, or copy to SBUF first",
    )

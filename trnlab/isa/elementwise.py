"""What the instructions of Vector, Scalar and GpSimd share: cost by engine and shape, constants."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trnlab.isa.instruction import Step
from trnlab.memory import Signature, Tensor
from trnlab.numerics import format_of
from trnlab.spec.core import Core
from trnlab.spec.engines import GpSimdEngine, ScalarEngine, VectorEngine

WORD_BYTES = 2  # the widest element that the fast modes take
TILE = "tile"  # stands for an operand that is a tile, among constants

DOCSTRING = "NKI 2.26.1 docstring"


def step(
    core: Core, engine: str, op: str, cycles: float, operands: int = 0, is_copy: bool = False
) -> Step:
    """A device instruction that streams for some cycles on a Vector, Scalar or GpSimd engine.

    Args:
        operands: (P, 1) tiles that it reads before it streams
        is_copy: ScalarE needs no function for it
    """
    spec: VectorEngine | ScalarEngine | GpSimdEngine = getattr(core, engine)
    if isinstance(spec, GpSimdEngine):
        return Step(engine, op, (spec.start_cycles + cycles) / spec.clock_hz, 0.0)
    if isinstance(spec, VectorEngine):
        cycles += operands * spec.operand_cycles
    busy = max(spec.min_interval_cycles, cycles + spec.issue_cycles)
    shorter = 0.0
    if is_copy and isinstance(spec, ScalarEngine):
        shorter = spec.overhead_cycles - spec.copy_overhead_cycles
    latency = max(0.0, cycles + spec.overhead_cycles - shorter - busy)
    chain = cycles + spec.dependent_overhead_cycles - shorter
    return Step(
        engine, op, busy / spec.clock_hz, latency / spec.clock_hz, chain_s=chain / spec.clock_hz
    )


def accumulator_read(core: Core, engine: str) -> Step:
    """The extra device instruction that reads a row of accumulators out.

    Source: trainium_inferentia2_arch.rst, "Pipelined Reduction" for Scalar (about 64 cycles); NKI
    2.26.1 docstring of tensor_scalar_reduce for Vector (64 cycles)
    """
    if engine == "scalar":
        cycles = core.scalar.accumulator_read_cycles - core.scalar.issue_cycles
        return step(core, engine, "read_accumulators", cycles)
    return step(core, engine, "read_accumulators", 0.0)


def is_narrow(core: Core, engine: str, operand: Signature) -> bool:
    """A 16-bit float, or FP8 where the engine's fast modes take it."""
    format = format_of(operand.dtype)
    has_fp8 = core.vector.has_fp8_fast_modes or engine == "scalar"
    return format.kind == "float" and (
        format.itemsize == WORD_BYTES or (format.itemsize < WORD_BYTES and has_fp8)
    )


def one_input_cycles(core: Core, engine: str, dst: Signature, data: Signature) -> float:
    """Cycles of tensor_copy and tensor_scalar: N, or less in a fast mode.

    Other types than the 16-bit ones reach the 2x mode in SBUF: measured for FP32 and for BF16 to
    FP8, not documented.

    Source: trainium2_arch.rst, "Vector Engine Performance Mode"; trainium3_arch.rst; profiles of
    kernel-optimization.rst and design-rmsnorm-quant.rst
    """
    narrow = is_narrow(core, engine, dst) and is_narrow(core, engine, data)
    if engine == "scalar" and narrow:
        return dst.free / core.scalar.fast_speedup
    if engine != "vector":
        return dst.free
    in_psum = [dst.memory, data.memory].count("psum")
    is_contiguous = _is_contiguous(dst) and _is_contiguous(data)
    if in_psum == 0 and (narrow or is_contiguous):
        both = narrow and is_contiguous
        return dst.free / (core.vector.fast_sbuf_speedup if both else core.vector.fast_speedup)
    if in_psum == 1 and narrow and is_contiguous:
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


def operand_value(operand: Any, tiles: Iterator[Tensor], ndim: int) -> Any:
    """A constant as float32; for TILE the next (P, 1) tile, as a column of `ndim` dimensions."""
    if operand is TILE:
        tile = next(tiles)
        return tile.fp32().reshape(tile.shape[0], *([1] * (ndim - 1)))
    return None if operand is None else np.float32(operand)


def as_rows(values: np.ndarray) -> np.ndarray:
    """[P, F]: all free dimensions as one."""
    return values if values.ndim == 2 else values.reshape(values.shape[0], -1)

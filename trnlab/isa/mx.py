"""Block-scaled numbers: quantization on VectorE, products on TensorE; NeuronCore-v4 only.

A group of 32 values, 8 partitions x 4 neighbors, shares one scale. Scales are not stored densely:
those of a quadrant of 32 partitions lie in the quadrant's own first four partitions. A scale tile
may start at partition 0, 4, 8 or 12 of a quadrant, so that four operands can share it.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.accumulation import write_product
from trnlab.isa.elementwise import as_rows, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.matmul_tiles import check_indirect_tile, check_tile
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_generation,
    require_memory,
    require_partitions,
    require_size,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics.mx import ELEMENTS, GROUP_ROWS, PACK, dequantize, quantize
from trnlab.spec.core import Core

QUADRANT = 32
SCALE_ROWS = QUADRANT // GROUP_ROWS  # scales of one quadrant
SCALE_OFFSETS = (0, 4, 8, 12)
SCALE_DTYPES = ("float8_e8m0fnu", "uint8")


def check_scale(
    core: Core, name: str, role: str, scale: Signature, data: tuple[str, Signature]
) -> None:
    """A scale tile must reach the last scale of its data, and have its columns."""
    require_memory(name, role, scale, "sbuf")
    require_dtype(name, role, scale, *SCALE_DTYPES)
    require(
        scale.partition % QUADRANT in SCALE_OFFSETS,
        f"{name}: {role} starts at partition {scale.partition}; within a quadrant of {QUADRANT} "
        f"it may start at {', '.join(map(str, SCALE_OFFSETS))}",
    )
    data_role, operand = data
    rows = _last_scale(operand.partitions) + 1
    require(
        scale.partitions >= rows and scale.free == operand.free,
        f"{name}: {role} {list(scale.shape)} should be [{rows} or more, {operand.free}] for "
        f"{data_role} {list(operand.shape)}: the scales of each {QUADRANT} partitions lie in the "
        f"first {SCALE_ROWS} of them",
    )


def _last_scale(partitions: int) -> int:
    return partitions // QUADRANT * QUADRANT - QUADRANT + SCALE_ROWS - 1


def _quadrants(partitions: int) -> list[slice]:
    """Rows of a scale tile that hold scales, for data of so many partitions."""
    return [slice(first, first + SCALE_ROWS) for first in range(0, partitions, QUADRANT)]


def _check_data(core: Core, name: str, role: str, operand: Signature) -> None:
    require_memory(name, role, operand, "sbuf")
    require_partitions(core, name, role, operand)
    require(
        operand.partitions % QUADRANT == 0,
        f"{name}: {role} has {operand.partitions} partitions, allowed are 32, 64, 96 and 128; "
        "pad it with zeros",
    )


def exponent_offset(core: Core) -> int:
    """Of `quantize_mx`: 1 if its scales are twice those of OCP's sample algorithm, 0 if equal."""
    factor = core.vector.quantize_mx_scale_over_ocp or 1.0  # 0 where the instruction is absent
    offset = round(math.log2(factor))
    require(
        2.0**offset == factor,
        f"quantize_mx: scales {factor} times OCP's; scales are powers of two, so set "
        "vector.quantize_mx_scale_over_ocp to 1 or 2",
    )
    return offset


class QuantizeMx(Instruction):
    """dst and dst_scale = src in MXFP8, one scale for each group of 32; values: exponent offset."""

    name = "quantize_mx"
    outputs = ("dst", "dst_scale")
    takes_packed = True
    ours = (
        "a group with NaN or infinity gets the NaN scale and NaN elements; exponents end at "
        "2^-127, where subnormal maxima are too; elements round to nearest even"
    )
    cost_source = "inferred: 4 elements per partition and cycle, trainium3_arch.rst"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v4", "keep BF16, or cast to float8_e4m3")
        (dst, scale), (src,) = kind.writes, kind.reads
        _check_data(core, self.name, "src", src)
        _check_data(core, self.name, "dst", dst)
        require_dtype(self.name, "src", src, "bfloat16", "float16")
        require_dtype(self.name, "dst", dst, "float8_e4m3fn_x4", "float8_e5m2_x4")
        require(
            src.free % PACK == 0,
            f"{self.name}: src has {src.free} elements per partition, it needs a multiple of 4",
        )
        require_size(
            self.name,
            "dst",
            dst,
            src.partitions,
            src.free // PACK,
            f"four elements of src {list(src.shape)} in one item",
        )
        check_scale(core, self.name, "dst_scale", scale, ("dst", dst))

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = kind.reads[0].free / core.vector.quantize_mx_elements_per_cycle
        return (step(core, "vector", self.name, cycles),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, scale = writes
        items, scales = quantize(as_rows(reads[0].fp32()), dst.dtype, values)
        dst.put(items)
        for quadrant, rows in enumerate(_quadrants(dst.shape[0])):
            part = scales[quadrant * SCALE_ROWS : (quadrant + 1) * SCALE_ROWS]
            scale[rows].put(part.view(scale.array.dtype))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class NcMatmulMx(Instruction):
    """dst[M, N] = stationary[K, M]^T @ moving[K, N] of packed operands with scales; K x 4 terms."""

    name = "nc_matmul_mx"
    reads_all = False  # of the scales it takes four partitions in every 32
    inputs = ("stationary", "moving", "stationary_scale", "moving_scale")
    indirect = ("dst", "stationary", "moving", "stationary_scale", "moving_scale")
    takes_packed = True
    cost_source = "inferred: as nc_matmul, four times the terms, trainium3_arch.rst"
    preload = 0

    def engine(self, core: Core, kind: Kind) -> str:
        return "tensor"

    def check(self, core: Core, kind: Kind) -> None:
        require_generation(core, self.name, "v4", "use nisa.nc_matmul on BF16 or FP8")
        dst, (stationary, moving, stationary_scale, moving_scale) = kind.writes[0], kind.reads
        name = self.name
        require_memory(name, "dst", dst, "psum")
        require_partitions(core, name, "dst", dst)
        require_dtype(name, "dst", dst, "float32", "bfloat16")
        for role, operand in (("stationary", stationary), ("moving", moving)):
            _check_data(core, name, role, operand)
            require_dtype(name, role, operand, *ELEMENTS)
        check_scale(core, name, "stationary_scale", stationary_scale, ("stationary", stationary))
        check_scale(core, name, "moving_scale", moving_scale, ("moving", moving))
        self._check_sizes(core, dst, stationary, moving)
        check_tile(core, name, kind.options, stationary, rows_only=True)
        check_indirect_tile(name, kind)

    def _check_sizes(
        self, core: Core, dst: Signature, stationary: Signature, moving: Signature
    ) -> None:
        k, m, n = stationary.partitions, stationary.free, moving.free
        if k != moving.partitions:
            raise KernelError(
                f"{self.name}: stationary has {k} partitions, moving has {moving.partitions}; "
                "both must hold the same K rows on partitions"
            )
        tensor = core.tensor
        n_max = tensor.moving_fmax_bf16_dst if dst.dtype == "bfloat16" else tensor.moving_fmax
        limit = (tensor.rows, tensor.stationary_fmax, n_max)
        require(
            m <= limit[1] and n <= limit[2] and m % 2 == 0,
            f"{self.name}: K, M, N = {k}, {m}, {n}; at most {limit}, and M even: "
            "split or pad the operands",
        )
        require_size(self.name, "dst", dst, m, n, "[M, N]")

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        stationary, moving = kind.reads[:2]
        tensor = core.tensor
        m, n = stationary.free, moving.free
        slowdown = PACK / tensor.macs_per_pe_cycle[self.mode(kind)]
        cycles = max(min(tensor.min_interval_cycles, m), n) * slowdown
        load = Step(
            "tensor_load",
            "LoadStationary",
            m / tensor.load_speedup / tensor.clock_hz,
            tensor.load_latency_cycles / tensor.clock_hz,
        )
        busy = cycles * tensor.pass_overhead / tensor.clock_hz
        latency = tensor.latency_cycles / tensor.clock_hz
        return load, Step("tensor", "MultiplyMoving", busy, latency, self.flops(kind))

    def mode(self, kind: Kind) -> str:
        return "mx"

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        stationary, moving = (
            _dequantized(data, scale) for data, scale in zip(reads[:2], reads[2:], strict=True)
        )
        write_product(writes[0], stationary.T @ moving, values)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return values is not False

    def flops(self, kind: Kind) -> int:
        stationary, moving = kind.reads[:2]
        return 2 * PACK * stationary.partitions * stationary.free * moving.free


def _dequantized(data: Tensor, scale: Tensor) -> np.ndarray:
    """float32 [K x 4, F]; kept until data or scales are written, since tiles are re-read."""
    if data.path is not None or scale.path is not None:
        return _dequantize(data, scale)
    key = tuple((t.storage.id, t.dtype, t.offset, t.shape, t.strides) for t in (data, scale))
    of_data, of_scale = data.storage.fp32, scale.storage.fp32  # cleared when they are written
    if key not in of_data or key not in of_scale:
        of_data[key] = of_scale[key] = _dequantize(data, scale)
    return of_data[key]


def _dequantize(data: Tensor, scale: Tensor) -> np.ndarray:
    bits = as_rows(scale.array.view(np.uint8))
    scales = np.concatenate([bits[rows] for rows in _quadrants(data.shape[0])])
    values = dequantize(as_rows(data.array), scales, data.dtype)
    return values.transpose(0, 2, 1).reshape(-1, values.shape[1])


QUANTIZE_MX = QuantizeMx()
NC_MATMUL_MX = NcMatmulMx()

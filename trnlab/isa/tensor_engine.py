"""TensorE: a 128 x 128 array that multiplies a moving tile by a stationary one.

One nc_matmul is two device instructions: LoadStationary brings the stationary tile into the array
behind the multiply that still runs, MultiplyMoving streams the moving tile through. Cost and
latency: facts.md of AWS's architecture guides, "Tensor Engine"; the record in `spec` has each
constant with its source.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.isa.accumulation import accumulate, matmul
from trnlab.isa.instruction import (
    Instruction,
    Kind,
    Step,
    require,
    require_memory,
    require_partitions,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import itemsize
from trnlab.spec.core import Core

FP32 = ("float32", "tfloat32")
MATMUL_DTYPES = (*FP32, "bfloat16", "float16", "float8_e4m3", "float8_e4m3fn", "float8_e5m2")


class NcMatmul(Instruction):
    """dst[M, N] = stationary[K, M]^T @ moving[K, N], overwriting or accumulating into PSUM."""

    name = "nc_matmul"
    inputs = ("stationary", "moving")
    preload = 0

    def engine(self, core: Core, kind: Kind) -> str:
        return "tensor"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (stationary, moving) = kind.writes, kind.reads
        name = self.name
        require_memory(name, "stationary", stationary, "sbuf")
        require_memory(name, "moving", moving, "sbuf")
        require_memory(name, "dst", dst, "psum")
        for role, operand in (("stationary", stationary), ("moving", moving), ("dst", dst)):
            require_partitions(core, name, role, operand)
        k, m, n = stationary.partitions, stationary.free, moving.free
        require(
            k == moving.partitions,
            f"{name}: stationary has {k} partitions, moving has {moving.partitions}; "
            "both must hold the same K rows on partitions",
        )
        self._check_sizes(core, dst, k, m, n)
        self._check_dtypes(core, dst, stationary, moving)

    def _check_sizes(self, core: Core, dst: Signature, k: int, m: int, n: int) -> None:
        tensor = core.tensor
        n_max = tensor.moving_fmax_bf16_dst if dst.dtype == "bfloat16" else tensor.moving_fmax
        limit = (tensor.rows, tensor.stationary_fmax, n_max)
        require(
            m <= limit[1] and n <= limit[2],
            f"{self.name}: K, M, N = {k}, {m}, {n} exceeds {limit}; "
            "split the operands into tiles of at most that size",
        )
        require(
            (dst.partitions, dst.free) == (m, n),
            f"{self.name}: dst {list(dst.shape)} should be [M, N] = [{m}, {n}]",
        )
        require(
            dst.banks == 1 or n > core.psum.bank_bytes // itemsize(dst.dtype),
            f"{self.name}: dst {list(dst.shape)} {dst.dtype} straddles {dst.banks} PSUM banks; "
            "start it at a bank",
        )

    def _check_dtypes(
        self, core: Core, dst: Signature, stationary: Signature, moving: Signature
    ) -> None:
        for role, operand in (("stationary", stationary), ("moving", moving)):
            require(
                operand.dtype in MATMUL_DTYPES,
                f"{self.name}: {role} is {operand.dtype}; TensorE multiplies "
                + ", ".join(MATMUL_DTYPES),
            )
        require(
            (stationary.dtype in FP32) == (moving.dtype in FP32),
            f"{self.name}: stationary is {stationary.dtype} and moving is {moving.dtype}; "
            "float32 goes only with float32: cast one of them with nisa.tensor_copy",
        )
        fn = [operand.dtype == "float8_e4m3fn" for operand in (stationary, moving)]
        require(
            not any(fn) or core.generation == "v4",
            f"{self.name}: float8_e4m3fn exists on NeuronCore-v4 only, this is {core.name}; "
            "use float8_e4m3",
        )
        require(
            not (any(fn) and "float8_e4m3" in (stationary.dtype, moving.dtype)),
            f"{self.name}: float8_e4m3 and float8_e4m3fn may not meet in one matmul; cast one",
        )
        allowed = ("float32", "bfloat16") if core.tensor.has_bf16_psum else ("float32",)
        require(
            dst.dtype in allowed,
            f"{self.name}: dst is {dst.dtype}, PSUM of {core.name} takes {' or '.join(allowed)}",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        stationary, moving = kind.reads
        m, n = stationary.free, moving.free
        tensor = core.tensor
        cycles: float = max(min(tensor.min_interval_cycles, m), n)
        passes = 1
        if moving.dtype == "float32":
            passes = tensor.fp32_matmuls_per_call
            slowdown = tensor.macs_per_pe_cycle["bfloat16"] / tensor.macs_per_pe_cycle["float32"]
            cycles = cycles * slowdown / passes
        busy = cycles * tensor.pass_overhead / tensor.clock_hz
        load = Step(
            "tensor_load",
            "LoadStationary",
            m / tensor.load_speedup / tensor.clock_hz,
            tensor.load_latency_cycles / tensor.clock_hz,
        )
        latency = tensor.latency_cycles / tensor.clock_hz
        multiply = Step("tensor", "MultiplyMoving", busy, latency, self.flops(kind) // passes)
        return (load, multiply) * passes

    def execute(
        self,
        kind: Kind,
        writes: Sequence[Tensor],
        reads: Sequence[Tensor],
        values: bool | None,
    ) -> None:
        """Accumulate in float32; None: overwrite what nothing has written, else add."""
        dst, (stationary, moving) = writes[0], reads
        written = dst.written() if values is None else values
        if dst.dtype == "float32" and isinstance(written, bool):
            accumulate(dst, stationary, moving, written)
            return
        product = matmul(stationary, moving).reshape(dst.shape)
        total = dst.array.astype(np.float32) + product
        dst.put(np.where(written, total, product))

    def keeps(self, kind: Kind, values: bool | None) -> bool:
        return values is not False

    def flops(self, kind: Kind) -> int:
        stationary, moving = kind.reads
        return 2 * stationary.partitions * stationary.free * moving.free


class NcTransposeTensor(Instruction):
    """dst[F, P] = data[P, F]^T through the array, from SBUF to PSUM."""

    name = "nc_transpose"
    inputs = ("data",)

    def engine(self, core: Core, kind: Kind) -> str:
        return "tensor"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,) = kind.writes, kind.reads
        require_memory(self.name, "data", data, "sbuf")
        require_memory(self.name, "dst", dst, "psum")
        require_partitions(core, self.name, "data", data)
        p, f = data.partitions, data.free
        limit = core.tensor.stationary_fmax
        require(
            f <= limit,
            f"{self.name}: data [{p}, {f}] exceeds [{core.tensor.rows}, {limit}] on the Tensor "
            "engine; transpose it in square tiles",
        )
        require(
            (dst.partitions, dst.free) == (f, p),
            f"{self.name}: dst {list(dst.shape)} should be [{f}, {p}] for data [{p}, {f}]",
        )
        require(
            itemsize(dst.dtype) >= itemsize(data.dtype),
            f"{self.name}: dst is {dst.dtype}, data is {data.dtype}; the dtypes should be equal",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        data = kind.reads[0]
        tensor = core.tensor
        cycles: float = max(data.partitions, min(tensor.min_interval_cycles, data.free))
        if data.dtype == "float32":
            slowdown = tensor.macs_per_pe_cycle["bfloat16"] / tensor.macs_per_pe_cycle["float32"]
            cycles = cycles * slowdown / tensor.fp32_transpose_speedup
        load = Step(
            "tensor_load",
            "LoadStationary",
            data.free / tensor.load_speedup / tensor.clock_hz,
            tensor.load_latency_cycles / tensor.clock_hz,
        )
        latency = tensor.latency_cycles / tensor.clock_hz
        busy = cycles * tensor.pass_overhead / tensor.clock_hz
        return (load, Step("tensor", "Transpose", busy, latency))

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data = reads[0]
        writes[0].put(data.array.reshape(data.shape[0], -1).T)


NC_MATMUL = NcMatmul()
NC_TRANSPOSE_TENSOR = NcTransposeTensor()

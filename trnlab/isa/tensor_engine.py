"""TensorE: a 128 x 128 array that multiplies a moving tile by a stationary one.

One nc_matmul is two device instructions: LoadStationary brings the stationary tile into the array
behind the multiply that still runs, MultiplyMoving streams the moving tile through. Cost and
latency: facts.md of AWS's architecture guides, "Tensor Engine"; the record in `spec` has each
constant with its source.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from trnlab.isa.accumulation import accumulate, matmul, write_product
from trnlab.isa.elementwise import as_rows
from trnlab.isa.instruction import COLUMNS, Instruction, Kind, Step
from trnlab.isa.matmul_tiles import MatmulOptions, check_indirect_tile, check_tile
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_generation,
    require_memory,
    require_partitions,
    require_size,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import itemsize
from trnlab.spec.core import Core

FP32 = ("float32", "tfloat32")
FP8 = ("float8_e4m3", "float8_e4m3fn", "float8_e5m2")
MATMUL_DTYPES = (*FP32, "bfloat16", "float16", *FP8)
INDIRECT_DTYPES = ("float16", "bfloat16", *FP8)
ROWS_OF_DOUBLE = 2  # first free dimension in double_row: two rows of K on each partition


class NcMatmul(Instruction):
    """dst[M, N] = stationary[K, M]^T @ moving[K, N], overwriting or accumulating into PSUM."""

    name = "nc_matmul"
    inputs = ("stationary", "moving")
    preload = 0
    indirect = ("dst", "stationary", "moving")
    ours = "is_transpose with other columns than single ones multiplies"
    cost_source = "published: trainium_inferentia2_arch.rst, Cost Model; tiles: assumed"

    def engine(self, core: Core, kind: Kind) -> str:
        return "tensor"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (stationary, moving) = kind.writes, kind.reads
        name, options = self.name, kind.options
        require_memory(name, "stationary", stationary, "sbuf")
        require_memory(name, "moving", moving, "sbuf")
        require_memory(name, "dst", dst, "psum")
        for role, operand in (("stationary", stationary), ("moving", moving), ("dst", dst)):
            require_partitions(core, name, role, operand)
        k = stationary.partitions
        require(
            k == moving.partitions,
            f"{name}: stationary has {k} partitions, moving has {moving.partitions}; "
            "both must hold the same K rows on partitions",
        )
        if options.is_double_row:
            self._check_double_row(core, options, stationary, moving)
        self._check_sizes(core, dst, k, *_free_sizes(kind))
        self._check_inputs(core, stationary, moving)
        if options.is_transpose:
            check_transpose_dtypes(core, name, "stationary", stationary, dst)
        else:
            self._check_dst(core, dst)
        check_tile(core, name, options, stationary, rows_only=options.is_double_row)
        self._check_indirect_modes(kind)

    def _check_indirect_modes(self, kind: Kind) -> None:
        paths = [operand.path for operand in (*kind.writes, *kind.reads)]
        options = kind.options
        check_indirect_tile(self.name, kind)
        for role, operand in zip(self.inputs, kind.reads, strict=True):
            if operand.path == COLUMNS:
                name = f"{self.name} with an .indirect() view"
                require_dtype(name, role, operand, *INDIRECT_DTYPES)
        require(
            not options.is_transpose or paths[-1] != COLUMNS,
            f"{self.name}: moving is an .indirect() view with is_transpose; gather it first",
        )

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

    def _check_double_row(
        self, core: Core, options: MatmulOptions, stationary: Signature, moving: Signature
    ) -> None:
        require_generation(core, f"{self.name} in double_row", "v3", "leave perf_mode out")
        require(
            not options.is_transpose,
            f"{self.name}: double_row and is_transpose exclude each other; transpose in a call of "
            "its own",
        )
        for role, operand in (("stationary", stationary), ("moving", moving)):
            require(
                operand.dtype in FP8,
                f"{self.name}: {role} is {operand.dtype}; double_row multiplies " + ", ".join(FP8),
            )
            require(
                len(operand.shape) >= 3 and operand.shape[1] == ROWS_OF_DOUBLE,
                f"{self.name}: {role} {list(operand.shape)} should be [K/2, 2, ...]: in double_row "
                "the first free dimension holds two rows of K",
            )

    def _check_inputs(self, core: Core, stationary: Signature, moving: Signature) -> None:
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

    def _check_dst(self, core: Core, dst: Signature) -> None:
        allowed = ("float32", "bfloat16") if core.tensor.has_bf16_psum else ("float32",)
        require(
            dst.dtype in allowed,
            f"{self.name}: dst is {dst.dtype}, PSUM of {core.name} takes {' or '.join(allowed)}",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """Streaming the moving tile; FP32 in several passes.

        Tiles: several matmuls of a part of the array run at once; each is given its share of the
        time (assumed).
        """
        moving, options, tensor = kind.reads[1], kind.options, core.tensor
        m, n = _free_sizes(kind)
        terms = ROWS_OF_DOUBLE if options.is_double_row else 1  # of one processing element
        slowdown = terms / tensor.macs_per_pe_cycle[self.mode(kind)]
        cycles = max(min(tensor.min_interval_cycles, m), n) * options.share * slowdown
        passes = 1
        if moving.dtype == "float32":
            passes = tensor.fp32_matmuls_per_call
            cycles /= passes
            if options.has_onezero:
                cycles /= tensor.onezero_speedup
            elif options.is_transpose:
                cycles /= tensor.fp32_transpose_speedup
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
        dst, (stationary, moving), options = writes[0], reads, kind.options
        if options.is_transpose:
            dst.put(_moved(dst, stationary, moving))
            return
        if options.is_double_row:
            k = ROWS_OF_DOUBLE * stationary.shape[0]
            left, right = (read.fp32().reshape(k, -1) for read in reads)
            write_product(dst, left.T @ right, values)
            return
        written = dst.written() if values is None else values
        if dst.dtype == "float32" and isinstance(written, bool) and dst.path is None:
            accumulate(dst, stationary, moving, written)
            return
        write_product(dst, matmul(stationary, moving), values)

    def keeps(self, kind: Kind, values: bool | None) -> bool:
        return values is not False and not kind.options.is_transpose

    def mode(self, kind: Kind) -> str:
        return "float8_double_row" if kind.options.is_double_row else mode_of(kind.reads[1])

    def flops(self, kind: Kind) -> int:
        """2 K M N; moving bits is no arithmetic."""
        if kind.options.is_transpose:
            return 0
        m, n = _free_sizes(kind)
        rows = ROWS_OF_DOUBLE if kind.options.is_double_row else 1
        return 2 * rows * kind.reads[0].partitions * m * n


def mode_of(operand: Signature) -> str:
    """How TensorE multiplies an operand of this dtype."""
    return "float8" if itemsize(operand.dtype) == 1 else operand.dtype


def _free_sizes(kind: Kind) -> tuple[int, int]:
    """M and N."""
    rows = ROWS_OF_DOUBLE if kind.options.is_double_row else 1
    return kind.reads[0].free // rows, kind.reads[1].free // rows


def _moved(dst: Tensor, stationary: Tensor, moving: Tensor) -> np.ndarray:
    """stationary^T with its columns where the ones of `moving` are: bits are moved, not multiplied.

    A column of `moving` that is not a single 1 has no meaning in this mode; such a product is
    computed as an ordinary one.
    """
    ones = as_rows(moving.fp32())
    source = ones.argmax(axis=0)
    is_choice = (np.count_nonzero(ones, axis=0) == 1) & (ones.max(axis=0) == 1)
    if is_choice.all():
        return _bits(dst, as_rows(stationary.array)[source].T)
    return as_rows(stationary.fp32()).T @ ones


def _bits(dst: Tensor, data: np.ndarray) -> np.ndarray:
    """Data for a transpose: as it is, or FP8 with a zero upper byte if dst has 16 bits."""
    if data.dtype.itemsize == 1 and dst.array.dtype.itemsize == 2:
        return np.ascontiguousarray(data).view(np.uint8).astype(np.uint16).view(dst.array.dtype)
    return data


def check_transpose_dtypes(
    core: Core, name: str, role: str, data: Signature, dst: Signature
) -> None:
    """A transpose moves bits; FP8 lands in 16 bits. NeuronCore-v2 multiplies, so FP32 works too."""
    sizes = (itemsize(data.dtype), itemsize(dst.dtype))
    by_product = core.generation == "v2" and dst.dtype == "float32"
    require(
        data.dtype == dst.dtype or sizes == (1, 2) or by_product,
        f"{name}: {role} is {data.dtype} and dst is {dst.dtype}; a transpose moves bits, so both "
        "must be the same: allocate dst in the dtype of the data",
    )


class NcTransposeTensor(Instruction):
    """dst[F, P] = data[P, F]^T through the array, from SBUF to PSUM."""

    name = "nc_transpose"
    inputs = ("data",)
    cost_source = "published: NKI 2.26.1 docstring"

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
        require_size(self.name, "dst", dst, f, p, f"data is [{p}, {f}]")
        check_transpose_dtypes(core, self.name, "data", data, dst)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        data = kind.reads[0]
        tensor = core.tensor
        cycles: float = max(data.partitions, min(tensor.min_interval_cycles, data.free))
        cycles /= tensor.macs_per_pe_cycle.get(mode_of(data), 1.0)  # integers move as BF16 does
        if data.dtype == "float32":
            cycles /= tensor.fp32_transpose_speedup
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
        dst, data = writes[0], as_rows(reads[0].array)
        dst.put(_bits(dst, data.T))


NC_MATMUL = NcMatmul()
NC_TRANSPOSE_TENSOR = NcTransposeTensor()

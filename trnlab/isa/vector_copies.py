"""Copies and constants: VectorE, some of them also on ScalarE and GpSimd.

An instruction takes about N cycles for N elements per partition, whatever the partition count.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.elementwise import DOCSTRING, one_input_cycles, step
from trnlab.isa.instruction import COLUMNS, Instruction, Kind, Step
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_engine,
    require_no_psum_on_gpsimd,
    require_on_chip,
    require_one_psum,
    require_same_dtype,
    require_size,
    require_tiles,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import format_of, stored
from trnlab.spec.core import Core

QUADRANT = 32  # partitions that VectorE moves data among
UNCHANGED = 255  # in a shuffle mask


class TensorCopy(Instruction):
    """dst = src: bit for bit if the dtypes are equal, else cast through float32."""

    name = "tensor_copy"
    indirect = ("dst", "src")
    takes_packed = True
    ours = "NaN becomes 0 in integers"
    cost_source = f"published: {DOCSTRING}; fast modes: trainium2_arch.rst"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src,) = kind.writes, kind.reads
        on_scalar = () if core.generation == "v2" else ("scalar",)
        require_engine(self.name, kind.engine, ("vector", *on_scalar, "gpsimd"), core)
        if COLUMNS in (dst.path, src.path):
            name = f"{self.name} with an .indirect() view"
            require_engine(name, kind.engine, ("vector", "scalar"), core)
        require_tiles(core, self.name, dst, ("src", src))
        if "packed" in (format_of(dst.dtype).kind, format_of(src.dtype).kind):
            require_same_dtype(self.name, "src", src, dst)
        require_no_psum_on_gpsimd(self.name, kind.engine, dst, src)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        cycles = one_input_cycles(core, kind.engine, kind.writes[0], kind.reads[0])
        return (step(core, kind.engine, self.name, cycles, is_copy=True),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, src = writes[0], reads[0]
        dst.put(src.array if src.dtype == dst.dtype else src.fp32())


class MemsetOptions(NamedTuple):
    is_zero: bool


class Memset(Instruction):
    """dst = constant."""

    name = "memset"
    inputs = ()
    takes_packed = True
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        dst = kind.writes[0]
        require_engine(self.name, kind.engine, ("vector", "gpsimd"), core)
        require_on_chip(core, self.name, "dst", dst)
        require_no_psum_on_gpsimd(self.name, kind.engine, dst)
        require(
            kind.options.is_zero or format_of(dst.dtype).kind != "packed",
            f"{self.name}: {dst.dtype} can be set to 0 only; quantize values with nisa.quantize_mx",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """N cycles; half of it to clear 16-bit floats."""
        dst = kind.writes[0]
        format = format_of(dst.dtype)
        halves = kind.options.is_zero and format.kind == "float" and format.itemsize == 2
        return (step(core, kind.engine, self.name, dst.free / 2 if halves else dst.free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst = writes[0]
        if format_of(dst.dtype).kind == "packed":
            dst.put(np.zeros(dst.shape, dst.array.dtype))
        else:
            dst.put(np.full(dst.shape, stored(np.asarray(values), dst.dtype)))


class CopyPredicatedOptions(NamedTuple):
    reverses: bool
    tiles: tuple[str, ...]  # ("src",) if it is a tile


class TensorCopyPredicated(Instruction):
    """dst = src where predicate is not 0; dst stays as it was elsewhere."""

    name = "tensor_copy_predicated"
    reads_all = False
    inputs = ("predicate",)
    indirect = ("dst", "predicate")
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands = kind.operands
        dst, predicate = operands["dst"], operands["predicate"]
        require_tiles(core, self.name, dst, ("predicate", predicate))
        require_dtype(self.name, "predicate", predicate, "uint8", "uint16", "uint32")
        if "src" in operands:
            require_tiles(core, self.name, dst, ("src", operands["src"]))
            require_same_dtype(self.name, "src", operands["src"], dst)
            require_one_psum(self.name, ("src", operands["src"]), ("predicate", predicate))

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        """N cycles if src or predicate is in PSUM, else 2N; N for a constant (inferred)."""
        n = kind.writes[0].free
        two = len(kind.reads) == 2 and not any(read.memory == "psum" for read in kind.reads)
        return (step(core, "vector", self.name, 2 * n if two else n),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst = writes[0]
        array = dst.array
        chosen = (reads[0].array != 0).reshape(array.shape)
        if kind.options.reverses:
            chosen = ~chosen
        if kind.options.tiles:
            src = reads[1].array.reshape(array.shape)
        else:
            src = stored(np.asarray(values, np.float32), dst.dtype)
        dst.put(np.where(chosen, src, array))

    def keeps(self, kind: Kind, values: Any) -> bool:
        return True


class ShuffleOptions(NamedTuple):
    mask: tuple[int, ...]


class NcStreamShuffle(Instruction):
    """dst partition i of each quadrant of 32 = src partition mask[i] of it; 255 leaves it alone."""

    name = "nc_stream_shuffle"
    reads_all = False
    takes_packed = True
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src,) = kind.writes, kind.reads
        for role, operand in (("dst", dst), ("src", src)):
            require_on_chip(core, self.name, role, operand)
        require_same_dtype(self.name, "src", src, dst)
        require(
            dst.free == src.free,
            f"{self.name}: dst has {dst.free} elements per partition, src has {src.free}; "
            "slice both to the same number",
        )
        self._check_starts(dst, src)
        self._check_mask(kind.options.mask, dst, src)

    def _check_starts(self, dst: Signature, src: Signature) -> None:
        active = -(-max(dst.partitions, src.partitions) // QUADRANT) * QUADRANT
        grain = 128 if active > 64 else active
        for role, operand in (("dst", dst), ("src", src)):
            require(
                operand.partition % grain == 0,
                f"{self.name}: {role} starts at partition {operand.partition}; with {active} "
                f"active partitions it may start at {', '.join(map(str, range(0, 128, grain)))}",
            )

    def _check_mask(self, mask: tuple[int, ...], dst: Signature, src: Signature) -> None:
        require(
            len(mask) == QUADRANT,
            f"{self.name}: shuffle_mask has {len(mask)} entries, it needs {QUADRANT}: one for "
            "each partition of a quadrant",
        )
        for i, source in enumerate(mask):
            require(
                0 <= source < QUADRANT or source == UNCHANGED,
                f"{self.name}: shuffle_mask[{i}] is {source}; allowed is 0 to {QUADRANT - 1}, or "
                f"{UNCHANGED} to leave the partition as it is",
            )
        last = [(to, at) for to, at in _moves(mask, dst.partitions) if at >= src.partitions]
        require(
            not last,
            f"{self.name}: dst partition {last[0][0] if last else 0} takes src partition "
            f"{last[0][1] if last else 0}, but src has {src.partitions}; "
            f"use {UNCHANGED} for partitions that nothing should move to",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        dst, src = writes[0], reads[0]
        to, at = zip(*_moves(kind.options.mask, dst.shape[0]), strict=True)
        result = dst.array.copy()
        result[list(to)] = src.array.reshape(src.shape[0], *dst.shape[1:])[list(at)]
        dst.put(result)

    def keeps(self, kind: Kind, values: Any) -> bool:
        return UNCHANGED in kind.options.mask


def _moves(mask: tuple[int, ...], partitions: int) -> list[tuple[int, int]]:
    """Destination and source partition of all that move."""
    return [
        (quadrant + i, quadrant + source)
        for quadrant in range(0, partitions, QUADRANT)
        for i, source in enumerate(mask)
        if source != UNCHANGED and quadrant + i < partitions
    ]


class NcTransposeVector(Instruction):
    """dst[F, P] = data[P, F]^T of at most 32 x 32, on VectorE."""

    name = "nc_transpose"
    inputs = ("data",)
    fmax = QUADRANT
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data,) = kind.writes, kind.reads
        require_engine(self.name, kind.engine, ("vector", "tensor"), core)
        require_on_chip(core, self.name, "data", data)
        require_on_chip(core, self.name, "dst", dst)
        p, f = data.partitions, data.free
        require(
            max(p, f) <= self.fmax,
            f"{self.name}: data [{p}, {f}] exceeds [{self.fmax}, {self.fmax}] on the Vector "
            "engine; use the Tensor engine for larger tiles, with dst in PSUM",
        )
        require_size(self.name, "dst", dst, f, p, f"data is [{p}, {f}]")
        require_same_dtype(self.name, "data", data, dst)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data = reads[0]
        writes[0].put(data.array.reshape(data.shape[0], -1).T)


TENSOR_COPY = TensorCopy()
MEMSET = Memset()
TENSOR_COPY_PREDICATED = TensorCopyPredicated()
NC_STREAM_SHUFFLE = NcStreamShuffle()
NC_TRANSPOSE_VECTOR = NcTransposeVector()

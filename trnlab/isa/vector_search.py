"""Searches along the free axis on VectorE, eight values at a time."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.elementwise import DOCSTRING, as_rows, step
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_on_chip,
    require_size,
    require_tiles,
)
from trnlab.memory import Signature, Tensor
from trnlab.numerics import stored
from trnlab.spec.core import Core

SLOTS = 8
LONGEST = 16384
INDEX_DTYPES = ("uint16", "uint32")


def _check_data(core: Core, name: str, role: str, data: Signature) -> None:
    require_on_chip(core, name, role, data)
    require(
        SLOTS <= data.free <= LONGEST,
        f"{name}: {role} has {data.free} elements per partition, allowed are {SLOTS} to {LONGEST}; "
        "pad it, or search it in pieces",
    )
    require(
        len(data.shape) <= 3,
        f"{name}: {role} {list(data.shape)} has {len(data.shape)} dimensions, at most 3 fit",
    )


def _check_slots(core: Core, name: str, role: str, operand: Signature, data: Signature) -> None:
    require_on_chip(core, name, role, operand)
    require_size(name, role, operand, data.partitions, SLOTS, "eight values per partition")


class Max8(Instruction):
    """dst[P, 8] = the eight largest of each partition, largest first."""

    name = "max8"
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src,) = kind.writes, kind.reads
        _check_data(core, self.name, "src", src)
        _check_slots(core, self.name, "dst", dst, src)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        src = as_rows(reads[0].fp32())
        largest = np.partition(src, src.shape[1] - SLOTS, axis=1)[:, -SLOTS:]
        writes[0].put(np.sort(largest, axis=1)[:, ::-1])


class NcFindIndex8(Instruction):
    """dst[P, 8] = where each of eight values first occurs; of equal ones the next time, upward.

    A value that does not occur (often enough) gets all ones.
    """

    name = "nc_find_index8"
    inputs = ("data", "vals")
    cost_source = f"published: {DOCSTRING}"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data, vals) = kind.writes, kind.reads
        _check_data(core, self.name, "data", data)
        _check_slots(core, self.name, "vals", vals, data)
        _check_slots(core, self.name, "dst", dst, data)
        require_dtype(self.name, "dst", dst, *INDEX_DTYPES)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, vals = (as_rows(read.fp32()) for read in reads)
        writes[0].put(_indices(_matches(data, vals, range(SLOTS)), vals.shape, writes[0]))


class MatchOptions(NamedTuple):
    results: tuple[str, ...]  # ("dst_idx",) if it is given


class NcMatchReplace8(Instruction):
    """dst = data with one occurrence of each of eight values replaced; dst_idx says where.

    Slots are served from 7 down to 0: of equal values the highest slot gets the first occurrence.
    """

    name = "nc_match_replace8"
    inputs = ("data", "vals")
    ours = "the index of a value that is not found is all ones"
    cost_source = f"published: {DOCSTRING} (it prints min(64, N), read as max)"

    def engine(self, core: Core, kind: Kind) -> str:
        return "vector"

    def check(self, core: Core, kind: Kind) -> None:
        operands = kind.operands
        dst, data = operands["dst"], operands["data"]
        _check_data(core, self.name, "data", data)
        require_tiles(core, self.name, dst, ("data", data))
        _check_slots(core, self.name, "vals", operands["vals"], data)
        if "dst_idx" in operands:
            _check_slots(core, self.name, "dst_idx", operands["dst_idx"], data)
            require_dtype(self.name, "dst_idx", operands["dst_idx"], *INDEX_DTYPES)

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        return (step(core, "vector", self.name, kind.reads[0].free),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, vals = (as_rows(read.fp32()) for read in reads)
        found = list(_matches(data, vals, range(SLOTS - 1, -1, -1)))
        dst = writes[0]
        result = as_rows(reads[0].array).copy() if reads[0].dtype == dst.dtype else data.copy()
        replacement = stored(np.asarray(values, np.float32), dst.dtype)
        for _, rows, at in found:
            result[rows, at] = replacement
        if kind.options.results:
            writes[1].put(_indices(found, vals.shape, writes[1]))
        dst.put(result)


Match = tuple[int, np.ndarray, np.ndarray]  # slot, rows in which it was found, where


def _matches(data: np.ndarray, vals: np.ndarray, slots: range) -> Iterator[Match]:
    """The first occurrence of each slot's value that no slot before it has taken."""
    is_free = np.ones(data.shape, np.bool_)
    for slot in slots:
        fits = (data == vals[:, slot : slot + 1]) & is_free
        rows = np.flatnonzero(fits.any(axis=1))
        at = fits[rows].argmax(axis=1)
        is_free[rows, at] = False
        yield slot, rows, at


def _indices(found: Any, shape: tuple[int, ...], dst: Tensor) -> np.ndarray:
    """What was found as a tile of indices; all ones elsewhere."""
    dtype = dst.array.dtype
    indices = np.full(shape, np.iinfo(dtype).max, dtype)
    for slot, rows, at in found:
        indices[rows, slot] = at
    return indices


MAX8 = Max8()
NC_FIND_INDEX8 = NcFindIndex8()
NC_MATCH_REPLACE8 = NcMatchReplace8()

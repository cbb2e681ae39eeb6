"""Gathers within SBUF on GpSimd: inside each partition, or by a list for 16 partitions."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.elementwise import DOCSTRING, as_rows, step
from trnlab.isa.gpsimd_engine import GROUP
from trnlab.isa.instruction import Instruction, Kind, Step
from trnlab.isa.requirements import (
    require,
    require_dtype,
    require_memory,
    require_on_chip,
    require_same_dtype,
    require_size,
)
from trnlab.memory import Tensor
from trnlab.numerics import itemsize
from trnlab.spec.core import Core

ELEMENTS_PER_INDEX = (1, 2, 4, 8, 16, 32)
MOST_INDICES = 4096  # for one processor
GROUP_ELEMENTS = 512  # elements of one device instruction of nc_n_gather


class LocalGatherOptions(NamedTuple):
    elements: int  # num_elem_per_idx
    indices: int  # for each group of 16 partitions


class LocalGather(Instruction):
    """Each group of 16 partitions gathers by the indices that lie in it, column by column.

    dst[p, j, e] = src_buffer[p, index[j] + e]
    """

    name = "local_gather"
    reads_all = False
    inputs = ("src_buffer", "index")
    ours = "an index out of range is an error"
    cost_source = f"inferred: {DOCSTRING} with its factor read as cycles for one index"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (src, index), (elements, count) = kind.writes, kind.reads, kind.options
        for role, operand in (("dst", dst), ("src_buffer", src), ("index", index)):
            require_memory(self.name, role, operand, "sbuf")
            require_on_chip(core, self.name, role, operand)
        require_same_dtype(self.name, "src_buffer", src, dst)
        require_dtype(self.name, "index", index, "uint16")
        require(
            src.partitions == index.partitions and src.partitions % GROUP == 0,
            f"{self.name}: src_buffer has {src.partitions} partitions and index has "
            f"{index.partitions}; both need the same multiple of {GROUP}",
        )
        require(
            elements in ELEMENTS_PER_INDEX,
            f"{self.name}: num_elem_per_idx is {elements}, allowed are {ELEMENTS_PER_INDEX}",
        )
        most = min(MOST_INDICES, GROUP * index.free)
        require(
            1 <= count <= most,
            f"{self.name}: {count} indices for each {GROUP} partitions, allowed are 1 to {most}; "
            "set num_valid_indices",
        )
        require_size(
            self.name,
            "dst",
            dst,
            src.partitions,
            count * elements,
            "num_valid_indices x num_elem_per_idx elements; on the device num_elem_per_idx is "
            "ignored otherwise, so pass both",
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        elements, count = kind.options
        size = itemsize(kind.writes[0].dtype)
        rate = ((28 + 4 * elements) / (4 * elements)) / min(4 / size, elements)
        return (step(core, "gpsimd", self.name, count * elements * rate),)

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        src, index = (as_rows(read.array) for read in reads)
        elements, count = kind.options
        gathered = []
        for first in range(0, len(src), GROUP):
            rows = slice(first, first + GROUP)
            at = index[rows].T.reshape(-1)[:count].astype(np.int64)
            at = (at[:, np.newaxis] + np.arange(elements)).reshape(-1)
            _check_range(self.name, at, src.shape[1])
            gathered.append(src[rows][:, at])
        writes[0].put(np.concatenate(gathered))


class NcNGather(Instruction):
    """dst[p, i] = data[p, indices[p, i]], within each partition."""

    name = "nc_n_gather"
    reads_all = False
    inputs = ("data", "indices")
    cost_source = "assumed: 150 cycles for each 512 elements, and N"

    def engine(self, core: Core, kind: Kind) -> str:
        return "gpsimd"

    def check(self, core: Core, kind: Kind) -> None:
        (dst,), (data, indices) = kind.writes, kind.reads
        for role, operand in (("dst", dst), ("data", data), ("indices", indices)):
            require_memory(self.name, role, operand, "sbuf")
            require_on_chip(core, self.name, role, operand)
        require_same_dtype(self.name, "data", data, dst)
        require_dtype(self.name, "indices", indices, "uint32")
        require(
            data.partitions == indices.partitions,
            f"{self.name}: data has {data.partitions} partitions, indices has "
            f"{indices.partitions}; each partition gathers from itself",
        )
        require_size(
            self.name, "dst", dst, data.partitions, indices.free, "one element for each index"
        )

    def cost(self, core: Core, kind: Kind) -> tuple[Step, ...]:
        n = kind.writes[0].free
        return tuple(
            step(core, "gpsimd", self.name, min(GROUP_ELEMENTS, n - first))
            for first in range(0, n, GROUP_ELEMENTS)
        )

    def execute(
        self, kind: Kind, writes: Sequence[Tensor], reads: Sequence[Tensor], values: Any
    ) -> None:
        data, indices = (as_rows(read.array) for read in reads)
        at = indices.astype(np.int64)
        _check_range(self.name, at, data.shape[1])
        writes[0].put(np.take_along_axis(data, at, axis=1))


def _check_range(name: str, at: np.ndarray, count: int) -> None:
    """The device's result is undefined for an index out of range; here it is an error."""
    if at.size and at.max() >= count:
        raise KernelError(
            f"{name}: index {at.max()} leaves the {count} elements of a partition; "
            f"indices go from 0 to {count - 1}"
        )


LOCAL_GATHER = LocalGather()
NC_N_GATHER = NcNGather()

"""What a view is without its storage: what others may know of it after its bytes are gone."""

import math
from typing import Any, NamedTuple

from trnlab.memory.layout import Region

# allocation id, dtype, shape, strides, offset, run-time address, region, whether it fills that: a
# tensor without its storage, whose bytes may then go while what is known of the tensor lives on
View = tuple[int, str, tuple[int, ...], tuple[int, ...], int, Any, Region, bool]


class Signature(NamedTuple):
    """All of an operand that legality and cost depend on."""

    memory: str  # "hbm" | "sbuf" | "psum" | "engine"
    dtype: str
    shape: tuple[int, ...]
    partition: int  # first partition; 0 in HBM
    run: int  # elements that lie next to each other within a row
    banks: int  # PSUM banks touched; 0 elsewhere
    path: str = ""  # run-time address: "scalar", "rows" or "columns"

    @property
    def partitions(self) -> int:
        """Size of dimension 0."""
        return self.shape[0]

    @property
    def free(self) -> int:
        """Elements per partition."""
        return math.prod(self.shape[1:])

    @property
    def size(self) -> int:
        """All elements."""
        return math.prod(self.shape)


class Footprint(NamedTuple):
    """What follows from a pattern."""

    signature: Signature
    region: Region  # the rectangle of its storage that it spans
    fills: bool  # it touches every byte of that

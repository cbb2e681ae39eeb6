"""Options of matmuls: modes, and the part of the 128 x 128 array that one uses."""

from typing import NamedTuple

from trnlab.isa.instruction import COLUMNS, Kind
from trnlab.isa.requirements import GENERATIONS, require
from trnlab.memory import Signature
from trnlab.spec.core import Core

Pair = tuple[int, int]  # rows, columns; (): not set


class MatmulOptions(NamedTuple):
    is_transpose: bool = False
    has_onezero: bool = False  # an operand is of ones and zeros only
    position: tuple[int, ...] = ()
    size: tuple[int, ...] = ()
    is_double_row: bool = False

    @property
    def share(self) -> float:
        """The part of the array that it uses."""
        return self.size[0] * self.size[1] / 128**2 if self.size else 1.0


def check_indirect_tile(name: str, kind: Kind) -> None:
    """Tensor indirection uses the whole array."""
    paths = [operand.path for operand in (*kind.writes, *kind.reads)]
    position = kind.options.position
    require(
        COLUMNS not in paths or not any(position),
        f"{name}: an .indirect() view with tile_position {position}; indirection uses the whole "
        "array, leave tile_position out",
    )


def check_tile(
    core: Core, name: str, options: MatmulOptions, stationary: Signature, rows_only: bool
) -> None:
    """tile_size must be one that the array has, and tile_position a multiple of it."""
    position, size = options.position, options.size
    require(
        bool(position) == bool(size),
        f"{name}: tile_position {position} and tile_size {size}; set both or none",
    )
    if not size:
        return
    tensor = core.tensor
    allowed = tensor.row_tile_sizes
    require(
        len(size) == 2 and len(position) == 2 and size[0] in allowed and size[1] in allowed,
        f"{name}: tile_size {size} at {position}; rows and columns of a tile are "
        f"{', '.join(map(str, allowed))} on {GENERATIONS[core.generation]}",
    )
    require(
        not rows_only or (position[1], size[1]) == (0, tensor.columns),
        f"{name}: tile_position {position}, tile_size {size}; only rows can be tiled here: the "
        f"columns are 0 and {tensor.columns}",
    )
    limits = (tensor.rows, tensor.columns)
    fits = all(
        at >= 0 and at % step == 0 and at + step <= limit
        for at, step, limit in zip(position, size, limits, strict=True)
    )
    require(
        fits,
        f"{name}: tile_position {position} is not a multiple of tile_size {size} within {limits}",
    )
    k, m = stationary.partitions, stationary.shape[-1] if options.is_double_row else stationary.free
    require(
        k <= size[0] and m <= size[1],
        f"{name}: stationary [{k}, {m}] exceeds tile_size {size}; use a larger tile",
    )

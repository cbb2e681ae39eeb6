"""Rows on partitions: the tiles of 128 rows that one program of a launch works on.

Under `kernel[2]` both cores of a logical core run the same kernel; each takes every second tile.
"""

from collections.abc import Iterator

import trnlab.nki.language as nl
from trnlab.nki import isa as nisa

TILE_ROWS = 128


def own_tiles(rows: int) -> Iterator[slice]:
    """The row slices of this program."""
    step = TILE_ROWS * nl.num_programs()
    for row in nl.affine_range(nl.program_id() * TILE_ROWS, rows, step):
        yield slice(row, min(row + TILE_ROWS, rows))


def load(x, rows: slice, name: str):
    """A tile [rows, columns] of a matrix, in its dtype."""
    tile = nl.ndarray((rows.stop - rows.start, x.shape[1]), dtype=x.dtype, name=name)
    nisa.dma_copy(dst=tile, src=x[rows, :])
    return tile


def load_for_all(vector, partitions: int, name: str):
    """A vector [columns] repeated on every partition: read with stride 0, once per partition."""
    (columns,) = vector.shape
    tile = nl.ndarray((partitions, columns), dtype=vector.dtype, name=name)
    nisa.dma_copy(dst=tile, src=vector.ap(pattern=[[0, partitions], [1, columns]]))
    return tile


def column(rows: slice, name: str):
    """One float32 for each row of a tile."""
    return nl.ndarray((rows.stop - rows.start, 1), dtype=nl.float32, name=name)

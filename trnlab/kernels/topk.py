"""The k largest of every row, eight at a time."""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.errors import KernelError
from trnlab.kernels.rows import load, own_tiles
from trnlab.nki import isa as nisa

AT_ONCE = 8
REMOVED = -3e38


@nki.jit
def top_k(x, k):
    """Values and indices of the k largest of each row, largest first.

    max8 finds eight, nc_find_index8 says where, nc_match_replace8 takes them out.

    Args:
        x: [R, C] in HBM, float32, C from 8 to 16,384
        k: a multiple of 8
    Returns:
        values [R, k] float32 and indices [R, k] uint32, in HBM; equal values in order of index
    Raises:
        KernelError: k is not a multiple of 8, or above C
    """
    R, C = x.shape
    if k < AT_ONCE or k % AT_ONCE or k > C:
        raise KernelError(f"top_k: k = {k} of {C} columns; use a multiple of {AT_ONCE} up to {C}")
    values = nl.ndarray((R, k), dtype=nl.float32, buffer=nl.shared_hbm, name="values")
    indices = nl.ndarray((R, k), dtype=nl.uint32, buffer=nl.shared_hbm, name="indices")
    for rows in own_tiles(R):
        tile = load(x, rows, "tile")
        count = tile.shape[0]
        found = nl.ndarray((count, k), dtype=nl.float32, name="found")
        places = nl.ndarray((count, k), dtype=nl.uint32, name="places")
        for first in nl.sequential_range(0, k, AT_ONCE):
            eight = slice(first, first + AT_ONCE)
            nisa.max8(dst=found[:, eight], src=tile)
            nisa.nc_find_index8(dst=places[:, eight], data=tile, vals=found[:, eight])
            if first + AT_ONCE < k:
                rest = nl.ndarray(tile.shape, dtype=nl.float32, name="rest")
                nisa.nc_match_replace8(dst=rest, data=tile, vals=found[:, eight], imm=REMOVED)
                tile = rest
        nisa.dma_copy(dst=values[rows, :], src=found)
        nisa.dma_copy(dst=indices[rows, :], src=places)
    return values, indices


def reference(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The same in NumPy."""
    order = np.argsort(-x, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(x, order, axis=1), order.astype(np.uint32)

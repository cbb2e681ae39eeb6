"""Transpose a matrix in square tiles through TensorE."""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa

TILE = 128


@nki.jit
def transpose(x):
    """result = x^T.

    Args:
        x: [M, N] in HBM
    Returns:
        [N, M] in HBM, dtype of x
    """
    M, N = x.shape
    result = nl.ndarray((N, M), dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    for m in nl.affine_range(0, M, TILE):
        rows = min(TILE, M - m)
        for n in nl.affine_range(0, N, TILE):
            cols = min(TILE, N - n)
            tile = nl.ndarray((rows, cols), dtype=x.dtype, name="tile")
            nisa.dma_copy(dst=tile, src=x[m : m + rows, n : n + cols])
            turned = nl.ndarray((cols, rows), dtype=x.dtype, buffer=nl.psum, name="turned")
            nisa.nc_transpose(dst=turned, data=tile)
            out = nl.ndarray((cols, rows), dtype=x.dtype, name="out")
            nisa.tensor_copy(dst=out, src=turned)
            nisa.dma_copy(dst=result[n : n + cols, m : m + rows], src=out)
    return result


def reference(x: np.ndarray) -> np.ndarray:
    """The same in NumPy."""
    return x.T

"""Average pooling: windows are an access pattern, no data moves to form them."""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.errors import KernelError
from trnlab.nki import isa as nisa


@nki.jit
def average_pool(x, size):
    """Mean of each size x size window, windows side by side.

    Args:
        x: [C, H, W] in HBM, C at most 128; size divides H and W
        size: of a window
    Returns:
        [C, H / size, W / size] in HBM, dtype of x
    Raises:
        KernelError: a size that does not divide H or W
    """
    C, H, W = x.shape
    if size < 1 or H % size or W % size:
        raise KernelError(f"average_pool: windows of {size} do not divide {H} x {W}; pad x first")
    rows, cols = H // size, W // size

    tile = nl.ndarray((C, H, W), dtype=x.dtype, name="tile")
    nisa.dma_copy(dst=tile, src=x)
    windows = tile.ap(pattern=[[H * W, C], [size * W, rows], [size, cols], [W, size], [1, size]])
    sums = nl.ndarray((C, rows, cols), dtype=nl.float32, name="sums")
    nisa.tensor_reduce(dst=sums, op=nl.add, data=windows, axis=(3, 4))
    out = nl.ndarray((C, rows, cols), dtype=x.dtype, name="out")
    nisa.tensor_scalar(dst=out, data=sums, op0=nl.multiply, operand0=1 / size**2)

    result = nl.ndarray((C, rows, cols), dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    nisa.dma_copy(dst=result, src=out)
    return result


def reference(x: np.ndarray, size: int) -> np.ndarray:
    """The same in NumPy."""
    C, H, W = x.shape
    return x.reshape(C, H // size, size, W // size, size).mean(axis=(2, 4))

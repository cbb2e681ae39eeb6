"""Softmax over rows; the sum of the powers is free, it comes with the exponential."""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.kernels.rows import column, load, own_tiles
from trnlab.nki import isa as nisa


@nki.jit
def softmax(x):
    """exp(x - max) / sum(exp(x - max)) for each row; `softmax[2]` shares rows among two cores.

    Args:
        x: [R, C] in HBM
    Returns:
        [R, C] in HBM, dtype of x
    """
    R, C = x.shape
    result = nl.ndarray((R, C), dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    for rows in own_tiles(R):
        tile = load(x, rows, "tile")
        minus_max = column(rows, "minus_max")
        nisa.tensor_reduce(dst=minus_max, op=nl.maximum, data=tile, axis=1, negate=True)
        powers = nl.ndarray(tile.shape, dtype=nl.float32, name="powers")
        total = column(rows, "total")
        nisa.activation_reduce(
            dst=powers, op=nl.exp, data=tile, bias=minus_max, reduce_op=nl.add, reduce_res=total
        )
        scale = column(rows, "scale")
        nisa.reciprocal(dst=scale, data=total)
        out = nl.ndarray(tile.shape, dtype=x.dtype, name="out")
        nisa.tensor_scalar(dst=out, data=powers, op0=nl.multiply, operand0=scale)
        nisa.dma_copy(dst=result[rows, :], src=out)
    return result


def reference(x: np.ndarray) -> np.ndarray:
    """The same in NumPy, float32."""
    x = x.astype(np.float32)
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

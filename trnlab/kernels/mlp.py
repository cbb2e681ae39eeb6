"""A network of two layers in one kernel; activations stay transposed, so nothing is turned.

TensorE contracts over partitions and leaves the rows of its result on partitions. With one image
per column, the first layer's result [hidden, batch] lies as the second layer's operand must: the
hidden values never leave the chip, and no transpose stands between the layers.
"""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.data import DigitsMlp, pixels
from trnlab.nki import isa as nisa
from trnlab.numerics import dtype_name, storage

TILE_N = 512  # columns of one nc_matmul, one PSUM bank


@nki.jit
def mlp(x, w1, b1, w2, b2):
    """logits = w2^T @ relu(w1^T @ x + b1) + b2, one image per column.

    Dimensions:
        inputs, hidden, outputs: each on partitions once, at most 128
        batch: any size, taken 512 columns at a time
    Args:
        x: [inputs, batch] in HBM
        w1, w2: [inputs, hidden] and [hidden, outputs] in HBM, in the dtype of x
        b1, b2: [hidden, 1] and [outputs, 1] in HBM, float32
    Returns:
        [outputs, batch] in HBM, float32
    Raises:
        KernelError: operands that do not fit together, or more than 128 on partitions
    """
    (inputs, batch), (hidden, outputs) = x.shape, w2.shape
    logits = nl.ndarray((outputs, batch), dtype=nl.float32, buffer=nl.shared_hbm, name="logits")

    w1_tile = nl.ndarray(w1.shape, dtype=w1.dtype, buffer=nl.sbuf, name="w1_tile")
    b1_tile = nl.ndarray(b1.shape, dtype=b1.dtype, buffer=nl.sbuf, name="b1_tile")
    w2_tile = nl.ndarray(w2.shape, dtype=w2.dtype, buffer=nl.sbuf, name="w2_tile")
    b2_tile = nl.ndarray(b2.shape, dtype=b2.dtype, buffer=nl.sbuf, name="b2_tile")
    nisa.dma_copy(dst=w1_tile, src=w1)
    nisa.dma_copy(dst=b1_tile, src=b1)
    nisa.dma_copy(dst=w2_tile, src=w2)
    nisa.dma_copy(dst=b2_tile, src=b2)

    for n in nl.affine_range(0, batch, TILE_N):
        columns = min(TILE_N, batch - n)
        x_tile = nl.ndarray((inputs, columns), dtype=x.dtype, buffer=nl.sbuf, name="x_tile")
        nisa.dma_copy(dst=x_tile, src=x[:, n : n + columns])

        sums = nl.ndarray((hidden, columns), dtype=nl.float32, buffer=nl.psum, name="sums")
        nisa.nc_matmul(dst=sums, stationary=w1_tile, moving=x_tile)
        h_tile = nl.ndarray((hidden, columns), dtype=x.dtype, buffer=nl.sbuf, name="h_tile")
        nisa.activation(dst=h_tile, op=nl.relu, data=sums, bias=b1_tile)

        scores = nl.ndarray((outputs, columns), dtype=nl.float32, buffer=nl.psum, name="scores")
        nisa.nc_matmul(dst=scores, stationary=w2_tile, moving=h_tile)
        out = nl.ndarray((outputs, columns), dtype=nl.float32, buffer=nl.sbuf, name="out")
        nisa.tensor_scalar(dst=out, data=scores, op0=nl.add, operand0=b2_tile)
        nisa.dma_copy(dst=logits[:, n : n + columns], src=out)
    return logits


def operands(network: DigitsMlp, images: np.ndarray, dtype: str = "float32") -> list[np.ndarray]:
    """What `mlp` takes to read images [batch, 8, 8]: x, w1, b1, w2, b2.

    Args:
        dtype: of x and the weights; biases stay float32
    Raises:
        ValueError: images of another shape, or no such dtype
    """
    narrow, wide = storage(dtype_name(dtype)), storage("float32")
    return [
        np.array(pixels(images).T, narrow, order="C"),
        np.array(network.w1, narrow),
        np.array(network.b1[:, None], wide),
        np.array(network.w2, narrow),
        np.array(network.b2[:, None], wide),
    ]

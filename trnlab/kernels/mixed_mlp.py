"""The digits network with each layer in a format of its own; `mlp` is the plain one to read."""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.kernels.layer_formats import Layer
from trnlab.kernels.linear import TILE, TILE_N, Operand, Weights
from trnlab.nki import isa as nisa


@nki.jit
def mixed_mlp(x, layers: list[Layer], biases: list[np.ndarray]):
    """W2^T relu(W1^T x + b1) + b2, for any number of layers; images are columns.

    Args:
        x: [inputs, batch] in HBM, float32 if the first layer is, else bfloat16
        layers: from `layer_formats.prepare`
        biases: of each layer, [outputs, 1] float32 in HBM
    Returns:
        [outputs, batch] float32 in HBM
    """
    batch, outputs = x.shape[1], layers[-1].outputs
    result = nl.ndarray((outputs, batch), dtype=nl.float32, buffer=nl.shared_hbm, name="logits")
    weights = [Weights(layer) for layer in layers]
    columns = [_columns(bias) for bias in biases]
    for n in nl.affine_range(0, batch, TILE_N):
        width = min(TILE_N, batch - n)
        operand = Operand(layers[0], width)
        operand.load(x[:, n : n + width])
        for i, following in enumerate(layers[1:]):
            hidden = Operand(following, width)
            for m, sums, scale in weights[i].products(operand):
                hidden.take(m, sums, nl.relu, scale, columns[i][m // TILE])
            hidden.finish()
            operand = hidden
        for m, sums, scale in weights[-1].products(operand):
            out = nl.ndarray(sums.shape, dtype=nl.float32, name="out")
            nisa.tensor_scalar(
                dst=out,
                data=sums,
                op0=nl.multiply,
                operand0=scale,
                op1=nl.add,
                operand1=columns[-1][m // TILE],
            )
            nisa.dma_copy(dst=result[m : m + sums.shape[0], n : n + width], src=out)
    return result


def _columns(bias):
    """[outputs, 1] in HBM as tiles of 128 outputs."""
    tiles = []
    for m in range(0, bias.shape[0], TILE):
        tile = nl.ndarray((min(TILE, bias.shape[0] - m), 1), dtype=bias.dtype, name="bias")
        nisa.dma_copy(dst=tile, src=bias[m : m + tile.shape[0], :])
        tiles.append(tile)
    return tiles

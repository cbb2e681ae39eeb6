"""RMSNorm, LayerNorm, and RMSNorm with quantization: rows on partitions, one pass each."""

import numpy as np

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.kernels.rows import TILE_ROWS, column, load, load_for_all, own_tiles
from trnlab.nki import isa as nisa

EPSILON = 1e-6
FP8_MAX = {"float8_e4m3": 240.0, "float8_e4m3fn": 448.0, "float8_e5m2": 57344.0}
SMALLEST_SCALE = 1e-12  # keeps a row of zeros from dividing by zero


@nki.jit
def rms_norm(x, weight):
    """x / sqrt(mean(x^2) + eps) * weight; `rms_norm[2]` shares rows among two cores.

    Args:
        x: [R, C] in HBM
        weight: [C] in HBM
    Returns:
        [R, C] in HBM, dtype of x
    """
    R, C = x.shape
    result = nl.ndarray((R, C), dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    weights = load_for_all(weight, min(R, TILE_ROWS), "weights")
    for rows in own_tiles(R):
        tile = load(x, rows, "tile")
        out = nl.ndarray(tile.shape, dtype=x.dtype, name="out")
        nisa.scalar_tensor_tensor(
            dst=out,
            data=tile,
            op0=nl.multiply,
            operand0=_inverse_rms(tile, rows),
            op1=nl.multiply,
            operand1=weights[: tile.shape[0], :],
        )
        nisa.dma_copy(dst=result[rows, :], src=out)
    return result


@nki.jit
def rms_norm_quantize(x, weight, dtype="float8_e4m3"):
    """RMSNorm, then FP8 with one scale per row: x is about values * scales.

    Args:
        x: [R, C] in HBM
        weight: [C] in HBM
        dtype: an FP8 dtype
    Returns:
        values [R, C] in `dtype` and scales [R, 1] float32, in HBM
    """
    R, C = x.shape
    values = nl.ndarray((R, C), dtype=dtype, buffer=nl.shared_hbm, name="values")
    scales = nl.ndarray((R, 1), dtype=nl.float32, buffer=nl.shared_hbm, name="scales")
    weights = load_for_all(weight, min(R, TILE_ROWS), "weights")
    for rows in own_tiles(R):
        tile = load(x, rows, "tile")
        normed = nl.ndarray(tile.shape, dtype=nl.float32, name="normed")
        nisa.scalar_tensor_tensor(
            dst=normed,
            data=tile,
            op0=nl.multiply,
            operand0=_inverse_rms(tile, rows),
            op1=nl.multiply,
            operand1=weights[: tile.shape[0], :],
        )
        magnitudes = nl.ndarray(tile.shape, dtype=nl.float32, name="magnitudes")
        nisa.activation(dst=magnitudes, op=nl.abs, data=normed)
        largest, scale, inverse = (column(rows, name) for name in ("largest", "scale", "inverse"))
        nisa.tensor_reduce(dst=largest, op=nl.maximum, data=magnitudes, axis=1)
        nisa.tensor_scalar(
            dst=scale,
            data=largest,
            op0=nl.multiply,
            operand0=1 / FP8_MAX[dtype],
            op1=nl.maximum,
            operand1=SMALLEST_SCALE,
        )
        nisa.reciprocal(dst=inverse, data=scale)
        out = nl.ndarray(tile.shape, dtype=dtype, name="out")
        nisa.tensor_scalar(dst=out, data=normed, op0=nl.multiply, operand0=inverse)
        nisa.dma_copy(dst=values[rows, :], src=out)
        nisa.dma_copy(dst=scales[rows, :], src=scale)
    return values, scales


@nki.jit
def layer_norm(x, weight, bias):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the statistics instructions.

    Args:
        x: [R, C] in HBM
        weight, bias: [C] in HBM
    Returns:
        [R, C] in HBM, dtype of x
    """
    R, C = x.shape
    result = nl.ndarray((R, C), dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    weights = load_for_all(weight, min(R, TILE_ROWS), "weights")
    biases = load_for_all(bias, min(R, TILE_ROWS), "biases")
    for rows in own_tiles(R):
        tile = load(x, rows, "tile")
        mean, inverse = _mean_and_inverse_deviation(tile, rows)
        normed = nl.ndarray(tile.shape, dtype=nl.float32, name="normed")
        nisa.tensor_scalar(
            dst=normed,
            data=tile,
            op0=nl.subtract,
            operand0=mean,
            op1=nl.multiply,
            operand1=inverse,
        )
        count = tile.shape[0]
        scaled = nl.ndarray(tile.shape, dtype=nl.float32, name="scaled")
        nisa.tensor_tensor(dst=scaled, data1=normed, data2=weights[:count, :], op=nl.multiply)
        out = nl.ndarray(tile.shape, dtype=x.dtype, name="out")
        nisa.tensor_tensor(dst=out, data1=scaled, data2=biases[:count, :], op=nl.add)
        nisa.dma_copy(dst=result[rows, :], src=out)
    return result


def _inverse_rms(tile, rows: slice):
    """1 / sqrt(mean of squares + eps) of each row: the Scalar engine squares and sums at once."""
    columns = tile.shape[1]
    squares = nl.ndarray(tile.shape, dtype=nl.float32, name="squares")
    total, shifted, inverse = (column(rows, name) for name in ("total", "shifted", "inverse"))
    nisa.activation_reduce(dst=squares, op=nl.square, data=tile, reduce_op=nl.add, reduce_res=total)
    nisa.tensor_scalar(
        dst=shifted,
        data=total,
        op0=nl.multiply,
        operand0=1 / columns,
        op1=nl.add,
        operand1=EPSILON,
    )
    nisa.activation(dst=inverse, op=nl.rsqrt, data=shifted)
    return inverse


def _mean_and_inverse_deviation(tile, rows: slice):
    """bn_stats takes 512 elements at a time; bn_aggr merges what it found."""
    count, columns = tile.shape
    chunk = nl.tile_size.bn_stats_fmax
    starts = range(0, columns, chunk)
    stats = nl.ndarray((count, 6 * len(starts)), dtype=nl.float32, name="stats")
    for i, start in enumerate(starts):
        nisa.bn_stats(
            dst=stats[:, 6 * i : 6 * i + 6], data=tile[:, start : min(start + chunk, columns)]
        )
    moments = nl.ndarray((count, 2), dtype=nl.float32, name="moments")
    nisa.bn_aggr(dst=moments, data=stats)
    shifted, inverse = column(rows, "shifted"), column(rows, "inverse")
    nisa.tensor_scalar(dst=shifted, data=moments[:, 1:2], op0=nl.add, operand0=EPSILON)
    nisa.activation(dst=inverse, op=nl.rsqrt, data=shifted)
    return moments[:, 0:1], inverse


def rms_norm_reference(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """RMSNorm in NumPy, float32."""
    x = x.astype(np.float32)
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + EPSILON) * weight


def layer_norm_reference(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """LayerNorm in NumPy, float32."""
    x = x.astype(np.float32)
    center = x - x.mean(axis=1, keepdims=True)
    return center / np.sqrt((center**2).mean(axis=1, keepdims=True) + EPSILON) * weight + bias

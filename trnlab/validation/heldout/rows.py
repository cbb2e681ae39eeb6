"""Rows of numbers: a norm that quantizes, and a function that streams."""

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa
from trnlab.validation.heldout.tiles import PARTITIONS, like, load, row_of_ones, spread

TILE_N = 512
FP8_MAX = 240


@nki.jit
def quantized_norm(hidden, gamma):
    """RMS norm of 128 tokens with weights, then each row scaled to FP8."""
    tokens, width = hidden.shape
    result = nl.ndarray((tokens, width), nl.float8_e4m3, buffer=nl.shared_hbm, name="result")
    ones = row_of_ones(hidden.dtype)
    tile, weights = load(hidden), load(gamma)
    _normalize(tile, weights, ones)
    out = nl.ndarray((tokens, width), nl.float8_e4m3, buffer=nl.sbuf, name="out")
    _quantize(out, tile)
    nisa.dma_copy(dst=result, src=out)
    return result


def _normalize(tile, weights, ones):
    tokens, width = tile.shape
    squares = like(tile)
    scale = nl.ndarray((tokens, 1), nl.float32, nl.sbuf, name="scale")
    nisa.activation_reduce(dst=squares, op=nl.square, data=tile, reduce_op=nl.add, reduce_res=scale)
    nisa.activation(dst=scale, op=nl.rsqrt, data=scale, scale=1 / width)
    for at in range(0, width, TILE_N):
        part = slice(at, at + TILE_N)
        nisa.scalar_tensor_tensor(
            dst=tile[:, part], data=tile[:, part], op0=nl.multiply, operand0=scale,
            op1=nl.multiply, operand1=spread(ones, weights, part),
        )  # fmt: skip


def _quantize(out, tile):
    absolute = like(tile)
    largest = nl.ndarray((tile.shape[0], 1), nl.float32, nl.sbuf, name="largest")
    nisa.tensor_scalar_reduce(
        dst=absolute, data=tile, op0=nl.abs, operand0=0.0, reduce_op=nl.maximum, reduce_res=largest
    )
    nisa.activation(dst=largest, op=nl.copy, data=largest, scale=1 / FP8_MAX)
    nisa.tensor_scalar(dst=largest, data=largest, op0=nl.maximum, operand0=1e-6)
    nisa.reciprocal(dst=largest, data=largest)
    nisa.tensor_scalar(dst=out, data=tile, op0=nl.multiply, operand0=largest)


@nki.jit
def silu(x, columns=1024):
    """x * sigmoid(x), streamed through SBUF."""
    rows, width = x.shape
    result = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    for row in nl.affine_range(0, rows, PARTITIONS):
        for col in nl.affine_range(0, width, columns):
            part = (slice(row, row + PARTITIONS), slice(col, col + columns))
            tile = load(x[part])
            out = like(tile)
            nisa.activation(dst=out, op=nl.silu, data=tile)
            nisa.dma_copy(dst=result[part], src=out)
    return result


@nki.jit
def running_sum(x, columns=2048):
    """Sums of each row up to every element, by VectorE; a part starts from the last sum so far."""
    rows, width = x.shape
    result = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    for row in nl.affine_range(0, rows, PARTITIONS):
        ones = nl.ndarray((PARTITIONS, columns), nl.float32, nl.sbuf, name="ones")
        nisa.memset(dst=ones, value=1.0)
        before = 0.0
        for col in nl.sequential_range(0, width, columns):
            part = (slice(row, row + PARTITIONS), slice(col, col + columns))
            tile = load(x[part])
            out = like(tile)
            nisa.tensor_tensor_scan(
                dst=out, data0=ones, data1=tile, initial=before, op0=nl.multiply, op1=nl.add
            )
            nisa.dma_copy(dst=result[part], src=out)
            before = out[:, columns - 1 : columns]
    return result

"""What MX storage leaves of a matrix: quantized and dequantized at once, without making codes.

Works on the bits of float32 in pieces that stay in a cache, on every core: pieces do not depend on
each other, so the result is that of one. `blocks` is the specification.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from trnlab.numerics.blocks import BLOCK
from trnlab.numerics.formats import NumberFormat
from trnlab.numerics.mx import inverse_scales, scale_values, scales_of

PIECE = 2**16  # values at a time
WORKERS = os.cpu_count() or 1
_MAGNITUDE = np.uint32(0x7FFFFFFF)
_EXPONENT = np.uint32(0x7F800000)


def mx_round_trip(
    values: np.ndarray, format: NumberFormat, exponent_offset: int = 1, axis: int = -1
) -> np.ndarray:
    """Values as MX stores them, in blocks of 32 along an axis.

    Args:
        values: float32, any shape; a last block that is shorter counts as filled with zeros
        format: of the elements, a narrow float
        exponent_offset: see `blocks.block_scale`
        axis: the one that a product sums over
    Returns:
        float32, same shape; infinite where rounding up leaves float32's range
    Raises:
        ValueError: a format that is no narrow float
    """
    if not format.is_float or format.bits > 8:
        raise ValueError(
            f"mx_round_trip: elements of {format.name}; MX blocks hold float8 or float4 elements"
        )
    moved = np.moveaxis(np.asarray(values, np.float32), axis, -1)
    length = moved.shape[-1]
    if length % BLOCK:
        widths = [(0, 0)] * (moved.ndim - 1) + [(0, -length % BLOCK)]
        moved = np.pad(moved, widths)
    flat = np.ascontiguousarray(moved).reshape(-1)
    result = np.empty_like(flat)
    starts = range(0, flat.size, PIECE)
    workers = max(1, min(WORKERS, len(starts)))

    def work(worker: int) -> None:
        space = np.empty((2, min(PIECE, flat.size)), np.float32)
        with np.errstate(all="ignore"):  # NaN, or above float32's range after rounding up
            for start in starts[worker::workers]:
                piece = slice(start, start + PIECE)
                _one_piece(flat[piece], format, exponent_offset, space, result[piece])

    if workers == 1:
        work(0)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, range(workers)))
    shaped = result.reshape(moved.shape)[..., :length]
    return np.moveaxis(shaped, -1, axis)


def _one_piece(
    values: np.ndarray,
    format: NumberFormat,
    exponent_offset: int,
    space: np.ndarray,
    result: np.ndarray,
) -> None:
    """result = values after MX; both flat, of whole blocks."""
    scaled, step = (part[: values.size].reshape(-1, BLOCK) for part in space)
    blocks = values.reshape(-1, BLOCK)
    bits = step.view(np.uint32)
    np.bitwise_and(blocks.view(np.uint32), _MAGNITUDE, out=bits)
    scales = scales_of(bits.max(axis=1), format, exponent_offset)[:, np.newaxis]
    np.multiply(blocks, inverse_scales(scales), out=scaled)
    if exponent_offset < 1:
        limit = np.float32(format.max_finite)
        np.clip(scaled, -limit, limit, out=scaled)
    # Adding and taking away 1.5 x 2^23 steps rounds to whole steps, to nearest even.
    np.bitwise_and(scaled.view(np.uint32), _EXPONENT, out=bits)
    np.maximum(step, np.float32(format.min_normal), out=step)
    np.multiply(step, np.float32(1.5 * 2.0 ** (23 - format.mantissa_bits)), out=step)
    np.add(scaled, step, out=scaled)
    np.subtract(scaled, step, out=scaled)
    np.multiply(scaled, scale_values(scales), out=scaled)
    np.copysign(scaled, blocks, out=result.reshape(-1, BLOCK))  # minus zero stays one

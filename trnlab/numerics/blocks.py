"""One MX block, 32 values with a shared power of two: the specification, in plain Python.

`mx` does the same to tiles as the device lays them out, `round_trip` to whole matrices.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from trnlab.numerics.codes import decode, encode
from trnlab.numerics.formats import NUMBER_FORMATS, NumberFormat

BLOCK = 32
SCALE = NUMBER_FORMATS["float8_e8m0fnu"]


class Block(NamedTuple):
    """A quantized block."""

    scale: int  # code of an E8M0 scale: exponent + 127, 255 for NaN
    codes: list[int]


def block_scale(values: Sequence[float], format: NumberFormat, exponent_offset: int = 1) -> int:
    """E8M0 code of a block: exponent floor(log2 amax) - Emax + exponent_offset.

    Ours, where AWS is silent: the exponent ends at -127 and 127; a block with a NaN or an infinity
    gets NaN as scale. A block of zeros gets 2^-127, as AWS documents. A subnormal float32 as
    largest magnitude has an exponent below -126, so its scale is 2^-127 in every format.

    Args:
        exponent_offset: 0: OCP's sample algorithm and AWS's CPU references; 1: quantize_mx as
            documented since NKI 0.5
    Source: nki.isa.quantize_mx, "Scale calculation"; mx_cpu_utils.py; OCP MX v1.0
    """
    if not all(math.isfinite(value) for value in values):
        return SCALE.nan_code
    largest = max(abs(value) for value in values)
    if largest == 0:
        return 0
    exponent = math.frexp(largest)[1] - 1  # floor(log2 largest), exactly
    code = exponent - format.max_exponent + exponent_offset + SCALE.bias
    return min(max(code, 0), SCALE.max_code)


def quantize_block(
    values: Sequence[float], format: NumberFormat, exponent_offset: int = 1
) -> Block:
    """Scale and codes of a block; elements are value / scale, rounded to nearest even, saturating.

    Where the scale is NaN every element is NaN too (ours), or minus zero in float4_e2m1fn.
    """
    scale = block_scale(values, format, exponent_offset)
    divisor = decode(SCALE, scale)
    return Block(scale, [encode(format, value / divisor, saturates=True) for value in values])


def dequantize_block(block: Block, format: NumberFormat) -> list[float]:
    """Values of a block; all NaN if its scale is."""
    scale = decode(SCALE, block.scale)
    return [decode(format, code) * scale for code in block.codes]

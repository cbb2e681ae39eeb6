"""One MX block by the specification, by hand and at the ends of the range."""

import math

import ml_dtypes
import numpy as np
import pytest

from trnlab.numerics.blocks import BLOCK, Block, block_scale, dequantize_block, quantize_block
from trnlab.numerics.formats import number_format

FN, E5, FP4 = (number_format(n) for n in ("float8_e4m3fn", "float8_e5m2", "float4_e2m1fn"))
FORMATS = pytest.mark.parametrize("format", [FN, E5, FP4], ids=lambda format: format.name)
OFFSETS = pytest.mark.parametrize("offset", [0, 1])


@pytest.mark.parametrize(
    "largest, format, offset, exponent",  # floor(log2 amax) - Emax + offset
    [
        (1.0, FN, 1, -7),
        (1.0, FN, 0, -8),
        (1.99, FN, 1, -7),
        (2.0, FN, 1, -6),
        (1.0, E5, 1, -14),
        (3.0, FP4, 0, -1),
        (448.0, FN, 0, 0),
        (3.3e38, FN, 1, 120),
    ],
)
def test_the_scale_by_hand(largest, format, offset, exponent):
    values = [0.0] * (BLOCK - 1) + [-largest]
    assert block_scale(values, format, offset) == exponent + 127


@FORMATS
@OFFSETS
def test_a_block_of_zeros_has_the_smallest_scale_and_stays_zero(format, offset):
    block = quantize_block([0.0] * BLOCK, format, offset)
    assert block.scale == 0 and dequantize_block(block, format) == [0.0] * BLOCK


@FORMATS
@OFFSETS
@pytest.mark.parametrize("largest", [2.0**-127, 2.0**-149])
def test_a_subnormal_maximum_has_the_smallest_scale(format, offset, largest):
    block = quantize_block([largest] * BLOCK, format, offset)
    assert block.scale == 0
    exact = [min(largest, format.max_finite * 2.0**-127)] * BLOCK
    error = np.abs(np.array(dequantize_block(block, format)) - exact)
    assert (error <= format.spacing(largest * 2.0**127) * 2.0**-128).all()


@FORMATS
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_block_with_nan_or_infinity_is_nan(format, value):
    block = quantize_block([1.0] * (BLOCK - 1) + [value], format)
    assert block.scale == 255
    assert all(math.isnan(found) for found in dequantize_block(block, format))


def test_with_offset_one_nothing_saturates_and_with_offset_zero_the_top_does():
    values = [1.9375] + [0.5] * (BLOCK - 1)
    documented, sample = (
        dequantize_block(quantize_block(values, FN, offset), FN)[0] for offset in (1, 0)
    )
    assert documented == 2.0 and sample == 1.75


@FORMATS
def test_the_exponent_ends_at_both_ends(format):
    assert block_scale([3e38] * BLOCK, format, 20) == 254
    assert block_scale([1e-38] * BLOCK, format, 0) == 0


def test_a_block_decodes_as_element_times_scale():
    codes = [ml_dtypes.float8_e4m3fn(1.5).view(np.uint8).item()] * BLOCK
    assert dequantize_block(Block(130, codes), FN) == [12.0] * BLOCK

"""What storing does: one rounding, saturation of integers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trnlab.numerics import FORMATS, storage, stored

NARROW = ["bfloat16", "float16", "float8_e4m3", "float8_e4m3fn", "float8_e5m2"]
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32"]


@np.errstate(invalid="ignore")  # casting a signaling NaN
@pytest.mark.parametrize("dtype", NARROW)
def test_every_code_of_a_format_is_stored_as_itself(dtype):
    bits = 8 * FORMATS[dtype].itemsize
    codes = np.arange(2**bits, dtype=f"uint{bits}")
    values = codes.view(storage(dtype))
    again = stored(values.astype(np.float32), dtype)
    finite = ~np.isnan(values.astype(np.float32))
    assert np.array_equal(again.view(codes.dtype)[finite], codes[finite])
    assert np.isnan(again[~finite].astype(np.float32)).all()


@np.errstate(invalid="ignore")  # casting a signaling NaN
@pytest.mark.parametrize("dtype", NARROW)
def test_the_nearest_code_wins_and_ties_go_to_the_even_one(dtype):
    bits = 8 * FORMATS[dtype].itemsize
    codes = np.arange(2 ** (bits - 1), dtype=f"uint{bits}")
    values = codes.view(storage(dtype)).astype(np.float64)
    largest = FORMATS[dtype].max_finite
    low = np.flatnonzero((values[:-1] < largest) & (values[1:] <= largest))
    middle = ((values[low] + values[low + 1]) / 2).astype(np.float32)
    expected = np.where(codes[low] % 2 == 0, codes[low], codes[low + 1])
    assert np.array_equal(stored(middle, dtype).view(codes.dtype), expected)
    above = np.nextafter(middle, np.float32(np.inf))
    assert np.array_equal(stored(above, dtype).view(codes.dtype), codes[low + 1])


@pytest.mark.parametrize("dtype", INTEGERS)
@given(value=st.floats(width=32, allow_nan=False))
def test_integers_round_to_nearest_even_and_saturate(dtype, value):
    limits = np.iinfo(dtype)
    if np.isinf(value):
        expected = limits.max if value > 0 else limits.min
    else:
        expected = min(max(round(Fraction(value)), limits.min), limits.max)
    found = stored(np.array([value], np.float32), dtype)
    assert found.dtype == dtype and int(found[0]) == expected


@pytest.mark.parametrize("dtype", INTEGERS)
def test_nan_becomes_zero(dtype):
    assert stored(np.array([np.nan], np.float32), dtype).tolist() == [0]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_tfloat32_has_ten_mantissa_bits_and_the_nearest_value(value):
    found = float(stored(np.array([value], np.float32), "tfloat32")[0])
    mantissa = np.float32(found).view(np.uint32) & np.uint32(0x1FFF)
    assert mantissa == 0
    if np.isfinite(found) and abs(value) > 2.0**-120:
        assert abs(found - value) <= abs(value) * 2.0**-11

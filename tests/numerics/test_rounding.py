"""What storing a float32 result does to it: one rounding, to nearest even, saturating integers."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trnlab.numerics import storage, stored

some = settings(max_examples=100, deadline=None, derandomize=True)
FLOATS = {  # mantissa bits, smallest normal exponent
    "tfloat32": (10, -126),
    "bfloat16": (7, -126),
    "float16": (10, -14),
    "float8_e4m3": (3, -6),
    "float8_e4m3fn": (3, -6),
    "float8_e5m2": (2, -14),
}


@pytest.mark.parametrize("name", FLOATS)
@some
@given(value=st.floats(-200.0, 200.0, width=32))
def test_a_float_is_stored_within_half_a_unit_of_its_last_place(name: str, value: float) -> None:
    mantissa_bits, least = FLOATS[name]
    exponent = max(least, int(np.floor(np.log2(abs(value)))) if value else least)
    kept = float(stored(np.array([value], np.float32), name)[0])
    assert abs(kept - value) <= 0.5 * 2.0 ** (exponent - mantissa_bits)


@pytest.mark.parametrize(
    "name, one_up",  # the next number above 1
    [("tfloat32", 1 + 2**-10), ("bfloat16", 1 + 2**-7), ("float8_e4m3", 1.125)],
)
def test_halves_go_to_the_even_neighbor(name: str, one_up: float) -> None:
    step = one_up - 1
    halves = np.array([1 + step / 2, 1 + 3 * step / 2], np.float32)
    assert stored(halves, name).astype(np.float32).tolist() == [1.0, 1 + 2 * step]


@pytest.mark.parametrize("name", [*FLOATS, "float32", "int8", "uint8"])
def test_what_a_format_holds_is_stored_as_it_is(name: str) -> None:
    values = np.array([0, 1, 2, 3, 5, 64, 96], np.float32)
    kept = stored(values, name)
    assert kept.dtype == storage(name)
    assert kept.astype(np.float32).tolist() == values.tolist()


def test_integers_round_to_even_and_saturate() -> None:
    values = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 126.6, 300.0, -300.0, np.inf, -np.inf], "f4")
    assert stored(values, "int8").tolist() == [0, 2, 2, 0, -2, 127, 127, -128, 127, -128]
    assert stored(values, "uint8").tolist() == [0, 2, 2, 0, 0, 127, 255, 0, 255, 0]


def test_the_largest_int32_is_reached_exactly() -> None:
    values = np.array([3e9, -3e9, 2.0**31], np.float32)
    assert stored(values, "int32").tolist() == [2**31 - 1, -(2**31), 2**31 - 1]
    assert stored(np.array([5e9], np.float32), "uint32").tolist() == [2**32 - 1]


def test_nan_becomes_zero_in_integers_and_stays_in_floats() -> None:
    nan = np.array([np.nan], np.float32)
    assert stored(nan, "int16").tolist() == [0]
    for name in FLOATS:
        assert np.isnan(stored(nan, name).astype(np.float32)).all(), name


def test_infinity_survives_tfloat32() -> None:
    values = np.array([np.inf, -np.inf, 0.0, -0.0], np.float32)
    np.testing.assert_array_equal(stored(values, "tfloat32"), values)


def test_tfloat32_keeps_ten_bits_and_float32s_range() -> None:
    values = np.array([1 + 2**-10, 1 + 2**-11 + 2**-20, 2.0**127, 2.0**-126], np.float32)
    kept = stored(values, "tfloat32")
    assert kept.tolist() == [1 + 2**-10, 1 + 2**-10, 2.0**127, 2.0**-126]


def test_bfloat16_agrees_with_ml_dtypes_on_every_float32_step_near_one() -> None:
    bits = np.arange(0x3F800000, 0x3F800000 + 0x20000, dtype=np.uint32)
    values = bits.view(np.float32)
    np.testing.assert_array_equal(stored(values, "bfloat16"), values.astype(ml_dtypes.bfloat16))
    upper = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16  # the rule, on the bits
    np.testing.assert_array_equal(stored(values, "bfloat16").view(np.uint16), upper)

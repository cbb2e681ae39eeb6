"""One value at a time against `ml_dtypes` and exact fractions; arrays against that."""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trnlab.numerics.arrays import decoded, encoded, rounded
from trnlab.numerics.codes import Parts, decode, encode, join, neighbors, split
from trnlab.numerics.formats import NUMBER_FORMATS, number_format

ALL = list(NUMBER_FORMATS.values())
SOME = 23  # of the codes of formats with more than 16 bits, every so many are looked at
NARROW = [format for format in ALL if format.bits <= 16]
FLOATS = [format for format in NARROW if format.is_float]
UNSIGNED = {8: np.uint8, 16: np.uint16, 32: np.uint32}
by_name = pytest.mark.parametrize
settled = settings(max_examples=60, deadline=None, derandomize=True)


def name_of(format):
    return format.name


def all_codes(format):
    return np.arange(0, 2**format.bits, 1 if format.bits <= 16 else SOME)


def scalars(format):
    return np.array([decode(format, int(code)) for code in all_codes(format)], np.float64)


@by_name("format", [f for f in ALL if f.bits <= 19], ids=name_of)
def test_scalar_and_array_agree_on_every_code(format):
    codes = all_codes(format)
    values = decoded(codes, format)
    np.testing.assert_array_equal(values, scalars(format))
    again = [encode(format, float(value)) for value in values]
    np.testing.assert_array_equal(encoded(values, format), again)


@by_name("format", NARROW, ids=name_of)
def test_every_code_has_the_value_that_ml_dtypes_gives_it(format):
    width = UNSIGNED[8 * format.storage.itemsize]
    with np.errstate(invalid="ignore"):
        expected = all_codes(format).astype(width).view(format.storage).astype(np.float64)
    np.testing.assert_array_equal(scalars(format), expected)


@by_name("format", NARROW, ids=name_of)
def test_every_value_is_encoded_as_its_code(format):
    for code in all_codes(format):
        value = decode(format, int(code))
        if not math.isnan(value):
            assert encode(format, value) == code


@by_name("format", FLOATS, ids=name_of)
def test_values_between_two_codes_go_to_the_nearer_and_halves_to_the_even_one(format):
    values = scalars(format)[: format.max_code + 1]
    low, high = values[:-1], values[1:]
    middle = (low + high) / 2
    above, below = np.nextafter(middle, np.inf), np.nextafter(middle, -np.inf)
    step = max(1, len(middle) // 4000)  # every one in 8 bits
    for code in range(0, len(middle), step):
        assert encode(format, middle[code]) == code + code % 2
        assert encode(format, above[code]) == code + 1
        assert encode(format, below[code]) == code
    as_float32 = middle.astype(np.float32)
    expected = np.arange(len(middle)) + np.arange(len(middle)) % 2
    np.testing.assert_array_equal(encoded(as_float32, format), expected)
    np.testing.assert_array_equal(encoded(-as_float32, format), expected + 2 ** (format.bits - 1))


@cache
def exact_values(name):
    """Code and exact value of every finite number of a format."""
    format = number_format(name)
    values = [(int(code), decode(format, int(code))) for code in all_codes(format)]
    return [(code, Fraction(value)) for code, value in values if math.isfinite(value)]


def nearest(format, value):
    """The nearest finite value; of two the one with the even code."""
    exact = Fraction(value)
    return min(exact_values(format.name), key=lambda pair: (abs(pair[1] - exact), pair[0] % 2))[1]


@by_name("format", [f for f in NARROW if f.bits <= 8], ids=name_of)
@settled
@given(value=st.floats(-6, 6, width=32))
@example(value=0.25)
@example(value=1.5)
def test_the_nearest_value_wins(format, value):
    if format.family == "scale" and value <= 0:
        assert encode(format, value) == format.nan_code
    else:
        assert decode(format, encode(format, value)) == nearest(format, value)


@by_name(
    "name, value, expected, saturated",
    [
        ("float8_e4m3fn", 464.0, 448.0, 448.0),  # halfway to the 480 that it has not: even is 448
        ("float8_e4m3fn", 464.1, math.nan, 448.0),
        ("float8_e4m3fn", -math.inf, math.nan, -448.0),
        ("float8_e4m3", 247.9, 240.0, 240.0),
        ("float8_e4m3", 248.0, math.inf, 240.0),
        ("float8_e5m2", -1e9, -math.inf, -57344.0),
        ("float4_e2m1fn", 100.0, 6.0, 6.0),
        ("float4_e2m1fn", -math.inf, -6.0, -6.0),
        ("float16", 65520.0, math.inf, 65504.0),
        ("int8", 1000.0, 127.0, 127.0),
        ("int8", -math.inf, -128.0, -128.0),
        ("float8_e8m0fnu", 1.6 * 2.0**127, math.nan, 2.0**127),
        ("float8_e8m0fnu", 1e-45, 2.0**-127, 2.0**-127),
        ("float8_e8m0fnu", 0.0, math.nan, math.nan),
        ("float8_e8m0fnu", -1.0, math.nan, math.nan),
    ],
)
def test_too_large_and_too_small_values(name, value, expected, saturated):
    format = number_format(name)
    for saturates, wanted in ((False, expected), (True, saturated)):
        scalar = decode(format, encode(format, value, saturates=saturates))
        np.testing.assert_equal(scalar, wanted)
        array = rounded(np.array([value], np.float32), format, saturates=saturates)
        np.testing.assert_equal(float(array[0]), wanted)


@by_name("format", ALL, ids=name_of)
def test_nan_stays_nan_where_there_is_one(format):
    code = encode(format, math.nan)
    assert code == encoded(np.array([np.nan], np.float32), format)[0]
    value = decode(format, code)
    assert math.isnan(value) if format.has_nan else value == 0


@by_name("format", ALL, ids=name_of)
def test_fields_join_to_the_code(format):
    for code in range(0, 2**format.bits, max(1, 2**format.bits // 1000)):
        assert join(format, split(format, code)) == code


def test_the_fields_of_one():
    assert split(number_format("bfloat16"), 0x3F80) == Parts(0, 127, 0)
    assert split(number_format("float4_e2m1fn"), 0b1011) == Parts(1, 1, 1)


@by_name("code", [-1, 16])
def test_a_code_without_bits_is_refused(code):
    with pytest.raises(ValueError, match="float4_e2m1fn, which has 4 bits: 0 to 15"):
        decode(number_format("float4_e2m1fn"), code)
    with pytest.raises(ValueError, match="float4_e2m1fn has 4 bits: 0 to 15"):
        decoded(np.array([code]), number_format("float4_e2m1fn"))


# Neighbors


@by_name("format", [f for f in NARROW if f.bits <= 8], ids=name_of)
@by_name("value", [0.0, -0.3, 1.0, 1.05, 5.9, -6.0, 1e9, -1e9, 2.0**-130])
def test_neighbors_are_the_next_values_of_the_format(format, value):
    finite = sorted({v for v in scalars(format).tolist() if math.isfinite(v)})
    below, above = neighbors(format, value, 3)
    assert below == [v for v in finite if v <= value][-3:]
    assert above == [v for v in finite if v > value][:3]


def test_neighbors_of_wide_formats_are_one_unit_apart():
    below, above = neighbors(number_format("float32"), 1.0)
    assert below == [1.0] and above == [1 + 2.0**-23]


def test_nan_has_no_neighbors():
    with pytest.raises(ValueError, match="NaN lies on no number line"):
        neighbors(number_format("float16"), math.nan)


# Stochastic rounding


@by_name("format", [f for f in ALL if f.name != "float32"], ids=name_of)
def test_stochastic_rounding_is_unbiased(format):
    rng, draws = np.random.default_rng(0), 40_000
    below, above = (side[0] for side in neighbors(format, 1.3))
    value = below + 0.3 * (above - below)
    found = rounded(np.full(draws, value, np.float32), format, rng)
    assert set(np.unique(found)) == {np.float32(below), np.float32(above)}
    deviation = (above - below) * math.sqrt(0.3 * 0.7 / draws)
    assert abs(found.mean(dtype=np.float64) - value) < 4 * deviation


@by_name("format", FLOATS, ids=name_of)
def test_stochastic_rounding_of_subnormal_and_negative_values_is_unbiased(format):
    rng, draws = np.random.default_rng(1), 40_000
    value = -format.min_subnormal * 2.25
    found = rounded(np.full(draws, value, np.float32), format, rng)
    steps = np.unique(found.astype(np.float64) / format.min_subnormal)
    assert steps.tolist() == ([-3, -2] if format.mantissa_bits > 1 else [-3, -2])
    deviation = format.min_subnormal * math.sqrt(0.25 * 0.75 / draws)
    assert abs(found.mean(dtype=np.float64) - value) < 4 * deviation


@by_name("format", [f for f in ALL if f.bits <= 19], ids=name_of)
def test_scalar_and_array_draw_alike(format):
    values = np.random.default_rng(2).normal(size=500).astype(np.float32) * 3
    values = np.abs(values) if format.family == "scale" else values
    one, all_at_once = np.random.default_rng(3), np.random.default_rng(3)
    expected = [encode(format, float(value), one) for value in values]
    np.testing.assert_array_equal(encoded(values, format, all_at_once), expected)


def test_values_of_the_format_are_never_moved():
    format = number_format("float8_e5m2")
    values = decoded(np.arange(256), format)
    values = values[np.isfinite(values)]
    found = rounded(values, format, np.random.default_rng(0))
    np.testing.assert_array_equal(found, values)


def test_what_lies_between_the_largest_value_and_the_next_power_may_overflow():
    format, rng = number_format("float8_e5m2"), np.random.default_rng(0)
    found = rounded(np.full(1000, 60000, np.float32), format, rng)
    assert set(np.unique(found)) == {np.float32(57344), np.inf}
    assert (rounded(np.full(99, 60000, np.float32), format, rng, saturates=True) == 57344).all()


def test_the_generator_decides():
    values = np.full(100, 1.05, np.float32)
    format = number_format("float8_e4m3fn")
    draws = [encoded(values, format, np.random.default_rng(seed)).tolist() for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]

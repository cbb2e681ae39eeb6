"""Number formats as data: the published figures, and what follows from the bits."""

import math
from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from trnlab.numerics.formats import FAMILIES, NUMBER_FORMATS, number_format

FLOATS = [format for format in NUMBER_FORMATS.values() if format.is_float]
OF_ML_DTYPES = [format for format in FLOATS if format.name != "tfloat32"]


@pytest.mark.parametrize(
    "name, bits, largest, normal, smallest",  # OCP OFP8 1.0 and MX 1.0, IEEE 754, AWS for 240
    [
        ("float32", 32, (2 - 2**-23) * 2.0**127, 2.0**-126, 2.0**-149),
        ("tfloat32", 19, (2 - 2**-10) * 2.0**127, 2.0**-126, 2.0**-136),
        ("bfloat16", 16, (2 - 2**-7) * 2.0**127, 2.0**-126, 2.0**-133),
        ("float16", 16, 65504, 2.0**-14, 2.0**-24),
        ("float8_e4m3", 8, 240, 2.0**-6, 2.0**-9),
        ("float8_e4m3fn", 8, 448, 2.0**-6, 2.0**-9),
        ("float8_e5m2", 8, 57344, 2.0**-14, 2.0**-16),
        ("float8_e3m4", 8, 15.5, 2.0**-2, 2.0**-6),
        ("float4_e2m1fn", 4, 6, 1, 0.5),
        ("float8_e8m0fnu", 8, 2.0**127, 2.0**-127, 2.0**-127),
        ("int8", 8, 127, 1, 1),
    ],
)
def test_bits_and_range_are_those_of_the_standards(name, bits, largest, normal, smallest):
    format = number_format(name)
    found = (format.bits, format.max_finite, format.min_normal, format.min_subnormal)
    assert found == (bits, largest, normal, smallest)


@pytest.mark.parametrize("format", OF_ML_DTYPES, ids=lambda format: format.name)
def test_range_and_spacing_are_those_of_ml_dtypes(format):
    info = ml_dtypes.finfo(format.storage)
    assert format.max_finite == float(info.max) and format.min_finite == float(info.min)
    assert format.min_normal == float(info.smallest_normal)
    assert format.min_subnormal == float(info.smallest_subnormal)
    assert format.spacing(1.0) == float(info.eps)
    assert format.bits == info.bits


def test_every_format_has_a_source_a_family_and_generations():
    for format in NUMBER_FORMATS.values():
        assert format.source and format.family in FAMILIES and format.label
        assert format.generations and set(format.generations) <= {"v2", "v3", "v4"}


def test_what_a_source_does_not_say_is_marked():
    assert [f.name for f in NUMBER_FORMATS.values() if f.assumed] == ["float8_e3m4"]


def test_specials():
    assert number_format("float8_e4m3fn").specials == ("+0", "-0", "NaN")
    assert number_format("float8_e5m2").specials == ("+0", "-0", "+inf", "-inf", "NaN")
    assert number_format("float4_e2m1fn").specials == ("+0", "-0")
    assert number_format("float8_e8m0fnu").specials == ("NaN",)
    assert number_format("int8").specials == ("0",)


def test_emax_is_that_of_the_mx_standard():
    names = ("float8_e4m3fn", "float8_e5m2", "float4_e2m1fn")
    assert [number_format(name).max_exponent for name in names] == [8, 15, 2]


@pytest.mark.parametrize(
    "name, value, spacing",
    [
        ("float8_e4m3fn", 1.9, 0.125),
        ("float8_e4m3fn", -2.0, 0.25),
        ("float8_e4m3fn", 0.0, 2.0**-9),
        ("float8_e4m3fn", 1e9, 32.0),
        ("float8_e8m0fnu", 5.0, 4.0),
        ("float8_e8m0fnu", 0.0, 2.0**-127),
        ("int8", 100.0, 1.0),
    ],
)
def test_spacing_belongs_to_the_binade(name, value, spacing):
    assert number_format(name).spacing(value) == spacing


def test_nan_has_no_spacing():
    assert math.isnan(number_format("float16").spacing(math.nan))


def test_a_format_without_nan_has_no_nan_code():
    with pytest.raises(ValueError, match="float4_e2m1fn has no NaN"):
        _ = number_format("float4_e2m1fn").nan_code


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="'float7' is not one of float32, tfloat32, bfloat16"):
        number_format("float7")


def test_range_follows_from_the_bits():
    wider = replace(number_format("float8_e4m3fn"), exponent_bits=5, bias=15)
    assert wider.max_finite == 1.75 * 2.0**16 and wider.min_normal == 2.0**-14
    assert np.isclose(wider.spacing(1.0), 0.125)

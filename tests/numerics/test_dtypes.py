"""dtypes by NKI's names: sizes, limits, and the values of every 8-bit code."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from trnlab.numerics import FORMATS, dtype_name, format_of, is_float, itemsize, storage


def test_every_dtype_has_the_size_that_nki_gives_it() -> None:
    assert {name: itemsize(name) for name in FORMATS} == {
        "float32": 4,
        "tfloat32": 4,
        "bfloat16": 2,
        "float16": 2,
        "float8_e4m3": 1,
        "float8_e4m3fn": 1,
        "float8_e5m2": 1,
        "float8_e8m0fnu": 1,
        "int8": 1,
        "int16": 2,
        "int32": 4,
        "uint8": 1,
        "uint16": 2,
        "uint32": 4,
        "bool": 1,
        "float8_e5m2_x4": 4,
        "float8_e4m3fn_x4": 4,
        "float4_e2m1fn_x4": 2,
    }


def test_the_two_e4m3_formats_end_at_240_and_448() -> None:
    assert format_of("float8_e4m3").max_finite == 240.0
    assert format_of("float8_e4m3fn").max_finite == 448.0
    assert format_of("float8_e5m2").max_finite == 57344.0
    assert format_of("bfloat16").max_finite == (2 - 2**-7) * 2.0**127
    assert format_of("int8").max_finite == 127.0
    assert format_of("uint32").max_finite == 2.0**32 - 1


def decoded(code: int, exponent_bits: int, mantissa_bits: int) -> float:
    """An IEEE-like 8-bit float, read by hand; the top exponent is not special here."""
    mantissa = code & (1 << mantissa_bits) - 1
    exponent = code >> mantissa_bits & (1 << exponent_bits) - 1
    sign = -1.0 if code & 0x80 else 1.0
    bias = (1 << exponent_bits - 1) - 1
    if exponent == 0:
        return sign * mantissa * 2.0 ** (1 - bias - mantissa_bits)
    return sign * (1 + mantissa / (1 << mantissa_bits)) * 2.0 ** (exponent - bias)


@pytest.mark.parametrize(
    "name, exponent_bits, mantissa_bits",
    [("float8_e4m3", 4, 3), ("float8_e4m3fn", 4, 3), ("float8_e5m2", 5, 2)],
)
def test_every_finite_code_of_the_fp8_formats_reads_as_its_bits_say(
    name: str, exponent_bits: int, mantissa_bits: int
) -> None:
    values = np.arange(256, dtype=np.uint8).view(storage(name)).astype(np.float64)
    finite = [code for code in range(256) if math.isfinite(values[code])]
    assert [values[code] for code in finite] == [
        decoded(code, exponent_bits, mantissa_bits) for code in finite
    ]
    assert len(finite) == {"float8_e4m3": 240, "float8_e4m3fn": 254, "float8_e5m2": 248}[name]


def test_scales_are_powers_of_two_and_nothing_else() -> None:
    values = np.arange(255, dtype=np.uint8).view(storage("float8_e8m0fnu")).astype(np.float64)
    assert values.tolist() == [2.0 ** (code - 127) for code in range(255)]


@pytest.mark.parametrize(
    "given, name",
    [
        (np.float32, "float32"),
        (np.dtype("int8"), "int8"),
        (ml_dtypes.bfloat16, "bfloat16"),
        (np.dtype(ml_dtypes.float8_e4m3fn), "float8_e4m3fn"),
        (np.bool_, "bool"),
        ("bool_", "bool"),
        ("float8e4", "float8_e4m3"),
        ("bf16", "bfloat16"),
    ],
)
def test_a_dtype_is_found_by_any_of_its_names(given: object, name: str) -> None:
    assert dtype_name(given) == name


def test_a_dtype_that_nki_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(ValueError, match="^dtype: 'float64' is not one of NKI's: float32, tflo"):
        dtype_name("float64")


def test_packed_types_are_no_floats() -> None:
    assert not is_float("float8_e4m3fn_x4")
    assert is_float("float8_e8m0fnu")

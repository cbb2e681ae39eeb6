"""Block-scaled numbers by themselves."""

import ml_dtypes
import numpy as np
import pytest

from trnlab.numerics import mx

FLOAT4 = ml_dtypes.float4_e2m1fn
DTYPES = list(mx.ELEMENTS)


def test_all_codes_of_float4():
    codes = np.arange(16, dtype=np.uint16)
    expected = codes.astype(np.uint8).view(FLOAT4).astype(np.float32)
    assert np.array_equal(mx.unpacked(codes, "float4_e2m1fn_x4")[:, 0], expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_packing_keeps_what_the_element_can_hold(dtype):
    element = mx.ELEMENTS[dtype].storage
    values = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(element).astype(np.float32)
    assert np.array_equal(mx.unpacked(mx.packed(values, dtype), dtype), values)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_first_element_lies_in_the_lowest_bits(dtype):
    items = mx.packed(np.array([[1.0, 0, 0, 0]], np.float32), dtype)
    assert 0 < int(items[0]) < 256


def test_scales_are_powers_of_two_and_255_is_nan():
    found = mx.scale_values(np.arange(256, dtype=np.uint8))
    expected = np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e8m0fnu).astype(np.float32)
    assert np.array_equal(found[:255], expected[:255]) and np.isnan(found[255])
    assert found[127] == 1 and found[0] == 2.0**-127


@pytest.mark.parametrize("dtype", DTYPES[:2])
@pytest.mark.parametrize("power", [-30, -1, 0, 5, 30])
def test_the_error_of_a_group_is_bounded_by_its_element_type(dtype, power):
    x = np.random.default_rng(0).normal(size=(64, 32)).astype(np.float32) * np.float32(2.0**power)
    items, scales = mx.quantize(x, dtype)
    error = np.abs(mx.dequantize(items, scales, dtype).reshape(x.shape) - x)
    mantissa = {"float8_e4m3fn_x4": 3, "float8_e5m2_x4": 2}[dtype]
    largest = np.repeat(np.abs(x).reshape(8, 8, 8, 4).max((1, 3)), 4, axis=1)
    assert (error <= np.repeat(largest, 8, axis=0) * 2.0 ** -(mantissa + 1)).all()


@pytest.mark.parametrize("dtype, limit", [("float8_e4m3fn_x4", 2**8), ("float8_e5m2_x4", 2**15)])
def test_with_the_documented_scale_values_end_at_the_start_of_the_top_binade(dtype, limit):
    x = np.full((8, 4), np.nextafter(np.float32(2), np.float32(0)), np.float32)
    items, _ = mx.quantize(x, dtype)
    assert mx.unpacked(items, dtype).max() == limit


def test_exponents_end_at_both_ends():
    tiny = np.full((8, 4), 2.0**-130, np.float32)
    assert mx.quantize(tiny, "float8_e4m3fn_x4")[1] == 0
    assert mx.dequantize(*mx.quantize(tiny, "float8_e4m3fn_x4"), "float8_e4m3fn_x4").max() > 0

"""Block-scaled numbers by themselves."""

import ml_dtypes
import numpy as np
import pytest

from tests.numerics.mx_oracle import (
    ALL_BFLOAT16,
    as_tile,
    companies,
    element_codes,
    round_trip_of_blocks,
)
from trnlab.numerics import mx
from trnlab.numerics.blocks import quantize_block
from trnlab.numerics.formats import NUMBER_FORMATS

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


# Against the oracle


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("company, offset", [("near", 0), ("near", 1), ("any", 1)])
def test_all_bfloat16_values_in_every_position_of_a_block(dtype, offset, company):
    """32 turns of 2,048 blocks: each value is once at each of the 32 positions."""
    name = mx.ELEMENTS[dtype].name
    blocks = companies()[company]
    assert np.array_equal(np.sort(blocks.view(np.uint32), axis=None), ALL_BFLOAT16.view(np.uint32))
    turned = np.concatenate([np.roll(blocks, turn, axis=1) for turn in range(32)])
    items, scales = mx.quantize(as_tile(turned), dtype, offset)
    codes, expected_scales = element_codes(turned, name, offset)
    assert np.array_equal(scales, as_tile(expected_scales[:, np.newaxis]))
    expected = mx.packed_codes(as_tile(codes.view(np.uint8)).reshape(*items.shape, 4), dtype)
    is_nan = np.repeat(scales == 255, 8, axis=0)
    assert np.array_equal(items[~is_nan], expected[~is_nan])
    values = mx.dequantize(items, scales, dtype)
    wanted = as_tile(round_trip_of_blocks(turned, name, offset)).reshape(values.shape)
    np.testing.assert_array_equal(values, wanted)
    assert np.isnan(values[is_nan]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("offset", [0, 1])
def test_a_tile_agrees_with_the_specification_of_a_block(dtype, offset):
    for blocks in companies().values():
        some = blocks[:: len(blocks) // 64]
        items, scales = mx.quantize(as_tile(some), dtype, offset)
        for i, block in enumerate(some):
            expected = quantize_block(block.tolist(), mx.ELEMENTS[dtype], offset)
            assert scales.reshape(-1)[i] == expected.scale
            if expected.scale != 255:
                one = mx.quantize(as_tile(block[np.newaxis]), dtype, offset)[0]
                codes = np.array(expected.codes, np.uint8).reshape(8, 1, 4)
                assert np.array_equal(one, mx.packed_codes(codes, dtype))
        assert items.shape[0] == scales.shape[0] * 8


@pytest.mark.parametrize("dtype, top", [(DTYPES[0], 8), (DTYPES[1], 15), (DTYPES[2], 2)])
def test_offset_zero_is_the_rule_of_awss_cpu_references(dtype, top):
    """The stored byte is the largest exponent field of the group less Emax; mx_cpu_utils.py."""
    x = np.random.default_rng(0).normal(size=(64, 128)).astype(np.float32)
    x *= np.repeat(np.exp2(np.linspace(-100, 120, 32)), 4).astype(np.float32)
    fields = (x.view(np.uint32) >> 23 & 255).reshape(8, 8, 32, 4).max(axis=(1, 3))
    assert np.array_equal(mx.quantize(x, dtype, 0)[1], fields - top)
    assert np.array_equal(mx.quantize(x, dtype, 1)[1], fields - top + 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_the_format_holds_survives(dtype):
    """Elements of the format times a scale, one of them in the top binade."""
    rng, element = np.random.default_rng(0), mx.ELEMENTS[dtype]
    codes = rng.integers(0, element.max_code + 1, (64, 32))
    codes[::8, ::4] = element.max_code
    values = mx.scale_values(np.uint8(120)) * mx.unpacked(
        mx.packed_codes(codes.astype(np.uint8).reshape(64, 8, 4), dtype), dtype
    ).reshape(64, 32)
    found = mx.dequantize(*mx.quantize(values, dtype, 0), dtype).reshape(64, 32)
    assert np.array_equal(found, values)


def test_interleaving_puts_rows_a_quarter_of_k_apart_beside_each_other():
    x = np.arange(512 * 3, dtype=np.float32).reshape(512, 3)
    tile = mx.interleaved(x).reshape(128, 3, 4)
    for p, column, j in ((0, 0, 0), (5, 2, 3), (127, 1, 1)):
        assert tile[p, column, j] == x[128 * j + p, column]
    assert np.array_equal(mx.separated(tile), x)


def test_shapes_that_are_not_made_of_groups_are_refused():
    with pytest.raises(ValueError, match=r"values \[12, 8\] are not made of groups of 8 x 4"):
        mx.quantize(np.zeros((12, 8), np.float32), DTYPES[0])
    with pytest.raises(ValueError, match="K = 6 is not a multiple of 4"):
        mx.interleaved(np.zeros((6, 2), np.float32))
    with pytest.raises(ValueError, match="'bfloat16' is not one of float8_e4m3fn_x4"):
        mx.quantize(np.zeros((8, 4), np.float32), "bfloat16")


def test_a_packed_type_is_named_after_its_elements():
    assert all(
        mx.ELEMENTS[f"{name}_x4"] is NUMBER_FORMATS[name]
        for name in (dtype.removesuffix("_x4") for dtype in DTYPES)
    )

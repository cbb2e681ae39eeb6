"""quantize_mx and nc_matmul_mx."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
from tests.isa.harness import cycles, normal, profile, run, tile
from tests.numerics.mx_oracle import companies, element_codes
from trnlab import KernelError
from trnlab.numerics import mx

BF16 = ml_dtypes.bfloat16
FN, E5 = "float8_e4m3fn_x4", "float8_e5m2_x4"


def quantized(dtype=FN, scale_dtype="uint8", scale_rows=None):
    def body(x):
        p, f = x.shape[0], x.size // x.shape[0]
        items = tile((p, f // 4), dtype)
        scales = tile((scale_rows or p, f // 4), scale_dtype)
        nisa.memset(scales, 0)
        nisa.quantize_mx(dst=items, src=x, dst_scale=scales)
        return items.view("uint32"), scales

    return body


def spread(scales, p):
    """Scales [P / 8, F] at their places in a tile of p partitions."""
    rows = np.zeros((p, scales.shape[1]), np.uint8)
    for q in range(p // 32):
        rows[32 * q : 32 * q + 4] = scales[4 * q : 4 * q + 4]
    return rows


@pytest.mark.parametrize("dtype", [FN, E5])
@pytest.mark.parametrize("p", [32, 64, 96, 128])
@pytest.mark.parametrize("source", [BF16, np.float16])
def test_quantization_by_hand(dtype, p, source):
    x = (normal(p, 16) * 3).astype(source)
    element, top = mx.ELEMENTS[dtype].storage, mx.ELEMENTS[dtype].max_exponent
    items, scales = run(quantized(dtype), x)
    for group in range(p // 8):
        for column in range(4):
            block = x[8 * group : 8 * group + 8, 4 * column : 4 * column + 4].astype(np.float32)
            exponent = int(np.floor(np.log2(np.abs(block).max()))) - (top - 1)
            row = 32 * (group // 4) + group % 4
            assert scales[row, column] == exponent + 127
            codes = items[8 * group : 8 * group + 8, column : column + 1].copy().view(np.uint8)
            expected = (block / np.float32(2.0**exponent)).astype(element).view(np.uint8)
            assert np.array_equal(codes, expected)


@pytest.mark.parametrize("dtype", [FN, E5])
@pytest.mark.parametrize("company", companies())
def test_all_bfloat16_values_bit_for_bit(dtype, company):
    """16 groups of 8 partitions, 4 neighbors each; against an oracle that shares no code."""
    blocks = companies()[company]
    codes, expected = element_codes(blocks, mx.ELEMENTS[dtype].name, 1)
    grouped = blocks.reshape(16, 128, 8, 4).transpose(0, 2, 1, 3).reshape(128, 512)
    with np.errstate(invalid="ignore"):  # signaling NaN among the values
        values = grouped.astype(BF16)
    items, scales = run(quantized(dtype), values)
    assert np.array_equal(scales, spread(expected.reshape(16, 128), 128))
    is_nan = np.repeat(expected.reshape(16, 128) == 255, 8, axis=0)
    codes = codes.view(np.uint8).reshape(16, 128, 8, 4).transpose(0, 2, 1, 3).copy()
    packed = codes.view(np.uint32).reshape(128, 128)
    assert np.array_equal(items[~is_nan], packed[~is_nan]) and 0 < is_nan.sum() < is_nan.size


def test_only_four_partitions_of_a_quadrant_hold_scales():
    scales = run(quantized(), np.ones((128, 8), BF16))[1]
    rows = np.flatnonzero(scales.any(axis=1))
    assert rows.tolist() == [q + i for q in (0, 32, 64, 96) for i in range(4)]


def test_scales_of_32_partitions_fit_a_tile_of_four():
    assert run(quantized(scale_rows=4), np.ones((32, 8), BF16))[1].tolist() == [[120, 120]] * 4


def test_a_group_of_zeros_has_the_smallest_scale():
    items, scales = run(quantized(), np.zeros((32, 4), BF16))
    assert (items == 0).all() and (scales == 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_group_with_nan_or_infinity_decodes_to_nan(value):
    x = np.ones((32, 8), BF16)
    x[9, 2] = value
    items, scales = run(quantized(), x)
    assert scales[1, 0] == 255 and (np.delete(scales[:4].reshape(-1), 2) != 255).all()
    decoded = mx.dequantize(items, scales[:4], FN)
    assert np.isnan(decoded[8:16, 0]).all()
    assert np.isfinite(np.delete(decoded, range(8, 16), axis=0)).all()


def test_the_exponent_offset_is_a_parameter_of_the_numbers():
    x = np.full((8, 4), 1.9, np.float32)
    assert mx.quantize(x, FN, exponent_offset=1)[1] == 127 - 7
    items, scales = mx.quantize(x, FN, exponent_offset=0)
    assert scales == 127 - 8  # OCP's sample
    assert mx.dequantize(items, scales, FN).max() == 448 * 2.0**-8  # saturates


SCALE = "core.vector.quantize_mx_scale_over_ocp"


@pytest.mark.parametrize("factor, offset", [(1.0, 0), (2.0, 1)])
def test_the_rule_of_the_scale_is_a_number_of_the_chip(factor, offset):
    x = normal(32, 16).astype(BF16)
    items, scales = run(quantized(), x, chip=trnlab.spec.TRN3.with_({SCALE: factor}))
    expected = mx.quantize(x.astype(np.float32), FN, offset)
    assert np.array_equal(items, expected[0]) and np.array_equal(scales[:4], expected[1])


def test_the_chip_has_the_documented_rule_and_names_the_other():
    fact = trnlab.spec.TRN3.fact(SCALE)
    assert (fact.value, fact.status) == (2.0, "published")
    assert [reading.value for reading in fact.conflicts] == [1.0]


def test_a_scale_that_is_no_power_of_two_is_refused():
    with pytest.raises(KernelError, match="quantize_mx: scales 3.0 times OCP's; .* to 1 or 2"):
        run(quantized(), np.ones((32, 8), BF16), chip=trnlab.spec.TRN3.with_({SCALE: 3.0}))


def test_scales_may_be_e8m0():
    x = normal(32, 8).astype(BF16)
    as_bytes, as_e8m0 = run(quantized(), x)[1], run(quantized(scale_dtype="float8_e8m0fnu"), x)[1]
    assert np.array_equal(as_e8m0.view(np.uint8)[:4], as_bytes[:4])


@pytest.mark.parametrize(
    "shape, dtype, message",
    [
        ((48, 8), BF16, "src has 48 partitions, allowed are 32, 64, 96 and 128"),
        ((32, 6), BF16, "src has 6 elements per partition, it needs a multiple of 4"),
        ((32, 8), np.float32, "src is float32, allowed is bfloat16 or float16"),
    ],
)
def test_quantize_mx_refuses(shape, dtype, message):
    with pytest.raises(KernelError, match=message):
        run(quantized(), np.ones(shape, dtype))


def test_quantize_mx_refuses_fp4_and_small_scale_tiles():
    with pytest.raises(KernelError, match="dst is float4_e2m1fn_x4, allowed is float8_e4m3fn_x4"):
        run(quantized("float4_e2m1fn_x4"), np.ones((32, 8), BF16))
    with pytest.raises(KernelError, match=r"dst_scale \[16, 2\] should be \[100 or more, 2\]"):
        run(quantized(scale_rows=16), np.ones((128, 8), BF16))


def test_mx_exists_from_neuroncore_v4_on():
    with pytest.raises(KernelError, match="quantize_mx: exists from NeuronCore-v4"):
        run(quantized(), np.ones((32, 8), BF16), chip="trn2")


def multiplied(a_dtype, b_dtype, dst="float32", offset=0, calls=1):
    """Products of packed operands; their scales share one tile if offset is not 0."""

    def body(a, sa, b, sb):
        left, right = a.view(a_dtype), b.view(b_dtype)
        out = tile((left.shape[1], right.shape[1]), dst, "psum")
        for _ in range(calls):
            nisa.nc_matmul_mx(out, left, right, sa[offset:], sb[offset:])
        return out

    return body


def codes(dtype, p, f, seed):
    """Random packed items without NaN, and scales."""
    rng = np.random.default_rng(seed)
    if dtype == "float4_e2m1fn_x4":
        items = rng.integers(0, 2**16, (p, f)).astype(np.uint16)
    else:
        values = rng.normal(size=(p, f, 4)).astype(np.float32)
        items = mx.packed(values, dtype)
    return items, rng.integers(120, 134, (p // 8, f)).astype(np.uint8)


@pytest.mark.parametrize(
    "dtypes",
    [
        (FN, FN),
        (E5, E5),
        (FN, E5),
        ("float4_e2m1fn_x4", FN),
        ("float4_e2m1fn_x4", "float4_e2m1fn_x4"),
    ],
)
@pytest.mark.parametrize("p", [32, 128])
def test_products_of_packed_operands(dtypes, p):
    (a, sa), (b, sb) = codes(dtypes[0], p, 8, 0), codes(dtypes[1], p, 10, 1)
    left, right = mx.dequantize(a, sa, dtypes[0]), mx.dequantize(b, sb, dtypes[1])
    expected = np.einsum("pmj,pnj->mn", left.astype(np.float64), right.astype(np.float64))
    found = run(multiplied(*dtypes), a, spread(sa, p), b, spread(sb, p))
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_products_accumulate_and_round_to_bf16():
    (a, sa), (b, sb) = codes(FN, 32, 4, 0), codes(FN, 32, 4, 1)
    operands = (a, spread(sa, 32), b, spread(sb, 32))
    once, twice = run(multiplied(FN, FN), *operands), run(multiplied(FN, FN, calls=2), *operands)
    assert np.allclose(twice, 2 * once, rtol=1e-6)
    assert np.array_equal(run(multiplied(FN, FN, "bfloat16"), *operands), once.astype(BF16))


@pytest.mark.parametrize("offset", [4, 8, 12])
def test_scales_may_start_at_four_offsets_of_a_quadrant(offset):
    (a, sa), (b, sb) = codes(FN, 128, 4, 0), codes(FN, 128, 6, 1)

    def shifted(scales):
        return np.roll(spread(scales, 128), offset, axis=0)

    plain = run(multiplied(FN, FN), a, spread(sa, 128), b, spread(sb, 128))
    found = run(multiplied(FN, FN, offset=offset), a, shifted(sa), b, shifted(sb))
    assert np.array_equal(found, plain)


@pytest.mark.parametrize("rewrites", ["data", "scales"])
def test_a_product_sees_what_was_written_after_the_last_one(rewrites):
    (a, sa), (b, sb) = codes(FN, 32, 4, 0), codes(FN, 32, 4, 1)
    other, other_scales = codes(FN, 32, 4, 2)

    def body(a, sa, b, sb, new):
        outs = [tile((4, 4), "float32", "psum") for _ in range(2)]
        nisa.nc_matmul_mx(outs[0], a.view(FN), b.view(FN), sa, sb)
        nisa.tensor_copy(dst=a if rewrites == "data" else sa, src=new)
        nisa.nc_matmul_mx(outs[1], a.view(FN), b.view(FN), sa, sb)
        return tuple(outs)

    new = other if rewrites == "data" else spread(other_scales, 32)
    _, found = run(body, a, spread(sa, 32), b, spread(sb, 32), new)
    fresh = (other, sa) if rewrites == "data" else (a, other_scales)
    left, right = mx.dequantize(*fresh, FN), mx.dequantize(b, sb, FN)
    expected = np.einsum("pmj,pnj->mn", left.astype(np.float64), right.astype(np.float64))
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_two_operands_quantized_into_one_scale_tile():
    def body(x, y):
        scales = tile((128, 4), "uint8")
        first, second = tile((128, 4), FN), tile((128, 4), FN)
        out = tile((4, 4), "float32", "psum")
        nisa.memset(scales, 0)
        nisa.quantize_mx(first, x, scales)
        nisa.quantize_mx(second, y, scales[4:])
        nisa.nc_matmul_mx(out, first, second, scales, scales[4:])
        return out

    x, y = normal(128, 16).astype(BF16), normal(128, 16, seed=1).astype(BF16)
    left, right = x.astype(np.float32).reshape(128, 4, 4), y.astype(np.float32).reshape(128, 4, 4)
    exact = np.einsum("pmj,pnj->mn", left, right)
    assert np.abs(run(body, x, y) - exact).max() < 0.05 * np.abs(exact).max() + 1


@pytest.mark.parametrize(
    "p, f, offset, message",
    [
        (32, 7, 0, "M even"),
        (48, 4, 0, "stationary has 48 partitions"),
        (64, 4, 2, "stationary_scale starts at partition 2; within a quadrant"),
    ],
)
def test_nc_matmul_mx_refuses(p, f, offset, message):
    items, scales = np.zeros((p, f), np.uint32), np.zeros((p, f), np.uint8)
    with pytest.raises(KernelError, match=message):
        run(multiplied(FN, FN, offset=offset), items, scales, items, scales)


def test_nc_matmul_mx_multiplies_packed_types_only():
    items, scales = np.zeros((32, 4), np.uint32), np.zeros((32, 4), np.uint8)
    with pytest.raises(KernelError, match="stationary is uint32, allowed is float8_e4m3fn_x4 or"):
        run(multiplied("uint32", FN), items, scales, items, scales)


def test_four_times_the_work_in_the_time_of_one():
    (a, sa), (b, sb) = codes(FN, 128, 128, 0), codes(FN, 128, 512, 1)
    ran = profile(multiplied(FN, FN), a, spread(sa, 128), b, spread(sb, 128))
    assert ran.flops == 2 * 512 * 128 * 512
    assert cycles(ran, "nc_matmul_mx") == pytest.approx(512, rel=0.02)

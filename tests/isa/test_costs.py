"""Cycles of each instruction against the documented formulas, in the engine's own clock."""

import ml_dtypes
import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import cost, cycles, in_psum, like, normal, profile, tile

N = 600
X, V = normal(8, N), normal(8, 1)
BF16 = X.astype(ml_dtypes.bfloat16)
CMD = nisa.reduce_cmd


def of(name, body, *arrays, chip="trn3"):
    return cycles(profile(body, *arrays, chip=chip), name)


def out_of(call):
    """A body that gives the call a fresh dst of its first tile's shape, and keeps it."""

    def body(*tiles):
        out = like(tiles[0])
        call(out, *tiles)
        return out

    return body


def result_of(call, shape, dtype="float32"):
    def body(*tiles):
        out = tile(shape, dtype)
        call(out, *tiles)
        return out

    return body


def copy(out, x):
    nisa.tensor_copy(out, x)


def test_one_input_takes_a_cycle_for_an_element():
    ints = X.astype(np.int32)
    assert of("tensor_copy", out_of(copy), X, chip="trn1") == pytest.approx(N)
    assert of("tensor_copy", out_of(copy), ints[:, :8].copy(), chip="trn1") == pytest.approx(8)


def test_fast_modes_of_16_bit_tiles():
    assert of("tensor_copy", out_of(copy), BF16) == pytest.approx(N / 4)

    def from_psum(x):
        source = in_psum(x)
        out = like(x)
        nisa.tensor_scalar(out, source, nl.add, 1.0)
        return out

    assert of("tensor_scalar", from_psum, BF16) == pytest.approx(N / 2)
    assert of("tensor_copy", out_of(copy), BF16, chip="trn1") == pytest.approx(N)


def test_two_inputs_take_two_cycles_unless_one_is_in_psum_or_all_are_narrow():
    def both(out, x, y):
        nisa.tensor_tensor(out, x, y, nl.add)

    assert of("tensor_tensor", out_of(both), X, X) == pytest.approx(2 * N)
    assert of("tensor_tensor", out_of(both), BF16, BF16) == pytest.approx(N)

    def one_in_psum(x):
        out = like(x)
        nisa.tensor_tensor(out, x, in_psum(x), nl.add)
        return out

    assert of("tensor_tensor", one_in_psum, normal(8, 500)) == pytest.approx(500)


FORMULAS = {
    "reciprocal": (out_of(lambda o, x: nisa.reciprocal(o, x)), 8 * N),
    "activation": (out_of(lambda o, x: nisa.activation(o, nl.exp, x, bias=1.0, scale=2.0)), N),
    "exponential": (out_of(lambda o, x: nisa.exponential(o, x)), N / 4),
    "tensor_reduce": (result_of(lambda o, x: nisa.tensor_reduce(o, nl.add, x, 1), (8, 1)), N),
    "max8": (result_of(lambda o, x: nisa.max8(o, x), (8, 8)), N),
    "nc_find_index8": (
        result_of(lambda o, x: nisa.nc_find_index8(o, x, x[:, :8]), (8, 8), "uint32"), N
    ),
    "nc_match_replace8": (out_of(lambda o, x: nisa.nc_match_replace8(o, x, x[:, :8], 0.0)), N),
    "tensor_tensor_scan": (
        out_of(lambda o, x: nisa.tensor_tensor_scan(o, x, x, 0.0, nl.multiply, nl.add)), 2 * N
    ),
    "scalar_tensor_tensor": (
        out_of(lambda o, x: nisa.scalar_tensor_tensor(o, x, nl.add, 1.0, nl.add, x)), 2 * N
    ),
    "dropout": (out_of(lambda o, x: nisa.dropout(o, x, 0.5)), N),
    "iota": (result_of(lambda o, x: nisa.iota(o, [[1, N]]), (8, N), "int32"), 150 + N),
    "affine_select": (
        out_of(lambda o, x: nisa.affine_select(o, [[1, N]], 0, x, 0.0)), 150 + N
    ),
    "topk": (None, 4 * 42 + 8),
    "bn_stats": (result_of(lambda o, x: nisa.bn_stats(o, x[:, :512]), (8, 6)), 512),
    "bn_aggr": (result_of(lambda o, x: nisa.bn_aggr(o, x), (8, 2)), 13 * N / 3),
    "rand2": (out_of(lambda o, x: nisa.rand2(o, 0.0, 1.0)), N / 4),
    "rng": (result_of(lambda o, x: nisa.rng(o), (8, N), "uint32"), N),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in FORMULAS if FORMULAS[name][0]])
def test_documented_formulas(name):
    body, expected = FORMULAS[name]
    assert of(name, body, X) == pytest.approx(expected)


def test_topk_prints_its_own_formula():
    def body(x):
        values, at = tile((16, 8), "bfloat16"), tile((16, 8), "uint32")
        nisa.topk(values, at, x, 42)
        return values

    x = normal(16, 3).astype(ml_dtypes.bfloat16)
    assert of("topk", body, x) == pytest.approx(FORMULAS["topk"][1])


def test_reading_accumulators_is_an_instruction_of_64_cycles():
    def summed(x):
        out, result = like(x), tile((8, 1), "float32")
        nisa.activation_reduce(out, nl.exp, x, nl.add, result)
        nisa.tensor_scalar_reduce(out, x, nl.add, 0.0, nl.add, result)
        return result

    ran = profile(summed, X)
    assert len(cost(ran, "activation_reduce")) == len(cost(ran, "tensor_scalar_reduce")) == 2
    for name, clock_hz in (("activation_reduce", 1.2e9), ("tensor_scalar_reduce", 1.2e9)):
        assert cost(ran, name)[1].busy_s * clock_hz == pytest.approx(64)

    def kept(x):
        out = like(x)
        nisa.activation(out, nl.exp, x, reduce_cmd=CMD.reset_reduce)
        return out

    assert of("activation", kept, X) == pytest.approx(N)


def test_sums_of_bf16_halve_and_other_reductions_do_not():
    def reduced(op):
        return result_of(lambda o, x: nisa.tensor_reduce(o, op, x, 1), (8, 1), "bfloat16")

    assert of("tensor_reduce", reduced(nl.add), BF16) == pytest.approx(N / 2)
    assert of("tensor_reduce", reduced(nl.minimum), BF16) == pytest.approx(N)


def test_clearing_16_bit_floats_halves():
    def cleared(value, dtype):
        return result_of(lambda o, x: nisa.memset(o, value), (8, N), dtype)

    assert of("memset", cleared(0, "bfloat16"), X) == pytest.approx(N / 2)
    assert of("memset", cleared(1, "bfloat16"), X) == pytest.approx(N)
    assert of("memset", cleared(0, "float32"), X) == pytest.approx(N)


@pytest.mark.parametrize("op0, op1, expected", [
    (nl.subtract, nl.multiply, N), (nl.add, nl.multiply, 2 * N)
])  # fmt: skip
def test_the_fast_case_of_scalar_tensor_tensor(op0, op1, expected):
    body = out_of(lambda o, x: nisa.scalar_tensor_tensor(o, x, op0, 1.0, op1, x))
    assert of("scalar_tensor_tensor", body, BF16) == pytest.approx(expected)


def test_predicated_copies_and_selections():
    p = np.ones((8, N), np.uint8)
    body = out_of(lambda o, x, p: nisa.select_reduce(o, p, x, 0.0))
    assert of("select_reduce", body, X, p) == pytest.approx(2 * N)

    def copied(x, p):
        nisa.tensor_copy_predicated(x, x, p)
        return x

    assert of("tensor_copy_predicated", copied, X, p) == pytest.approx(2 * N)


def test_quantization_takes_a_cycle_for_four():
    def body(x):
        items, scales = tile((32, N // 4), "float8_e5m2_x4"), tile((32, N // 4), "uint8")
        nisa.memset(scales, 0)
        nisa.quantize_mx(items, x, scales)
        return scales

    x = normal(32, N).astype(ml_dtypes.bfloat16)
    assert of("quantize_mx", body, x) == pytest.approx(N / 4)


def test_float32_products_take_four_times_as_long():
    def body(a, b):
        out = tile((128, 512), "float32", "psum")
        nisa.nc_matmul(out, a, b)
        return out

    a, b = normal(128, 128), normal(128, 512)
    narrow = of("nc_matmul", body, *(x.astype(ml_dtypes.bfloat16) for x in (a, b)))
    assert narrow == pytest.approx(512, rel=0.02)
    assert of("nc_matmul", body, a, b) == pytest.approx(4 * narrow)

"""Copies, memset and element-wise arithmetic: values, limits, engines and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, refusal, small_integers, stored, written
from trnlab import nki, spec

BF16 = ml_dtypes.bfloat16
RNG = np.random.default_rng(0)
REALS = RNG.uniform(0.5, 4.0, (2, 64, 24)).astype(np.float32)
BITS = RNG.integers(0, 2**31, (2, 64, 24)).astype(np.int32)


def of_two(op: Any) -> Callable[..., Any]:
    def kernel(a, b):
        x, y = loaded(a), loaded(b)
        nisa.tensor_tensor(out := nl.ndarray(x.shape, x.dtype), x, y, op)
        return stored(out)

    return kernel


@pytest.mark.parametrize(
    "name, oracle",
    [
        ("add", np.add),
        ("subtract", np.subtract),
        ("multiply", np.multiply),
        ("divide", np.divide),
        ("maximum", np.maximum),
        ("minimum", np.minimum),
        ("power", np.power),
        ("mod", np.mod),
        ("abs_max", lambda x, y: np.maximum(abs(x), abs(y))),
        ("abs_min", lambda x, y: np.minimum(abs(x), abs(y))),
        ("equal", np.equal),
        ("not_equal", np.not_equal),
        ("greater", np.greater),
        ("greater_equal", np.greater_equal),
        ("less", np.less),
        ("less_equal", np.less_equal),
        ("logical_and", np.logical_and),
        ("logical_or", np.logical_or),
        ("logical_xor", np.logical_xor),
    ],
)
def test_arithmetic_of_two_tiles_is_numpys_in_float32(name: str, oracle: Any) -> None:
    a, b = REALS
    b = np.where(b > 3, a, b)  # some are equal
    expected = oracle(a, b).astype(np.float32)
    np.testing.assert_array_equal(nki.simulate(of_two(getattr(nl, name)))(a, b), expected)


@pytest.mark.parametrize("op", [np.add, np.maximum, max, nl.add])
def test_an_operator_may_be_numpys_or_nls(op: Any) -> None:
    a, b = REALS
    nki.simulate(of_two(op))(a, b)


@pytest.mark.parametrize(
    "name, oracle",
    [
        ("bitwise_and", np.bitwise_and),
        ("bitwise_or", np.bitwise_or),
        ("bitwise_xor", np.bitwise_xor),
        ("left_shift", np.left_shift),
        ("right_shift", lambda x, y: (x.view("u4") >> y.view("u4")).view("i4")),
    ],
)
def test_bit_operators_work_on_raw_integers(name: str, oracle: Any) -> None:
    a, b = BITS - 2**30, BITS % 13
    np.testing.assert_array_equal(
        nki.simulate(of_two(getattr(nl, name)))(a[0], b[1]), oracle(a[0], b[1])
    )


def test_32_bit_integers_add_exactly_on_gpsimd() -> None:
    a = np.full((32, 4), 2**24 + 1, np.int32)
    prof = trnlab.profile(of_two(nl.add), a, a)
    assert (prof.output == 2**25 + 2).all()
    assert prof.trace.call(2).engine == "gpsimd"


def test_bfloat16_arithmetic_is_float32_inside_and_rounded_once() -> None:
    def kernel(a, b):
        x, y = loaded(a), loaded(b)
        nisa.tensor_scalar(
            out := nl.ndarray(x.shape, x.dtype), x, nl.multiply, 3.0, op1=nl.add, operand1=2.0**-9
        )
        nisa.tensor_tensor(out, out, y, nl.add)
        return stored(out)

    a, b = REALS.astype(BF16)
    x = (a.astype(np.float32) * np.float32(3.0) + np.float32(2.0**-9)).astype(BF16)
    expected = (x.astype(np.float32) + b.astype(np.float32)).astype(BF16)
    np.testing.assert_array_equal(nki.simulate(kernel)(a, b).astype("f4"), expected.astype("f4"))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("with_tile", [False, True])
def test_tensor_scalar_takes_constants_and_vectors_on_either_side(
    reverse: bool, with_tile: bool
) -> None:
    def kernel(a, v):
        x, vector = loaded(a), loaded(v)
        nisa.tensor_scalar(
            out := nl.ndarray(x.shape, x.dtype),
            x,
            nl.subtract,
            vector if with_tile else 1.5,
            reverse0=reverse,
            op1=nl.multiply,
            operand1=vector,
        )
        return stored(out)

    a, v = REALS[0], REALS[1][:, :1].copy()
    first = v if with_tile else np.float32(1.5)
    expected = ((first - a) if reverse else (a - first)) * v
    np.testing.assert_array_equal(nki.simulate(kernel)(a, v), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_a_vector_broadcasts_over_every_free_dimension(dtype: Any) -> None:
    op = nl.add if dtype == np.float32 else nl.bitwise_xor

    def kernel(a, v):
        x, vector = loaded(a), loaded(v)
        nisa.tensor_scalar(out := nl.ndarray(x.shape, x.dtype), x, op, vector)
        return stored(out)

    a = np.arange(4 * 4 * 6).reshape(4, 4, 6).astype(dtype)
    v = np.array([[1], [2], [4], [8]], dtype)
    wide = v.reshape(4, 1, 1)
    expected = a + wide if dtype == np.float32 else a ^ wide
    np.testing.assert_array_equal(nki.simulate(kernel)(a, v), expected)


@pytest.mark.parametrize("name", ["abs", "square", "relu", "reciprocal"])
def test_unary_operators_need_no_operand(name: str) -> None:
    def kernel(a):
        x = loaded(a)
        nisa.tensor_scalar(out := nl.ndarray(x.shape, x.dtype), x, getattr(nl, name), None)
        return stored(out)

    a = REALS[0] - 2
    oracle = {
        "abs": abs,
        "square": np.square,
        "relu": lambda x: np.maximum(x, 0),
        "reciprocal": lambda x: 1 / x,
    }[name]
    np.testing.assert_array_equal(nki.simulate(kernel)(a), oracle(a))


def test_a_copy_casts_through_float32_and_is_bit_exact_without_a_cast() -> None:
    def kernel(a):
        x = loaded(a)
        nisa.tensor_copy(small := nl.ndarray(x.shape, nl.int8), x)
        nisa.tensor_copy(same := nl.ndarray(x.shape, x.dtype), x)
        return stored(small), stored(same)

    a = np.array([[1.5, 2.5, -200.0, 7.0], [np.nan, np.inf, -0.0, 0.5]], np.float32)
    small, same = nki.simulate(kernel)(a)
    assert small.tolist() == [[2, 2, -128, 7], [0, 127, 0, 0]]
    np.testing.assert_array_equal(same.view(np.uint32), a.view(np.uint32))


def test_shapes_may_differ_if_the_counts_per_partition_agree() -> None:
    def kernel(a):
        x = loaded(a)
        nisa.tensor_copy(out := nl.ndarray((64, 4, 6), x.dtype), x)
        nisa.tensor_tensor(out, out, x, nl.add)
        return stored(out)

    np.testing.assert_array_equal(nki.simulate(kernel)(REALS[0]), 2 * REALS[0].reshape(64, 4, 6))


def test_memset_fills_what_it_is_given_and_nothing_else() -> None:
    def kernel():
        tile = written((64, 8), "bfloat16")
        nisa.memset(tile[32:64, 1:8:3], 2.5)
        return stored(tile)

    expected = np.zeros((64, 8), np.float32)
    expected[32:64, 1:8:3] = 2.5
    np.testing.assert_array_equal(nki.simulate(kernel)().astype(np.float32), expected)


@pytest.mark.parametrize(
    "dtype, value, kept", [("int8", 300, 127), ("uint8", -1, 0), ("int32", 7, 7), ("int8", 2.5, 2)]
)
def test_memset_saturates_and_rounds_as_every_write_does(
    dtype: str, value: float, kept: int
) -> None:
    def kernel():
        nisa.memset(tile := nl.ndarray((4, 4), dtype), value)
        return stored(tile)

    assert (nki.simulate(kernel)() == kept).all()


def test_a_small_transpose_runs_on_the_vector_engine() -> None:
    def kernel(a):
        x = loaded(a)
        nisa.nc_transpose(out := nl.ndarray((24, 32), x.dtype), x, engine=nisa.engine.vector)
        return stored(out)

    a = REALS[0][:32]
    prof = trnlab.profile(kernel, a)
    np.testing.assert_array_equal(prof.output, a.T)
    assert prof.trace.call(1).engine == "vector"


# Limits


def one_call(call: Callable[[Callable[..., Any]], Any]) -> Callable[[], Any]:
    """A kernel of one call on tiles that `written` makes."""
    return lambda: call(written)


ONE = {
    "partitions": (
        one_call(lambda t: nisa.tensor_copy(t((64, 8))[8:40], t((32, 8)))),
        "tensor_copy: dst uses 32 partitions from partition 8; "
        "32 partitions may start at 0, 32, 64, 96 only",
    ),
    "64 partitions": (
        one_call(lambda t: nisa.memset(t((128, 8))[32:96], 0)),
        "memset: dst uses 64 partitions from partition 32; 64 partitions may start at 0, 64 only",
    ),
    "65 partitions": (
        one_call(lambda t: nisa.memset(t((128, 8))[32:97], 0)),
        "memset: dst uses 65 partitions from partition 32; 65 partitions may start at 0 only",
    ),
    "count": (
        one_call(lambda t: nisa.tensor_copy(t((64, 8)), t((64, 9)))),
        "tensor_copy: dst [64, 8] and src [64, 9] differ in partitions or in elements per "
        "partition; slice both to the same tile",
    ),
    "both in PSUM": (
        one_call(
            lambda t: nisa.tensor_tensor(
                t((64, 8)), t((64, 8), buffer=nl.psum), t((64, 8), buffer=nl.psum), nl.add
            )
        ),
        "tensor_tensor: both inputs are in PSUM, at most one may be; "
        "copy one to SBUF with nisa.tensor_copy first",
    ),
    "GpSimd and PSUM": (
        one_call(lambda t: nisa.memset(t((64, 8), buffer=nl.psum), 0, engine=nisa.engine.gpsimd)),
        "memset: GpSimd reaches SBUF only; run it on the Vector engine, or copy to SBUF first",
    ),
    "bits of floats": (
        one_call(lambda t: nisa.tensor_tensor(t((64, 8)), t((64, 8)), t((64, 8)), nl.bitwise_and)),
        "tensor_tensor: bitwise_and works on integers, got float32 and float32; "
        "use integer tiles on both sides",
    ),
    "families": (
        one_call(
            lambda t: nisa.tensor_scalar(
                t((64, 8), "int32"), t((64, 8), "int32"), nl.bitwise_and, 3, op1=nl.add, operand1=1
            )
        ),
        "tensor_scalar: op0 bitwise_and and op1 add are of different families; "
        "both must be arithmetic or both bitwise",
    ),
    "vector shape": (
        one_call(lambda t: nisa.tensor_scalar(t((64, 8)), t((64, 8)), nl.add, t((64, 2)))),
        "tensor_scalar: operand [64, 2] should be a constant or [64, 1]: one value per partition",
    ),
    "vector in HBM": (
        one_call(lambda t: nisa.tensor_scalar(t((64, 8)), t((64, 8)), nl.add, stored(t((64, 1))))),
        "tensor_scalar: operand is in HBM, allowed is SBUF or PSUM; "
        "bring it there with nisa.dma_copy first",
    ),
    "no operand": (
        one_call(lambda t: nisa.tensor_scalar(t((64, 8)), t((64, 8)), nl.add, None)),
        "tensor_scalar: add needs an operand; give it a constant or a (P, 1) tile",
    ),
    "array operand": (
        one_call(lambda t: nisa.tensor_scalar(t((64, 8)), t((64, 8)), nl.add, np.ones(8))),
        "tensor_scalar: an operand is of type ndarray; give it a constant or a (P, 1) tile",
    ),
    "engine": (
        one_call(
            lambda t: nisa.tensor_tensor(
                t((64, 8)), t((64, 8)), t((64, 8)), nl.add, engine=nisa.engine.scalar
            )
        ),
        "tensor_tensor: runs on vector, gpsimd of NeuronCore-v4, not on scalar",
    ),
    "unary": (
        one_call(lambda t: nisa.tensor_tensor(t((64, 8)), t((64, 8)), t((64, 8)), nl.abs)),
        "tensor_tensor: abs takes one input; use nisa.tensor_scalar or nisa.activation",
    ),
    "engine by name": (
        one_call(lambda t: nisa.tensor_copy(t((64, 8)), t((64, 8)), engine="vector")),
        "engine 'vector' is none of nisa.engine.tensor, nisa.engine.vector, nisa.engine.scalar, "
        "nisa.engine.gpsimd, nisa.engine.dma, nisa.engine.sync, nisa.engine.unknown",
    ),
    "transpose engine": (
        one_call(lambda t: nisa.nc_transpose(t((32, 32)), t((32, 32)), engine=nisa.engine.gpsimd)),
        "nc_transpose: runs on tensor or vector, not on gpsimd",
    ),
    "transpose partitions": (
        one_call(
            lambda t: nisa.nc_transpose(t((64, 32))[16:48], t((32, 32)), engine=nisa.engine.vector)
        ),
        "nc_transpose: dst uses 32 partitions from partition 16; "
        "32 partitions may start at 0, 32, 64, 96 only",
    ),
    "packed": (
        one_call(lambda t: nisa.memset(t((64, 8), "float8_e4m3fn_x4"), 1)),
        "memset: float8_e4m3fn_x4 can be set to 0 only",
    ),
    "vector transpose": (
        one_call(lambda t: nisa.nc_transpose(t((64, 32)), t((32, 64)), engine=nisa.engine.vector)),
        "nc_transpose: data [32, 64] exceeds [32, 32] on the Vector engine; "
        "use the Tensor engine for larger tiles",
    ),
}


@pytest.mark.parametrize("rule", ONE)
def test_what_the_device_would_refuse_is_refused(rule: str) -> None:
    kernel, sentence = ONE[rule]
    assert refusal(kernel) == sentence


def test_an_operator_that_does_not_exist_is_refused_with_those_that_do() -> None:
    sentence = refusal(
        one_call(lambda t: nisa.tensor_tensor(t((1, 1)), t((1, 1)), t((1, 1)), "plus"))
    )
    assert sentence.startswith(
        "tensor_tensor: op 'plus' is not an ALU operator; pass one of nl.abs"
    )


def test_trainium1_copies_on_the_vector_engine_only_or_gpsimd() -> None:
    copy = one_call(lambda t: nisa.tensor_copy(t((64, 8)), t((64, 8)), engine=nisa.engine.scalar))
    trnlab.profile(copy, chip="trn2")
    assert refusal(copy, chip="trn1") == (
        "tensor_copy: runs on vector, gpsimd of NeuronCore-v2, not on scalar"
    )


# Time: cycles of the engine that an instruction occupies, [128, 1024] elements


def cycles(call: Callable[[Callable[..., Any]], Any], chip: str, engine: str = "vector") -> float:
    prof = trnlab.profile(one_call(call), chip=chip)
    line = prof.timeline
    assert line.engines[line["engine"][-1]] == engine
    return float(line["busy_s"][-1] * getattr(prof.core, engine).clock_hz)


S, P = nl.sbuf, nl.psum


@pytest.mark.parametrize(
    "dst, src, chip, expected",
    [
        (("float32", S), ("float32", S), "trn2", 1024),
        (("bfloat16", S), ("bfloat16", S), "trn2", 256),  # 4x
        (("bfloat16", S), ("bfloat16", S), "trn1", 1024),  # no such mode
        (("bfloat16", S), ("float32", S), "trn2", 1024),
        (("bfloat16", S), ("float32", P), "trn2", 1024),
        (("bfloat16", S), ("bfloat16", P), "trn2", 512),  # 2x: one side in PSUM
        (("float8_e4m3", S), ("bfloat16", S), "trn2", 1024),
        (("float8_e4m3", S), ("bfloat16", S), "trn3", 256),
    ],
)
def test_a_copy_takes_n_cycles_or_less_in_a_fast_mode(
    dst: tuple[str, str], src: tuple[str, str], chip: str, expected: float
) -> None:
    found = cycles(lambda t: nisa.tensor_copy(t((128, 1024), *dst), t((128, 1024), *src)), chip)
    assert found == pytest.approx(expected)


def test_a_strided_copy_runs_in_the_slower_fast_mode() -> None:
    found = cycles(
        lambda t: nisa.tensor_copy(t((128, 1024), "bfloat16"), t((128, 2048), "bfloat16")[:, ::2]),
        "trn2",
    )
    assert found == pytest.approx(512)


@pytest.mark.parametrize(
    "a, b, dtype, expected",
    [(S, S, "float32", 2048), (S, P, "float32", 1024), (S, S, "bfloat16", 1024)],
)
def test_two_inputs_take_2n_cycles_unless_one_is_in_psum_or_all_are_narrow(
    a: str, b: str, dtype: str, expected: float
) -> None:
    def call(t: Callable[..., Any]) -> Any:
        shape = (128, 1024)
        return nisa.tensor_tensor(t(shape, dtype), t(shape, dtype, a), t(shape, dtype, b), nl.add)

    assert cycles(call, "trn2") == pytest.approx(expected)


@pytest.mark.parametrize("partitions", [1, 32, 128])
def test_time_does_not_depend_on_the_partition_count(partitions: int) -> None:
    found = cycles(lambda t: nisa.memset(t((partitions, 300)), 1), "trn2")
    assert found == pytest.approx(300)


def test_a_short_instruction_takes_the_smallest_interval() -> None:
    assert cycles(lambda t: nisa.memset(t((128, 1)), 1), "trn2") == pytest.approx(64)


def test_clearing_16_bit_floats_takes_half_the_cycles() -> None:
    assert cycles(lambda t: nisa.memset(t((128, 512), "bfloat16"), 0), "trn2") == 256
    assert cycles(lambda t: nisa.memset(t((128, 512), "bfloat16"), 1), "trn2") == 512


def test_gpsimd_starts_150_cycles_later() -> None:
    found = cycles(
        lambda t: nisa.tensor_copy(t((128, 512)), t((128, 512)), engine=nisa.engine.gpsimd),
        "trn2",
        "gpsimd",
    )
    assert found == pytest.approx(150 + 512)


def test_a_result_can_be_read_157_cycles_after_the_last_element() -> None:
    prof = trnlab.profile(one_call(lambda t: nisa.memset(t((128, 512)), 1)), chip="trn2")
    line, vector = prof.timeline, spec.TRN2.core.vector
    after_s = line["end_s"][-1] - line["start_s"][-1] - line["busy_s"][-1]
    assert after_s * vector.clock_hz == pytest.approx(vector.overhead_cycles)
    assert vector.overhead_cycles == 157


def test_small_integers_come_back_from_every_integer_type() -> None:
    for dtype in ("int8", "int16", "int32", "uint8", "uint16", "uint32"):
        a = abs(small_integers(32, 8)).astype(dtype)
        np.testing.assert_array_equal(nki.simulate(of_two(nl.add))(a, a), 2 * a)

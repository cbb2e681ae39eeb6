"""nc_matmul and nc_transpose: values, limits and time."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, refusal, small_integers, stored, timeline_ns, written
from trnlab import nki, spec

DTYPES = {
    "float32": np.float32,
    "bfloat16": ml_dtypes.bfloat16,
    "float16": np.float16,
    "float8_e4m3": ml_dtypes.float8_e4m3,
    "float8_e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8_e5m2": ml_dtypes.float8_e5m2,
}
FP32_ROUNDOFF = 2.0**-24


def product(a: Any, b: Any) -> Any:
    acc = nl.ndarray((a.shape[1], b.shape[1]), nl.float32, nl.psum)
    nisa.nc_matmul(acc, loaded(a), loaded(b))
    return stored(acc)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k, m, n", [(128, 128, 512), (1, 1, 1), (64, 3, 17)])
def test_a_product_of_small_integers_is_exact_in_every_format(
    dtype: str, k: int, m: int, n: int
) -> None:
    a, b = small_integers(k, m, dtype=DTYPES[dtype]), small_integers(k, n, dtype=DTYPES[dtype])
    exact = a.astype(np.int64).T @ b.astype(np.int64)
    np.testing.assert_array_equal(nki.simulate(product)(a, b), exact)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_product_is_off_by_no_more_than_float32_sums_are(dtype: str) -> None:
    """The operands' own values are exact; each of K products and sums rounds once in float32."""
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(shape).astype(DTYPES[dtype]) for shape in ((128, 64), (128, 96)))
    x, y = a.astype(np.float64), b.astype(np.float64)
    bound = 128 * FP32_ROUNDOFF / (1 - 128 * FP32_ROUNDOFF) * (np.abs(x).T @ np.abs(y))
    assert (np.abs(nki.simulate(product)(a, b) - x.T @ y) <= bound).all()


@pytest.mark.parametrize(
    "flags, factor",
    [
        ((None,), 1),
        ((False,), 1),
        ((None, None), 2),
        ((False, True), 2),
        ((None, True, True), 3),
        ((None, None, False), 1),
        ((False, False), 1),
        ((False, True, False, None), 2),
    ],
)
def test_the_first_matmul_overwrites_and_later_ones_add(
    flags: tuple[bool | None, ...], factor: int
) -> None:
    def kernel(a, b):
        left, right = loaded(a), loaded(b)
        acc = nl.ndarray((32, 48), nl.float32, nl.psum)
        for flag in flags:
            nisa.nc_matmul(acc, left, right, accumulate=flag)
        return stored(acc)

    a, b = small_integers(64, 32), small_integers(64, 48, seed=1)
    np.testing.assert_array_equal(nki.simulate(kernel)(a, b), factor * (a.T @ b))


def test_accumulation_is_inferred_by_place_not_by_tile() -> None:
    def kernel(a, b):
        left, right = loaded(a), loaded(b)
        acc = nl.ndarray((32, 48), nl.float32, nl.psum)
        nisa.nc_matmul(acc[:, 0:32], left, right[:, 0:32])  # writes 0..32
        nisa.nc_matmul(acc[:, 16:48], left, right[:, 16:48])  # adds to 16..32, writes 32..48
        return stored(acc)

    a, b = small_integers(64, 32), small_integers(64, 48, seed=1)
    times = np.repeat([1, 2, 1], 16)
    np.testing.assert_array_equal(nki.simulate(kernel)(a, b), times * (a.T @ b))


def test_a_matmul_adds_to_what_memset_left() -> None:
    def kernel(a, b):
        acc = nl.ndarray((32, 48), nl.float32, nl.psum)
        nisa.memset(acc, 7)
        nisa.nc_matmul(acc, loaded(a), loaded(b))
        return stored(acc)

    a, b = small_integers(64, 32), small_integers(64, 48, seed=1)
    np.testing.assert_array_equal(nki.simulate(kernel)(a, b), 7 + a.T @ b)


def test_operands_that_change_after_the_matmul_do_not_change_it() -> None:
    def kernel(a, b):
        left, right = loaded(a), loaded(b)
        acc = nl.ndarray((32, 48), nl.float32, nl.psum)
        nisa.nc_matmul(acc, left, right)
        nisa.memset(left, 0)
        nisa.nc_matmul(acc, left, right)
        nisa.memset(right, 9)
        return stored(acc)

    a, b = small_integers(64, 32), small_integers(64, 48, seed=1)
    np.testing.assert_array_equal(nki.simulate(kernel)(a, b), a.T @ b)


def test_two_tiles_that_take_turns_keep_their_own_sums() -> None:
    def kernel(a, b):
        left, right = loaded(a), loaded(b)
        tiles = [nl.ndarray((32, 48), nl.float32, nl.psum) for _ in range(2)]
        for turn in range(6):
            nisa.nc_matmul(tiles[turn % 2], left, right, accumulate=turn > 1)
        nisa.tensor_copy(total := nl.ndarray((32, 48), nl.float32), tiles[0])
        nisa.tensor_tensor(total, total, tiles[1], nl.subtract)
        return stored(total), stored(tiles[1])

    a, b = small_integers(64, 32), small_integers(64, 48, seed=1)
    difference, last = nki.simulate(kernel)(a, b)
    assert (difference == 0).all()
    np.testing.assert_array_equal(last, 3 * (a.T @ b))


def test_strided_operands_and_a_three_dimensional_moving_tile_multiply_in_order() -> None:
    def kernel(a, b):
        left, right = loaded(a), loaded(b)
        acc = nl.ndarray((16, 2, 24), nl.float32, nl.psum)
        nisa.nc_matmul(acc, left[:, 0:32:2], right.reshape(64, 2, 24))
        return stored(acc)

    a, b = small_integers(64, 32), small_integers(64, 48, seed=1)
    expected = (a[:, ::2].T @ b).reshape(16, 2, 24)
    np.testing.assert_array_equal(nki.simulate(kernel)(a, b), expected)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_transpose_moves_every_bit(dtype: str) -> None:
    def kernel(a):
        turned = nl.ndarray((48, 96), a.dtype, nl.psum)
        nisa.nc_transpose(turned, loaded(a))
        return stored(turned)

    a = np.random.default_rng(0).standard_normal((96, 48)).astype(DTYPES[dtype])
    np.testing.assert_array_equal(
        nki.simulate(kernel)(a).astype(np.float32), a.T.astype(np.float32)
    )


# Limits. Each kernel breaks one rule, and nothing else.


def matmul_of(
    stationary: tuple[Any, ...], moving: tuple[Any, ...], dst: tuple[Any, ...] = ()
) -> Any:
    """A kernel of one nc_matmul; an operand is (shape, dtype, buffer), or a tail is left out."""

    def tile(shape, dtype="bfloat16", buffer=nl.sbuf):
        return written(shape, dtype, buffer)

    def kernel():
        m, n = stationary[0][1], moving[0][1]
        acc = dst or ((m, n), "float32", nl.psum)
        nisa.nc_matmul(nl.ndarray(*acc), tile(*stationary), tile(*moving))

    return kernel


@pytest.mark.parametrize(
    "kernel, chip, sentence",
    [
        (
            matmul_of(((128, 128),), ((64, 512),)),
            "trn3",
            "nc_matmul: stationary has 128 partitions, moving has 64; "
            "both must hold the same K rows on partitions",
        ),
        (
            matmul_of(((128, 129),), ((128, 512),), ((128, 512), "float32", nl.psum)),
            "trn3",
            "nc_matmul: K, M, N = 128, 129, 512 exceeds (128, 128, 4096); "
            "split the operands into tiles of at most that size",
        ),
        (
            matmul_of(((128, 128),), ((128, 513),)),
            "trn2",
            "nc_matmul: K, M, N = 128, 128, 513 exceeds (128, 128, 512); "
            "split the operands into tiles of at most that size",
        ),
        (
            matmul_of(((128, 64),), ((128, 512),), ((128, 512), "float32", nl.psum)),
            "trn3",
            "nc_matmul: dst [128, 512] should be [M, N] = [64, 512]",
        ),
        (
            matmul_of(((128, 64),), ((128, 512),), ((64, 512), "float32", nl.sbuf)),
            "trn3",
            "nc_matmul: dst is in SBUF, allowed is PSUM; copy it with nisa.tensor_copy first",
        ),
        (
            matmul_of(((128, 64), "float32", nl.psum), ((128, 512), "float32")),
            "trn3",
            "nc_matmul: stationary is in PSUM, allowed is SBUF; "
            "copy it with nisa.tensor_copy first",
        ),
        (
            matmul_of(((128, 64), "float32"), ((128, 512), "bfloat16")),
            "trn3",
            "nc_matmul: stationary is float32 and moving is bfloat16; "
            "float32 goes only with float32: cast one of them with nisa.tensor_copy",
        ),
        (
            matmul_of(((128, 64), "int8"), ((128, 512),)),
            "trn3",
            "nc_matmul: stationary is int8; TensorE multiplies float32, tfloat32, bfloat16, "
            "float16, float8_e4m3, float8_e4m3fn, float8_e5m2",
        ),
        (
            matmul_of(((128, 64), "float8_e4m3fn"), ((128, 512), "float8_e4m3fn")),
            "trn2",
            "nc_matmul: float8_e4m3fn exists on NeuronCore-v4 only, this is NeuronCore-v3; "
            "use float8_e4m3",
        ),
        (
            matmul_of(((128, 64), "float8_e4m3"), ((128, 512), "float8_e4m3fn")),
            "trn3",
            "nc_matmul: float8_e4m3 and float8_e4m3fn may not meet in one matmul; cast one",
        ),
        (
            matmul_of(((128, 64),), ((128, 512),), ((64, 512), "bfloat16", nl.psum)),
            "trn2",
            "nc_matmul: dst is bfloat16, PSUM of NeuronCore-v3 takes float32",
        ),
        (
            matmul_of(((128, 64),), ((128, 512),), ((64, 512), "float16", nl.psum)),
            "trn3",
            "nc_matmul: dst is float16, PSUM of NeuronCore-v4 takes float32 or bfloat16",
        ),
    ],
)
def test_a_matmul_beyond_the_limits_is_refused(kernel: Any, chip: str, sentence: str) -> None:
    assert refusal(kernel, chip=chip) == sentence


def test_a_destination_across_two_banks_is_refused() -> None:
    def kernel():
        acc = nl.ndarray((64, 1024), nl.float32, nl.psum)
        nisa.nc_matmul(acc[:, 256:768], written((128, 64)), written((128, 512)))

    assert refusal(kernel) == (
        "nc_matmul: dst [64, 512] float32 straddles 2 PSUM banks; start it at a bank"
    )


def test_adding_to_what_nothing_has_written_is_refused() -> None:
    def kernel():
        acc = nl.ndarray((64, 64), nl.float32, nl.psum, name="acc")
        nisa.nc_matmul(acc, written((128, 64)), written((128, 64)), accumulate=True)

    assert refusal(kernel) == (
        "nc_matmul: acc [64, 64] is added to, but nothing has written it; "
        "start a sum with accumulate=False, or leave it out"
    )


def test_an_operand_in_hbm_is_refused() -> None:
    def kernel(a):
        acc = nl.ndarray((64, 64), nl.float32, nl.psum)
        nisa.nc_matmul(acc, a, written((128, 64)))

    assert refusal(kernel, trnlab.shape((128, 64))) == (
        "nc_matmul: stationary is in HBM, allowed is SBUF; bring it there with nisa.dma_copy first"
    )


def test_partitions_that_the_array_cannot_address_are_refused() -> None:
    def kernel():
        tile = written((128, 64))
        acc = nl.ndarray((64, 64), nl.float32, nl.psum)
        nisa.nc_matmul(acc, tile[16:48], tile[16:48])

    assert refusal(kernel) == (
        "nc_matmul: stationary uses 32 partitions from partition 16; "
        "32 partitions may start at 0, 32, 64, 96 only"
    )


def test_a_wide_moving_tile_is_legal_on_trainium3_alone() -> None:
    wide = matmul_of(((128, 128),), ((128, 4096),))
    trnlab.profile(wide, chip="trn3")
    assert "exceeds (128, 128, 512)" in refusal(wide, chip="trn2")


def test_a_transpose_beyond_the_array_is_refused() -> None:
    def wide():
        nisa.nc_transpose(nl.ndarray((128, 128), nl.float32, nl.psum), written((128, 256)))

    def misshapen():
        nisa.nc_transpose(nl.ndarray((128, 64), nl.float32, nl.psum), written((128, 64)))

    def narrow():
        nisa.nc_transpose(nl.ndarray((64, 128), nl.bfloat16, nl.psum), written((128, 64)))

    def in_sbuf():
        nisa.nc_transpose(nl.ndarray((64, 128), nl.float32), written((128, 64)))

    assert refusal(wide) == (
        "nc_transpose: data [128, 256] exceeds [128, 128] on the Tensor engine; "
        "transpose it in square tiles"
    )
    assert refusal(misshapen) == (
        "nc_transpose: dst [128, 64] should be [64, 128] for data [128, 64]"
    )
    assert refusal(narrow) == (
        "nc_transpose: dst is bfloat16, data is float32; the dtypes should be equal"
    )
    assert refusal(in_sbuf) == (
        "nc_transpose: dst is in SBUF, allowed is PSUM; copy it with nisa.tensor_copy first"
    )


# Time, on Trainium2, whose figures are published.

TENSOR = spec.TRN2.core.tensor
CYCLE_NS = 1e9 / TENSOR.clock_hz


def matmul_rows(m: int, n: int, dtype: str) -> list[tuple[str, float, float, float]]:
    def kernel():
        a, b = written((128, m), dtype), written((128, n), dtype)
        nisa.nc_matmul(nl.ndarray((m, n), nl.float32, nl.psum), a, b)

    prof = trnlab.profile(kernel, chip="trn2")
    return [row for row in timeline_ns(prof) if row[0].startswith("tensor")]


@pytest.mark.parametrize(
    "m, n, cycles", [(128, 512, 512), (128, 8, 64), (16, 8, 16), (16, 100, 100)]
)
def test_a_bfloat16_matmul_streams_n_cycles_but_at_least_64_or_m(
    m: int, n: int, cycles: int
) -> None:
    load, multiply = matmul_rows(m, n, "bfloat16")
    assert load[2] - load[1] == pytest.approx(m / 4 * CYCLE_NS, abs=2e-3)
    assert multiply[2] - multiply[1] == pytest.approx(
        cycles * TENSOR.pass_overhead * CYCLE_NS, abs=2e-3
    )
    assert multiply[3] - multiply[2] == pytest.approx(393 * CYCLE_NS, abs=2e-3)


def test_a_float32_matmul_is_two_passes_of_twice_the_time() -> None:
    rows = matmul_rows(128, 512, "float32")
    assert [row[0] for row in rows] == ["tensor_load", "tensor", "tensor_load", "tensor"]
    multiplies = [row for row in rows if row[0] == "tensor"]
    pitch_ns = multiplies[1][1] - multiplies[0][1]
    assert pitch_ns == pytest.approx(430.3, abs=0.05)  # AWS's measurement
    latency_ns = multiplies[0][3] - multiplies[0][1]
    assert latency_ns == pytest.approx(590.5, abs=4)  # 589 to 592 without the pass overhead


def test_flops_count_multiplies_and_adds_once_whatever_the_passes() -> None:
    for dtype in ("float32", "bfloat16"):
        a, b = trnlab.shape((128, 64), dtype), trnlab.shape((128, 300), dtype)
        assert trnlab.profile(product, a, b).flops == 2 * 128 * 64 * 300

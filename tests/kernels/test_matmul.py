"""The matmul ladder: every rung is right, says what it cannot do, and is faster than the last."""

from __future__ import annotations

import inspect
import time
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import trnlab
from tests.kit import refusal, small_integers
from trnlab import CapacityError, LimitError, nki
from trnlab.kernels.matmul import LADDER, blocked, one_tile, pipelined, tiled

DTYPES = {
    "float32": np.float32,
    "bfloat16": ml_dtypes.bfloat16,
    "float8_e4m3": ml_dtypes.float8_e4m3,
    "float8_e5m2": ml_dtypes.float8_e5m2,
}
ROUNDOFF = {"float32": 2.0**-24, "bfloat16": 2.0**-8}
K, M, N = 256, 512, 1024  # the smallest that the default blocks divide
SIZES = {"one_tile": (128, 128, 512)}
BLOCKS = {"pipelined": {"m_block": 2, "n_block": 1, "k_block": 1}}

rungs = pytest.mark.parametrize("rung", LADDER)
dtypes = pytest.mark.parametrize("dtype", DTYPES)


def operands(rung: str, dtype: str, make: Any) -> tuple[np.ndarray, np.ndarray]:
    k, m, n = SIZES.get(rung, (K, M, N))
    return make(k, m).astype(DTYPES[dtype]), make(k, n).astype(DTYPES[dtype])


@dtypes
@rungs
def test_small_integers_multiply_exactly(rung: str, dtype: str) -> None:
    """Sums stay below 2^8, which bfloat16 still holds exactly."""
    rng = np.random.default_rng(0)

    def sparse(*shape: int) -> np.ndarray:
        return small_integers(*shape, seed=shape[1]) * (rng.random(shape) < 0.1)

    a, b = operands(rung, dtype, sparse)
    exact = a.astype(np.float64).T @ b.astype(np.float64)
    assert abs(exact).max() < 2**8
    result = nki.simulate(LADDER[rung].kernel)(a, b, **BLOCKS.get(rung, {}))
    np.testing.assert_array_equal(result.astype(np.float64), exact)


@dtypes
@rungs
def test_real_numbers_multiply_within_the_bound_of_their_format(rung: str, dtype: str) -> None:
    """K rounded products and sums in float32, then one rounding to the result's dtype."""
    rng = np.random.default_rng(1)
    a, b = operands(rung, dtype, lambda *shape: rng.standard_normal(shape))
    x, y = a.astype(np.float64), b.astype(np.float64)
    sums = 2 * len(a) * ROUNDOFF["float32"] * (np.abs(x).T @ np.abs(y))
    exact = x.T @ y
    stored = ROUNDOFF["float32" if dtype == "float32" else "bfloat16"] * (abs(exact) + sums)
    result = nki.simulate(LADDER[rung].kernel)(a, b, **BLOCKS.get(rung, {}))
    assert (abs(result.astype(np.float64) - exact) <= sums + stored).all()


@rungs
def test_a_result_has_its_operands_dtype_and_bfloat16_for_fp8(rung: str) -> None:
    for dtype, result in (("float32", "float32"), ("float8_e5m2", "bfloat16")):
        a, b = operands(rung, dtype, small_integers)
        found = nki.simulate(LADDER[rung].kernel)(a, b, **BLOCKS.get(rung, {}))
        assert found.dtype == np.dtype(DTYPES[result])


@rungs
@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
def test_every_rung_runs_on_every_chip(rung: str, chip: str) -> None:
    k, m, n = (1024, 1024, 1024) if rung != "one_tile" else (128, 128, 512)
    a, b = trnlab.shape((k, m), "bfloat16"), trnlab.shape((k, n), "bfloat16")
    prof = trnlab.profile(LADDER[rung].kernel, a, b, chip=chip)
    assert prof.flops == 2 * k * m * n
    floor_s = prof.flops / prof.core.mfu_flops_per_s
    assert prof.total_s > floor_s and 0 < prof.mfu < 1


def test_traffic_is_what_each_rung_says_it_loads() -> None:
    """At 2048 cubed in bfloat16: [K, M] and [K, N] of 8 MiB each, a result of 8 MiB."""
    a = trnlab.shape((2048, 2048), "bfloat16")
    mib = {
        name: trnlab.profile(rung.kernel, a, a).hbm_bytes / 2**20
        for name, rung in LADDER.items()
        if name != "one_tile"
    }
    assert mib == {
        "tiled": 8 * 4 + 8 * 16 + 8,  # lhsT for each of 4 N tiles, rhs for each of 16 M tiles
        "hoisted": 8 * 4 + 8 + 8,  # rhs once
        "blocked": 8 * 2 + 8 + 8,  # lhsT for each of 2 N blocks
        "pipelined": 8 * 4 + 8 * 4 + 8,  # rhs for each of 4 M blocks
    }


def test_each_rung_is_faster_than_the_one_before() -> None:
    a = trnlab.shape((2048, 2048), "bfloat16")
    times = [
        trnlab.profile(LADDER[name].kernel, a, a).total_us
        for name in ("tiled", "hoisted", "blocked", "pipelined")
    ]
    assert times == sorted(times, reverse=True)
    assert times[0] > 1.8 * times[-1]


@pytest.mark.parametrize("m_block, n_block", [(1, 1), (2, 2), (4, 1), (1, 4), (8, 2)])
def test_blocks_of_any_size_give_the_same_product(m_block: int, n_block: int) -> None:
    a = small_integers(256, max(256, 128 * m_block))
    b = small_integers(256, max(1024, 512 * n_block), seed=1)
    for kernel, blocks in ((blocked, {}), (pipelined, {"k_block": 2})):
        result = nki.simulate(kernel)(a, b, m_block=m_block, n_block=n_block, **blocks)
        np.testing.assert_array_equal(result, a.T @ b)


def test_defaults_in_the_ladder_are_the_kernels_own() -> None:
    for rung in LADDER.values():
        parameters = inspect.signature(rung.kernel.function).parameters
        defaults = {name: p.default for name, p in parameters.items() if p.default is not p.empty}
        assert defaults == rung.blocks | {name: max(sizes) for name, sizes in rung.tiles.items()}
        assert rung.meaning


@pytest.mark.parametrize("n_tile", [64, 256, 512])
def test_tiles_of_any_size_give_the_same_product(n_tile: int) -> None:
    a, b = small_integers(256, 256), small_integers(256, 1024, seed=1)
    for kernel in (blocked, pipelined):
        blocks = {"m_block": 2, "n_block": 2, **({"k_block": 2} if kernel is pipelined else {})}
        result = nki.simulate(kernel)(a, b, n_tile=n_tile, **blocks)
        np.testing.assert_array_equal(result, a.T @ b)


# Refusals


def shapes(k: int, m: int, n: int, dtype: str = "bfloat16") -> tuple[Any, Any]:
    return trnlab.shape((k, m), dtype), trnlab.shape((k, n), dtype)


@pytest.mark.parametrize("rung", ["tiled", "hoisted", "blocked", "pipelined"])
def test_m_that_no_tile_divides_is_refused_with_the_next_that_works(rung: str) -> None:
    grain = 128 * LADDER[rung].blocks.get("m_block", 1)
    tiles = grain // 128
    assert refusal(LADDER[rung].kernel, *shapes(1024, 1000, 1024)) == (
        f"matmul: M = 1000 is not a multiple of {grain} ({tiles} tiles of 128); "
        "pad it to 1024 or choose another block"
    )


def test_n_and_k_and_blocks_are_checked_too() -> None:
    assert refusal(tiled, *shapes(1024, 1024, 1000)) == (
        "matmul: N = 1000 is not a multiple of 512 (1 tiles of 512); "
        "pad it to 1024 or choose another block"
    )
    assert refusal(tiled, *shapes(100, 1024, 1024)) == (
        "matmul: K = 100 is not a multiple of 128 (1 tiles of 128); "
        "pad it to 128 or choose another block"
    )

    def no_block(a, b):
        return blocked(a, b, m_block=0)

    assert refusal(no_block, *shapes(1024, 1024, 1024)) == (
        "matmul: M blocks of 0 tiles; use 1 or more"
    )


@pytest.mark.parametrize(
    "lhsT, rhs",
    [((256, 512), (512, 512)), ((256,), (256, 512)), ((1, 256, 512), (256, 512))],
)
def test_operands_that_do_not_fit_together_are_refused(lhsT: Any, rhs: Any) -> None:
    assert refusal(tiled, trnlab.shape(lhsT), trnlab.shape(rhs)) == (
        f"matmul: lhsT {list(lhsT)} and rhs {list(rhs)} should be [K, M] and [K, N] with the same K"
    )


def test_one_tile_is_one_tile() -> None:
    assert refusal(one_tile, *shapes(128, 256, 512)) == (
        "nl.ndarray: [256, 512] in PSUM has 256 partitions, at most 128 exist; "
        "tile dimension 0 by nl.tile_size.pmax (128)"
    )
    assert refusal(one_tile, *shapes(128, 128, 1024), chip="trn2") == (
        "nc_matmul: K, M, N = 128, 128, 1024 exceeds (128, 128, 512); "
        "split the operands into tiles of at most that size"
    )


def test_mixed_operands_are_refused() -> None:
    a, b = trnlab.shape((256, 512), "float32"), trnlab.shape((256, 512), "bfloat16")
    assert refusal(tiled, a, b) == (
        "nc_matmul: stationary is float32 and moving is bfloat16; "
        "float32 goes only with float32: cast one of them with nisa.tensor_copy"
    )


def test_blocks_too_large_for_sbuf_name_their_tiles() -> None:
    def wide(a, b):
        return blocked(a, b, m_block=16, n_block=4)

    with pytest.raises(CapacityError) as refused:
        trnlab.profile(wide, *shapes(16_384, 2048, 2048))
    sentence = str(refused.value)
    assert sentence.startswith("SBUF: rhs_block [128, 128, 2048] bfloat16 (line ")
    assert sentence.endswith("tile its free dimensions")


@pytest.mark.parametrize("rung", ["tiled", "hoisted", "blocked", "pipelined"])
def test_a_million_cubed_is_refused_at_once_with_the_limit(rung: str) -> None:
    million = trnlab.shape((10**6, 10**6), "bfloat16")
    begin = time.process_time()
    with pytest.raises(LimitError) as refused:
        trnlab.profile(LADDER[rung].kernel, million, million)
    assert time.process_time() - begin < 1
    assert str(refused.value) == (
        "matmul: 1000000 x 1000000 x 1000000 takes 119,277,961,426 nc_matmuls, "
        "and one run may record 250,000; use smaller K, M and N"
    )

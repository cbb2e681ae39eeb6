"""The roofline: a point under two roofs, and the knee where they meet."""

from __future__ import annotations

import pytest

import trnlab
import trnlab.nki.language as nl
from trnlab import nki
from trnlab.kernels.matmul import LADDER, tiled
from trnlab.metrics.roofline import Roofline
from trnlab.nki import isa as nisa
from trnlab.validation.heldout.rows import silu


def test_the_point_is_flops_over_bytes_and_over_time() -> None:
    a = trnlab.shape((1024, 1024), "bfloat16")
    prof = trnlab.profile(tiled, a, a, chip="trn2")
    roof = prof.roofline
    assert roof.intensity == pytest.approx(2 * 1024**3 / prof.hbm_bytes)
    assert roof.flops_per_s == pytest.approx(prof.mfu * 78.6432e12)
    assert roof.peak_flops_per_s == pytest.approx(78.6432e12)


@pytest.mark.parametrize("chip, gbytes_per_s", [("trn1", 292), ("trn2", 422.0), ("trn3", 528)])
def test_the_slope_is_the_slower_of_hbm_and_its_dma_engines(chip: str, gbytes_per_s: int) -> None:
    prof = trnlab.profile(lambda: None, chip=chip)
    assert prof.roofline.hbm_bytes_per_s == pytest.approx(gbytes_per_s * 1e9, rel=0.002)
    assert prof.roofline.slope_of == "DMA"
    slow = prof.core.with_({"hbm.bytes_per_s": 1e11})
    assert prof.on(slow).roofline[3:] == (1e11, "HBM")


@pytest.mark.parametrize(
    "dtype, share", [("float32", 0.25), ("bfloat16", 1.0), ("float8_e5m2", 1.0)]
)
@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
def test_the_flat_roof_is_that_of_the_matmuls_dtype(chip: str, dtype: str, share: float) -> None:
    a, b = trnlab.shape((128, 128), dtype), trnlab.shape((128, 512), dtype)
    prof = trnlab.profile(LADDER["one_tile"].kernel, a, b, chip=chip)
    peak = prof.core.mfu_flops_per_s
    assert prof.roofline.peak_flops_per_s == pytest.approx(share * peak)


@pytest.mark.parametrize("rung", ["tiled", "hoisted", "blocked", "pipelined"])
@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
def test_no_kernel_is_above_its_roofs(rung: str, chip: str) -> None:
    a = trnlab.shape((1024, 1024), "bfloat16")
    roof = trnlab.profile(LADDER[rung].kernel, a, a, chip=chip).roofline
    assert roof.flops_per_s < roof.peak_flops_per_s
    assert roof.flops_per_s < roof.bound_flops_per_s


@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
def test_a_kernel_that_streams_stays_under_the_slope(chip: str) -> None:
    prof = trnlab.profile(silu, trnlab.shape((1024, 4096)), chip=chip)
    assert prof.hbm_bytes / prof.total_s < prof.roofline.hbm_bytes_per_s


@pytest.mark.parametrize("is_double", [False, True])
def test_the_flat_roof_of_double_rows_is_twice_as_high(is_double: bool) -> None:
    prof = trnlab.profile(fp8_product, is_double, chip="trn2")
    share = 2 if is_double else 1
    assert prof.roofline.peak_flops_per_s == share * prof.core.mfu_flops_per_s


@nki.jit
def fp8_product(is_double):
    """K = 256 rows in one matmul, or K = 128."""
    rows = (2,) if is_double else ()
    tiles = [nl.ndarray((128, *rows, free), nl.float8_e4m3) for free in (128, 512)]
    for tile in tiles:
        nisa.memset(dst=tile, value=1)
    acc = nl.ndarray((128, 512), nl.float32, buffer=nl.psum)
    mode = nisa.matmul_perf_mode.double_row if is_double else nisa.matmul_perf_mode.none
    nisa.nc_matmul(acc, stationary=tiles[0], moving=tiles[1], perf_mode=mode)


def test_the_knee_is_where_both_roofs_meet() -> None:
    roof = Roofline(intensity=100, flops_per_s=0, peak_flops_per_s=80e12, hbm_bytes_per_s=0.4e12)
    assert roof.knee == 200
    assert roof.bound_flops_per_s == 40e12
    assert roof._replace(intensity=500).bound_flops_per_s == 80e12


def test_a_kernel_that_moves_nothing_has_no_intensity() -> None:
    roof = trnlab.profile(lambda: None).roofline
    assert (roof.intensity, roof.flops_per_s) == (0, 0)

"""The roofline: a point under two roofs, and the knee where they meet."""

from __future__ import annotations

import pytest

import trnlab
from trnlab.kernels.matmul import LADDER, tiled
from trnlab.metrics.roofline import Roofline


def test_the_point_is_flops_over_bytes_and_over_time() -> None:
    a = trnlab.shape((1024, 1024), "bfloat16")
    prof = trnlab.profile(tiled, a, a, chip="trn2")
    roof = prof.roofline
    assert roof.intensity == pytest.approx(2 * 1024**3 / prof.hbm_bytes)
    assert roof.flops_per_s == pytest.approx(prof.mfu * 78.6432e12)
    assert roof.peak_flops_per_s == pytest.approx(78.6432e12)


@pytest.mark.parametrize("chip, gbytes_per_s", [("trn1", 272), ("trn2", 368), ("trn3", 528)])
def test_the_slope_is_the_slower_of_hbm_and_its_dma_engines(chip: str, gbytes_per_s: int) -> None:
    prof = trnlab.profile(lambda: None, chip=chip)
    assert prof.roofline.hbm_bytes_per_s == pytest.approx(gbytes_per_s * 1e9)


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


def test_the_knee_is_where_both_roofs_meet() -> None:
    roof = Roofline(intensity=100, flops_per_s=0, peak_flops_per_s=80e12, hbm_bytes_per_s=0.4e12)
    assert roof.knee == 200
    assert roof.bound_flops_per_s == 40e12
    assert roof._replace(intensity=500).bound_flops_per_s == 80e12


def test_a_kernel_that_moves_nothing_has_no_intensity() -> None:
    roof = trnlab.profile(lambda: None).roofline
    assert (roof.intensity, roof.flops_per_s) == (0, 0)

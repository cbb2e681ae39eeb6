"""Published times of matmuls on Trainium2 and the model's: in order, and roughly in size.

TensorE's clock ramp after idle time is not modeled: it shows in the MFU of kernels that stall, so
for those the comparison is the fraction of time in which TensorE is active.
"""

from __future__ import annotations

from typing import Any

import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from trnlab import Profile
from trnlab.kernels.matmul import TILE_K, TILE_M, TILE_N, load_rows, pipelined, tiled

BAND = 0.16  # the worst is the DMA-bound kernel, 15 % too fast


def profiled(kernel: Any, sizes: tuple[int, int, int], dtype: str, **blocks: int) -> Profile:
    k, m, n = sizes
    a, b = trnlab.shape((k, m), dtype), trnlab.shape((k, n), dtype)
    return trnlab.profile(kernel, a, b, chip="trn2", **blocks)


def with_banks(lhsT: Any, rhs: Any, banks: int) -> Any:
    """Loads hoisted out of the inner loop, and so many PSUM banks that take turns."""
    (K, M), N = lhsT.shape, rhs.shape[1]
    result = nl.ndarray((M, N), lhsT.dtype, nl.shared_hbm)
    accs = [nl.ndarray((TILE_M, TILE_N), nl.float32, nl.psum) for _ in range(banks)]
    for n in range(0, N, TILE_N):
        rights = load_rows(rhs, 0, K, n, TILE_N, "rhs_row")
        for m in range(0, M, TILE_M):
            lefts = load_rows(lhsT, 0, K, m, TILE_M, "lhsT_row")
            acc = accs[m // TILE_M % banks]
            for k in range(K // TILE_K):
                nisa.nc_matmul(acc, lefts[k], rights[k], accumulate=k > 0)
            out = nl.ndarray((TILE_M, TILE_N), lhsT.dtype)
            nisa.tensor_copy(out, acc)
            nisa.dma_copy(result[m : m + TILE_M, n : n + TILE_N], out)
    return result


def test_bfloat16_2048_cubed_gets_faster_with_banks_and_blocks_as_measured() -> None:
    sizes = (2048, 2048, 2048)
    one = profiled(with_banks, sizes, "bfloat16", banks=1)
    two = profiled(with_banks, sizes, "bfloat16", banks=2)
    best = profiled(pipelined, sizes, "bfloat16", m_block=4, n_block=1, k_block=8)
    assert one.mfu < two.mfu < best.mfu  # measured: 0.595, 0.837, 0.909
    assert one.busy["tensor"] == pytest.approx(0.730, rel=BAND)
    assert two.busy["tensor"] == pytest.approx(0.881, rel=BAND)
    assert best.total_us == pytest.approx(240.3, rel=BAND)
    assert best.total_us > 218.45  # the floor


@pytest.mark.slow
def test_float32_4096_by_8192_by_8192_takes_what_was_measured() -> None:
    sizes = (8192, 4096, 8192)
    inner = profiled(tiled, sizes, "float32")
    blocked = profiled(pipelined, sizes, "float32", m_block=4, n_block=2, k_block=8)
    assert inner.total_s * 1e3 == pytest.approx(39.895, rel=BAND)
    assert blocked.total_s * 1e3 == pytest.approx(28.302, rel=BAND)
    assert inner.hbm_bytes == pytest.approx(10.87e9, rel=0.001)
    assert inner.busy["dma"] == pytest.approx(0.9993, rel=0.01)
    assert inner.busy["tensor"] == pytest.approx(0.8728, rel=BAND)
    assert blocked.busy["tensor"] == pytest.approx(0.9950, rel=0.01)
    assert blocked.mfu == pytest.approx(0.2470, rel=0.01)
    line = inner.timeline
    multiplies = (line["lane"] == line.lanes.index("tensor")).sum()
    assert multiplies == 65_536  # two for each nc_matmul
    assert blocked.total_s > 27.96e-3  # the floor

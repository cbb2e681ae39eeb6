"""A profile: totals, fractions, traffic, tiles and values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, small_integers, stored, written
from trnlab import Profile, spec
from trnlab.kernels.matmul import one_tile, tiled
from trnlab.metrics.utilization import busy_s

CORE = spec.TRN2.core


@pytest.fixture(scope="module")
def prof() -> Profile:
    a = trnlab.shape((1024, 1024), "bfloat16")
    return trnlab.profile(tiled, a, a, chip="trn2")


def test_totals_are_the_last_end_in_every_unit(prof: Profile) -> None:
    assert prof.total_s == prof.timeline["end_s"].max()
    assert prof.total_us == prof.total_s * 1e6


def test_mfu_divides_flops_by_time_and_the_bfloat16_peak(prof: Profile) -> None:
    assert prof.flops == 2 * 1024**3
    assert prof.mfu == pytest.approx(prof.flops / prof.total_s / 78.6432e12)


def test_a_perfect_float32_kernel_has_an_mfu_of_a_quarter() -> None:
    def kernel():
        a, b = written((128, 128)), written((128, 512))
        acc = nl.ndarray((128, 512), nl.float32, nl.psum)
        for k in range(400):
            nisa.nc_matmul(acc, a, b, accumulate=k > 0)

    assert trnlab.profile(kernel, chip="trn2").mfu == pytest.approx(0.25, rel=0.02)


def test_mbu_divides_bytes_by_time_and_one_hbm_stack(prof: Profile) -> None:
    a, b, result = 2048 * 1024 * 2, 8 * 2048 * 1024, 2048 * 1024
    assert prof.hbm_bytes == a + b + result
    assert prof.mbu == pytest.approx(prof.hbm_bytes / prof.total_s / 716.8e9)


def test_busy_fractions_are_unions_of_what_runs(prof: Profile) -> None:
    assert set(prof.busy) == {"tensor", "vector", "scalar", "gpsimd", "sync", "dma"}
    assert prof.busy["scalar"] == prof.busy["sync"] == 0
    assert prof.busy["gpsimd"] > 0  # it writes the descriptors of every transfer
    line = prof.timeline
    multiplies = line["lane"] == line.lanes.index("tensor")
    streaming = line["busy_s"][multiplies].sum() / prof.total_s
    assert streaming < prof.busy["tensor"] < 1  # active until the result is there, as AWS counts
    copies = line["engine"] == line.engines.index("vector")
    assert line["busy_s"][copies].sum() / prof.total_s <= prof.busy["vector"] < 1


def test_time_in_which_two_transfers_move_counts_once() -> None:
    def kernel(x, y):
        tile = nl.ndarray((128, 8192), x.dtype)
        nisa.dma_copy(tile[0:32], x)
        nisa.dma_copy(tile[32:64], y)

    large = trnlab.shape((32, 8192))
    line = trnlab.profile(kernel, large, large, chip="trn2").timeline
    moves = line["engine"] == line.engines.index("dma")
    start, busy = line["start_s"][moves], line["busy_s"][moves]
    assert start[1] < start[0] + busy[0]  # they overlap
    span_s = (start + busy).max() - start.min()
    assert busy_s(line, "dma") == pytest.approx(span_s) and span_s < busy.sum()


def test_a_profile_names_itself(prof: Profile) -> None:
    assert repr(prof) == (
        f"Profile(tiled on trn2: {prof.total_us:.2f} us, MFU {prof.mfu:.1%}, "
        f"{len(prof.trace)} NKI calls, {prof.timeline.rows} device instructions)"
    )


# Calls


def test_a_call_shows_its_operands_and_where_they_lie() -> None:
    a, b = trnlab.shape((256, 512), "bfloat16"), trnlab.shape((256, 1024), "bfloat16")
    trace = trnlab.profile(tiled, a, b).trace
    load = trace.call(3)  # the second load of lhsT: rows 128..256
    assert (load.op, load.engine) == ("dma_copy", "dma") and load.queue >= 0
    dst, src = load.operands
    assert (dst.role, dst.tensor.name, dst.tensor.memory) == ("dst", "lhsT_tile", "sbuf")
    assert (src.role, src.tensor.name, src.tensor.memory) == ("src", "lhsT", "hbm")
    assert src.tensor.argument and not src.tensor.output
    assert (src.rows, src.cols, src.shape) == ((128, 256), (0, 128), (128, 128))
    matmul = trace.call(5)
    assert (matmul.op, matmul.engine, matmul.queue) == ("nc_matmul", "tensor", -1)
    assert [o.role for o in matmul.operands] == ["dst", "stationary", "moving"]
    result = next(t for t in map(trace.tensor, range(len(trace.allocations))) if t.output)
    assert (result.name, result.shape, result.memory) == ("result", (512, 1024), "hbm")


def test_columns_of_an_operand_count_elements_of_its_dtype() -> None:
    def kernel():
        nisa.memset(nl.ndarray((64, 100), nl.bfloat16)[32:64, 10:40:4], 0)

    (dst,) = trnlab.profile(kernel).trace.call(0).operands
    assert (dst.rows, dst.cols) == ((32, 64), (10, 39))


# Tiles


def tile_rows(prof: Profile) -> dict[str, dict[str, Any]]:
    tiles = prof.tiles
    rows = zip(*tiles.values(), strict=True)
    found = [dict(zip(tiles, row, strict=True)) for row in rows]
    return {prof.trace.tensor(row["tensor"]).name: row for row in found}


def test_a_tile_lives_from_its_first_write_to_its_last_use_on_any_engine() -> None:
    def kernel(x):
        tile = nl.ndarray(x.shape, x.dtype, name="tile")
        small = nl.ndarray((128, 1), x.dtype)
        nisa.dma_copy(tile, x)
        nisa.dma_copy(x, tile)  # slow
        nisa.tensor_copy(small, tile[:, :1])  # later in the program, done sooner

    prof = trnlab.profile(kernel, trnlab.shape((128, 2048)), chip="trn2")
    line, tile = prof.timeline, tile_rows(prof)["tile"]
    load, store = np.flatnonzero(line["engine"] == line.engines.index("dma"))
    assert (tile["first_call"], tile["last_call"]) == (0, 2)
    assert tile["start_s"] == line["start_s"][load]
    assert tile["end_s"] == (line["start_s"] + line["busy_s"])[store]
    assert tile["end_s"] > line["end_s"][-1]


def test_a_psum_tile_lives_from_its_first_multiply_not_from_the_load_of_weights() -> None:
    a, b = trnlab.shape((128, 128), "bfloat16"), trnlab.shape((128, 512), "bfloat16")
    prof = trnlab.profile(one_tile, a, b, chip="trn2")
    line, acc = prof.timeline, tile_rows(prof)["acc"]
    multiply = int(np.flatnonzero(line["lane"] == line.lanes.index("tensor"))[0])
    assert acc["start_s"] == line["start_s"][multiply]
    assert acc["bank"] == 0 and acc["memory"] == 1
    assert acc["bytes_per_partition"] == 2048 and acc["partitions"] == 128


def test_tiles_lie_side_by_side_in_sbuf() -> None:
    a, b = trnlab.shape((128, 128), "bfloat16"), trnlab.shape((128, 512), "bfloat16")
    found = tile_rows(trnlab.profile(one_tile, a, b))
    addresses = {
        name: (row["address_bytes"], row["bytes_per_partition"], row["bank"])
        for name, row in found.items()
        if row["memory"] == 0
    }
    assert addresses == {
        "lhsT_tile": (0, 256, -1),
        "rhs_tile": (256, 1024, -1),
        "out": (1280, 1024, -1),
    }


# Values


def test_values_of_an_operand_are_those_after_the_call() -> None:
    def kernel(x):
        tile = loaded(x)
        nisa.tensor_scalar(tile, tile, nl.add, 1.0)
        nisa.memset(tile[:, 2:4], 0)
        return stored(tile)

    x = small_integers(32, 6)
    prof = trnlab.profile(kernel, x)
    np.testing.assert_array_equal(prof.values(0, "dst"), x)
    np.testing.assert_array_equal(prof.values(1, "dst"), x + 1)
    np.testing.assert_array_equal(prof.values(2, "dst"), np.zeros((32, 2)))
    last = x + 1
    last[:, 2:4] = 0
    np.testing.assert_array_equal(prof.values(3, "src"), last)
    np.testing.assert_array_equal(prof.values(3, "dst"), prof.output)


def test_values_of_a_sum_show_how_it_grows() -> None:
    def kernel(a, b):
        left, right = loaded(a), loaded(b)
        acc = nl.ndarray((8, 16), nl.float32, nl.psum)
        for _ in range(4):
            nisa.nc_matmul(acc, left, right)
        return stored(acc)

    a, b = small_integers(32, 8), small_integers(32, 16, seed=1)
    prof = trnlab.profile(kernel, a, b)
    for times in range(1, 5):
        np.testing.assert_array_equal(prof.values(1 + times, "dst"), times * (a.T @ b))


def test_values_between_the_gaps_of_a_strided_write_are_the_older_ones() -> None:
    def kernel(x):
        tile = loaded(x)
        nisa.memset(tile[:, 1:8:3], 0)
        return stored(tile[:, 1:8])

    x = small_integers(32, 8) + 10
    expected = x.copy()
    expected[:, 1:8:3] = 0
    np.testing.assert_array_equal(trnlab.profile(kernel, x).values(2, "src"), expected[:, 1:8])


def test_values_do_not_change_when_inputs_do() -> None:
    def kernel(x):
        tile = loaded(x)
        nisa.tensor_scalar(tile, tile, nl.add, 1.0)
        nisa.dma_copy(x, tile)

    x = small_integers(32, 8)
    before = x.copy()
    prof = trnlab.profile(kernel, x)
    np.testing.assert_array_equal(x, before + 1)
    x[...] = 99
    np.testing.assert_array_equal(prof.values(0, "src"), before)
    np.testing.assert_array_equal(prof.values(2, "dst"), before + 1)
    prof.values(0, "src")[...] = 7
    np.testing.assert_array_equal(prof.values(0, "src"), before)


def test_values_need_no_inputs_but_real_ones_if_there_are_any() -> None:
    def kernel():
        return stored(written((32, 4)))

    assert (trnlab.profile(kernel).values(1, "src") == 0).all()
    prof = trnlab.profile(lambda x: stored(loaded(x)), trnlab.shape((32, 4)))
    with pytest.raises(ValueError) as refused:
        prof.values(0, "dst")
    assert str(refused.value) == ("values: this profile ran on shapes alone; give it NumPy arrays")


@pytest.mark.parametrize(
    "call, role, sentence",
    [
        (0, "moving", "values: call 0 has no 'moving', it has dst, src"),
        (2, "dst", "values: there is no call 2; this run has 2"),
        (-1, "dst", "values: there is no call -1; this run has 2"),
    ],
)
def test_values_of_what_is_not_there_are_refused(call: int, role: str, sentence: str) -> None:
    prof = trnlab.profile(lambda x: stored(loaded(x)), small_integers(32, 4))
    with pytest.raises(ValueError) as refused:
        prof.values(call, role)
    assert str(refused.value) == sentence


# Arguments of `profile` and `shape`


def test_a_chip_may_be_given_by_name_or_with_changed_numbers() -> None:
    a = trnlab.shape((1024, 1024), "bfloat16")
    plain = trnlab.profile(tiled, a, a, chip="trn2")
    fast = trnlab.profile(tiled, a, a, chip=spec.TRN2.with_({"core.dma.moving_bytes_per_s": 1e12}))
    assert fast.total_s < plain.total_s
    assert plain.chip == fast.chip == "trn2"
    again = plain.on(fast.core)
    assert again.total_s == fast.total_s


def test_a_chip_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"^chip: 'trn9' is not a chip of trnlab. Name one of: t"):
        trnlab.profile(lambda: None, chip="trn9")


def test_scheduling_again_takes_neither_values_nor_recording() -> None:
    x = small_integers(128, 64)
    prof = trnlab.profile(lambda x: stored(loaded(x)), x, chip="trn2")
    slower = prof.on(CORE.with_({"dma.start_s": 5e-6}))
    assert slower.output is prof.output and slower.trace is prof.trace
    assert slower.total_s == pytest.approx(prof.total_s + 2 * (5e-6 - CORE.dma.start_s))


def test_repeated_profiles_are_equal() -> None:
    a = trnlab.shape((512, 512), "bfloat16")
    first, second = (trnlab.profile(tiled, a, a) for _ in range(2))
    for name in first.timeline:
        np.testing.assert_array_equal(first.timeline[name], second.timeline[name])


@pytest.mark.parametrize("sizes", [(), (0, 4), (2.5,), (-1, 3)])
def test_a_shape_has_positive_whole_sizes(sizes: Any) -> None:
    with pytest.raises(ValueError) as refused:
        trnlab.shape(sizes)
    assert str(refused.value) == f"shape: {sizes!r} needs sizes that are whole numbers of 1 or more"


def test_a_shape_has_one_of_nkis_dtypes() -> None:
    assert trnlab.shape((4, 4), np.int8).dtype == "int8"
    with pytest.raises(ValueError, match="^dtype: 'float64' is not one of NKI's"):
        trnlab.shape((4, 4), "float64")


def test_a_launch_takes_its_own_time_before_and_after(prof: Profile) -> None:
    core = prof.core
    added_us = 1e6 * (core.launch_start_s + core.launch_end_s)
    assert prof.launched_us == pytest.approx(prof.total_us + added_us)

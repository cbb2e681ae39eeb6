"""Tiles of few partitions beside each other: legal starts, no shared bytes, lanes kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import refusal
from trnlab import CapacityError, nki
from trnlab.memory import Allocation
from trnlab.schedule.quadrants import lanes, place_beside

KIB = 1024


def tile(id, rows, size_bytes, first, last):
    allocation = Allocation(id, f"t{id}", "sbuf", (rows, size_bytes), "uint8", 0)
    allocation.first_call, allocation.last_call = first, last
    return allocation


def placed(*tiles, together=(), room=100):
    allocations = [tile(id, *of) for id, of in enumerate(tiles)]
    places = place_beside(allocations, dict(together), room)
    return [(places[id].address_bytes, places[id].partition) for id in range(len(tiles))]


def test_four_tiles_of_a_quadrant_lie_beside_each_other():
    assert placed(*[(32, 100, 0, 9)] * 4) == [(0, 0), (0, 32), (0, 64), (0, 96)]


def test_a_tile_of_33_partitions_starts_at_0_or_64():
    assert placed((1, 60, 0, 9), (33, 100, 1, 9), (32, 100, 2, 9)) == [(0, 0), (0, 64), (0, 32)]


def test_a_tile_of_65_partitions_takes_all_of_them():
    assert placed((32, 10, 0, 9), (65, 20, 1, 9), (32, 10, 2, 9)) == [(0, 0), (10, 0), (0, 32)]


def test_tiles_that_are_read_together_start_together():
    found = placed((32, 50, 0, 9), (32, 50, 1, 9), (32, 50, 2, 9), together=[(1, 1), (2, 1)])
    assert found == [(0, 0), (0, 32), (50, 32)]
    found = placed((32, 50, 0, 9), (32, 50, 1, 9), together=[(0, -1), (1, -1)])
    assert found == [(0, 0), (50, 0)]


def test_a_tile_waits_for_those_whose_bytes_it_takes():
    allocations = [tile(0, 32, 60, 0, 1), tile(1, 32, 60, 1, 2), tile(2, 64, 50, 3, 4)]
    assert place_beside(allocations, {}, 60)[2].before == (0, 1)


def test_live_tiles_that_fill_every_quadrant_are_refused():
    with pytest.raises(CapacityError, match="t4 .* needs 60 bytes per partition"):
        placed(*[(20, 60, 0, 9)] * 5)


sizes = st.tuples(st.integers(1, 128), st.integers(1, 30), st.integers(0, 20), st.integers(0, 8))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(sizes, min_size=1, max_size=20), st.lists(st.integers(-1, 3), max_size=12))
def test_no_byte_is_shared_by_tiles_that_live_at_once(given_tiles, groups):
    allocations = [
        tile(id, rows, size, first, first + more)
        for id, (rows, size, first, more) in enumerate(sorted(given_tiles, key=lambda t: t[2]))
    ]
    together = {id: group for id, group in enumerate(groups) if group < id}
    places = place_beside(allocations, together, 10**6)
    for one in allocations:
        a = places[one.id]
        assert a.partition + one.rows <= 128 and a.partition % (32 if one.rows <= 32 else 64) == 0
        for two in allocations[: one.id]:
            b = places[two.id]
            if two.last_call < one.first_call:
                continue
            apart = (
                a.address_bytes >= b.address_bytes + b.size_bytes
                or b.address_bytes >= a.address_bytes + a.size_bytes
                or a.partition >= b.partition + two.rows
                or b.partition >= a.partition + one.rows
            )
            assert apart


def rotated(x, cos, sin):
    """A rotary embedding in halves of the partitions, every product a tile of its own."""
    rows, columns = x.shape
    half = rows // 2
    tiles = [nl.ndarray((half, columns), x.dtype) for _ in range(7)]
    low_cos, high_cos, low_sin, high_sin, high, cosine, sine = tiles
    data, out = nl.ndarray(x.shape, x.dtype), nl.ndarray(x.shape, x.dtype)
    for target, source in ((data, x), (cosine, cos), (sine, sin)):
        nisa.dma_copy(dst=target, src=source)
    nisa.tensor_copy(dst=high, src=data[half:])
    for target, part, factor in (
        (low_cos, data[:half], cosine), (high_cos, high, cosine),
        (low_sin, data[:half], sine), (high_sin, high, sine),
    ):  # fmt: skip
        nisa.tensor_tensor(dst=target, data1=part, data2=factor, op=nl.multiply)
    nisa.tensor_tensor(dst=out[:half], data1=low_cos, data2=high_sin, op=nl.subtract)
    nisa.tensor_tensor(dst=out[half:], data1=high_cos, data2=low_sin, op=nl.add)
    result = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    nisa.dma_copy(dst=result, src=out)
    return result


def test_a_tile_lies_higher_if_only_so_the_next_ones_fit():
    found = placed((128, 30, 0, 3), (64, 30, 0, 9), (64, 30, 1, 9), (64, 30, 2, 9),
                   (64, 30, 3, 9), together=[(1, 0), (0, 0), (3, 3), (4, 3)])  # fmt: skip
    assert found == [(0, 0), (30, 0), (60, 0), (30, 64), (60, 64)]


def test_a_kernel_that_fits_only_side_by_side_runs():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 12 * KIB)).astype(np.float32)
    cos, sin = rng.standard_normal((2, 32, 12 * KIB)).astype(np.float32)
    prof = trnlab.profile(nki.jit(rotated), x, cos, sin, chip="trn2")
    low, high = x[:32], x[32:]
    expected = np.concatenate([low * cos - high * sin, high * cos + low * sin])
    assert np.array_equal(prof.output, expected)
    tiles, partitions = prof.tiles, prof.core.sbuf.partitions
    assert (tiles["partition"] + tiles["partitions"] <= partitions).all()
    assert (tiles["partition"] > 0).any()
    assert (tiles["address_bytes"] + tiles["bytes_per_partition"]).max() <= 224 * KIB


def test_what_one_instruction_reads_is_on_the_same_lanes():
    x = trnlab.shape((64, 12 * KIB), "float32")
    half = trnlab.shape((32, 12 * KIB), "float32")
    line = trnlab.profile(nki.jit(rotated), x, half, half, chip="trn2").timeline
    groups = lanes(line.trace, 0)
    for call in line.trace.calls:
        reads = [view[0] for view in call.reads if view[0] in groups]
        assert len({line.places[id].partition for id in reads}) <= 1 or call.kind.engine == "dma"


def test_operands_of_the_tensor_engine_do_not_move():
    def kernel(x):
        tiles = [nl.ndarray((32, 60 * KIB), nl.bfloat16) for _ in range(4)]
        psum = nl.ndarray((32, 512), nl.float32, nl.psum)
        for target in tiles:
            nisa.dma_copy(dst=target, src=x)
        for target in tiles:
            nisa.nc_matmul(psum, stationary=target[:, :32], moving=target[:, :512])

    text = refusal(kernel, trnlab.shape((32, 60 * KIB), "bfloat16"), chip="trn2")
    assert "needs 122880 bytes per partition, but 1 live tiles hold 122880 of 229376" in text

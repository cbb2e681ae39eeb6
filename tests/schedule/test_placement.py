"""Places: aligned, never shared by live tiles, freed longest ago first; errors name tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import refusal, written
from trnlab import CapacityError
from trnlab.memory import Allocation
from trnlab.schedule.placement import Place, place

some = settings(max_examples=100, deadline=None, derandomize=True)
BANK = 2048


def tile(id: int, size_bytes: int, first: int, last: int) -> Allocation:
    """A tile that is used from the first to the last call."""
    allocation = Allocation(id, f"t{id}", "psum", (128, size_bytes), "uint8", 0)
    allocation.first_call, allocation.last_call = first, last
    return allocation


def placed(*tiles: tuple[int, int, int], room: int = 4 * BANK, grain: int = 0) -> list[Place]:
    allocations = [tile(id, *of) for id, of in enumerate(tiles)]
    places = place(allocations, room, grain)
    return [places[id] for id in range(len(tiles))]


def test_fresh_memory_is_taken_before_freed() -> None:
    assert placed((100, 0, 0), (100, 1, 1), (100, 2, 2)) == [
        Place(0, 100, ()),
        Place(100, 100, ()),
        Place(200, 100, ()),
    ]


def test_full_memory_gives_the_place_freed_longest_ago() -> None:
    found = placed((100, 0, 5), (100, 1, 2), (100, 3, 4), (100, 6, 6), (100, 7, 7), room=200)
    assert [p.address_bytes for p in found] == [0, 100, 100, 100, 0]
    assert [p.before for p in found] == [(), (), (1,), (2,), (0,)]


def test_a_tile_that_spans_several_freed_places_follows_all_of_them() -> None:
    found = placed((100, 0, 0), (60, 1, 1), (40, 2, 2), (150, 3, 3), (50, 4, 4), room=200)
    assert found[3] == Place(0, 150, (0, 1))
    assert found[4] == Place(150, 50, (1, 2))


def test_a_tile_still_read_by_the_call_that_makes_another_is_live() -> None:
    with pytest.raises(CapacityError):
        placed((100, 0, 1), (100, 1, 2), room=150)
    placed((100, 0, 1), (100, 2, 2), room=150)


def test_small_psum_tiles_share_a_bank_and_none_crosses_one() -> None:
    found = placed((1024, 0, 9), (512, 1, 9), (1024, 2, 9), (512, 3, 9), grain=BANK)
    assert [p.address_bytes for p in found] == [0, 1024, 2048, 3072]


def test_a_psum_tile_of_several_banks_starts_at_a_bank_even_in_a_freed_place() -> None:
    with pytest.raises(CapacityError, match="leave no gap so wide"):
        placed((4096, 0, 1), (4096, 1, 9), (1000, 2, 9), (3096, 3, 9), grain=BANK)
    found = placed((4096, 0, 1), (4096, 1, 2), (1000, 2, 9), (3096, 3, 9), grain=BANK)
    assert found[3].address_bytes % BANK == 0


lives = st.lists(
    st.tuples(st.sampled_from([1, 4, 100, 512, 1000, 2048, 3096, 4096]), st.integers(0, 5)),
    min_size=1,
    max_size=50,
)


@some
@given(lives, st.sampled_from([0, BANK]))
def test_every_byte_of_a_place_names_its_last_owner_and_has_one_at_a_time(
    lives: list[tuple[int, int]], grain: int
) -> None:
    tiles = [tile(i, size, i, i + length) for i, (size, length) in enumerate(lives)]
    try:
        places = place(tiles, 8 * BANK, grain)
    except CapacityError:
        assume(False)
    owner = np.full(8 * BANK, -1)
    for new in tiles:
        address, size, before, _ = places[new.id]
        assert 0 <= address and address + size <= 8 * BANK
        if grain:
            assert address % grain == 0 or address % grain + size <= grain
        old = set(owner[address : address + size].tolist()) - {-1}
        assert old <= set(before)
        assert all(tiles[id].last_call < new.first_call for id in before)
        owner[address : address + size] = new.id


def test_a_thousand_tiles_of_one_byte_fit_beside_each_other() -> None:
    found = placed(*[(1, i, 5000) for i in range(1000)])
    assert [p.address_bytes for p in found] == list(range(1000))


# Errors


def hold(*tiles: tuple[tuple[int, ...], str, str]) -> Any:
    """A kernel that keeps tiles live: each is written, then all are written again."""

    def kernel():
        made = [written(shape, buffer=buffer, name=name) for shape, buffer, name in tiles]
        for one in made:
            written(one.shape)
            nisa.memset(one, 1)

    return kernel


def test_live_tiles_beyond_sbuf_are_named() -> None:
    big = [((128, 20_000), nl.sbuf, name) for name in ("weights", "cache", "scores", "extra")]
    sentence = refusal(hold(*big))
    assert sentence.startswith("SBUF: extra [128, 20000] float32 (line ")
    assert " needs 80000 bytes per partition, but 3 live tiles hold 240000 of 262144: " in sentence
    for name in ("weights", "cache", "scores"):
        assert f"{name} [128, 20000] float32 (line " in sentence
    assert sentence.endswith("; use smaller blocks, or tiles that are dead sooner")


def test_live_tiles_beyond_psum_are_named() -> None:
    banks = [((128, 512), nl.psum, f"acc{i}") for i in range(9)]
    sentence = refusal(hold(*banks))
    assert sentence.startswith("PSUM: acc8 [128, 512] float32 (line ")
    assert " needs 2048 bytes per partition, but 8 live tiles hold 16384 of 16384: " in sentence
    assert (
        ", ...; copy finished tiles to SBUF sooner, or accumulate fewer tiles at once" in sentence
    )


def test_a_tile_larger_than_its_memory_is_told_how_much_there_is() -> None:
    assert refusal(hold(((128, 70_000), nl.sbuf, "wide"))).endswith(
        "needs 280000 bytes per partition, and there are 262144; tile its free dimensions"
    )


@pytest.mark.parametrize(("rows", "fits"), [(16, False), (3, False), (2, True), (1, True)])
def test_an_accumulator_larger_than_psum_is_refused_however_little_of_it_is_used_at_once(
    rows: int, fits: bool
) -> None:
    def kernel():
        left, right = written((128, 128)), written((128, 512))
        sums = nl.ndarray((128, rows, 2048), nl.float32, buffer=nl.psum)
        kept = nl.ndarray((128, 2048), nl.float32)
        for row in range(rows):
            for block in range(4):
                where = slice(512 * block, 512 * (block + 1))
                nisa.nc_matmul(sums[:, row, where], left, right)
            nisa.tensor_copy(kept, sums[:, row, :])

    if fits:
        trnlab.profile(kernel, chip="trn2")
    else:
        needs = f"needs {rows * 8192} bytes per partition, and there are 16384"
        assert needs in refusal(kernel, chip="trn2")


def test_simulating_checks_capacity_as_profiling_does() -> None:
    banks = [((128, 512), nl.psum, f"acc{i}") for i in range(9)]
    with pytest.raises(CapacityError, match="^PSUM: acc8"):
        trnlab.nki.simulate(hold(*banks))()


def test_a_place_that_fits_waits_behind_older_ones_of_another_size() -> None:
    """Calls 0 to 9 leave 60 bytes free each; 40 bytes freed by call 40 would be waited for."""
    older = [(60, call, call) for call in range(10)]
    found = placed(*older, (40, 10, 40), (40, 41, 41), room=640)
    assert found[10].before == ()
    assert found[11] == Place(0, 40, (0,))


def test_a_place_that_fits_comes_first_if_others_are_not_much_older() -> None:
    found = placed((60, 0, 8), (40, 1, 9), (40, 10, 10), room=100)
    assert found[2] == Place(60, 40, (1,))


def test_what_only_fits_if_places_keep_their_sizes_still_fits() -> None:
    """Cut to 40 bytes, the old places of 60 would leave no gap for another 60."""
    older = [(60, 0, 0), (60, 0, 0), (40, 1, 30)]
    found = placed(*older, (40, 31, 99), (60, 31, 99), (60, 31, 99), room=160)
    assert {place.address_bytes for place in found[3:]} == {0, 60, 120}

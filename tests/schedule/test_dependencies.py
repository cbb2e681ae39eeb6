"""Who waits for whom: by region, by place, by queue; on Trainium2.

A transfer is two rows: its trigger waits for the operands, the transfer follows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, written
from trnlab import Profile, spec

CORE = spec.TRN2.core
HOP_S = CORE.semaphore_s


class Row(NamedTuple):
    """One device instruction."""

    number: int
    op: str
    start_s: float
    released_s: float  # it has streamed
    readable_s: float  # its result can be read on other engines
    wait: str


def rows(prof: Profile) -> list[Row]:
    line = prof.timeline
    return [
        Row(
            row,
            line.ops[line["op"][row]],
            float(line["start_s"][row]),
            float(line["start_s"][row] + line["busy_s"][row]),
            float(line["end_s"][row]),
            line.wait_kinds[line["wait_kind"][row]],
        )
        for row in range(line.rows)
    ]


def of(prof: Profile, op: str) -> list[Row]:
    return [row for row in rows(prof) if row.op == op]


def profiled(kernel: Callable[..., Any], *shapes: tuple[int, ...], chip: Any = "trn2") -> Profile:
    return trnlab.profile(kernel, *map(trnlab.shape, shapes), chip=chip)


# By region


def test_a_reader_waits_only_for_the_part_it_reads() -> None:
    def kernel(x):
        tile, out = nl.ndarray((128, 256), x.dtype), nl.ndarray((128, 128), x.dtype)
        nisa.dma_copy(tile[:, :128], x)
        nisa.memset(tile[:, 128:], 0)
        nisa.activation(out, nl.square, tile[:, 128:])

    prof = profiled(kernel, (128, 128))
    (memset,), (square,), (load,) = (of(prof, op) for op in ("memset", "activation", "dma_copy"))
    assert square.start_s == pytest.approx(memset.readable_s + HOP_S)
    assert square.start_s < load.start_s


def test_partitions_are_told_apart_too() -> None:
    def kernel(x):
        tile, out = nl.ndarray((128, 128), x.dtype), nl.ndarray((64, 128), x.dtype)
        nisa.dma_copy(tile[:64], x)
        nisa.memset(tile[64:], 0)
        nisa.activation(out, nl.square, tile[64:])

    prof = profiled(kernel, (64, 128))
    assert of(prof, "activation")[0].start_s < of(prof, "dma_copy")[0].start_s


def test_a_view_with_gaps_stands_for_all_between_its_ends() -> None:
    """The model keeps rectangles: columns between those that are written wait too."""

    def kernel():
        tile, out = nl.ndarray((128, 256), nl.float32), nl.ndarray((128, 128), nl.float32)
        nisa.memset(tile[:, 1::2], 0)
        nisa.memset(tile[:, ::2], 0)
        nisa.activation(out, nl.square, tile[:, 1::2])

    _, even = of(prof := profiled(kernel), "memset")
    assert of(prof, "activation")[0].start_s == pytest.approx(even.readable_s + HOP_S)


def test_what_lies_in_the_gaps_of_a_write_is_waited_for_still() -> None:
    def kernel(x):
        tile, out = nl.ndarray((128, 128), x.dtype), nl.ndarray((128, 64), x.dtype)
        nisa.dma_copy(tile, x)
        nisa.memset(other := nl.ndarray((128, 128), x.dtype), 0)
        nisa.tensor_copy(tile[:, ::2], other[:, ::2])
        nisa.activation(out, nl.square, tile[:, 1::2])

    load = of(prof := profiled(kernel, (128, 128)), "dma_copy")[0]
    assert of(prof, "activation")[0].start_s >= load.readable_s


def test_a_write_waits_until_others_have_read_what_it_overwrites() -> None:
    def kernel(x, y):
        tile = loaded(x)
        nisa.activation(nl.ndarray(x.shape, x.dtype), nl.square, tile)
        nisa.dma_copy(tile, y)

    prof = profiled(kernel, (128, 128), (128, 128))
    (square,), (_, trigger) = of(prof, "activation"), of(prof, "DmaTrigger")
    assert trigger.start_s == pytest.approx(square.released_s + HOP_S)  # read, not yet readable
    assert trigger.start_s < square.readable_s
    assert trigger.wait == "operand in use"
    assert "activation that still reads the place it overwrites" in prof.timeline.wait_text(
        trigger.number
    )


def test_a_write_waits_for_the_result_of_what_read_and_wrote_its_place() -> None:
    def kernel():
        tile = nl.ndarray((128, 128), nl.float32)
        nisa.memset(tile, 1)
        nisa.activation(tile[:, :64], nl.square, tile[:, 64:])
        nisa.memset(tile, 2)

    (square,), (_, memset) = (
        of(prof := profiled(kernel), "activation"),
        of(prof, "memset"),
    )
    assert memset.start_s == pytest.approx(square.readable_s + HOP_S)
    assert memset.wait == "result in use"


def test_matmuls_into_one_bank_follow_without_a_wait() -> None:
    def kernel():
        a, b = written((128, 128), "bfloat16"), written((128, 512), "bfloat16")
        acc = nl.ndarray((128, 512), nl.float32, nl.psum)
        for k in range(4):
            nisa.nc_matmul(acc, a, b, accumulate=k > 0)

    found = of(profiled(kernel), "MultiplyMoving")
    for before, after in zip(found, found[1:], strict=False):
        assert after.start_s == pytest.approx(before.released_s)


def test_slow_weights_are_waited_for_and_named() -> None:
    def kernel():
        a, b = written((128, 128), "bfloat16"), written((128, 8), "bfloat16")
        for _ in range(3):
            nisa.nc_matmul(nl.ndarray((128, 8), nl.float32, nl.psum), a, b)

    changed = {"tensor.load_speedup": 0.5, "tensor.ramp_s": 0.0}  # 256 cycles behind 64
    slow = profiled(kernel).on(CORE.with_(changed))
    multiplies = of(slow, "MultiplyMoving")
    assert [row.wait for row in multiplies] == ["data", "weights", "weights"]
    assert slow.timeline.wait_text(multiplies[-1].number) == (
        "TensorE waits 0.08 us until its stationary tile is loaded."
    )


# By queue


def test_a_transfer_counts_as_done_when_those_before_it_in_its_queue_are() -> None:
    def kernel(big, x):
        late = nl.ndarray((128, 8192), x.dtype)
        nisa.dma_copy(late[96:128], big)  # keeps four engines busy
        wide, small = nl.ndarray((128, 64), x.dtype), nl.ndarray((32, 64), x.dtype)
        for tile in (wide, small):
            nisa.dma_copy(tile, x[: tile.shape[0]])
        nisa.tensor_tensor(nl.ndarray((32, 64), x.dtype), wide[96:128], small, nl.add)

    prof = profiled(kernel, (32, 8192), (128, 64))
    _, wide, small = of(prof, "dma_copy")
    assert small.released_s < wide.released_s  # it needs other engines
    assert small.readable_s == wide.readable_s  # but shares a counter
    assert of(prof, "tensor_tensor")[0].start_s >= wide.readable_s


def test_a_store_that_waits_does_not_hold_up_loads_that_are_ready() -> None:
    def kernel(x, y):
        tile = nl.ndarray((128, 8192), x.dtype)
        nisa.activation(tile, nl.square, written((128, 8192)))
        nisa.dma_copy(y, tile[:, :128])  # waits for ScalarE
        nisa.dma_copy(nl.ndarray(x.shape, x.dtype), x)

    prof = profiled(kernel, (128, 128), (128, 128))
    store, load = of(prof, "dma_copy")
    assert load.released_s < of(prof, "activation")[0].readable_s < store.start_s


def test_fewer_queues_are_shared() -> None:
    def kernel(x, y):
        nisa.dma_copy(tile := loaded(x), y)
        nisa.dma_copy(y, tile)

    prof = profiled(kernel, (128, 128), (128, 128))
    one = prof.on(CORE.with_({"dma.queues": 1}))
    used = {one.timeline.lanes[lane] for lane in one.timeline["lane"]}
    assert used & {"dma q0", "dma q1", "dma q2"} == {"dma q0"}
    assert one.total_s >= prof.total_s


def test_one_dma_engine_carries_the_bytes_of_all() -> None:
    def kernel(x):
        loaded(x)

    prof = profiled(kernel, (128, 8192))
    busy_s = {
        engines: of(prof.on(CORE.with_({"dma.engines": engines})), "dma_copy")[0]
        for engines in (1, 4, 16)
    }
    lasted = {engines: row.released_s - row.start_s for engines, row in busy_s.items()}
    assert lasted[1] > 3.9 * lasted[4] > 15 * lasted[16]


# By place: reuse makes a wait, and double buffering appears by itself

TILE_BYTES = 512 * 4


def with_room_for(tiles: int) -> spec.Chip:
    return spec.TRN2.with_({"core.sbuf.usable_partition_bytes": tiles * TILE_BYTES})


def streamed(rooms: int, explicit: int = 0) -> Profile:
    """Load twelve tiles and add each up; tiles are new ones, or `explicit` ones in turn."""

    def kernel(x):
        tiles = [nl.ndarray((128, 512), x.dtype, name="buffer") for _ in range(explicit)]
        total = nl.ndarray((128, 512), x.dtype, name="total")
        nisa.memset(total, 0)
        for i in range(12):
            new = tiles[i % explicit] if tiles else nl.ndarray((128, 512), x.dtype, name="tile")
            nisa.dma_copy(new, x[128 * i : 128 * i + 128])
            nisa.tensor_tensor(total, total, new, nl.add)

    return profiled(kernel, (12 * 128, 512), chip=with_room_for(rooms + 1))


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_room_for_n_tiles_is_as_good_as_n_buffers_written_out(buffers: int) -> None:
    by_itself, written_out = streamed(buffers), streamed(12, explicit=buffers)
    np.testing.assert_allclose(
        by_itself.timeline["start_s"], written_out.timeline["start_s"], rtol=1e-12
    )
    assert of(by_itself, "DmaTrigger")[-1].wait == "sbuf space"
    assert of(written_out, "DmaTrigger")[-1].wait == "operand in use"


def test_a_second_buffer_hides_loads_behind_work() -> None:
    one, two, twelve = (streamed(rooms).total_us for rooms in (1, 2, 12))
    assert two < 0.75 * one
    assert twelve < two


def test_a_tile_that_takes_a_freed_place_waits_for_its_last_reader() -> None:
    prof = streamed(1)
    trigger, add = of(prof, "DmaTrigger")[1], of(prof, "tensor_tensor")[0]
    assert trigger.start_s == pytest.approx(add.released_s + HOP_S)
    assert "VectorE: tensor_tensor, the last user of the SBUF space it takes" in (
        prof.timeline.wait_text(trigger.number)
    )


def test_every_part_of_a_tile_waits_for_the_place_it_takes() -> None:
    """Halves that different queues load have no order of their own."""

    def kernel(x, y, z):
        for _ in range(2):
            old = nl.ndarray((128, 512), x.dtype)
            nisa.dma_copy(old, x)
            nisa.activation(old, nl.square, old)
        tile = nl.ndarray((128, 512), x.dtype)
        nisa.dma_copy(tile[:, :256], y)
        nisa.dma_copy(tile[:, 256:], z)

    prof = profiled(kernel, (128, 512), (128, 256), (128, 256), chip=with_room_for(1))
    last_use = of(prof, "activation")[1].released_s
    for half in of(prof, "dma_copy")[2:]:
        assert half.start_s > last_use


def drained(products: int) -> Any:
    """A kernel that copies each product out of PSUM."""

    def kernel():
        a, b = written((128, 128), "bfloat16"), written((128, 512), "bfloat16")
        for _ in range(products):
            acc = nl.ndarray((128, 512), nl.float32, nl.psum)
            nisa.nc_matmul(acc, a, b)
            nisa.tensor_copy(nl.ndarray((128, 512), nl.bfloat16), acc)

    return kernel


def test_a_ninth_bank_is_the_one_freed_longest_ago() -> None:
    banks = profiled(drained(9)).tiles["bank"]
    assert banks[banks >= 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0]


def test_a_matmul_waits_for_a_bank_to_be_copied_out() -> None:
    prof = profiled(drained(3), chip=spec.TRN2.with_({"core.psum.banks": 2}))
    third, first_copy = of(prof, "MultiplyMoving")[2], of(prof, "tensor_copy")[0]
    assert third.wait == "psum bank"
    assert third.start_s == pytest.approx(first_copy.released_s + HOP_S)
    assert "the last user of the PSUM bank it takes" in prof.timeline.wait_text(third.number)


# Again


def test_the_reference_core_gives_the_first_timeline_again() -> None:
    prof = streamed(12)
    again = prof.on(prof.core.with_({"vector.clock_hz": 2e9})).on(prof.core)
    for name in prof.timeline:
        np.testing.assert_array_equal(again.timeline[name], prof.timeline[name])

"""Timelines worked out by hand, on Trainium2: start, end of occupancy, readable; nanoseconds.

VectorE 0.96 GHz, result 157 cycles later; TensorE 2.4 GHz, 393 cycles, 0.85 % over streaming;
ScalarE 1.2 GHz, 350 cycles; a semaphore hop 50 ns. A transfer starts 900 ns after its trigger,
takes 15 ns + 15 ns for each piece + bytes / 27.2 B/ns on each engine, and is seen 300 ns later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, timeline_ns, written
from trnlab import Profile, spec

CORE = spec.TRN2.core


def profiled(
    kernel: Callable[..., Any], *shapes: tuple[int, ...], dtype: str = "float32"
) -> Profile:
    return trnlab.profile(kernel, *(trnlab.shape(s, dtype) for s in shapes), chip="trn2")


def same(prof: Profile, expected: list[tuple[str, float, float, float]]) -> None:
    found = timeline_ns(prof)
    assert [row[0] for row in found] == [row[0] for row in expected]
    for row, wanted in zip(found, expected, strict=True):
        assert row[1:] == pytest.approx(wanted[1:], abs=2e-3), row[0]


def starts(prof: Profile) -> list[float]:
    return [row[1] for row in timeline_ns(prof)]


def waits(prof: Profile) -> list[str]:
    line = prof.timeline
    return [line.wait_kinds[code] for code in line["wait_kind"]]


def test_independent_instructions_follow_at_the_initiation_interval() -> None:
    def kernel():
        nisa.memset(nl.ndarray((128, 512), nl.float32), 1)
        nisa.memset(nl.ndarray((128, 512), nl.float32), 1)

    same(
        profiled(kernel), [("vector", 0, 533.333, 696.875), ("vector", 533.333, 1066.667, 1230.208)]
    )


def test_a_dependent_instruction_waits_for_the_latency_too() -> None:
    def kernel():
        tile = nl.ndarray((128, 512), nl.float32)
        nisa.memset(tile, 1)
        nisa.tensor_scalar(tile, tile, nl.add, 1.0)

    same(
        profiled(kernel), [("vector", 0, 533.333, 696.875), ("vector", 696.875, 1230.208, 1393.75)]
    )


def test_engines_work_at_the_same_time_and_meet_by_semaphore() -> None:
    def kernel():
        a, b = nl.ndarray((128, 512), nl.float32), nl.ndarray((128, 240), nl.float32)
        nisa.memset(a, 1)
        nisa.memset(b, 1, engine=nisa.engine.gpsimd)
        nisa.activation(b, nl.exp, b)
        nisa.tensor_tensor(b, b, a[:, :240], nl.add)

    same(
        profiled(kernel),
        [
            ("vector", 0, 533.333, 696.875),
            ("gpsimd", 0, 325, 325),  # (150 + 240) / 1.2
            ("scalar", 375, 575, 866.667),
            ("vector", 916.667, 1416.667, 1580.208),  # 2 x 240 / 0.96
        ],
    )


def test_a_load_a_copy_and_a_store() -> None:
    def kernel(x):
        tile, out = nl.ndarray(x.shape, x.dtype), nl.ndarray(x.shape, x.dtype)
        nisa.dma_copy(tile, x)
        nisa.tensor_copy(out, tile)
        nisa.dma_copy(x, out)

    same(
        profiled(kernel, (128, 128)),
        [
            ("dma q0", 900, 1185.588, 1485.588),  # 15 + 8 x 15 + 4096 / 27.2
            ("vector", 1535.588, 1668.922, 1832.463),
            ("dma q1", 2782.463, 3068.051, 3368.051),
        ],
    )


def test_two_loads_a_matmul_and_a_copy_out_of_psum() -> None:
    def kernel(a, b):
        left, right = nl.ndarray(a.shape, a.dtype), nl.ndarray(b.shape, b.dtype)
        nisa.dma_copy(left, a)
        nisa.dma_copy(right, b)
        nisa.nc_matmul(acc := nl.ndarray((128, 512), nl.float32, nl.psum), left, right)
        nisa.tensor_copy(nl.ndarray((128, 512), nl.float32), acc)

    prof = profiled(kernel, (128, 128), (128, 512), dtype="bfloat16")
    same(
        prof,
        [
            ("dma q0", 900, 1110.294, 1410.294),  # 15 + 8 x 15 + 2048 / 27.2
            ("dma q1", 1110.294, 1546.471, 1846.471),  # the engines are free
            ("tensor_load", 1460.294, 1473.627, 1551.544),  # 32 cycles, used 187 later
            ("tensor", 1896.471, 2111.617, 2275.367),  # 512 x 1.0085 cycles
            ("vector", 2325.367, 2858.701, 3022.242),
        ],
    )
    assert waits(prof) == ["none", "dma engines", "data", "data", "data"]
    assert prof.total_us == pytest.approx(3.022242)


def test_matmuls_into_one_bank_follow_without_a_wait() -> None:
    def kernel():
        a, b = written((128, 128), "bfloat16"), written((128, 512), "bfloat16")
        acc = nl.ndarray((128, 512), nl.float32, nl.psum)
        for k in range(3):
            nisa.nc_matmul(acc, a, b, accumulate=k > 0)

    rows = [row for row in timeline_ns(profiled(kernel)) if row[0] == "tensor"]
    assert rows[1][1] - rows[0][1] == pytest.approx(215.147, abs=2e-3)
    assert rows[2][1] - rows[1][1] == pytest.approx(215.147, abs=2e-3)


def test_weights_load_behind_the_multiply_that_runs() -> None:
    def kernel():
        a, b = written((128, 128), "bfloat16"), written((128, 512), "bfloat16")
        for _ in range(2):
            nisa.nc_matmul(nl.ndarray((128, 512), nl.float32, nl.psum), a, b)

    lanes = [row for row in timeline_ns(profiled(kernel)) if row[0].startswith("tensor")]
    (_, first, *_), (_, second, loaded_at, _) = lanes[1], lanes[2]
    assert second == first  # once the first multiply has taken its weights
    assert loaded_at < lanes[3][1]


def test_slow_weights_are_waited_for_and_named() -> None:
    def kernel():
        a, b = written((128, 128), "bfloat16"), written((128, 8), "bfloat16")
        for _ in range(3):
            nisa.nc_matmul(nl.ndarray((128, 8), nl.float32, nl.psum), a, b)

    prof = profiled(kernel)
    slow = prof.on(CORE.with_({"tensor.load_speedup": 1.0}))  # 128 cycles behind 64
    kinds = [waits(slow)[row] for row, lane in enumerate(timeline_ns(slow)) if lane[0] == "tensor"]
    assert kinds == ["data", "weights", "weights"]
    row = slow.timeline.rows - 1
    assert (
        slow.timeline.wait_text(row) == "TensorE waits 0.03 us until its stationary tile is loaded."
    )


def test_transfers_to_different_partitions_use_different_engines_at_once() -> None:
    def kernel(x):
        tile = nl.ndarray((128, 128), x.dtype)
        nisa.dma_copy(tile[0:32], x)
        nisa.dma_copy(tile[32:64], x)
        nisa.dma_copy(tile[0:32], x)

    prof = profiled(kernel, (32, 128))
    assert starts(prof) == pytest.approx([900, 900, 1185.588 + 300 + 900], abs=2e-3)


def test_transfers_of_one_queue_start_in_order_and_overlap_on_other_engines() -> None:
    def kernel(x):
        tile = nl.ndarray((128, 128), x.dtype)
        for quadrant in range(3):
            rows = slice(32 * quadrant, 32 * quadrant + 32)
            nisa.dma_copy(tile[rows], x)

    prof = profiled(kernel, (32, 128))
    assert starts(prof) == pytest.approx([900, 900, 900], abs=2e-3)
    assert {row[0] for row in timeline_ns(prof)} == {"dma q0"}


def test_a_transfer_counts_as_done_when_those_before_it_in_its_queue_are() -> None:
    def kernel(big, x):
        late = nl.ndarray((128, 8192), x.dtype)
        nisa.dma_copy(late[96:128], big)  # keeps four engines busy
        wide, small = nl.ndarray((128, 64), x.dtype), nl.ndarray((32, 64), x.dtype)
        for tile in (wide, small):
            nisa.dma_copy(tile, x[: tile.shape[0]])
        nisa.tensor_tensor(nl.ndarray((32, 64), x.dtype), wide[96:128], small, nl.add)

    prof = profiled(kernel, (32, 8192), (128, 64))
    _, wide, small, add = timeline_ns(prof)
    assert small[2] < wide[2]  # it needs other engines
    assert small[3] == wide[3]  # but shares a counter
    assert add[1] == pytest.approx(wide[3] + 50)


def test_a_store_that_waits_does_not_hold_up_loads_that_are_ready() -> None:
    def kernel(x, y):
        tile = nl.ndarray(x.shape, x.dtype)
        nisa.memset(tile, 1)
        nisa.dma_copy(y, tile)  # waits for memset
        nisa.dma_copy(other := nl.ndarray(x.shape, x.dtype), x)
        nisa.tensor_scalar(other, other, nl.add, 1.0)

    prof = profiled(kernel, (128, 128), (128, 128))
    memset, store, load, _ = timeline_ns(prof)
    assert load[1] == 900
    assert store[1] == pytest.approx(max(memset[3] + 50 + 900, load[2]), abs=2e-3)


def test_hbm_lets_transfers_end_no_faster_than_its_bandwidth() -> None:
    def kernel(x):
        nisa.dma_copy(nl.ndarray(x.shape, x.dtype), x)

    prof = profiled(kernel, (128, 128))
    slow = prof.on(CORE.with_({"hbm.bytes_per_s": 65.536e9}))  # 1 us for 64 KiB
    same(slow, [("dma q0", 900, 1900, 2200)])
    assert waits(slow) == ["hbm"]


# Dependencies are by region


def test_a_reader_waits_only_for_the_part_it_reads() -> None:
    def kernel(x):
        tile, out = nl.ndarray((128, 256), x.dtype), nl.ndarray((128, 128), x.dtype)
        nisa.dma_copy(tile[:, :128], x)
        nisa.memset(tile[:, 128:], 0)
        nisa.activation(out, nl.exp, tile[:, 128:])

    prof = profiled(kernel, (128, 128))
    load, memset, exp = timeline_ns(prof)
    assert exp[1] == pytest.approx(memset[3] + 50, abs=2e-3) and exp[1] < load[1]


def test_partitions_are_told_apart_too() -> None:
    def kernel(x):
        tile, out = nl.ndarray((128, 128), x.dtype), nl.ndarray((64, 128), x.dtype)
        nisa.dma_copy(tile[:64], x)
        nisa.memset(tile[64:], 0)
        nisa.activation(out, nl.exp, tile[64:])

    prof = profiled(kernel, (64, 128))
    assert starts(prof)[2] < 900


def test_a_column_of_hbm_waits_for_its_own_store_only() -> None:
    def kernel(x):
        slow, fast = nl.ndarray((128, 4096), x.dtype), written((128, 128))
        nisa.activation(slow, nl.exp, written((128, 4096)))
        nisa.dma_copy(x[:, 128:256], slow[:, :128])
        nisa.dma_copy(x[:, :128], fast)
        nisa.dma_copy(nl.ndarray((128, 128), x.dtype), x[:, :128])

    late, store, load = timeline_ns(profiled(kernel, (128, 256)))[-3:]
    assert load[1] == pytest.approx(store[3] + 900, abs=2e-3)
    assert load[1] < late[1]


def test_a_view_with_gaps_stands_for_all_between_its_ends() -> None:
    """The model keeps rectangles: columns between those that are written wait too."""

    def kernel():
        tile, out = nl.ndarray((128, 256), nl.float32), nl.ndarray((128, 128), nl.float32)
        nisa.memset(tile[:, 1::2], 0)
        nisa.memset(tile[:, ::2], 0)
        nisa.activation(out, nl.exp, tile[:, 1::2])

    odd, even, exp = timeline_ns(profiled(kernel))
    assert exp[1] == pytest.approx(even[3] + 50, abs=2e-3)


def test_a_write_waits_for_readers_of_what_it_overwrites() -> None:
    def kernel(x, y):
        tile = nl.ndarray(x.shape, x.dtype)
        nisa.dma_copy(tile, x)
        nisa.activation(nl.ndarray(x.shape, x.dtype), nl.exp, tile)
        nisa.dma_copy(tile, y)

    prof = profiled(kernel, (128, 128), (128, 128))
    _, exp, load = timeline_ns(prof)
    assert load[1] == pytest.approx(exp[2] + 50 + 900, abs=2e-3)  # read, not readable
    assert waits(prof)[2] == "operand in use"
    assert prof.timeline.wait_text(2).endswith(
        "for ScalarE: activation that still reads the place it overwrites "
        f"(line {prof.timeline['line'][1]})."
    )


def test_a_write_waits_for_the_result_of_what_read_and_wrote_its_place() -> None:
    def kernel():
        tile = nl.ndarray((128, 128), nl.float32)
        nisa.memset(tile, 1)
        nisa.activation(tile[:, :64], nl.exp, tile[:, 64:])
        nisa.memset(tile, 2)

    prof = profiled(kernel)
    _, exp, memset = timeline_ns(prof)
    assert memset[1] == pytest.approx(exp[3] + 50, abs=2e-3)
    assert waits(prof)[2] == "result in use"


# Places: reuse makes a wait, and double buffering appears by itself

TILE_BYTES = 512 * 4


def with_room_for(tiles: int) -> spec.Chip:
    reserved = CORE.sbuf.reserved_partition_bytes
    return spec.TRN2.with_({"core.sbuf.partition_bytes": reserved + tiles * TILE_BYTES})


def stream(x: Any, tiles: list[Any] | None) -> None:
    """Load twelve tiles and add each up; tiles are new ones, or those given in turn."""
    total = nl.ndarray((128, 512), x.dtype, name="total")
    nisa.memset(total, 0)
    for i in range(12):
        tile = tiles[i % len(tiles)] if tiles else nl.ndarray((128, 512), x.dtype, name="tile")
        nisa.dma_copy(tile, x[128 * i : 128 * i + 128])
        nisa.tensor_tensor(total, total, tile, nl.add)


def streamed(rooms: int, explicit: int = 0) -> Profile:
    def kernel(x):
        tiles = [nl.ndarray((128, 512), x.dtype, name="buffer") for _ in range(explicit)]
        stream(x, tiles)

    x = trnlab.shape((12 * 128, 512))
    return trnlab.profile(kernel, x, chip=with_room_for(rooms + 1))


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_room_for_n_tiles_is_as_good_as_n_buffers_written_out(buffers: int) -> None:
    by_itself, written_out = streamed(buffers), streamed(12, explicit=buffers)
    assert starts(by_itself) == pytest.approx(starts(written_out), abs=1e-6)
    assert waits(by_itself)[-2] == "sbuf space"
    assert waits(written_out)[-2] == "operand in use"


def test_a_second_buffer_hides_loads_behind_work() -> None:
    one, two, twelve = (streamed(rooms).total_us for rooms in (1, 2, 12))
    assert two < 0.75 * one
    assert twelve < two


def test_a_tile_that_takes_a_freed_place_waits_for_its_last_reader() -> None:
    prof = streamed(1)
    second_load = 3
    line = prof.timeline
    assert line.wait_text(second_load).startswith("DMA queue 0 waits ")
    assert "for VectorE: tensor_tensor, the last user of the SBUF space it takes" in line.wait_text(
        second_load
    )
    add = timeline_ns(prof)[2]
    assert starts(prof)[second_load] == pytest.approx(add[2] + 50 + 900, abs=2e-3)


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
    prof = trnlab.profile(drained(3), chip=spec.TRN2.with_({"core.psum.banks": 2}))
    rows = timeline_ns(prof)
    copies = [row for row in rows if row[0] == "vector"][2:]
    multiplies = [i for i, row in enumerate(rows) if row[0] == "tensor"]
    third = multiplies[2]
    assert waits(prof)[third] == "psum bank"
    assert rows[third][1] == pytest.approx(copies[0][2] + 50, abs=2e-3)
    assert "the last user of the PSUM bank it takes" in prof.timeline.wait_text(third)


# Other cores


def test_fewer_queues_are_shared() -> None:
    def kernel(x, y):
        nisa.dma_copy(tile := loaded(x), y)
        nisa.dma_copy(y, tile)

    prof = profiled(kernel, (128, 128), (128, 128))
    one = prof.on(CORE.with_({"dma.queues": 1}))
    assert {row[0] for row in timeline_ns(one)} == {"dma q0"}
    assert one.total_s >= prof.total_s


def test_the_reference_core_gives_the_first_timeline_again() -> None:
    prof = streamed(12)
    again = prof.on(prof.core.with_({"vector.clock_hz": 2e9})).on(prof.core)
    assert timeline_ns(again) == timeline_ns(prof)

"""The closed forms of the array against a simulation that moves every number by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.pe_array.wave import Wave


@st.composite
def waves(draw, largest=7):
    rows, columns = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    return Wave(
        rows=rows,
        columns=columns,
        k=draw(st.integers(1, rows)),
        m=draw(st.integers(1, columns)),
        n=draw(st.integers(1, largest)),
        matmuls=draw(st.integers(1, 3)),
        load_speedup=draw(st.integers(1, 4)),
        min_interval_cycles=draw(st.integers(1, 6)),
    )


class Registers:
    """An array of registers, moved one cycle at a time; it knows no formula for a position."""

    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        shape = (wave.rows, wave.columns)
        self.weights = np.full(wave.columns, -1)  # the same in every used row: a column number
        self.moving = np.full((*shape, 2), -1)  # (matmul, n) in each processing element
        self.landed = [[] for _ in range(wave.columns)]
        self.shifted = 0
        self.active = 0
        self.work = 0

    def step(self, cycle: int) -> None:
        """Bottom results land, moving numbers shift right, the edge is fed, weights shift in."""
        wave = self.wave
        for col in range(wave.m):
            if self.moving[-1, col, 0] >= 0:
                self.landed[col].append(tuple(self.moving[-1, col]))
        self.moving[:, 1:] = self.moving[:, :-1].copy()
        self.moving[:, 0] = [self.fed(row, cycle) for row in range(wave.rows)]
        for _ in range(wave.load_speedup if cycle < wave.load_cycles else 0):
            self.shift_weights()
        busy = self.moving[: wave.k, : wave.m, 0] >= 0
        self.active = int(busy.sum())
        self.work += self.active

    def shift_weights(self) -> None:
        column = self.wave.load_cycles * self.wave.load_speedup - 1 - self.shifted
        self.weights[1:] = self.weights[:-1].copy()
        self.weights[0] = column if column < self.wave.m else -1
        self.shifted += 1

    def fed(self, row: int, cycle: int) -> tuple[int, int]:
        """What enters a row: column n of matmul i, row cycles after it enters row 0."""
        first, pitch = self.wave.load_cycles, self.wave.pitch_cycles
        for i in range(self.wave.matmuls):
            n = cycle - row - first - i * pitch
            if 0 <= n < self.wave.n:
                return i, n
        return -1, -1


def simulated(wave):
    """Every cycle of a run with the registers in it."""
    registers = Registers(wave)
    for cycle in range(wave.total_cycles):
        registers.step(cycle)
        yield cycle, registers


@given(waves())
@settings(max_examples=60, deadline=None)
def test_counts_equal_a_simulation_cycle_by_cycle(wave):
    for cycle, registers in simulated(wave):
        assert wave.active(cycle) == registers.active
        assert wave.work(cycle) == registers.work


@given(waves())
@settings(max_examples=60, deadline=None)
def test_each_element_sees_the_column_that_the_simulation_moved_there(wave):
    for cycle, registers in simulated(wave):
        for row in range(wave.rows):
            for col in range(wave.m):
                moved = tuple(registers.moving[row, col])
                expected = None if moved[0] < 0 else moved
                assert wave.moving_column(row, col, cycle) == expected


@given(waves())
@settings(max_examples=60, deadline=None)
def test_weights_shift_in_and_then_stay_put(wave):
    for cycle, registers in simulated(wave):
        shown = [wave.weight_column(col, cycle) for col in range(wave.columns)]
        held = [None if column < 0 else column for column in registers.weights]
        assert shown[: wave.m] == held[: wave.m]
        if cycle >= wave.load_cycles - 1:
            assert shown[: wave.m] == list(range(wave.m))


@given(waves())
@settings(max_examples=60, deadline=None)
def test_results_land_in_order_and_all_of_them(wave):
    for cycle, registers in simulated(wave):
        landed = [len(results) for results in registers.landed]
        assert [wave.results(col, cycle) for col in range(wave.m)] == landed[: wave.m]
    assert landed[: wave.m] == [wave.n * wave.matmuls] * wave.m
    assert all(results == sorted(results) for results in registers.landed)


@given(waves())
@settings(max_examples=60, deadline=None)
def test_the_array_does_every_multiply_once(wave):
    last = wave.total_cycles - 1
    assert wave.work(last) == wave.k * wave.m * wave.n * wave.matmuls
    assert wave.active(last) == 0
    assert wave.utilization(last) == pytest.approx(
        wave.work(last) / (wave.rows * wave.columns * wave.total_cycles)
    )


def test_a_full_tile_on_the_real_array_counted_by_hand():
    wave = Wave(
        rows=128,
        columns=128,
        k=128,
        m=128,
        n=512,
        matmuls=2,
        load_speedup=4,
        min_interval_cycles=64,
    )
    assert wave.load_cycles == 32
    assert wave.interval_cycles == 512
    assert wave.start(1) == 32 + 512
    assert wave.active(31) == 0
    assert wave.active(32) == 1
    assert wave.active(33) == 3
    assert wave.active(32 + 254) == 128 * 128  # the wave reaches the far corner
    assert wave.active(32 + 600) == 128 * 128  # the second follows without a gap
    assert wave.total_cycles == 32 + 512 + 512 + 128 + 127


@pytest.mark.parametrize(
    "m, n, interval", [(128, 512, 512), (128, 1, 64), (1, 1, 1), (32, 1, 32), (128, 64, 64)]
)
def test_the_interval_follows_the_published_rule(m, n, interval):
    wave = Wave(
        rows=128, columns=128, k=128, m=m, n=n, matmuls=1, load_speedup=4, min_interval_cycles=64
    )
    assert wave.interval_cycles == interval

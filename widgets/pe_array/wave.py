"""Which processing element works on what, and when: closed forms of a weight-stationary array.

Goes in: the size of the array, of one `nc_matmul(stationary [K, M], moving [K, N])` and the cycle.
Comes out: counts and states, without stepping. `wave.js` is the same in the browser, and a test
compares both with a simulation that moves every number by hand.

AWS publishes that the weights stay put, that the moving tile streams one column per cycle, that
LoadStationary costs a fraction of the columns of the stationary tile and runs behind the previous
MultiplyMoving, and how often a matmul can start. It does not publish the order inside the array.
Ours is an illustration: row k sees each column of the moving tile k cycles later, every number
moves one processing element per cycle to the right, and every partial sum one down.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wave:
    """A few equal matmuls in a row on one array. Cycles count from the first weight."""

    rows: int  # of the array; K at most
    columns: int  # of the array; M at most
    k: int
    m: int
    n: int
    matmuls: int
    load_speedup: int  # columns of weights that LoadStationary moves per cycle
    min_interval_cycles: int  # of MultiplyMoving

    @property
    def load_cycles(self) -> int:
        """Cycles of one LoadStationary."""
        return -(-self.m // self.load_speedup)

    @property
    def interval_cycles(self) -> int:
        """Cycles from one matmul to the next: the published rule max(min(64, M), N)."""
        return max(min(self.min_interval_cycles, self.m), self.n)

    @property
    def pitch_cycles(self) -> int:
        """The interval, or the next load where that takes longer."""
        return max(self.interval_cycles, self.load_cycles)

    @property
    def latency_cycles(self) -> int:
        """From the first moving number to the last result in PSUM, in this illustration."""
        return self.n + self.m + self.rows - 1

    @property
    def total_cycles(self) -> int:
        """Cycles from the first weight to the last result in PSUM."""
        return self.start(self.matmuls - 1) + self.latency_cycles

    def start(self, matmul: int) -> int:
        """The cycle in which a matmul's first moving number meets the array."""
        return self.load_cycles + matmul * self.pitch_cycles

    def active(self, cycle: int) -> int:
        """Processing elements that multiply and add in this cycle."""
        return sum(self._active(cycle - self.start(i)) for i in range(self.matmuls))

    def work(self, cycle: int) -> int:
        """Multiply-adds done in all cycles up to and including this one."""
        return sum(self._work(cycle - self.start(i)) for i in range(self.matmuls))

    def utilization(self, cycle: int) -> float:
        """Multiply-adds done so far over those that the array could have done."""
        return self.work(cycle) / (self.rows * self.columns * (cycle + 1))

    def moving_column(self, row: int, col: int, cycle: int) -> tuple[int, int] | None:
        """(matmul, n) whose moving column passes this processing element, or None."""
        since = cycle - self.load_cycles - row - col
        matmul = min(since // self.pitch_cycles, self.matmuls - 1)
        if matmul < 0:
            return None
        n = since - matmul * self.pitch_cycles
        return (matmul, n) if n < self.n else None

    def weight_column(self, col: int, cycle: int) -> int | None:
        """Which column of the stationary tile sits in this column of the array, or None."""
        left = max(self.load_cycles - 1 - cycle, 0) * self.load_speedup
        arrived = (cycle + 1) * self.load_speedup
        column = col + left
        return column if col < arrived and column < self.m else None

    def results(self, col: int, cycle: int) -> int:
        """Results of one column that have reached PSUM, over all matmuls."""
        landed = (cycle - self.start(i) - self.rows - col + 1 for i in range(self.matmuls))
        return sum(min(max(count, 0), self.n) for count in landed)

    def _active(self, since: int) -> int:
        return _inside(since, self.k, self.m) - _inside(since - self.n, self.k, self.m)

    def _work(self, since: int) -> int:
        return _inside_sum(since, self.k, self.m) - _inside_sum(since - self.n, self.k, self.m)


def _inside(s: int, k: int, m: int) -> int:
    """Pairs (row < k, col < m) with row + col <= s."""
    return _triangle(s) - _triangle(s - k) - _triangle(s - m) + _triangle(s - k - m)


def _inside_sum(s: int, k: int, m: int) -> int:
    """The sum of `_inside` over 0..s."""
    return _pyramid(s) - _pyramid(s - k) - _pyramid(s - m) + _pyramid(s - k - m)


def _triangle(s: int) -> int:
    return (s + 1) * (s + 2) // 2 if s >= 0 else 0


def _pyramid(s: int) -> int:
    return (s + 1) * (s + 2) * (s + 3) // 6 if s >= 0 else 0

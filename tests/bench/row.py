"""A line of the table, and how times are taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One line of the table."""

    what: str
    seconds: float
    against: str  # what it is compared with
    ratio: float  # of the two
    goal: str


def best_s(work: Callable[[], Any], repeat: int) -> float:
    """Seconds of the fastest of some repetitions."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)

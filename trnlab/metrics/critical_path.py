"""The critical path: the chain of device instructions that the total time is the length of.

It is followed backwards from the last result: what had to end for this row to start?
"""

from typing import NamedTuple

import numpy as np

from trnlab.schedule.timeline import (
    WAIT_DESCRIPTORS,
    WAIT_DMA_ENGINES,
    WAIT_HBM,
    WAIT_NONE,
    WAIT_ORDER,
    WAIT_WEIGHTS,
    Timeline,
)


class Link(NamedTuple):
    """One row of the critical path."""

    row: int  # of the timeline
    seconds: float  # of the total time, from its start to the start of the next link
    lane: str
    op: str
    line: int  # of the kernel's source
    why: str  # it did not start sooner


def critical_path(line: Timeline) -> list[Link]:
    """Rows that the total time is made of, first to last; their seconds add up to it."""
    if not line.rows:
        return []
    before = _Before(line)
    rows = [int(np.argmax(line["end_s"]))]
    while (row := before.row(rows[-1])) >= 0:
        rows.append(row)
    rows.reverse()
    start = line["start_s"][rows]
    start[0] = 0.0
    seconds = np.diff(np.append(start, line.total_s))
    return [_link(line, row, share) for row, share in zip(rows, seconds.tolist(), strict=True)]


def _link(line: Timeline, row: int, seconds: float) -> Link:
    op = line.ops[line["op"][row]]
    return Link(row, seconds, line.lane_title(row), op, int(line["line"][row]), line.wait_text(row))


class _Before:
    """Finds what a row had to wait for: another row, or the one before it on its lane."""

    def __init__(self, line: Timeline) -> None:
        self.line = line
        self.order = np.lexsort((np.arange(line.rows), line["start_s"], line["lane"]))
        self.place = np.empty(line.rows, np.int64)
        self.place[self.order] = np.arange(line.rows)
        self.is_transfer = line["engine"] == line.engines.index("dma")
        self.transfers = np.flatnonzero(self.is_transfer)

    def row(self, row: int) -> int:
        """The row before on the path, -1 at the beginning."""
        line = self.line
        kind = line["wait_kind"][row]
        if line["start_s"][row] <= 0:
            return -1
        if kind in (WAIT_WEIGHTS, WAIT_DESCRIPTORS):
            return row - 1
        if self.is_transfer[row] and kind not in (WAIT_DMA_ENGINES, WAIT_HBM, WAIT_ORDER):
            return row - 1  # its trigger
        if kind in (WAIT_DMA_ENGINES, WAIT_HBM):
            return self._earlier_transfer(row)
        on = int(line["wait_on"][row])
        return on if kind != WAIT_NONE and on >= 0 else self._on_lane(row)

    def _on_lane(self, row: int) -> int:
        place = self.place[row] - 1
        if place < 0:
            return -1
        before = int(self.order[place])
        return before if self.line["lane"][before] == self.line["lane"][row] else -1

    def _earlier_transfer(self, row: int) -> int:
        """The transfer that ended last before this one started, or that started last."""
        starts = self.line["start_s"][self.transfers]
        earlier = self.transfers[starts < self.line["start_s"][row]]
        if not len(earlier):
            return self._on_lane(row)
        return int(earlier[np.argmax(self.line["start_s"][earlier])])

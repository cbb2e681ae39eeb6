"""Where every tile lies in SBUF and PSUM, and whose place it takes.

In: allocations with their lifetimes (first to last call), in program order. Out: addresses, and for
each tile the tiles that lay there before. A new tile takes memory that was never used, then the
address that was freed longest ago: reuse creates a real wait, double buffering appears by itself,
and a live set larger than the memory is a capacity error that names the tiles. A place of just its
size is taken first, unless other memory has been free for more than eight times as long. If tiles
that are cut to other sizes leave no gap, places of just the same size always come first.

Which addresses the compiler picks is not published: the policy is assumed.
"""

import heapq
import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from trnlab.errors import CapacityError
from trnlab.memory import Allocation
from trnlab.schedule.fixed_addresses import Place, overflow, place_around

PATIENCE = 8.0


class _Segment(NamedTuple):
    start: int
    end: int
    freed: int  # call after which it was free; -1: never used
    before: tuple[int, ...]


def place(
    allocations: Sequence[Allocation], capacity_bytes: int, grain_bytes: int
) -> dict[int, Place]:
    """Place tiles, sorted by first call, into `capacity_bytes` per partition.

    Args:
        grain_bytes: a tile starts at a multiple of it, or lies within one grain (a PSUM bank)
    Returns:
        place by allocation id
    Raises:
        CapacityError: the live tiles do not fit
    """
    if any(allocation.slot is not None for allocation in allocations):
        return place_around(allocations, capacity_bytes, grain_bytes)
    try:
        return _placed(allocations, _Allocator(capacity_bytes, grain_bytes, PATIENCE))
    except CapacityError:
        return _placed(allocations, _Allocator(capacity_bytes, grain_bytes, math.inf))


def _placed(allocations: Sequence[Allocation], allocator: "_Allocator") -> dict[int, Place]:
    live: list[tuple[int, int]] = []  # (last call, id)
    by_id = {}
    for allocation in allocations:
        by_id[allocation.id] = allocation
        while live and live[0][0] < allocation.first_call:
            last, id = heapq.heappop(live)
            allocator.free(id, last)
        if not allocator.allocate(allocation.id, allocation.pitch_bytes, allocation.first_call):
            raise overflow(allocation, [by_id[id] for _, id in live], allocator.capacity)
        heapq.heappush(live, (allocation.last_call, allocation.id))
    return allocator.places


class _Allocator:
    """Memory that fills up and is taken again.

    Args:
        patience: how many times longer other memory must have been free than a place that fits
    """

    def __init__(self, capacity_bytes: int, grain_bytes: int, patience: float) -> None:
        self.patience = patience
        self.grain = grain_bytes
        self.capacity = capacity_bytes
        self.fresh = 0  # bytes up to here have been used
        self.freed: dict[int, deque[_Segment]] = {}  # by size, oldest first
        self.places: dict[int, Place] = {}

    def free(self, id: int, call: int) -> None:
        address, size, _, _ = self.places[id]
        segment = _Segment(address, address + size, call, (id,))
        self.freed.setdefault(size, deque()).append(segment)

    def allocate(self, id: int, size: int, now: int) -> bool:
        """True if a place was found.

        Args:
            now: the call that first writes to it
        """
        start = self._aligned(self.fresh, size)
        if start + size <= self.capacity:
            if start > self.fresh:
                gap = _Segment(self.fresh, start, -1, ())
                self.freed.setdefault(start - self.fresh, deque()).appendleft(gap)
            self.fresh = start + size
            self.places[id] = Place(start, size, ())
            return True
        same = self.freed.get(size)
        if not same or self._aligned(same[0].start, size) != same[0].start:
            return self._search(id, size)
        if self.patience * (now - same[0].freed) < now - self._oldest():
            return self._search(id, size)
        segment = same.popleft()
        self.places[id] = Place(segment.start, size, segment.before)
        return True

    def _oldest(self) -> int:
        """When the memory that has been free the longest was freed."""
        return min(queue[0].freed for queue in self.freed.values() if queue)

    def _aligned(self, address: int, size: int) -> int:
        """First address from here on at which a tile of this size may lie."""
        if self.grain == 0:
            return address
        within = address % self.grain
        fits = size <= self.grain and within + size <= self.grain
        return address if within == 0 or fits else address - within + self.grain

    def _search(self, id: int, size: int) -> bool:
        """The run of free segments that became free longest ago, cut to size."""
        segments = sorted(segment for queue in self.freed.values() for segment in queue)
        if self.fresh < self.capacity:
            segments.append(_Segment(self.fresh, self.capacity, -1, ()))
        best: tuple[int, int, list[_Segment]] | None = None
        for i, first in enumerate(segments):
            start = self._aligned(first.start, size)
            run, end, freed = [first], first.end, first.freed
            for following in segments[i + 1 :]:
                if end >= start + size or following.start != end:
                    break
                run.append(following)
                end, freed = following.end, max(freed, following.freed)
            if end >= start + size and (best is None or freed < best[0]):
                best = (freed, start, run)
        if best is None:
            return False
        self._take(id, best[1], size, best[2], segments)
        return True

    def _take(
        self, id: int, start: int, size: int, run: list[_Segment], segments: list[_Segment]
    ) -> None:
        used = [s for s in run if s.start < start + size and s.end > start]
        before = tuple(dict.fromkeys(old for segment in used for old in segment.before))
        self.places[id] = Place(start, size, before)
        kept = [segment for segment in segments if segment not in run]
        for segment in run:
            if segment.start < start:
                kept.append(segment._replace(end=min(segment.end, start)))
            if segment.end > start + size:
                kept.append(segment._replace(start=max(segment.start, start + size)))
        self.fresh = self.capacity
        self.freed = {}
        for segment in sorted(kept, key=lambda s: (s.freed, s.start)):
            self.freed.setdefault(segment.end - segment.start, deque()).append(segment)

"""What comes before what in every schedule: vector clocks over the calls of a trace.

For each call and each in-order stream they say how far the stream is known to be done when the call
starts: by the waits of the call, of what it waited for, and of what its own stream did before.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from trnlab.isa.collective_engine import COLLECTIVE_RECEIVE
from trnlab.memory import Region, View
from trnlab.schedule.dependencies import dependencies, stream_names
from trnlab.trace import Trace

CORES = 2  # that can share memory: those of a logical core


class Access(NamedTuple):
    """One access to a shared tensor."""

    at: int  # its place in the order of calls
    call: int
    core: int
    stream: str
    writes: bool
    region: Region
    view: View


class Clocks:
    """For every call how far each stream is known to be done when it starts."""

    def __init__(self, trace: Trace, order: Sequence[int], streams: Sequence[str]) -> None:
        self.column = {stream: i for i, stream in enumerate(streams)}
        self.place = np.empty(len(order), np.int64)
        self.place[list(order)] = np.arange(len(order))
        self.twins = _collectives(trace)
        self.known = np.full((len(order), len(streams)), -1, np.int64)
        self._fill(trace, order)

    def _fill(self, trace: Trace, order: Sequence[int]) -> None:
        known, column, place = self.known, self.column, self.place
        early, late = dependencies(trace)[:2]
        names = stream_names(trace)
        last: dict[str, int] = {}
        for call in order:
            own = known[call]
            before = last.get(names[call])
            if before is not None:
                np.maximum(own, known[before], out=own)
            last[names[call]] = call
            # a collective of both cores starts when both are ready, and ends for both at once
            needs = [
                p for part in self.twins.get(call, (call,)) for p in (*early[part], *late[part])
            ]
            for producer in needs:
                np.maximum(own, known[producer], out=own)
                for done in self.twins.get(producer, (producer,)):
                    at = column.get(names[done])
                    if at is not None and own[at] < place[done]:
                        own[at] = place[done]

    def is_before(self, first: Access, second: Access) -> bool:
        """Whether one access is done when the other one starts, in any schedule."""
        return bool(self.known[second.call, self.column[first.stream]] >= first.at)

    def unordered(self, access: Access, others: list[Access]) -> list[Access]:
        """Those of one stream, in its order, that neither come before an access nor after it."""
        done = int(self.known[access.call, self.column[others[0].stream]])
        begin = bisect_right(others, done, key=attrgetter("at"))
        mine = self.column[access.stream]
        end = bisect_left(
            others, access.at, begin, key=lambda other: int(self.known[other.call, mine])
        )
        return others[begin:end]

    def is_one_collective(self, a: Access, b: Access) -> bool:
        """Whether both are the results of one collective, which both cores took part in."""
        return b.call in self.twins.get(a.call, ())


def _collectives(trace: Trace) -> dict[int, list[int]]:
    """Calls by which the cores receive the results of one collective, by each of them."""
    groups: dict[tuple, list[int]] = defaultdict(list)
    for call, recorded in enumerate(trace.calls):
        if recorded.kind.instruction is COLLECTIVE_RECEIVE:
            rank = recorded.core // CORES
            groups[rank, tuple(sorted(trace.after.get(call, ())))].append(call)
    return {call: group for group in groups.values() for call in group}

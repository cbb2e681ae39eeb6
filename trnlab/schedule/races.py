"""Races: accesses of the two cores of a launch to the same bytes that nothing orders.

In: a trace. Out: the races in it. Within a core any two accesses to the same bytes wait for each
other, as NKI's sequential order demands. Between cores only barriers, messages and collectives do,
and the kernel must ask for them. Whatever the schedule, one access comes before the other only if a
chain of such waits leads from the end of the one to the start of the other (happens-before).

The chains are kept as vector clocks: for each call and each in-order stream how far the stream is
known to be done when the call starts. Stream by stream, what a call is ordered with are a first
part and a last part; only what lies between can race with it, and of that only what lies near it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from trnlab.errors import RaceError
from trnlab.isa.collective_engine import COLLECTIVE_RECEIVE, COLLECTIVE_SEND
from trnlab.isa.sequencers import CORE_SIGNAL, CORE_WAIT
from trnlab.memory.elements import Elements, meet
from trnlab.memory.layout import Region, region_of
from trnlab.numerics import itemsize
from trnlab.schedule.dependencies import dependencies, stream_of
from trnlab.schedule.program import in_order
from trnlab.trace import Trace, View

# they name the data of a barrier or a collective, and touch none of it
MEETINGS = (CORE_SIGNAL, CORE_WAIT, COLLECTIVE_SEND)
CELLS = 32  # along each side of a tensor
MOST_CELLS = 64  # of one access; a larger one is compared with all others
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


class Race(NamedTuple):
    """Two accesses to the same bytes by two cores, in the order in which they happened to run."""

    first: Access
    second: Access


def find_races(trace: Trace, has_values: bool) -> list[Race]:
    """Races of a trace, one for each pair of lines and each tensor.

    Args:
        has_values: on shapes alone what has a run-time address may lie anywhere and is left out
    """
    if trace.cores == 1:
        return []
    order = in_order(trace, dependencies(trace))
    shared = _shared(trace, order, has_values)
    near = {id: list(_near(trace, id, found)) for id, found in shared.items()}
    streams = {access.stream for groups in near.values() for group in groups for access in group}
    if not streams:
        return []
    clocks = _Clocks(trace, order, sorted(streams))
    races: dict[tuple, Race] = {}
    for id, groups in near.items():
        twins = _Twins(trace, shared[id], clocks, has_values)
        for group in groups:
            for race in _among(trace, group, clocks, twins):
                lines = [trace.calls[access.call].line for access in race]
                races.setdefault((id, *lines), race)
    return sorted(races.values(), key=lambda race: (race.second.at, race.first.at))


def require_no_race(trace: Trace, has_values: bool) -> None:
    """Refuse a trace with a race.

    Raises:
        RaceError: names the first one
    """
    races = find_races(trace, has_values)
    if races:
        raise RaceError(text(trace, races))


def text(trace: Trace, races: Sequence[Race]) -> str:
    """The first race as sentences, with the way out."""
    first, second = races[0]
    tensor = trace.tensor(first.view[0])
    a, b = first.region, second.region
    size = itemsize(tensor.dtype)
    rows = (max(a.row, b.row), min(a.row_end, b.row_end))
    columns = (max(a.byte, b.byte) // size, -(-min(a.byte_end, b.byte_end) // size))
    more = len(races) - 1
    return (
        f"race: {_who(trace, first)} and {_who(trace, second)} {tensor.name} "
        f"{list(tensor.shape)} (allocated in line {tensor.line}), both rows {rows[0]} to "
        f"{rows[1] - 1}, elements {columns[0]} to {columns[1] - 1}, and nothing orders them: only "
        f"luck of the schedule decides which comes first. Put nisa.core_barrier(data, (0, 1)) on "
        f"that tensor between the two, or give each core a part of its own"
        + (f"; {more} more such pair(s) of lines" if more else "")
    )


def _who(trace: Trace, access: Access) -> str:
    rank, core = divmod(access.core, CORES)
    name = f"core {core}" + (f" of rank {rank}" if trace.cores > CORES else "")
    op = trace.calls[access.call].kind.instruction.name
    verb = "writes" if access.writes else "reads"
    return f"{name} {verb} ({op} in line {trace.calls[access.call].line})"


def _shared(trace: Trace, order: Sequence[int], has_values: bool) -> dict[int, list[Access]]:
    """Accesses to each tensor that one core writes and another one touches, in order."""
    found: dict[int, list[Access]] = defaultdict(list)
    cores: dict[int, set[int]] = defaultdict(set)
    written: set[int] = set()
    for at, call in enumerate(order):
        recorded = trace.calls[call]
        if recorded.kind.instruction in MEETINGS or call in trace.skipped:
            continue
        views = [(view, True) for view in recorded.writes] + [(v, False) for v in recorded.reads]
        for view, writes in views:
            if trace.allocations[view[0]].buffer != "shared_hbm":
                continue
            if view[5] is not None and not has_values:
                continue
            region = _region(trace, view)
            stream = stream_of(recorded)
            found[view[0]].append(Access(at, call, recorded.core, stream, writes, region, view))
            cores[view[0]].add(recorded.core)
            if writes:
                written.add(view[0])
    return {id: found[id] for id in sorted(written) if len(cores[id]) > 1}


def _region(trace: Trace, view: View) -> Region:
    """What a view spans; of one run-time index what it turned out to be."""
    id, dtype, shape, strides, offset, path = view
    if path is None or path.kind != "scalar":
        return trace.region(view)
    return region_of(trace.allocations[id].pitch_bytes, itemsize(dtype), shape, strides, offset)


def _near(trace: Trace, id: int, accesses: Sequence[Access]) -> Iterator[list[Access]]:
    """Groups of accesses that lie near each other, with a write and more than one core in each.

    Every two accesses that overlap are together in a group.
    """
    allocation = trace.allocations[id]
    high = -(-allocation.rows // CELLS)
    wide = -(-allocation.pitch_bytes // CELLS)
    cells: dict[tuple[int, int], list[Access]] = defaultdict(list)
    large: list[Access] = []
    for access in accesses:
        row, row_end, byte, byte_end = access.region
        rows = range(row // high, (row_end - 1) // high + 1)
        columns = range(byte // wide, (byte_end - 1) // wide + 1)
        if len(rows) * len(columns) > MOST_CELLS:
            large.append(access)
            continue
        for i in rows:
            for j in columns:
                cells[i, j].append(access)
    groups = [*cells.values()]
    if large:
        groups = [list(accesses)] if len(groups) < len(large) else [*groups, list(accesses)]
    for group in groups:
        if _is_mixed(group):
            yield group


def _is_mixed(group: Sequence[Access]) -> bool:
    writers = {access.core for access in group if access.writes}
    return bool(writers) and len(writers | {access.core for access in group}) > 1


def _among(
    trace: Trace, group: Sequence[Access], clocks: "_Clocks", twins: "_Twins"
) -> Iterator[Race]:
    """Races among some accesses."""
    streams: dict[tuple[int, str], list[Access]] = defaultdict(list)
    for access in sorted(group):
        streams[access.core, access.stream].append(access)
    for write in group:
        if not write.writes:
            continue
        for (core, _), others in streams.items():
            if core == write.core:
                continue
            for other in clocks.unordered(write, others):
                if other.writes and other.at < write.at:
                    continue  # found from its own side
                if _is_race(trace, write, other, clocks, twins):
                    yield Race(*sorted((write, other)))


def _is_race(
    trace: Trace, write: Access, other: Access, clocks: "_Clocks", twins: "_Twins"
) -> bool:
    if not _overlap(write.region, other.region) or clocks.is_one_collective(write, other):
        return False
    if twins.make_equal(write, other):
        return False
    return meet(_elements(trace, write), _elements(trace, other))


def _overlap(a: Region, b: Region) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def _elements(trace: Trace, access: Access) -> Elements:
    _, dtype, shape, strides, offset, path = access.view
    fills = path is None and trace.fills(access.view)
    at = None if path is None or path.at is None else path.at
    valid = None if path is None else path.valid
    return Elements(itemsize(dtype), shape, strides, offset, at, valid, fills)


class _Twins:
    """Writes of the two cores that put the same values to the same place, whoever is first.

    Both cores often compute all of a result. Without values such writes are those of one line.
    """

    def __init__(
        self, trace: Trace, accesses: Sequence[Access], clocks: "_Clocks", has_values: bool
    ) -> None:
        self.trace = trace
        self.clocks = clocks
        self.has_values = has_values
        self.writes: dict[tuple, list[Access]] = defaultdict(list)
        for access in accesses:
            if access.writes:
                self.writes[self._key(access)].append(access)

    def _key(self, access: Access) -> tuple:
        recorded = self.trace.calls[access.call]
        if self.has_values:
            path = access.view[5]
            content: tuple = (self.trace.contents.get(access.call), path is None or path.kind)
        else:
            content = (recorded.line, recorded.kind)
        return (*access.view[1:5], *content)

    def make_equal(self, write: Access, other: Access) -> bool:
        """Whether the order of a write and another access makes no difference.

        It makes none to a write of the same, nor to a read that comes after such a write of its own
        core.
        """
        if write.view[5] is not None and write.view[5].kind != "scalar":
            return False  # equal values, but perhaps of other rows
        same = self.writes[self._key(write)]
        if other.writes:
            return other in same
        return any(twin.core == other.core and self.clocks.is_before(twin, other) for twin in same)


class _Clocks:
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
        names = [stream_of(recorded) for recorded in trace.calls]
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

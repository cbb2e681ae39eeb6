"""Races: accesses of the two cores of a launch to the same bytes that nothing orders.

In: a trace. Out: the races in it. Within a core any two accesses to the same bytes wait for each
other, as NKI's sequential order demands. Between cores only barriers, messages and collectives do,
and the kernel must ask for them. Whatever the schedule, one access comes before the other only if a
chain of such waits leads from the end of the one to the start of the other (happens-before).

Stream by stream, what a call is ordered with are a first part and a last part; only what lies
between can race with it, and of that only what lies near it in the tensor.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from trnlab.errors import RaceError, RaceWarning
from trnlab.isa.collective_engine import COLLECTIVE_SEND
from trnlab.isa.sequencers import CORE_SIGNAL, CORE_WAIT
from trnlab.memory import View
from trnlab.memory.elements import Elements, meet
from trnlab.memory.layout import Region, covers, overlap, region_of
from trnlab.numerics import itemsize
from trnlab.schedule.dependencies import dependencies, stream_names
from trnlab.schedule.happens_before import CORES, Access, Clocks
from trnlab.schedule.program import in_order
from trnlab.trace import Trace

# they name the data of a barrier or a collective, and touch none of it
MEETINGS = (CORE_SIGNAL, CORE_WAIT, COLLECTIVE_SEND)
CELLS = 32  # along each side of a tensor
MOST_CELLS = 64  # of one access; a larger one is compared with all others


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
    clocks = Clocks(trace, order, sorted(streams))
    races: dict[tuple, Race] = {}
    for id, groups in near.items():
        equal = _Equal(trace, shared[id], clocks, has_values)
        for group in groups:
            for race in _among(trace, group, clocks, equal):
                lines = [trace.calls[access.call].line for access in race]
                races.setdefault((id, *lines), race)
    return sorted(races.values(), key=lambda race: (race.second.at, race.first.at))


def require_no_race(
    trace: Trace, has_values: bool, is_harmless: Callable[[], bool] | None = None
) -> None:
    """Refuse a trace with a race, or warn of one that changes nothing.

    Kernels read inputs that the other core writes to, and multiply what they read by zero: the
    masked end of a cache. What a kernel allocates itself holds nothing to be read so, but both
    cores may clear all of it, long before one of them stores results into a part.

    Args:
        is_harmless: whether the cores in another order end with the same values
    Raises:
        RaceError: names the first one
    """
    races = find_races(trace, has_values)
    if not races:
        return
    if is_harmless is None or any(_reads_own(trace, race) for race in races) or not is_harmless():
        raise RaceError(text(trace, races))
    same = "In this run another order of the cores ends with the same values"
    warnings.warn(f"{text(trace, races)}. {same}", RaceWarning, stacklevel=4)


def _reads_own(trace: Trace, race: Race) -> bool:
    """Whether one of the two reads what the kernel has allocated itself."""
    is_read = not (race.first.writes and race.second.writes)
    return is_read and not trace.allocations[race.first.view[0]].argument


def text(trace: Trace, races: Sequence[Race]) -> str:
    """The first race as sentences, with the way out."""
    first, second = races[0]
    tensor = trace.tensor(first.view[0])
    row, row_end, byte, byte_end = _common(first.region, second.region)
    size = itemsize(tensor.dtype)
    more = len(races) - 1
    return (
        f"race: {_who(trace, first)} and {_who(trace, second)} {tensor.name} "
        f"{list(tensor.shape)} (allocated in line {tensor.line}), both rows {row} to "
        f"{row_end - 1}, elements {byte // size} to {(byte_end - 1) // size}, and nothing orders "
        "them: only luck of the schedule decides which comes first. Put nisa.core_barrier(data, "
        "(0, 1)) on that tensor between the two, or give each core a part of its own"
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
    names = stream_names(trace)
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
            stream = names[call]
            found[view[0]].append(Access(at, call, recorded.core, stream, writes, region, view))
            cores[view[0]].add(recorded.core)
            if writes:
                written.add(view[0])
    return {id: found[id] for id in sorted(written) if len(cores[id]) > 1}


def _region(trace: Trace, view: View) -> Region:
    """What a view spans; of one run-time index what it turned out to be."""
    id, dtype, shape, strides, offset, path, region, _ = view
    if path is None or path.kind != "scalar":
        return region
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
    trace: Trace, group: Sequence[Access], clocks: Clocks, equal: "_Equal"
) -> Iterator[Race]:
    """Races among some accesses."""
    streams: dict[tuple[int, str], list[Access]] = defaultdict(list)
    for access in sorted(group, key=attrgetter("at")):
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
                if _is_race(trace, write, other, clocks, equal):
                    yield Race(*sorted((write, other), key=attrgetter("at")))


def _is_race(trace: Trace, write: Access, other: Access, clocks: Clocks, equal: "_Equal") -> bool:
    if not overlap(write.region, other.region) or clocks.is_one_collective(write, other):
        return False
    if equal.is_harmless(write, other):
        return False
    return meet(_elements(write.view), _elements(other.view))


def _common(a: Region, b: Region) -> Region:
    return Region(max(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), min(a[3], b[3]))


def _elements(view: View) -> Elements:
    _, dtype, shape, strides, offset, path = view[:6]
    if path is None or path.at is None:
        return Elements(itemsize(dtype), shape, strides, offset)
    if path.kind == "elements":
        return Elements(
            itemsize(dtype), (path.at.size,), (1,), 0, path.at.ravel(), path.valid.ravel()
        )
    return Elements(itemsize(dtype), shape, strides, offset, path.at, path.valid)


class _Equal:
    """Writes that change nothing: both cores often compute all of a result, and write it.

    With values that is known of a write: it puts what was there already.
    """

    def __init__(
        self, trace: Trace, accesses: Sequence[Access], clocks: Clocks, has_values: bool
    ) -> None:
        self.clocks = clocks
        self.silent = trace.silent if has_values else _presumed_silent(trace, accesses)
        self.writes: dict[int, list[Access]] = defaultdict(list)  # by core
        for access in accesses:
            if access.writes:
                self.writes[access.core].append(access)

    def is_harmless(self, write: Access, other: Access) -> bool:
        """Whether the order of a write and another access makes no difference to values.

        It makes none if the later of two writes repeats the earlier one, if what is read was there
        before the write, or if the reader's own core wrote the same there before it read.
        """
        if other.writes:
            return max(write, other, key=attrgetter("at")).call in self.silent
        if write.call in self.silent:
            return True
        return any(
            max(twin, write, key=attrgetter("at")).call in self.silent
            and self.clocks.is_before(twin, other)
            and covers(twin.region, _common(write.region, other.region))
            for twin in self.writes[other.core]
            if overlap(twin.region, write.region)
        )


def _presumed_silent(trace: Trace, accesses: Sequence[Access]) -> set[int]:
    """Without values: copies onto themselves, and what the other core wrote in the same line."""
    silent: set[int] = set()
    cores: dict[tuple, int] = {}
    for access in accesses:
        if access.writes:
            recorded = trace.calls[access.call]
            core = cores.setdefault((recorded.line, recorded.kind, access.view), access.core)
            if core != access.core or access.view in recorded.reads:
                silent.add(access.call)
    return silent

"""Which call must wait for which, from the regions that calls read and write.

In: a trace. Out: for every call the producers it waits for. Program order alone decides, no clock.
Only the last producer on each in-order engine or queue is kept: the earlier ones are implied.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trnlab.memory import Allocation
from trnlab.memory.layout import Region
from trnlab.schedule.history import Access, Cells, History, overlap
from trnlab.trace import Recorded, Trace, View

# why a call waits for another one
DATA = 1  # reads what it wrote
READ = 2  # overwrites what it reads
WRITE = 3  # overwrites what it wrote
SPACE = 4  # is placed where its SBUF tile was
BANK = 5  # is placed where its PSUM tile was
_STRICTEST = {DATA: 0, WRITE: 1, READ: 2}

ORDERED = 11  # was told to: depends_on, with_schedule, no_reorder, registers, another core

Edges = dict[int, int]  # producer call -> reason


class Dependencies(NamedTuple):
    """Producers of every call, by call index."""

    early: list[Edges]  # needed by the first step (weights) already
    late: list[Edges]  # needed by the step that computes
    last_calls: list[dict[str, int]]  # by storage id: last call of each stream that touches it
    first_writes: list[dict[str, int]]  # by storage id: first call of each stream that writes it


def dependencies(trace: Trace) -> Dependencies:
    """Producers of every call of a trace."""
    if "dependencies" not in trace.cache:
        trace.cache["dependencies"] = _Analysis(trace).run()
    return trace.cache["dependencies"]


def stream_of(recorded: Recorded) -> str:
    """The in-order stream of a call: its engine, or its DMA queue."""
    lane = recorded.kind.engine if recorded.queue < 0 else f"q{recorded.queue}"
    return lane if recorded.core == 0 else f"{lane} of core {recorded.core}"


class _Analysis:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.histories: dict[tuple[int, int], History] = {}  # by memory and core
        self.last_calls: list[dict[str, int]] = [{} for _ in trace.allocations]
        self.first_writes: list[dict[str, int]] = [{} for _ in trace.allocations]

    def run(self) -> Dependencies:
        early: list[Edges] = []
        late: list[Edges] = []
        spans = iter(self.trace.spans())
        for call, recorded in enumerate(self.trace.calls):
            kind, core, writes = recorded.kind, recorded.core, recorded.writes
            stream = stream_of(recorded)
            first: list[tuple[Access, int]] = []
            rest: list[tuple[Access, int]] = []
            preload = kind.instruction.preload
            written = [next(spans) for _ in writes]
            for position, view in enumerate(recorded.reads):
                access, cells, own = self._access(view, next(spans)[0], core, call, stream)
                _read(access, cells, own, first if position == preload else rest)
            in_psum = kind.engine == "tensor"
            for view, (region, fills) in zip(writes, written, strict=True):
                self.first_writes[view[0]].setdefault(stream, call)
                access, cells, own = self._access(view, region, core, call, stream)
                _write(access, cells, own, fills, in_psum, rest)
            early.append(_last_per_stream(first, call) if first else {})
            late.append(_last_per_stream(rest, call) if rest else {})
        for call, producers in self.trace.after.items():
            for producer in producers:
                late[call].setdefault(producer, ORDERED)
        return Dependencies(early, late, self.last_calls, self.first_writes)

    def _access(
        self, view: View, region: Region, core: int, call: int, stream: str
    ) -> tuple[Access, Cells, Cells]:
        """An access, the cells that may hold what it meets, and those that will hold it.

        Each core keeps its own history: between cores only barriers and messages order.
        """
        id = home = view[0]
        allocation = self.trace.allocations[id]
        self.last_calls[id][stream] = call
        if allocation.slot is not None:
            home, region = self.trace.spot(view)
        history = self.histories.get((home, core))
        if history is None:
            history = self.histories[home, core] = History(allocation)
        return Access(region, call, stream), *history.around(region)


def _read(access: Access, cells: Cells, own: Cells, found: list) -> None:
    region = access.region
    for cell in cells:
        for write in cell.writes:
            if overlap(region, write.region):
                found.append((write, DATA))
    for cell in own:
        cell.reads[region, access.stream] = access


def _write(
    access: Access, cells: Cells, own: Cells, fills: bool, in_psum: bool, found: list
) -> None:
    region, _, stream = access
    for cell in cells:
        for read in cell.reads.values():
            if read.stream != stream and overlap(region, read.region):
                found.append((read, READ))
        for write in cell.writes:
            # TensorE accumulates in order: a matmul never waits for the one before it
            if not (in_psum and write.stream == stream) and overlap(region, write.region):
                found.append((write, WRITE))
        if fills:
            cell.forget(region)
        elif cell.writes:  # what lies in its gaps stays
            same = (region, stream)  # the same write again comes after itself
            cell.writes = [w for w in cell.writes if (w.region, w.stream) != same]
    for cell in own:
        cell.writes.append(access)


def _last_per_stream(found: Sequence[tuple[Access, int]], call: int) -> Edges:
    last: dict[tuple[str, int], int] = {}
    for access, reason in found:
        key = (access.stream, reason)
        if access.call != call and last.get(key, -1) < access.call:
            last[key] = access.call
    edges: Edges = {}
    # a producer that was read from and written to: READ, which ends first, must not hide WRITE
    for (_, reason), producer in sorted(last.items(), key=lambda item: _STRICTEST[item[0][1]]):
        edges.setdefault(producer, reason)
    return edges


def lifetimes(trace: Trace, memory: str, core: int) -> list[Allocation]:
    """Allocations of a core's memory that are used, by first use."""
    used = [
        a for a in trace.allocations if a.memory == memory and a.core == core and a.first_call >= 0
    ]
    return sorted(used, key=lambda allocation: allocation.first_call)

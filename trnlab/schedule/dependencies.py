"""Which call must wait for which, from the regions that calls read and write.

In: a trace. Out: for every call the producers it waits for. Program order alone decides, no clock.
Only the last producer on each in-order engine or queue is kept: the earlier ones are implied.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trnlab.memory import Allocation
from trnlab.memory.layout import Region
from trnlab.schedule.history import Access, Cell, Cells, History, overlap
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
        spans = self.trace.spans()
        at = 0  # of the call's first span
        for call, recorded in enumerate(self.trace.calls):
            kind, _, _, writes, reads, _, core = recorded
            stream = stream_of(recorded)
            first: list[tuple[Access, int]] = []
            rest: list[tuple[Access, int]] = []
            preload = kind.instruction.preload
            for position, view in enumerate(reads, len(writes)):
                found = first if position == preload + len(writes) else rest
                self._read(view, spans[at + position][0], core, call, stream, found)
            in_psum = kind.engine == "tensor"
            for position, view in enumerate(writes, at):
                self._write(view, spans[position], core, call, stream, in_psum, rest)
            at += len(writes) + len(reads)
            early.append(_last_per_stream(first, call) if first else {})
            late.append(_last_per_stream(rest, call) if rest else {})
        for call, producers in self.trace.after.items():
            for producer in producers:
                late[call].setdefault(producer, ORDERED)
        return Dependencies(early, late, self.last_calls, self.first_writes)

    def _around(self, view: View, region: Region, core: int) -> tuple[Region, Cells, Cells]:
        """A region of its memory, the cells that it meets, and those that keep accesses to it.

        Each core keeps its own history: between cores only barriers and messages order.
        """
        home = view[0]
        allocation = self.trace.allocations[home]
        if allocation.slot is not None:
            home, region = self.trace.spot(view)
        history = self.histories.get((home, core))
        if history is None:
            history = self.histories[home, core] = History(allocation)
        few = history.few
        if few and not few[0].is_crowded():
            return region, few, few
        return region, *history.around(region)

    def _read(
        self, view: View, region: Region, core: int, call: int, stream: str, found: list
    ) -> None:
        self.last_calls[view[0]][stream] = call
        region, cells, own = self._around(view, region, core)
        for cell in cells:
            for write in cell.writes:
                if overlap(region, write[0]):
                    found.append((write, DATA))
        access = Access(region, call, stream)
        for cell in own:
            cell.reads[region, stream] = access

    def _write(
        self,
        view: View,
        span: tuple[Region, bool],
        core: int,
        call: int,
        stream: str,
        in_psum: bool,
        found: list,
    ) -> None:
        self.last_calls[view[0]][stream] = call
        self.first_writes[view[0]].setdefault(stream, call)
        region, cells, own = self._around(view, span[0], core)
        for cell in cells:
            if cell.reads or cell.writes:
                _overwrite(cell, region, stream, span[1], in_psum, found)
        access = Access(region, call, stream)
        for cell in own:
            cell.writes.append(access)


def _overwrite(
    cell: Cell, region: Region, stream: str, fills: bool, in_psum: bool, found: list
) -> None:
    for read in cell.reads.values():
        if read[2] != stream and overlap(region, read[0]):
            found.append((read, READ))
    for write in cell.writes:
        # TensorE accumulates in order: a matmul never waits for the one before it
        if not (in_psum and write[2] == stream) and overlap(region, write[0]):
            found.append((write, WRITE))
    if fills:
        cell.forget(region)
    elif cell.writes:  # what lies in its gaps stays
        same = (region, stream)  # the same write again comes after itself
        cell.writes = [w for w in cell.writes if (w.region, w.stream) != same]


def _last_per_stream(found: Sequence[tuple[Access, int]], call: int) -> Edges:
    if len(found) == 1:
        access, reason = found[0]
        return {access[1]: reason} if access[1] != call else {}
    last: dict[tuple[str, int], int] = {}
    for access, reason in found:
        key = (access[2], reason)
        if access[1] != call and last.get(key, -1) < access[1]:
            last[key] = access[1]
    edges: Edges = {}
    # a producer that was read from and written to: READ, which ends first, must not hide WRITE
    for (_, reason), producer in sorted(last.items(), key=_strictness):
        edges.setdefault(producer, reason)
    return edges


def _strictness(item: tuple[tuple[str, int], int]) -> int:
    return _STRICTEST[item[0][1]]


def lifetimes(trace: Trace, memory: str, core: int) -> list[Allocation]:
    """Allocations of a core's memory that are used, by first use."""
    used = [
        a for a in trace.allocations if a.memory == memory and a.core == core and a.first_call >= 0
    ]
    return sorted(used, key=lambda allocation: allocation.first_call)

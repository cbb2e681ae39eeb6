"""Which call must wait for which, from the regions that calls read and write.

In: a trace. Out: for every call the producers it waits for. Program order alone decides, no clock.
Only the last producer on each in-order engine or queue is kept: the earlier ones are implied.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trnlab.memory import Allocation, Region, View
from trnlab.memory.layout import overlap
from trnlab.schedule.history import Access, Cell, Cells, History
from trnlab.trace import Trace

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


def stream_names(trace: Trace) -> list[str]:
    """The in-order stream of every call: its engine, or its DMA queue."""
    if "streams" not in trace.cache:
        names: dict[tuple[str, int, int], str] = {}
        found = trace.cache["streams"] = []
        for kind, _, queue, _, _, _, core in trace.calls:
            key = (kind.engine, queue, core)
            found.append(names.get(key) or names.setdefault(key, _stream(*key)))
    return trace.cache["streams"]


def _stream(engine: str, queue: int, core: int) -> str:
    lane = engine if queue < 0 else f"q{queue}"
    return lane if core == 0 else f"{lane} of core {core}"


class _Analysis:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.histories: list[dict[int, History]] = [{} for _ in range(trace.cores)]  # by memory
        self.last_calls: list[dict[str, int]] = [{} for _ in trace.allocations]
        self.first_writes: list[dict[str, int]] = [{} for _ in trace.allocations]
        written = {view[0] for recorded in trace.calls for view in recorded.writes}
        # nobody waits for those who read what is never written
        self.constant = [
            a.slot is None and number not in written for number, a in enumerate(trace.allocations)
        ]

    def run(self) -> Dependencies:
        early: list[Edges] = []
        late: list[Edges] = []
        for call, (recorded, stream) in enumerate(
            zip(self.trace.calls, stream_names(self.trace), strict=True)
        ):
            kind, _, _, writes, reads, _, core = recorded
            first: list[tuple[Access, int]] = []
            rest: list[tuple[Access, int]] = []
            preload = kind.instruction.preload
            for position, view in enumerate(reads):
                self._read(view, core, call, stream, first if position == preload else rest)
            in_psum = kind.engine == "tensor"
            for view in writes:
                self._write(view, core, call, stream, in_psum, rest)
            early.append(_last_per_stream(first, call) if first else {})
            late.append(_last_per_stream(rest, call) if rest else {})
        for call, producers in self.trace.after.items():
            for producer in producers:
                late[call].setdefault(producer, ORDERED)
        return Dependencies(early, late, self.last_calls, self.first_writes)

    def _around(self, view: View, core: int) -> tuple[Region, Cells, Cells]:
        """A region of its memory, the cells that it meets, and those that keep accesses to it.

        Each core keeps its own history: between cores only barriers and messages order.
        """
        home, region = view[0], view[6]
        allocation = self.trace.allocations[home]
        if allocation.slot is not None:
            home, region = self.trace.spot(view)
        history = self.histories[core].get(home)
        if history is None:
            history = self.histories[core][home] = History(allocation)
        few = history.few
        if few and not few[0].is_crowded():
            return region, few, few
        return region, *history.around(region)

    def _read(self, view: View, core: int, call: int, stream: str, found: list) -> None:
        self.last_calls[view[0]][stream] = call
        if self.constant[view[0]]:
            return
        region, cells, own = self._around(view, core)
        for cell in cells:
            for write in cell.writes:
                if overlap(region, write[0]):
                    found.append((write, DATA))
        access = (region, call, stream)
        for cell in own:
            cell.reads[region, stream] = access

    def _write(
        self, view: View, core: int, call: int, stream: str, in_psum: bool, found: list
    ) -> None:
        self.last_calls[view[0]][stream] = call
        self.first_writes[view[0]].setdefault(stream, call)
        region, cells, own = self._around(view, core)
        for cell in cells:
            if cell.reads or cell.writes:
                _overwrite(cell, region, stream, view[7], in_psum, found)
        access = (region, call, stream)
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
        cell.writes = [w for w in cell.writes if (w[0], w[2]) != same]


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

"""Which call must wait for which, from the regions that calls read and write.

In: a trace. Out: for every call the producers it waits for. Program order alone decides, no clock.
Only the last producer on each in-order engine or queue is kept: the earlier ones are implied.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trnlab.memory import Allocation
from trnlab.memory.layout import Region
from trnlab.trace import Recorded, Trace, View

# why a call waits for another one
DATA = 1  # reads what it wrote
READ = 2  # overwrites what it reads
WRITE = 3  # overwrites what it wrote
SPACE = 4  # is placed where its SBUF tile was
BANK = 5  # is placed where its PSUM tile was
_STRICTEST = {DATA: 0, WRITE: 1, READ: 2}

ORDERED = 11  # was told to: depends_on, with_schedule, no_reorder, registers, another core

ROWS_PER_BUCKET = 128
BYTES_PER_BUCKET = 8192  # of a memory that the kernel addresses itself
LONG_ROW_BYTES = 1024  # rows from here on are kept in cells
CELLS = 256  # of a long row
NARROW = 4  # cells: an access over more of them is kept beside the cells
WIDE = -1  # the cell of those

Edges = dict[int, int]  # producer call -> reason


class Dependencies(NamedTuple):
    """Producers of every call, by call index."""

    early: list[Edges]  # needed by the first step (weights) already
    late: list[Edges]  # needed by the step that computes
    last_calls: list[dict[str, int]]  # by storage id: last call of each stream that touches it
    first_writes: list[dict[str, int]]  # by storage id: first call of each stream that writes it


class Access(NamedTuple):
    """One past access to a storage."""

    region: Region
    call: int
    stream: str


class _History:
    """Past accesses to one cell of a storage: the last one of each stream to each region."""

    __slots__ = ("reads", "writes")

    def __init__(self) -> None:
        self.reads: dict[tuple[Region, str], Access] = {}
        self.writes: list[Access] = []


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
        self.buckets: dict[tuple, dict[int, _History]] = {}  # of rows; in each, its cells
        self.last_calls: list[dict[str, int]] = [{} for _ in trace.allocations]
        self.first_writes: list[dict[str, int]] = [{} for _ in trace.allocations]

    def run(self) -> Dependencies:
        early: list[Edges] = []
        late: list[Edges] = []
        streams = [stream_of(recorded) for recorded in self.trace.calls]
        for call, recorded in enumerate(self.trace.calls):
            stream = streams[call]
            first: list[tuple[Access, int]] = []
            rest: list[tuple[Access, int]] = []
            preload = recorded.kind.instruction.preload
            for position, view in enumerate(recorded.reads):
                found = first if position == preload else rest
                self._read(view, recorded.core, call, stream, found)
            in_psum = recorded.kind.engine == "tensor"
            for view in recorded.writes:
                self._write(view, recorded.core, call, stream, in_psum, rest)
            early.append(_last_per_stream(first, call))
            late.append(_last_per_stream(rest, call))
        for call, producers in self.trace.after.items():
            for producer in producers:
                late[call].setdefault(producer, ORDERED)
        return Dependencies(early, late, self.last_calls, self.first_writes)

    def _histories(
        self, view: View, core: int, home: int, region: Region
    ) -> tuple[list[_History], list[_History]]:
        """Histories that may hold accesses to a region, and those that will hold this one.

        Each core keeps its own: between cores only barriers and messages order.
        """
        near: list[_History] = []
        own: list[_History] = []
        cells = self._cells(view, region)
        for part in self._parts(view, region):
            bucket = self.buckets.get((home, core, part))
            if bucket is None:
                bucket = self.buckets[home, core, part] = {}
            for cell in cells:
                history = bucket.get(cell)
                if history is None:
                    history = bucket[cell] = _History()
                own.append(history)
                near.append(history)
            if cells[0] == WIDE:
                near += [history for cell, history in bucket.items() if cell != WIDE]
            elif WIDE in bucket:
                near.append(bucket[WIDE])
        return near, own

    def _parts(self, view: View, region: Region) -> range:
        """Numbers of the buckets that a region lies in."""
        if self.trace.allocations[view[0]].slot is None:
            last = (region.row_end - 1) // ROWS_PER_BUCKET
            return range(region.row // ROWS_PER_BUCKET, last + 1)
        last = (region.byte_end - 1) // BYTES_PER_BUCKET
        return range(region.byte // BYTES_PER_BUCKET, last + 1)

    def _cells(self, view: View, region: Region) -> Sequence[int]:
        """Numbers of the cells of a bucket that an access is kept in."""
        allocation = self.trace.allocations[view[0]]
        if allocation.slot is not None or allocation.pitch_bytes < LONG_ROW_BYTES:
            return (0,)
        cell_bytes = allocation.pitch_bytes // CELLS
        first, last = region.byte // cell_bytes, (region.byte_end - 1) // cell_bytes
        return range(first, last + 1) if last - first < NARROW else (WIDE,)

    def _read(self, view: View, core: int, call: int, stream: str, found: list) -> None:
        home, region = self.trace.spot(view)
        self.last_calls[view[0]][stream] = call
        access = Access(region, call, stream)
        near, own = self._histories(view, core, home, region)
        for history in near:
            for write in history.writes:
                if _overlap(region, write.region):
                    found.append((write, DATA))
        for history in own:
            history.reads[region, stream] = access

    def _write(
        self, view: View, core: int, call: int, stream: str, in_psum: bool, found: list
    ) -> None:
        home, region = self.trace.spot(view)
        fills = self.trace.fills(view)
        self.last_calls[view[0]][stream] = call
        self.first_writes[view[0]].setdefault(stream, call)
        access = Access(region, call, stream)
        near, own = self._histories(view, core, home, region)
        for history in near:
            for read in history.reads.values():
                if read.stream != stream and _overlap(region, read.region):
                    found.append((read, READ))
            for write in history.writes:
                # TensorE accumulates in order: a matmul never waits for the one before it
                if not (in_psum and write.stream == stream) and _overlap(region, write.region):
                    found.append((write, WRITE))
            if fills:
                _forget(history, region)
            elif history.writes:  # what lies in its gaps stays
                same = (region, stream)  # the same write again comes after itself
                history.writes = [w for w in history.writes if (w.region, w.stream) != same]
        for history in own:
            history.writes.append(access)


def _forget(history: _History, region: Region) -> None:
    """Drop accesses to what is overwritten whole."""
    covered = [key for key in history.reads if _covers(region, key[0])]
    for key in covered:
        del history.reads[key]
    if history.writes:
        history.writes = [w for w in history.writes if not _covers(region, w.region)]


def _overlap(a: Region, b: Region) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def _covers(a: Region, b: Region) -> bool:
    return a[0] <= b[0] and b[1] <= a[1] and a[2] <= b[2] and b[3] <= a[3]


def _last_per_stream(found: Sequence[tuple[Access, int]], call: int) -> Edges:
    if not found:
        return {}
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

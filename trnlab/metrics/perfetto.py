"""A timeline in the Chrome trace format, which Perfetto opens.

Tracks: one thread for each lane, and more of them where transfers of one queue overlap, since
slices of one thread may nest but not cross. Slices: device instructions, in whole nanoseconds. Flow
arrows: what a waiting instruction waited for. Counters: bytes held in SBUF, and bytes per second
that DMA moves.

Source of the format: the "Trace Event Format" document that Perfetto's documentation refers to, and
what Perfetto's FAQ says of overlapping events.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from trnlab.files import whole
from trnlab.schedule.timeline import Timeline

PROCESS = 1
US = 1e6  # the format counts microseconds
NS_PER_US = 1000
Event = dict[str, Any]


class Slices(NamedTuple):
    """When and where each row is drawn."""

    start_ns: np.ndarray
    end_ns: np.ndarray
    track: np.ndarray
    titles: list[str]  # of the tracks


def write_perfetto(line: Timeline, tiles: Mapping[str, np.ndarray], path: str | Path) -> None:
    """Write a run as a trace.

    Args:
        tiles: columns of `Profile.tiles`
    """
    head = {"displayTimeUnit": "ns", "otherData": {"core": line.core.name, "source": "trnlab"}}
    with whole(path) as file:
        file.write(json.dumps(head)[:-1] + ', "traceEvents": [\n')
        for number, event in enumerate(events(line, tiles)):
            file.write((",\n" if number else "") + json.dumps(event))
        file.write("\n]}\n")


def events(line: Timeline, tiles: Mapping[str, np.ndarray]) -> Iterator[Event]:
    """Every event of the trace."""
    drawn = slices(line)
    yield from _names(line, drawn)
    yield from _slices(line, drawn)
    yield from _arrows(line, drawn)
    yield from _counter("SBUF bytes per partition", "bytes", *_sbuf(tiles))
    yield from _counter("DMA bandwidth", "GB/s", *_bandwidth(line))


def slices(line: Timeline) -> Slices:
    """Rows in whole nanoseconds, each on a track on which nothing crosses it."""
    start = np.rint(line["start_s"] * 1e9).astype(np.int64)
    end = np.rint((line["start_s"] + line["busy_s"]) * 1e9).astype(np.int64)
    track = np.zeros(line.rows, np.int64)
    titles: list[str] = []
    for lane in np.unique(line["lane"]).tolist():
        rows = np.flatnonzero(line["lane"] == lane)
        rows = rows[np.argsort(start[rows], kind="stable")]
        place, count = _side_by_side(start[rows].tolist(), end[rows].tolist())
        track[rows] = len(titles) + np.array(place)
        title = line.lane_title(int(rows[0]))
        titles += [title, *(f"{title}, {more + 2}" for more in range(count - 1))]
    return Slices(start, end, track, titles)


def _side_by_side(starts: list[int], ends: list[int]) -> tuple[list[int], int]:
    """The first place that is free at each start, and how many places there are."""
    free: list[int] = []
    places = []
    for start, end in zip(starts, ends, strict=True):
        place = next((number for number, at in enumerate(free) if at <= start), len(free))
        free[place : place + 1] = [end]
        places.append(place)
    return places, len(free)


def _names(line: Timeline, drawn: Slices) -> Iterator[Event]:
    yield _meta("process_name", 0, {"name": line.core.name})
    for track, title in enumerate(drawn.titles):
        yield _meta("thread_name", track, {"name": title})
        yield _meta("thread_sort_index", track, {"sort_index": track})


def _meta(name: str, track: int, args: Event) -> Event:
    return {"name": name, "ph": "M", "pid": PROCESS, "tid": track, "args": args}


def _slices(line: Timeline, drawn: Slices) -> Iterator[Event]:
    columns = (drawn.track, line["op"], drawn.start_ns, drawn.end_ns, line["call"], line["line"])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for row, (track, op, start, end, call, source) in enumerate(rows):
        yield {
            "name": line.ops[op],
            "cat": line.engines[line["engine"][row]],
            "ph": "X",
            "pid": PROCESS,
            "tid": track,
            "ts": start / NS_PER_US,
            "dur": (end - start) / NS_PER_US,
            "args": {"call": call, "line": source, "wait": line.wait_text(row)},
        }


def _arrows(line: Timeline, drawn: Slices) -> Iterator[Event]:
    """From the last nanosecond of what was waited for to the start of what waited."""
    for row in np.flatnonzero(line["wait_on"] >= 0).tolist():
        on = int(line["wait_on"][row])
        at = int(drawn.start_ns[row])
        begin = max(int(drawn.start_ns[on]), min(int(drawn.end_ns[on]) - 1, at))
        shared = {"name": "semaphore", "cat": "wait", "id": row, "pid": PROCESS}
        yield {**shared, "ph": "s", "tid": int(drawn.track[on]), "ts": begin / NS_PER_US}
        yield {**shared, "ph": "f", "bp": "e", "tid": int(drawn.track[row]), "ts": at / NS_PER_US}


def _counter(name: str, unit: str, at: np.ndarray, values: np.ndarray) -> Iterator[Event]:
    for when, value in zip(at.tolist(), values.tolist(), strict=True):
        event = {"name": name, "ph": "C", "pid": PROCESS, "ts": when * US}
        yield {**event, "args": {unit: value}}


def _sbuf(tiles: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    in_sbuf = tiles["memory"] == 0
    held = tiles["bytes_per_partition"][in_sbuf]
    return _sum_over_time(tiles["start_s"][in_sbuf], tiles["end_s"][in_sbuf], held)


def _bandwidth(line: Timeline) -> tuple[np.ndarray, np.ndarray]:
    rows = (line["engine"] == line.engines.index("dma")) & (line["busy_s"] > 0)
    start, busy = line["start_s"][rows], line["busy_s"][rows]
    return _sum_over_time(start, start + busy, line["bytes"][rows] / busy / 1e9)


def _sum_over_time(
    start: np.ndarray, end: np.ndarray, amount: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """When the sum of amounts in force changes, and what it is from then on."""
    at = np.concatenate((start, end))
    steps = np.concatenate((amount, -amount))
    moments, place = np.unique(at, return_inverse=True)
    change = np.zeros(len(moments))
    np.add.at(change, place, steps)
    total = np.cumsum(change)
    return moments, np.where(np.abs(total) < 1e-6, 0.0, total)

"""A timeline in the Chrome trace format, which Perfetto opens.

Tracks: one thread for each lane. Slices: device instructions. Flow arrows: what a waiting
instruction waited for. Counters: bytes held in SBUF, and bytes per second that DMA moves.

Source of the format: the "Trace Event Format" document that Perfetto's documentation refers to.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trnlab.schedule.timeline import Timeline

PROCESS = 1
US = 1e6  # the format counts microseconds
Event = dict[str, Any]


def write_perfetto(line: Timeline, tiles: Mapping[str, np.ndarray], path: str | Path) -> None:
    """Write a run as a trace.

    Args:
        tiles: columns of `Profile.tiles`
    """
    head = {"displayTimeUnit": "ns", "otherData": {"core": line.core.name, "source": "trnlab"}}
    with Path(path).open("w", encoding="utf-8") as file:
        file.write(json.dumps(head)[:-1] + ', "traceEvents": [\n')
        for number, event in enumerate(events(line, tiles)):
            file.write((",\n" if number else "") + json.dumps(event))
        file.write("\n]}\n")


def events(line: Timeline, tiles: Mapping[str, np.ndarray]) -> Iterator[Event]:
    """Every event of the trace."""
    yield from _names(line)
    yield from _slices(line)
    yield from _arrows(line)
    yield from _counter("SBUF bytes per partition", "bytes", *_sbuf(tiles))
    yield from _counter("DMA bandwidth", "GB/s", *_bandwidth(line))


def _names(line: Timeline) -> Iterator[Event]:
    yield _meta("process_name", 0, {"name": line.core.name})
    for lane in np.unique(line["lane"]).tolist():
        row = int(np.argmax(line["lane"] == lane))
        yield _meta("thread_name", lane, {"name": line.lane_title(row)})
        yield _meta("thread_sort_index", lane, {"sort_index": lane})


def _meta(name: str, lane: int, args: Event) -> Event:
    return {"name": name, "ph": "M", "pid": PROCESS, "tid": lane, "args": args}


def _slices(line: Timeline) -> Iterator[Event]:
    columns = [line[name].tolist() for name in ("lane", "op", "start_s", "busy_s", "call", "line")]
    for row, (lane, op, start, busy, call, source) in enumerate(zip(*columns, strict=True)):
        yield {
            "name": line.ops[op],
            "cat": line.engines[line["engine"][row]],
            "ph": "X",
            "pid": PROCESS,
            "tid": lane,
            "ts": start * US,
            "dur": busy * US,
            "args": {"call": call, "line": source, "wait": line.wait_text(row)},
        }


def _arrows(line: Timeline) -> Iterator[Event]:
    """From the end of what was waited for to the start of what waited."""
    ends = line["start_s"] + line["busy_s"]
    for row in np.flatnonzero(line["wait_on"] >= 0).tolist():
        on = int(line["wait_on"][row])
        shared = {"name": "semaphore", "cat": "wait", "id": row, "pid": PROCESS}
        begin = min(float(ends[on]), float(line["start_s"][row]))
        yield {**shared, "ph": "s", "tid": int(line["lane"][on]), "ts": begin * US}
        at = float(line["start_s"][row]) * US
        yield {**shared, "ph": "f", "bp": "e", "tid": int(line["lane"][row]), "ts": at}


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

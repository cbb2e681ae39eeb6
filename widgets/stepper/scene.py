"""A run as columns of 32-bit numbers: what the browser draws from, sent once.

In: a trace of a matrix product, then its profile: the browser reads what ran while the engine finds
out when. Out: plain dictionaries whose columns are bytes. It knows no widget. Times are in
microseconds; everything else is as in `Profile`.
"""

from array import array
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np

from trnlab.isa.instruction import Kind
from trnlab.memory import View
from trnlab.metrics import Profile
from trnlab.numerics import itemsize
from trnlab.trace import Trace
from widgets.dashboard.source import source

Table = dict[str, dict[str, bytes]]

TIMES = ("start", "busy", "end", "wait")
CODES = ("call", "lane", "engine", "op", "wait_on", "wait_kind", "line", "bytes")
MEMORIES = ("hbm", "sbuf", "psum")


def program(trace: Trace, kernel: Callable[..., Any]) -> dict[str, Any]:
    """What ran, which is known before its time is.

    Args:
        kernel: what was recorded, for its source
    Returns:
        calls, operands, tensors: tables of int32 (`i32`) columns; codes: what numbers in them stand
        for; source: functions of the kernel's file that ran
    """
    codes = _Codes()
    return {
        **_calls(trace, codes),
        "tensors": _tensors(trace, codes),
        "codes": {"memories": MEMORIES, **codes.lists()},
        "source": source(trace, kernel),
    }


def scene(profile: Profile) -> dict[str, Any]:
    """When it ran, and where its tiles lay.

    Returns:
        summary: the run in numbers; names: what the codes stand for; rows, tiles: tables of
        float32 (`f32`) and int32 (`i32`) columns
    """
    return {
        "summary": summary(profile),
        "rows": _rows(profile),
        "tiles": _tiles(profile),
        "names": {
            "lanes": profile.timeline.lanes,
            "lane_titles": lane_titles(profile),
            "engines": profile.timeline.engines,
            "ops": profile.timeline.ops,
            "wait_kinds": profile.timeline.wait_kinds,
        },
        "sbuf_bytes": profile.core.sbuf.partition_bytes,
        "psum_banks": profile.core.psum.banks,
        "partitions": profile.core.sbuf.partitions,
    }


def summary(profile: Profile) -> dict[str, Any]:
    """A run in numbers; `least_bytes` is each input read and each output written once."""
    roof = profile.roofline
    ends = [s for s in profile.trace.allocations if s.argument or s.output]
    return {
        "total_us": profile.total_us,
        "mfu": profile.mfu,
        "mbu": profile.mbu,
        "flops": profile.flops,
        "hbm_bytes": profile.hbm_bytes,
        "least_bytes": sum(end.nbytes for end in ends),
        "busy": dict(profile.busy),
        "rows": profile.timeline.rows,
        "calls": len(profile.trace),
        **roof._asdict(),
    }


def lane_titles(profile: Profile) -> dict[str, str]:
    """The name of each lane in use, by its code."""
    lanes, rows = np.unique(profile.timeline["lane"], return_index=True)
    titles = map(profile.timeline.lane_title, rows.tolist())
    return dict(zip(map(str, lanes.tolist()), titles, strict=True))


def wait_texts(profile: Profile) -> dict[str, Any]:
    """The sentence of every row that waited for something: {rows: int32 bytes, texts: [...]}."""
    line = profile.timeline
    rows = np.flatnonzero((line["wait_s"] > 0) & (line["wait_kind"] != 0))
    texts = [line.wait_text(row).replace(" us", " \N{MICRO SIGN}s") for row in rows.tolist()]
    return {"rows": rows.astype(np.int32).tobytes(), "texts": texts}


class _Codes:
    """Names that recur, as small numbers."""

    def __init__(self) -> None:
        self.codes: dict[str, dict[str, int]] = {"roles": {}, "calls": {}, "tensors": {}}

    def __call__(self, kind: str, name: str) -> int:
        codes = self.codes[kind]
        return codes.setdefault(name, len(codes))

    def lists(self) -> dict[str, list[str]]:
        return {kind: list(codes) for kind, codes in self.codes.items()}


def _table(f32: dict[str, Any], i32: dict[str, Any]) -> Table:
    return {
        "f32": {name: np.asarray(column, np.float32).tobytes() for name, column in f32.items()},
        "i32": {name: np.asarray(column, np.int32).tobytes() for name, column in i32.items()},
    }


def _rows(profile: Profile) -> Table:
    """Device instructions; `order`: their numbers as they start."""
    line = profile.timeline
    times = {f"{name}_us": (line[f"{name}_s"] * 1e6).astype(np.float32) for name in TIMES}
    order = np.argsort(times["start_us"], kind="stable")
    return _table(times, {**{name: line[name] for name in CODES}, "order": order})


def _calls(trace: Trace, codes: _Codes) -> dict[str, Table]:
    """Calls, each with the index of its first operand, and all operands as rectangles."""
    calls, roles, views = array("i"), array("i"), []
    kinds: dict[Kind, tuple[int, list[int]]] = {}
    for call in trace.calls:
        kind = call.kind
        if kind not in kinds:
            found = [codes("roles", role) for role in kind.roles]
            kinds[kind] = codes("calls", kind.instruction.name), found
        op, found = kinds[kind]
        calls.extend((op, call.line, len(views)))
        roles.extend(found)
        views += call.writes + call.reads
    boxes = _boxes(views)
    tensors = np.array([view[0] for view in views])
    return {
        "calls": _table({}, _columns(("op", "line", "first"), calls)),
        "operands": _table(
            {}, {"role": np.frombuffer(roles, np.int32), "tensor": tensors, **boxes}
        ),
    }


def _boxes(views: list[View]) -> dict[str, np.ndarray]:
    """Rows and elements [r0, r1) x [c0, c1) of every operand, from rows and bytes."""
    sizes = np.array([itemsize(view[1]) for view in views])
    flat = chain.from_iterable([view[6] for view in views])
    r0, r1, byte, byte_end = np.fromiter(flat, np.int64, 4 * len(views)).reshape(-1, 4).T
    return {"r0": r0, "r1": r1, "c0": byte // sizes, "c1": -(-byte_end // sizes)}


def _tensors(trace: Trace, codes: _Codes) -> Table:
    memories = {memory: number for number, memory in enumerate(MEMORIES)}
    rows = array("i")
    for s in trace.allocations:
        cols = s.pitch_bytes // itemsize(s.dtype)
        name = codes("tensors", s.name)
        rows.extend((name, memories[s.memory], s.rows, cols, s.argument, s.output))
    return _table({}, _columns(("name", "memory", "rows", "cols", "argument", "output"), rows))


def _tiles(profile: Profile) -> Table:
    tiles = profile.tiles
    place = ("address_bytes", "bytes_per_partition", "partition", "partitions", "bank")
    return _table(
        {f"{name}_us": tiles[f"{name}_s"] * 1e6 for name in ("start", "end")},
        {name: tiles[name] for name in ("tensor", *place)},
    )


def _columns(names: tuple[str, ...], rows: array) -> dict[str, np.ndarray]:
    """Rows that lie one after the other, as columns."""
    table = np.frombuffer(rows, np.int32).reshape(-1, len(names))
    return dict(zip(names, table.T, strict=True))

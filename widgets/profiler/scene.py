"""A profile as columns of bytes: what the browser draws from, sent once for each run.

In: a profile. Out: plain dictionaries; a column is `{"type": NumPy's, "data": bytes}`. It knows no
widget. Times are in microseconds.
"""

from typing import Any

import numpy as np

from trnlab.metrics import Profile
from widgets.dashboard import trust

Columns = dict[str, dict[str, Any]]


def scene(run: Profile) -> dict[str, Any]:
    """Everything the timeline draws.

    Returns:
        rows: a table of device instructions; names: what its codes stand for; sbuf and psum: how
        many bytes of a partition and how many banks are in use, from a moment on; summary
    """
    line = run.timeline
    tiles = _TileNames(run)
    return {
        "rows": _table(
            start=("f8", line["start_s"] * 1e6),
            busy=("f4", line["busy_s"] * 1e6),
            tail=("f4", (line["end_s"] - line["start_s"] - line["busy_s"]).clip(0) * 1e6),
            wait=("f4", line["wait_s"] * 1e6),
            call=("i4", line["call"]),
            line=("i4", line["line"]),
            wait_on=("i4", line["wait_on"]),
            bytes=("i4", line["bytes"]),
            tile=("i2", tiles.codes[line["call"]]),
            op=("i2", line["op"]),
            lane=("i2", line["lane"]),
            engine=("i1", line["engine"]),
            wait_kind=("i1", line["wait_kind"]),
        ),
        "names": {
            "lanes": line.lanes,
            "engines": line.engines,
            "ops": line.ops,
            "wait_kinds": line.wait_kinds,
            "tiles": tiles.names,
        },
        **_memory(run),
        "summary": summary(run),
    }


def summary(run: Profile) -> dict[str, Any]:
    """A run in numbers."""
    busy = dict(run.busy)
    return {
        "name": run.name,
        "chip": run.chip,
        "badge": trust.honesty(run.chip)["badge"],
        "total_us": run.total_us,
        "mfu": run.mfu,
        "mbu": run.mbu,
        "flops": run.flops,
        "hbm_bytes": run.hbm_bytes,
        "busy": busy,
        "busiest": max(busy, key=busy.__getitem__),
        "rows": run.timeline.rows,
        "calls": len(run.trace),
    }


def _table(**columns: tuple[str, np.ndarray]) -> Columns:
    return {
        name: {"type": kind, "data": np.asarray(values, kind).tobytes()}
        for name, (kind, values) in columns.items()
    }


class _TileNames:
    """For every call the tensor it writes, as a code."""

    def __init__(self, run: Profile) -> None:
        known: dict[str, int] = {}
        allocations = run.trace.allocations
        codes = [
            known.setdefault(allocations[call.writes[0][0]].name if call.writes else "", len(known))
            for call in run.trace.calls
        ]
        self.codes = np.array(codes, np.int16)
        self.names = list(known)


def _memory(run: Profile) -> dict[str, Any]:
    tiles, psum = run.tiles, run.core.psum
    start, end = tiles["start_s"] * 1e6, tiles["end_s"] * 1e6
    size = tiles["bytes_per_partition"]
    in_psum = tiles["memory"] == 1
    first = tiles["address_bytes"] // psum.bank_bytes
    last = (tiles["address_bytes"] + size - 1) // psum.bank_bytes
    used = [in_psum & (first <= bank) & (bank <= last) for bank in range(psum.banks)]
    banks = [_level(start[rows], end[rows], np.ones(rows.sum())) for rows in used]
    starts = np.unique(tiles["partition"][~in_psum])
    there = [
        ~in_psum & (tiles["partition"] <= at) & (at < tiles["partition"] + tiles["partitions"])
        for at in starts
    ]
    held = [_level(start[rows], end[rows], size[rows]) for rows in there]
    return {
        "sbuf": _steps(*_fullest(held), run.core.sbuf.partition_bytes),
        "psum": _steps(*_in_use(banks), psum.banks),
    }


def _steps(at: np.ndarray, level: np.ndarray, capacity: float) -> dict[str, Any]:
    return {
        **_table(at=("f8", at), level=("f4", level)),
        "capacity": capacity,
        "most": float(level.max(initial=0)),
    }


def _level(start: np.ndarray, end: np.ndarray, amount: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When the sum of the amounts in force changes, and what it is from then on."""
    moments, place = np.unique(np.concatenate((start, end)), return_inverse=True)
    change = np.bincount(place, np.concatenate((amount, -amount)), len(moments))
    return moments, np.cumsum(change)


def _fullest(levels: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The highest of some levels, of the partitions that hold most."""
    moments = np.unique(np.concatenate([at for at, _ in levels] or [np.zeros(0)]))
    each = [np.append(0, level)[np.searchsorted(at, moments, "right")] for at, level in levels]
    return moments, np.max(each, axis=0) if each else moments


def _in_use(banks: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """How many banks hold something: a bank counts once, however many tiles are in it."""
    at = np.concatenate([moments for moments, _ in banks])
    change = np.concatenate([np.diff((level > 0.5).astype(int), prepend=0) for _, level in banks])
    moments, place = np.unique(at, return_inverse=True)
    return moments, np.cumsum(np.bincount(place, change, len(moments)))

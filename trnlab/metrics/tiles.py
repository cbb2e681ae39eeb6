"""Where every SBUF and PSUM tile lay, and from when to when."""

from collections.abc import Mapping
from itertools import chain

import numpy as np

from trnlab.schedule import Timeline
from trnlab.schedule.dependencies import dependencies

MEMORIES = ("sbuf", "psum")
PREPARING = ("LoadStationary", "LoadTable", "DmaTrigger")  # device instructions that write no tile
WHOLE = (
    "tensor",
    "memory",
    "address_bytes",
    "bytes_per_partition",
    "partition",
    "partitions",
    "first_call",
    "last_call",
)


def tiles(line: Timeline) -> Mapping[str, np.ndarray]:
    """Tiles as columns, by allocation.

    Returns:
        tensor (id), memory (0: sbuf, 1: psum), address_bytes and bytes_per_partition, partition
        (its first), partitions, first_call, last_call, start_s and end_s of its lifetime (from the
        start of its first write to the end of its last use, on whichever engine), bank (PSUM,
        else -1)
    """
    allocations, last_calls = line.trace.allocations, dependencies(line.trace).last_calls
    rows: list[tuple[int, ...]] = []
    users: list[tuple[int, ...]] = []  # the last call of each engine and queue
    for id, (address, size, _, first) in sorted(line.places.items()):
        a = allocations[id]
        memory = MEMORIES.index(a.memory)
        partition = first if a.slot is None else a.slot.region.row
        rows.append((id, memory, address, size, partition, a.rows, a.first_call, a.last_call))
        users.append(tuple(last_calls[id].values()))
    table = np.array(rows, np.int64).reshape(-1, len(WHOLE))
    found = dict(zip(WHOLE, table.T, strict=True))
    in_psum = found["memory"] == MEMORIES.index("psum")
    bank = found["address_bytes"] // line.core.psum.bank_bytes
    return {
        **found,
        "start_s": line["start_s"][_first_rows(line)[found["first_call"]]],
        "end_s": _released_s(line, users),
        "bank": np.where(in_psum, bank, -1),
    }


def _first_rows(line: Timeline) -> np.ndarray:
    """By call: the first of its rows that may write a tile."""
    first = np.searchsorted(line["call"], np.arange(len(line.trace)))
    preparing = [code for code, op in enumerate(line.ops) if op in PREPARING]
    return first + np.isin(line["op"][first], preparing)


def _released_s(line: Timeline, users: list[tuple[int, ...]]) -> np.ndarray:
    """By tile: when the last of its users lets it go."""
    if not users:
        return np.array([])
    calls = np.fromiter(chain.from_iterable(users), np.int64)
    last = np.searchsorted(line["call"], calls, side="right") - 1
    ends = (line["start_s"] + line["busy_s"])[last]
    firsts = np.cumsum([0, *(len(found) for found in users[:-1])])
    return np.maximum.reduceat(ends, firsts)

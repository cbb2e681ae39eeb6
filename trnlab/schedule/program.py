"""A trace as flat lists, ready to be scheduled: variants of calls, streams and waits.

In: a trace and the places of its tiles. Out: one record that depends on no clock, so that it is
made once and scheduled on any core with the same memories.

Each call leaves three times behind, its slots: when other engines can read its result, when the
next instruction of its own engine can, and when its operands may be overwritten.
"""

import heapq
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.instruction import Kind
from trnlab.schedule.dependencies import (
    BANK,
    DATA,
    READ,
    SPACE,
    Dependencies,
    Edges,
    dependencies,
    stream_names,
)
from trnlab.schedule.placement import Place
from trnlab.trace import Trace

SLOTS = 3
READABLE, CHAINED, RELEASED = range(SLOTS)
RELEASING = (READ, SPACE, BANK)  # reasons that wait for the operands alone

Slots = tuple[int, ...]


class Variant(NamedTuple):
    """Calls that become equal device instructions."""

    kind: Kind
    loads_table: bool  # ScalarE held another table of functions before
    core: int  # of the launch


class Waits(NamedTuple):
    """Columns, one row per thing that a call waits for, sorted by call."""

    call: np.ndarray
    slot: np.ndarray
    reason: np.ndarray
    early: np.ndarray  # needed by the first step already


class Program(NamedTuple):
    """What a trace asks of a core."""

    variants: tuple[Variant, ...]
    variant: list[int]  # by call: code into variants
    queue: list[int]  # by call: DMA queue, -1 if none
    core: list[int]  # by call: core of the launch
    cores: int
    early: list[Slots]  # by call: slots that its first step (weights) needs
    late: list[Slots]  # by call: slots that the step that computes needs
    waits: Waits
    streams: list[list[int]]  # calls of each engine or queue, in order
    places: dict[int, Place]


def program(trace: Trace, places: dict[int, Place]) -> Program:
    """Flatten a trace."""
    edges = _with_reuse(trace, dependencies(trace), places)
    names = stream_names(trace)
    early = _slots(names, edges.early)
    late = _slots(names, edges.late)
    by_stream: dict[str, list[int]] = {}
    for call in in_order(trace, edges):
        by_stream.setdefault(names[call], []).append(call)
    variants, codes = _variants(trace)
    return Program(
        variants,
        codes,
        [recorded.queue for recorded in trace.calls],
        [recorded.core for recorded in trace.calls],
        trace.cores,
        list(map(tuple, early)),
        list(map(tuple, late)),
        _waits(early, late),
        list(by_stream.values()),
        places,
    )


def in_order(trace: Trace, edges: Dependencies) -> Sequence[int]:
    """Calls in program order, but those that were told to wait for a later one come after it.

    Raises:
        KernelError: calls wait for each other
    """
    calls = len(trace.calls)
    if all(producer < call for call, found in trace.after.items() for producer in found):
        return range(calls)
    missing = [0] * calls
    consumers: list[list[int]] = [[] for _ in range(calls)]
    for call in range(calls):
        producers = {*edges.early[call], *edges.late[call]}
        missing[call] = len(producers)
        for producer in producers:
            consumers[producer].append(call)
    heap = [call for call in range(calls) if not missing[call]]
    order = []
    while heap:
        call = heapq.heappop(heap)
        order.append(call)
        for consumer in consumers[call]:
            missing[consumer] -= 1
            if not missing[consumer]:
                heapq.heappush(heap, consumer)
    if len(order) < calls:
        stuck = [call for call in trace.after if missing[call]]
        texts = ", ".join(
            f"{trace.call(call).op} in line {trace.calls[call].line}" for call in stuck[:4]
        )
        raise KernelError(
            f"schedule: {texts} must wait for an instruction that needs its own result; drop one "
            "of the depends_on or with_schedule edges"
        )
    return order


def _slots(streams: list[str], edges: list[Edges]) -> list[dict[int, int]]:
    """By call: slots to wait for, with the reason; what an engine's order grants is left out."""
    found: list[dict[int, int]] = []
    for own, producers in zip(streams, edges, strict=True):
        slots: dict[int, int] = {}
        found.append(slots)
        for producer, reason in producers.items():
            slot = RELEASED if reason in RELEASING else READABLE
            if streams[producer] == own and not own.startswith("q"):  # engines are in order
                if reason != DATA:
                    continue
                slot = CHAINED
            slots[producer * SLOTS + slot] = reason
    return found


def slots_of(waits: Waits, chosen: np.ndarray, calls: int) -> list[Slots]:
    """By call: the slots of the chosen waits."""
    found: list[list[int]] = [[] for _ in range(calls)]
    for call, slot in zip(waits.call[chosen].tolist(), waits.slot[chosen].tolist(), strict=True):
        found[call].append(slot)
    return [tuple(slots) for slots in found]


def _waits(early: list[dict[int, int]], late: list[dict[int, int]]) -> Waits:
    """The slots of all calls as columns; of a call those that its first step needs stand first."""
    tables = []
    for is_early, found in ((True, early), (False, late)):
        counts = np.fromiter(map(len, found), np.int64, len(found))
        slots = np.fromiter(chain.from_iterable(found), np.int64)
        reasons = np.fromiter(chain.from_iterable(map(dict.values, found)), np.int64)
        call = np.repeat(np.arange(len(found)), counts)
        tables.append((call, slots, reasons, np.full(len(call), is_early)))
    columns = [np.concatenate(parts) for parts in zip(*tables, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return Waits(*[column[order] for column in columns])


def _variants(trace: Trace) -> tuple[tuple[Variant, ...], list[int]]:
    """The variant of every call; ScalarE loads a table whenever the function set changes."""
    codes: dict[tuple[Kind, bool, int], int] = {}
    found = []
    held = [""] * trace.cores
    for recorded in trace.calls:
        kind, core = recorded.kind, recorded.core
        loads = False
        if kind.engine == "scalar":
            table = kind.instruction.table(kind)
            loads = table not in ("", held[core])
            held[core] = table or held[core]
        found.append(codes.setdefault((kind, loads, core), len(codes)))
    return tuple(Variant(*key) for key in codes), found


def _with_reuse(trace: Trace, edges: Dependencies, places: dict[int, Place]) -> Dependencies:
    """Add the waits of tiles for the tiles whose place they take.

    Every engine and queue that writes the new tile waits: its parts may be written in any order.
    """
    late = list(edges.late)
    for id, (_, _, before, _) in places.items():
        reason = BANK if trace.allocations[id].memory == "psum" else SPACE
        producers = [call for old in before for call in edges.last_calls[old].values()]
        if not producers:
            continue
        for first in edges.first_writes[id].values():
            late[first] = waits = dict(late[first])
            for producer in producers:
                waits.setdefault(producer, reason)
    return edges._replace(late=late)

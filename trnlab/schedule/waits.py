"""What every row waited for, read off a finished schedule.

A row waits if its lane was idle before it. What it waited for is the latest of the things that it
had to wait for; times are compared, nothing is scheduled again.
"""

import numpy as np

from trnlab.schedule.costs import COMPUTE_LANES, LOAD, TENSOR, Costs
from trnlab.schedule.machine import Served
from trnlab.schedule.program import SLOTS, Program, Waits
from trnlab.schedule.timeline import (
    WAIT_DESCRIPTORS,
    WAIT_DMA_ENGINES,
    WAIT_HBM,
    WAIT_NONE,
    WAIT_ORDER,
    WAIT_WEIGHTS,
    Timeline,
    engine_of_lane,
)
from trnlab.spec.core import Core
from trnlab.trace import Trace

# by `machine.TRIGGERED` and what follows it
_WHY = np.array([WAIT_NONE, WAIT_ORDER, WAIT_DMA_ENGINES, WAIT_HBM])


def timeline(trace: Trace, core: Core, program: Program, costs: Costs, served: Served) -> Timeline:
    """The columns of a served program."""
    start = np.array(served.start_s)
    transfer_end = np.array(served.transfer_end_s)
    is_transfer = costs.lane >= len(COMPUTE_LANES)
    number = np.array(program.core, np.int16)[costs.call]  # of the row's core
    slow = np.where(costs.lane == TENSOR, np.array(served.slow)[costs.call], 1.0)
    busy = np.where(is_transfer, transfer_end - start, costs.busy_s * slow)
    readable = start + busy + costs.latency_s
    names = (*COMPUTE_LANES, *(f"dma q{queue}" for queue in range(core.dma.queues)))
    lanes = names + tuple(
        f"{name} of core {other}" for other in range(1, program.cores) for name in names
    )
    lane = costs.lane + number * len(names)
    wait = _idle_before(lane, start, busy)
    on, kind = _causes(program, costs, served, start, is_transfer)
    waited = (wait > 0) | is_transfer  # transfers of a queue overlap: it is never quite idle
    lines = np.array([recorded.line for recorded in trace.calls], np.int32)
    columns = {
        "call": costs.call.astype(np.int32),
        "core": number,
        "lane": lane.astype(np.int16),
        "engine": engine_of_lane(lanes)[lane],
        "op": costs.op.astype(np.int16),
        "start_s": start,
        "busy_s": busy,
        "end_s": np.where(is_transfer, np.array(served.transfer_done_s), readable),
        "wait_s": wait,
        "wait_on": np.where(waited, on, -1).astype(np.int32),
        "wait_kind": np.where(waited, kind, WAIT_NONE).astype(np.int8),
        "line": lines[costs.call],
        "flops": costs.flops,
        "bytes": costs.bytes,
    }
    return Timeline(columns, lanes, costs.ops, trace, core, program.places)


def _idle_before(lane: np.ndarray, start: np.ndarray, busy: np.ndarray) -> np.ndarray:
    """Idle time of each row's lane between what ran before and the row."""
    order = np.lexsort((np.arange(len(start)), start, lane))
    idle = np.zeros(len(start))
    end = (start + busy)[order]
    lanes = lane[order]
    before = np.concatenate(([0.0], end[:-1]))
    before[np.concatenate(([True], lanes[1:] != lanes[:-1]))[: len(before)]] = 0.0
    idle[order] = np.maximum(0.0, start[order] - before)
    return np.where(idle > 1e-15, idle, 0.0)


def _causes(
    program: Program, costs: Costs, served: Served, start: np.ndarray, is_transfer: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For every row the row it waits for (-1: none) and why, were it to wait."""
    done = np.array(served.done_s)
    first, count = costs.first_row, len(program.variant)
    late_at, late_on, late_kind = _latest(program.waits, ~program.waits.early, done, count, first)
    early_at, early_on, early_kind = _latest(program.waits, program.waits.early, done, count, first)
    call, lane = costs.call, costs.lane
    on, kind = late_on[call], late_kind[call]

    load = lane == LOAD
    on = np.where(load, early_on[call], on)
    kind = np.where(load, early_kind[call], kind)

    weights = (lane == TENSOR) & (start > late_at[call])
    has_early = early_on[call] >= 0
    on = np.where(weights, early_on[call], on)
    kind = np.where(weights, np.where(has_early, early_kind[call], WAIT_WEIGHTS), kind)

    trigger = first[:-1][call[is_transfer]]
    why = _WHY[np.array(served.transfer_why)[is_transfer]]
    busy_trigger = start[trigger] > late_at[call[is_transfer]]
    why = np.where((why == WAIT_NONE) & busy_trigger, WAIT_DESCRIPTORS, why)
    on[is_transfer] = np.where(why == WAIT_NONE, on[is_transfer], -1)
    kind[is_transfer] = np.where(why == WAIT_NONE, kind[is_transfer], why)
    return on, kind


def _latest(
    waits: Waits, chosen: np.ndarray, done: np.ndarray, calls: int, first_row: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By call: when the last of the chosen waits ends, the row it is for, and why."""
    call, slot, reason = waits.call[chosen], waits.slot[chosen], waits.reason[chosen]
    at = done[slot]
    order = np.lexsort((at, call))
    call, slot, reason, at = call[order], slot[order], reason[order], at[order]
    last = np.concatenate((call[1:] != call[:-1], [True]))[: len(call)]
    ends = np.zeros(calls)
    on = np.full(calls, -1)
    kind = np.full(calls, WAIT_NONE)
    ends[call[last]] = at[last]
    on[call[last]] = first_row[slot[last] // SLOTS + 1] - 1
    kind[call[last]] = reason[last]
    return ends, on, kind

"""The machine: serves the calls of a program one by one, each as early as its lane, its operands
and the shared resources allow.

Everything here is a maximum of earlier times plus a constant. Given an order of service and the
matmuls that run during TensorE's ramp, faster hardware therefore never finishes later.
"""

import heapq
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from trnlab.isa.instruction import Transfer
from trnlab.schedule.costs import COMPUTE_LANES, LANE, TENSOR, Costs
from trnlab.schedule.program import SLOTS, Program
from trnlab.schedule.ramp import Ramp
from trnlab.spec.core import Core

# why a transfer starts when it does
TRIGGERED, IN_ORDER, ENGINES, HBM = range(4)


class Plan(NamedTuple):
    """What is decided once per trace, with the generation's own constants."""

    order: list[int]  # in which calls are served
    since_s: list[float]  # by call: matmul time since TensorE was last idle


class Served:
    """When everything runs: lists by row, and by slot."""

    def __init__(self, calls: int, rows: int) -> None:
        self.start_s = [0.0] * rows
        self.transfer_end_s = [0.0] * rows  # 0 for rows that are no transfer
        self.transfer_why = [TRIGGERED] * rows
        self.slow = [1.0] * calls  # how much longer a matmul takes in the ramp
        self.done_s = [0.0] * (calls * SLOTS)


def serve_in_order(program: Program, costs: Costs, core: Core, plan: Plan) -> Served:
    """Serve the calls as a plan says."""
    ramp = Ramp(core.tensor)
    slow = [ramp.slowdown(since) for since in plan.since_s]
    served, serve, _ = _machines(program, costs, core, lambda call, gap, busy: slow[call])
    for call in plan.order:
        serve(call)
    return served


def serve_by_readiness(program: Program, costs: Costs, core: Core) -> tuple[Served, Plan]:
    """Serve the calls as they become ready, ties by program order."""
    ramps = [Ramp(core.tensor) for _ in range(program.cores)]
    since = [float("inf")] * len(program.variant)

    def slow(call: int, gap_s: float, busy_s: float) -> float:
        ramp = ramps[program.core[call]]
        since[call] = ramp.since(gap_s)
        slowdown = ramp.slowdown(since[call])
        ramp.work(busy_s, slowdown)
        return slowdown

    served, serve, ready = _machines(program, costs, core, slow)
    following, missing, consumers = _graph(program)
    heap = [(ready(calls[0]), calls[0]) for calls in program.streams if not missing[calls[0]]]
    heapq.heapify(heap)
    order: list[int] = []
    while heap:
        call = heapq.heappop(heap)[1]
        serve(call)
        order.append(call)
        after = following[call]
        for consumer in consumers[call] if after < 0 else (*consumers[call], after):
            missing[consumer] -= 1
            if not missing[consumer]:
                heapq.heappush(heap, (ready(consumer), consumer))
    assert len(order) == len(program.variant), "calls wait for each other"
    return served, Plan(order, since)


def _graph(program: Program) -> tuple[list[int], list[int], list[list[int]]]:
    """The next call of each call's stream, how many producers it lacks, and its consumers."""
    calls = len(program.variant)
    following = [-1] * calls
    missing = [0] * calls
    consumers: list[list[int]] = [[] for _ in range(calls)]
    for stream in program.streams:
        for before, after in pairwise(stream):
            following[before] = after
            missing[after] = 1
    for call in range(calls):
        slots = (*program.early[call], *program.late[call])
        producers = {slot // SLOTS for slot in slots}
        missing[call] += len(producers)
        for producer in producers:
            consumers[producer].append(call)
    return following, missing, consumers


def _machines(
    program: Program, costs: Costs, core: Core, slow: Callable[[int, float, float], float]
) -> tuple[Served, Callable[[int], None], Callable[[int], float]]:
    """The machines of all cores of a launch; cores of one HBM stack share its bandwidth."""
    served = Served(len(program.variant), int(costs.first_row[-1]))
    stacks = [[0.0] for _ in range(-(-program.cores // core.hbm.cores))]
    machines = [
        _machine(program, costs, core, slow, served, stacks[number // core.hbm.cores])
        for number in range(program.cores)
    ]
    if len(machines) == 1:
        return served, *machines[0]
    owner = program.core

    def serve(call: int) -> None:
        machines[owner[call]][0](call)

    def ready(call: int) -> float:
        return machines[owner[call]][1](call)

    return served, serve, ready


def _machine(
    program: Program,
    costs: Costs,
    core: Core,
    slow: Callable[[int, float, float], float],
    served: Served,
    hbm_free: list[float],
) -> tuple[Callable[[int], None], Callable[[int], float]]:
    """Two functions over one state: serve a call, and when it could be served at the earliest.

    Args:
        hbm_free: one number, when the HBM stack is free; cores may share it
    """
    variant, late, early, queue = program.variant, program.late, program.early, program.queue
    first_row = costs.first_row.tolist()
    start, done = served.start_s, served.done_s
    free = [0.0] * (len(COMPUTE_LANES) + core.dma.queues)
    transfer = _dma(core, served, free, hbm_free)
    servers: list[Callable[..., None]] = []
    hop = core.semaphore_s
    load_free = multiply_start = 0.0

    def compute(call: int, steps: Any) -> None:
        lane = steps[-1][0]
        at = free[lane]
        for slot in late[call]:
            if done[slot] > at:
                at = done[slot]
        row = first_row[call]
        for _, busy, latency, chain in steps:
            begin = start[row] = at
            row += 1
            at = begin + busy
        free[lane] = at
        slot = call * SLOTS
        done[slot] = at + latency + hop
        done[slot + 1] = begin + chain
        done[slot + 2] = at + hop

    def matmul(call: int, steps: Any) -> None:
        nonlocal load_free, multiply_start
        weights = 0.0
        for slot in early[call]:
            if done[slot] > weights:
                weights = done[slot]
        moving = 0.0
        for slot in late[call]:
            if done[slot] > moving:
                moving = done[slot]
        row = first_row[call]
        for load_s, busy, latency in steps:
            at = load_free if load_free > multiply_start else multiply_start
            if weights > at:
                at = weights
            start[row] = at
            load_free = at + load_s
            before = free[TENSOR]
            at = before if before > load_free else load_free
            if moving > at:
                at = moving
            factor = slow(call, at - before, busy)
            start[row + 1] = multiply_start = at
            at = free[TENSOR] = at + busy * factor
            row += 2
        served.slow[call] = factor
        slot = call * SLOTS
        done[slot] = at + latency + hop
        done[slot + 2] = at + hop

    def move(call: int, cost: Transfer) -> None:
        at = 0.0
        for slot in late[call]:
            if done[slot] > at:
                at = done[slot]
        end = transfer(first_row[call], at, queue[call], cost)
        slot = call * SLOTS
        done[slot] = done[slot + 2] = end

    prepared: list[Any] = []
    lanes: list[int] = []
    for found, cost in zip(program.variants, costs.by_variant, strict=True):
        if isinstance(cost, Transfer):
            servers.append(move)
            prepared.append(cost)
            lanes.append(LANE[cost.trigger])
        elif cost[0].lane == "tensor_load":
            servers.append(matmul)
            pairs = zip(cost[::2], cost[1::2], strict=True)
            prepared.append([(a.busy_s, b.busy_s, b.latency_s) for a, b in pairs])
            lanes.append(TENSOR)
        else:
            servers.append(compute)
            prepared.append(
                [(LANE[s.lane], s.busy_s, s.latency_s, s.chain_s or s.busy_s) for s in cost]
            )
            lanes.append(LANE[cost[-1].lane])

    def serve(call: int) -> None:
        code = variant[call]
        servers[code](call, prepared[code])

    def ready(call: int) -> float:
        at = free[lanes[variant[call]]]
        for slots in (early[call], late[call]):
            for slot in slots:
                if done[slot] > at:
                    at = done[slot]
        return at

    return serve, ready


def _dma(
    core: Core, served: Served, free: list[float], hbm: list[float]
) -> Callable[[int, float, int, Transfer], float]:
    """A function that serves one transfer: trigger, queue, engines, HBM.

    Engine e starts `stagger_s` after engine e - 1. All times of an engine are kept without that
    shift: then engines that are equally busy are equal numbers, and mostly one number is enough.
    """
    dma = core.dma
    start, ends, why = served.start_s, served.transfer_end_s, served.transfer_why
    stagger, begin_s, interval = dma.stagger_s, dma.start_s, dma.queue_interval_s
    completion, rate, all_engines = dma.completion_s, core.hbm_bytes_per_s, dma.engines
    queues, last = len(COMPUTE_LANES), all_engines - 1
    engines = [0.0] * all_engines
    equal = 0.0  # all engines are free from here on, if not None
    is_equal = True

    def transfer(row: int, at: float, queue: int, cost: Transfer) -> float:
        nonlocal equal, is_equal
        lane = LANE[cost.trigger]
        if free[lane] > at:
            at = free[lane]
        start[row] = at
        free[lane] = at + cost.trigger_s
        ready = at + begin_s
        reason = TRIGGERED
        if free[queues + queue] > ready:
            ready = free[queues + queue]
            reason = IN_ORDER
        share = cost.engine_s
        if is_equal and cost.engines == all_engines:
            begin = ready if ready > equal else equal
            equal = begin + share
            end = equal + last * stagger
        else:
            if is_equal:
                engines[:] = [equal] * all_engines
            begin, end = _spread(engines, cost, ready, stagger)
            is_equal = min(engines) == max(engines)
            equal = engines[0]
        if begin > ready + cost.engine * stagger:
            reason = ENGINES
        free[queues + queue] = begin + interval
        hbm_free = (hbm[0] if hbm[0] > begin else begin) + cost.hbm_bytes / rate
        hbm[0] = hbm_free
        if hbm_free > end:
            end = hbm_free
            reason = HBM
        start[row + 1] = begin
        ends[row + 1] = end
        why[row + 1] = reason
        return end + completion

    return transfer


def _spread(
    engines: list[float], cost: Transfer, ready: float, stagger: float
) -> tuple[float, float]:
    """Occupy some of the engines; first start and last end."""
    first, end = float("inf"), 0.0
    for number in range(cost.engine, cost.engine + cost.engines):
        engine = number % len(engines)
        at = engines[engine] if engines[engine] > ready else ready
        engines[engine] = at + cost.engine_s
        shift = engine * stagger
        first = min(first, at + shift)
        end = max(end, at + cost.engine_s + shift)
    return first, end



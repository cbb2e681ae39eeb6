"""The machine: serves calls one by one, each as early as lane, operands and resources allow.

Everything here is a maximum of earlier times plus a constant. Given an order of service and the
matmuls that run during TensorE's ramp, faster hardware therefore never finishes later.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from trnlab.isa.instruction import Transfer
from trnlab.schedule.costs import COMPUTE_LANES, LANE, TENSOR, Costs
from trnlab.schedule.program import SLOTS, Program
from trnlab.schedule.ramp import Ramp
from trnlab.spec.core import Core

# why a transfer starts or ends when it does
TRIGGERED, IN_ORDER, ENGINES, HBM = range(4)

Serve = Callable[[int], None]
Slow = Callable[[int, float, float], float]  # call, gap before it, its time -> how much longer


class Plan(NamedTuple):
    """What is decided once per trace, with the generation's own constants."""

    order: list[int]  # calls, and ~call for transfers, as they are served
    since_s: list[float]  # by call: matmul time since TensorE was last idle


class Served:
    """When everything runs: lists by row, and by slot."""

    def __init__(self, calls: int, rows: int) -> None:
        self.start_s = [0.0] * rows
        self.transfer_end_s = [0.0] * rows  # 0 for rows that are no transfer
        self.transfer_done_s = [0.0] * rows  # the queue's semaphore counts it
        self.transfer_why = [TRIGGERED] * rows
        self.slow = [1.0] * calls  # how much longer a matmul takes in the ramp
        self.done_s = [0.0] * (calls * SLOTS)


class Machine(NamedTuple):
    """Functions over one state."""

    serve: Serve  # a call; of a transfer only its trigger
    transfer: Serve  # the transfer of a call
    ready: Callable[[int], float]  # when the operands of a call are ready
    transfer_ready: Callable[[int], float]  # when its transfer can start but for the engines
    served: Served
    free: list[float]  # by lane, and by pool of DMA engines
    pools: list[int]  # by core: where `free` has its DMA engines
    trigger_lanes: list[int]  # by variant: the lane that starts its transfer, -1 if it is none


def follow(program: Program, costs: Costs, core: Core, plan: Plan) -> Served:
    """Serve the calls as a plan says."""
    ramp = Ramp(core.tensor)
    slow = [ramp.slowdown(since) for since in plan.since_s]
    found = machine(program, costs, core, lambda call, _gap_s, _busy_s: slow[call])
    serve, transfer = found.serve, found.transfer
    for call in plan.order:
        if call >= 0:
            serve(call)
        else:
            transfer(~call)
    return found.served


def machine(program: Program, costs: Costs, core: Core, slow: Slow) -> Machine:
    """A machine at rest."""
    variant, late, early = program.variant, program.late, program.early
    first_row = costs.first_row.tolist()
    served = Served(len(variant), first_row[-1])
    start, done = served.start_s, served.done_s
    lanes = len(COMPUTE_LANES) + core.dma.queues  # of one core; those of the next one follow
    free = [0.0] * ((lanes + 1) * program.cores)  # at the end each core's DMA engines
    transfer, transfer_ready = _all_transfers(program, costs, core, served, free)
    hop = core.semaphore_s

    def compute(call: int, steps: Any) -> None:
        lane = steps[0][0]
        at = free[lane]
        for slot in late[call]:
            if done[slot] > at:
                at = done[slot]
        row = first_row[call]
        for _, busy, latency, chain in steps:  # noqa: B007
            begin = start[row] = at
            row += 1
            at = begin + busy
        free[lane] = at
        slot = call * SLOTS
        done[slot] = at + latency + hop
        done[slot + 1] = begin + chain
        done[slot + 2] = at + hop

    def matmuls(tensor: int) -> Callable[[int, Any], None]:
        load_free = multiply_start = 0.0

        def matmul(call: int, passes: Any) -> None:
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
            for load_s, busy, latency in passes:  # noqa: B007
                at = load_free if load_free > multiply_start else multiply_start
                if weights > at:
                    at = weights
                start[row] = at
                load_free = at + load_s
                before = free[tensor]
                at = before if before > load_free else load_free
                if moving > at:
                    at = moving
                factor = slow(call, at - before, busy)
                start[row + 1] = multiply_start = at
                at = free[tensor] = at + busy * factor
                row += 2
            served.slow[call] = factor
            slot = call * SLOTS
            done[slot] = at + latency + hop
            done[slot + 2] = at + hop

        return matmul

    def trigger(call: int, cost: Any) -> None:
        lane, busy = cost
        at = free[lane]
        for slot in late[call]:
            if done[slot] > at:
                at = done[slot]
        start[first_row[call]] = at
        free[lane] = at + busy

    by_core = [matmuls(number * lanes + TENSOR) for number in range(program.cores)]
    servers: list[Callable[[int, Any], None]] = []
    prepared: list[Any] = []
    trigger_lanes = []
    for found, cost in zip(program.variants, costs.by_variant, strict=True):
        first = found.core * lanes
        trigger_lanes.append(first + LANE[cost.trigger] if isinstance(cost, Transfer) else -1)
        if isinstance(cost, Transfer):
            servers.append(trigger)
            prepared.append((first + LANE[cost.trigger], cost.trigger_s))
        elif cost[0].lane == "tensor_load":
            servers.append(by_core[found.core])
            pairs = zip(cost[::2], cost[1::2], strict=True)
            prepared.append([(a.busy_s, b.busy_s, b.latency_s) for a, b in pairs])
        else:
            servers.append(compute)
            prepared.append(
                [(first + LANE[s.lane], s.busy_s, s.latency_s, s.chain_s or s.busy_s) for s in cost]
            )

    def serve(call: int) -> None:
        code = variant[call]
        servers[code](call, prepared[code])

    def ready(call: int) -> float:
        at = 0.0
        for slot in (*early[call], *late[call]):
            if done[slot] > at:
                at = done[slot]
        return at

    pools = [lanes * program.cores + number for number in range(program.cores)]
    return Machine(serve, transfer, ready, transfer_ready, served, free, pools, trigger_lanes)


def _all_transfers(
    program: Program, costs: Costs, core: Core, served: Served, free: list[float]
) -> tuple[Serve, Callable[[int], float]]:
    """The same for all cores of a launch; cores of one HBM stack share its bandwidth."""
    stacks = [[0.0] for _ in range(-(-program.cores // core.hbm.cores))]
    found = [
        _transfers(program, costs, core, served, free, number, stacks[number // core.hbm.cores])
        for number in range(program.cores)
    ]
    if len(found) == 1:
        return found[0]
    owner = program.core

    def transfer(call: int) -> None:
        found[owner[call]][0](call)

    def transfer_ready(call: int) -> float:
        return found[owner[call]][1](call)

    return transfer, transfer_ready


def _transfers(
    program: Program,
    costs: Costs,
    core: Core,
    served: Served,
    free: list[float],
    number: int,
    hbm: list[float],
) -> tuple[Serve, Callable[[int], float]]:
    """Functions that serve one transfer, and tell when it can start but for the engines.

    Engine e starts `stagger_s` after engine e - 1. All times of an engine are kept without that
    shift: then engines that are equally busy are equal numbers, and mostly one number is enough.

    Args:
        number: of the core
        hbm: one number, when its HBM stack is free
    """
    dma, variant = core.dma, program.variant
    queue = [number % dma.queues for number in program.queue]
    first_row = costs.first_row.tolist()
    start, ends, why = served.start_s, served.transfer_end_s, served.transfer_why
    known = served.transfer_done_s
    done, by_variant = served.done_s, costs.by_variant
    stagger, begin_s = dma.stagger_s, dma.start_s
    completion, rate, all_engines = dma.completion_s, core.hbm_bytes_per_s, dma.engines
    lanes = len(COMPUTE_LANES) + dma.queues
    queues, pool = number * lanes + len(COMPUTE_LANES), program.cores * lanes + number
    last_shift = (dma.engines - 1) * dma.stagger_s
    engines = [0.0] * all_engines
    queue_done = [0.0] * dma.queues
    equal = 0.0  # when every engine is free, if that is the same for all
    is_equal = True

    def transfer(call: int) -> None:
        nonlocal equal, is_equal
        row = first_row[call]
        cost: Any = by_variant[variant[call]]
        ready = start[row] + begin_s + cost.fetch_s
        lane = queues + queue[call]
        reason = TRIGGERED
        if free[lane] > ready:
            ready = free[lane]
            reason = IN_ORDER
        if is_equal and cost.engines == all_engines:
            begin = ready
            if equal > ready:
                begin = equal
                reason = ENGINES
            equal = begin + cost.engine_s
            end = equal + last_shift
        else:
            if is_equal:
                engines[:] = [equal] * all_engines
            begin, end = _spread(engines, cost, ready, stagger)
            if begin > ready + cost.engine * stagger:
                reason = ENGINES
            equal = min(engines)
            is_equal = equal == max(engines)
        free[pool] = equal
        free[lane] = begin + cost.interval_s if cost.engine_s else begin
        hbm_free = (hbm[0] if hbm[0] > begin else begin) + cost.hbm_bytes / rate
        hbm[0] = hbm_free
        if hbm_free > end:
            end = hbm_free
            reason = HBM
        start[row + 1] = begin
        ends[row + 1] = end
        why[row + 1] = reason
        # a queue's semaphore counts: a transfer is known to be done when those before it are
        own = queue[call]
        if queue_done[own] > end:
            end = queue_done[own]
        queue_done[own] = end
        known[row + 1] = end + completion
        slot = call * SLOTS
        done[slot] = done[slot + 2] = end + completion

    def transfer_ready(call: int) -> float:
        fetch_s = by_variant[variant[call]].fetch_s  # type: ignore[union-attr]
        return max(start[first_row[call]] + begin_s + fetch_s, free[queues + queue[call]])

    return transfer, transfer_ready


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

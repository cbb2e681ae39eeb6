"""The schedule: when every device instruction of a trace runs on a core, and what it waited for.

Engines and DMA queues are in order; across them only semaphores order. One pass over the calls, in
an order in which each shared resource serves them, gives every start as a maximum of earlier ends.

That order is fixed once per trace, with the generation's own constants, by serving each DMA engine
first come, first served: a store that waits for a result does not hold up loads that are ready.
Rescheduling on changed hardware keeps the order, as a compiled program would. Hence hardware that
is faster in one constant never finishes later.
"""

import heapq
from collections.abc import Iterable, Sequence

from trnlab import spec
from trnlab.isa.instruction import Kind, Step, Transfer
from trnlab.schedule.dependencies import (
    BANK,
    READ,
    SPACE,
    Dependencies,
    dependencies,
    lifetimes,
    stream_of,
)
from trnlab.schedule.placement import Place, place
from trnlab.schedule.timeline import (
    WAIT_DMA_ENGINES,
    WAIT_HBM,
    WAIT_NONE,
    WAIT_ORDER,
    WAIT_WEIGHTS,
    Rows,
    Timeline,
)
from trnlab.spec.core import Core
from trnlab.trace import Trace

COMPUTE_LANES = ("tensor", "tensor_load", "vector", "scalar", "gpsimd", "sync")
LANE = {name: code for code, name in enumerate(COMPUTE_LANES)}
TENSOR, LOAD = LANE["tensor"], LANE["tensor_load"]


def schedule(trace: Trace, core: Core | None = None) -> Timeline:
    """Time of every device instruction.

    Args:
        trace: what a kernel recorded
        core: the core to run on; None: the one it was recorded for
    Returns:
        one row per device instruction
    Raises:
        CapacityError: the live tiles do not fit into SBUF or PSUM
    """
    core = core or trace.core
    places = placements(trace, core)
    reference = reference_core(core)
    if core == reference:
        machine = _Machine(trace, core, places)
        trace.cache[_order_key(core)] = machine.run_by_readiness()
        return machine.timeline()
    machine = _Machine(trace, core, places)
    machine.run_in_order(_service_order(trace, core, reference, places))
    return machine.timeline()


def reference_core(core: Core) -> Core:
    """The unchanged core of the same generation."""
    return spec.chip(core.generation).core


def placements(trace: Trace, core: Core) -> dict[int, Place]:
    """Where every SBUF and PSUM tile of a trace lies on a core."""
    sbuf_bytes, psum_bytes, bank_bytes = _capacities(core)
    key = ("places", sbuf_bytes, psum_bytes, bank_bytes)
    if key not in trace.cache:
        places = place(lifetimes(trace, "sbuf"), sbuf_bytes, 0)
        places |= place(lifetimes(trace, "psum"), psum_bytes, bank_bytes)
        trace.cache[key] = places
    return trace.cache[key]


def _capacities(core: Core) -> tuple[int, int, int]:
    """What places depend on."""
    return core.sbuf.usable_partition_bytes, core.psum.partition_bytes, core.psum.bank_bytes


def _order_key(core: Core) -> tuple:
    """The order depends on the generation's constants, and on who takes whose place."""
    return ("order", core.generation, *_capacities(core))


def _service_order(
    trace: Trace, core: Core, reference: Core, places: dict[int, Place]
) -> list[int]:
    key = _order_key(core)
    if key not in trace.cache:
        trace.cache[key] = _Machine(trace, reference, places).run_by_readiness()
    return trace.cache[key]


class _Machine:
    """State of all lanes while calls are served one by one."""

    def __init__(self, trace: Trace, core: Core, places: dict[int, Place]) -> None:
        self.trace, self.core, self.places = trace, core, places
        calls = trace.calls
        edges = _with_reuse(trace, dependencies(trace), places)
        self.early, self.late = edges.early, edges.late
        kinds: dict[Kind, tuple[Step, ...] | Transfer] = {}
        for recorded in calls:
            kind = recorded.kind
            if kind not in kinds:
                kinds[kind] = kind.instruction.cost(core, kind)
        self.steps = [kinds[recorded.kind] for recorded in calls]
        self.engine = [recorded.kind.engine for recorded in calls]
        queues = core.dma.queues
        self.queue = [call.queue % queues if call.queue >= 0 else -1 for call in calls]
        self.readable = [0.0] * len(calls)  # its result can be read
        self.released = [0.0] * len(calls)  # its operands may be overwritten
        self.free = [0.0] * (len(COMPUTE_LANES) + queues)  # lane takes the next one
        self.multiply_start = 0.0  # of the last matmul: its weights have left the shadow registers
        self.dma_free = [0.0] * core.dma.engines
        self.queue_done = [0.0] * queues  # its transfers so far have ended
        self.hbm_free = 0.0
        self.rows = Rows()

    def timeline(self) -> Timeline:
        return self.rows.timeline(self.trace, self.core, self.places, COMPUTE_LANES)

    def run_in_order(self, order: Iterable[int]) -> None:
        """Serve the calls in a given order."""
        for call in order:
            self._serve(call)

    def run_by_readiness(self) -> list[int]:
        """Serve the calls as they become ready, ties by program order; returns the order."""
        streams, following, missing, consumers = self._graph()
        heap: list[tuple[float, int]] = []
        for stream in streams:
            if not missing[stream[0]]:
                heapq.heappush(heap, (self._ready(stream[0]), stream[0]))
        order: list[int] = []
        while heap:
            _, call = heapq.heappop(heap)
            self._serve(call)
            order.append(call)
            woken = consumers[call]
            if following[call] >= 0:
                woken.append(following[call])
            for consumer in woken:
                missing[consumer] -= 1
                if not missing[consumer]:
                    heapq.heappush(heap, (self._ready(consumer), consumer))
        return order

    def _graph(self) -> tuple[list[list[int]], list[int], list[int], list[list[int]]]:
        """Calls by stream, the next call in each call's stream, producers left, consumers."""
        calls = self.trace.calls
        streams: dict[str, list[int]] = {}
        following = [-1] * len(calls)
        missing = [0] * len(calls)
        consumers: list[list[int]] = [[] for _ in calls]
        for call, recorded in enumerate(calls):
            stream = streams.setdefault(stream_of(recorded), [])
            if stream:
                following[stream[-1]] = call
                missing[call] += 1
            stream.append(call)
            producers = {**self.early[call], **self.late[call]}
            missing[call] += len(producers)
            for producer in producers:
                consumers[producer].append(call)
        return list(streams.values()), following, missing, consumers

    def _wait(self, call: int, edges: dict[int, int]) -> tuple[float, int, int]:
        """When all producers are done, the last of them, and why it is waited for."""
        at, last, why = 0.0, -1, WAIT_NONE
        engine, hop = self.engine[call], self.core.semaphore_s
        for producer, reason in edges.items():
            is_read = reason == READ or reason >= SPACE
            done = self.released[producer] if is_read else self.readable[producer]
            if self.engine[producer] != engine:
                done += hop
            if done > at:
                at, last, why = done, producer, reason
        return at, last, why

    def _ready(self, call: int) -> float:
        """When the call could be served if no shared resource were busy."""
        at = self._wait(call, self.late[call])[0]
        if self.queue[call] < 0:
            early = self._wait(call, self.early[call])[0]
            return max(at, early, self.free[LANE[self.engine[call]]])
        return max(at + self.core.dma.start_s, self.free[len(COMPUTE_LANES) + self.queue[call]])

    def _serve(self, call: int) -> None:
        steps = self.steps[call]
        if self.queue[call] >= 0:
            self._transfer(call, steps)  # type: ignore[arg-type]
        elif self.engine[call] == "tensor":
            self._matmul(call, steps)  # type: ignore[arg-type]
        else:
            self._compute(call, steps)  # type: ignore[arg-type]

    def _compute(self, call: int, steps: Sequence[Step]) -> None:
        at, on, why = self._wait(call, self.late[call])
        for step in steps:
            lane = LANE[step.lane]
            free = self.free[lane]
            start = max(free, at)
            end = start + step.busy_s
            self.free[lane] = end
            self.rows.add(
                call,
                lane,
                step.op,
                start,
                step.busy_s,
                end + step.latency_s,
                start - free,
                on if start > free else -1,
                why if start > free else WAIT_NONE,
                step.flops,
                0,
            )
        self.released[call] = end
        self.readable[call] = end + step.latency_s

    def _matmul(self, call: int, steps: Sequence[Step]) -> None:
        """Weights load behind the multiply that runs; a multiply needs its weights loaded."""
        early = self._wait(call, self.early[call])
        late = self._wait(call, self.late[call])
        free = self.free
        for step in steps:
            busy = step.busy_s
            if step.lane == "tensor_load":
                start = max(free[LOAD], self.multiply_start, early[0])
                loaded = free[LOAD] = start + busy
                load_on, load_why = early[1:] if start == early[0] else (-1, WAIT_NONE)
                self.rows.add(
                    call,
                    LOAD,
                    step.op,
                    start,
                    busy,
                    loaded + step.latency_s,
                    0.0,
                    load_on,
                    load_why,
                    0,
                    0,
                )
                continue
            before = free[TENSOR]
            start = max(before, loaded, late[0])
            on, why = -1, WAIT_NONE
            if start > before:
                if start == late[0]:
                    _, on, why = late
                else:
                    on, why = load_on, load_why or WAIT_WEIGHTS
            self.multiply_start = start
            end = free[TENSOR] = start + busy
            self.rows.add(
                call,
                TENSOR,
                step.op,
                start,
                busy,
                end + step.latency_s,
                start - before,
                on,
                why,
                step.flops,
                0,
            )
        self.released[call] = end
        self.readable[call] = end + step.latency_s

    def _transfer(self, call: int, transfer: Transfer) -> None:
        """All engines that take part start when they are free; HBM's bandwidth is shared."""
        core, dma = self.core, self.core.dma
        queue = self.queue[call]
        lane = len(COMPUTE_LANES) + queue
        at, on, why = self._wait(call, self.late[call])
        triggered = at + dma.start_s
        queued = self.free[lane]
        ready = max(triggered, queued)
        engines, share = self.dma_free, transfer.engine_s
        start, end = float("inf"), 0.0
        for e in range(transfer.engine, transfer.engine + transfer.engines):
            engine = e % dma.engines
            begin = max(ready, engines[engine])
            start = min(start, begin)
            engines[engine] = begin + share
            end = max(end, begin + share)
        self.hbm_free = max(self.hbm_free, start) + transfer.hbm_bytes / core.hbm_bytes_per_s
        if self.hbm_free > end:
            end, on, why = self.hbm_free, -1, WAIT_HBM
        elif start > ready:
            on, why = -1, WAIT_DMA_ENGINES
        elif queued >= triggered:
            on, why = -1, WAIT_ORDER if queued > 0 else WAIT_NONE
        self.free[lane] = start  # the next of the queue may follow on each engine
        # a queue's semaphore counts its transfers: one is known to be done when those before it are
        done = self.queue_done[queue] = max(end, self.queue_done[queue])
        self.released[call] = done
        self.readable[call] = done + dma.completion_s
        self.rows.add(
            call,
            lane,
            transfer.op,
            start,
            end - start,
            done + dma.completion_s,
            start - queued,
            on,
            why,
            0,
            transfer.hbm_bytes,
        )


def _with_reuse(trace: Trace, edges: Dependencies, places: dict[int, Place]) -> Dependencies:
    """Add the waits of tiles for the tiles whose place they take."""
    late = list(edges.late)
    for id, (_, _, before) in places.items():
        allocation = trace.allocations[id]
        reason = BANK if allocation.memory == "psum" else SPACE
        first = allocation.first_call
        waits = dict(late[first])
        for old in before:
            for producer in edges.last_calls[old].values():
                waits.setdefault(producer, reason)
        late[first] = waits
    return edges._replace(late=late)

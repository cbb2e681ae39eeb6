"""The plan of a trace: in which order calls are served, and which matmuls run in TensorE's ramp.

A plan is made once, by serving first come, first served: whatever is ready first takes the shared
resources first; triggers that wait for their lane and transfers that wait for DMA engines go in
program order. A DMA call is served twice: as its trigger (the call) and as its transfer (~call).
"""

import heapq
from collections.abc import Collection
from itertools import pairwise

import numpy as np

from trnlab.schedule.costs import Costs
from trnlab.schedule.machine import Machine, Plan, Served, machine
from trnlab.schedule.program import SLOTS, Program
from trnlab.schedule.ramp import Ramp
from trnlab.spec.core import Core


def plan(program: Program, costs: Costs, core: Core) -> tuple[Served, Plan]:
    """Serve a program first come, first served."""
    ramps = [Ramp(core.tensor) for _ in range(program.cores)]
    since = [float("inf")] * len(program.variant)

    def slow(call: int, gap_s: float, busy_s: float) -> float:
        ramp = ramps[program.core[call]]
        since[call] = ramp.since(gap_s)
        slowdown = ramp.slowdown(since[call])
        ramp.work(busy_s, slowdown)
        return slowdown

    found = machine(program, costs, core, slow)
    order = _Plan(program, found).run()
    assert sum(call >= 0 for call in order) == len(since), "calls wait for each other"
    return found.served, Plan(order, since)


def _consumers(program: Program) -> tuple[list[int], list[list[int]]]:
    """By call: how many others it waits for, and those that wait for it."""
    calls = len(program.variant)
    pairs = np.unique(program.waits.slot // SLOTS * calls + program.waits.call)
    producer, consumer = np.divmod(pairs, calls)
    found = consumer.tolist()
    ends = np.searchsorted(producer, np.arange(calls + 1)).tolist()
    return np.bincount(consumer, minlength=calls).tolist(), [
        found[first:end] for first, end in pairwise(ends)
    ]


def _first_free(lanes: Collection[int], free: list[float]) -> int:
    if len(lanes) == 1:
        return next(iter(lanes))
    return min(lanes, key=free.__getitem__)


class _Plan:
    """Calls and transfers that lack something, and those that are ready, by time."""

    def __init__(self, program: Program, found: Machine) -> None:
        calls = len(program.variant)
        self.program = program
        self.machine = found
        self.arriving: list[tuple[float, int]] = []
        self.waiting: dict[int, list[int]] = {}  # triggers and transfers, by what is busy
        self.missing, self.consumers = _consumers(program)  # what each call lacks, and gives
        self.lacks = [1] * calls  # what each transfer lacks: its trigger, and the one before
        self.following = [-1] * calls  # in the stream
        for stream in program.streams:
            for before, after in pairwise(stream):
                self.following[before] = after
                self.missing[after] += 1
                self.lacks[after] = 2

    def run(self) -> list[int]:
        """Serve everything; returns the order."""
        machine, variant = self.machine, self.program.variant
        free, trigger, pools = machine.free, machine.trigger_lanes, machine.pools
        arriving, waiting = self.arriving, self.waiting
        for stream in self.program.streams:
            if not self.missing[stream[0]]:
                heapq.heappush(arriving, (0.0, stream[0]))
        order: list[int] = []
        while arriving or waiting:
            lane = _first_free(waiting, free) if waiting else -1
            if lane >= 0 and (not arriving or free[lane] <= arriving[0][0]):
                call = heapq.heappop(waiting[lane])
                if not waiting[lane]:
                    del waiting[lane]
                if lane >= pools[0]:
                    self._transfer(call, order)
                    continue
            else:
                at, call = heapq.heappop(arriving)
                if call < 0:
                    lane = pools[self.program.core[~call]]
                    if free[lane] > at:
                        heapq.heappush(waiting.setdefault(lane, []), ~call)
                    else:
                        self._transfer(~call, order)
                    continue
                lane = trigger[variant[call]]
                if lane >= 0 and free[lane] > at:
                    heapq.heappush(waiting.setdefault(lane, []), call)
                    continue
            order.append(call)
            machine.serve(call)
            if trigger[variant[call]] >= 0:
                self._lacks_less(call)
            else:
                self._wake(*self.consumers[call])
            if self.following[call] >= 0:
                self._wake(self.following[call])
        return order

    def _transfer(self, call: int, order: list[int]) -> None:
        order.append(~call)
        self.machine.transfer(call)
        after = self.following[call]
        if after >= 0:
            self._lacks_less(after)
        self._wake(*self.consumers[call])

    def _wake(self, *calls: int) -> None:
        """Each lacks one thing less."""
        missing = self.missing
        for call in calls:
            missing[call] -= 1
            if not missing[call]:
                heapq.heappush(self.arriving, (self.machine.ready(call), call))

    def _lacks_less(self, call: int) -> None:
        """A transfer lacks one thing less."""
        self.lacks[call] -= 1
        if not self.lacks[call]:
            heapq.heappush(self.arriving, (self.machine.transfer_ready(call), ~call))

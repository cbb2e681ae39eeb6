"""A pipeline drawn out: when each stage works on which micro-batch, and where it waits.

1F1B, its interleaved form, and a zero-bubble form that fills gaps with gradients of weights. Stages
are in order; a step starts when its stage is free and what it needs has arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .degrees import SCHEDULES, check_whole, shown

KINDS = ("forward", "backward", "weights")  # weights: gradients of weights, apart from backward
MOST_STEPS = 200_000
Key = tuple[int, int, int]  # kind, micro-batch, part of the model


class Task(NamedTuple):
    """One piece of work of a stage."""

    kind: int  # code into KINDS
    micro_batch: int
    chunk: int  # virtual stage of the device


@dataclass(frozen=True)
class PipelineTimeline:
    """Columns, one row for each piece of work, in order of start."""

    stage: NDArray[np.int64]
    micro_batch: NDArray[np.int64]
    chunk: NDArray[np.int64]
    kind: NDArray[np.int64]  # code into KINDS
    start_s: NDArray[np.float64]
    busy_s: NDArray[np.float64]

    @property
    def total_s(self) -> float:
        """Until the last stage has ended."""
        return float((self.start_s + self.busy_s).max())

    @property
    def idle(self) -> float:
        """Part of all stages' time in which they wait."""
        stages = int(self.stage.max()) + 1
        return 1 - float(self.busy_s.sum()) / (stages * self.total_s)


def pipeline_timeline(
    stages: int,
    micro_batches: int,
    forward_s: float,
    backward_s: float,
    *,
    virtual_stages: int = 1,
    schedule: str = "1f1b",
    send_s: float = 0.0,
) -> PipelineTimeline:
    """Draw a step of a pipeline of equal stages.

    Args:
        forward_s, backward_s: of one micro-batch on one device, all its virtual stages
        virtual_stages: parts of a device that take turns; then micro_batches is a multiple of
            stages
        schedule: "1f1b" or "zero-bubble"
        send_s: from stage to stage
    Raises:
        ValueError: what cannot be drawn
    """
    stages, micro_batches, virtual_stages = (
        check_whole(f"pipeline: {name}", value)
        for name, value in (
            ("stages", stages),
            ("micro_batches", micro_batches),
            ("virtual_stages", virtual_stages),
        )
    )
    if schedule not in SCHEDULES:
        raise ValueError(
            f"pipeline: schedule = {shown(schedule)} should be one of {', '.join(SCHEDULES)}"
        )
    for name, seconds in (
        ("forward_s", forward_s),
        ("backward_s", backward_s),
        ("send_s", send_s),
    ):
        if not isinstance(seconds, (int, float, np.number)) or not 0 <= seconds < np.inf:
            raise ValueError(f"pipeline: {name} = {shown(seconds)} should be seconds, 0 or more")
    if stages * micro_batches * virtual_stages * 3 > MOST_STEPS:
        raise ValueError(
            f"pipeline: {stages} stages x {micro_batches} micro-batches x {virtual_stages} are too "
            f"many to draw; at most {MOST_STEPS // 3:,} in all"
        )
    if virtual_stages > 1 and micro_batches % stages:
        raise ValueError(
            f"pipeline: interleaving takes micro-batches in groups of {stages} stages; "
            f"{micro_batches} is not a multiple"
        )
    splits = schedule == "zero-bubble"
    if splits and virtual_stages > 1:
        raise ValueError("pipeline: the zero-bubble schedule has one virtual stage")
    lengths = _lengths(forward_s / virtual_stages, backward_s / virtual_stages, splits)
    orders = [_order(stage, stages, micro_batches, virtual_stages) for stage in range(stages)]
    return _draw(orders, stages, virtual_stages, lengths, send_s, splits)


def _lengths(forward_s: float, backward_s: float, splits: bool) -> tuple[float, float, float]:
    return forward_s, backward_s / 2 if splits else backward_s, backward_s / 2


def _order(stage: int, stages: int, micro_batches: int, chunks: int) -> list[Task]:
    """Forward work to fill the pipe, then one forward and one backward in turn."""
    total = micro_batches * chunks
    warm = stages - stage - 1
    if chunks > 1:
        warm = 2 * warm + (chunks - 1) * stages
    warm = min(warm, total)
    forward = [_task(0, i, stages, chunks) for i in range(total)]
    backward = [_task(1, i, stages, chunks) for i in range(total)]
    order = forward[:warm]
    for i in range(total - warm):
        order += [forward[warm + i], backward[i]]
    return order + backward[total - warm :]


def _task(kind: int, index: int, stages: int, chunks: int) -> Task:
    """The index-th forward or backward of a stage: groups of `stages` micro-batches take turns."""
    if chunks == 1:
        return Task(kind, index, 0)
    group, rest = divmod(index, stages * chunks)
    chunk, within = divmod(rest, stages)
    return Task(kind, group * stages + within, chunk if kind == 0 else chunks - 1 - chunk)


def _draw(
    orders: list[list[Task]],
    stages: int,
    chunks: int,
    lengths: tuple[float, float, float],
    send_s: float,
    splits: bool,
) -> PipelineTimeline:
    done: dict[Key, float] = {}
    free = [0.0] * stages
    later: list[list[int]] = [[] for _ in range(stages)]  # micro-batches whose weights wait
    place = [0] * stages
    rows: list[tuple[int, int, int, int, float, float]] = []

    def work(stage: int, task: Task, start: float) -> None:
        length = lengths[task.kind]
        rows.append((stage, task.micro_batch, task.chunk, task.kind, start, length))
        free[stage] = start + length

    def fill(stage: int, until: float) -> None:
        while later[stage] and free[stage] + lengths[2] <= until + 1e-15:
            work(stage, Task(2, later[stage].pop(0), 0), free[stage])

    moved = True
    while moved:
        moved = False
        for stage in range(stages):
            while place[stage] < len(orders[stage]):
                task = orders[stage][place[stage]]
                part = task.chunk * stages + stage
                ready = _ready_s(task, part, stages * chunks, done, send_s)
                if ready is None:
                    break
                if splits:
                    fill(stage, ready)
                work(stage, task, max(free[stage], ready))
                done[task.kind, task.micro_batch, part] = free[stage]
                if splits and task.kind == 1:
                    later[stage].append(task.micro_batch)
                place[stage] += 1
                moved = True
    for stage in range(stages):
        fill(stage, np.inf)
    return _columns(rows)


def _ready_s(
    task: Task, part: int, parts: int, done: dict[Key, float], send_s: float
) -> float | None:
    """When a task's input has arrived; None: not known yet."""
    if task.kind == 0:
        before = (0, task.micro_batch, part - 1) if part else None
    else:
        last = part == parts - 1
        before = (0, task.micro_batch, part) if last else (1, task.micro_batch, part + 1)
        if not last and before in done:
            return max(done[before] + send_s, done[0, task.micro_batch, part])
        if last:
            return done.get(before)
    if before is None:
        return 0.0
    return done[before] + send_s if before in done else None


def _columns(rows: list[tuple[int, int, int, int, float, float]]) -> PipelineTimeline:
    ordered = sorted(rows, key=lambda row: (row[4], row[0]))
    stage, micro_batch, chunk, kind, start, busy = (
        np.array(column) for column in zip(*ordered, strict=True)
    )
    return PipelineTimeline(stage, micro_batch, chunk, kind, start, busy)

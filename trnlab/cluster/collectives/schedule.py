"""A collective as a schedule of sends: the same record is executed on arrays and timed on links.

A tensor is cut into numbered chunks. In one step every send reads what its source held when the
step began; the target keeps the chunk, or adds it to its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Send(NamedTuple):
    """One chunk from one rank to another."""

    step: int
    source: int
    target: int
    chunk: int
    adds: bool = False


@dataclass(frozen=True)
class Schedule:
    """All sends of one collective on `ranks` ranks, in columns, by step."""

    kind: str  # "all_reduce"
    algorithm: str  # "ring"
    ranks: int
    chunks: int
    step: Ints
    source: Ints
    target: Ints
    chunk: Ints
    adds: NDArray[np.bool_]

    @property
    def lanes(self) -> int:
        """Chunks of one part of the tensor, which travel side by side."""
        return 1 if self.kind.startswith("all_to_all") else self.chunks // self.ranks

    @property
    def steps(self) -> int:
        """Steps, one after the other."""
        return int(self.step.max(initial=-1)) + 1

    def __len__(self) -> int:
        return len(self.step)


def schedule(
    kind: str, algorithm: str, ranks: int, chunks: int, parts: Sequence[Sequence[Send]]
) -> Schedule:
    """Parts that run one after the other, as one schedule."""
    blocks, start = [np.zeros((0, 5), np.int64)], 0
    for part in parts:
        rows = np.array(part, np.int64).reshape(-1, 5)
        rows[:, 0] += start
        start = int(rows[:, 0].max(initial=start - 1)) + 1
        blocks.append(rows)
    rows = np.concatenate(blocks)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    step, source, target, chunk, adds = (rows[:, i].copy() for i in range(5))
    return Schedule(
        kind, algorithm, ranks, chunks, step, source, target, chunk, adds.astype(np.bool_)
    )


def relabeled(
    sends: Iterable[Send], ranks: Sequence[int], chunks: Sequence[Sequence[int]]
) -> list[Send]:
    """The same sends between other ranks; each chunk becomes a list of finer chunks."""
    return [
        Send(send.step, ranks[send.source], ranks[send.target], chunk, send.adds)
        for send in sends
        for chunk in chunks[send.chunk]
    ]


def side_by_side(plans: Sequence[Schedule]) -> Schedule:
    """Several schedules at once: ranks and chunks of each follow those of the one before."""
    ranks = np.cumsum([0] + [plan.ranks for plan in plans])
    chunks = np.cumsum([0] + [plan.chunks for plan in plans])

    def joined(name: str, starts: Ints | None = None) -> Ints:
        columns = [getattr(plan, name) for plan in plans]
        shifts = [0] * len(plans) if starts is None else starts[:-1]
        return np.concatenate([one + shift for one, shift in zip(columns, shifts, strict=True)])

    step = joined("step")
    order = np.argsort(step, kind="stable")
    adds = np.concatenate([plan.adds for plan in plans])
    return Schedule(
        plans[0].kind,
        plans[0].algorithm,
        int(ranks[-1]),
        int(chunks[-1]),
        step[order],
        joined("source", ranks)[order],
        joined("target", ranks)[order],
        joined("chunk", chunks)[order],
        adds[order],
    )

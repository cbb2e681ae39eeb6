"""Plans as columns: one NumPy array for each degree, so that many plans are judged at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .degrees import RECOMPUTE, SCHEDULES, Plan

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Plans:
    """Equal-length columns; text options are codes into the tuples of `degrees`."""

    tp: Column
    pp: Column
    dp: Column
    ep: Column
    cp: Column
    virtual_stages: Column
    zero: Column
    sequence_parallel: Column
    recompute: Column
    schedule: Column
    fused_attention: Column
    overlap: Column
    micro_batch: Column

    def __len__(self) -> int:
        return len(self.tp)

    @property
    def devices(self) -> Column:
        """Devices that a plan keeps busy."""
        return self.tp * self.cp * self.dp * self.pp

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Plans:
        """Some of the plans."""
        return Plans(*(getattr(self, f.name)[rows] for f in fields(self)))


def columns(plans: Sequence[Plan], micro_batch: int | Sequence[int] = 1) -> Plans:
    """Columns of plans."""
    count = len(plans)

    def column(name: str) -> Column:
        return np.array([getattr(plan, name) for plan in plans], float)

    return Plans(
        tp=column("tp"),
        pp=column("pp"),
        dp=column("dp"),
        ep=column("ep"),
        cp=column("cp"),
        virtual_stages=column("virtual_stages"),
        zero=column("zero"),
        sequence_parallel=column("sequence_parallel"),
        recompute=np.array([RECOMPUTE.index(plan.recompute) for plan in plans], float),
        schedule=np.array([SCHEDULES.index(plan.schedule) for plan in plans], float),
        fused_attention=column("fused_attention"),
        overlap=column("overlap"),
        micro_batch=np.broadcast_to(np.asarray(micro_batch, float), count).copy(),
    )


def joined(parts: Sequence[Plans]) -> Plans:
    """Columns one below the other."""
    return Plans(
        *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Plans))
    )


def total(parts: Iterable[Column]) -> Column:
    """Sum of columns; of none, 0."""
    return sum(parts, start=np.zeros(1))


def first_row(named: Mapping[str, Column]) -> dict[str, float]:
    """The first value of each column."""
    return {name: float(np.asarray(column).reshape(-1)[0]) for name, column in named.items()}

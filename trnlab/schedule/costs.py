"""What every call of a program costs on a core: its device instructions, as columns of rows.

A row is one device instruction. Rows are in program order; a call's rows follow each other.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from trnlab.isa.instruction import Step, Transfer
from trnlab.schedule.program import Program, Variant
from trnlab.spec.core import Core

COMPUTE_LANES = ("tensor", "tensor_load", "vector", "scalar", "gpsimd", "gpsimd_dge", "sync", "dma_cc")
LANE = {name: code for code, name in enumerate(COMPUTE_LANES)}
TENSOR, LOAD = LANE["tensor"], LANE["tensor_load"]

Cost = tuple[Step, ...] | Transfer


class Costs(NamedTuple):
    """Costs of all calls on one core."""

    by_variant: list[Cost]
    ops: tuple[str, ...]
    first_row: np.ndarray  # by call, and the number of rows at the end
    call: np.ndarray  # columns by row from here on
    lane: np.ndarray
    op: np.ndarray
    busy_s: np.ndarray  # 0 for a transfer, whose time depends on what else moves
    latency_s: np.ndarray
    flops: np.ndarray
    bytes: np.ndarray


class _Row(NamedTuple):
    lane: int
    op: int
    busy_s: float
    latency_s: float
    flops: int
    bytes: int


def costs(
    program: Program,
    core: Core,
    instead: Mapping[int, Callable[[Cost], Cost]] = MappingProxyType({}),
) -> Costs:
    """Costs of a program on a core.

    Args:
        instead: what some variants, by code, cost instead
    """
    ops: dict[str, int] = {}
    by_variant = [
        instead.get(code, _as_it_is)(_cost(core, variant))
        for code, variant in enumerate(program.variants)
    ]
    rows = [_rows(cost, ops) for cost in by_variant]
    counts = np.array([len(found) for found in rows])
    starts = np.concatenate(([0], np.cumsum(counts)))
    variant = np.array(program.variant, np.int64)
    per_call = counts[variant]
    first_row = np.concatenate(([0], np.cumsum(per_call)))
    call = np.repeat(np.arange(len(variant)), per_call)
    at = starts[variant][call] + np.arange(len(call)) - first_row[call]
    fields = zip(*(row for found in rows for row in found), strict=True)
    columns = [np.array(field)[at] for field in fields]
    queue = np.array(program.queue)[call] % core.dma.queues
    lane = np.where(columns[0] >= 0, columns[0], len(COMPUTE_LANES) + queue)
    return Costs(by_variant, tuple(ops), first_row, call, lane, *columns[1:])


def _as_it_is(cost: Cost) -> Cost:
    return cost


def _cost(core: Core, variant: Variant) -> Cost:
    kind = variant.kind
    cost = kind.instruction.cost(core, kind)
    if not variant.loads_table:
        return cost
    return (Step("scalar", "LoadTable", core.scalar.table_load_s, 0.0), *cost)


def _rows(cost: Cost, ops: dict[str, int]) -> list[_Row]:
    if isinstance(cost, Transfer):
        trigger = ops.setdefault("DmaTrigger", len(ops))
        op = ops.setdefault(cost.op, len(ops))
        return [
            _Row(LANE[cost.trigger], trigger, cost.trigger_s, 0.0, 0, 0),
            _Row(-1, op, 0.0, 0.0, 0, cost.hbm_bytes),
        ]
    return [
        _Row(
            LANE[step.lane],
            ops.setdefault(step.op, len(ops)),
            step.busy_s,
            step.latency_s,
            step.flops,
            0,
        )
        for step in cost
    ]

"""Every legal plan of a model on so many devices, as columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .columns import Column, Plans
from .degrees import SCHEDULES, stage_slots
from .models import Transformer

LEAST_BUSY = 0.75  # of the devices; plans that idle more are left out
MICRO_BATCHES = (1, 2, 4, 8)
CONTEXTS = (1, 2, 4, 8, 16, 32)
LEAST_TOKENS = 128  # of a sequence on one device, if several share it
MOST_SLOTS = 16  # virtual stages
PART = 2048  # cuts, each with all its options, that are listed at once


@dataclass(frozen=True)
class Options:
    """What a planner may try besides degrees."""

    zero: tuple[int, ...]
    recompute: tuple[int, ...]
    sequence_parallel: tuple[int, ...]
    micro_batch: tuple[int, ...]
    schedule: tuple[int, ...]
    interleaves: bool


BOTH = tuple(range(len(SCHEDULES)))
TRAINING = Options((0, 1, 2, 3), (1, 2), (0, 1), MICRO_BATCHES, BOTH, True)  # fused: 1 is 0
INFERENCE = Options((0,), (0,), (1,), (1,), (0,), False)


def legal_plans(
    model: Transformer,
    devices: int,
    batch: int,
    sequence: int,
    options: Options,
    least_busy: float = LEAST_BUSY,
) -> Iterator[tuple[float, Plans]]:
    """Columns of all plans, part by part, each with the share that is listed by then.

    Args:
        batch: sequences that data-parallel ranks must share equally; 0: any number of ranks
        sequence: tokens, which context parallelism must divide
        least_busy: part of the devices that a plan works on at least
    """
    degrees = _degrees(model, devices, sequence, options)
    shares = _divisors(batch) if batch else []
    cuts: list[tuple[int, ...]] = []
    for number, row in enumerate(degrees, 1):
        cuts += [
            (*row, dp, ep, micro)
            for dp in _ranks(devices, row, shares, options, least_busy)
            for ep in _expert_degrees(model, row, dp)
            for micro in _micro_batches(batch, dp, row, options)
        ]
        if len(cuts) >= PART or number == len(degrees):
            table = np.array(cuts, float).reshape(-1, 7)
            yield number / len(degrees), _with_options(table, options)
            cuts = []


def _degrees(
    model: Transformer, devices: int, sequence: int, options: Options
) -> list[tuple[int, int, int, int]]:
    """(tp, pp, virtual stages, cp)"""
    tps = [tp for tp in range(1, min(devices, model.heads) + 1) if model.heads % tp == 0]
    cps = [
        cp for cp in CONTEXTS if cp == 1 or (sequence % cp == 0 and sequence // cp >= LEAST_TOKENS)
    ]
    return [
        (tp, pp, virtual, cp)
        for tp in tps
        for cp in cps
        for pp, virtual in _stages(model.layers, devices, options)
        if tp * cp * pp <= devices
    ]


def _stages(layers: int, devices: int, options: Options) -> list[tuple[int, int]]:
    most = MOST_SLOTS if options.interleaves else 1
    return [
        (pp, virtual)
        for pp in range(1, min(devices, layers + 2) + 1)
        for virtual in range(1, most + 1)
        if (virtual == 1 or pp > 1) and stage_slots(layers, pp * virtual) is not None
    ]


def _ranks(
    devices: int,
    row: tuple[int, int, int, int],
    shares: list[int],
    options: Options,
    least_busy: float,
) -> list[int]:
    tp, pp, _, cp = row
    most = devices // (tp * pp * cp)
    if not shares:
        return [most]
    fewest = most if most < 1 / (1 - least_busy) else most * least_busy
    fewest = 1 if not least_busy else fewest
    there = [dp for dp in shares if fewest <= dp <= most]
    return there if options.interleaves else there or [max(s for s in shares if s <= most)]


def _divisors(number: int) -> list[int]:
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return sorted({*small, *(number // d for d in small)})


def _expert_degrees(model: Transformer, row: tuple[int, int, int, int], dp: int) -> list[int]:
    if not model.is_mixture:
        return [1]
    holders = row[0] * row[3] * dp
    experts = model.experts
    return [e for e in range(1, experts + 1) if experts % e == 0 and holders % e == 0]


def _micro_batches(
    batch: int, dp: int, row: tuple[int, int, int, int], options: Options
) -> list[int]:
    """Sizes that divide a rank's share; interleaved stages take micro-batches pp at a time."""
    if not batch:
        return [1]
    _, pp, virtual, _ = row
    turn = pp if virtual > 1 else 1
    return [micro for micro in options.micro_batch if batch // dp % (micro * turn) == 0]


def _with_options(table: NDArray[np.float64], options: Options) -> Plans:
    """Every row with every option that makes a difference to it.

    Sequence parallelism needs tp above 1, sharding replicas, and a pipeline's gaps are filled with
    gradients of weights where each device has one stage.
    """
    every = (options.zero, options.recompute, options.sequence_parallel, options.schedule)
    choices = np.array(list(product(*every)), float)
    rows = np.repeat(table, len(choices), axis=0)
    chosen = np.tile(choices, (len(table), 1))
    is_new = (rows[:, 0] > 1) | (chosen[:, 2] == options.sequence_parallel[-1])
    is_new &= (rows[:, 4] * rows[:, 3] > 1) | (chosen[:, 0] == options.zero[0])
    is_new &= (chosen[:, 3] == 0) | ((rows[:, 1] > 1) & (rows[:, 2] == 1))
    rows, chosen = rows[is_new], chosen[is_new]
    one: Column = np.ones(len(rows))
    return Plans(
        tp=rows[:, 0],
        pp=rows[:, 1],
        dp=rows[:, 4],
        ep=rows[:, 5],
        cp=rows[:, 3],
        virtual_stages=rows[:, 2],
        zero=chosen[:, 0],
        sequence_parallel=chosen[:, 2],
        recompute=chosen[:, 1],
        schedule=chosen[:, 3],
        fused_attention=one,
        overlap=one,
        micro_batch=rows[:, 6],
    )

"""Run a schedule on NumPy arrays: the sends that are timed are the sends that move data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from .build import collective
from .schedule import Schedule

ADDING = ("all_reduce", "reduce_scatter")
WHOLE = ("all_reduce", "broadcast")  # give back a tensor of the shape that went in
Array = NDArray[np.generic]
Held = list[dict[int, Array]]  # of each rank: chunk -> values


def execute(plan: Schedule, held: Held, steps: int | None = None) -> Held:
    """What every rank holds after some steps.

    Args:
        plan: the sends
        held: what every rank holds before; not changed
        steps: how many to run; all if left out
    Raises:
        ValueError: a send of a chunk that its source does not hold
    """
    before = [dict(chunks) for chunks in held]
    return reduce(lambda _, after: after, islice(stepwise(plan, held), steps), before)


def stepwise(plan: Schedule, held: Held) -> Iterator[Held]:
    """What every rank holds after each step: the same lists, changed from step to step.

    Raises:
        ValueError: a send of a chunk that its source does not hold
    """
    now = [dict(chunks) for chunks in held]
    bounds = np.searchsorted(plan.step, np.arange(plan.steps + 1))
    columns = [column.tolist() for column in (plan.source, plan.target, plan.chunk, plan.adds)]
    for step in range(plan.steps):
        rows = [column[bounds[step] : bounds[step + 1]] for column in columns]
        sent = zip(rows[0], rows[2], strict=True)
        moved = [_read(plan, now, source, chunk) for source, chunk in sent]
        for target, chunk, adds, values in zip(*rows[1:], moved, strict=True):
            if adds and chunk in now[target]:
                now[target][chunk] = now[target][chunk] + values
            else:
                now[target][chunk] = values
        yield now


def start(plan: Schedule, tensors: Sequence[Array]) -> Held:
    """Cut each rank's tensor into the chunks it starts with.

    Args:
        tensors: of each rank: what it adds, owns, or sends; only the root's for a broadcast. For
            all_to_all_v a list of n arrays for each rank
    Raises:
        ValueError: not one tensor for each rank, or tensors to add that differ in shape
    """
    n = plan.ranks
    if len(tensors) != n:
        raise ValueError(f"{plan.kind}: {len(tensors)} tensors for {n} ranks; give one for each")
    lanes = plan.lanes
    if plan.kind in ADDING and len(shapes := {np.shape(tensor) for tensor in tensors}) > 1:
        raise ValueError(
            f"{plan.kind}: tensors that are added have one shape, these have {len(shapes)}: "
            f"{', '.join(map(str, sorted(shapes)))[:80]}"
        )
    if plan.kind in ("all_gather", "permute"):
        return [dict(enumerate(_cut(tensors[r], lanes), r * lanes)) for r in range(n)]
    if plan.kind == "all_to_all_v":
        return [{r * n + i: np.asarray(tensors[r][i]) for i in range(n)} for r in range(n)]
    offset = n if plan.kind == "all_to_all" else 0
    parts = [np.array_split(np.ravel(tensor), n) for tensor in tensors]
    cut = [[piece for part in of for piece in _cut(part, lanes)] for of in parts]
    return [dict(enumerate(pieces, r * offset)) for r, pieces in enumerate(cut)]


def run(plan: Schedule, tensors: Sequence[Array], root: int = 0) -> list[Array]:
    """Execute a collective.

    Args:
        tensors: see `start`
        root: of a broadcast
    Returns:
        each rank's result: all_reduce the sum, all_gather all tensors in order, reduce_scatter its
        part of the sum, all_to_all the parts meant for it in order of their senders, permute what
        came (its own if nothing came), broadcast the root's tensor; parts are flat, whole tensors
        keep their shape
    """
    held = start(plan, tensors)
    if plan.kind == "broadcast":
        held = [chunks if rank == root else {} for rank, chunks in enumerate(held)]
    done = execute(plan, held)
    found = [_result(plan, done[rank], rank) for rank in range(plan.ranks)]
    shape = np.shape(tensors[root]) if plan.kind in WHOLE else ()
    if plan.kind == "all_gather":
        shape = (-1, *np.shape(tensors[0])[1:])
    return [values.reshape(shape) if len(shape) > 1 else values for values in found]


def on_groups(
    kind: str,
    algorithm: str,
    tensors: Sequence[Array],
    groups: Sequence[Sequence[int]],
    *,
    inner: int | None = None,
) -> list[Array]:
    """Execute a collective in each replica group; ranks outside keep their tensor.

    Args:
        inner: see `collective`
    Raises:
        ValueError: a rank in two groups, or an algorithm that a group's size does not fit
    """
    named = [rank for group in groups for rank in group]
    if len(set(named)) < len(named) or not set(named) <= set(range(len(tensors))):
        raise ValueError(
            f"{kind}: replica groups {list(groups)!r:.60} should name each of {len(tensors)} ranks "
            "at most once"
        )
    results = [np.asarray(tensor) for tensor in tensors]
    for group in groups:
        plan = collective(kind, algorithm, len(group), inner=inner)
        for rank, result in zip(group, run(plan, [tensors[r] for r in group]), strict=True):
            results[rank] = result
    return results


def _cut(part: Array, lanes: int) -> list[Array]:
    """A part as it is, or a piece of it for each lane."""
    return [np.atleast_1d(part)] if lanes == 1 else np.array_split(np.ravel(part), lanes)


def _read(plan: Schedule, now: Held, source: int, chunk: int) -> Array:
    if chunk not in now[source]:
        raise ValueError(f"{plan.kind}: rank {source} sends chunk {chunk}, which it does not hold")
    return now[source][chunk]


def _result(plan: Schedule, held: dict[int, Array], rank: int) -> Array:
    n = plan.ranks
    if plan.kind == "reduce_scatter":
        own = range(rank * plan.lanes, (rank + 1) * plan.lanes)
        return np.concatenate([held[chunk] for chunk in own])
    if plan.kind == "permute":
        came = plan.chunk[plan.target == rank]
        return held[int(came[0])] if len(came) else held[rank]
    if plan.kind.startswith("all_to_all"):
        return np.concatenate([held[sender * n + rank] for sender in range(n)])
    return np.concatenate([held[chunk] for chunk in range(plan.chunks)])

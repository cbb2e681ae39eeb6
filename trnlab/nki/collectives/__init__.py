"""`nki.collectives`: operations in which all ranks of a group take part.

Ranks are the logical cores of `trnlab.launch`. Every rank makes the same calls in the same order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.operators import ARITHMETIC, operator_name
from trnlab.isa.requirements import require_priority
from trnlab.memory import Register, Tensor
from trnlab.nki.collectives.exchange import (
    Offers,
    exchange,
    nbytes,
    own_group,
    require_hbm,
    tensors,
)
from trnlab.nki.collectives.replica_group import ReplicaGroup
from trnlab.nki.collectives.variable import all_gather_v, all_to_all_v
from trnlab.nki.instruction_handle import NkiInstruction
from trnlab.nki.launch import current

__all__ = [
    "ReplicaGroup", "all_gather", "all_gather_v", "all_reduce", "all_to_all", "all_to_all_v",
    "collective_permute", "collective_permute_implicit",
    "collective_permute_implicit_current_processing_rank_id",
    "collective_permute_implicit_reduce", "rank_id", "reduce_scatter",
]  # fmt: skip

Tensors = Tensor | Sequence[Tensor]
REDUCTIONS = ("add", "minimum", "maximum")
MOST_CHANNELS = 4  # of a ring; source: nki.collectives.collective_permute_implicit


def all_reduce(
    srcs: Tensors,
    dsts: Tensors,
    replica_group: Any,
    op: Callable,
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """Every dst becomes the element-wise sum, minimum or maximum over the group.

    Args:
        srcs, dsts: tensors in HBM (several are coalesced), or one each in SBUF
        op: nl.add, nl.minimum or nl.maximum
    """
    require_priority(current().core, "all_reduce", priority)
    srcs, dsts = tensors("all_reduce", srcs, dsts)
    _require_sizes("all_reduce", srcs, dsts, 1)
    operator = _reduction("all_reduce", op)
    ranks = own_group("all_reduce", replica_group)

    def combine(offers: Offers, _me: int) -> list[np.ndarray]:
        return [_reduced(operator, [given[0][i] for given in offers]) for i in range(len(srcs))]

    n = len(ranks)
    wire = 2 * (n - 1) / n * nbytes(srcs)
    return exchange("all_reduce", ranks, srcs, dsts, combine, 2 * (n - 1), wire, name)


def all_gather(
    srcs: Tensors,
    dsts: Tensors,
    replica_group: Any,
    collective_dim: int,
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """Every dst becomes the srcs of the group, one after the other along collective_dim.

    Args:
        collective_dim: 0; in SBUF 0 or 1
    """
    require_priority(current().core, "all_gather", priority)
    srcs, dsts = tensors("all_gather", srcs, dsts)
    _require_dim("all_gather", srcs, collective_dim, sbuf_dims=(0, 1))
    ranks = own_group("all_gather", replica_group)
    n = len(ranks)
    _require_sizes("all_gather", srcs, dsts, n)

    def combine(offers: Offers, _me: int) -> list[np.ndarray]:
        return [
            np.concatenate([given[0][i] for given in offers], collective_dim)
            for i in range(len(srcs))
        ]

    return exchange("all_gather", ranks, srcs, dsts, combine, n - 1, (n - 1) * nbytes(srcs), name)


def reduce_scatter(
    srcs: Tensors,
    dsts: Tensors,
    replica_group: Any,
    collective_dim: int,
    op: Callable,
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """dst becomes this rank's slice, along dimension 0, of the reduced srcs."""
    require_priority(current().core, "reduce_scatter", priority)
    srcs, dsts = tensors("reduce_scatter", srcs, dsts)
    _require_dim("reduce_scatter", srcs, collective_dim)
    operator = _reduction("reduce_scatter", op)
    ranks = own_group("reduce_scatter", replica_group)
    n = len(ranks)
    _require_sizes("reduce_scatter", srcs, dsts, 1 / n)

    def combine(offers: Offers, me: int) -> list[np.ndarray]:
        return [
            np.split(_reduced(operator, [given[0][i] for given in offers]), n)[me]
            for i in range(len(srcs))
        ]

    wire = (n - 1) / n * nbytes(srcs)
    return exchange("reduce_scatter", ranks, srcs, dsts, combine, n - 1, wire, name)


def all_to_all(
    srcs: Tensors,
    dsts: Tensors,
    replica_group: Any,
    collective_dim: int,
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """Slice i of src goes to rank i of the group; dst holds the slices that arrive. HBM only."""
    require_priority(current().core, "all_to_all", priority)
    srcs, dsts = tensors("all_to_all", srcs, dsts)
    require_hbm("all_to_all", *srcs, *dsts)
    _require_dim("all_to_all", srcs, collective_dim)
    _require_sizes("all_to_all", srcs, dsts, 1)
    ranks = own_group("all_to_all", replica_group)
    n = len(ranks)
    _require_slices("all_to_all", srcs, n)

    def combine(offers: Offers, me: int) -> list[np.ndarray]:
        return [
            np.concatenate([np.split(given[0][i], n)[me] for given in offers])
            for i in range(len(srcs))
        ]

    wire = (n - 1) / n * nbytes(srcs)
    return exchange("all_to_all", ranks, srcs, dsts, combine, 1, wire, name)


def collective_permute(
    srcs: Tensors,
    dsts: Tensors,
    source_target_pairs: Sequence[tuple[int, int]],
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """src goes from each source rank to its target; a rank that is no target keeps its dst."""
    require_priority(current().core, "collective_permute", priority)
    srcs, dsts = tensors("collective_permute", srcs, dsts)
    _require_one("collective_permute", srcs)
    require_hbm("collective_permute", *srcs, *dsts)
    _require_sizes("collective_permute", srcs, dsts, 1)
    pairs = [(int(source), int(target)) for source, target in source_target_pairs]
    for side in zip(*pairs, strict=True):
        if len(set(side)) != len(side):
            raise KernelError(
                f"collective_permute: {pairs} names a rank twice as source or as target"
            )
    ranks = list(range(len(current().team.world.teams)))
    if unknown := [pair for pair in pairs if not set(pair) <= set(ranks)]:
        raise KernelError(
            f"collective_permute: pair {unknown[0]} in a launch of {len(ranks)} rank(s); ranks are "
            f"0 to {len(ranks) - 1}"
        )
    source_of = {target: source for source, target in pairs}

    def combine(offers: Offers, me: int) -> list[np.ndarray | None]:
        source = source_of.get(ranks[me])
        return [None if source is None else offers[source][0][0]]

    return exchange("collective_permute", ranks, srcs, dsts, combine, 1, nbytes(srcs), name)


def collective_permute_implicit(
    srcs_by_channel: Sequence[Tensors],
    dsts_by_channel: Sequence[Tensors],
    replica_group: Any,
    channel_ids: Sequence[int] = (0,),
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """On each channel, src goes to the successor in the ring; dst comes from the predecessor."""
    require_priority(current().core, "collective_permute_implicit", priority)
    what = "collective_permute_implicit"
    srcs, dsts = _channels(what, channel_ids, srcs_by_channel, dsts_by_channel)
    return _ring(what, srcs, dsts, replica_group, name, lambda given: given)


def collective_permute_implicit_reduce(
    srcs0_by_channel: Sequence[Tensors],
    srcs1_by_channel: Sequence[Tensors],
    dsts_by_channel: Sequence[Tensors],
    replica_group: Any,
    op: Callable,
    channel_ids: Sequence[int] = (0,),
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """On each channel, op(src0, src1) goes to the successor; dst comes from the predecessor."""
    require_priority(current().core, "collective_permute_implicit_reduce", priority)
    what = "collective_permute_implicit_reduce"
    operator = _reduction(what, op)
    first, dsts = _channels(what, channel_ids, srcs0_by_channel, dsts_by_channel)
    second, _ = _channels(what, channel_ids, srcs1_by_channel, dsts_by_channel)
    _require_sizes(what, first, second, 1)
    count = len(first)

    def reduce(given: list[np.ndarray]) -> list[np.ndarray]:
        return [_reduced(operator, [given[i], given[count + i]]) for i in range(count)]

    return _ring(what, [*first, *second], dsts, replica_group, name, reduce)


def collective_permute_implicit_current_processing_rank_id(
    iteration_id: int, replica_group: Any, channel_id: int = 0, name: str | None = None
) -> Register:
    """Register with the rank whose data step `iteration_id` of the ring holds: itself at step 0,
    then one predecessor after the other."""
    ranks = own_group("collective_permute_implicit_current_processing_rank_id", replica_group)
    step = (
        iteration_id.known("iteration_id") if isinstance(iteration_id, Register) else iteration_id
    )
    at = (ranks.index(current().team.rank) - int(step)) % len(ranks)
    return Register(ranks[at], "a rank id")


def rank_id(name: str | None = None) -> Register:
    """Register with the rank of this logical core."""
    return Register(current().team.rank, "rank_id")


def _ring(
    what: str,
    srcs: list[Tensor],
    dsts: list[Tensor],
    replica_group: Any,
    name: str | None,
    prepare: Any,
) -> NkiInstruction:
    _require_sizes(what, srcs[: len(dsts)], dsts, 1)
    ranks = own_group(what, replica_group)

    def combine(offers: Offers, me: int) -> list[np.ndarray]:
        return prepare(offers[(me - 1) % len(ranks)][0])

    return exchange(what, ranks, srcs, dsts, combine, 1, nbytes(dsts), name)


def _channels(
    what: str, channel_ids: Sequence[int], srcs: Sequence[Any], dsts: Sequence[Any]
) -> tuple[list[Tensor], list[Tensor]]:
    """The one tensor of each channel."""
    if list(channel_ids) != list(range(len(srcs))) or len(srcs) != len(dsts):
        raise KernelError(
            f"{what}: channel_ids {list(channel_ids)} for {len(srcs)} srcs and {len(dsts)} dsts; "
            "channels are numbered from 0, with one src and one dst each"
        )
    if len(srcs) > MOST_CHANNELS:
        raise KernelError(
            f"{what}: {len(srcs)} channels, at most {MOST_CHANNELS} exist; send in several calls"
        )
    pairs = [tensors(what, src, dst) for src, dst in zip(srcs, dsts, strict=True)]
    for src, _ in pairs:
        _require_one(what, src)
    return [src[0] for src, _ in pairs], [dst[0] for _, dst in pairs]


def _reduction(what: str, op: Any) -> str:
    operator = operator_name(what, op)
    if operator not in REDUCTIONS:
        raise KernelError(f"{what}: op {operator}; it reduces by nl.{', nl.'.join(REDUCTIONS)}")
    return operator


def _reduced(operator: str, arrays: list[np.ndarray]) -> np.ndarray:
    """Reduced in the order of the group, in float32 for floats."""
    is_integer = arrays[0].dtype.kind in "iu"
    result = arrays[0] if is_integer else arrays[0].astype(np.float32)
    for array in arrays[1:]:
        result = ARITHMETIC[operator](result, array.astype(result.dtype))
    return result


def _require_sizes(
    what: str, srcs: Sequence[Tensor], dsts: Sequence[Tensor], factor: float
) -> None:
    for src, dst in zip(srcs, dsts, strict=True):
        if src.dtype != dst.dtype or round(src.size * factor) != dst.size:
            raise KernelError(
                f"{what}: src {list(src.shape)} {src.dtype} and dst {list(dst.shape)} {dst.dtype}; "
                f"dst must have the same dtype and {factor:g} times as many elements"
            )


def _require_dim(
    what: str, srcs: Sequence[Tensor], dim: int, sbuf_dims: tuple[int, ...] = (0,)
) -> None:
    for src in srcs:
        allowed = sbuf_dims if src.storage.memory == "sbuf" else (0,)
        if dim not in allowed:
            raise KernelError(
                f"{what}: collective_dim {dim} in {src.storage.memory.upper()}; allowed is "
                + " or ".join(map(str, allowed))
            )


def _require_slices(what: str, srcs: Sequence[Tensor], count: int) -> None:
    for src in srcs:
        if src.shape[0] % count:
            raise KernelError(
                f"{what}: dimension 0 of {list(src.shape)} does not split into {count} slices"
            )


def _require_one(what: str, srcs: Sequence[Tensor]) -> None:
    if len(srcs) != 1:
        raise KernelError(f"{what}: {len(srcs)} tensors; it moves exactly one at a time")

"""How the ranks of a group meet: every one gives its operands, then takes its results.

A collective on HBM belongs to the logical core: both physical cores of a rank join in. One on SBUF
belongs to a physical core and its twins of the other ranks.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.collective_engine import COLLECTIVE_RECEIVE, COLLECTIVE_SEND, CollectiveOptions
from trnlab.memory import Tensor
from trnlab.nki.collectives.replica_group import ReplicaGroup
from trnlab.nki.cores import meet
from trnlab.nki.instruction_handle import NkiInstruction
from trnlab.nki.launch import Launch, current
from trnlab.numerics import itemsize

Offers = list[Any]  # by position in the group: the arrays that each rank gives
Combine = Callable[[Offers, int], Sequence[np.ndarray | None]]  # results of a position


def exchange(
    name: str,
    ranks: Sequence[int],
    srcs: Sequence[Tensor],
    dsts: Sequence[Tensor],
    combine: Combine,
    hops: int,
    wire_bytes: float,
    label: str | None = None,
    written: Sequence[Tensor] | None = None,
    values: Sequence[Any] = (),
) -> NkiInstruction:
    """One collective of this rank with the others of its group.

    Args:
        ranks: of the group, in its order
        srcs, dsts: this rank's operands
        combine: results of one rank from what all of them offer
        hops, wire_bytes: what its time depends on
        written: what the results go to, if not `dsts`
        values: what a rank offers beside the values of srcs
    """
    launch = current()
    team = launch.team
    memories = {tensor.storage.memory for tensor in (*srcs, *dsts)}
    in_hbm = memories == {"hbm"}
    if not in_hbm and memories != {"sbuf"}:
        raise KernelError(
            f"{name}: operands are in {' and '.join(sorted(m.upper() for m in memories))}; all "
            "must be in HBM, or all in SBUF"
        )
    targets = tuple(dsts if written is None else written)
    options = CollectiveOptions(name, team.cores, hops, wire_bytes)
    gives = options._replace(tiles=tuple(f"src{i}" for i in range(len(srcs))))
    takes = gives._replace(results=tuple(f"dst{i}" for i in range(len(targets))))
    sent = launch.issue(COLLECTIVE_SEND, (), tuple(srcs), gives)
    if in_hbm and team.cores > 1:  # each core may have filled a part of what is sent
        meet(launch, name, None)
    offer = [tensor.array.copy() for tensor in srcs] if launch.has_values else None
    found, is_first = _meet(launch, name, ranks, in_hbm, (sent.index, offer, *values))
    results: Sequence[np.ndarray | None] = [None] * len(targets)
    if launch.has_values and is_first:  # the other core may have gone on with the results
        offers = [found[rank, 0 if in_hbm else launch.program][1:] for rank in ranks]
        results = combine(offers, list(ranks).index(team.rank))
    received = launch.issue(
        COLLECTIVE_RECEIVE, targets, tuple(srcs), takes, values=results, name=label
    )
    launch.trace.order(received.index, *(given[0] for given in found.values()))
    return received


def _meet(
    launch: Launch, name: str, ranks: Sequence[int], in_hbm: bool, offer: Any
) -> tuple[dict[tuple[int, int], Any], bool]:
    """What all members offer, by rank and program; whether this core is its rank's first on."""
    team = launch.team
    world = team.world
    if any(not 0 <= rank < len(world.teams) for rank in ranks):
        raise KernelError(
            f"{name}: group {list(ranks)} in a launch of {len(world.teams)} rank(s); run it on "
            "all of them with trnlab.launch(kernel, [(args, kwargs), ...])"
        )
    programs = range(team.cores) if in_hbm else (launch.program,)
    members = [(rank, program) for rank in ranks for program in programs]
    group = tuple(members)
    number = launch.collectives.get(group, 0)
    launch.collectives[group] = number + 1
    me = (team.rank, launch.program)
    others = ", ".join(str(rank) for rank in ranks if rank != team.rank) or "its other core"
    text = f"{name} in line {launch.line()} for rank {others}"
    found = world.crew.meet((group, number, name), me, members, offer, text)
    arrived = (group, number, team.rank)
    is_first = arrived not in team.arrived
    team.arrived.add(arrived)
    return found, is_first


def own_group(name: str, group: ReplicaGroup) -> list[int]:
    """The ranks of the group that this rank is in, in the group's order."""
    rank = current().team.rank
    groups = replica_group(name, group).groups
    for ranks in groups:
        if rank in ranks:
            return ranks
    raise KernelError(f"{name}: rank {rank} is in none of the groups {groups}")


def replica_group(name: str, group: Any) -> ReplicaGroup:
    """A ReplicaGroup, also from plain lists."""
    if isinstance(group, ReplicaGroup):
        return group
    if isinstance(group, (list, tuple)):
        return ReplicaGroup(group)
    raise KernelError(f"{name}: replica_group {group!r} should be ReplicaGroup([[0, 1], ...])")


def nbytes(tensors: Sequence[Tensor]) -> int:
    """Bytes of some tensors."""
    return sum(tensor.size * itemsize(tensor.dtype) for tensor in tensors)


def tensors(name: str, srcs: Any, dsts: Any) -> tuple[list[Tensor], list[Tensor]]:
    """Two lists of tensors, of equal length; one tensor stands for a list of one."""
    pairs = [[given] if isinstance(given, Tensor) else list(given) for given in (srcs, dsts)]
    if len(pairs[0]) != len(pairs[1]) or not pairs[0]:
        raise KernelError(
            f"{name}: {len(pairs[0])} srcs and {len(pairs[1])} dsts; give one dst for each src"
        )
    for tensor in (*pairs[0], *pairs[1]):
        if tensor.storage.memory == "sbuf" and (len(pairs[0]) > 1 or tensor.ndim != 2):
            raise KernelError(
                f"{name}: {len(pairs[0])} tensors, {tensor.name} {list(tensor.shape)} among them; "
                "in SBUF it takes one 2-D tensor on each side"
            )
    return pairs[0], pairs[1]


def require_hbm(name: str, *given: Tensor) -> None:
    """All operands must be in HBM."""
    for tensor in given:
        if tensor.storage.memory != "hbm":
            raise KernelError(
                f"{name}: {tensor.name} is in {tensor.storage.memory.upper()}; it takes HBM only"
            )

"""Time a schedule on a machine: each step lasts as long as its busiest link or memory.

A step begins when the one before has ended; messages of one step share links, and a chunk that one
rank sends to two is read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trnlab.cluster.degrees import shown
from trnlab.cluster.topology import NONE, Machine, Routes, link_bytes_per_s, routes
from trnlab.cluster.topology.links import memory_links
from trnlab.cluster.topology.routes import whole_devices
from trnlab.spec.fabric import Torus

from .build import collective
from .schedule import Schedule, side_by_side

Column = NDArray[np.float64]
Ints = NDArray[np.int64]
MAX_BYTES = 1e18  # of a tensor
WRITES_OF_A_READ = 2  # duplication, neuron-runtime/explore/intranode-collective-comm.rst
HANDSHAKES = ("mesh", "single-step mesh", "recursive", "kangaring")
STAGED = 2.0  # touches more of a ring's first sums: what came is kept, then read with one's own
BUS_FACTOR = {
    "all_reduce": 2.0,
    "all_gather": 1.0,
    "reduce_scatter": 1.0,
    "all_to_all": 1.0,
    "all_to_all_v": 1.0,
}


@dataclass(frozen=True)
class Timed:
    """Seconds of each step, and what each step puts on each link."""

    plan: Schedule
    machine: Machine
    devices: Ints  # of each rank
    tensor_bytes: float
    start_s: Column  # of each step
    busy_s: Column  # of each step
    latency_s: Column  # of each step, part of busy_s
    load_step: Ints  # one row for each link that a step uses
    load_link: Ints
    load_bytes: Column
    load_s: Column

    @property
    def total_s(self) -> float:
        """From the call until the last byte can be read."""
        return self.begin_s + float(self.busy_s.sum())

    @property
    def begin_s(self) -> float:
        """From the call until the first byte moves."""
        return _begin_s(self.plan, self.machine)

    @property
    def bytes_per_s(self) -> float:
        """Tensor over time."""
        return self.tensor_bytes / self.total_s

    @property
    def bus_bytes_per_s(self) -> float:
        """What each rank's link must carry at that speed, whatever the algorithm.

        Of one group; several at once have no common number of ranks.
        """
        ranks = self.plan.ranks
        factor = BUS_FACTOR.get(self.plan.kind)
        return self.bytes_per_s * (1.0 if factor is None else factor * (ranks - 1) / ranks)


def time(
    plan: Schedule,
    machine: Machine,
    tensor_bytes: float,
    devices: Sequence[int] | None = None,
    chunk_bytes: Sequence[float] | None = None,
) -> Timed:
    """Time a schedule.

    Args:
        tensor_bytes: what all_reduce adds, all_gather ends with, reduce_scatter starts from, and
            one rank gives to all_to_all, permute or broadcast
        devices: of each rank; the first ones if left out
        chunk_bytes: of each chunk, if they differ
    Raises:
        ValueError: not one device for each rank, or a size below 0
    """
    at = _devices(plan, machine, devices)
    check_bytes(plan.kind, tensor_bytes)
    sizes = _sizes(plan, tensor_bytes, chunk_bytes)
    found = _routes(plan, machine, at)
    crossed = found.links != NONE
    step = np.broadcast_to(plan.step[:, None], found.links.shape)[crossed]
    bytes_ = np.broadcast_to(sizes[plan.chunk][:, None], found.links.shape)[crossed]
    touched = _touches(plan, machine, at, sizes)
    slowed = np.broadcast_to(_slowdown(machine, found.hops)[:, None], found.links.shape)[crossed]
    load_step, load_link, load_bytes, work_bytes = _summed(
        np.concatenate([step, touched[0]]),
        np.concatenate([found.links[crossed], touched[1]]),
        np.concatenate([bytes_, touched[2]]),
        np.concatenate([bytes_ * slowed, touched[2]]),
    )
    load_s = work_bytes / link_bytes_per_s(machine, load_link)
    busy = np.zeros(plan.steps)
    np.maximum.at(busy, load_step, load_s)
    latency = np.zeros(plan.steps)
    np.maximum.at(latency, plan.step, found.latency_s)
    busy += latency
    start = np.concatenate([[0.0], np.cumsum(busy)[:-1]]) if plan.steps else busy
    start = start + _begin_s(plan, machine)
    return Timed(
        plan=plan,
        machine=machine,
        devices=at,
        tensor_bytes=tensor_bytes,
        start_s=start,
        busy_s=busy,
        latency_s=latency,
        load_step=load_step,
        load_link=load_link,
        load_bytes=load_bytes,
        load_s=load_s,
    )


def check_bytes(kind: str, tensor_bytes: object) -> None:
    """Refuse a size that no tensor has.

    Raises:
        ValueError: not a number, below 0, or beyond what is timed
    """
    is_number = isinstance(tensor_bytes, (int, float, np.integer, np.floating))
    if not is_number or not 0 <= float(tensor_bytes) < MAX_BYTES:  # type: ignore[arg-type]
        raise ValueError(
            f"{kind}: tensor_bytes = {shown(tensor_bytes)} should be a number from 0 to 1e18"
        )


def time_groups(
    kind: str,
    algorithm: str,
    machine: Machine,
    groups: Sequence[Sequence[int]],
    tensor_bytes: float,
    *,
    inner: int | None = None,
) -> Timed:
    """Time a collective of several replica groups at once: they share links.

    Args:
        groups: devices of each group, in the order of ranks
        inner: see `collective`
    Raises:
        ValueError: a device in two groups, or an algorithm that a group's size does not fit
    """
    if not groups:
        raise ValueError(f"{kind}: no replica group was given; name the devices of one at least")
    plans = [collective(kind, algorithm, len(group), inner=inner) for group in groups]
    devices = [device for group in groups for device in group]
    parts = [_sizes(plan, tensor_bytes, None) for plan in plans]
    return time(side_by_side(plans), machine, tensor_bytes, devices, np.concatenate(parts).tolist())


def time_together(
    plan: Schedule,
    machine: Machine,
    groups: Sequence[Sequence[int]],
    tensor_bytes: float,
    shares: Sequence[float] | None = None,
) -> Timed:
    """Time one schedule that several equal groups run at once: they share links.

    Args:
        shares: of all_to_all_v: the part of its tensor that each rank sends to rank 0, 1, ...
    Raises:
        ValueError: a device in two groups, a group of another size, or not a share for each rank
    """
    devices = [device for group in groups for device in group]
    sizes = np.tile(_sizes(plan, tensor_bytes, _uneven(plan, tensor_bytes, shares)), len(groups))
    return time(side_by_side([plan] * len(groups)), machine, tensor_bytes, devices, sizes.tolist())


def line(
    plan: Schedule,
    machine: Machine,
    groups: Sequence[Sequence[int]] | None = None,
    shares: Sequence[float] | None = None,
) -> tuple[float, float]:
    """Time is a straight line over size: seconds without bytes, and seconds for each byte.

    Args:
        groups: devices of each group that runs the schedule at once; the first ones if left out
        shares: see `time_together`
    """
    large = 1e12
    timed = time_together(plan, machine, groups or [range(plan.ranks)], large, shares)
    fixed = float(timed.latency_s.sum())
    return _begin_s(plan, machine) + fixed, (float(timed.busy_s.sum()) - fixed) / large


def _begin_s(plan: Schedule, machine: Machine) -> float:
    """Ranks that write to each other's results first tell each other that they may."""
    of = machine.system.collectives
    shakes = plan.kind != "permute" and plan.algorithm in HANDSHAKES
    return of.meeting_s if shakes else of.start_s


def _routes(plan: Schedule, machine: Machine, at: Ints) -> Routes:
    """Routes of all sends; each pair of ranks is routed once."""
    pairs, where = np.unique(plan.source * plan.ranks + plan.target, return_inverse=True)
    source, target = np.divmod(pairs, plan.ranks)
    found = routes(machine, at[source], at[target])
    return Routes(found.links[where], found.hops[where], found.latency_s[where])


def _devices(plan: Schedule, machine: Machine, devices: Sequence[int] | None) -> Ints:
    at = np.arange(plan.ranks) if devices is None else whole_devices(devices)
    is_one_each = at.shape == (plan.ranks,) and len(np.unique(at)) == len(at)
    if not is_one_each or at.min() < 0 or at.max() >= machine.devices:
        raise ValueError(
            f"{plan.kind}: {plan.ranks} ranks need as many devices, each once, of the "
            f"{machine.devices:,} there are"
        )
    return at


def _sizes(plan: Schedule, tensor_bytes: float, chunk_bytes: Sequence[float] | None) -> Column:
    if chunk_bytes is not None:
        if len(chunk_bytes) != plan.chunks:
            raise ValueError(f"{plan.kind}: chunk_bytes should name {plan.chunks} chunks")
        return np.asarray(chunk_bytes, float)
    parts = 1 if plan.kind == "permute" else plan.ranks * plan.lanes
    return np.full(plan.chunks, tensor_bytes / parts)


def _uneven(
    plan: Schedule, tensor_bytes: float, shares: Sequence[float] | None
) -> list[float] | None:
    """Bytes of each chunk of all_to_all_v: chunk r n + t goes from rank r to rank t."""
    if shares is None:
        return None
    are_parts = len(shares) == plan.ranks and all(0 <= share <= 1 for share in shares)
    if plan.kind != "all_to_all_v" or not are_parts:
        raise ValueError(
            f"{plan.kind}: shares are of all_to_all_v, one from 0 to 1 for each of {plan.ranks} "
            f"ranks, these are {shown(tuple(shares))}"
        )
    return [tensor_bytes * share for _ in range(plan.ranks) for share in shares]


def _touches(
    plan: Schedule, machine: Machine, at: Ints, sizes: Column
) -> tuple[Ints, Ints, Column]:
    """Reads at sources and writes at targets, each once a step and chunk; adding reads as well.

    A ring's later steps read what came and add it on the way to the next rank; mesh and halving
    read both parts where they are. One read of a DMA feeds two writes: what goes to more ranks is
    read again.
    """
    key = plan.step * plan.chunks + plan.chunk
    reads, copies = np.unique(key * plan.ranks + plan.source, return_counts=True)
    written = np.unique(2 * (key * plan.ranks + plan.target) + plan.adds)
    writes, adds = written // 2, written % 2
    both = np.concatenate([reads, writes])
    rest, rank = np.divmod(both, plan.ranks)
    step, chunk = np.divmod(rest, plan.chunks)
    first = (step[len(reads) :] == 0) & (plan.algorithm == "ring")
    again = np.ceil(copies / WRITES_OF_A_READ)
    times = np.concatenate([again, 1.0 + adds + STAGED * (adds * first)])
    return step, memory_links(machine, at[rank]), times * sizes[chunk]


def _slowdown(machine: Machine, hops: Ints) -> Column:
    """Messages through other chips of a torus reach only part of a link's bandwidth."""
    fabric = machine.system.fabric
    rate = fabric.routed_rate if isinstance(fabric, Torus) else 1.0
    return np.where(hops > 1, 1 / rate, 1.0)


def _summed(step: Ints, link: Ints, *amounts: Column) -> tuple[Ints, Ints, Column, Column]:
    """Amounts of equal step and link together."""
    width = int(link.max(initial=0)) + 1
    keys, where = np.unique(step * width + link, return_inverse=True)
    sums = [np.zeros(len(keys)) for _ in amounts]
    for added, each in zip(sums, amounts, strict=True):
        np.add.at(added, where, each)
    return keys // width, keys % width, sums[0], sums[1]

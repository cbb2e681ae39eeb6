"""Which algorithm serves a collective: what documents say, and what is fastest here."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from trnlab.cluster.degrees import check_whole, shown
from trnlab.cluster.topology import Machine
from trnlab.spec.fabric import Switched, Torus

from .build import ALGORITHMS, KINDS, collective, fits
from .schedule import Schedule
from .timing import Timed, check_bytes, line, time

MESH_UP_TO_BYTES = 2.0**20
RECURSIVE_BELOW_BYTES = 56e6
KANGARING_SEEN_BYTES = 32 * 2.0**20  # conflict: another page's example has it at this size
MOST_SINGLE_STEP = 32  # ranks; its traffic grows with their square
MOST_IN_LANES = 64  # ranks; larger rings are drawn and timed on one cycle
DOCUMENTED = ("all_reduce", "all_gather", "reduce_scatter")  # kinds that documents choose for
SOURCE = "neuron-runtime/explore/intranode-collective-comm.rst (Trainium2, one server)"
SEEN_SOURCE = "tools/neuron-sys-tools/nccom-test.rst (16 ranks)"


class Crossover(NamedTuple):
    """From this size on, an algorithm is the fastest."""

    from_bytes: float
    algorithm: str


def documented(kind: str, ranks: int, tensor_bytes: float, chips: int = 16) -> str:
    """The algorithm that AWS's documents name for a size on one Trainium2 server.

    Args:
        chips: of the group; halving is between chips
    """
    order: tuple[str, ...]
    if tensor_bytes <= MESH_UP_TO_BYTES:
        order = ("mesh", "ring")
    elif tensor_bytes <= RECURSIVE_BELOW_BYTES and chips > 1:
        order = ("recursive", "kangaring", "ring", "mesh")
    else:
        order = ("kangaring", "ring", "mesh")
    allowed = [name for name in order if name in ALGORITHMS[kind] and not fits(name, ranks)]
    return allowed[0]


def as_documented(
    kind: str, machine: Machine, tensor_bytes: float, ranks: int, stride: int = 1
) -> str:
    """The algorithm that AWS's documents name for a group of devices `stride` apart.

    Inside a server by size, as on Trainium2; between servers that share no links the hierarchical
    one. Where the named one cannot serve the group, a ring, or a mesh.

    Raises:
        ValueError: a kind that no document chooses for
    Source: neuron-runtime/explore/intranode-collective-comm.rst, internode-collective-comm.rst
    """
    if kind not in DOCUMENTED:
        raise ValueError(f"{kind}: AWS documents a choice for {', '.join(DOCUMENTED)} alone")
    check_bytes(kind, tensor_bytes)
    system, there = machine.system, candidates(kind, machine, ranks, stride)
    spans = -(-((ranks - 1) * stride + 1) // system.devices_per_chip)
    if spans > system.domain_chips and "hierarchical" in there:
        return "hierarchical"
    named = documented(kind, ranks, tensor_bytes, spans)
    return next(name for name in (named, "ring", "mesh") if name in there)


def candidates(kind: str, machine: Machine, ranks: int, stride: int = 1) -> dict[str, Schedule]:
    """The schedule of every algorithm that can serve a group of devices `stride` apart.

    Raises:
        ValueError: no such collective, or no such group of the machine
    """
    if kind not in KINDS:
        raise ValueError(f"collective: {shown(kind)} is not one of {', '.join(KINDS)}")
    ranks, stride = _check_group(machine, ranks, stride)
    return dict(_candidates(kind, machine, ranks, stride))


def groups(machine: Machine, ranks: int, stride: int = 1, most: int | None = None) -> list[range]:
    """Devices of each group of ranks that are `stride` apart, as many groups as there is room for.

    Args:
        most: groups, the first ones
    """
    ranks, stride = _check_group(machine, ranks, stride)
    span = ranks * stride
    count = max(1, machine.devices // span * stride)
    firsts = (i // stride * span + i % stride for i in range(min(count, most or count)))
    return [range(first, first + span, stride) for first in firsts]


def times_s(
    kind: str,
    machine: Machine,
    ranks: int,
    tensor_bytes: float,
    stride: int = 1,
    at_once: int = 1,
    shares: tuple[float, ...] | None = None,
) -> dict[str, float]:
    """Seconds of every algorithm for one size, if so many groups run it at once.

    Args:
        shares: of all_to_all_v: the part of its tensor that each rank sends to rank 0, 1, ...
    """
    check_bytes(kind, tensor_bytes)
    lines = _lines(kind, machine, ranks, stride, at_once, shares)
    return {name: fixed + each * tensor_bytes for name, fixed, each in lines}


def fastest(kind: str, machine: Machine, tensor_bytes: float, ranks: int, stride: int = 1) -> Timed:
    """The algorithm that needs the least time, timed."""
    found = times_s(kind, machine, ranks, tensor_bytes, stride)
    plan = candidates(kind, machine, ranks, stride)[min(found, key=lambda name: found[name])]
    return time(plan, machine, tensor_bytes, groups(machine, ranks, stride, 1)[0])


def crossovers(
    kind: str,
    machine: Machine,
    ranks: int,
    stride: int = 1,
    at_once: int = 1,
    shares: tuple[float, ...] | None = None,
) -> list[Crossover]:
    """Where the fastest algorithm changes: the lower envelope of straight lines."""
    lines = _lines(kind, machine, ranks, stride, at_once, shares)
    name, fixed, each = min(lines, key=lambda row: (row[1], row[2]))
    found = [Crossover(0.0, name)]
    while flatter := [row for row in lines if row[2] < each]:
        meets = [((row[1] - fixed) / (each - row[2]), row) for row in flatter]
        size, (name, fixed, each) = min(meets, key=lambda meet: (meet[0], meet[1][2]))
        found.append(Crossover(size, name))
    return found


@lru_cache(maxsize=64)
def _lines(
    kind: str,
    machine: Machine,
    ranks: int,
    stride: int,
    at_once: int,
    shares: tuple[float, ...] | None,
) -> tuple[tuple[str, float, float], ...]:
    plans = candidates(kind, machine, ranks, stride).items()
    where = groups(machine, ranks, stride, at_once)
    return tuple((name, *line(plan, machine, where, shares)) for name, plan in plans)


def _check_group(machine: Machine, ranks: int, stride: int) -> tuple[int, int]:
    ranks = check_whole("group: ranks", ranks, machine.devices)
    stride = check_whole("group: devices apart", stride, machine.devices)
    if (ranks - 1) * stride >= machine.devices:
        raise ValueError(
            f"group: {ranks:,} ranks, {stride:,} devices apart, reach beyond the "
            f"{machine.devices:,} devices of {machine.chips:,} chips"
        )
    return ranks, stride


@lru_cache(maxsize=64)
def _candidates(
    kind: str, machine: Machine, ranks: int, stride: int
) -> tuple[tuple[str, Schedule], ...]:
    system = machine.system
    chip = max(1, system.devices_per_chip // stride)
    server = system.devices_per_chip * system.chips_per_server // stride
    domain = system.devices_per_chip * system.domain_chips // stride
    is_whole = chip > 1 and ranks % chip == 0 and ranks > chip
    found = []
    for name in ALGORITHMS[kind]:
        inner = domain if ranks > domain else server if ranks > server else chip
        if name in ("mesh", "recursive"):
            inner = chip if is_whole else 0
        if name == "single-step mesh" and ranks > MOST_SINGLE_STEP:
            continue
        if name == "kangaring" and (chip % 2 or ranks % chip):  # its pairs share a chip
            continue
        if not fits(name, ranks, inner or None):
            orders = rank_orders(name, machine, ranks, stride) if kind in DOCUMENTED else None
            turns = _turns(machine) if name == "recursive" else 1
            plan = collective(kind, name, ranks, inner=inner or None, orders=orders, turns=turns)
            found.append((name, plan))
    return tuple(found)


def _turns(machine: Machine) -> int:
    fabric = machine.system.fabric
    return fabric.axis_orders if isinstance(fabric, Torus) else 1


def rank_orders(
    algorithm: str, machine: Machine, ranks: int, stride: int = 1
) -> list[list[int]] | None:
    """Orders of ranks in which partners are neighbors; None: as they are numbered.

    Rings go through a torus on cycles that share no link, both ways around each. Halving sees a
    ring of four as a square: in Gray's order each partner is one hop away.
    """
    fabric, devices = machine.system.fabric, machine.system.devices_per_chip
    per_chip = devices // stride if devices % stride == 0 else 0
    if isinstance(fabric, Switched) or ranks != fabric.chips * per_chip:
        return None
    sides = (fabric.x, fabric.y, fabric.z)
    if algorithm == "recursive":
        if any(side & (side - 1) for side in sides):
            return None
        cycles = [_gray(sides)]
    elif algorithm in ("ring", "kangaring"):
        cycles = _cycles(sides)
        if ranks <= MOST_IN_LANES:
            cycles += [cycle[::-1] for cycle in cycles]
        else:
            cycles = cycles[:1]
    else:
        return None
    return [[chip * per_chip + r for chip in cycle for r in range(per_chip)] for cycle in cycles]


def _gray(sides: tuple[int, int, int]) -> list[int]:
    order = [[i ^ (i >> 1) for i in range(side)] for side in sides]
    x, y = sides[0], sides[1]
    return [(c * y + b) * x + a for c in order[2] for b in order[1] for a in order[0]]


def _cycles(sides: tuple[int, int, int]) -> list[list[int]]:
    """Cycles through all chips that share no link: two on a square plane, else the one snake."""
    x, y, z = sides
    if x != y or x < 3 or z > 1:
        return [_snake(sides)]
    rows = [row * x + (i - row) % x for row in range(x) for i in range(x)]
    columns = [(i - column) % x * x + column for column in range(x) for i in range(x)]
    return [rows, columns]


def _snake(sides: tuple[int, int, int]) -> list[int]:
    """Up and down the columns but the first, whose chips lead back."""
    x, y, z = sides
    chips = []
    for c in range(z):
        rows = [c * x * y + b * x for b in range(y)]
        inner = []
        for i, row in enumerate(rows):
            columns = range(1, x) if i % 2 == 0 else range(x - 1, 0, -1)
            inner += [row + a for a in columns]
        chips += [rows[0], *inner, *reversed(rows[1:])]
    return chips

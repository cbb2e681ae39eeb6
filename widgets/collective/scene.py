"""A collective as columns: who sends what to whom, what that adds up to, and how long it takes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trnlab.cluster.collectives import (
    Schedule,
    Timed,
    as_documented,
    crossovers,
    groups,
    start,
    stepwise,
    time_together,
    times_s,
)
from trnlab.cluster.collectives.choose import (
    DOCUMENTED,
    KANGARING_SEEN_BYTES,
    MESH_UP_TO_BYTES,
    RECURSIVE_BELOW_BYTES,
    SEEN_SOURCE,
    SOURCE,
)
from trnlab.cluster.collectives.timing import BUS_FACTOR
from trnlab.cluster.topology import Machine, links
from widgets.collective.request import UNEVEN, Request
from widgets.machine.picture import column, picture
from widgets.machine.scene import chip_steps
from widgets.machine.systems import figures, readings, standing

REDUCING = ("all_reduce", "reduce_scatter")
SET_BITS = 64  # ranks whose contributions are sent one by one
_FIRST, _LAST, _POINTS = 2.0, 11.0, 73  # decades of the chart


def scene(asked: Request) -> dict[str, Any]:
    """Everything that the view shows but the comparison of algorithms.

    Raises:
        ValueError: what cannot be, in one sentence
    """
    of = asked.machine()
    plan = asked.schedule(of)
    where = groups(of, asked.ranks, asked.stride, asked.at_once(of))
    timed = time_together(plan, of, where, asked.tensor_bytes, asked.shares)
    parts = 1 if plan.kind == "permute" else plan.ranks * plan.lanes
    return {
        "machine": picture(of),
        "system": {
            "product": of.system.product,
            "device": of.system.device,
            "readings": readings(of.system),
            "figures": figures(of.system),
            **standing(of.system),
        },
        "chip_steps": chip_steps(of),
        "group": {"ranks": asked.ranks, "stride": asked.stride, "count": len(where)},
        "plan": {
            "kind": plan.kind,
            "algorithm": plan.algorithm,
            "ranks": plan.ranks,
            "chunks": plan.chunks,
            "steps": plan.steps,
            "chunk_bytes": asked.tensor_bytes / parts,
            "lanes": plan.lanes,
            "shares": list(asked.shares or ()),
            "reduces": plan.kind in REDUCING,
        },
        "sends": sends(plan),
        "first": first(plan),
        "timed": {
            **_timed(timed),
            "bus_bytes_per_s": _bus(asked) * asked.tensor_bytes / timed.total_s,
        },
    }


def sends(plan: Schedule) -> dict[str, Any]:
    """The sends, each with what its target holds of the chunk when the step has ended.

    `count` is how many ranks' values are in it, `low` and `high` which: the bits of ranks 0 to 63.
    """
    counts = np.zeros(len(plan), np.int16)
    bits = np.zeros((len(plan), 2), np.uint32)
    bounds = np.searchsorted(plan.step, np.arange(plan.steps + 1))
    for step, held in enumerate(stepwise(plan, _held(plan))):
        for row in range(bounds[step], bounds[step + 1]):
            values = held[int(plan.target[row])][int(plan.chunk[row])]
            counts[row] = values.sum()
            bits[row] = _bits(values)
    return {
        "step": column("i4", plan.step),
        "source": column("i2", plan.source),
        "target": column("i2", plan.target),
        "chunk": column("i4", plan.chunk),
        "count": column("i2", counts),
        "low": column("u4", bits[:, 0]),
        "high": column("u4", bits[:, 1]),
    }


def first(plan: Schedule) -> dict[str, Any]:
    """What each rank holds before the first step."""
    rows = [(rank, chunk) for rank, held in enumerate(_held(plan)) for chunk in held]
    table = np.array(rows, np.int64).reshape(-1, 2)
    return {"rank": column("i2", table[:, 0]), "chunk": column("i4", table[:, 1])}


def comparison(asked: Request) -> dict[str, Any]:
    """Time against size of every algorithm that can serve the group, and where they cross."""
    of = asked.machine()
    sizes = np.logspace(_FIRST, _LAST, _POINTS)
    count = asked.at_once(of)

    def at(size: float) -> dict[str, float]:
        return times_s(asked.kind, of, asked.ranks, size, asked.stride, count, asked.shares)

    times, now, bus = [at(float(size)) for size in sizes], at(asked.tensor_bytes), _bus(asked)
    is_chosen = of.system.is_trainium and asked.kind in DOCUMENTED
    return {
        "kind": asked.kind,
        "bytes": sizes.tolist(),
        "names": list(now),
        "seconds": [[row[name] for row in times] for name in now],
        "now": [
            [name, seconds, asked.tensor_bytes * bus / seconds] for name, seconds in now.items()
        ],
        "crossovers": [
            [found.from_bytes, found.algorithm]
            for found in crossovers(asked.kind, of, asked.ranks, asked.stride, count, asked.shares)
        ],
        "documented": _documented() if is_chosen and asked.system == "trn2" else [],
        "runtime": _runtime(asked, of, now) if is_chosen else None,
    }


def _documented() -> list[dict[str, Any]]:
    """Sizes at which documents let another algorithm take over; two pages differ on the last."""
    found = (
        (MESH_UP_TO_BYTES, "recursive", SOURCE),
        (RECURSIVE_BELOW_BYTES, "kangaring", SOURCE),
        (KANGARING_SEEN_BYTES, "kangaring", SEEN_SOURCE),
    )
    return [{"bytes": size, "algorithm": name, "source": page} for size, name, page in found]


def _runtime(asked: Request, of: Machine, now: dict[str, float]) -> dict[str, Any]:
    """What the documents would choose for this size, beside what is fastest here."""
    name = as_documented(asked.kind, of, asked.tensor_bytes, asked.ranks, asked.stride)
    best = min(now, key=lambda each: now[each])
    return {"algorithm": name, "fastest": best, "longer": now[name] / now[best] - 1}


def _bus(asked: Request) -> float:
    """Bytes that each rank's link must carry, for each of the tensor, as nccom-test counts."""
    factor = BUS_FACTOR.get(asked.kind)
    return 1.0 if factor is None else factor * (asked.ranks - 1) / asked.ranks


def _held(plan: Schedule) -> list[dict[int, NDArray[np.generic]]]:
    """Rank r starts with a 1 at place r of every chunk, so that sums say who is in them."""
    one = np.eye(plan.ranks, dtype=np.int16)
    whole = plan.kind in ("all_gather", "permute")
    held = start(plan, [_parts(plan, one[r], whole) for r in range(plan.ranks)])
    if plan.kind == "broadcast":
        held = [chunks if rank == 0 else {} for rank, chunks in enumerate(held)]
    return held


def _parts(plan: Schedule, mark: NDArray[np.int16], whole: bool) -> Any:
    """The same mark in every chunk: one tensor to cut, or the parts of all_to_all_v."""
    if plan.kind == UNEVEN:
        return [mark] * plan.ranks
    return np.tile(mark, plan.lanes * (1 if whole else plan.ranks))


def _bits(values: NDArray[np.generic]) -> NDArray[np.uint32]:
    packed = np.zeros(8, np.uint8)
    given = np.packbits(values[:SET_BITS] > 0, bitorder="little")
    packed[: len(given)] = given
    return packed.view(np.uint32)


def _timed(of: Timed) -> dict[str, Any]:
    wired = of.load_link < of.machine.chips * links.PORTS
    share = of.load_s / of.busy_s[of.load_step]
    most = {}
    for name, rows in (("link_s", wired), ("memory_s", ~wired)):
        most[name] = np.zeros(of.plan.steps)
        np.maximum.at(most[name], of.load_step[rows], of.load_s[rows])
    return {
        "total_s": of.total_s,
        "start_s": of.begin_s,
        "busy_s": column("f8", of.busy_s),
        "latency_s": column("f8", of.latency_s),
        "link_s": column("f8", most["link_s"]),
        "memory_s": column("f8", most["memory_s"]),
        "load_step": column("i4", of.load_step[wired]),
        "load_link": column("i4", of.load_link[wired]),
        "load_share": column("f4", share[wired]),
        "load_bytes": column("f4", of.load_bytes[wired]),
    }

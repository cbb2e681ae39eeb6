"""How long a run would take if one cause of waiting did not exist.

The plan of the run is kept: the same calls in the same order, on the same engines.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from trnlab.isa.instruction import Transfer
from trnlab.schedule.costs import COMPUTE_LANES, TENSOR, Cost, Costs, costs
from trnlab.schedule.machine import Served, follow
from trnlab.schedule.program import Program, Waits, slots_of
from trnlab.schedule.scheduler import planned
from trnlab.spec.core import Core
from trnlab.trace import Trace

Keep = Callable[[Waits], np.ndarray]  # which waits remain


class Change(NamedTuple):
    """What would be different."""

    core: dict[str, Any] = {}  # dotted names of the core's constants, and other values
    keep: Keep | None = None  # waits that remain; None: all
    free: frozenset[int] = frozenset()  # calls that would cost nothing but their latency


def total_s(trace: Trace, core: Core, change: Change) -> float:
    """Total time of a trace on a core after a change."""
    flat, plan = planned(trace, core)
    changed = core.with_(change.core)
    if change.keep:
        flat = _filtered(flat, change.keep)
    if change.free:
        flat, found = _freed(flat, changed, change.free)
    else:
        found = costs(flat, changed)
    return finish_s(found, follow(flat, found, changed, plan))


def finish_s(costs: Costs, served: Served) -> float:
    """When the last result can be read."""
    is_transfer = costs.lane >= len(COMPUTE_LANES)
    slow = np.where(costs.lane == TENSOR, np.array(served.slow)[costs.call], 1.0)
    readable = np.array(served.start_s) + costs.busy_s * slow + costs.latency_s
    ends = np.where(is_transfer, np.array(served.transfer_done_s), readable)
    return float(ends.max(initial=0.0))


def _filtered(flat: Program, keep: Keep) -> Program:
    chosen = keep(flat.waits)
    calls = len(flat.variant)
    early = slots_of(flat.waits, chosen & flat.waits.early, calls)
    late = slots_of(flat.waits, chosen & ~flat.waits.early, calls)
    return flat._replace(early=early, late=late)


def _freed(flat: Program, core: Core, calls: frozenset[int]) -> tuple[Program, Costs]:
    """Calls of a set take a second form of their variant, that costs nothing."""
    count = len(flat.variants)
    variant = [code + count if call in calls else code for call, code in enumerate(flat.variant)]
    both = flat._replace(variants=flat.variants * 2, variant=variant)
    return both, costs(both, core, {code: _nothing for code in range(count, 2 * count)})


def _nothing(cost: Cost) -> Cost:
    if isinstance(cost, Transfer):
        return cost._replace(engine_s=0.0, hbm_bytes=0, trigger_s=0.0)
    return tuple(step._replace(busy_s=0.0, chain_s=0.0) for step in cost)

"""The schedule: when every device instruction of a trace runs on a core, and what it waited for.

Engines and DMA queues are in order; across them only semaphores order. One pass over the calls, in
an order in which each shared resource serves them, gives every start as a maximum of earlier ends.

That order, and which matmuls run in TensorE's ramp, are decided once per trace with the
generation's own constants: first come, first served. Rescheduling on changed hardware keeps them,
as a compiled program would. Hence hardware that is faster in one constant never finishes later,
with two exceptions, which decide the plan anew: the window and the threshold of the ramp, and the
sizes of SBUF and PSUM, which move tiles.
"""

from trnlab import spec
from trnlab.errors import CapacityError
from trnlab.schedule.costs import costs
from trnlab.schedule.dependencies import lifetimes
from trnlab.schedule.machine import Plan, follow
from trnlab.schedule.placement import Place, place
from trnlab.schedule.plan import plan
from trnlab.schedule.program import Program, program
from trnlab.schedule.quadrants import lanes, place_beside
from trnlab.schedule.timeline import Timeline
from trnlab.schedule.waits import timeline
from trnlab.spec.core import Core
from trnlab.trace import Trace

RAMP = ("tensor.ramp_window_s", "tensor.ramp_threshold")  # what they decide is in the plan


def schedule(trace: Trace, core: Core | None = None) -> Timeline:
    """Time of every device instruction.

    Args:
        trace: what a kernel recorded
        core: the core to run on; None: the one it was recorded for
    Returns:
        one row per device instruction
    Raises:
        CapacityError: the live tiles do not fit into SBUF or PSUM
    """
    core = core or trace.core
    key, flat = _program(trace, core)
    found = costs(flat, core)
    reference = _reference(core)
    if core == reference:
        served, trace.cache["plan", key, reference] = plan(flat, found, core)
    else:
        served = follow(flat, found, core, planned(trace, core)[1])
    return timeline(trace, core, flat, found, served)


def reference_core(core: Core) -> Core:
    """The unchanged core of the same generation."""
    return spec.chip(core.generation).core


def placements(trace: Trace, core: Core) -> dict[int, Place]:
    """Where every SBUF and PSUM tile of a trace lies on a core."""
    sbuf_bytes, psum_bytes, bank_bytes = _capacities(core)
    key = ("places", sbuf_bytes, psum_bytes, bank_bytes)
    if key not in trace.cache:
        places: dict[int, Place] = {}
        for number in range(trace.cores):
            places |= _in_sbuf(trace, number, sbuf_bytes)
            places |= place(lifetimes(trace, "psum", number), psum_bytes, bank_bytes)
        trace.cache[key] = places
    return trace.cache[key]


def _in_sbuf(trace: Trace, number: int, capacity_bytes: int) -> dict[int, Place]:
    """Places in one core's SBUF; tiles lie beside each other only if they do not fit else."""
    tiles = lifetimes(trace, "sbuf", number)
    try:
        return place(tiles, capacity_bytes, 0)
    except CapacityError:
        if any(tile.slot is not None for tile in tiles):
            raise
        return place_beside(tiles, lanes(trace, number), capacity_bytes)


def _capacities(core: Core) -> tuple[int, int, int]:
    """What places depend on."""
    return core.sbuf.usable_partition_bytes, core.psum.partition_bytes, core.psum.bank_bytes


def _program(trace: Trace, core: Core) -> tuple[tuple, Program]:
    key = ("program", *_capacities(core))
    if key not in trace.cache:
        trace.cache[key] = program(trace, placements(trace, core))
    return key, trace.cache[key]


def _reference(core: Core) -> Core:
    reference = reference_core(core)
    if core == reference:
        return reference
    tensor = core.tensor
    return reference.with_({RAMP[0]: tensor.ramp_window_s, RAMP[1]: tensor.ramp_threshold})


def planned(trace: Trace, core: Core) -> tuple[Program, Plan]:
    """The program of a trace, and the plan that a core follows."""
    key, flat = _program(trace, core)
    reference = _reference(core)
    name = ("plan", key, reference)
    if name not in trace.cache:
        trace.cache[name] = plan(flat, costs(flat, reference), reference)[1]
    return flat, trace.cache[name]

"""What a run moves by DMA: how much, in which pieces, and how often the same bytes."""

from collections import defaultdict
from typing import NamedTuple

from trnlab.numerics import itemsize
from trnlab.schedule.timeline import Timeline

SMALL_BYTES = 2048  # per partition: AWS's smallest recommended payload


class Loads(NamedTuple):
    """The transfers of a run."""

    transfers: int  # those within HBM too
    bytes: int  # between HBM and the chip
    small: int  # transfers of less than SMALL_BYTES per partition
    mean_bytes: float  # per partition, of those from or to the chip
    repeated: frozenset[int]  # calls that load bytes that were loaded before
    again_text: str  # the tensor that is loaded most often, and how often


def loads_of(line: Timeline) -> Loads:
    """Count the transfers of a run."""
    trace = line.trace
    rows, transfers = [], 0
    seen: dict[int, set] = defaultdict(set)
    times: dict[int, int] = defaultdict(int)
    repeated = []
    for call, recorded in enumerate(trace.calls):
        if recorded.kind.engine != "dma":
            continue
        transfers += 1
        operands = (*recorded.kind.writes, *recorded.kind.reads)
        chip = next((operand for operand in operands if operand.memory != "hbm"), None)
        if chip is not None:
            rows.append(chip.free * itemsize(chip.dtype))
        for view in recorded.reads:
            if not trace.allocations[view[0]].argument:
                continue
            times[view[0]] += 1
            region = view[6]
            if region in seen[view[0]]:
                repeated.append(call)
            seen[view[0]].add(region)
    small = sum(bytes_ < SMALL_BYTES for bytes_ in rows)
    return Loads(
        transfers,
        int(line["bytes"].sum()),
        small,
        sum(rows) / max(1, len(rows)),
        frozenset(repeated),
        _again(line, times, seen),
    )


def _again(line: Timeline, times: dict[int, int], seen: dict[int, set]) -> str:
    """Which input is loaded most often."""
    if not times:
        return ""
    most = max(times, key=lambda id: times[id] / len(seen[id]))
    name = line.trace.allocations[most].name
    return f"{name} is loaded {times[most] / len(seen[most]):.3g} times"

"""The constants that a learner may change, from the facts of a core.

In: a core. Out: plain dictionaries for sliders. What is assumed ranges between its bounds; what is
known ranges from half to double, as a question of what would be.
"""

from collections.abc import Mapping
from typing import Any

from trnlab.spec import Core, Fact

LABELS = {
    "dma.swdge_s": "Writing the descriptors of a transfer",
    "dma.start_s": "DMA: from trigger to first byte",
    "dma.descriptor_s": "DMA: for each piece of a transfer",
    "dma.prepared_descriptor_s": "DMA: for each piece of a prepared transfer",
    "dma.moving_bytes_per_s": "Rate of one DMA engine",
    "hbm.bytes_per_s": "HBM bandwidth",
    "semaphore_s": "Semaphore, from engine to engine",
    "tensor.clock_hz": "Clock of the Tensor engine",
    "vector.clock_hz": "Clock of the Vector engine",
}
PREPARED = ("dma.prepared_descriptor_s",)  # of cores whose transfers usually are prepared
GENERATED = ("dma.swdge_s", "dma.descriptor_s")  # of the others
SCALES = {"s": (1e9, "ns"), "Hz": (1e-9, "GHz"), "B/s": (1e-9, "GB/s")}
STEPS = 60  # of a slider


def fields(core: Core) -> list[dict[str, Any]]:
    """A slider for each constant, in the unit that reads best; `scale` leads to the fact's unit."""
    idle = GENERATED if core.dma.usual_dge == "none" else PREPARED
    return [_field(core.fact(name), label) for name, label in LABELS.items() if name not in idle]


def _field(fact: Fact, label: str) -> dict[str, Any]:
    scale, unit = SCALES[fact.unit]
    low, high = bounds(fact)
    return {
        "name": fact.field,
        "label": label,
        "unit": unit,
        "scale": scale,
        "value": fact.value * scale,
        "min": low * scale,
        "max": high * scale,
        "step": (high - low) * scale / STEPS,
        "status": fact.status,
        "why": fact.assumption.why if fact.assumption else fact.source,
    }


def bounds(fact: Fact) -> tuple[float, float]:
    """Least and most of a slider."""
    if fact.assumption:
        return fact.assumption.low, fact.assumption.high
    return fact.value / 2, fact.value * 2


def changed(core: Core, values: Mapping[str, Any]) -> Core:
    """The core with a learner's values.

    Raises:
        ValueError: no such slider, not a number, or out of its range
    """
    for name, value in values.items():
        if name not in LABELS:
            known = ", ".join(LABELS)
            raise ValueError(f"constants: {name!r} has no slider; those with one are {known}")
        fact = core.fact(name)
        scale, unit = SCALES[fact.unit]
        (low, high), label = bounds(fact), LABELS[name]
        span = f"from {low * scale:,.4g} to {high * scale:,.4g} {unit}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{label}: this needs a number {span}.")
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
            given = f"{value * scale:,.6g} {unit}"
            raise ValueError(f"{label}: {given} is out of range; it can be {span}.")
    return core.with_(dict(values))

"""Systems as a learner chooses them: by name, with one of several published figures, or announced.

In: values from controls and links, which nobody has checked. Out: a system, or a sentence.
"""

from collections.abc import Mapping
from typing import Any

from trnlab.spec.fact import Reading
from trnlab.spec.system import System
from trnlab.spec.systems import SYSTEMS, system
from trnlab.spec.trainium4 import TRAINIUM4, trainium4
from widgets.lesson import amount

ANNOUNCED = "trn4-announced"
NAMES = {
    "trn3-gen2": "Trn3 UltraServer Gen2, {chips:,} chips",
    "trn3-gen1": "Trn3 UltraServer Gen1, {chips:,} chips",
    "trn2-ultraserver": "Trn2 UltraServer, {chips:,} chips",
    "trn2": "Trn2 server, {chips:,} chips",
    "trn1": "Trn1 server, {chips:,} chips",
    ANNOUNCED: "Trainium4, announced: does not exist yet",
    "b200": "NVIDIA B200, {chips:,} to a server",
    "h100": "NVIDIA H100, {chips:,} to a server",
    "a100-80gb": "NVIDIA A100, {chips:,} to a server",
    "ironwood": "Google TPU7x (Ironwood), {chips:,} to a pod",
    "tpu-v6e": "Google TPU v6e (Trillium), {chips:,} to a pod",
    "tpu-v5p": "Google TPU v5p, {chips:,} to a pod",
    "tpu-v5e": "Google TPU v5e, {chips:,} to a pod",
    "tpu-v4": "Google TPU v4, {chips:,} to a pod",
}  # any other by its product
FIRST_CHIPS = {"trn3-gen2": 144, "trn2": 16, "trn1": 16, ANNOUNCED: 72}
MOST_FIRST_CHIPS = 256
BADGES = {
    "announced": "Trainium4 does not exist yet. Its peaks are the multiples that AWS has announced "
    "over Trainium3; everything else is assumed.",
    "predicted": "AWS has published rates and sizes of Trainium3, and no time. Times here are "
    "predictions.",
    "modelled": "The model is held to published measurements of this kind of system; this time is "
    "computed, not measured.",
}


def chosen_system(name: Any, reading: Any = 0, domain: Any = TRAINIUM4.domain_chips) -> System:
    """The system of that name.

    Args:
        reading: of the figures that sources disagree on; 0: the one that trnlab uses
        domain: chips of an NVLink domain, of the announced system
    Raises:
        ValueError: what cannot be, in one sentence
    """
    found = trainium4(domain) if name == ANNOUNCED else system(str(name)[:60])
    others = _others(found)
    if isinstance(reading, bool) or not isinstance(reading, int) or reading < 0:
        raise ValueError(f"link figures: {reading!r:.40} should be a number from the list")
    if not reading or not others:
        return found
    field, other = others[min(reading, len(others)) - 1]
    return found.with_({f"fabric.{field}": other.value})


def readings(found: System) -> list[list[Any]]:
    """The figures that a learner can switch between: [number, words]."""
    others = _others(found)
    if not others:
        return [[0, "as published"]]
    field = others[0][0]
    used = found.fabric.changed.get(field, getattr(found.fabric, field))
    first = [0, f"{_rate(used)}: {_used(found)}"]
    return [first, *([i, f"{_rate(r.value)}: {r.source}"] for i, (_, r) in enumerate(others, 1))]


def standing(found: System) -> dict[str, str]:
    """How far to believe times of a system: a badge and why."""
    badge = "modelled"
    if found.name == ANNOUNCED:
        badge = "announced"
    elif found.name.startswith("trn3"):
        badge = "predicted"
    return {"badge": badge, "why": BADGES[badge]}


def figures(found: System) -> list[dict[str, Any]]:
    """The constants of wires and collectives, each with its standing and source."""
    parts: Mapping[str, Any] = {
        "fabric": found.fabric,
        "scale_out": found.scale_out,
        "collectives": found.collectives,
    }
    rows = []
    for name, part in parts.items():
        for fact in part.facts():
            if fact.status in ("derived", "absent") or not fact.unit:
                continue
            doubt = fact.assumption
            span = ""
            if doubt:
                span = f"{amount(doubt.low, fact.unit)} to {amount(doubt.high, fact.unit)}"
            rows.append(
                {
                    "what": f"{name}.{fact.field}",
                    "value": amount(fact.value, fact.unit),
                    "status": fact.status,
                    "range": span,
                    "source": doubt.why if doubt else fact.source,
                }
            )
    return rows


def listed() -> list[list[Any]]:
    """Systems as a control offers them: name, words, chips to begin with."""
    return [
        [name, _label(SYSTEMS[name]), _first_chips(SYSTEMS[name])]
        for name in [*NAMES, *(other for other in SYSTEMS if other not in NAMES)]
    ]


def _label(found: System) -> str:
    return NAMES.get(found.name, found.product).format(chips=found.domain_chips)


def _first_chips(found: System) -> int:
    few = max(64, min(found.domain_chips, MOST_FIRST_CHIPS))
    return FIRST_CHIPS.get(found.name, few)


def _others(found: System) -> list[tuple[str, Reading]]:
    return [(field, r) for field, known in found.fabric.conflicts.items() for r in known]


def _rate(bytes_per_s: float) -> str:
    return f"{bytes_per_s / 1e9:,.0f} GB/s"


def _used(found: System) -> str:
    if found.name.startswith("trn3"):
        return "all links to the rack's switch, one direction"
    return "one link, one direction"

"""One number of a record, ready to be shown: value, unit, status, source, doubts."""

from __future__ import annotations

from dataclasses import dataclass

UNITS = (
    ("_flops_per_s", "FLOP/s"),
    ("_bytes_per_s", "B/s"),
    ("_per_pe_cycle", "MAC per PE and cycle"),
    ("_per_cycle", "per cycle"),
    ("_bytes", "B"),
    ("_hz", "Hz"),
    ("_cycles", "cycles"),
    ("_s", "s"),
)


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """AWS does not publish this value: it lies between `low` and `high`, and `why` says so."""

    low: float
    high: float
    why: str


@dataclass(frozen=True)
class Reading:
    """Another value that a second source gives for the same field."""

    value: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One number of a record, ready to be shown."""

    field: str  # dotted below the record asked, as `with_` takes it
    value: float
    unit: str  # "" for a count or a factor
    status: str  # "published", "measured", "inferred", "assumed", "derived" or "changed"
    source: str
    conflicts: tuple[Reading, ...] = ()
    assumption: Assumption | None = None
    original: float | None = None  # the record's own value, when the status is "changed"


def unit(name: str) -> str:
    """The unit that a field's name ends in: `unit("clock_hz")` is "Hz"; "" for counts."""
    return next((text for suffix, text in UNITS if f"_{name}".endswith(suffix)), "")

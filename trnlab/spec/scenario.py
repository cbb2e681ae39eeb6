"""Power and price: no vendor gives both for Trainium, so each is a scenario with its source.

A preset says where its numbers come from and whether they are published, reported by the press, or
simply assumed. A learner changes them by `with_`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .fact import Assumption, Fact, Reading
from .record import Record
from .sheets import GEN2_SHEET, TRN2_ULTRA_SHEET
from .statements import STATEMENTS
from .table import Table
from .trn2 import TRN2
from .trn3 import TRN3

HOURS_PER_YEAR = 8766


@dataclass(frozen=True, kw_only=True)
class Scenario(Record):
    """What a chip draws and costs while it works."""

    name: str
    chip_watts: float
    host_factor: float  # hosts, switches and fans on top of chips
    site_factor: float  # cooling and conversion of the building, PUE
    idle_share: float  # of its power, drawn by a chip that waits
    usd_per_chip_hour: float

    @property
    def watts(self) -> float:
        """Of one chip with its share of host and building."""
        return self.chip_watts * self.host_factor * self.site_factor

    @property
    def power(self) -> Fact:
        """Watts of one chip, with source and status."""
        return self.fact("chip_watts")

    @property
    def price(self) -> Fact:
        """USD of one chip and hour, with source and status."""
        return self.fact("usd_per_chip_hour")

    @property
    def standing(self) -> str:
        """How much is known, in words: "power assumed, price published"."""
        return f"power {self.power.status}, price {self.price.status}"


_FACTORS = {
    "host_factor": Assumption(low=1.0, high=2.0, why="Share of hosts and switches: not published."),
    "site_factor": Assumption(low=1.03, high=1.6, why="A modern data center; set your own."),
    "idle_share": Assumption(low=0.0, high=1.0, why="Power of a chip that waits: not published."),
}
_NO_PRICE = Assumption(low=0.1, high=30.0, why="No price is published; a scenario to change.")
_NO_POWER = Assumption(low=50.0, high=3000.0, why="No power is published; a scenario to change.")


def _scenario(
    name: str,
    watts: float,
    usd: float,
    power_source: str,
    price_source: str,
    *,
    is_power_known: bool = False,
    is_price_known: bool = False,
    other_watts: tuple[Reading, ...] = (),
    other_usd: tuple[Reading, ...] = (),
) -> Scenario:
    assumed = dict(_FACTORS)
    if not is_power_known:
        assumed["chip_watts"] = _NO_POWER
    if not is_price_known:
        assumed["usd_per_chip_hour"] = _NO_PRICE
    return Scenario(
        source=f"power: {power_source}; price: {price_source}",
        name=name,
        chip_watts=watts,
        host_factor=1.3,
        site_factor=1.15,
        idle_share=0.3,
        usd_per_chip_hour=usd,
        sources={"chip_watts": power_source, "usd_per_chip_hour": price_source},
        assumed=assumed,
        conflicts={"chip_watts": other_watts, "usd_per_chip_hour": other_usd},
    )


_TRN2_POWER = "analyst estimate of about 500 W (SemiAnalysis, as summarized by the press)"
_TRN3_POWER = "AWS's remark that next-generation chips pass 1,000 W and need liquid (press, 2024)"
_UNPUBLISHED = "none published; a round number"

TRN2_WATTS = 500.0
_FP8_OF_A_CHIP = TRN3.published_flops_per_s["mx"] / TRN2.published_flops_per_s["float8_double_row"]
_FP8_OF_ULTRASERVERS = GEN2_SHEET.flops_per_s["8-bit"] / TRN2_ULTRA_SHEET.flops_per_s["8-bit"]
_ULTRASERVER_CHIPS = GEN2_SHEET.chips / TRN2_ULTRA_SHEET.chips
_40_PERCENT, _4X = STATEMENTS["40% energy"].value, STATEMENTS["4x energy"].value
_TRN3_READINGS = (
    Reading(
        TRN2_WATTS * _FP8_OF_A_CHIP / _40_PERCENT,
        "follows from 500 W of Trainium2, if 40 % more efficient means FP8 FLOP per joule",
    ),
    Reading(
        TRN2_WATTS * _FP8_OF_ULTRASERVERS / _ULTRASERVER_CHIPS / _4X,
        "follows from 500 W of Trainium2, if an UltraServer gives 4 times the FLOP per joule",
    ),
)

SCENARIOS = Table(
    {
        "trn1": _scenario(
            "trn1",
            300.0,
            15.49 / 16,
            _UNPUBLISHED,
            "trn1.32xlarge capacity block, 15.49 USD/h (Melbourne, end of 2024)",
            is_price_known=True,
            other_usd=(Reading(21.50 / 16, "trn1.32xlarge on demand, us-east-1"),),
        ),
        "trn2": _scenario("trn2", TRN2_WATTS, 2.0, _TRN2_POWER, _UNPUBLISHED),
        "trn2-ultraserver": _scenario(
            "trn2-ultraserver", TRN2_WATTS, 2.0, _TRN2_POWER, _UNPUBLISHED
        ),
        "trn3-gen1": _scenario(
            "trn3-gen1",
            1000.0,
            4.0,
            _TRN3_POWER,
            _UNPUBLISHED,
            other_watts=_TRN3_READINGS,
        ),
        "trn3-gen2": _scenario(
            "trn3-gen2",
            1000.0,
            4.0,
            _TRN3_POWER,
            _UNPUBLISHED,
            other_watts=_TRN3_READINGS,
        ),
        "a100-80gb": _scenario(
            "a100-80gb",
            400.0,
            40.96 / 8,
            "NVIDIA A100 data sheet",
            "p4de.24xlarge on demand, us-east-1, 2024",
            is_power_known=True,
            is_price_known=True,
        ),
        "h100": _scenario(
            "h100",
            700.0,
            98.32 / 8,
            "NVIDIA H100 data sheet",
            "p5.48xlarge on demand, us-east-1, 2024",
            is_power_known=True,
            is_price_known=True,
        ),
        "b200": _scenario(
            "b200", 1000.0, 10.0, "NVIDIA HGX B200 data sheet", _UNPUBLISHED, is_power_known=True
        ),
        "tpu-v4": _scenario(
            "tpu-v4",
            170.0,
            3.22,
            "measured mean, Google Cloud documentation, TPU v4 (90 to 192 W)",
            "Google Cloud list price, us-central, 2024",
            is_power_known=True,
            is_price_known=True,
        ),
        "tpu-v5e": _scenario(
            "tpu-v5e",
            200.0,
            1.20,
            _UNPUBLISHED,
            "Google Cloud list price, us-west, 2024",
            is_price_known=True,
        ),
        "tpu-v5p": _scenario(
            "tpu-v5p",
            450.0,
            4.20,
            _UNPUBLISHED,
            "Google Cloud list price, us-east, 2024",
            is_price_known=True,
        ),
        "tpu-v6e": _scenario(
            "tpu-v6e",
            300.0,
            2.70,
            _UNPUBLISHED,
            "about Google Cloud's list price of 2025, not verified",
        ),
        "trn4-announced": _scenario("trn4-announced", 1500.0, 8.0, _UNPUBLISHED, _UNPUBLISHED),
        "ironwood": _scenario("ironwood", 900.0, 8.0, _UNPUBLISHED, _UNPUBLISHED),
    }
)


def _alternatives(known: Scenario) -> list[Scenario]:
    """One preset more for each other reading of the power or of the price."""
    found = []
    for field, words in (("chip_watts", "{:,.0f} W"), ("usd_per_chip_hour", "{:.2f} USD/h")):
        for reading in known.conflicts.get(field, ()):
            name = f"{known.name}, {words.format(reading.value)}"
            sources = {**known.sources, field: reading.source}
            change: dict[str, Any] = {"name": name, "sources": sources, field: reading.value}
            found.append(replace(known, conflicts={}, **change))
    return found


PRESETS = Table(
    {
        preset.name: preset
        for known in SCENARIOS.values()
        for preset in (known, *_alternatives(known))
    }
)


def presets(system: str) -> list[Scenario]:
    """All presets of a system, its own first.

    Raises:
        ValueError: no preset belongs to that name
    """
    own = scenario(system)
    return [own, *_alternatives(own)]


def scenario(name: str | Scenario) -> Scenario:
    """The preset of that name, or of that system; a `Scenario` is returned as it is.

    Raises:
        ValueError: no preset has that name
    """
    if isinstance(name, Scenario):
        return name
    if name in PRESETS:
        return PRESETS[name]
    raise ValueError(
        f"scenario: {str(name)[:40]!r} is not one of {'; '.join(PRESETS)}. Give a Scenario with "
        "watts and a price of your own"
    )

"""Power and price as knobs: named presets and values of one's own, each with source and status."""

from __future__ import annotations

from trnlab.spec.scenario import Scenario, presets, scenario

from .records import Dial, Evidence, Knob, Option, Settings

OWN = "own"
OWN_LABEL = "your own: set it beside"
WATTS = Dial("watts", "Own watts of a Trainium3 chip", "W", 800.0, 50.0, 3000.0, "power", OWN)
OLD_WATTS = Dial(
    "old_watts", "Own watts of a Trainium2 chip", "W", 450.0, 50.0, 3000.0, "old_power", OWN
)
PRICE = Dial("price", "Own price of a Trainium3 chip", "USD/h", 3.0, 0.1, 30.0, "price_of", OWN)


def _options(system: str) -> tuple[Option, ...]:
    return tuple(
        Option(known.name, f"{known.chip_watts:,.0f} W: {known.power.source}")
        for known in presets(system)
    )


POWER = Knob("power", "Power of a Trainium3 chip", _options("trn3-gen2"))
OWN_POWER = Knob("power", POWER.label, (*POWER.options, Option(OWN, OWN_LABEL)))
OLD_POWER = Knob(
    "old_power",
    "Power of a Trainium2 chip",
    (*_options("trn2-ultraserver"), Option(OWN, OWN_LABEL)),
)
OWN_PRICE = Knob(
    "price_of",
    "Price of a Trainium3 chip",
    (
        Option("trn3-gen2", f"{scenario('trn3-gen2').usd_per_chip_hour:g} USD/h: none published"),
        Option(OWN, OWN_LABEL),
    ),
)


def with_own_power(settings: Settings) -> Scenario:
    """The chosen preset of Trainium3, or the learner's watts."""
    if settings["power"] == OWN:
        return scenario("trn3-gen2").with_(chip_watts=float(settings[WATTS.name]))
    return scenario(settings["power"])


def with_own_old_power(settings: Settings) -> Scenario:
    """The chosen preset of Trainium2, or the learner's watts."""
    if settings["old_power"] == OWN:
        return scenario("trn2-ultraserver").with_(chip_watts=float(settings[OLD_WATTS.name]))
    return scenario(settings["old_power"])


def with_own_price(settings: Settings) -> Scenario:
    """The preset of Trainium3, or the learner's price."""
    own = scenario("trn3-gen2")
    if settings["price_of"] == OWN:
        return own.with_(usd_per_chip_hour=float(settings[PRICE.name]))
    return own


def power_evidence(known: Scenario) -> Evidence:
    """Watts of a chip, as the scenario has them."""
    fact = known.power
    source = "your own" if fact.status == "changed" else fact.source
    return Evidence(f"power of a chip, {known.name}", fact.value, "W", fact.status, source)


def price_evidence(known: Scenario) -> Evidence:
    """Price of a chip, as the scenario has it."""
    fact = known.price
    source = "your own" if fact.status == "changed" else fact.source
    return Evidence(f"price of a chip, {known.name}", fact.value, "USD/h", fact.status, source)

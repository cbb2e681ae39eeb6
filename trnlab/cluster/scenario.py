"""Energy and money of a prediction under a scenario, which every figure carries along."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trnlab.spec.scenario import SCENARIOS, Scenario
from trnlab.spec.scenario import scenario as find_scenario

from .columns import Column

if TYPE_CHECKING:
    from .inference import Inference
    from .training import Training

SECONDS_PER_HOUR = 3600.0
__all__ = ["SCENARIOS", "Cost", "Scenario", "cost", "find_scenario"]


class Cost(NamedTuple):
    """What one token takes, under the assumptions of `scenario`."""

    watts: float  # of all chips asked for, idle ones too, with their share of host and building
    joules_per_token: float
    usd_per_million_tokens: float
    scenario: Scenario

    @property
    def tokens_per_joule(self) -> float:
        """One over joules per token."""
        return 1 / self.joules_per_token

    def __repr__(self) -> str:
        known = self.scenario
        return (
            f"Cost({self.joules_per_token:.3g} J and {self.usd_per_million_tokens / 1e6:.3g} USD "
            f"a token; scenario {known.name}: {known.standing}; {known.source})"
        )


def cost(prediction: Training | Inference, scenario: str | Scenario | None = None) -> Cost:
    """Energy and money of a training step or of a batch of requests.

    Args:
        scenario: a preset or a record; that of the prediction if left out
    Raises:
        ValueError: no such preset
    """
    chosen = find_scenario(prediction.scenario if scenario is None else scenario)
    busy = prediction.plan.devices / prediction.system.devices_per_chip
    return cost_of(prediction.tokens_per_s, prediction.chips, chosen, busy)


def cost_of(
    tokens_per_s: float, chips: float, scenario: Scenario, busy_chips: float | None = None
) -> Cost:
    """The same for a rate of tokens; all chips work unless told."""
    busy = chips if busy_chips is None else busy_chips
    watts, usd_per_s = _rates(scenario, chips, busy)
    return Cost(watts, watts / tokens_per_s, usd_per_s / tokens_per_s * 1e6, scenario)


def token_costs(
    tokens_per_s: Column, chips: float, busy_chips: float, scenario: Scenario | str
) -> dict[str, Column]:
    """Energy and money of a token for each rate, as columns; NaN without a scenario."""
    watts = usd_per_s = np.nan
    if isinstance(scenario, Scenario):
        watts, usd_per_s = _rates(scenario, chips, busy_chips)
    return {
        "joules_per_token": watts / tokens_per_s,
        "usd_per_million_tokens": usd_per_s / tokens_per_s * 1e6,
    }


def _rates(scenario: Scenario, chips: float, busy_chips: float) -> tuple[float, float]:
    """Watts, and dollars a second."""
    watts = float(fleet_watts(scenario, chips, np.array(float(busy_chips))))
    return watts, chips * scenario.usd_per_chip_hour / SECONDS_PER_HOUR


def fleet_watts(scenario: Scenario, chips: float, busy_chips: Column) -> Column:
    """Power of chips of which some work; the others draw their idle share."""
    return scenario.watts * (busy_chips + scenario.idle_share * (chips - busy_chips))


def scenario_of(system: str, given: str | Scenario | None) -> Scenario | str:
    """The scenario of a result: what is given, else the preset of the system, else its name."""
    if given is not None:
        return find_scenario(given)
    return SCENARIOS.get(system, system)

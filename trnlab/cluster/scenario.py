"""Energy and money of a prediction under a scenario, which every figure carries along."""

from __future__ import annotations

from typing import NamedTuple

from trnlab.spec.scenario import SCENARIOS, Scenario
from trnlab.spec.scenario import scenario as find_scenario

from .inference import Inference
from .training import Training

SECONDS_PER_HOUR = 3600.0
__all__ = ["SCENARIOS", "Cost", "Scenario", "cost", "find_scenario"]


class Cost(NamedTuple):
    """What one token takes, under the assumptions of `scenario`."""

    watts: float  # of all chips asked for, with their share of host and building
    joules_per_token: float
    usd_per_million_tokens: float
    scenario: Scenario

    @property
    def tokens_per_joule(self) -> float:
        """One over joules per token."""
        return 1 / self.joules_per_token


def cost(prediction: Training | Inference, scenario: str | Scenario | None = None) -> Cost:
    """Energy and money of a training step or of a batch of requests.

    Args:
        scenario: a preset or a record; that of the system if left out
    Raises:
        ValueError: no such preset
    """
    chosen = find_scenario(prediction.system.name if scenario is None else scenario)
    return cost_of(prediction.tokens_per_s, prediction.chips, chosen)


def cost_of(tokens_per_s: float, chips: int, scenario: Scenario) -> Cost:
    """The same for a rate of tokens; all chips draw full power while they work."""
    watts = chips * scenario.watts
    usd_per_s = chips * scenario.usd_per_chip_hour / SECONDS_PER_HOUR
    return Cost(watts, watts / tokens_per_s, usd_per_s / tokens_per_s * 1e6, scenario)

"""Prompts on some chips, further tokens on others: how many of each, and what moves between."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .columns import columns
from .decode import cache_bytes
from .degrees import Plan, require_plan
from .dtypes import number_format
from .inference import Inference, predict_inference
from .scenario import Cost, Scenario, cost_of, find_scenario

__all__ = ["Disaggregated", "Pools", "disaggregate", "pools"]


class Disaggregated(NamedTuple):
    """Two pools of chips whose rates match."""

    prefill: Inference  # of one group that reads prompts
    decode: Inference  # of one group that writes tokens
    prefill_groups: float  # for each group that decodes
    cache_bytes: float  # of one request, from pool to pool
    handover_s: float  # of one request over the network between domains

    @property
    def ttft_s(self) -> float:
        """Prompt, then the cache's journey."""
        return self.prefill.ttft_s + self.handover_s

    @property
    def tpot_s(self) -> float:
        """No prompt ever interrupts a token."""
        return self.decode.tpot_s

    @property
    def chips(self) -> float:
        """Of a group that decodes, and its share of those that read prompts."""
        return self.decode.chips + self.prefill_groups * self.prefill.chips

    @property
    def tokens_per_s_chip(self) -> float:
        """Tokens written per second and chip of both pools."""
        return self.decode.batch / self.decode.tpot_s / self.chips

    @property
    def cost(self) -> Cost:
        """Energy and money of a token that is written, both pools, under their scenario.

        Raises:
            ValueError: a system of one's own, and no scenario was given
        """
        scenario = find_scenario(self.decode.scenario)
        return cost_of(self.tokens_per_s_chip * self.chips, self.chips, scenario)


class Pools(NamedTuple):
    """Whole groups on a number of chips: how many read prompts, how many write tokens."""

    prefill_groups: int
    decode_groups: int
    idle_chips: int
    tokens_per_s: float  # of the pool that is slower
    chips: int  # idle ones too
    scenario: Scenario | str  # power and price; a name that has no preset: none is known

    @property
    def cost(self) -> Cost:
        """Energy and money of a token that is written, under `scenario`.

        Raises:
            ValueError: a system of one's own, and no scenario was given
        """
        busy = self.chips - self.idle_chips
        return cost_of(self.tokens_per_s, self.chips, find_scenario(self.scenario), busy)


def pools(of: Disaggregated, chips: int) -> Pools:
    """The division of chips that writes the most tokens per second.

    Raises:
        ValueError: too few chips for one group of each
    """
    reading, writing = of.prefill.chips, of.decode.chips
    if chips < reading + writing:
        raise ValueError(
            f"pools: {chips:,} chips are too few for a group of {reading:,} that reads prompts and "
            f"one of {writing:,} that writes tokens"
        )
    prefill = np.arange(1, (chips - writing) // reading + 1)
    decode = (chips - prefill * reading) // writing
    read = prefill * of.prefill.batch / of.prefill.ttft_s * of.decode.output
    written = decode * of.decode.batch / of.decode.tpot_s
    best = int(np.argmax(np.minimum(read, written)))
    used = prefill[best] * reading + decode[best] * writing
    rate = float(min(read[best], written[best]))
    idle = int(chips - used)
    return Pools(int(prefill[best]), int(decode[best]), idle, rate, chips, of.decode.scenario)


def disaggregate(
    *,
    prefill_chips: int,
    prefill_plan: Plan,
    decode_chips: int,
    decode_plan: Plan,
    batch: int,
    **request: Any,
) -> Disaggregated:
    """Match a group that reads prompts one by one with a group that decodes a batch.

    Args:
        batch: requests that the decoding group holds at once
        request: model, system, prompt, output, dtype, cache_dtype as in `predict_inference`
    Raises:
        ValueError: what cannot be, in one sentence
    """
    for plan in (prefill_plan, decode_plan):
        require_plan(plan)
    reads = predict_inference(
        chips=prefill_chips, plan=prefill_plan, batch=prefill_plan.dp, **request
    )
    writes = predict_inference(chips=decode_chips, plan=decode_plan, batch=batch, **request)
    finished_per_s = batch / (writes.output * writes.tpot_s)
    groups = finished_per_s * reads.ttft_s / reads.batch
    moved = _request_cache_bytes(writes)
    per_chip = writes.system.scale_out.bytes_per_s * writes.system.collectives.out_rate
    chips = min(prefill_chips, decode_chips)
    handover = writes.system.scale_out.hop_s + moved / (per_chip * chips)
    return Disaggregated(reads, writes, groups, moved, handover)


def _request_cache_bytes(of: Inference) -> float:
    """Cache of one prompt, all layers and heads."""
    one = np.ones(1)
    whole = columns([Plan()])
    cache = number_format(of.cache_dtype)
    return float(cache_bytes(of.model, whole, one, one * of.prompt, cache)[0])

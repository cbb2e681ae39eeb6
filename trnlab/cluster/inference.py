"""Predict inference: time to the first token, time of each further one, memory, throughput."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from trnlab.spec.scenario import Scenario
from trnlab.spec.system import System
from trnlab.spec.systems import system as find_system

from .columns import Column, Plans, columns, first_row, total
from .decode import cache_bytes, decode_times
from .degrees import Plan, check_plan, check_whole
from .dtypes import Format, number_format
from .exchange import send_s
from .layer_time import Times, layer_time
from .memory import held_parameters
from .models import Transformer
from .models import model as find_model
from .product import Product, product_s
from .requests import check_chips, check_devices, check_dtype
from .scenario import Cost, scenario_of
from .scenario import cost as cost_of_prediction
from .step import context_s
from .work import ACTIVATION_BYTES

LONGEST = 2**27  # tokens


@dataclass(frozen=True, kw_only=True)
class Inference:
    """A predicted batch of requests. Nothing here was measured."""

    model: Transformer
    system: System
    chips: int
    plan: Plan
    batch: int
    prompt: int
    output: int
    dtype: str
    cache_dtype: str
    prefill_s: Mapping[str, float]  # by cause, of one device's share of the batch
    token_s: Mapping[str, float]  # by cause, at the mean length of the context
    memory_bytes: Mapping[str, float]  # of one device, by kind
    memory_limit_bytes: float
    scenario: Scenario | str  # power and price; a name that has no preset: none is known

    @property
    def ttft_s(self) -> float:
        """Until every request of the batch has its first token."""
        return sum(self.prefill_s.values())

    @property
    def tpot_s(self) -> float:
        """From one token of a request to its next."""
        return sum(self.token_s.values())

    @property
    def total_s(self) -> float:
        """Of the whole batch."""
        return self.ttft_s + (self.output - 1) * self.tpot_s

    @property
    def tokens_per_s(self) -> float:
        """Tokens written, over the time of the batch."""
        return self.batch * self.output / self.total_s

    @property
    def tokens_per_s_chip(self) -> float:
        """The same for one chip of those asked for."""
        return self.tokens_per_s / self.chips

    @property
    def cost(self) -> Cost:
        """Energy and money of a token, under `scenario`.

        Raises:
            ValueError: a system of one's own, and no scenario was given
        """
        return cost_of_prediction(self)

    @property
    def fits(self) -> bool:
        """Whether one device's memory holds weights and caches."""
        return self.free_bytes >= 0

    @property
    def free_bytes(self) -> float:
        """Memory left on one device; negative: missing."""
        return self.memory_limit_bytes - sum(self.memory_bytes.values())

    @property
    def max_batch(self) -> int:
        """Requests of this length whose caches fit; 0 if not even one does."""
        left = self.memory_limit_bytes - self.memory_bytes["weights"]
        each = (self.memory_bytes["cache"] + self.memory_bytes["activations"]) / self.batch
        return max(0, int(left / each))

    def __repr__(self) -> str:
        fit = "fits" if self.fits else f"lacks {-self.free_bytes / 2**30:.1f} GiB a device"
        return (
            f"Inference({self.model.name} on {self.chips} chips of {self.system.name}: first token "
            f"{self.ttft_s:.3g} s, then {self.tpot_s * 1e3:.3g} ms each, {fit})"
        )


def predict_inference(
    *,
    model: str | Path | Mapping[str, Any] | Transformer,
    system: str | System,
    chips: int,
    plan: Plan,
    batch: int,
    prompt: int,
    output: int,
    dtype: str | Format = "bfloat16",
    cache_dtype: str | Format = "bfloat16",
    scenario: str | Scenario | None = None,
) -> Inference:
    """Predict a batch of equal requests.

    Args:
        batch: requests; dp ranks share them
        prompt, output: tokens of each
        dtype: of weights and products
        cache_dtype: of keys and values
        scenario: power and price; the preset of the system if left out
    Raises:
        ValueError: what cannot be, in one sentence
    """
    network, machine = find_model(model), find_system(system)
    chosen, cache = number_format(dtype), number_format(cache_dtype)
    chips = check_chips(machine, chips)
    check_plan(plan, network)
    check_devices(machine, chips, plan)
    check_dtype(machine, chosen)
    batch, prompt, output = check_request(plan, batch, prompt, output)
    plans = columns([plan])
    requests, asked, wanted = (np.full(1, float(size)) for size in (batch, prompt, output))
    prefill, token = request_times(machine, network, plans, requests, asked, wanted, chosen, cache)
    memory = inference_bytes(network, plans, requests, asked, wanted, chosen, cache)
    return Inference(
        model=network,
        system=machine,
        chips=chips,
        plan=plan,
        batch=batch,
        prompt=prompt,
        output=output,
        dtype=chosen.name,
        cache_dtype=cache.name,
        prefill_s=first_row(prefill),
        token_s=first_row(token),
        memory_bytes=first_row(memory),
        memory_limit_bytes=float(machine.device_hbm_bytes),
        scenario=scenario_of(machine.name, scenario),
    )


def check_request(plan: Plan, batch: int, prompt: int, output: int) -> tuple[int, int, int]:
    """Requests, and tokens of each.

    Raises:
        ValueError: a number that cannot be, or a prompt too short for its plan
    """
    batch, prompt, output = (
        check_whole(name, value, LONGEST)
        for name, value in (("batch", batch), ("prompt", prompt), ("output", output))
    )
    check_whole("prompt + output", prompt + output, LONGEST)
    if prompt < plan.cp:
        raise ValueError(
            f"plan: cp = {plan.cp} devices share the tokens of a prompt, and it has {prompt:,}; "
            f"use a cp of at most {prompt:,}"
        )
    return batch, prompt, output


def request_times(
    system: System,
    model: Transformer,
    plans: Plans,
    batch: Column,
    prompt: Column,
    output: Column,
    dtype: Format,
    cache: Format,
) -> tuple[Times, Times]:
    """Seconds by cause of the prompts, and of one further token at the mean context."""
    rows = np.ceil(batch / plans.dp)
    turns = np.minimum(plans.pp, rows)  # groups of requests that follow each other in a pipeline
    each = np.ceil(rows / turns)
    prefill = prefill_times(system, model, plans, each, turns, prompt, dtype)
    context = prompt + output / 2
    token = decode_times(system, model, plans, each, context, dtype, cache)
    waits = np.maximum(0.0, turns - plans.pp)
    return prefill, {cause: seconds * (1 + waits) for cause, seconds in token.items()}


def prefill_times(
    system: System,
    model: Transformer,
    plans: Plans,
    rows: Column,
    turns: Column,
    prompt: Column,
    dtype: Format,
) -> Times:
    """Seconds by cause until all prompts of a rank have passed all stages."""
    forward = replace(plans, micro_batch=rows)
    times: Times = {}
    for count, layer in model.groups:
        for cause, seconds in layer_time(
            system, model, layer, forward, prompt, dtype
        ).forward.items():
            times[cause] = times.get(cause, 0.0) + count * seconds
    moved = context_s(system, model, forward, prompt)
    times["permute"] = np.maximum(0.0, moved - times["attention"])
    stretch = 1 + (turns - 1) / plans.pp  # groups follow each other one stage apart
    times = {cause: seconds * stretch for cause, seconds in times.items()}
    one = np.ones_like(rows)
    head = Product(rows, model.hidden * one, model.vocabulary / plans.tp, one)
    times["matmul"] = times["matmul"] + product_s(system, head, dtype.result)
    payload = rows * prompt / plans.cp * model.hidden * ACTIVATION_BYTES / plans.tp
    sends = send_s(system, plans.tp * plans.cp * plans.dp, payload)
    times["permute"] = times["permute"] + (plans.pp - 1) * sends
    return times


def inference_bytes(
    model: Transformer,
    plans: Plans,
    batch: Column,
    prompt: Column,
    output: Column,
    dtype: Format,
    cache: Format,
) -> dict[str, Column]:
    """Memory of one device by kind."""
    rows = np.ceil(batch / plans.dp)
    wide = [layer.mlp.up_columns for _, layer in model.groups if layer.mlp]
    widest = max(2 * model.hidden, *wide) if wide else 2 * model.hidden
    return {
        "weights": held_parameters(model, plans).total * dtype.bytes,
        "cache": cache_bytes(model, plans, rows, prompt + output, cache),
        "activations": rows * prompt / plans.cp / plans.tp * widest * ACTIVATION_BYTES,
    }


def throughput(prefill: Times, token: Times, batch: Column, output: Column) -> Column:
    """Tokens written per second."""
    return batch * output / (total(prefill.values()) + (output - 1) * total(token.values()))

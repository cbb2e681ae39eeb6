"""Many requests at once: how time and throughput move with batch and context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from trnlab.spec.system import System
from trnlab.spec.systems import system as find_system

from .columns import Column, columns, total
from .degrees import Plan, check_plan
from .dtypes import Format, number_format
from .inference import check_request, inference_bytes, request_times, throughput
from .models import Transformer
from .models import model as find_model
from .requests import check_chips, check_devices, check_dtype
from .scenario import Scenario, scenario_of, token_costs


def sweep(
    *,
    model: str | Path | Mapping[str, Any] | Transformer,
    system: str | System,
    chips: int,
    plan: Plan,
    batches: Sequence[int],
    prompts: Sequence[int],
    output: int,
    dtype: str | Format = "bfloat16",
    cache_dtype: str | Format = "bfloat16",
    scenario: str | Scenario | None = None,
) -> dict[str, Column]:
    """Inference for every pair of a batch and a prompt, as columns.

    Args:
        scenario: power and price; the preset of the system if left out
    Returns:
        batch, prompt, ttft_s, tpot_s, tokens_per_s, memory_bytes (of one device), fits (0 or 1),
        joules_per_token and usd_per_million_tokens under the scenario (NaN: the system has none)
    Raises:
        ValueError: what cannot be, in one sentence
    """
    network, machine = find_model(model), find_system(system)
    chosen, cache = number_format(dtype), number_format(cache_dtype)
    chips = check_chips(machine, chips)
    check_plan(plan, network)
    check_devices(machine, chips, plan)
    check_dtype(machine, chosen)
    for size, tokens in product(batches, prompts):
        check_request(plan, size, tokens, output)
    batch, prompt = (grid.ravel() for grid in np.meshgrid(batches, prompts))
    batch, prompt = batch.astype(float), prompt.astype(float)
    wanted = np.full_like(batch, float(output))
    plans = columns([plan] * len(batch))
    prefill, token = request_times(machine, network, plans, batch, prompt, wanted, chosen, cache)
    held = total(inference_bytes(network, plans, batch, prompt, wanted, chosen, cache).values())
    rate = throughput(prefill, token, batch, wanted)
    busy = plan.devices / machine.devices_per_chip
    return {
        "batch": batch,
        "prompt": prompt,
        "ttft_s": total(prefill.values()),
        "tpot_s": total(token.values()),
        "tokens_per_s": rate,
        "memory_bytes": held,
        "fits": (held <= machine.device_hbm_bytes).astype(float),
        **token_costs(rate, chips, busy, scenario_of(machine.name, scenario)),
    }

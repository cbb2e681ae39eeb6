"""Predict a training step: time by cause, memory by kind, and whether it fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trnlab.spec.accelerator import Accelerator
from trnlab.spec.scenario import Scenario
from trnlab.spec.system import System
from trnlab.spec.systems import system as find_system

from .columns import columns, first_row
from .degrees import Plan, check_plan, check_whole, near_divisor
from .dtypes import Format, number_format
from .memory import training_bytes
from .models import Transformer, training_flops
from .models import model as find_model
from .requests import check_chips, check_devices, check_dtype
from .scenario import Cost, scenario_of
from .scenario import cost as cost_of_prediction
from .step import step_times


@dataclass(frozen=True, kw_only=True)
class Training:
    """A predicted step. Nothing here was measured."""

    model: Transformer
    system: System
    chips: int
    plan: Plan
    global_batch: int
    micro_batch: int
    sequence: int
    dtype: str
    micro_batches: int  # of one data-parallel rank, in one step
    time_s: Mapping[str, float]  # by cause; the sum is the step
    memory_bytes: Mapping[str, float]  # of one device, by kind
    memory_limit_bytes: float  # of one device
    scenario: Scenario | str  # power and price; a name that has no preset: none is known

    @property
    def step_s(self) -> float:
        """Time of one step."""
        return sum(self.time_s.values())

    @property
    def tokens_per_s(self) -> float:
        """Tokens of all sequences over the time of a step."""
        return self.global_batch * self.sequence / self.step_s

    @property
    def mfu(self) -> float:
        """Model FLOPs over time, chips and the chip's published peak in the run's format."""
        return self.mfu_counting("full")

    @property
    def flops(self) -> float:
        """Of a step: the model's own, counted once, all pairs of tokens."""
        return self.global_batch * training_flops(self.model, self.sequence)

    def mfu_counting(self, attention: str) -> float:
        """MFU as others count it.

        Args:
            attention: "full", "causal" or "none", the pairs of tokens that count
        """
        flops = self.global_batch * training_flops(self.model, self.sequence, attention)
        return flops / (self.step_s * self.chips * published_flops_per_s(self.system, self.dtype))

    @property
    def cost(self) -> Cost:
        """Energy and money of a token, under `scenario`.

        Raises:
            ValueError: a system of one's own, and no scenario was given
        """
        return cost_of_prediction(self)

    @property
    def fits(self) -> bool:
        """Whether one device's memory holds all kinds."""
        return self.free_bytes >= 0

    @property
    def free_bytes(self) -> float:
        """Memory left on one device; negative: missing."""
        return self.memory_limit_bytes - sum(self.memory_bytes.values())

    @property
    def devices(self) -> int:
        """Devices that work."""
        return self.plan.devices

    @property
    def idle_devices(self) -> int:
        """Devices of the chips asked for that the plan leaves out."""
        return self.chips * self.system.devices_per_chip - self.devices

    def __repr__(self) -> str:
        fit = "fits" if self.fits else f"lacks {-self.free_bytes / 2**30:.1f} GiB a device"
        return (
            f"Training({self.model.name} on {self.chips} chips of {self.system.name}: "
            f"{self.step_s:.3g} s a step, MFU {self.mfu:.1%}, {fit})"
        )


def predict_training(
    *,
    model: str | Path | Mapping[str, Any] | Transformer,
    system: str | System,
    chips: int,
    plan: Plan,
    global_batch: int,
    micro_batch: int = 1,
    sequence: int,
    dtype: str | Format = "bfloat16",
    scenario: str | Scenario | None = None,
) -> Training:
    """Predict one training step.

    Args:
        model: a name of the gallery, a Hugging Face configuration, or a record
        system: a name or a record
        chips: of the system, at least as many as the plan uses
        plan: degrees count devices of the system
        global_batch: sequences of a step
        micro_batch: sequences that one rank works on at once
        sequence: tokens
        dtype: of the products' operands
        scenario: power and price; the preset of the system if left out
    Raises:
        ValueError: what cannot be, in one sentence
    """
    network, machine, chosen = find_model(model), find_system(system), number_format(dtype)
    chips = check_chips(machine, chips)
    check_plan(plan, network)
    check_devices(machine, chips, plan)
    check_dtype(machine, chosen)
    global_batch = check_whole("global_batch", global_batch)
    micro_batch = check_whole("micro_batch", micro_batch)
    micro_batches = count_micro_batches(plan, global_batch, micro_batch)
    sequence = check_whole("sequence", sequence, 2**27)
    if sequence % plan.cp:
        raise ValueError(
            f"plan: cp = {plan.cp} does not divide the {sequence:,} tokens of a sequence; try "
            f"{near_divisor(sequence, plan.cp)}"
        )
    plans = columns([plan], micro_batch)
    length = np.full(1, float(sequence))
    count = np.full(1, float(micro_batches))
    times = step_times(machine, network, plans, length, count, chosen)
    return Training(
        model=network,
        system=machine,
        chips=chips,
        plan=plan,
        global_batch=global_batch,
        micro_batch=micro_batch,
        sequence=sequence,
        dtype=chosen.name,
        micro_batches=micro_batches,
        time_s=first_row(times),
        memory_bytes=first_row(training_bytes(network, plans, length, count)),
        memory_limit_bytes=float(machine.device_hbm_bytes),
        scenario=scenario_of(machine.name, scenario),
    )


def count_micro_batches(plan: Plan, global_batch: int, micro_batch: int) -> int:
    """Micro-batches of one data-parallel rank in a step.

    Raises:
        ValueError: a batch that the ranks cannot share equally, or stages not interleave
    """
    share = plan.dp * micro_batch
    if global_batch % share:
        near = max(share, round(global_batch / share) * share)
        raise ValueError(
            f"global_batch = {global_batch} is not a multiple of dp x micro_batch = {plan.dp} x "
            f"{micro_batch} = {share}; try {near}"
        )
    count = global_batch // share
    if plan.virtual_stages > 1 and count % plan.pp:
        raise ValueError(
            f"plan: virtual_stages = {plan.virtual_stages} interleave micro-batches pp = {plan.pp} "
            f"at a time, and a rank has {count}; use virtual_stages = 1, or a global_batch that is "
            f"a multiple of {share * plan.pp}"
        )
    return count


def published_flops_per_s(system: System, dtype: str) -> float:
    """The vendor's figure for one chip in a format, the denominator of MFU.

    Where the vendor gives none, TensorE's own peak.
    """
    chip, wanted = system.chip, number_format(dtype)
    if isinstance(chip, Accelerator):
        return wanted.peak_flops_per_s(chip)
    mode = wanted.mode(chip.core)
    return chip.published_flops_per_s.get(mode, chip.peak_flops_per_s(mode))

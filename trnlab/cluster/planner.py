"""Rank every legal plan of a model on a machine by a goal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trnlab.spec.scenario import Scenario
from trnlab.spec.scenario import scenario as find_scenario
from trnlab.spec.system import System
from trnlab.spec.systems import system as find_system

from .columns import Column, Plans, total
from .degrees import RECOMPUTE, SCHEDULES, Plan, check_whole
from .dtypes import Format, number_format
from .inference import LONGEST, inference_bytes, request_times, throughput
from .legal import INFERENCE, LEAST_BUSY, TRAINING, legal_plans
from .memory import training_bytes
from .models import Transformer
from .models import model as find_model
from .requests import check_chips, check_dtype, whole_chips
from .scenario import cost_of, fleet_watts
from .step import step_times

Goal = Literal["tokens_per_s", "tokens_per_joule", "cost", "ttft_s"]
GOALS = ("tokens_per_s", "tokens_per_joule", "cost", "ttft_s")
SHOWN = ("tp", "pp", "dp", "ep", "cp", "virtual_stages", "zero", "recompute", "schedule")
BLOCK = 8192  # plans timed together: their columns stay in the processor's cache
MOST_PLANS = 2_000_000


class Ranked(NamedTuple):
    """One plan of a ranking."""

    plan: Plan
    micro_batch: int
    value: float  # of the goal
    tokens_per_s: float
    seconds: float  # of a training step, or to the first token
    memory_bytes: float  # of one device
    chips: int  # paid for: those asked for, or for "cost" the fewest that hold the plan


@dataclass(frozen=True, repr=False)
class Ranking:
    """Plans that fit, best first, as columns; `best` turns the first ones into records."""

    goal: str
    scenario: Scenario
    plans: Plans
    legal: int  # plans looked at, whether they fit or not
    value: Column
    tokens_per_s: Column
    seconds: Column
    memory_bytes: Column
    chips: Column

    def __len__(self) -> int:
        return len(self.value)

    def __repr__(self) -> str:
        words = f"{self.legal:,} plans looked at, {len(self):,} fit; scenario {self.scenario.name}"
        heads = (*SHOWN, "micro_batch", self.goal, "GiB a device")
        rows = [tuple(map(str, _shown(row))) for row in self.best(10)]
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        lines = ["  ".join(map(str.rjust, cells, widths)) for cells in (heads, *rows)]
        return "\n".join([words, *lines])

    def best(self, count: int = 10) -> list[Ranked]:
        """The first plans as records."""
        return [self.row(i) for i in range(min(count, len(self)))]

    def row(self, index: int) -> Ranked:
        """One plan as a record."""
        return Ranked(
            _plan(self.plans, index),
            int(self.plans.micro_batch[index]),
            float(self.value[index]),
            float(self.tokens_per_s[index]),
            float(self.seconds[index]),
            float(self.memory_bytes[index]),
            int(self.chips[index]),
        )


def plan(
    *,
    model: str | Path | Mapping[str, Any] | Transformer,
    system: str | System,
    chips: int,
    goal: Goal = "tokens_per_s",
    task: Literal["training", "inference"] | None = None,
    global_batch: int | None = None,
    sequence: int = 8192,
    output: int = 512,
    dtype: str | Format = "bfloat16",
    scenario: str | Scenario | None = None,
) -> Ranking:
    """Every legal plan that fits, ranked.

    Every tp, pp, ep and dp that the model and the batch allow on at least three quarters of the
    devices, cp up to 32, micro-batches up to 8, up to 16 virtual stages or a zero-bubble schedule,
    each ZeRO stage, with and without sequence parallelism, selective and full recomputation.

    Chips are given, and one that idles is paid for and draws its share of power. Only "cost" asks
    for the price on any number of chips up to `chips`: a plan pays for the fewest that hold it.

    Args:
        goal: "tokens_per_s", "tokens_per_joule", "cost" (USD per million tokens) or "ttft_s"
        task: training unless the goal is "ttft_s"
        global_batch: sequences of a step (1,024 unless told), or requests (1 unless told)
        sequence: tokens of a sequence, or of a prompt
        output: tokens that each request asks for
        scenario: power and price; the preset of the system if left out
    Raises:
        ValueError: what cannot be, and "no plan fits" with what is missing
    """
    network, machine, chosen = find_model(model), find_system(system), number_format(dtype)
    chips = check_chips(machine, chips)
    check_dtype(machine, chosen)
    if goal not in GOALS:
        raise ValueError(f"plan: goal = {goal!r} should be one of {', '.join(GOALS)}")
    task = task or ("inference" if goal == "ttft_s" else "training")
    if task not in ("training", "inference") or (task == "training" and goal == "ttft_s"):
        raise ValueError(f"plan: task = {task!r} does not go with goal = {goal!r}")
    batch = global_batch if global_batch is not None else 1024 if task == "training" else 1
    batch = check_whole("global_batch", batch)
    sequence, output = (
        check_whole(name, value, LONGEST)
        for name, value in (("sequence", sequence), ("output", output))
    )
    devices = chips * machine.devices_per_chip
    options = TRAINING if task == "training" else INFERENCE
    least_busy = 0.0 if goal == "cost" else LEAST_BUSY
    plans = legal_plans(network, devices, batch, sequence, options, least_busy)
    if not len(plans):
        raise ValueError(
            f"plan: no cut of {network.name} keeps {least_busy:.0%} of {chips:,} chips of "
            f"{machine.name} busy with {batch:,} sequences; use a larger global_batch or fewer "
            "chips"
        )
    if len(plans) > MOST_PLANS:
        raise ValueError(
            f"plan: {network.name} on {chips:,} chips of {machine.name} has {len(plans):,} plans, "
            f"and up to {MOST_PLANS:,} are ranked; use a global_batch with fewer divisors"
        )
    judge = _Judge(network, machine, chosen, batch, sequence, output, task)
    found = judge.all(plans)
    chosen_scenario = find_scenario(machine.name if scenario is None else scenario)
    return _ranked(goal, chosen_scenario, chips, machine, plans, found)


class _Found(NamedTuple):
    """Columns of plans that fit, and which rows they were."""

    rows: NDArray[np.int64]
    memory_bytes: Column
    seconds: Column
    tokens_per_s: Column
    least_bytes: float  # of any plan, fitting or not


class _Judge(NamedTuple):
    """What all plans have in common."""

    model: Transformer
    system: System
    dtype: Format
    batch: int
    sequence: int
    output: int
    task: str

    def all(self, plans: Plans) -> _Found:
        """Time the plans that fit, block by block."""
        memory = total(self._memory(plans).values())
        rows = np.flatnonzero(memory <= self.system.device_hbm_bytes)
        blocks = [
            self._times(plans.take(rows[start : start + BLOCK]))
            for start in range(0, len(rows), BLOCK)
        ]
        empty: Column = np.zeros(0)
        seconds = np.concatenate([block[0] for block in blocks]) if blocks else empty
        rates = np.concatenate([block[1] for block in blocks]) if blocks else empty
        return _Found(rows, memory[rows], seconds, rates, float(memory.min()))

    def _memory(self, plans: Plans) -> dict[str, Column]:
        if self.task == "training":
            return training_bytes(
                self.model, plans, self._column(plans, self.sequence), self._micro_batches(plans)
            )
        return inference_bytes(self.model, plans, *self._requests(plans), self.dtype, self.dtype)

    def _times(self, plans: Plans) -> tuple[Column, Column]:
        """Seconds that the goal may ask for, and tokens per second."""
        if self.task == "training":
            length = self._column(plans, self.sequence)
            counts = self._micro_batches(plans)
            times = step_times(self.system, self.model, plans, length, counts, self.dtype)
            step_s = total(times.values())
            return step_s, self.batch * self.sequence / step_s
        requests = self._requests(plans)
        prefill, token = request_times(
            self.system, self.model, plans, *requests, self.dtype, self.dtype
        )
        return total(prefill.values()), throughput(prefill, token, requests[0], requests[2])

    def _micro_batches(self, plans: Plans) -> Column:
        return self.batch / (plans.dp * plans.micro_batch)

    def _requests(self, plans: Plans) -> tuple[Column, Column, Column]:
        return (
            self._column(plans, self.batch),
            self._column(plans, self.sequence),
            self._column(plans, self.output),
        )

    def _column(self, plans: Plans, value: int) -> Column:
        return np.full(len(plans), float(value))


def _ranked(
    goal: str,
    scenario: Scenario,
    chips: int,
    system: System,
    plans: Plans,
    found: _Found,
) -> Ranking:
    limit = float(system.device_hbm_bytes)
    if not len(found.rows):
        raise ValueError(
            f"plan: none of {len(plans):,} legal plans fits: the smallest needs "
            f"{found.least_bytes / 2**30:.1f} GiB on a device of {limit / 2**30:.1f} GiB; use more "
            "chips, a shorter sequence or a smaller batch"
        )
    rate = np.asarray(found.tokens_per_s)
    one = cost_of(1.0, 1, scenario)
    devices = plans.take(found.rows).devices
    paid = np.full(len(rate), float(chips))
    if goal == "cost":
        paid = whole_chips(system, devices)
    watts = fleet_watts(scenario, chips, devices / system.devices_per_chip)
    value = {
        "tokens_per_s": rate,
        "tokens_per_joule": rate / watts,
        "cost": paid * one.usd_per_million_tokens / rate,
        "ttft_s": found.seconds,
    }[goal]
    order = np.lexsort((found.memory_bytes, value if goal in ("cost", "ttft_s") else -value))
    return Ranking(
        goal,
        scenario,
        plans.take(found.rows[order]),
        len(plans),
        value[order],
        rate[order],
        found.seconds[order],
        found.memory_bytes[order],
        paid[order],
    )


def _shown(row: Ranked) -> tuple[object, ...]:
    degrees = (getattr(row.plan, name) for name in SHOWN)
    return (*degrees, row.micro_batch, f"{row.value:.4g}", f"{row.memory_bytes / 2**30:.1f}")


def _plan(plans: Plans, index: int) -> Plan:
    whole = {f.name: int(getattr(plans, f.name)[index]) for f in fields(plans)}
    return Plan(
        tp=whole["tp"],
        pp=whole["pp"],
        dp=whole["dp"],
        ep=whole["ep"],
        cp=whole["cp"],
        virtual_stages=whole["virtual_stages"],
        zero=whole["zero"],
        sequence_parallel=bool(whole["sequence_parallel"]),
        recompute=RECOMPUTE[whole["recompute"]],
        schedule=SCHEDULES[whole["schedule"]],
        fused_attention=bool(whole["fused_attention"]),
        overlap=bool(whole["overlap"]),
    )

"""Rank every legal plan of a model on a machine by a goal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from trnlab.spec.scenario import Scenario
from trnlab.spec.scenario import scenario as find_scenario
from trnlab.spec.system import System
from trnlab.spec.systems import system as find_system

from .columns import Column, Plans, joined
from .degrees import RECOMPUTE, SCHEDULES, Plan, check_whole
from .dtypes import Format, number_format
from .inference import LONGEST
from .judge import Judge, Judged
from .legal import INFERENCE, LEAST_BUSY, TRAINING, legal_plans
from .models import Transformer
from .models import model as find_model
from .requests import check_chips, check_dtype, whole_chips
from .scenario import cost_of, fleet_watts

Goal = Literal["tokens_per_s", "tokens_per_joule", "cost", "ttft_s"]
GOALS = ("tokens_per_s", "tokens_per_joule", "cost", "ttft_s")
SHOWN = ("tp", "pp", "dp", "ep", "cp", "virtual_stages", "zero", "recompute", "schedule")
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
    planning = Planning(
        model=model,
        system=system,
        chips=chips,
        goal=goal,
        task=task,
        global_batch=global_batch,
        sequence=sequence,
        output=output,
        dtype=dtype,
        scenario=scenario,
    )
    for _ in planning:
        pass
    return planning.ranking()


class Planning:
    """What `plan` does, in steps: each item is the share of all plans that is judged by then.

    Args:
        model, system, ...: as `plan`
    Raises:
        ValueError: what cannot be
    """

    def __init__(
        self,
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
    ) -> None:
        network, machine, chosen = find_model(model), find_system(system), number_format(dtype)
        self.chips, self.system = check_chips(machine, chips), machine
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
        self.goal, self.legal = goal, 0
        self.scenario = find_scenario(machine.name if scenario is None else scenario)
        self._least_busy = 0.0 if goal == "cost" else LEAST_BUSY
        self._judge = Judge(network, machine, chosen, batch, sequence, output, task)
        self._parts = legal_plans(
            network,
            self.chips * machine.devices_per_chip,
            batch,
            sequence,
            TRAINING if task == "training" else INFERENCE,
            self._least_busy,
        )
        self._judged: list[Judged] = []

    def __iter__(self) -> Iterator[float]:
        """Go on where it was left.

        Raises:
            ValueError: too many plans
        """
        for share, plans in self._parts:
            self.legal += len(plans)
            if self.legal > MOST_PLANS:
                raise ValueError(
                    f"plan: {self._judge.model.name} on {self.chips:,} chips of "
                    f"{self.system.name} has more than {MOST_PLANS:,} plans, and no more are "
                    "ranked; use a global_batch with fewer divisors"
                )
            if len(plans):
                self._judged.append(self._judge.judged(plans))
            yield share

    def ranking(self) -> Ranking:
        """The plans that were judged and fit, best first.

        Raises:
            ValueError: there is none
        """
        if not self.legal:
            raise ValueError(
                f"plan: no cut of {self._judge.model.name} keeps {self._least_busy:.0%} of "
                f"{self.chips:,} chips of {self.system.name} busy with {self._judge.batch:,} "
                "sequences; use a larger global_batch or fewer chips"
            )
        plans = joined([part.plans for part in self._judged])
        if not len(plans):
            limit, least = self._judge.limit_bytes, min(p.least_bytes for p in self._judged)
            raise ValueError(
                f"plan: none of {self.legal:,} legal plans fits: the smallest needs "
                f"{least / 2**30:.1f} GiB on a device of {limit / 2**30:.1f} GiB; use more "
                "chips, a shorter sequence or a smaller batch"
            )
        memory, seconds, rate = (
            np.concatenate([getattr(part, name) for part in self._judged])
            for name in ("memory_bytes", "seconds", "tokens_per_s")
        )
        one = cost_of(1.0, 1, self.scenario)
        paid = np.full(len(rate), float(self.chips))
        if self.goal == "cost":
            paid = whole_chips(self.system, plans.devices)
        busy_chips = plans.devices / self.system.devices_per_chip
        value = {
            "tokens_per_s": rate,
            "tokens_per_joule": rate / fleet_watts(self.scenario, self.chips, busy_chips),
            "cost": paid * one.usd_per_million_tokens / rate,
            "ttft_s": seconds,
        }[self.goal]
        order = np.lexsort((memory, value if self.goal in ("cost", "ttft_s") else -value))
        return Ranking(
            self.goal,
            self.scenario,
            plans.take(order),
            self.legal,
            value[order],
            rate[order],
            seconds[order],
            memory[order],
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

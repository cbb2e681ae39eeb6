"""Plans judged many at once: whether they fit, and how long a step or a request takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trnlab.spec.system import System

from .columns import Column, Plans, total
from .dtypes import Format
from .inference import inference_bytes, request_times, throughput
from .memory import training_bytes
from .models import Transformer
from .step import step_times

BLOCK = 8192  # plans timed together: their columns stay in the processor's cache


class Judged(NamedTuple):
    """Plans that fit, and what they take."""

    plans: Plans
    memory_bytes: Column
    seconds: Column
    tokens_per_s: Column
    least_bytes: float  # of any plan, fitting or not


class Judge(NamedTuple):
    """What all plans have in common."""

    model: Transformer
    system: System
    dtype: Format
    batch: int
    sequence: int
    output: int
    task: str

    @property
    def limit_bytes(self) -> float:
        """The memory of a device."""
        return float(self.system.device_hbm_bytes)

    def judged(self, plans: Plans) -> Judged:
        """Time those of the plans that fit, block by block."""
        memory = total(self._memory(plans).values())
        fits = memory <= self.limit_bytes
        fitting = plans.take(fits)
        blocks = [
            self._times(fitting.take(np.arange(start, min(start + BLOCK, len(fitting)))))
            for start in range(0, len(fitting), BLOCK)
        ]
        seconds, rates = (
            np.concatenate([np.zeros(0), *(block[i] for block in blocks)]) for i in (0, 1)
        )
        return Judged(fitting, memory[fits], seconds, rates, float(memory.min()))

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

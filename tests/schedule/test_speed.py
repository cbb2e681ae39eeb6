"""Scheduling is quick enough for a slider."""

import time

import pytest

from trnlab.kernels import matmul
from trnlab.metrics.profile import profile, shape
from trnlab.schedule import schedule

ROWS_PER_S = 150_000


@pytest.mark.slow
def test_a_changed_core_is_scheduled_at_150_000_device_instructions_per_second() -> None:
    operand = shape((4096, 4096), "bfloat16")
    run = profile(matmul.tiled, operand, operand, chip="trn2")
    core = run.core.with_({"dma.descriptor_s": 20e-9})
    begin = time.process_time()
    line = schedule(run.trace, core)
    used_s = time.process_time() - begin
    assert line.rows > 40_000
    assert line.rows / used_s > ROWS_PER_S

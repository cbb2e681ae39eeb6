"""How fast the engine is, as ratios within one run: `make bench`, or `python -m tests.bench`.

Absolute times depend on the machine and on what else it does. Each figure is the best of some
repetitions, set against NumPy doing the same or a known amount of work in the same process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc

import numpy as np

import trnlab
from tests.bench.kernels import attending, memory, overhead, with_values
from tests.bench.row import Row, best_s
from trnlab.kernels.matmul import blocked, pipelined, tiled
from trnlab.nki.kernel import record
from trnlab.numerics.formats import number_format
from trnlab.numerics.round_trip import WORKERS, mx_round_trip
from trnlab.schedule import schedule

CORE = trnlab.spec.TRN2.core
FULLY = {"m_block": 8, "n_block": 2, "k_block": 8}  # as in the published row of that name


def shapes_alone(repeat: int = 5) -> list[Row]:
    """Recording and scheduling the tiled 2048 cubed product, and rescheduling it."""
    a = trnlab.shape((2048, 2048), "bfloat16")
    trace = record(tiled, (a, a), {}, CORE).trace
    calls, rows = len(trace), schedule(trace, CORE).rows

    def fresh() -> None:
        schedule(record(tiled, (a, a), {}, CORE).trace, CORE)

    record_s = best_s(lambda: record(tiled, (a, a), {}, CORE), repeat)
    both_s = best_s(fresh, repeat)
    changed = CORE.with_({"dma.descriptor_s": 20e-9})
    again_s = best_s(lambda: schedule(trace, changed), repeat)
    return [
        Row("record + schedule tiled 2048^3, shapes alone", both_s, "0.25 s", both_s / 0.25, "< 1"),
        Row(
            f"  record, each of {calls:,} NKI calls",
            record_s / calls,
            "us",
            1e6 * record_s / calls,
            "",
        ),
        Row(
            f"  reschedule {rows:,} device instructions",
            again_s,
            "million per s",
            rows / again_s / 1e6,
            "",
        ),
    ]


def quantizing(repeat: int = 5) -> list[Row]:
    """Quantizing and dequantizing 4096 x 4096 float32 values in MXFP8, beside ml_dtypes' casts."""
    x = np.random.default_rng(0).standard_normal((4096, 4096), np.float32)
    format = number_format("float8_e4m3fn")
    begin_s = time.process_time()
    ours_s = best_s(lambda: mx_round_trip(x, format), repeat)
    cpu_s = (time.process_time() - begin_s) / repeat
    casts_s = best_s(lambda: x.astype(format.storage).astype(np.float32), repeat)
    tracemalloc.start()
    mx_round_trip(x, format)
    peak = (tracemalloc.get_traced_memory()[1] + x.nbytes) / x.nbytes
    tracemalloc.stop()
    name = "MXFP8 and back, 4096^2"
    return [
        Row(f"{name}, {WORKERS} threads", ours_s, "million/s", x.size / ours_s / 1e6, ">= 120"),
        Row("  CPU time", cpu_s, "million per CPU second", x.size / cpu_s / 1e6, ""),
        Row("  beside casts to E4M3FN and back", ours_s, f"{casts_s:.3f} s", ours_s / casts_s, ""),
        Row("  memory, the array included", ours_s, "times the array", peak, "<= 3"),
    ]


def importing(repeat: int = 5) -> Row:
    """Starting Python and importing trnlab, less starting Python."""

    def python(code: str) -> float:
        return best_s(lambda: subprocess.run([sys.executable, "-c", code], check=True), repeat)

    start_s = python("pass")
    ours_s = python("import trnlab") - start_s
    numpy_s = python("import numpy") - start_s
    used_s = python("from trnlab import nki, profile; import trnlab.kernels.matmul") - start_s
    print(f"import numpy {numpy_s:.3f} s; trnlab's profile and kernels {used_s:.3f} s")
    return Row("import trnlab", ours_s, "0.3 s", ours_s / 0.3, "< 1")


def load_note() -> str:
    """A warning if the machine is busy: NumPy's threads then wait for each other."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load < cores:
        return ""
    return (
        f"This machine is busy (load {load:.1f} on {cores} cores): products suffer most, "
        "set OPENBLAS_NUM_THREADS=1 to compare them.\n"
    )


def main() -> None:
    """Print the table line by line."""
    print(load_note(), end="")
    print(f"{'':48} {'seconds':>11} {'ratio':>8}  goal   against")
    for part in (
        shapes_alone,
        lambda: [with_values(tiled, "tiled", 2048, 5, "<= 2.5")],
        lambda: [with_values(blocked, "blocked", 4096, 3, "<= 1.5")],
        lambda: [with_values(pipelined, "fully blocked", 4096, 3, "<= 1.5", **FULLY)],
        lambda: memory(blocked, "blocked", 4096, "<= 2"),
        lambda: memory(pipelined, "fully blocked", 4096, "<= 2", **FULLY),
        attending,
        overhead,
        quantizing,
        lambda: [importing()],
    ):
        for what, seconds, against, ratio, goal in part():
            print(f"{what:48} {seconds:11.6f} {ratio:8.2f}  {goal:6} {against}", flush=True)


if __name__ == "__main__":
    main()

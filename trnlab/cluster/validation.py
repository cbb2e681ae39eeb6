"""Predictions beside measured runs: what the cluster model is worth, in one table.

Constants belong to a system, never to a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .collectives import collective, time
from .degrees import Plan
from .inference import predict_inference
from .published import (
    A100_2021_RUNS,
    A100_RUNS,
    ALL_REDUCE_US,
    H100_RUNS,
    MEGATRON_MODELS,
    MEMORY,
    NCCOM,
    REQUESTS,
    TRN1_RUNS,
    V5E_RUNS,
    V5P_RUNS,
    MeasuredMemory,
    MeasuredRequest,
    Run,
)
from .topology import machine
from .training import Training, predict_training

GIB = 2**30
RUNS = {
    "A100": A100_RUNS,
    "A100, 2021": A100_2021_RUNS,
    "Trainium1": TRN1_RUNS,
    "TPU v5p": V5P_RUNS,
    "TPU v5e": V5E_RUNS,
    "H100": H100_RUNS,
}


class Row(NamedTuple):
    """One published figure and its prediction."""

    workload: str
    quantity: str  # with its unit
    published: float
    predicted: float
    source: str
    assumed: str

    @property
    def error(self) -> float:
        """Predicted over published, less one."""
        return self.predicted / self.published - 1


def training_rows(runs: Iterable[Run]) -> list[Row]:
    """One row for each run."""
    return [_training_row(run) for run in runs]


def memory_rows(rows: Iterable[MeasuredMemory] = MEMORY) -> list[Row]:
    """Three rows for each model of the published figure."""
    return [row for measured in rows for row in _memory_rows(measured)]


def table() -> dict[str, list[Row]]:
    """Every published figure, by group."""
    return {
        **{name: training_rows(runs) for name, runs in RUNS.items()},
        "Memory, A100": memory_rows(),
        "Trainium2 inference": [row for each in REQUESTS for row in _request_rows(each)],
        "Collectives": collective_rows(),
    }


def collective_rows() -> list[Row]:
    """All-reduce of two ranks, from the timed schedule."""
    ring, server = collective("all_reduce", "ring", 2), machine("trn1", 16)
    return [
        Row(
            f"all_reduce, 2 ranks, {size:,.0f} B",
            "time, us",
            measured_us,
            time(ring, server, size).total_s * 1e6,
            NCCOM,
            "the platform is not stated; taken as Trainium1",
        )
        for size, measured_us in ALL_REDUCE_US
    ]


def mean_error(rows: Sequence[Row]) -> float:
    """Mean of the absolute errors."""
    return sum(abs(row.error) for row in rows) / len(rows)


def largest_error(rows: Sequence[Row]) -> float:
    """Largest absolute error."""
    return max(abs(row.error) for row in rows)


def text() -> str:
    """The table as text, with the mean and the largest error of each group."""
    lines = []
    for name, rows in table().items():
        lines.append(f"{name}: mean {mean_error(rows):.1%}, largest {largest_error(rows):.1%}")
        for row in rows:
            note = f"  ({row.assumed})" if row.assumed else ""
            lines.append(
                f"  {row.workload:<44} {row.quantity:<18} {row.published:>9.4g} "
                f"{row.predicted:>9.4g} {row.error:>+7.1%}{note}"
            )
    return "\n".join(lines)


def predicted(run: Run) -> Training:
    """The prediction for a run."""
    return predict_training(
        model=run.model,
        system=run.system,
        chips=run.chips,
        plan=run.plan,
        global_batch=run.global_batch,
        micro_batch=run.micro_batch,
        sequence=run.sequence,
        dtype=run.dtype,
    )


def _training_row(run: Run) -> Row:
    found = predicted(run)
    workload = f"{run.model.name}, {run.chips:,} chips, recompute {run.plan.recompute}"
    if run.step_s is not None:
        return Row(workload, "step, s", run.step_s, found.step_s, run.source, run.assumed)
    assert run.mfu is not None
    return Row(
        workload,
        "MFU, %",
        100 * run.mfu,
        100 * found.mfu_counting(run.attention),
        run.source,
        run.assumed,
    )


def _request_rows(measured: MeasuredRequest) -> list[Row]:
    found = predict_inference(
        model=measured.model,
        system=measured.system,
        chips=measured.chips,
        plan=measured.plan,
        batch=1,
        prompt=measured.prompt,
        output=measured.output,
    )
    workload = f"{measured.model}, {measured.chips} chips"
    figures = (
        ("first token, ms", measured.ttft_s, found.ttft_s),
        ("time per token, ms", measured.tpot_s, found.tpot_s),
    )
    return [Row(workload, what, 1e3 * a, 1e3 * b, measured.source, "") for what, a, b in figures]


def _memory_rows(measured: MeasuredMemory) -> list[Row]:
    plain = _memory(measured, "none", False)
    reduced = _memory(measured, "selective", True)
    state = sum(plain[kind] for kind in ("weights", "gradients", "optimizer"))
    figures = (
        ("state, GiB", measured.state_gib, state),
        ("activations, GiB", measured.activations_gib, plain["activations"]),
        ("reduced, GiB", measured.reduced_gib, reduced["activations"]),
    )
    return [
        Row(
            f"{measured.model}, {measured.chips} chips",
            what,
            gib,
            bytes_ / GIB,
            measured.source,
            "",
        )
        for what, gib, bytes_ in figures
    ]


def _memory(measured: MeasuredMemory, recompute: str, sequence_parallel: bool) -> dict[str, float]:
    plan = Plan(
        tp=8,
        pp=measured.pp,
        virtual_stages=measured.virtual_stages,
        zero=0,
        sequence_parallel=sequence_parallel,
        recompute=recompute,
        fused_attention=False,
    )
    found = predict_training(
        model=MEGATRON_MODELS[measured.model],
        system="a100-80gb",
        chips=measured.chips,
        plan=plan,
        global_batch=max(4, measured.chips) if measured.pp > 1 else measured.micro_batch,
        micro_batch=measured.micro_batch,
        sequence=2048,
        dtype="float16",
    )
    return dict(found.memory_bytes)

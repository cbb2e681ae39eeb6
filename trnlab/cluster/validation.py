"""Predictions beside measured runs: what the cluster model is worth, in one table.

Constants belong to a system, never to a run. A group says whether any were chosen on it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from trnlab.spec.systems import system as find_system

from .collectives import collective, documented, time
from .columns import columns, total
from .compared import Row, Section
from .degrees import Plan
from .dtypes import number_format
from .layer_time import layer_time
from .published import (
    A100_LAYERS,
    ALL_REDUCE_US,
    COLLECTIVES,
    GROUPS,
    H100_SERVING,
    HOP_US,
    MEGATRON_MODELS,
    MEMORY,
    NCCOM,
    RDMA_US,
    TRN1_REQUESTS,
    TRN2_REQUESTS,
    MeasuredLayer,
    MeasuredMemory,
    Run,
)
from .topology import machine
from .training import Training, predict_training
from .validation_requests import request_rows, serving_rows

GIB = 2**30
RUNS = {name: group.runs for name, group in GROUPS.items()}


def sections() -> list[Section]:
    """Every published figure, by group; training first."""
    found = [
        Section(name, tuple(training_rows(group.runs)), group.chose, group.note)
        for name, group in GROUPS.items()
    ]
    return [
        *found,
        Section(
            "One layer, A100",
            tuple(layer_rows()),
            "exchanges left backward, with the eight runs",
        ),
        Section("Memory, A100", tuple(memory_rows())),
        Section(
            "Trainium2 inference",
            tuple(request_rows(TRN2_REQUESTS)),
            note="Two versions of one page give 575.7 and 814.2 ms for the same request with the "
            "same settings; the prediction lies between them.",
        ),
        Section(
            "Trainium1 inference",
            tuple(request_rows(TRN1_REQUESTS)),
            note="Releases 2.18.0 and 2.18.1, before release 2.19 brought flash attention for "
            "contexts of 16k and 32k. 70B models at 2,048 tokens and Mistral 7B at 8,192 are "
            "predicted too fast, by up to four times: what is missing is as if each core worked "
            "on 2 to 4 billion scores a second, whatever the model. Llama 3 8B does not lose it at "
            "4,096 tokens, nor does training with the same compiler, and one shape took 691 ms "
            "for Llama 2 on the first and 547 ms for Llama 3 on the second release. Why is not "
            "documented, and no constant of a system can follow that: the first token of long "
            "prompts is not to be trusted for them.",
        ),
        Section("H100 inference, full memory", tuple(serving_rows(H100_SERVING))),
        Section(
            "Collectives",
            tuple(collective_rows()),
            "start, handshake, rate of a device, hops of Trainium",
        ),
    ]


def table() -> dict[str, list[Row]]:
    """Every published figure, by group."""
    return {section.name: list(section.rows) for section in sections()}


def training_rows(runs: Iterable[Run]) -> list[Row]:
    """One row for each run."""
    return [_training_row(run) for run in runs]


def memory_rows(rows: Iterable[MeasuredMemory] = MEMORY) -> list[Row]:
    """Three rows for each model of the published figure."""
    return [row for measured in rows for row in _memory_rows(measured)]


def layer_rows(layers: Iterable[MeasuredLayer] = A100_LAYERS) -> list[Row]:
    """Two rows for each layer: forward, and backward with what is computed again."""
    return [row for measured in layers for row in _layer_rows(measured)]


def collective_rows() -> list[Row]:
    """All-reduce of two ranks, a hop inside a server, a write between two: timed schedules."""
    return [*all_reduce_rows(ALL_REDUCE_US), _hop_row(), _rdma_row()]


def all_reduce_rows(measured_us: Iterable[tuple[float, float]]) -> list[Row]:
    """All-reduce of the two ranks of a chip, by the documented algorithm of each size.

    Args:
        measured_us: bytes of the tensor, and microseconds
    """
    return [_all_reduce_row(size, published) for size, published in measured_us]


def _all_reduce_row(size: float, published_us: float) -> Row:
    plan = collective("all_reduce", documented("all_reduce", 2, size, chips=1), 2)
    found_us = time(plan, machine("trn1", 16), size).total_s * 1e6
    doubt = "the platform is not stated; taken as Trainium1"
    workload = f"all_reduce, 2 ranks, {size:,.0f} B"
    return Row(workload, "time, us", published_us, found_us, NCCOM, doubt)


def _hop_row() -> Row:
    """A ring of four chips takes two hops more than one of two."""
    server = machine("trn2", 16)
    chip = server.system.devices_per_chip
    longer, shorter = (
        time(collective("all_gather", "ring", ranks), server, 8, [chip * i for i in range(ranks)])
        for ranks in (4, 2)
    )
    hop_us = (longer.total_s - shorter.total_s) / 2 * 1e6
    doubt = "the middle of 1 to 2 us"
    return Row("hop of a ring, Trn2", "time, us", HOP_US, hop_us, COLLECTIVES, doubt)


def _rdma_row() -> Row:
    """Eight bytes from one server's memory to another's, without the start of a collective."""
    servers = machine("trn2", 32)
    there = servers.system.chips_per_server * servers.system.devices_per_chip
    sent = time(collective("permute", "mesh", 2), servers, 8, [0, there])
    seconds = sent.total_s - servers.system.collectives.start_s
    return Row(
        "write between two servers, Trn2", "time, us", RDMA_US, seconds * 1e6, COLLECTIVES, ""
    )


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
    workload = f"{run.model.name}, {run.chips:,} chips of {run.system}"
    if run.sequence > 2048:
        workload += f", {run.sequence:,} tokens"
    if run.dtype not in ("bfloat16", "float16"):
        workload += f", {run.dtype}"
    if run.plan.recompute != "none":
        workload += f", recompute {run.plan.recompute}"
    if run.step_s is not None:
        figures = ("step, s", run.step_s, found.step_s)
    elif run.mfu is not None:
        figures = ("MFU, %", 100 * run.mfu, 100 * found.mfu_counting(run.attention))
    else:
        assert run.tokens_per_s_chip is not None
        rate = found.tokens_per_s / run.chips
        figures = ("tokens/s of a chip", run.tokens_per_s_chip, rate)
    return Row(workload, *figures, run.source, run.assumed)


def _layer_rows(measured: MeasuredLayer) -> list[Row]:
    network = MEGATRON_MODELS[measured.model]
    (_, layer) = network.groups[0]
    timed = layer_time(
        find_system("a100-80gb"),
        network,
        layer,
        columns([measured.plan], measured.micro_batch),
        np.full(1, float(measured.sequence)),
        number_format("float16"),
    )
    forward, backward, again = (1e3 * float(total(part.values())[0]) for part in timed[:3])
    spread = ", sequence parallel" if measured.plan.sequence_parallel else ""
    workload = f"layer of {measured.model}, recompute {measured.plan.recompute}{spread}"
    return [
        Row(workload, "forward, ms", measured.forward_ms, forward, measured.source, ""),
        Row(workload, "backward, ms", measured.backward_ms, backward + again, measured.source, ""),
    ]


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

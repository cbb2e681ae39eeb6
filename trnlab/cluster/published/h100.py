"""Runs of H100 and B200: Llama 3's own, and NVIDIA's table of recipes."""

from __future__ import annotations

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import Transformer, model

from .records import Run
from .shapes import MEGATRON_MODELS, gpt

FP8 = "float8"
LLAMA3 = "arXiv 2407.21783, Table 4"
NEMO = "NVIDIA Megatron-Bridge, performance summary, container 25.11"
NEMO_2024 = "NVIDIA NeMo, docs/source/performance/performance_summary.md, container 24.07"
NEMO_2026 = "NVIDIA Megatron-Bridge, performance summary, container 26.02"


def _llama3(chips: int, cp: int, dp: int, sequence: int, batch: int, mfu: float) -> Run:
    return Run(
        model=model("llama-3.1-405b"),
        system="h100",
        chips=chips,
        plan=Plan(tp=8, cp=cp, pp=16, dp=dp, virtual_stages=8, zero=2, recompute="none"),
        global_batch=batch * dp,
        micro_batch=1,
        sequence=sequence,
        mfu=mfu,
        source=LLAMA3,
        attention="causal",
        assumed="eight virtual stages, one layer each",
    )


H100_RUNS = (
    _llama3(8192, 1, 64, 8192, 32, 0.43),
    _llama3(16384, 1, 128, 8192, 16, 0.41),
    _llama3(16384, 16, 8, 131_072, 16, 0.38),
)


def nemo(
    which: str | Transformer,
    system: str,
    chips: int,
    plan: Plan,
    batch: int,
    micro: int,
    sequence: int,
    dtype: str,
    tokens: float,
    source: str = NEMO,
    assumed: str = "nothing is recomputed",
) -> Run:
    """A row of one of NVIDIA's tables."""
    return Run(
        model=model(which),
        system=system,
        chips=chips,
        plan=plan,
        global_batch=batch,
        micro_batch=micro,
        sequence=sequence,
        dtype=dtype,
        tokens_per_s_chip=tokens,
        source=source,
        assumed=assumed,
    )


def split(
    tp: int,
    pp: int,
    cp: int,
    dp: int,
    *,
    ep: int = 1,
    virtual: int = 1,
    zero: int = 1,
    fused: bool = True,
) -> Plan:
    """A plan that recomputes nothing."""
    return Plan(
        tp=tp,
        pp=pp,
        cp=cp,
        dp=dp,
        ep=ep,
        virtual_stages=virtual,
        zero=zero,
        recompute="none",
        fused_attention=fused,
    )


_SHARDED = split(1, 1, 1, 8, zero=3)
NEMO_RUNS = (
    nemo("llama-3.1-8b", "h100", 8, _SHARDED, 128, 1, 8192, FP8, 14_451),
    nemo("llama-3.1-70b", "h100", 64, split(4, 8, 1, 2, virtual=5), 128, 1, 8192, FP8, 1602),
    nemo("llama-3.1-405b", "h100", 1024, split(8, 8, 2, 8, virtual=8), 512, 1, 8192, FP8, 292),
    nemo("llama-3.1-8b", "b200", 8, split(1, 1, 1, 8), 128, 2, 8192, FP8, 30_624),
    nemo("llama-3.1-405b", "b200", 128, split(4, 8, 2, 2, virtual=8), 64, 1, 8192, FP8, 661),
)

NEMO_2024_RUNS = (
    nemo(
        gpt("GPT3-5B", 24, 4096, 32),
        "h100",
        64,
        split(1, 1, 1, 64),
        2048,
        4,
        2048,
        FP8,
        22_521,
        NEMO_2024,
    ),
    nemo(
        gpt("GPT3-20B", 44, 6144, 48),
        "h100",
        64,
        split(2, 1, 1, 32),
        256,
        2,
        2048,
        FP8,
        5851,
        NEMO_2024,
    ),
    nemo(
        MEGATRON_MODELS["175B"],
        "h100",
        128,
        split(4, 8, 1, 4, virtual=6),
        256,
        1,
        2048,
        FP8,
        726,
        NEMO_2024,
    ),
    nemo(
        MEGATRON_MODELS["175B"],
        "h100",
        512,
        split(4, 8, 1, 16, virtual=6),
        2048,
        2,
        2048,
        FP8,
        782,
        NEMO_2024,
    ),
    nemo("llama-2-7b", "h100", 8, split(1, 1, 1, 8), 128, 1, 4096, FP8, 16_847, NEMO_2024),
    nemo(
        "llama-2-13b", "h100", 16, split(1, 4, 1, 4, virtual=10), 128, 1, 4096, FP8, 8646, NEMO_2024
    ),
    nemo(
        "llama-2-70b", "h100", 64, split(4, 4, 1, 4, virtual=20), 128, 1, 4096, FP8, 1707, NEMO_2024
    ),
    nemo("llama-3.1-8b", "h100", 8, split(1, 1, 2, 4), 128, 1, 8192, FP8, 12_036, NEMO_2024),
    nemo(
        "llama-3.1-70b",
        "h100",
        64,
        split(4, 4, 2, 2, virtual=5),
        128,
        1,
        8192,
        FP8,
        1533,
        NEMO_2024,
    ),
)
NEMO_2026_RUNS = (
    nemo(
        "llama-3.1-70b",
        "h100",
        64,
        split(4, 8, 1, 2, virtual=5),
        256,
        1,
        8192,
        FP8,
        1621,
        NEMO_2026,
    ),
    nemo(
        "llama-3.1-405b",
        "h100",
        1024,
        split(8, 8, 2, 8, virtual=8),
        1536,
        1,
        8192,
        FP8,
        311,
        NEMO_2026,
    ),
)

"""Runs of H100 and B200: Llama 3's own, and NVIDIA's table of recipes."""

from __future__ import annotations

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import model

from .records import Run

LLAMA3 = "arXiv 2407.21783, Table 4"
NEMO = "NVIDIA Megatron-Bridge, performance summary, container 25.11"


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


def _nemo(
    name: str,
    system: str,
    chips: int,
    plan: Plan,
    batch: int,
    micro: int,
    sequence: int,
    dtype: str,
    tokens: float,
) -> Run:
    return Run(
        model=model(name),
        system=system,
        chips=chips,
        plan=plan,
        global_batch=batch,
        micro_batch=micro,
        sequence=sequence,
        dtype=dtype,
        tokens_per_s_chip=tokens,
        source=NEMO,
        assumed="nothing is recomputed",
    )


def _plan(
    tp: int, pp: int, cp: int, dp: int, *, ep: int = 1, virtual: int = 1, zero: int = 1
) -> Plan:
    return Plan(
        tp=tp, pp=pp, cp=cp, dp=dp, ep=ep, virtual_stages=virtual, zero=zero, recompute="none"
    )


_SHARDED = _plan(1, 1, 1, 8, zero=3)
NEMO_RUNS = (
    _nemo("llama-3.1-8b", "h100", 8, _SHARDED, 128, 1, 8192, "float8", 14_451),
    _nemo("llama-3.1-70b", "h100", 64, _plan(4, 8, 1, 2, virtual=5), 128, 1, 8192, "float8", 1602),
    _nemo(
        "llama-3.1-405b", "h100", 1024, _plan(8, 8, 2, 8, virtual=8), 512, 1, 8192, "float8", 292
    ),
    _nemo("llama-3.1-8b", "b200", 8, _plan(1, 1, 1, 8), 128, 2, 8192, "float8", 30_624),
    _nemo("llama-3.1-405b", "b200", 128, _plan(4, 8, 2, 2, virtual=8), 64, 1, 8192, "float8", 661),
)

NEMO_MIXTURE_RUNS = (
    _nemo(
        "qwen3-235b-a22b",
        "h100",
        256,
        _plan(2, 8, 1, 16, ep=32, virtual=4),
        8192,
        1,
        4096,
        "float8",
        1575,
    ),
    _nemo("gpt-oss-120b", "h100", 64, _plan(1, 4, 1, 16, ep=8), 512, 4, 4096, "bfloat16", 5630),
    _nemo(
        "qwen3-235b-a22b",
        "b200",
        64,
        _plan(1, 8, 1, 8, ep=8, virtual=2),
        1024,
        1,
        4096,
        "mxfp8",
        3269,
    ),
    _nemo("qwen3-30b-a3b", "b200", 8, _plan(1, 1, 1, 8, ep=8), 512, 1, 4096, "mxfp8", 9299),
)

"""Runs of Google's recipes on Ironwood, Trillium and TPU v5p, 2025 and 2026.

Weights are sharded over all chips; MaxText computes most of a layer again. What a recipe keeps of
it (attention, or its inputs) differs, and a plan here has one way: all is computed again.
"""

from __future__ import annotations

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import model

from .records import Run

RECIPES = "github.com/AI-Hypercomputer/tpu-recipes, training/"
TIERS = "MaxText, optimized models tiering"
KEPT = "all is computed again; the recipe keeps a part"
BATCH = "the batch; all is computed again"
BF16, FP8 = "bfloat16", "float8"
L8, L70, L405 = "llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b"


def _run(
    system: str,
    name: str,
    chips: int,
    batch: int,
    sequence: int,
    tokens: float,
    dtype: str = BF16,
    cp: int = 1,
    source: str = "",
    assumed: str = KEPT,
) -> Run:
    ranks = chips // cp
    return Run(
        model=model(name),
        system=system,
        chips=chips,
        plan=Plan(dp=ranks, cp=cp, zero=3, recompute="full"),
        global_batch=batch,
        micro_batch=batch // ranks,
        sequence=sequence,
        dtype=dtype,
        tokens_per_s_chip=tokens,
        source=source,
        assumed=assumed,
    )


def _ironwood(
    name: str, chips: int, batch: int, sequence: int, tokens: float, dtype: str = BF16, cp: int = 1
) -> Run:
    return _run(
        "ironwood", name, chips, batch, sequence, tokens, dtype, cp, f"{RECIPES}ironwood/README.md"
    )


def _trillium(name: str, chips: int, each: int, tokens: float, sequence: int = 8192) -> Run:
    """`each` sequences on a chip."""
    return _run("tpu-v6e", name, chips, each * chips, sequence, tokens, source=f"{RECIPES}trillium")


IRONWOOD_RUNS = (
    _ironwood(L70, 64, 256, 8192, 2686.98),
    _ironwood(L70, 256, 64, 131_072, 963.03, cp=4),
)
IRONWOOD_OTHER_RUNS = (
    _ironwood(L405, 256, 1536, 8192, 499.77),
    _ironwood(L405, 256, 1536, 8192, 763.54, FP8),
    _ironwood(L70, 64, 256, 8192, 4127.56, FP8),
    _ironwood(L70, 256, 1024, 8192, 2670.55),
    _ironwood(L70, 256, 1024, 8192, 4121.02, FP8),
    _ironwood(L70, 256, 64, 131_072, 1087.99, FP8, cp=4),
)
TPU_MIXTURE_RUNS = (
    _ironwood("deepseek-v3", 128, 2048, 4096, 2425.75),
    _ironwood("qwen3-235b-a22b", 256, 8192, 4096, 4245.89),
)
TPU_OTHER_MIXTURE_RUNS = (
    _ironwood("deepseek-v3", 256, 4096, 4096, 2446.25),
    _ironwood("deepseek-v3", 128, 2048, 4096, 2917.15, FP8),
    _ironwood("deepseek-v3", 256, 4096, 4096, 2968.49, FP8),
    _ironwood("qwen3-235b-a22b", 256, 8192, 4096, 4736.72, FP8),
    _ironwood("gpt-oss-120b", 64, 1280, 8192, 10_975.31),
    _ironwood("gpt-oss-120b", 256, 5120, 8192, 10_810.77),
    _run("tpu-v5p", "mixtral-8x7b", 256, 2048, 4096, 2909, source=TIERS, assumed=BATCH),
    _run("tpu-v5p", "deepseek-v3", 512, 3072, 8192, 542.108, source=f"{RECIPES}v5p"),
)
TRILLIUM_RUNS = (_trillium(L8, 8, 3, 7138.89), _trillium(L70, 32, 2, 920.965))
TRILLIUM_OTHER_RUNS = (
    _trillium(L8, 16, 3, 7243.378),
    _trillium(L8, 32, 3, 7031.689),
    _trillium(L8, 64, 5, 7247.111),
    _trillium(L8, 128, 4, 7119.648),
    _trillium(L8, 256, 4, 7207.336),
    _trillium(L70, 64, 2, 876.736),
    _trillium(L70, 128, 4, 941.976),
    _trillium(L70, 256, 5, 960.248),
    _trillium("llama-2-70b", 256, 2, 905.021, 4096),
    _trillium(L405, 512, 1, 149.482),
    _trillium("mistral-7b", 8, 6, 7776.813),
)
V5P_RECIPE_RUNS = (
    _run("tpu-v5p", L405, 512, 1024, 8192, 124.618, source=f"{RECIPES}v5p", assumed=BATCH),
    _run("tpu-v5p", "llama-2-70b", 512, 2048, 4096, 692, source=TIERS, assumed=BATCH),
)

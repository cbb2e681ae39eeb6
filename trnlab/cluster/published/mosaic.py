"""Runs of MosaicML's MPT models on A100 and H100: PyTorch's sharded training, BF16, 2023."""

from __future__ import annotations

from dataclasses import replace

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import Transformer

from .records import Run
from .shapes import gpt

SOURCE = "github.com/mosaicml/llm-foundry, scripts/train/benchmarking/README.md"
NETWORK = "the network between servers"
_SHAPES = {  # layers, width, heads
    "1b": (24, 2048, 16),
    "3b": (32, 2560, 20),
    "7b": (32, 4096, 32),
    "13b": (40, 5120, 40),
    "30b": (48, 7168, 56),
    "70b": (80, 8192, 64),
}


def mpt(name: str, sequence: int) -> Transformer:
    """GPT-3's layer without dropout; as many position vectors as tokens."""
    layers, width, heads = _SHAPES[name]
    built = gpt(f"MPT-{name}", layers, width, heads, 50_368)
    return replace(built, has_dropout=False, positions=sequence, source=SOURCE)


def _run(
    system: str,
    name: str,
    sequence: int,
    chips: int,
    micro: int,
    batch: int,
    again: str,
    mfu: float,
) -> Run:
    return Run(
        model=mpt(name, sequence),
        system=system,
        chips=chips,
        plan=Plan(dp=chips, zero=3, recompute=again),
        global_batch=batch,
        micro_batch=micro,
        sequence=sequence,
        mfu=mfu / 100,
        source=SOURCE,
        assumed=NETWORK if chips > 8 else "",
    )


A, H = "a100-80gb", "h100"
MOSAIC_RUNS = (
    _run(A, "70b", 2048, 64, 8, 2048, "full", 53.33),
    _run(A, "70b", 2048, 32, 2, 1024, "full", 48.56),
    _run(A, "30b", 8192, 8, 1, 168, "full", 39.38),
    _run(A, "30b", 4096, 8, 1, 168, "full", 51.37),
    _run(A, "30b", 2048, 8, 3, 504, "full", 55.30),
    _run(A, "13b", 32_768, 8, 1, 24, "full", 51.69),
    _run(A, "13b", 8192, 8, 5, 120, "full", 56.07),
    _run(A, "13b", 4096, 8, 10, 240, "full", 57.62),
    _run(A, "13b", 2048, 8, 2, 48, "none", 59.57),
    _run(A, "7b", 8192, 8, 8, 128, "full", 54.47),
    _run(A, "7b", 4096, 8, 16, 256, "full", 54.84),
    _run(A, "7b", 2048, 8, 6, 96, "none", 64.23),
    _run(A, "3b", 2048, 8, 10, 160, "none", 62.11),
    _run(A, "1b", 2048, 8, 14, 448, "none", 59.86),
    _run(H, "70b", 2048, 64, 8, 2048, "full", 42.57),
    _run(H, "70b", 2048, 32, 2, 1024, "full", 36.15),
    _run(H, "30b", 8192, 8, 1, 168, "full", 29.92),
    _run(H, "30b", 4096, 8, 1, 168, "full", 35.86),
    _run(H, "30b", 2048, 32, 14, 1344, "full", 43.92),
    _run(H, "30b", 2048, 8, 3, 504, "full", 38.11),
    _run(H, "13b", 32_768, 8, 1, 24, "full", 31.68),
    _run(H, "13b", 4096, 8, 10, 240, "full", 41.60),
    _run(H, "13b", 2048, 64, 2, 128, "none", 39.86),
    _run(H, "13b", 2048, 8, 2, 16, "none", 39.79),
    _run(H, "7b", 8192, 8, 8, 128, "full", 37.14),
    _run(H, "7b", 4096, 8, 16, 256, "full", 40.42),
    _run(H, "7b", 2048, 8, 6, 48, "none", 46.44),
    _run(H, "3b", 2048, 64, 6, 1152, "none", 40.80),
    _run(H, "1b", 2048, 8, 14, 112, "none", 41.82),
)

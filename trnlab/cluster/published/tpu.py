"""Runs of MaxText on TPU v5p and v5e, and of PaLM on TPU v4."""

from __future__ import annotations

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import Transformer

from .records import Run
from .shapes import MAXTEXT, PALM, maxtext, palm_540b

MAXTEXT_V5E = "github.com/AI-Hypercomputer/maxtext, configs of TPU v5e"

_MAXTEXT_ASSUMED = {
    ("tpu-v5p", "1024B"): "another table of the same repository has 64.05 % on 1,024 chips",
    ("tpu-v5p", "1160B"): "149 layers of the 1024B recipe",
    ("tpu-v5e", "128B"): "all is recomputed; the recipe keeps four of seven products",
}


def _tpu(
    built: Transformer, system: str, chips: int, tp: int, batch: int, recompute: str, mfu: float
) -> Run:
    """A MaxText run: FSDP over what tensor parallelism leaves, one micro-batch a step."""
    return Run(
        model=built,
        system=system,
        chips=chips,
        plan=Plan(tp=tp, dp=chips // tp, zero=3, recompute=recompute),
        global_batch=batch * chips,
        micro_batch=batch * tp,
        sequence=2048,
        mfu=mfu / 100,
        source=MAXTEXT if system == "tpu-v5p" else MAXTEXT_V5E,
        assumed=_MAXTEXT_ASSUMED.get((system, built.name), ""),
    )


_512B = maxtext("512B", 128, 16384, 128, 57344)
_1160B = maxtext("1160B", 149, 16384, 256, 114688)
V5P_RUNS = (
    _tpu(maxtext("64B", 64, 8192, 64, 28672), "tpu-v5p", 64, 4, 3, "selective", 70.31),
    _tpu(maxtext("128B", 64, 8192, 128, 57344), "tpu-v5p", 128, 8, 1, "selective", 68.68),
    _tpu(maxtext("256B", 64, 16384, 128, 57344), "tpu-v5p", 512, 8, 1, "selective", 68.82),
    _tpu(_512B, "tpu-v5p", 512, 8, 2, "full", 63.99),
    _tpu(_1160B, "tpu-v5p", 3840, 16, 2, "full", 64.27),
    _tpu(_1160B, "tpu-v5p", 6144, 16, 2, "full", 66.23),
)

V5E_RUNS = (
    _tpu(maxtext("16B", 32, 4096, 32, 14336), "tpu-v5e", 256, 1, 6, "full", 61.10),
    _tpu(maxtext("32B", 32, 4096, 64, 28672), "tpu-v5e", 256, 1, 4, "full", 66.86),
    _tpu(maxtext("64B", 64, 8192, 64, 28672), "tpu-v5e", 256, 1, 2, "full", 59.90),
    _tpu(maxtext("128B", 64, 8192, 128, 57344), "tpu-v5e", 256, 16, 1, "full", 56.06),
)


_1024B = maxtext("1024B", 128, 16384, 256, 114688)
V5P_OTHER_RUNS = (
    _tpu(maxtext("32B", 32, 4096, 64, 28672), "tpu-v5p", 64, 4, 7, "selective", 71.47),
    _tpu(maxtext("128B", 64, 8192, 128, 57344), "tpu-v5p", 256, 8, 1, "selective", 68.83),
    _tpu(_1024B, "tpu-v5p", 1024, 8, 2, "full", 55.35),
    _tpu(_1024B, "tpu-v5p", 2048, 8, 2, "full", 64.80),
)


def _pods(pods: int, *mfu: float) -> list[Run]:
    """The same four runs on several pods: more data-parallel ranks."""
    chips = 256 * pods
    runs = []
    for one, percent in zip(V5E_RUNS, mfu, strict=True):
        tp, batch = one.plan.tp, one.global_batch // one.chips
        runs.append(_tpu(one.model, "tpu-v5e", chips, tp, batch, "full", percent))
    return runs


V5E_POD_RUNS = (
    *_pods(2, 59.37, 64.81, 56.66, 55.82),
    *_pods(4, 59.14, 64.10, 55.85, 54.93),
    *_pods(8, 58.27, 63.67, 54.96, 52.93),
    *_pods(16, 56.56, 62.26, 53.29, 50.86),
    *_pods(32, 54.65, 60.40, 50.18, 46.25),
)

V4_RUNS = (
    Run(
        model=palm_540b(),
        system="tpu-v4",
        chips=6144,
        plan=Plan(tp=12, dp=512, zero=3, recompute="full"),
        global_batch=2048,
        micro_batch=4,
        sequence=2048,
        mfu=0.462,
        source=PALM,
        assumed="weights are sharded over both pods; the run kept a copy in each",
    ),
)

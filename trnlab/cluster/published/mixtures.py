"""Runs of mixtures of experts on H100 and B200.

A table of one release and the next may differ by a factor of two on the same GPUs: Qwen3 30B on 16
H100 has 10,494, 5,275 and 5,113 tokens/s for each GPU in three of them.
"""

from __future__ import annotations

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import model

from .h100 import FP8, NEMO, NEMO_2026, nemo, split
from .records import Run

BF16 = "bfloat16"
MXFP8 = "mxfp8"
AUTOMODEL = "NVIDIA NeMo Automodel, docs/performance-summary.md"
NEMO_2025 = "NVIDIA Megatron-Bridge, performance summary, container 25.09"
MCORE = "NVIDIA Megatron-LM, megatron/core/transformer/moe/README.md (v0.9)"
GPU_HOURS_OF_1E12_TOKENS = 180_000
H100_PEAK_TFLOPS = 989.4  # of one GPU in BF16
_NOT_FUSED = "attention with sinks is not fused, as by TransformerEngine with cuDNN before 9.13.1"
_STAGES = "nine stages of seven slots for 61 layers, and as many more GPUs"
_EXPERTS = "experts spread over all GPUs"

QWEN_30B, QWEN_235B = "qwen3-30b-a3b", "qwen3-235b-a22b"
OSS_20B, OSS_120B, DEEPSEEK = "gpt-oss-20b", "gpt-oss-120b", "deepseek-v3"
_HOPPER_30B = split(1, 2, 1, 8, ep=8, virtual=12)
_HOPPER_235B = split(2, 8, 1, 16, ep=32, virtual=4)
_HOPPER_OSS = split(1, 4, 1, 16, ep=8, fused=False)
_HOPPER_DEEPSEEK = split(2, 9, 1, 64, ep=64, virtual=7)
_ONE_SERVER = split(1, 1, 1, 8, ep=8)

HOST_RUNS = (nemo(QWEN_30B, "b200", 8, _ONE_SERVER, 512, 1, 4096, MXFP8, 9299),)

MIXTURE_RUNS = (
    Run(
        model=model("mixtral-8x7b"),
        system="h100",
        chips=64,
        plan=split(1, 4, 1, 16, ep=8, virtual=8),
        global_batch=256,
        micro_batch=1,
        sequence=4096,
        mfu=468 / H100_PEAK_TFLOPS,
        source=MCORE,
    ),
    nemo(QWEN_30B, "h100", 8, _ONE_SERVER, 512, 4, 4096, BF16, 12_040, AUTOMODEL),
    nemo(OSS_20B, "h100", 8, _ONE_SERVER, 256, 2, 4096, BF16, 13_058, AUTOMODEL, _EXPERTS),
    nemo(
        OSS_120B,
        "h100",
        64,
        split(1, 1, 1, 64, ep=64),
        512,
        2,
        4096,
        BF16,
        7626,
        AUTOMODEL,
        _EXPERTS,
    ),
    nemo(
        DEEPSEEK,
        "h100",
        1152,
        split(1, 9, 1, 128, ep=64, virtual=7),
        9216,
        1,
        4096,
        BF16,
        865,
        AUTOMODEL,
        _STAGES,
    ),
    Run(
        model=model(DEEPSEEK),
        system="h100",
        chips=2304,
        plan=Plan(pp=9, dp=256, ep=64, schedule="zero-bubble"),
        global_batch=15_360,
        micro_batch=1,
        sequence=4096,
        dtype=FP8,
        tokens_per_s_chip=1e12 / (GPU_HOURS_OF_1E12_TOKENS * 3600),
        source="arXiv 2412.19437, Table 1 and section 3",
        assumed=f"H800, its slower NVLink left out; {_STAGES}; DualPipe as zero bubble, which "
        "does not hide exchanges",
    ),
    nemo(DEEPSEEK, "h100", 1152, _HOPPER_DEEPSEEK, 9216, 1, 4096, FP8, 1297, NEMO_2025, _STAGES),
    nemo(QWEN_235B, "h100", 256, _HOPPER_235B, 2048, 1, 4096, FP8, 1575),
    nemo(QWEN_235B, "h100", 256, _HOPPER_235B, 8192, 1, 4096, FP8, 1633, NEMO_2026),
    nemo(QWEN_30B, "h100", 16, _HOPPER_30B, 1024, 1, 4096, FP8, 5113, NEMO_2026),
    nemo(OSS_120B, "h100", 64, _HOPPER_OSS, 512, 4, 4096, BF16, 5630, NEMO, _NOT_FUSED),
    nemo(OSS_120B, "h100", 64, _HOPPER_OSS, 1280, 1, 4096, BF16, 5993, NEMO_2026, _NOT_FUSED),
    nemo(
        OSS_120B,
        "b200",
        64,
        split(1, 1, 1, 64, ep=8, fused=False),
        512,
        4,
        4096,
        BF16,
        8213,
        NEMO,
        _NOT_FUSED,
    ),
    nemo(
        OSS_120B,
        "b200",
        64,
        split(1, 1, 1, 64, ep=64, fused=False),
        1280,
        4,
        4096,
        BF16,
        8047,
        NEMO_2026,
        _NOT_FUSED,
    ),
    nemo(QWEN_30B, "b200", 8, _ONE_SERVER, 512, 1, 4096, MXFP8, 9691, NEMO_2026),
    nemo(QWEN_235B, "b200", 64, split(1, 8, 1, 8, ep=8, virtual=2), 1024, 1, 4096, MXFP8, 3269),
    nemo(QWEN_235B, "b200", 256, split(1, 8, 1, 32, ep=8), 8192, 1, 4096, MXFP8, 3805, NEMO_2026),
    nemo(
        DEEPSEEK,
        "b200",
        288,
        split(1, 9, 1, 32, ep=8),
        4608,
        1,
        4096,
        MXFP8,
        2689,
        NEMO_2026,
        _STAGES,
    ),
)

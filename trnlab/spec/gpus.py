"""Published GPUs, to compare with and to check the cluster model against."""

from __future__ import annotations

from .accelerator import Accelerator
from .fact import Assumption, Reading

GIB = 2**30

A100_SHEET = "NVIDIA A100 Tensor Core GPU data sheet (80GB SXM)"
H100_SHEET = "NVIDIA H100 Tensor Core GPU data sheet (SXM5)"
B200_SHEET = "NVIDIA Blackwell architecture brief (HGX B200)"
FITTED = "eight runs of arXiv 2205.05198, Table 5"


def rates(why: str) -> dict[str, Assumption]:
    """The constants of a device that no data sheet gives."""
    return {
        "matmul_rate": Assumption(low=0.5, high=1.0, why=why),
        "attention_rate": Assumption(low=0.2, high=0.95, why=why),
        "hbm_rate": Assumption(low=0.5, high=1.0, why=why),
        "launch_s": Assumption(low=0.0, high=2e-5, why=why),
        "tile_rows": Assumption(low=64, high=512, why="Libraries choose among several tiles."),
        "tile_columns": Assumption(low=64, high=512, why="Libraries choose among several tiles."),
    }


A100 = Accelerator(
    source=A100_SHEET,
    name="a100",
    product="NVIDIA A100 80GB SXM",
    flops_per_s={"bfloat16": 312e12, "float16": 312e12, "tfloat32": 156e12, "float32": 19.5e12},
    hbm_bytes_per_s=2.039e12,
    hbm_capacity_bytes=80 * GIB,
    units=108,
    tile_rows=256,
    tile_columns=128,
    matmul_rate=0.79,
    attention_rate=0.60,
    hbm_rate=0.80,
    launch_s=4e-6,
    assumed=rates(f"One value for the device, chosen on {FITTED}."),
)

H100 = Accelerator(
    source=H100_SHEET,
    name="h100",
    product="NVIDIA H100 SXM",
    flops_per_s={
        "bfloat16": 989.4e12,
        "float16": 989.4e12,
        "float8": 1978.9e12,
        "tfloat32": 494.7e12,
        "float32": 66.9e12,
    },
    hbm_bytes_per_s=3.35e12,
    hbm_capacity_bytes=80 * GIB,
    units=132,
    tile_rows=256,
    tile_columns=128,
    matmul_rate=0.58,
    attention_rate=0.50,
    hbm_rate=0.85,
    launch_s=4e-6,
    assumed=rates("Power keeps the clock below the one of the data sheet; one value for all runs."),
)

B200 = Accelerator(
    source=B200_SHEET,
    name="b200",
    product="NVIDIA B200 (HGX)",
    flops_per_s={
        "bfloat16": 2250e12,
        "float16": 2250e12,
        "float8": 4500e12,
        "mxfp8": 4500e12,
        "mxfp4": 9000e12,
        "tfloat32": 1125e12,
        "float32": 75e12,
    },
    hbm_bytes_per_s=8e12,
    hbm_capacity_bytes=180 * GIB,
    units=148,
    tile_rows=256,
    tile_columns=256,
    matmul_rate=H100.matmul_rate,
    attention_rate=H100.attention_rate,
    hbm_rate=H100.hbm_rate,
    launch_s=H100.launch_s,
    conflicts={
        "hbm_bytes_per_s": (Reading(7.7e12, "NVIDIA HGX B200 data sheet"),),
        "hbm_capacity_bytes": (Reading(192e9, "NVIDIA Blackwell announcement, 2024"),),
    },
    assumed=rates("No run was used; the value of H100 is carried over."),
)

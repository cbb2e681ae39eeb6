"""Published TPUs, to compare with and to check the cluster model against."""

from __future__ import annotations

from .accelerator import Accelerator
from .fact import Assumption, Reading
from .gpus import rates

GIB = 2**30

V5E_PAGE = "Google Cloud documentation, TPU v5e"
V4_PAGE = "Google Cloud documentation, TPU v4"
V5P_PAGE = "Google Cloud documentation, TPU v5p"
IRONWOOD_PAGE = "Google Cloud documentation, TPU7x (Ironwood)"
V6E_PAGE = "Google Cloud documentation, TPU v6e (Trillium)"
MAXTEXT = "MaxText runs on TPU v5p"


def _rates(why: str) -> dict[str, Assumption]:
    gathers = "One value for all TPUs, chosen on two mixtures on Ironwood."
    return {**rates(why), "gather_rate": Assumption(low=0.1, high=1.0, why=gathers)}


V5P = Accelerator(
    source=V5P_PAGE,
    name="tpu-v5p",
    product="Google TPU v5p",
    flops_per_s={"bfloat16": 459e12, "int8": 918e12},
    hbm_bytes_per_s=2.765e12,
    hbm_capacity_bytes=95 * GIB,
    units=1,
    tile_rows=128,
    tile_columns=128,
    matmul_rate=0.86,
    attention_rate=0.60,
    hbm_rate=0.85,
    launch_s=1e-6,
    gather_rate=0.25,
    assumed=_rates(f"One value for the device, chosen on {MAXTEXT}."),
)

V5E = Accelerator(
    source=V5E_PAGE,
    name="tpu-v5e",
    product="Google TPU v5e",
    flops_per_s={"bfloat16": 197e12, "int8": 394e12},
    hbm_bytes_per_s=819e9,
    hbm_capacity_bytes=16 * GIB,
    units=1,
    tile_rows=128,
    tile_columns=128,
    matmul_rate=V5P.matmul_rate,
    attention_rate=V5P.attention_rate,
    hbm_rate=V5P.hbm_rate,
    launch_s=V5P.launch_s,
    gather_rate=V5P.gather_rate,
    assumed=_rates("The value of TPU v5p is carried over."),
)

V4 = Accelerator(
    source=V4_PAGE,
    name="tpu-v4",
    product="Google TPU v4",
    flops_per_s={"bfloat16": 275e12, "int8": 275e12},
    hbm_bytes_per_s=1.2288e12,
    hbm_capacity_bytes=32 * GIB,
    units=1,
    tile_rows=128,
    tile_columns=128,
    matmul_rate=V5P.matmul_rate,
    attention_rate=V5P.attention_rate,
    hbm_rate=V5P.hbm_rate,
    launch_s=V5P.launch_s,
    gather_rate=V5P.gather_rate,
    conflicts={"hbm_bytes_per_s": (Reading(1.2e12, "the same page, rounded"),)},
    assumed=_rates("The value of TPU v5p is carried over."),
)

IRONWOOD = Accelerator(
    source=IRONWOOD_PAGE,
    name="ironwood",
    product="Google TPU7x (Ironwood)",
    flops_per_s={"bfloat16": 2307e12, "float8": 4614e12},
    hbm_bytes_per_s=7.38e12,
    hbm_capacity_bytes=192 * GIB,
    units=2,
    tile_rows=256,
    tile_columns=256,
    matmul_rate=0.71,
    attention_rate=0.47,
    hbm_rate=V5P.hbm_rate,
    launch_s=V5P.launch_s,
    gather_rate=V5P.gather_rate,
    assumed=_rates("One value for the device, chosen on two of the published runs on it."),
)

V6E = Accelerator(
    source=V6E_PAGE,
    name="tpu-v6e",
    product="Google TPU v6e (Trillium)",
    flops_per_s={"bfloat16": 918e12, "int8": 1836e12},
    hbm_bytes_per_s=1.638e12,
    hbm_capacity_bytes=32 * GIB,
    units=2,
    tile_rows=256,
    tile_columns=256,
    matmul_rate=0.61,
    attention_rate=IRONWOOD.attention_rate,
    hbm_rate=V5P.hbm_rate,
    launch_s=V5P.launch_s,
    gather_rate=V5P.gather_rate,
    assumed=_rates("Products: chosen on two published runs; the rest is carried over."),
)

"""Runs and memory of A100 (80 GB): Megatron of 2022 and 2021, and PyTorch's sharded training."""

from __future__ import annotations

from dataclasses import replace

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import Transformer, model

from .records import MeasuredLayer, MeasuredMemory, Run
from .shapes import MEGATRON, MEGATRON_MODELS, gpt

MEGATRON_2021 = "arXiv 2104.04473, Table 2"
MEGATRON_WEAK = "arXiv 2104.04473, Table 1"
TORCHTITAN = "github.com/pytorch/torchtitan, docs/performance.md"


def _megatron(
    name: str, chips: int, pp: int, virtual: int, micro: int, full_s: float, selective_s: float
) -> list[Run]:
    """The two runs of one model: everything recomputed, or attention alone."""
    runs = []
    for recompute, step_s in (("full", full_s), ("selective", selective_s)):
        plan = Plan(
            tp=8,
            pp=pp,
            virtual_stages=virtual,
            zero=0,
            sequence_parallel=recompute == "selective",
            recompute=recompute,
            fused_attention=False,
        )
        runs.append(
            Run(
                model=MEGATRON_MODELS[name],
                system="a100-80gb",
                chips=chips,
                plan=plan,
                global_batch=4 if name == "22B" else chips,
                micro_batch=micro,
                sequence=2048,
                dtype="float16",
                step_s=step_s,
                source=MEGATRON,
            )
        )
    return runs


A100_RUNS = (
    *_megatron("22B", 8, 1, 1, 4, 1.42, 1.10),
    *_megatron("175B", 64, 8, 3, 1, 18.13, 13.75),
    *_megatron("530B", 280, 35, 3, 1, 49.05, 37.83),
    *_megatron("1T", 512, 64, 1, 1, 94.42, 71.49),
)

A100_PEAK_TFLOPS = 312  # of one GPU in 16 bits


def _megatron_2021(name: str, pp: int, chips: int, batch: int, tflops: float) -> Run:
    """A run of the year before; its TFLOP/s count the recomputed forward pass, a quarter."""
    return Run(
        model=MEGATRON_MODELS[name],
        system="a100-80gb",
        chips=chips,
        plan=Plan(
            tp=8,
            pp=pp,
            dp=chips // (8 * pp),
            zero=0,
            sequence_parallel=False,
            recompute="full",
            fused_attention=False,
            overlap=False,
        ),
        global_batch=batch,
        micro_batch=1,
        sequence=2048,
        dtype="float16",
        mfu=0.75 * tflops / A100_PEAK_TFLOPS,
        source=MEGATRON_2021,
    )


A100_2021_RUNS = (
    _megatron_2021("175B", 12, 384, 1536, 153),
    _megatron_2021("175B", 12, 768, 1536, 149),
    _megatron_2021("175B", 12, 1536, 1536, 141),
    _megatron_2021("530B", 35, 560, 2240, 171),
    _megatron_2021("530B", 35, 1120, 2240, 167),
    _megatron_2021("530B", 35, 2240, 2240, 159),
)


def _weak(
    name: str,
    layers: int,
    hidden: int,
    heads: int,
    tp: int,
    pp: int,
    chips: int,
    batch: int,
    t: int,
) -> Run:
    """A row of the weak scaling; its TFLOP/s count the recomputed forward pass, a quarter."""
    micro = 4 if pp == 1 else 1
    return Run(
        model=gpt(name, layers, hidden, heads),
        system="a100-80gb",
        chips=chips,
        plan=Plan(
            tp=tp,
            pp=pp,
            dp=chips // (tp * pp),
            zero=0,
            sequence_parallel=False,
            recompute="full",
            fused_attention=False,
            overlap=False,
        ),
        global_batch=batch,
        micro_batch=micro,
        sequence=2048,
        dtype="float16",
        mfu=0.75 * t / A100_PEAK_TFLOPS,
        source=MEGATRON_WEAK,
        assumed=f"micro-batch of {micro}"
        + (
            ""
            if pp == 1
            else ", no interleaving; the paper interleaves, and does not say how often"
        ),
    )


A100_WEAK_RUNS = (
    _weak("1.7B", 24, 2304, 24, 1, 1, 32, 512, 137),
    _weak("3.6B", 30, 3072, 32, 2, 1, 64, 512, 138),
    _weak("7.5B", 36, 4096, 32, 4, 1, 128, 512, 142),
    _weak("18B", 40, 6144, 48, 8, 1, 256, 1024, 135),
    _weak("39B", 48, 8192, 64, 8, 2, 512, 1536, 138),
    _weak("76B", 60, 10_240, 80, 8, 4, 1024, 1792, 140),
    _weak("146B", 80, 12_288, 96, 8, 8, 1536, 2304, 148),
    _weak("310B", 96, 16_384, 128, 8, 16, 1920, 2160, 155),
    _weak("530B", 105, 20_480, 128, 8, 35, 2520, 2520, 163),
    _weak("1008B", 128, 25_600, 160, 8, 64, 3072, 3072, 163),
)

A100_REPLICAS = (
    Run(
        model=MEGATRON_MODELS["530B"],
        system="a100-80gb",
        chips=2240,
        plan=Plan(
            tp=8,
            pp=35,
            dp=8,
            virtual_stages=3,
            zero=0,
            recompute="selective",
            fused_attention=False,
            overlap=False,
        ),
        global_batch=2240,
        micro_batch=1,
        sequence=2048,
        dtype="float16",
        step_s=39.15,
        source="arXiv 2205.05198, section 6.3",
    ),
)


def _torchtitan(built: Transformer, sequence: int, micro: int, again: str, tokens: float) -> Run:
    return Run(
        model=built,
        system="a100-80gb",
        chips=64,
        plan=Plan(dp=64, zero=3, recompute=again),
        global_batch=64 * micro,
        micro_batch=micro,
        sequence=sequence,
        tokens_per_s_chip=tokens,
        source=TORCHTITAN,
        assumed="the network, here 200 Gb/s for each GPU",
    )


A100_SHARDED_RUNS = (
    _torchtitan(model("llama-2-13b"), 4096, 2, "none", 2162),
    _torchtitan(model("llama-3.1-70b"), 8192, 1, "full", 331),
    _torchtitan(model("llama-2-70b"), 4096, 2, "full", 353),
)


def _layer(again: str, spread: bool, forward_ms: float, backward_ms: float) -> MeasuredLayer:
    plan = Plan(tp=8, zero=0, sequence_parallel=spread, recompute=again, fused_attention=False)
    return MeasuredLayer(
        model="22B",
        plan=plan,
        micro_batch=4,
        sequence=2048,
        forward_ms=forward_ms,
        backward_ms=backward_ms,
    )


A100_LAYERS = (
    _layer("none", False, 7.7, 11.9),
    _layer("none", True, 7.2, 11.8),
    _layer("full", False, 7.7, 19.5),
    _layer("selective", False, 7.7, 13.2),
    _layer("selective", True, 7.2, 13.1),
)

MEMORY = (
    MeasuredMemory(
        model="22B",
        chips=8,
        pp=1,
        virtual_stages=1,
        micro_batch=4,
        state_gib=45.56,
        activations_gib=59.25,
        reduced_gib=9.56,
    ),
    MeasuredMemory(
        model="175B",
        chips=64,
        pp=8,
        virtual_stages=3,
        micro_batch=1,
        state_gib=45.56,
        activations_gib=66.84,
        reduced_gib=12.35,
    ),
    MeasuredMemory(
        model="530B",
        chips=280,
        pp=35,
        virtual_stages=3,
        micro_batch=1,
        state_gib=31.64,
        activations_gib=114.02,
        reduced_gib=23.08,
    ),
    MeasuredMemory(
        model="1T",
        chips=512,
        pp=64,
        virtual_stages=1,
        micro_batch=1,
        state_gib=32.96,
        activations_gib=131.25,
        reduced_gib=26.56,
    ),
)


def _turing(replicas: int, step_s: float) -> Run:
    """Megatron-Turing NLG: pipelines that do not interleave, in DeepSpeed."""
    return Run(
        model=replace(MEGATRON_MODELS["530B"], name="MT-NLG 530B"),
        system="a100-80gb",
        chips=280 * replicas,
        plan=Plan(
            tp=8,
            pp=35,
            dp=replicas,
            zero=0,
            sequence_parallel=False,
            recompute="full",
            fused_attention=False,
        ),
        global_batch=1920,
        micro_batch=1,
        sequence=2048,
        step_s=step_s,
        source="arXiv 2201.11990, section 2.4",
    )


DEEPSPEED_RUNS = (_turing(8, 60.1), _turing(10, 50.2), _turing(12, 44.4))

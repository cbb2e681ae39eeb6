"""Training runs that others have measured and published, with what they say of their settings.

Recomputation, attention kernel and overlap are those of the published recipe. A setting that no
document gives is listed in `assumed`.
"""

from __future__ import annotations

from dataclasses import dataclass

from .degrees import Plan
from .models import Attention, Layer, Mlp, Transformer, model

MEGATRON = "arXiv 2205.05198, Table 5"
MAXTEXT = "github.com/AI-Hypercomputer/maxtext, configs of TPU v5p"
MAXTEXT_V5E = "github.com/AI-Hypercomputer/maxtext, configs of TPU v5e"
NEURON = "AWS Neuron benchmarks of Trn1; recipes of neuronx-distributed and neuronx-nemo-megatron"
MEGATRON_2021 = "arXiv 2104.04473, Table 2"
LLAMA3 = "arXiv 2407.21783, Table 4"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One measured run; exactly one of the two figures is its result."""

    model: Transformer
    system: str
    chips: int
    plan: Plan
    global_batch: int
    micro_batch: int
    sequence: int
    dtype: str = "bfloat16"
    step_s: float | None = None
    mfu: float | None = None
    source: str
    attention: str = "full"  # pairs of tokens that the source counts in its MFU
    assumed: str = ""  # settings that the source leaves out


def gpt(name: str, layers: int, hidden: int, heads: int, vocabulary: int = 51200) -> Transformer:
    """GPT-3's layer: biases, LayerNorm, dropout, a feed-forward network four times as wide."""
    width = hidden // heads
    attention = Attention(
        heads=heads,
        kv_heads=heads,
        head_dim=width,
        value_dim=width,
        has_qkv_bias=True,
        has_out_bias=True,
    )
    mlp = Mlp(inner=4 * hidden, is_gated=False, has_bias=True)
    layer = Layer(attention=attention, mlp=mlp, has_norm_bias=True)
    return Transformer(
        name=name,
        hidden=hidden,
        vocabulary=vocabulary,
        groups=((layers, layer),),
        is_tied=True,
        positions=2048,
        has_dropout=True,
        source=MEGATRON,
    )


def maxtext(name: str, layers: int, hidden: int, heads: int, inner: int) -> Transformer:
    """MaxText's default layer: gated, heads of 128, 32,000 words."""
    attention = Attention(heads=heads, kv_heads=heads, head_dim=128, value_dim=128)
    layer = Layer(attention=attention, mlp=Mlp(inner=inner))
    return Transformer(
        name=name, hidden=hidden, vocabulary=32000, groups=((layers, layer),), source=MAXTEXT
    )


MEGATRON_MODELS = {
    "22B": gpt("22B", 48, 6144, 64),
    "175B": gpt("175B", 96, 12288, 96),
    "530B": gpt("530B", 105, 20480, 128),
    "1T": gpt("1T", 128, 25600, 160),
}


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


_MAXTEXT_ASSUMED = {
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


def _trn1(
    built: Transformer, sequence: int, chips: int, plan: Plan, step_s: float, assumed: str = ""
) -> Run:
    return Run(
        model=built,
        system="trn1",
        chips=chips,
        plan=plan,
        global_batch=1024,
        micro_batch=1,
        sequence=sequence,
        step_s=step_s,
        source=NEURON,
        assumed=assumed,
    )


A100_RUNS = (
    *_megatron("22B", 8, 1, 1, 4, 1.42, 1.10),
    *_megatron("175B", 64, 8, 3, 1, 18.13, 13.75),
    *_megatron("530B", 280, 35, 3, 1, 49.05, 37.83),
    *_megatron("1T", 512, 64, 1, 1, 94.42, 71.49),
)

A100_PEAK_TFLOPS = 312


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

_NOT_FUSED = "the compiler's own attention"
TRN1_RUNS = (
    _trn1(
        model("llama-2-7b"), 4096, 256, Plan(tp=8, dp=64, overlap=False), 10.109, "flash attention"
    ),
    _trn1(
        model("llama-2-13b"),
        4096,
        512,
        Plan(tp=8, pp=4, dp=32, fused_attention=False, overlap=False),
        11.711,
        _NOT_FUSED,
    ),
    _trn1(
        model("llama-2-70b"),
        4096,
        512,
        Plan(tp=32, pp=8, dp=4, fused_attention=False, overlap=False),
        70.914,
        _NOT_FUSED,
    ),
    _trn1(model("llama-3.1-8b"), 8192, 512, Plan(tp=32, dp=32, overlap=False), 21.356),
    _trn1(
        gpt("GPT3-46B", 56, 8192, 64, 50304),
        2048,
        512,
        Plan(tp=8, pp=8, dp=16, zero=0, recompute="full", fused_attention=False, overlap=False),
        21.227,
        _NOT_FUSED,
    ),
)


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


@dataclass(frozen=True, kw_only=True)
class MeasuredMemory:
    """GiB of one GPU: weights, gradients and optimizer; activations two ways."""

    model: str
    chips: int
    pp: int
    virtual_stages: int
    micro_batch: int
    state_gib: float
    activations_gib: float  # nothing recomputed, tensor parallelism alone
    reduced_gib: float  # sequence parallelism and selective recomputation
    source: str = "arXiv 2205.05198, Figure 1"


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


@dataclass(frozen=True, kw_only=True)
class MeasuredRequest:
    """One request at a time."""

    model: str
    system: str
    chips: int
    plan: Plan
    prompt: int
    output: int
    ttft_s: float
    tpot_s: float
    source: str


REQUESTS = (
    MeasuredRequest(
        model="llama-3.3-70b",
        system="trn2",
        chips=16,
        plan=Plan(tp=64),
        prompt=10_000,
        output=1500,
        ttft_s=0.8142,
        tpot_s=0.0196,
        source="AWS Neuron benchmarks of Trn2, batch of one, BF16",
    ),
)

# Two ranks, FP32: tensor in bytes and microseconds; the platform is not stated.
ALL_REDUCE_US = ((1e3, 58), (64e3, 58), (2**20, 68), (2**24, 332), (2**28, 4750), (2**30, 18_930))
NCCOM = "tools/neuron-sys-tools/nccom-test.rst"

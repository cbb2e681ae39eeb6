"""Training on Trainium1, requests on Trainium1 and Trainium2, collectives: what AWS published."""

from __future__ import annotations

from dataclasses import replace

from trnlab.cluster.degrees import Plan
from trnlab.cluster.models import Transformer, model

from .records import MeasuredRequest, Run
from .shapes import gpt

NEURON = "AWS Neuron benchmarks of Trn1; recipes of neuronx-distributed and neuronx-nemo-megatron"
BENCHMARKS = "about-neuron/benchmarks/trn1/"
NXD = "libraries/nxd-inference/tutorials/"


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

_NEMO = Plan(tp=8, pp=4, dp=32, zero=0, recompute="full", fused_attention=False, overlap=False)
# Release 2.16. Its Llama rows name servers and replicas that do not fit together: left out.
TRN1_OTHER_RUNS = (
    _trn1(gpt("GPT3-23B", 28, 8192, 64, 50304), 2048, 512, _NEMO, 1024 / 102, _NOT_FUSED),
    _trn1(
        gpt("GPT3-175B", 96, 12_288, 96, 50304),
        2048,
        512,
        replace(_NEMO, tp=32, pp=8, dp=4),
        1024 / 13.3,
        _NOT_FUSED,
    ),
)

TRN1_LATER_RUNS = (
    Run(
        model=model("llama-3.1-70b"),
        system="trn1",
        chips=512,
        plan=Plan(tp=32, pp=8, dp=4, overlap=False),
        global_batch=1024,
        micro_batch=1,
        sequence=8192,
        step_s=1024 / 7.94,
        source=BENCHMARKS + "training_data_decoder.csv",
        assumed="flash attention",
    ),
)


def _trn1_request(
    name: str,
    batch: int,
    prompt: int,
    output: int,
    ttft_ms: float,
    tpot_ms: float | None,
    assumed: str = "the compiler's own attention",
) -> MeasuredRequest:
    """TP 32 on one server. The prompts of a batch were computed one by one: only one's is kept."""
    table = "latency" if batch == 1 else "throughput"
    return MeasuredRequest(
        model=name,
        system="trn1",
        chips=16,
        plan=Plan(tp=32, fused_attention=False),
        batch=batch,
        prompt=prompt,
        output=output,
        ttft_s=ttft_ms / 1e3 if batch == 1 else None,
        tpot_s=None if tpot_ms is None else tpot_ms / 1e3,
        source=f"{BENCHMARKS}{table}_data_decoder.csv",
        assumed=assumed,
    )


_INT8 = "the compiler's own attention; weights were stored in 8 bits, multiplied in BF16"


TRN1_REQUESTS = (
    _trn1_request("llama-2-7b", 1, 128, 8064, 13.32, 6.70),
    _trn1_request("llama-2-70b", 1, 128, 128, 53.91, 25.18),
    _trn1_request("llama-2-70b", 1, 128, 1024, 57.75, 25.45),
    _trn1_request("llama-2-70b", 1, 256, 256, 81.88, 25.27),
    _trn1_request("llama-2-70b", 1, 1024, 1024, 232.5, 26.04),
    _trn1_request("llama-2-70b", 1, 1024, 2048, 236.8, 26.62),
    _trn1_request("llama-2-70b", 1, 2048, 2048, 691.0, 26.85),
    _trn1_request("mistral-7b", 1, 8192, 8192, 1322.9, 9.89),
    _trn1_request("llama-3.1-8b", 1, 128, 3968, 14.75, None, _INT8),
    _trn1_request("llama-3.1-8b", 1, 128, 8064, 17.09, None, _INT8),
    _trn1_request("llama-3.1-8b", 1, 4096, 4096, 153.0, None, _INT8),
    _trn1_request("llama-3.1-70b", 1, 128, 128, 52.53, None),
    _trn1_request("llama-3.1-70b", 1, 128, 1024, 53.2, 24.48),
    _trn1_request("llama-3.1-70b", 1, 2048, 2048, 547.0, 26.20),
    _trn1_request("llama-2-7b", 8, 128, 8064, 66.4, 10.10),
    _trn1_request("llama-2-70b", 4, 128, 128, 156.8, 26.72),
    _trn1_request("llama-2-70b", 4, 1024, 1024, 1478.6, 28.55),
    _trn1_request("llama-2-70b", 4, 2048, 2048, 2722.0, 31.79),
    _trn1_request("llama-3.1-70b", 4, 128, 1024, 129.9, 28.38),
    _trn1_request("llama-3.1-70b", 4, 2048, 2048, 1661.1, 32.33),
)


def _trn2_request(
    name: str, bucket: int, ttft_ms: float, tpot_ms: float, page: str
) -> MeasuredRequest:
    return MeasuredRequest(
        model=name,
        system="trn2",
        chips=16,
        plan=Plan(tp=64),
        prompt=10_000,
        bucket=bucket,
        output=1500,
        ttft_s=ttft_ms / 1e3,
        tpot_s=tpot_ms / 1e3,
        source=NXD + page,
    )


TRN2_REQUESTS = (
    _trn2_request("llama-3.3-70b", 12_288, 814.2, 19.6, "trn2-llama3.3-70b-tutorial.rst"),
    _trn2_request(
        "llama-3.3-70b", 12_288, 575.7, 19.83, "trn2-llama3.3-70b-tutorial.rst, earlier version"
    ),
    _trn2_request(
        "llama-3.1-405b", 10_240, 2442, 37.9, "trn2-llama3.1-405b-speculative-tutorial.rst"
    ),
)

# Two ranks, FP32: tensor in bytes and microseconds; the platform is not stated.
ALL_REDUCE_US = (
    (2**10, 58),
    (2**16, 58),
    (2**20, 68),
    (2**24, 332),
    (2**28, 4750),
    (2**30, 18_930),
)
OTHER_SIZES_US = ((2**18, 60), (2**22, 107), (2**26, 1214))  # of the same table; held out
NCCOM = "tools/neuron-sys-tools/nccom-test.rst"
HOP_US = 1.5  # of a ring inside a node, published as 1 to 2
RDMA_US = 15  # a minimal write between two servers
COLLECTIVES = "neuron-runtime/about/collectives.rst"

"""Trainium1: two NeuronCore-v2, the generation that most of AWS's cost rules were written for."""

from __future__ import annotations

from . import sources as doc
from .chip import Chip, Link
from .core import Core
from .dma import Dma
from .engines import GpSimdEngine, ScalarEngine, SyncEngine, TensorEngine, VectorEngine
from .fact import Assumption, Reading
from .memories import Hbm, Psum, Sbuf
from .trn2 import CORE as V3

KIB, GIB = 2**10, 2**30

_AS_TRN2 = "Measured on Trainium2 only."

_tensor = TensorEngine(
    source=doc.TRN1_GUIDE,
    rows=128,
    columns=128,
    clock_hz=2.8e9,
    macs_per_pe_cycle={
        "float32": 0.25,
        "tfloat32": 1.0,
        "bfloat16": 1.0,
        "float16": 1.0,
        "float8": 1.0,
    },
    min_interval_cycles=64,
    latency_cycles=398.0,
    load_speedup=4.0,
    load_latency_cycles=187.0,
    fp32_matmuls_per_call=V3.tensor.fp32_matmuls_per_call,
    pass_overhead=1.14,
    onezero_speedup=2.0,
    fp32_transpose_speedup=1.0,
    ramp_s=0.0,
    ramp_rate=1.0,
    ramp_window_s=0.0,
    ramp_threshold=0.0,
    stationary_fmax=128,
    moving_fmax=512,
    moving_fmax_bf16_dst=512,
    min_row_tile_rows=64,
    has_bf16_psum=False,
    has_background_transpose=False,
    published_flops_per_s={
        "float32": 23e12,
        "tfloat32": 92e12,
        "bfloat16": 92e12,
        "float16": 92e12,
        "float8": 92e12,
    },
    sources={
        "macs_per_pe_cycle": "2 FLOP x 128 x 128 x clock against the peaks of " + doc.TRN1_GUIDE,
        "latency_cycles": "526 - 128 cycles of a BF16 MATMUL, " + doc.PERF_PROFILES,
        "load_speedup": f"{doc.TRN1_GUIDE}; {doc.PERF_GUIDE}",
        "load_latency_cycles": "67 ns for one column, " + doc.PERF_PROFILES,
        "fp32_matmuls_per_call": doc.TUTORIAL_PROFILES,
        "pass_overhead": "32,768 BF16 matmuls in 6.96 ms, the fastest of " + doc.AUTOCOMP,
        "onezero_speedup": doc.ISA,
        "stationary_fmax": doc.ISA,
        "moving_fmax": doc.ISA,
        "moving_fmax_bf16_dst": doc.ISA,
        "min_row_tile_rows": doc.ISA,
    },
    status={
        "macs_per_pe_cycle": "inferred",
        "latency_cycles": "measured",
        "load_latency_cycles": "measured",
        "ramp_s": "absent",
        "ramp_rate": "absent",
        "ramp_window_s": "absent",
        "ramp_threshold": "absent",
    },
    assumed={
        "fp32_matmuls_per_call": Assumption(low=1, high=4, why=_AS_TRN2),
        "pass_overhead": Assumption(
            low=1.0,
            high=1.16,
            why="No published product comes nearer to TensorE's peak; the cause is not known.",
        ),
    },
    conflicts={
        "pass_overhead": (Reading(V3.tensor.pass_overhead, "Trainium2"),),
        "latency_cycles": (
            Reading(485.0, "219 ns for 128 elements, a figure of " + doc.PERF_GUIDE),
        ),
    },
)

_vector = VectorEngine(
    source=doc.TRN1_GUIDE,
    lanes=128,
    clock_hz=1.12e9,
    min_interval_cycles=64,
    issue_cycles=V3.vector.issue_cycles,
    operand_cycles=60.0,
    overhead_cycles=160.0,
    dependent_overhead_cycles=100.0,
    fast_sbuf_speedup=1.0,
    fast_speedup=1.0,
    has_fp8_fast_modes=False,
    quantize_mx_elements_per_cycle=0.0,
    quantize_mx_scale_over_ocp=0.0,
    exponential_elements_per_cycle=0.0,
    rand2_elements_per_cycle=0.0,
    is_sbuf_port_shared_with_gpsimd=True,
    is_psum_port_shared_with_scalar=True,
    sources={
        "min_interval_cycles": f"{doc.SHARED}; {doc.ISA_COSTS}",
        "issue_cycles": doc.TUTORIAL_PROFILES,
        "operand_cycles": "one access to a tensor, " + doc.TRN1_GUIDE,
        "overhead_cycles": "100 static and 60 to reach a tensor, " + doc.TRN1_GUIDE,
        "dependent_overhead_cycles": f"{doc.TRN1_GUIDE}; {doc.PERF_GUIDE}",
    },
    status={
        "fast_sbuf_speedup": "absent",
        "fast_speedup": "absent",
        "quantize_mx_elements_per_cycle": "absent",
        "quantize_mx_scale_over_ocp": "absent",
        "exponential_elements_per_cycle": "absent",
        "rand2_elements_per_cycle": "absent",
    },
    assumed={"issue_cycles": Assumption(low=0.0, high=100.0, why=_AS_TRN2)},
    conflicts={
        "overhead_cycles": (
            Reading(401.0, "8,192 FP32 elements in 14,987 ns, " + doc.PERF_PROFILES),
        ),
    },
)

_scalar = ScalarEngine(
    source=doc.TRN1_GUIDE,
    lanes=128,
    clock_hz=1.4e9,
    min_interval_cycles=64,
    issue_cycles=V3.scalar.issue_cycles,
    overhead_cycles=222.0,
    copy_overhead_cycles=0.0,
    dependent_overhead_cycles=263.0,
    table_load_s=368e-9,
    accumulator_read_cycles=64,
    fast_speedup=1.0,
    sources={
        "min_interval_cycles": f"{doc.SHARED}; {doc.ISA_COSTS}",
        "overhead_cycles": "one element in 159 ns, " + doc.PERF_PROFILES,
        "dependent_overhead_cycles": "one-element instructions 189 ns apart, " + doc.PERF_PROFILES,
        "table_load_s": doc.HOWTO_PROFILES,
    },
    status={
        "overhead_cycles": "measured",
        "copy_overhead_cycles": "absent",
        "dependent_overhead_cycles": "measured",
        "table_load_s": "measured",
        "fast_speedup": "absent",
    },
    assumed={"issue_cycles": Assumption(low=0.0, high=100.0, why=_AS_TRN2)},
    conflicts={
        "dependent_overhead_cycles": (Reading(100.0, f"{doc.TRN1_GUIDE}; {doc.PERF_GUIDE}"),),
    },
)

_gpsimd = GpSimdEngine(
    source=doc.TRN1_GUIDE,
    processors=8,
    lanes=128,
    clock_hz=1.4e9,
    min_interval_cycles=64,
    start_cycles=150.0,
    tcm_bytes=64 * KIB,
    dma_bytes_per_s=0.0,
    sources={"min_interval_cycles": doc.ISA_COSTS, "start_cycles": doc.ISA_COSTS},
    status={"dma_bytes_per_s": "absent"},
)

_sync = SyncEngine(
    source=doc.TRN1_GUIDE,
    clock_hz=1.4e9,
    dma_trigger_s=116e-9,
    sources={
        "clock_hz": doc.SCHEMA,
        "dma_trigger_s": "Trainium2, " + doc.DMA_PROFILES,
    },
    assumed={
        "dma_trigger_s": Assumption(
            low=100e-9, high=288e-9, why="Six loads were started every 1.73 us, " + doc.AUTOCOMP
        ),
        "clock_hz": Assumption(
            low=1.12e9, high=1.4e9, why="No clock is given; this is the profiler's core clock."
        ),
    },
)

_dma = Dma(
    source=doc.DMA_OVERVIEW,
    engines=16,
    queues=16,
    partitions_per_engine=8,
    raw_bytes_per_s=27.2e9,
    moving_bytes_per_s=20e9,
    usable_bytes_per_s=17e9,
    descriptor_s=V3.dma.descriptor_s,
    max_piece_bytes=V3.dma.max_piece_bytes,
    prepared_descriptor_s=10e-9,
    max_prepared_bytes=V3.dma.max_prepared_bytes,
    transfer_s=10e-9,
    trigger="sync",
    start_s=V3.dma.start_s,
    fetch_s=V3.dma.fetch_s,
    stagger_s=V3.dma.stagger_s,
    queue_interval_s=466e-9,
    completion_s=V3.dma.completion_s,
    hwdge_instances=0,
    hwdge_s=0.0,
    hwdge_start_s=0.0,
    swdge_s=V3.dma.swdge_s,
    transpose_rate=V3.dma.transpose_rate,
    transpose_sbuf_rate=V3.dma.transpose_sbuf_rate,
    compute_rate=0.5,
    compute_max_sources=16,
    packet_bytes=4 * KIB,
    priority_classes=1,
    sources={
        "usable_bytes_per_s": f"{doc.DMA_BANDWIDTH}; {doc.DMA_OVERVIEW}",
        "moving_bytes_per_s": "32 KiB of one engine in 1,810 ns, " + doc.PERF_PROFILES,
        "descriptor_s": doc.KERNEL_PROFILES,
        "max_piece_bytes": doc.KERNEL_PROFILES,
        "prepared_descriptor_s": "rows of 256 and 1,024 bytes, five products of " + doc.AUTOCOMP,
        "max_prepared_bytes": doc.TUTORIAL_PROFILES,
        "trigger": "queues of SyncE, " + doc.MAMBA_PROFILES,
        "start_s": doc.DMA_PROFILES,
        "fetch_s": doc.DMA_PROFILES,
        "stagger_s": doc.DMA_PROFILES,
        "queue_interval_s": "pace of SyncE's triggers, " + doc.MAMBA_PROFILES,
        "completion_s": doc.DMA_PROFILES,
        "swdge_s": doc.TUTORIAL_PROFILES,
        "transpose_rate": doc.TRN2_GUIDE,
        "transpose_sbuf_rate": doc.TRN2_GUIDE,
        "compute_rate": doc.TRN3_GUIDE,
        "compute_max_sources": doc.ISA,
        "packet_bytes": doc.OVERLAP,
    },
    status={
        "moving_bytes_per_s": "measured",
        "prepared_descriptor_s": "inferred",
        "queue_interval_s": "measured",
        "hwdge_instances": "absent",
        "hwdge_s": "absent",
        "hwdge_start_s": "absent",
    },
    assumed={
        "descriptor_s": Assumption(low=2.7e-9, high=15e-9, why=_AS_TRN2),
        "max_piece_bytes": Assumption(low=512, high=64 * KIB, why=_AS_TRN2),
        "max_prepared_bytes": Assumption(low=512, high=64 * KIB, why=_AS_TRN2),
        "transfer_s": Assumption(
            low=0.0,
            high=100e-9,
            why="Each engine ends a transfer with a 4-byte semaphore write.",
        ),
        "stagger_s": Assumption(low=0.0, high=50e-9, why=_AS_TRN2),
        "start_s": Assumption(low=0.5e-6, high=1.3e-6, why=_AS_TRN2),
        "fetch_s": Assumption(low=0.0, high=0.5e-6, why=_AS_TRN2),
        "completion_s": Assumption(low=0.1e-6, high=0.6e-6, why=_AS_TRN2),
        "swdge_s": Assumption(low=0.3e-6, high=0.9e-6, why=_AS_TRN2),
        "transpose_rate": Assumption(
            low=0.02, high=0.9, why="A rate is published for Trainium2 only."
        ),
        "transpose_sbuf_rate": Assumption(
            low=0.02, high=0.5, why="A rate is published for Trainium2 only."
        ),
    },
    conflicts={
        "raw_bytes_per_s": (Reading(27 * GIB, doc.TRN1_GUIDE),),
        "moving_bytes_per_s": (Reading(27.2e9, "published for an engine, " + doc.DMA_OVERVIEW),),
        "usable_bytes_per_s": (Reading(18.1e9, "32 KiB in 1,810 ns, " + doc.PERF_PROFILES),),
        "prepared_descriptor_s": (
            Reading(38e-9, "32 KiB in 1,810 ns at 27.2 B/ns, " + doc.PERF_PROFILES),
        ),
    },
)

CORE = Core(
    source=doc.TRN1_GUIDE,
    name="NeuronCore-v2",
    generation="v2",
    tensor=_tensor,
    vector=_vector,
    scalar=_scalar,
    gpsimd=_gpsimd,
    sync=_sync,
    sbuf=Sbuf(
        source=doc.TRN1_GUIDE,
        partitions=128,
        partition_bytes=192 * KIB,
        usable_partition_bytes=192 * KIB,
        status={"usable_partition_bytes": "inferred"},
        sources={"usable_partition_bytes": "as on Trainium3, " + doc.ALLOCATOR},
        conflicts={"usable_partition_bytes": (Reading(180_224, doc.COMPILER_LIMITS),)},
    ),
    psum=Psum(source=doc.TRN1_GUIDE, partitions=128, banks=8, bank_bytes=2 * KIB),
    dma=_dma,
    hbm=Hbm(
        source=doc.TRN1_GUIDE,
        bytes_per_s=410e9,
        capacity_bytes=16 * GIB,
        cores=1,
        status={"bytes_per_s": "inferred", "cores": "inferred"},
        sources={"bytes_per_s": "820 GB/s over 2 stacks, " + doc.TRN1_GUIDE},
        conflicts={
            "bytes_per_s": (Reading(410 * GIB, "820 GiB/s over 2 stacks, " + doc.TRN1_PAGE),),
        },
    ),
    semaphore_s=50e-9,
    launch_start_s=V3.launch_start_s,
    launch_end_s=V3.launch_end_s,
    sources={"launch_start_s": doc.KERNEL_PROFILES, "launch_end_s": doc.KERNEL_PROFILES},
    assumed={
        "launch_start_s": Assumption(low=5e-6, high=20e-6, why=_AS_TRN2),
        "launch_end_s": Assumption(low=1e-6, high=5e-6, why=_AS_TRN2),
        "semaphore_s": Assumption(
            low=20e-9, high=200e-9, why="No document gives the time from engine to engine."
        ),
    },
    conflicts={
        "launch_start_s": (Reading(15e-6, "until VectorE is at work, " + doc.MAMBA_PROFILES),),
        "semaphore_s": (Reading(38e-9, "Trainium2, " + doc.KERNEL_PROFILES),),
    },
)

TRN1 = Chip(
    source=doc.TRN1_GUIDE,
    name="trn1",
    product="AWS Trainium1",
    generation="gen2",
    cores=2,
    core=CORE,
    hbm_stacks=2,
    cc_cores=6,
    links={
        "instance": Link(
            source=doc.TRN1_SYSTEMS + " (384 GB/s over four neighbors)",
            name="NeuronLink-v2",
            count=4,
            bytes_per_s=96e9,
            status={"bytes_per_s": "inferred"},
            sources={"count": doc.TRN1_GUIDE},
        ),
    },
    link_bytes_per_s=384e9,
    published_flops_per_s={
        "float32": 47.5e12,
        "tfloat32": 190e12,
        "bfloat16": 190e12,
        "float16": 190e12,
        "float8": 190e12,
    },
    sources={
        "link_bytes_per_s": doc.TRN1_SYSTEMS,
        "published_flops_per_s": doc.TRN1_PAGE,
    },
    conflicts={
        "link_bytes_per_s": (Reading(768e9, "Trn1n, " + doc.TRN1_SYSTEMS),),
        "published_flops_per_s.bfloat16": (Reading(191e12, doc.TRN2_PAGE),),
        "published_flops_per_s.float8": (Reading(191e12, doc.TRN2_PAGE),),
    },
)

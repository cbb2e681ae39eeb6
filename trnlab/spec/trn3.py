"""Trainium3: eight NeuronCore-v4.

AWS publishes rates, sizes and limits of this chip, but no time of any instruction. Fixed costs are
those of Trainium2, each marked as assumed with a range.
"""

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


def _as_trn2(low: float, high: float) -> Assumption:
    return Assumption(
        low=low,
        high=high,
        why="No time is published for Trainium3; the value of Trainium2 is carried over.",
    )


_tensor = TensorEngine(
    source=doc.TRN3_GUIDE,
    rows=128,
    columns=128,
    clock_hz=2.4e9,
    macs_per_pe_cycle={
        "float32": 0.25,
        "tfloat32": 1.0,
        "bfloat16": 1.0,
        "float16": 1.0,
        "float8": 1.0,
        "float8_double_row": 2.0,
        "mx": 4.0,
        "sparse": 4.0,
    },
    min_interval_cycles=V3.tensor.min_interval_cycles,
    latency_cycles=V3.tensor.latency_cycles,
    load_speedup=V3.tensor.load_speedup,
    load_latency_cycles=V3.tensor.load_latency_cycles,
    fp32_matmuls_per_call=V3.tensor.fp32_matmuls_per_call,
    pass_overhead=V3.tensor.pass_overhead,
    onezero_speedup=2.0,
    fp32_transpose_speedup=2.0,
    ramp_s=3.0e-6,
    ramp_rate=0.5,
    ramp_window_s=3.0e-6,
    ramp_threshold=0.5,
    stationary_fmax=128,
    moving_fmax=4096,
    moving_fmax_bf16_dst=8192,
    min_row_tile_rows=32,
    has_bf16_psum=True,
    has_background_transpose=True,
    published_flops_per_s={
        "float32": 20e12,
        "tfloat32": 79e12,
        "bfloat16": 79e12,
        "float16": 79e12,
        "mx": 315e12,
        "sparse": 315e12,
    },
    sources={
        "macs_per_pe_cycle": "2 FLOP x 128 x 128 x clock against the peaks of " + doc.TRN3_GUIDE,
        "macs_per_pe_cycle.float8_double_row": doc.ISA,
        "min_interval_cycles": doc.ISA_COSTS,
        "latency_cycles": doc.HOWTO_PROFILES,
        "load_speedup": f"{doc.TRN1_GUIDE}; {doc.PERF_GUIDE}",
        "load_latency_cycles": doc.PERF_PROFILES,
        "fp32_matmuls_per_call": doc.TUTORIAL_PROFILES,
        "pass_overhead": doc.TUTORIAL_PROFILES,
        "onezero_speedup": doc.ISA,
        "fp32_transpose_speedup": doc.TRN2_GUIDE,
        "ramp_s": doc.THROTTLING,
        "ramp_rate": doc.THROTTLING,
        "ramp_window_s": doc.THROTTLING,
        "ramp_threshold": doc.THROTTLING,
        "stationary_fmax": doc.ISA,
        "moving_fmax": doc.ISA,
        "moving_fmax_bf16_dst": doc.ISA,
        "min_row_tile_rows": doc.ISA,
        "published_flops_per_s.sparse": doc.V4_PAGE,
    },
    status={"macs_per_pe_cycle": "inferred"},
    assumed={
        "min_interval_cycles": _as_trn2(32, 64),
        "latency_cycles": _as_trn2(300.0, 500.0),
        "load_speedup": _as_trn2(2.0, 4.0),
        "load_latency_cycles": _as_trn2(100.0, 400.0),
        "fp32_matmuls_per_call": _as_trn2(1, 4),
        "pass_overhead": _as_trn2(1.0, 1.05),
    },
    conflicts={
        "moving_fmax": (
            Reading(512, doc.TRN3_GUIDE),
            Reading(512, doc.MX_GUIDE),
            Reading(512, doc.TILE_SIZE),
        ),
        "moving_fmax_bf16_dst": (Reading(512, doc.TRN3_GUIDE), Reading(512, doc.MX_GUIDE)),
    },
)

_vector = VectorEngine(
    source=doc.TRN3_GUIDE,
    lanes=128,
    clock_hz=1.2e9,
    min_interval_cycles=V3.vector.min_interval_cycles,
    issue_cycles=V3.vector.issue_cycles,
    operand_cycles=V3.vector.operand_cycles,
    overhead_cycles=V3.vector.overhead_cycles,
    dependent_overhead_cycles=V3.vector.dependent_overhead_cycles,
    fast_sbuf_speedup=V3.vector.fast_sbuf_speedup,
    fast_speedup=V3.vector.fast_speedup,
    has_fp8_fast_modes=True,
    quantize_mx_elements_per_cycle=4.0,
    quantize_mx_scale_over_ocp=2.0,
    exponential_elements_per_cycle=4.0,
    rand2_elements_per_cycle=4.0,
    is_sbuf_port_shared_with_gpsimd=False,
    is_psum_port_shared_with_scalar=False,
    sources={
        "min_interval_cycles": f"{doc.SHARED}; {doc.ISA_COSTS}",
        "issue_cycles": doc.TUTORIAL_PROFILES,
        "operand_cycles": doc.TRN1_GUIDE,
        "overhead_cycles": doc.RMSNORM_PROFILES,
        "dependent_overhead_cycles": doc.RMSNORM_PROFILES,
        "fast_sbuf_speedup": doc.TRN2_GUIDE,
        "fast_speedup": doc.TRN2_GUIDE,
        "quantize_mx_scale_over_ocp": doc.ISA,
        "exponential_elements_per_cycle": "4x the rate of ScalarE, " + doc.TRN3_GUIDE,
        "is_sbuf_port_shared_with_gpsimd": doc.TRN2_GUIDE,
        "is_psum_port_shared_with_scalar": doc.TRN2_GUIDE,
    },
    status={"exponential_elements_per_cycle": "inferred"},
    assumed={
        "min_interval_cycles": _as_trn2(32, 64),
        "issue_cycles": _as_trn2(0.0, 100.0),
        "operand_cycles": _as_trn2(0.0, 120.0),
        "overhead_cycles": _as_trn2(100.0, 260.0),
        "dependent_overhead_cycles": _as_trn2(60.0, 200.0),
        "fast_sbuf_speedup": Assumption(
            low=2.0, high=4.0, why="The Trainium3 guide gives widths, not the rules of the modes."
        ),
        "fast_speedup": Assumption(
            low=1.0, high=2.0, why="The Trainium3 guide gives widths, not the rules of the modes."
        ),
    },
    conflicts={
        "quantize_mx_scale_over_ocp": (
            Reading(1.0, "before NKI 0.5, and the CPU reference of " + doc.MX_GUIDE),
        ),
    },
)

_scalar = ScalarEngine(
    source=doc.TRN3_GUIDE,
    lanes=128,
    clock_hz=1.2e9,
    min_interval_cycles=V3.scalar.min_interval_cycles,
    issue_cycles=V3.scalar.issue_cycles,
    overhead_cycles=V3.scalar.overhead_cycles,
    copy_overhead_cycles=V3.scalar.copy_overhead_cycles,
    dependent_overhead_cycles=V3.scalar.dependent_overhead_cycles,
    table_load_s=V3.scalar.table_load_s,
    accumulator_read_cycles=V3.scalar.accumulator_read_cycles,
    fast_speedup=2.0,
    sources={
        "min_interval_cycles": f"{doc.SHARED}; {doc.ISA_COSTS}",
        "overhead_cycles": f"{doc.DMA_PROFILES}; {doc.RMSNORM_PROFILES}",
        "copy_overhead_cycles": doc.KERNEL_PROFILES,
        "dependent_overhead_cycles": doc.RMSNORM_PROFILES,
        "table_load_s": f"{doc.DMA_PROFILES}; {doc.RMSNORM_PROFILES}",
        "accumulator_read_cycles": f"{doc.TRN1_GUIDE}; {doc.ISA_COSTS}",
    },
    assumed={
        "min_interval_cycles": _as_trn2(32, 64),
        "issue_cycles": _as_trn2(0.0, 100.0),
        "overhead_cycles": _as_trn2(200.0, 400.0),
        "copy_overhead_cycles": _as_trn2(100.0, 350.0),
        "dependent_overhead_cycles": _as_trn2(100.0, 400.0),
        "table_load_s": _as_trn2(0.3e-6, 1.3e-6),
        "accumulator_read_cycles": _as_trn2(32, 128),
    },
)

_gpsimd = GpSimdEngine(
    source=doc.TRN3_GUIDE,
    processors=8,
    lanes=128,
    clock_hz=1.2e9,
    min_interval_cycles=V3.gpsimd.min_interval_cycles,
    start_cycles=V3.gpsimd.start_cycles,
    tcm_bytes=V3.gpsimd.tcm_bytes,
    dma_bytes_per_s=V3.gpsimd.dma_bytes_per_s,
    sources={
        "processors": doc.V4_PAGE,
        "min_interval_cycles": doc.ISA_COSTS,
        "start_cycles": doc.ISA_COSTS,
        "tcm_bytes": doc.TRN1_GUIDE,
        "dma_bytes_per_s": doc.TRN2_GUIDE,
    },
    assumed={
        "min_interval_cycles": _as_trn2(32, 64),
        "start_cycles": _as_trn2(100.0, 200.0),
        "tcm_bytes": _as_trn2(64 * KIB, 64 * KIB),
        "dma_bytes_per_s": _as_trn2(100e9, 307e9),
    },
)

_sync = SyncEngine(
    source=doc.TRN3_GUIDE,
    clock_hz=V3.sync.clock_hz,
    dma_trigger_s=V3.sync.dma_trigger_s,
    sources={"clock_hz": doc.SCHEMA, "dma_trigger_s": doc.DMA_PROFILES},
    assumed={
        "clock_hz": _as_trn2(0.96e9, 1.4e9),
        "dma_trigger_s": _as_trn2(50e-9, 1.0e-6),
    },
)

_dma = Dma(
    source=doc.DMA_OVERVIEW,
    engines=16,
    queues=16,
    partitions_per_engine=8,
    raw_bytes_per_s=38.4e9,
    moving_bytes_per_s=34.3e9,
    usable_bytes_per_s=33e9,
    descriptor_s=V3.dma.descriptor_s,
    max_piece_bytes=V3.dma.max_piece_bytes,
    prepared_descriptor_s=V3.dma.prepared_descriptor_s,
    max_prepared_bytes=V3.dma.max_prepared_bytes,
    transfer_s=V3.dma.transfer_s,
    trigger=V3.dma.trigger,
    start_s=V3.dma.start_s,
    fetch_s=V3.dma.fetch_s,
    stagger_s=V3.dma.stagger_s,
    queue_interval_s=V3.dma.queue_interval_s,
    completion_s=V3.dma.completion_s,
    hwdge_instances=V3.dma.hwdge_instances,
    hwdge_s=V3.dma.hwdge_s,
    hwdge_start_s=V3.dma.hwdge_start_s,
    swdge_s=V3.dma.swdge_s,
    transpose_rate=V3.dma.transpose_rate,
    transpose_sbuf_rate=V3.dma.transpose_sbuf_rate,
    compute_rate=1.0,
    compute_max_sources=16,
    packet_bytes=4 * KIB,
    priority_classes=4,
    sources={
        "usable_bytes_per_s": f"{doc.DMA_BANDWIDTH}; {doc.DMA_OVERVIEW}",
        "moving_bytes_per_s": "pieces of 4 KiB at 33 B/ns, " + doc.DMA_BANDWIDTH,
        "descriptor_s": doc.KERNEL_PROFILES,
        "max_piece_bytes": doc.KERNEL_PROFILES,
        "prepared_descriptor_s": doc.DMA_PROFILES,
        "max_prepared_bytes": doc.TUTORIAL_PROFILES,
        "trigger": doc.TUTORIAL_PROFILES,
        "start_s": doc.DMA_PROFILES,
        "fetch_s": doc.DMA_PROFILES,
        "stagger_s": doc.DMA_PROFILES,
        "queue_interval_s": doc.DMA_PROFILES,
        "completion_s": doc.DMA_PROFILES,
        "hwdge_instances": doc.TRN2_GUIDE,
        "hwdge_s": f"{doc.TRN2_GUIDE}; {doc.DGE}",
        "hwdge_start_s": doc.KERNEL_PROFILES,
        "swdge_s": doc.TUTORIAL_PROFILES,
        "transpose_rate": doc.TRN2_GUIDE,
        "transpose_sbuf_rate": doc.TRN2_GUIDE,
        "compute_rate": doc.TRN3_GUIDE + " (read-add-write in SBUF)",
        "compute_max_sources": doc.ISA,
        "packet_bytes": doc.OVERLAP,
        "priority_classes": f"{doc.TRN3_GUIDE}; {doc.ISA}",
    },
    assumed={
        "moving_bytes_per_s": Assumption(
            low=28e9,
            high=38.4e9,
            why="Chosen so that pieces of 4 KiB reach the published 33 B/ns.",
        ),
        "descriptor_s": _as_trn2(2.7e-9, 15e-9),
        "max_piece_bytes": _as_trn2(2 * KIB, 64 * KIB),
        "prepared_descriptor_s": _as_trn2(4.7e-9, 15e-9),
        "max_prepared_bytes": _as_trn2(512, 64 * KIB),
        "transfer_s": _as_trn2(6e-9, 60e-9),
        "stagger_s": _as_trn2(0.0, 50e-9),
        "queue_interval_s": _as_trn2(0.0, 1.2e-6),
        "start_s": _as_trn2(0.5e-6, 1.3e-6),
        "fetch_s": _as_trn2(0.0, 0.5e-6),
        "completion_s": _as_trn2(0.1e-6, 0.6e-6),
        "hwdge_instances": _as_trn2(1, 4),
        "hwdge_s": _as_trn2(0.3e-6, 0.8e-6),
        "hwdge_start_s": _as_trn2(0.7e-6, 1.5e-6),
        "swdge_s": _as_trn2(0.3e-6, 0.9e-6),
        "transpose_rate": _as_trn2(0.5, 1.0),
        "transpose_sbuf_rate": _as_trn2(0.3, 1.0),
    },
)

_hbm = Hbm(
    source=doc.TRN3_GUIDE,
    bytes_per_s=1.175e12,
    capacity_bytes=36 * GIB,
    cores=2,
    sources={"bytes_per_s": "4.7 TB/s over 4 stacks, " + doc.TRN3_GUIDE, "cores": doc.LNC},
    status={"bytes_per_s": "inferred", "capacity_bytes": "inferred"},
    conflicts={
        "bytes_per_s": (
            Reading(1.225e12, "4.9 TB/s over 4 stacks, " + doc.TRN3_PAGE),
            Reading(1.225e12, "705.6 TB/s over 144 chips, " + doc.TRN3_SYSTEMS),
        ),
    },
)

CORE = Core(
    source=doc.TRN3_GUIDE,
    name="NeuronCore-v4",
    generation="v4",
    tensor=_tensor,
    vector=_vector,
    scalar=_scalar,
    gpsimd=_gpsimd,
    sync=_sync,
    sbuf=Sbuf(
        source=doc.TRN3_GUIDE,
        partitions=128,
        partition_bytes=256 * KIB,
        usable_partition_bytes=256 * KIB,
        sources={"usable_partition_bytes": doc.ALLOCATOR},
        conflicts={"usable_partition_bytes": (Reading(245_752, doc.COMPILER_LIMITS),)},
    ),
    psum=Psum(source=doc.TRN3_GUIDE, partitions=128, banks=8, bank_bytes=2 * KIB),
    dma=_dma,
    hbm=_hbm,
    semaphore_s=V3.semaphore_s,
    launch_start_s=V3.launch_start_s,
    launch_end_s=V3.launch_end_s,
    sources=dict.fromkeys(("semaphore_s", "launch_start_s", "launch_end_s"), doc.KERNEL_PROFILES),
    assumed={
        "semaphore_s": _as_trn2(20e-9, 100e-9),
        "launch_start_s": _as_trn2(5e-6, 20e-6),
        "launch_end_s": _as_trn2(1e-6, 5e-6),
    },
)

_X8_LINK_BYTES_PER_S = 64e9  # PCIe Gen6, eight lanes, one direction


def _switched(name: str, count: int) -> Link:
    return Link(
        source=doc.TRN3_SYSTEMS,
        name=name,
        count=count,
        bytes_per_s=_X8_LINK_BYTES_PER_S,
        status={"bytes_per_s": "inferred"},
    )


TRN3 = Chip(
    source=doc.TRN3_GUIDE,
    name="trn3",
    product="AWS Trainium3",
    generation="gen4",
    cores=8,
    core=CORE,
    hbm_stacks=4,
    cc_cores=16,
    links={
        "server": _switched("NeuronLink-v4 to the switch of the server", 4),
        "rack": _switched("NeuronLink-v4 to the switch of the rack", 5),
        "other_rack": _switched("NeuronLink-v4 to the chip at the same place", 2),
    },
    link_bytes_per_s=2.56e12,
    published_flops_per_s={
        "float32": 183e12,
        "tfloat32": 671e12,
        "bfloat16": 671e12,
        "float16": 671e12,
        "mx": 2517e12,
        "sparse": 2517e12,
    },
    sources={
        "cc_cores": doc.TRN3_PAGE,
        "link_bytes_per_s": doc.TRN3_PAGE,
        "published_flops_per_s": doc.TRN3_PAGE,
    },
    conflicts={
        "cc_cores": (Reading(20, doc.TRN3_GUIDE),),
        "link_bytes_per_s": (
            Reading(2048 * GIB, "table, " + doc.TRN3_SYSTEMS),
            Reading(704e9, "text on connectivity, " + doc.TRN3_SYSTEMS),
        ),
    },
)

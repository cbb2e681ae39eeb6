"""Trainium2: eight NeuronCore-v3. Most published timing is of this chip."""

from __future__ import annotations

from . import sources as doc
from .chip import Chip, Link
from .core import Core
from .dma import Dma
from .engines import GpSimdEngine, ScalarEngine, SyncEngine, TensorEngine, VectorEngine
from .fact import Assumption, Reading
from .memories import Hbm, Psum, Sbuf

KIB, GIB = 2**10, 2**30

_FROM_TRN1 = "Stated for NeuronCore-v2; the Trainium2 guide lists changes and has none here."

_tensor = TensorEngine(
    source=doc.TRN2_GUIDE,
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
        "sparse": 4.0,
    },
    min_interval_cycles=64,
    latency_cycles=393.0,
    load_speedup=4.0,
    load_latency_cycles=187.0,
    fp32_matmuls_per_call=2,
    pass_overhead=1.0085,
    onezero_speedup=2.0,
    fp32_transpose_speedup=2.0,
    ramp_s=3.0e-6,
    ramp_rate=0.5,
    ramp_window_s=3.0e-6,
    ramp_threshold=0.5,
    stationary_fmax=128,
    moving_fmax=512,
    moving_fmax_bf16_dst=512,
    min_row_tile_rows=32,
    has_bf16_psum=False,
    has_background_transpose=False,
    published_flops_per_s={
        "float32": 20e12,
        "tfloat32": 79e12,
        "bfloat16": 79e12,
        "float16": 79e12,
        "float8_double_row": 158e12,
        "sparse": 316e12,
    },
    sources={
        "macs_per_pe_cycle": "2 FLOP x 128 x 128 x clock against the peaks of " + doc.TRN2_GUIDE,
        "min_interval_cycles": doc.ISA_COSTS,
        "latency_cycles": "1,417 - 1,024 cycles of an FP32 MATMUL, " + doc.HOWTO_PROFILES,
        "load_speedup": f"{doc.TRN1_GUIDE}; {doc.PERF_GUIDE}",
        "load_latency_cycles": "67 ns for one column on Trainium1, " + doc.PERF_PROFILES,
        "fp32_matmuls_per_call": "65,536 MATMULs of 32,768 nc_matmuls, " + doc.TUTORIAL_PROFILES,
        "pass_overhead": "430.3 ns between MATMULs that stream 426.7 ns, " + doc.TUTORIAL_PROFILES,
        "onezero_speedup": doc.ISA,
        "ramp_s": doc.THROTTLING,
        "ramp_rate": doc.THROTTLING,
        "ramp_window_s": doc.THROTTLING,
        "ramp_threshold": doc.THROTTLING,
        "stationary_fmax": doc.ISA,
        "moving_fmax": doc.ISA,
        "moving_fmax_bf16_dst": doc.ISA,
        "min_row_tile_rows": doc.ISA,
    },
    status={
        "macs_per_pe_cycle": "inferred",
        "latency_cycles": "measured",
        "fp32_matmuls_per_call": "measured",
        "pass_overhead": "measured",
    },
    assumed={
        "load_speedup": Assumption(low=2.0, high=4.0, why=_FROM_TRN1),
        "load_latency_cycles": Assumption(
            low=100.0, high=400.0, why="One load on Trainium1 is the only published reading."
        ),
    },
    conflicts={
        "latency_cycles": (Reading(485.0, "one Trainium1 reading, " + doc.PERF_PROFILES),),
    },
)

_vector = VectorEngine(
    source=doc.TRN2_GUIDE,
    lanes=128,
    clock_hz=0.96e9,
    min_interval_cycles=64,
    issue_cycles=64.0,
    operand_cycles=60.0,
    overhead_cycles=157.0,
    dependent_overhead_cycles=186.0,
    fast_sbuf_speedup=4.0,
    fast_speedup=2.0,
    has_fp8_fast_modes=False,
    quantize_mx_elements_per_cycle=0.0,
    quantize_mx_scale_over_ocp=0.0,
    exponential_elements_per_cycle=0.0,
    rand2_elements_per_cycle=0.0,
    is_sbuf_port_shared_with_gpsimd=False,
    is_psum_port_shared_with_scalar=False,
    sources={
        "min_interval_cycles": f"{doc.SHARED}; {doc.ISA_COSTS}",
        "issue_cycles": "tensor_tensor, then copies of 512 elements, " + doc.TUTORIAL_PROFILES,
        "operand_cycles": "one access to a tensor, " + doc.TRN1_GUIDE,
        "overhead_cycles": "abs-max of 16,384 elements in 17.23 us, " + doc.RMSNORM_PROFILES,
        "dependent_overhead_cycles": "starts of a clamp, the reciprocal of it and the product with "
        "it, 191 and 201 ns apart, " + doc.RMSNORM_PROFILES,
        "has_fp8_fast_modes": "BF16 to FP8 runs at 2x, not 4x, " + doc.RMSNORM_PROFILES,
    },
    status={
        "issue_cycles": "measured",
        "overhead_cycles": "measured",
        "dependent_overhead_cycles": "measured",
        "has_fp8_fast_modes": "measured",
        "quantize_mx_elements_per_cycle": "absent",
        "quantize_mx_scale_over_ocp": "absent",
        "exponential_elements_per_cycle": "absent",
        "rand2_elements_per_cycle": "absent",
    },
    assumed={
        "operand_cycles": Assumption(low=0.0, high=120.0, why=_FROM_TRN1),
    },
    conflicts={
        "overhead_cycles": (
            Reading(117.0, "scalar_tensor_tensor, 512 elements apart, " + doc.RMSNORM_PROFILES),
            Reading(226.0, "scalar_tensor_tensor, 512 elements, latency, " + doc.RMSNORM_PROFILES),
            Reading(256.0, "tensor_scalar in the 2x mode, " + doc.RMSNORM_PROFILES),
            Reading(144.0, "nki-library, rotational_topk_utils.py"),
        ),
        "dependent_overhead_cycles": (Reading(100.0, f"{doc.TRN1_GUIDE}; {doc.PERF_GUIDE}"),),
    },
)

_scalar = ScalarEngine(
    source=doc.TRN2_GUIDE,
    lanes=128,
    clock_hz=1.2e9,
    min_interval_cycles=64,
    issue_cycles=64.0,
    overhead_cycles=350.0,
    copy_overhead_cycles=190.0,
    dependent_overhead_cycles=367.0,
    table_load_s=1.25e-6,
    accumulator_read_cycles=64,
    fast_speedup=1.0,
    sources={
        "min_interval_cycles": f"{doc.SHARED}; {doc.ISA_COSTS}",
        "overhead_cycles": f"{doc.DMA_PROFILES}; {doc.RMSNORM_PROFILES}",
        "copy_overhead_cycles": "265 ns for 128 elements and 586 for 512, " + doc.KERNEL_PROFILES,
        "dependent_overhead_cycles": "a sum is read, 306 ns later starts what needs it, "
        + doc.RMSNORM_PROFILES,
        "table_load_s": f"{doc.DMA_PROFILES}; {doc.RMSNORM_PROFILES}",
        "accumulator_read_cycles": f"{doc.TRN1_GUIDE}; {doc.ISA_COSTS}",
    },
    status={
        "overhead_cycles": "measured",
        "copy_overhead_cycles": "measured",
        "dependent_overhead_cycles": "measured",
        "table_load_s": "measured",
    },
    assumed={
        "issue_cycles": Assumption(low=0.0, high=100.0, why="Measured on VectorE only."),
    },
    conflicts={
        "dependent_overhead_cycles": (
            Reading(263.0, "Trainium1, one element, 189 ns apart, " + doc.PERF_PROFILES),
        ),
        "overhead_cycles": (
            Reading(361.0, "activation of 16,384 elements, " + doc.RMSNORM_PROFILES),
        ),
        "table_load_s": (
            Reading(1.22e-6, "shortest, " + doc.RMSNORM_PROFILES),
            Reading(1.29e-6, "longest, " + doc.DMA_PROFILES),
        ),
    },
)

_gpsimd = GpSimdEngine(
    source=doc.TRN2_GUIDE,
    processors=8,
    lanes=128,
    clock_hz=1.2e9,
    min_interval_cycles=64,
    start_cycles=150.0,
    tcm_bytes=64 * KIB,
    dma_bytes_per_s=153e9,
    sources={
        "min_interval_cycles": doc.ISA_COSTS,
        "start_cycles": doc.ISA_COSTS,
        "tcm_bytes": doc.TRN1_GUIDE,
    },
    assumed={
        "lanes": Assumption(low=64, high=128, why="The table of the guide leaves it blank."),
        "tcm_bytes": Assumption(low=64 * KIB, high=64 * KIB, why=_FROM_TRN1),
    },
)

_sync = SyncEngine(
    source=doc.TRN2_GUIDE,
    clock_hz=1.2e9,
    dma_trigger_s=116e-9,
    sources={
        "clock_hz": doc.SCHEMA,
        "dma_trigger_s": "from a trigger to SyncE's next instruction, " + doc.DMA_PROFILES,
    },
    status={"dma_trigger_s": "measured"},
    assumed={
        "clock_hz": Assumption(
            low=0.96e9, high=1.4e9, why="No clock is given; this is the profiler's core clock."
        ),
    },
    conflicts={
        "dma_trigger_s": (
            Reading(530e-9, "descriptors not prepared, " + doc.TUTORIAL_PROFILES),
            Reading(466e-9, "Trainium1, " + doc.MAMBA_PROFILES),
        ),
    },
)

_dma = Dma(
    source=doc.DMA_OVERVIEW,
    engines=16,
    queues=16,
    partitions_per_engine=8,
    raw_bytes_per_s=27.2e9,
    moving_bytes_per_s=27.2e9,
    usable_bytes_per_s=23e9,
    descriptor_s=4.7e-9,
    max_piece_bytes=4 * KIB,
    prepared_descriptor_s=8e-9,
    max_prepared_bytes=2 * KIB,
    transfer_s=14e-9,
    trigger="gpsimd",
    start_s=0.739e-6,
    fetch_s=0.261e-6,
    stagger_s=24.7e-9,
    queue_interval_s=0.795e-6,
    completion_s=0.3e-6,
    hwdge_instances=2,
    hwdge_s=600e-9,
    hwdge_start_s=1.2e-6,
    swdge_s=600e-9,
    transpose_rate=0.9,
    transpose_sbuf_rate=0.5,
    compute_rate=0.5,
    compute_max_sources=16,
    packet_bytes=4 * KIB,
    priority_classes=1,
    sources={
        "moving_bytes_per_s": "packets that no other delays, " + doc.KERNEL_PROFILES,
        "usable_bytes_per_s": f"{doc.DMA_BANDWIDTH}; {doc.DMA_OVERVIEW}",
        "descriptor_s": "packets of 256, 512, 2,048 and 4,096 bytes start 14.0, 23.5, 80.0 and "
        "155.3 ns apart, " + doc.KERNEL_PROFILES,
        "max_piece_bytes": "longest packet, " + doc.KERNEL_PROFILES,
        "prepared_descriptor_s": "32 KiB in 1,416 ns, less 70 ns that a first packet waits for HBM "
        "in the other profiles, " + doc.DMA_PROFILES,
        "max_prepared_bytes": "packet times of " + doc.TUTORIAL_PROFILES,
        "trigger": "no packet of a hardware generator, " + doc.TUTORIAL_PROFILES,
        "start_s": "GpSimdE trigger, " + doc.DMA_PROFILES,
        "fetch_s": "SyncE trigger to data, 1.0 us, less start_s, " + doc.DMA_PROFILES,
        "stagger_s": "16 shares of 97 ns within 468 ns, " + doc.DMA_PROFILES,
        "queue_interval_s": "floor of the bandwidth curve, " + doc.DMA_PROFILES,
        "completion_s": doc.DMA_PROFILES,
        "hwdge_instances": doc.TRN2_GUIDE,
        "hwdge_s": f"{doc.TRN2_GUIDE}; {doc.DGE}",
        "hwdge_start_s": "stores of ScalarE, " + doc.KERNEL_PROFILES,
        "swdge_s": "66,048 transfers in 39.895 ms, " + doc.TUTORIAL_PROFILES,
        "transpose_rate": doc.TRN2_GUIDE,
        "transpose_sbuf_rate": doc.TRN2_GUIDE,
        "compute_rate": doc.TRN3_GUIDE,
        "compute_max_sources": doc.ISA,
        "packet_bytes": doc.OVERLAP,
    },
    status={
        "moving_bytes_per_s": "measured",
        "descriptor_s": "measured",
        "max_piece_bytes": "measured",
        "prepared_descriptor_s": "inferred",
        "max_prepared_bytes": "inferred",
        "start_s": "measured",
        "fetch_s": "measured",
        "stagger_s": "measured",
        "completion_s": "measured",
        "hwdge_start_s": "measured",
        "swdge_s": "measured",
    },
    assumed={
        "transfer_s": Assumption(
            low=6e-9,
            high=60e-9,
            why="A semaphore write of 4 bytes, which takes 6 ns, and the first packet's way.",
        ),
        "queue_interval_s": Assumption(
            low=0.0,
            high=1.2e-6,
            why="The figure does not name its chip; taken as transfers that share one queue.",
        ),
    },
    conflicts={
        "usable_bytes_per_s": (
            Reading(26.4e9, "packets of 4 KiB, " + doc.KERNEL_PROFILES),
            Reading(23.1e9, "32 KiB in 1,416 ns, " + doc.DMA_PROFILES),
            Reading(20.9e9, "slowest average over a matmul, " + doc.TUTORIAL_PROFILES),
        ),
        "moving_bytes_per_s": (
            Reading(26.0e9, "shares of 16 and 32 KiB, the median, " + doc.KERNEL_PROFILES),
        ),
        "descriptor_s": (Reading(2.7e-9, "eight rows of 256 B in 97 ns, " + doc.DMA_PROFILES),),
        "prepared_descriptor_s": (
            Reading(12.3e-9, "32 KiB in 1,416 ns, had no packet waited, " + doc.DMA_PROFILES),
            Reading(15e-9, "packet times of " + doc.TUTORIAL_PROFILES),
        ),
        "max_piece_bytes": (Reading(2 * KIB, "packet times of " + doc.TUTORIAL_PROFILES),),
        "start_s": (
            Reading(0.9e-6, "GpSimdE trigger of a store, " + doc.DMA_PROFILES),
            Reading(0.77e-6, "SyncE trigger to the first engine, " + doc.DMA_PROFILES),
            Reading(1.3e-6, "semaphore to start, " + doc.DMA_BANDWIDTH),
        ),
        "hwdge_start_s": (Reading(1.34e-6, "first load of SyncE, " + doc.KERNEL_PROFILES),),
        "swdge_s": (Reading(880e-9, "from producer to trigger, " + doc.DMA_PROFILES),),
    },
)

_hbm = Hbm(
    source="MBU of " + doc.TUTORIAL_PROFILES,
    bytes_per_s=716.8e9,
    capacity_bytes=24 * GIB,
    cores=2,
    sources={"capacity_bytes": f"{doc.TRN2_GUIDE}; {doc.LNC}", "cores": doc.LNC},
    status={"bytes_per_s": "inferred"},
    conflicts={
        "bytes_per_s": (
            Reading(725e9, "2.9 TB/s over 4 stacks, " + doc.TRN2_PAGE),
            Reading(750e9, "3 TB/s over 4 stacks, " + doc.TRN2_GUIDE),
        ),
    },
)

CORE = Core(
    source=doc.TRN2_GUIDE,
    name="NeuronCore-v3",
    generation="v3",
    tensor=_tensor,
    vector=_vector,
    scalar=_scalar,
    gpsimd=_gpsimd,
    sync=_sync,
    sbuf=Sbuf(
        source=doc.TRN2_GUIDE,
        partitions=128,
        partition_bytes=224 * KIB,
        usable_partition_bytes=224 * KIB,
        status={"usable_partition_bytes": "inferred"},
        sources={"usable_partition_bytes": "as on Trainium3, " + doc.ALLOCATOR},
        conflicts={"usable_partition_bytes": (Reading(212_984, doc.LIBRARY_LIMITS),)},
    ),
    psum=Psum(source=doc.TRN2_GUIDE, partitions=128, banks=8, bank_bytes=2 * KIB),
    dma=_dma,
    hbm=_hbm,
    semaphore_s=38e-9,
    launch_start_s=13.4e-6,
    launch_end_s=2.1e-6,
    sources={
        "launch_start_s": "13.2 to 14.0 us, " + doc.KERNEL_PROFILES,
        "launch_end_s": "2.1 to 2.2 us, " + doc.KERNEL_PROFILES,
        "semaphore_s": "medians of six pairs of engines, 32 to 39 ns, " + doc.KERNEL_PROFILES,
    },
    status=dict.fromkeys(("semaphore_s", "launch_start_s", "launch_end_s"), "measured"),
    conflicts={
        "semaphore_s": (Reading(52e-9, "to TensorE, " + doc.KERNEL_PROFILES),),
        "launch_start_s": (
            Reading(7e-6, "13.5 us for 256 running sums, nki-autotune's nakb_cumsum.py"),
        ),
    },
)

TRN2 = Chip(
    source=doc.TRN2_GUIDE,
    name="trn2",
    product="AWS Trainium2",
    generation="gen3",
    cores=8,
    core=CORE,
    hbm_stacks=4,
    cc_cores=16,
    links={
        "instance": Link(
            source=doc.TRN2_SYSTEMS + " (1,024 GB/s over four neighbors)",
            name="NeuronLink-v3",
            count=4,
            bytes_per_s=256e9,
            status={"bytes_per_s": "inferred"},
        ),
        "other_instances": Link(
            source=doc.TRN2_SYSTEMS + " (256 GB/s on a ring: two neighbors)",
            name="NeuronLink-v3",
            count=2,
            bytes_per_s=128e9,
            status={"count": "inferred", "bytes_per_s": "inferred"},
        ),
    },
    link_bytes_per_s=1.28e12,
    published_flops_per_s={
        "float32": 181e12,
        "tfloat32": 667e12,
        "bfloat16": 667e12,
        "float16": 667e12,
        "float8_double_row": 1299e12,
        "sparse": 2563e12,
    },
    sources={
        "cc_cores": doc.TRN2_PAGE,
        "link_bytes_per_s": doc.TRN2_PAGE,
        "published_flops_per_s": doc.TRN2_PAGE,
    },
    conflicts={"cc_cores": (Reading(20, doc.TRN2_GUIDE),)},
)

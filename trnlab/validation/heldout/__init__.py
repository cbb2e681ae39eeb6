"""Published figures that no constant was fitted to: what the model is worth where it never looked.

A limit here is the error that the row has today, rounded up, so that a change that makes it worse
is seen. It is no target.
"""

from collections.abc import Iterator

from trnlab.kernels import matmul
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.nki.kernel import Shape
from trnlab.validation import ladder
from trnlab.validation.collectives import other_sizes
from trnlab.validation.heldout import attention, mlps, products, rows, scans
from trnlab.validation.table import Row

TUTORIAL = "nki/guides/tutorials/kernel-optimization.rst"
AUTOTUNE = "awslabs/nki-autotune, kernel_library/README.md and learnings"
SCOREBOARD = "awslabs/nki-autotune, autotune/gemm/trn2-scoreboard.md"
MAMBA = "nki/guides/tutorials/fused_mamba.rst"
RMSNORM = "nki/library/specs/design-rmsnorm-quant.rst"
NKIBENCH = "zhang677/AccelOpt, experiments/full_complete_local/results"

# Smaller products are published as well (54 us for 512 cubed, whose matmuls take 3.4 us): they
# were timed from the host, so they say more of the launch than of the core.
LADDER_US = {2048: 269, 2560: 483, 3072: 795, 4096: 1823, 5120: 3504}
LADDER_LIMITS = {2048: 8.0, 2560: 6.0}
LAUNCH = "timed from the host: with the launch, about 24 us, which the model leaves out"
START = "with about 10 us of start and end, which the model leaves out"
NAKB = "awslabs/nki-autotune, kernel_library/nakb_cumsum.py"
RUNNING_SUMS = (((2048, 4096), "float32", 224.3, 18.0), ((2560, 8192), "bfloat16", 423.0, 5.0))
STATES = 16
LIBRARY = "aws-neuron/nki-library, test/integration/nkilib/core/mlp/test_mlp_tkg.py"
EXPECTED = "what the library's test expects; with the launch"
DECODES = ((1, 1, 16_384, 416, 118.366, 11.0), (1, 1, 16_384, 832, 224.507, 5.0),
           (2, 1, 7_168, 364, 50.261, 5.0), (2, 4, 5_120, 128, 34.008, 14.0),
           (2, 5, 20_480, 832, 179.771, 5.0), (2, 5, 32_768, 896, 292.074, 5.0))  # fmt: skip
FUSION = "allenkchau/trainium-kernel-fusion, profiling/artifacts"
SAME_LAUNCH = "with the launch, which these profiles give; the compiler overlaps more"
HEADS = (("bfloat16", 512, 36.352, 20.0), ("float32", 512, 38.09, 22.0),
         ("bfloat16", 1024, 66.21, 14.0), ("float32", 1024, 73.29, 6.0))  # fmt: skip
THREAD = "awslabs/nki-autotune, thread 25 (execution time with torch tensors)"
FIRST_GENERATION = (((4096, 8192, 4096), 3.539, 5.0), ((4096, 8192, 8192), 6.991, 5.0),
                    ((4096, 4096, 8192), 3.538, 8.0),
                    ((8192, 8192, 8192), 14.72, 12.0))  # fmt: skip


def held_out() -> Iterator[Row]:
    """Every held-out figure, on the chip it was measured on."""
    yield from _fp32_hoisted()
    yield from _bf16()
    yield from _ladder()
    yield from _hand_written()
    yield from ladder.others()
    yield from _first_generation()
    yield from _scans()
    yield from _quantized_norm()
    yield from _decodes()
    yield from _heads()
    streamed = profile(rows.silu, shape((4096, 7168)), chip="trn1")
    yield Row("silu, FP32, [4096, 7168]", "trn1", "total time", "us", 797.7, streamed.total_us,
              NKIBENCH)  # fmt: skip
    for size, dtype, published_us, limit in RUNNING_SUMS:
        run = profile(rows.running_sum, shape(size, dtype), chip="trn2")
        yield Row(f"Running sums, {dtype}, {list(size)}", "trn2", "total time", "us", published_us,
                  run.total_us, NAKB, limit, START)  # fmt: skip
    yield from other_sizes()


def _fp32_hoisted() -> Iterator[Row]:
    """Total: 28.16 ms in which TensorE is at work, over its share of the time."""
    run = profile(products.hoisted, shape((8192, 4096)), shape((8192, 8192)), chip="trn2")
    workload = "FP32 matmul, loads hoisted"
    for quantity, unit, published, predicted in (
        ("total time", "us", 28_160 / 0.9985, run.total_us),
        ("MFU", "% of BF16 peak", 24.79, 100 * run.mfu),
        ("MBU", "%", 43.87, 100 * run.mbu),
        ("TensorE active", "%", 99.85, 100 * run.busy["tensor"]),
        ("DMA active", "%", 99.73, 100 * run.busy["dma"]),
    ):
        yield Row(workload, "trn2", quantity, unit, published, predicted, TUTORIAL)


def _bf16() -> Iterator[Row]:
    operand = shape((2048, 2048), "bfloat16")
    for workload, kernel, published, limit, note in (
        ("loads in the inner loop", matmul.tiled, 16.0, 10.0, "printed as about 16 %"),
        ("loads streamed", products.streamed, 89.5, 5.0, ""),
        ("left operand transposed by DMA", products.transposed, 89.26, 5.0, ""),
    ):
        run = profile(kernel, operand, operand, chip="trn2")
        yield Row(f"BF16 matmul, {workload}", "trn2", "MFU", "% of BF16 peak", published,
                  100 * run.mfu, AUTOTUNE, limit, note)  # fmt: skip


def _ladder() -> Iterator[Row]:
    """The best that was found for each size, against one kernel of ours."""
    for size, published in LADDER_US.items():
        operand = shape((size, size), "bfloat16")
        run = profile(products.streamed, operand, operand, chip="trn2")
        yield Row(
            f"BF16 matmul, {size:,} cubed, best found", "trn2", "total time", "us", published,
            run.total_us, SCOREBOARD, LADDER_LIMITS.get(size, 5.0), LAUNCH,
        )  # fmt: skip


def _hand_written() -> Iterator[Row]:
    """One PSUM tile for all products of a block: it is written again once it was read out."""
    operand = shape((2048, 2048), "bfloat16")
    for blocks, published, limit in (((4, 1, 8), 79.05, 25.0), ((16, 2, 8), 60.56, 6.0)):
        names = zip(("m_block", "n_block", "k_block"), blocks, strict=True)
        run = profile(products.summed, operand, operand, chip="trn2", **dict(names), tiles=1)
        workload = f"BF16 matmul, blocks of {blocks[0]}, {blocks[1]}, {blocks[2]}, one PSUM tile"
        yield Row(workload, "trn2", "MFU", "% of BF16 peak", published, 100 * run.mfu, AUTOTUNE,
                  limit)  # fmt: skip


def _first_generation() -> Iterator[Row]:
    """The kernel of AWS's tutorial with its own blocks, on Trainium1."""
    for (m, k, n), published_ms, limit in FIRST_GENERATION:
        operands = shape((k, m), "bfloat16"), shape((k, n), "bfloat16")
        run = profile(products.summed, *operands, chip="trn1", m_block=16, n_block=2, k_block=8)
        yield Row(f"BF16 matmul, [{m}, {k}] x [{k}, {n}], blocked", "trn1", "total time", "us",
                  1e3 * published_ms, run.total_us, THREAD, limit, LAUNCH)  # fmt: skip


def _scans() -> Iterator[Row]:
    """Selective scan in FP32; in the profiles VectorE is at work from 15 us on."""

    def inputs(channels: int, length: int) -> list[Shape]:
        sizes = [(channels, length)] * 2 + [(channels, STATES)] + [(STATES, length)] * 2
        return [shape(each) for each in sizes]

    first = profile(scans.scan_by_state, *inputs(256, 512), chip="trn1")
    yield _time("Scan, states outside, 256 channels, 512 steps", 172.93, first, 10.0)
    wide = profile(scans.scan_by_state, *inputs(4096, 512), chip="trn1")
    yield _time("Scan, states outside, 4,096 channels, 512 steps", 2_340, wide, 10.0)
    reordered = profile(scans.scan, *inputs(4096, 512), chip="trn1")
    workload = "Scan, channels outside, 4,096 channels, 512 steps"
    yield _time(workload, 1_610, reordered)
    yield Row(workload, "trn1", "VectorE active", "%", 99.63, 100 * reordered.busy["vector"], MAMBA)
    longer = profile(scans.scan, *inputs(4096, 2048), chip="trn1")
    yield _time("Scan, channels outside, 4,096 channels, 2,048 steps", 6_600, longer)


def _time(workload: str, published: float, run: Profile, limit: float = 5.0) -> Row:
    note = "with about 15 us of start and end, which the model leaves out"
    return Row(
        workload, "trn1", "total time", "us", published, run.total_us, MAMBA, limit, note
    )  # fmt: skip


def _decodes() -> Iterator[Row]:
    """Gated MLPs of a few tokens in BF16, on one core and on two."""
    for cores, tokens, hidden, width, published_us, limit in DECODES:
        sizes = (hidden, tokens), (hidden, width), (hidden, width), (width, hidden)
        run = profile(mlps.decode[cores], *(shape(size, "bfloat16") for size in sizes), chip="trn2")
        core = "one core" if cores == 1 else "two cores"
        workload = f"Decode MLP, {core}, {tokens} x {hidden:,} x {width}"
        yield Row(workload, "trn2", "launched time", "us", published_us, run.launched_us, LIBRARY,
                  limit, EXPECTED)  # fmt: skip


def _heads() -> Iterator[Row]:
    """Attention of one head of 128, softmax in FP32."""
    for dtype, length, published_us, limit in HEADS:
        run = profile(attention.attention, *[shape((128, length), dtype)] * 3, chip="trn2")
        yield Row(f"Attention, {dtype}, {length:,} tokens", "trn2", "launched time", "us",
                  published_us, run.launched_us, FUSION, limit, SAME_LAUNCH)  # fmt: skip


def _quantized_norm() -> Iterator[Row]:
    inputs = shape((128, 16_384), "bfloat16"), shape((1, 16_384), "bfloat16")
    line = profile(rows.quantized_norm, *inputs, chip="trn2").timeline
    first = line["start_s"][line["op"] == line.ops.index("activation_reduce")][0]
    last = line["end_s"][line["op"] == line.ops.index("tensor_scalar")][-1]
    yield Row(
        "RMS norm to FP8, 128 tokens of 16,384", "trn2", "first square to last product", "us", 63.8,
        1e6 * (last - first), RMSNORM,
        note="read off a picture; four of its instructions are in the calibration set",
    )  # fmt: skip

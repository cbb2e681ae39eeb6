"""Published matrix products: kernels of several rungs, on Trainium2."""

from collections.abc import Callable, Iterator
from typing import Any

from trnlab.kernels import matmul
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.validation import kernels
from trnlab.validation.table import Row

TUTORIAL = "nki/guides/tutorials/kernel-optimization.rst"
AUTOTUNE = "awslabs/nki-autotune, kernel_library/README.md and learnings"
PERCENTS = {"TensorE active": "tensor", "VectorE active": "vector", "GpSimdE active": "gpsimd",
            "DMA active": "dma"}  # fmt: skip


def fp32() -> Iterator[Row]:
    """[4096, 8192] x [8192, 8192] in FP32, tiles of 128 x 128 x 512."""
    operands = shape((8192, 4096), "float32"), shape((8192, 8192), "float32")
    tiled = profile(matmul.tiled, *operands, chip="trn2")
    yield from _rows("FP32 matmul, tiled", TUTORIAL, tiled, 39_895, {
        "MFU": 17.52, "MBU": 38.06, "TensorE active": 87.28, "DMA active": 99.93,
    })  # fmt: skip
    line = tiled.timeline
    for quantity, unit, published, predicted in (
        ("MATMUL instructions", "", 65_536, (line["op"] == line.ops.index("MultiplyMoving")).sum()),
        ("HBM traffic", "GB", 10.87, line["bytes"].sum() / 1e9),
    ):
        yield Row("FP32 matmul, tiled", "trn2", quantity, unit, published, predicted, TUTORIAL)
    blocks = {"m_block": 8, "n_block": 2, "k_block": 8}
    blocked = profile(matmul.pipelined, *operands, chip="trn2", **blocks)
    yield from _rows("FP32 matmul, fully blocked", TUTORIAL, blocked, 28_302, {
        "MFU": 24.70, "MBU": 8.96, "TensorE active": 99.50, "VectorE active": 10.55,
        "DMA active": 21.54,
    })  # fmt: skip


def bf16() -> Iterator[Row]:
    """2048 x 2048 x 2048 in BF16."""

    def run(kernel: Callable[..., Any], **options: int) -> Profile:
        operand = shape((2048, 2048), "bfloat16")
        return profile(kernel, operand, operand, chip="trn2", **options)

    one = run(kernels.resident, banks=1)
    yield from _rows("BF16 matmul, one PSUM bank", AUTOTUNE, one, 0, {
        "MFU": 59.5, "TensorE active": 73.0, "VectorE active": 18.2, "GpSimdE active": 8.8,
    })  # fmt: skip
    two = run(kernels.resident, banks=2)
    yield from _rows("BF16 matmul, two PSUM banks", AUTOTUNE, two, 0, {
        "MFU": 83.7, "TensorE active": 88.1,
    })  # fmt: skip
    staged = run(kernels.staged)
    yield from _rows("BF16 matmul, K in two stages", AUTOTUNE, staged, 240.3, {"MFU": 90.92})


def _rows(
    workload: str, source: str, run: Profile, total_us: float, percents: dict[str, float]
) -> Iterator[Row]:
    if total_us:
        yield Row(workload, run.chip, "total time", "us", total_us, run.total_us, source)
    for quantity, published in percents.items():
        yield _percent(workload, source, run, quantity, published)


def _percent(workload: str, source: str, run: Profile, quantity: str, published: float) -> Row:
    if quantity == "MFU":  # within 5 % of the figure, not 5 points
        return Row(workload, run.chip, "MFU", "% of BF16 peak", published, 100 * run.mfu, source)
    share = run.mbu if quantity == "MBU" else run.busy[PERCENTS[quantity]]
    return Row(workload, run.chip, quantity, "%", published, 100 * share, source)

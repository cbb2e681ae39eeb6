"""The kernels that the profiler offers, each with sizes that are profiled in a moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import trnlab
from trnlab.errors import told
from trnlab.kernels.attention import attention
from trnlab.kernels.gated_mlp import gated_mlp_decode, gated_mlp_prefill
from trnlab.kernels.matmul import LADDER
from trnlab.kernels.mlp import mlp
from trnlab.kernels.norms import layer_norm, rms_norm, rms_norm_quantize
from trnlab.kernels.pooling import average_pool
from trnlab.kernels.scan import selective_scan
from trnlab.kernels.softmax import softmax
from trnlab.kernels.topk import top_k
from trnlab.kernels.transpose import transpose
from trnlab.metrics import Profile
from trnlab.nki.kernel import Shape

BF16, FP32 = "bfloat16", "float32"
MATMUL, CLASSIC, OWN = "Matrix product, step by step", "Classic kernels", "Yours"


@dataclass(frozen=True)
class Size:
    """What a kernel is run on."""

    label: str
    inputs: Sequence[Any]  # shapes, or arrays of a learner
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A kernel of the gallery."""

    title: str
    group: str
    kernel: Callable[..., Any]
    sizes: Mapping[str, Size]  # the first is shown unless another is chosen

    def profile(self, size: str, chip: str) -> Profile:
        """One run.

        Raises:
            ValueError: the kernel refuses its inputs, or the core the kernel, or it fails
        """
        chosen = self.sizes[size]
        try:
            return trnlab.profile(self.kernel, *chosen.inputs, chip=chip, **chosen.options)
        except ValueError:
            raise
        except Exception as error:  # a learner's kernel may raise anything
            raise ValueError(f"The kernel failed: {told(error)}") from error

    def nearest(self, size: str) -> str:
        """The same size if this kernel has it, else its first."""
        return size if size in self.sizes else next(iter(self.sizes))


def own(kernel: Callable[..., Any], inputs: Sequence[Any], options: Mapping[str, Any]) -> Entry:
    """A learner's kernel as an entry."""
    name = getattr(kernel, "__name__", "kernel")
    if isinstance(inputs, (Shape, np.ndarray)):  # one alone
        inputs = [inputs]
    return Entry(name, OWN, kernel, {"given": Size("as given", inputs, options)})


def _sized(label: str, dtype: str, *shapes: tuple[int, ...], **options: Any) -> Size:
    return Size(label, [trnlab.shape(sizes, dtype) for sizes in shapes], options)


def _matmul(name: str) -> Entry:
    rung = LADDER[name]
    title = f"{list(LADDER).index(name) + 1} {rung.meaning}"
    if name == "one_tile":
        sizes = {"tile": _sized("128 x 128 x 512, BF16", BF16, (128, 128), (128, 512))}
        return Entry(title, MATMUL, rung.kernel, sizes)
    sizes = {
        f"{size}{suffix}": _sized(
            f"{size} x {size} x {size}, {words}", dtype, (size, size), (size, size), **rung.blocks
        )
        for dtype, words, suffix in ((BF16, "BF16", ""), (FP32, "FP32", "-fp32"))
        for size in (1024, 2048)
    }
    return Entry(title, MATMUL, rung.kernel, sizes)


def _rows(title: str, kernel: Callable[..., Any], vectors: int) -> Entry:
    """A kernel of a matrix and some vectors over its columns."""
    sizes = {
        f"{rows}x{columns}": _sized(
            f"{rows} rows of {columns}, BF16", BF16, (rows, columns), *[(columns,)] * vectors
        )
        for rows, columns in ((4096, 2048), (1024, 512), (1024, 8192))
    }
    return Entry(title, CLASSIC, kernel, sizes)


def _attention() -> Entry:
    sizes = {
        f"{length}{suffix}": _sized(
            f"{length} tokens, {words}",
            BF16,
            (128, length),
            (128, length),
            (length, 128),
            causal=causal,
        )  # fmt: skip
        for length in (2048, 1024, 4096)
        for causal, words, suffix in ((False, "all pairs", ""), (True, "causal", "-causal"))
    }
    return Entry("Flash attention", CLASSIC, attention, sizes)


def _gated(kernel: Callable[..., Any], title: str, hidden: int, tokens: Sequence[int]) -> Entry:
    inner = 2 * hidden
    sizes = {
        f"{count}": _sized(
            f"{count} tokens, {hidden} x {inner}",
            BF16,
            (hidden, count),
            (hidden, inner),
            (hidden, inner),
            (inner, hidden),
        )  # fmt: skip
        for count in tokens
    }
    return Entry(title, CLASSIC, kernel, sizes)


def _mlp(batch: int) -> Size:
    shapes = [((64, batch), BF16), ((64, 128), BF16), ((128, 1), FP32), ((128, 10), BF16)]
    inputs = [trnlab.shape(sizes, dtype) for sizes, dtype in [*shapes, ((10, 1), FP32)]]
    return Size(f"{batch} images", inputs, {})


def _scan(channels: int, steps: int) -> Size:
    states = 16
    shapes = [(channels, steps)] * 2 + [(channels, states)] + [(states, steps)] * 2
    return _sized(f"{channels} channels, {steps} steps", FP32, *shapes)


def _top_k(k: int) -> Size:
    rows, columns = 1024, 2048
    return Size(f"{k} of {columns}, {rows} rows", [trnlab.shape((rows, columns), FP32), k], {})


GALLERY: dict[str, Entry] = {
    **{name: _matmul(name) for name in LADDER},
    "attention": _attention(),
    "gated_mlp_decode": _gated(gated_mlp_decode, "Gated MLP, decoding", 2048, (64, 1)),
    "gated_mlp_prefill": _gated(gated_mlp_prefill, "Gated MLP, prefilling", 1024, (2048, 512)),
    "mlp": Entry("Two-layer network", CLASSIC, mlp, {str(n): _mlp(n) for n in (512, 4096)}),
    "softmax": _rows("Softmax", softmax, 0),
    "rms_norm": _rows("RMSNorm", rms_norm, 1),
    "rms_norm_quantize": _rows("RMSNorm to FP8", rms_norm_quantize, 1),
    "layer_norm": _rows("LayerNorm", layer_norm, 2),
    "selective_scan": Entry(
        "Selective scan (Mamba)", CLASSIC, selective_scan,
        {"256x1024": _scan(256, 1024), "512x2048": _scan(512, 2048)},
    ),
    "top_k": Entry("Top k", CLASSIC, top_k, {"32": _top_k(32), "8": _top_k(8)}),
    "average_pool": Entry(
        "Average pooling", CLASSIC, average_pool,
        {"96": Size("128 x 96 x 96, windows of 2", [trnlab.shape((128, 96, 96), BF16), 2], {})},
    ),
    "transpose": Entry(
        "Transpose", CLASSIC, transpose,
        {str(n): _sized(f"{n} x {n}, BF16", BF16, (n, n)) for n in (1024, 2048)},
    ),
}  # fmt: skip

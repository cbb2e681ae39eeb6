"""One product in six formats on the modelled core: time on shapes alone, error on a corner of it.

In: K, M, N and who interleaves. Out: runs of the engine. The error is measured with values on a
corner, 128 x 512 results that are sums of at most 1,024 terms: it hardly depends on the size.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import trnlab
from trnlab.kernels.matmul import TILE_M, TILE_N, blocked
from trnlab.kernels.narrow_matmul import (
    INTERLEAVE,
    MX_K,
    MXFP4,
    MXFP8,
    SHARING,
    double_row,
    in_tiles,
    mx,
    mx_operand,
    mx_quantizing,
)
from trnlab.metrics import Profile
from trnlab.numerics.errors import sqnr_db
from trnlab.numerics.formats import number_format
from trnlab.numerics.mx import PACK
from trnlab.numerics.scaling import quantize_scaled
from widgets.numbers.choices import one_of

SIZES = {"K": (512, 1024, 2048, 4096), "M": (128, 256, 512, 1024, 2048), "N": (512, 1024, 2048)}
BLOCK = 4  # tiles of M, and of N, that share loads, at most
CHIP = "trn3"
FP8 = "float8_e4m3fn"
OFFSETS = {MXFP8: 1, MXFP4: 0}  # FP4 is made on the host, by OCP's rule
DATA = ("normal", "outliers")
CORNER_K = 1024
OUTLIERS, OUTLIER_SIZE = 61, 40.0  # every how many rows of K, and how much larger
SPECS = {
    "scalar": "a copy on ScalarE",
    "vector": "a copy on VectorE",
    "gpsimd": "a copy on GpSimdE",
    "dma": "the DMA transfer itself",
    "ready": "nobody: it comes interleaved",
}


@dataclass(frozen=True)
class Product:
    """[K, M]^T times [K, N]: weights are stationary, activations move."""

    K: int = 2048
    M: int = 512
    N: int = 512
    interleave: str = "scalar"
    data: str = "normal"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Product":
        """The product that a dictionary asks for; numbers may come as text.

        Raises:
            ValueError: a value that is not on offer
        """
        asked = {**asdict(cls()), **{k: v for k, v in values.items() if k in asdict(cls())}}
        for name, allowed in SIZES.items():
            text = str(asked[name])[:20]
            if not text.isdigit() or int(text) not in allowed:
                listed = ", ".join(map(str, allowed))
                raise ValueError(f"{name} = {text}: choose one of {listed}.")
            asked[name] = int(text)
        for name, choices in (("interleave", INTERLEAVE), ("data", DATA)):
            one_of(name, asked[name], choices)
        return cls(**asked)

    @property
    def blocks(self) -> dict[str, int]:
        """Keyword arguments of every kernel."""
        return {
            "m_block": min(BLOCK, self.M // TILE_M),
            "n_block": min(BLOCK, self.N // TILE_N),
        }


class Variant(NamedTuple):
    """One way to compute it."""

    label: str
    note: str
    time: Callable[[Product], Profile]
    result: Callable[[np.ndarray, np.ndarray, Product], np.ndarray]


def _shape(*sizes: int, dtype: str) -> Any:
    return trnlab.shape(sizes, dtype)


def _packed(product: Product, columns: int, dtype: str) -> tuple[Any, Any]:
    """Shapes of a quantized operand and its scales."""
    tiles = product.K // MX_K
    items = "uint16" if dtype == MXFP4 else "uint32"
    return (
        _shape(product.K // PACK, columns, dtype=items),
        _shape(-(-tiles // SHARING) * TILE_M, columns, dtype="uint8"),
    )


def _time_bf16(p: Product) -> Profile:
    shapes = [_shape(p.K, columns, dtype="bfloat16") for columns in (p.M, p.N)]
    return trnlab.profile(blocked, *shapes, chip=CHIP, **p.blocks)


def _time_fp8(p: Product) -> Profile:
    shapes = [_shape(p.K, columns, dtype=FP8) for columns in (p.M, p.N)]
    return trnlab.profile(double_row, *shapes, chip=CHIP, scale=0.5, **p.blocks)


def _time_before(dtype: str) -> Callable[[Product], Profile]:
    def time(p: Product) -> Profile:
        both = (*_packed(p, p.M, dtype), *_packed(p, p.N, dtype))
        return trnlab.profile(mx, *both, chip=CHIP, dtypes=(dtype, dtype), **p.blocks)

    return time


def _time_on_core(dtype: str) -> Callable[[Product], Profile]:
    def time(p: Product) -> Profile:
        is_ready = p.interleave == "ready"
        sizes = (p.K // PACK, p.N * PACK) if is_ready else (p.K, p.N)
        x, options = _shape(*sizes, dtype="bfloat16"), {"interleave": p.interleave, **p.blocks}
        weights = _packed(p, p.M, dtype)
        return trnlab.profile(mx_quantizing, *weights, x, chip=CHIP, dtype=dtype, **options)

    return time


def _result_bf16(w: np.ndarray, x: np.ndarray, _p: Product) -> np.ndarray:
    bf16 = number_format("bfloat16").storage
    run = trnlab.profile(blocked, w.astype(bf16), x.astype(bf16), chip=CHIP, m_block=1, n_block=1)
    return run.output


def _result_fp8(w: np.ndarray, x: np.ndarray, _p: Product) -> np.ndarray:
    a, b = (quantize_scaled(part, number_format(FP8)) for part in (w, x))
    codes = [part.codes.view(part.format.storage) for part in (a, b)]
    scale = float(a.scale.item() * b.scale.item())
    return trnlab.profile(double_row, *codes, chip=CHIP, scale=scale, m_block=1).output


def _result_before(dtype: str) -> Callable[[np.ndarray, np.ndarray, Product], np.ndarray]:
    def result(w: np.ndarray, x: np.ndarray, _p: Product) -> np.ndarray:
        both = [part for matrix in (w, x) for part in mx_operand(matrix, dtype, OFFSETS[dtype])]
        return trnlab.profile(mx, *both, chip=CHIP, dtypes=(dtype, dtype), m_block=1).output

    return result


def _result_on_core(dtype: str) -> Callable[[np.ndarray, np.ndarray, Product], np.ndarray]:
    def result(w: np.ndarray, x: np.ndarray, p: Product) -> np.ndarray:
        weights = mx_operand(w, dtype, OFFSETS[dtype])
        given = in_tiles(x) if p.interleave == "ready" else x
        given = given.astype(number_format("bfloat16").storage)
        options = {"dtype": dtype, "interleave": p.interleave, "m_block": 1}
        return trnlab.profile(mx_quantizing, *weights, given, chip=CHIP, **options).output

    return result


VARIANTS: Mapping[str, Variant] = {
    "bf16": Variant("BF16", "nc_matmul", _time_bf16, _result_bf16),
    "fp8": Variant("FP8 double rows", "both in FP8 before", _time_fp8, _result_fp8),
    "mxfp8-core": Variant(
        "MXFP8, quantized here", "activations come in BF16", _time_on_core(MXFP8),
        _result_on_core(MXFP8),
    ),
    "mxfp8": Variant("MXFP8", "both in MXFP8 before", _time_before(MXFP8), _result_before(MXFP8)),
    "mxfp4-core": Variant(
        "MXFP4 weights, quantized here", "weights MXFP4, activations BF16",
        _time_on_core(MXFP4), _result_on_core(MXFP4),
    ),
    "mxfp4": Variant("MXFP4", "both in MXFP4 before", _time_before(MXFP4), _result_before(MXFP4)),
}  # fmt: skip


@cache
def operands(k: int, data: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights [K, 128], activations [K, 512] (both exact in BF16), and their exact product."""
    rng = np.random.default_rng(k)
    w, x = rng.normal(size=(k, TILE_M)), rng.normal(size=(k, TILE_N))
    if data == "outliers":
        x[::OUTLIERS] *= OUTLIER_SIZE
    bf16 = number_format("bfloat16").storage
    w, x = (part.astype(bf16).astype(np.float32) for part in (w, x))
    return w, x, w.T.astype(np.float64) @ x


@cache
def measured_db(name: str, k: int, data: str) -> float:
    """SQNR of a variant's results on the corner, as the engine computes them."""
    k = min(k, CORNER_K)
    w, x, exact = operands(k, data)
    found = VARIANTS[name].result(w, x, Product(K=k, data=data))
    return sqnr_db(exact, np.asarray(found, np.float64))

"""MX quantization a second time, from the documents alone; nothing of trnlab in it.

Scales by division and comparison with powers of two in float64, elements by `ml_dtypes`.
Source: nki.isa.quantize_mx, "Scale calculation"; OCP MX v1.0.
"""

import ml_dtypes
import numpy as np

ELEMENTS = {  # storage, Emax, largest value
    "float8_e4m3fn": (ml_dtypes.float8_e4m3fn, 8, 448.0),
    "float8_e5m2": (ml_dtypes.float8_e5m2, 15, 57344.0),
    "float4_e2m1fn": (ml_dtypes.float4_e2m1fn, 2, 6.0),
}
ALL_BFLOAT16 = (np.arange(2**16, dtype=np.uint32) << 16).view(np.float32)
POWERS = 2.0 ** np.arange(-160, 129)  # exact in float64


@np.errstate(all="ignore")  # NaN, and 2^128 after rounding up
def scale_bytes(blocks: np.ndarray, name: str, offset: int) -> np.ndarray:
    """[n, 32] to [n]."""
    largest = np.abs(blocks.astype(np.float64)).max(axis=1)
    is_finite = np.isfinite(largest)
    position = np.searchsorted(POWERS, np.where(is_finite, largest, 1), side="right") - 1
    exponent = np.where(largest > 0, position - 160, -1000)
    stored = np.clip(exponent - ELEMENTS[name][1] + offset + 127, 0, 254)
    return np.where(is_finite, stored, 255)


@np.errstate(all="ignore")
def element_codes(blocks: np.ndarray, name: str, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes [n, 32] and scales [n] of blocks."""
    storage, _, largest = ELEMENTS[name]
    scales = scale_bytes(blocks, name, offset)
    factors = np.where(scales == 255, np.nan, 2.0 ** (scales - 127.0))
    scaled = np.clip(blocks.astype(np.float64) / factors[:, None], -largest, largest)
    return scaled.astype(np.float32).astype(storage), scales


@np.errstate(all="ignore")
def round_trip_of_blocks(blocks: np.ndarray, name: str, offset: int) -> np.ndarray:
    """float32 [n, 32]."""
    codes, scales = element_codes(blocks, name, offset)
    factors = np.where(scales == 255, np.nan, 2.0 ** (scales - 127.0))
    return (codes.astype(np.float64) * factors[:, None]).astype(np.float32)


def companies() -> dict[str, np.ndarray]:
    """All bfloat16 values in 2,048 blocks, in three kinds of company; float32 [2048, 32]."""
    rng = np.random.default_rng(0)
    with np.errstate(divide="ignore"):
        size = np.log2(np.abs(ALL_BFLOAT16))
    near = np.argsort(np.nan_to_num(size, nan=200.0, posinf=200.0) + rng.uniform(0, 12, size.shape))
    orders = {"any": rng.permutation(2**16), "near": near, "own binade": np.arange(2**16)}
    return {name: ALL_BFLOAT16[order].reshape(-1, 32) for name, order in orders.items()}


def as_tile(blocks: np.ndarray) -> np.ndarray:
    """Blocks [n, 32] as a tile [8, 4 n] of groups of 8 rows x 4 neighbors; scales [n, 1] as [1, n].

    The first four values of a block lie in its first row.
    """
    if blocks.shape[1] == 1:
        return blocks.T
    return blocks.reshape(-1, 8, 4).transpose(1, 0, 2).reshape(8, -1)

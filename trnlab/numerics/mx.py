"""MX numbers: groups of 32 values that share one power of two.

Encode and decode of the packed types (four elements in one item, the first in the lowest bits) and
of e8m0 scales (exponent + 127; 255 is NaN). Layouts in memory are the business of instructions.
"""

from typing import NamedTuple

import ml_dtypes
import numpy as np

SCALE_BIAS = 127
SCALE_NAN = 255
PACK = 4  # elements in one packed item
GROUP_ROWS = 8  # partitions of one group: 8 x 4 = 32 values


class Element(NamedTuple):
    """The element type of a packed dtype."""

    name: str
    storage: np.dtype
    exponent_max: int  # unbiased exponent of the largest binade
    max_finite: float


ELEMENTS = {
    "float8_e4m3fn_x4": Element("float8_e4m3fn", np.dtype(ml_dtypes.float8_e4m3fn), 8, 448.0),
    "float8_e5m2_x4": Element("float8_e5m2", np.dtype(ml_dtypes.float8_e5m2), 15, 57344.0),
    "float4_e2m1fn_x4": Element("float4_e2m1fn", np.dtype(ml_dtypes.float4_e2m1fn), 2, 6.0),
}

_SCALES = np.array([2.0 ** (code - SCALE_BIAS) for code in range(SCALE_NAN)] + [np.nan], np.float32)
_FLOAT4 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)
_FLOAT4 = np.concatenate([_FLOAT4, -_FLOAT4])
_EIGHT_BITS = {
    name: np.arange(256, dtype=np.uint8).view(element.storage).astype(np.float32)
    for name, element in ELEMENTS.items()
    if element.name != "float4_e2m1fn"
}


def unpacked(items: np.ndarray, dtype: str) -> np.ndarray:
    """Values of packed items.

    Args:
        items: [..., F] uint32, or uint16 for float4_e2m1fn_x4
    Returns:
        float32 [..., F, 4]
    """
    if dtype == "float4_e2m1fn_x4":
        nibbles = (items[..., np.newaxis] >> np.arange(0, 16, 4, dtype=np.uint16)) & 15
        return _FLOAT4[nibbles]
    codes = np.ascontiguousarray(items).view(np.uint8)
    return _EIGHT_BITS[dtype][codes].reshape(*items.shape, PACK)


def packed(values: np.ndarray, dtype: str) -> np.ndarray:
    """Items that hold values, each rounded to the element type.

    Args:
        values: float32 [..., F, 4]
    Returns:
        [..., F] uint32, or uint16 for float4_e2m1fn_x4
    """
    codes = values.astype(ELEMENTS[dtype].storage).view(np.uint8)
    if dtype == "float4_e2m1fn_x4":
        shifted = codes.astype(np.uint16) << np.arange(0, 16, 4, dtype=np.uint16)
        return np.bitwise_or.reduce(shifted, axis=-1)
    return np.ascontiguousarray(codes).view(np.uint32)[..., 0]


def scale_values(scales: np.ndarray) -> np.ndarray:
    """2^(scale - 127) of e8m0 bytes, NaN for 255; float32, same shape."""
    return _SCALES[scales]


def group_scales(values: np.ndarray, dtype: str, exponent_offset: int = 1) -> np.ndarray:
    """e8m0 scales of groups: exponent floor(log2 amax) - Emax + exponent_offset.

    A group of zeros gets 2^-127. The exponent is held at 2^-127 when it would be smaller. A group
    with a NaN or an infinity gets the NaN scale, so all of it decodes to NaN (AWS documents neither
    case; ours).

    Args:
        values: float32 [groups..., 32]
        exponent_offset: 1, twice the scale of OCP's sample algorithm, as NKI documents since 0.5;
            0 for the sample algorithm, as before
    Returns:
        uint8 [groups...]
    """
    largest = np.abs(values).max(axis=-1)
    _, exponent = np.frexp(largest)  # largest = m 2^exponent with m in [0.5, 1)
    scale = exponent - 1 - ELEMENTS[dtype].exponent_max + exponent_offset + SCALE_BIAS
    scale = np.where(largest == 0, 0, np.clip(scale, 0, SCALE_NAN - 1))
    return np.where(np.isfinite(largest), scale, SCALE_NAN).astype(np.uint8)


def quantize(
    values: np.ndarray, dtype: str, exponent_offset: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Quantize a tile in groups of 8 rows x 4 neighbors, as VectorE does.

    Args:
        values: float32 [P, F]; P a multiple of 8, F of 4
        dtype: packed dtype of the result
        exponent_offset: see `group_scales`
    Returns:
        items [P, F / 4] and scales uint8 [P / 8, F / 4]
    Source: nki.isa.quantize_mx
    """
    p, f = values.shape
    grouped = values.reshape(p // GROUP_ROWS, GROUP_ROWS, f // PACK, PACK)
    flat = grouped.transpose(0, 2, 1, 3).reshape(p // GROUP_ROWS, f // PACK, -1)
    scales = group_scales(flat, dtype, exponent_offset)
    exponents = scales.astype(np.int32)[:, np.newaxis, :, np.newaxis] - SCALE_BIAS
    limit = ELEMENTS[dtype].max_finite
    scaled = np.clip(np.ldexp(grouped, -exponents), -limit, limit)
    items = packed(np.where(np.isfinite(grouped), scaled, np.nan), dtype)
    return items.reshape(p, f // PACK), scales


def dequantize(items: np.ndarray, scales: np.ndarray, dtype: str) -> np.ndarray:
    """Values of a quantized tile.

    Args:
        items: [P, F] packed
        scales: uint8 [P / 8, F]
    Returns:
        float32 [P, F, 4]
    """
    rows = np.repeat(scale_values(scales), GROUP_ROWS, axis=0)
    return unpacked(items, dtype) * rows[..., np.newaxis]

"""MX numbers as the device lays them out: groups of 8 partitions x 4 neighbors share a scale.

Encode and decode of the packed types (four elements in one item, the first in the lowest bits) and
of e8m0 scales (exponent + 127; 255 is NaN). `blocks` is the specification of one group; where
scales lie in a tile is the business of instructions.
"""

from functools import cache

import numpy as np

from trnlab.numerics.arrays import decoded, encoded
from trnlab.numerics.formats import NUMBER_FORMATS, NumberFormat

SCALE = NUMBER_FORMATS["float8_e8m0fnu"]
PACK = 4  # elements in one packed item
GROUP_ROWS = 8  # partitions of one group: 8 x 4 = 32 values
FLOAT4 = "float4_e2m1fn_x4"

ELEMENTS = {
    f"{name}_x4": NUMBER_FORMATS[name] for name in ("float8_e4m3fn", "float8_e5m2", "float4_e2m1fn")
}

_MAGNITUDE = np.uint32(0x7FFFFFFF)
_INFINITY = np.uint32(0x7F800000)
_MANTISSA_BITS = np.uint32(23)
_SCALES = decoded(np.arange(256), SCALE)
_INVERSES = np.exp2(float(SCALE.bias) - np.arange(256.0)).astype(np.float32)
_INVERSES[SCALE.nan_code] = np.nan


@cache
def _code_table(format: NumberFormat) -> np.ndarray:
    """Codes of all 65,536 upper halves of a float32; see `element_codes`."""
    halves = np.arange(2**16, dtype=np.uint32) << np.uint32(16)
    return encoded(halves.view(np.float32), format)


@cache
def _value_table(format: NumberFormat) -> np.ndarray:
    return decoded(np.arange(2**format.bits), format)


def element_codes(values: np.ndarray, format: NumberFormat) -> np.ndarray:
    """Codes of 4- and 8-bit elements: what `encoded` gives, by one look-up for each value.

    The upper half of a float32 decides, if its lowest bit says whether anything follows: these
    formats have at most 3 mantissa bits, that half has 7.

    Args:
        values: float32, any shape
    Returns:
        uint8, same shape
    """
    bits = values.view(np.uint32)
    halves = (bits >> np.uint32(16)) | ((bits & np.uint32(0xFFFF)) != 0)
    return _code_table(format)[halves]


def unpacked(items: np.ndarray, dtype: str) -> np.ndarray:
    """Values of packed items.

    Args:
        items: [..., F] uint32, or uint16 for float4_e2m1fn_x4
    Returns:
        float32 [..., F, 4]
    """
    codes: np.ndarray
    if dtype == FLOAT4:
        codes = (items[..., np.newaxis] >> np.arange(0, 16, 4, dtype=np.uint16)) & np.uint16(15)
    else:
        codes = np.ascontiguousarray(items).view(np.uint8).reshape(*items.shape, PACK)
    return _value_table(ELEMENTS[dtype])[codes]


def packed(values: np.ndarray, dtype: str) -> np.ndarray:
    """Items that hold values, each rounded to the element type.

    Args:
        values: float32 [..., F, 4]
    Returns:
        [..., F] uint32, or uint16 for float4_e2m1fn_x4
    """
    values = np.ascontiguousarray(values, np.float32)
    return packed_codes(element_codes(values, ELEMENTS[dtype]), dtype)


def packed_codes(codes: np.ndarray, dtype: str) -> np.ndarray:
    """Items of codes, uint8 [..., F, 4]."""
    if dtype == FLOAT4:
        shifted = codes.astype(np.uint16) << np.arange(0, 16, 4, dtype=np.uint16)
        return np.bitwise_or.reduce(shifted, axis=-1)
    return np.ascontiguousarray(codes).view(np.uint32)[..., 0]


def scale_values(scales: np.ndarray) -> np.ndarray:
    """2^(scale - 127) of e8m0 bytes, NaN for 255; float32, same shape."""
    return _SCALES[scales]


def scales_of(largest_bits: np.ndarray, format: NumberFormat, exponent_offset: int) -> np.ndarray:
    """e8m0 scales of groups by the bits of their largest magnitude; see `blocks.block_scale`.

    As integers the bits of magnitudes are in their order, and those of infinities and NaN follow.

    Args:
        largest_bits: uint32, float32 bits without sign
    Returns:
        uint8, same shape
    """
    exponent = (largest_bits >> _MANTISSA_BITS).astype(np.int32)  # as stored, 127 for 1
    scales = np.clip(exponent - format.max_exponent + exponent_offset, 0, SCALE.max_code)
    scales[largest_bits == 0] = 0
    scales[largest_bits >= _INFINITY] = SCALE.nan_code
    return scales.astype(np.uint8)


def inverse_scales(scales: np.ndarray) -> np.ndarray:
    """2^(127 - scale), what elements are multiplied by; float32, NaN for 255."""
    return _INVERSES[scales]


def quantize(
    values: np.ndarray, dtype: str, exponent_offset: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Quantize a tile in groups of 8 rows x 4 neighbors, as VectorE does.

    Args:
        values: float32 [P, F]; P a multiple of 8, F of 4
        dtype: packed dtype of the result
        exponent_offset: 1, as NKI documents since 0.5: twice the scale of OCP's sample algorithm;
            0 for the sample algorithm and AWS's CPU references
    Returns:
        items [P, F / 4] and scales uint8 [P / 8, F / 4]
    Raises:
        ValueError: a shape that is not made of groups, or no packed dtype
    Source: nki.isa.quantize_mx
    """
    format = _element(dtype)
    p, f = values.shape
    if p % GROUP_ROWS or f % PACK:
        raise ValueError(
            f"quantize: values [{p}, {f}] are not made of groups of {GROUP_ROWS} x {PACK}; "
            "pad them with zeros"
        )
    rows = np.ascontiguousarray(values, np.float32).reshape(p // GROUP_ROWS, GROUP_ROWS, f)
    largest = (rows.view(np.uint32) & _MAGNITUDE).max(axis=1)
    scales = scales_of(largest.reshape(-1, f // PACK, PACK).max(axis=-1), format, exponent_offset)
    inverse = np.repeat(inverse_scales(scales), PACK, axis=1)
    limit = np.float32(format.max_finite)
    with np.errstate(invalid="ignore"):  # a signaling NaN is no reason to warn
        scaled = rows * inverse[:, np.newaxis]
        np.clip(scaled, -limit, limit, out=scaled)
    return packed(scaled.reshape(p, f // PACK, PACK), dtype), scales


def dequantize(items: np.ndarray, scales: np.ndarray, dtype: str) -> np.ndarray:
    """Values of a quantized tile.

    Args:
        items: [P, F] packed
        scales: uint8 [P / 8, F]
    Returns:
        float32 [P, F, 4]; infinite where rounding up has left float32's range
    """
    rows = np.repeat(scale_values(scales), GROUP_ROWS, axis=0)
    with np.errstate(over="ignore"):
        return unpacked(items, dtype) * rows[..., np.newaxis]


def interleaved(values: np.ndarray) -> np.ndarray:
    """K rows as the packed layout wants them: element j of partition p is row j K/4 + p.

    Args:
        values: [K, F], K a multiple of 4
    Returns:
        [K / 4, F x 4], to be quantized: the four of one item are K / 4 rows apart
    Raises:
        ValueError: K that 4 does not divide
    Source: trainium3_arch.rst, figure of the K = 512 tile; mxfp-matmul.rst, "Data Tensor"
    """
    k, f = values.shape
    if k % PACK:
        raise ValueError(f"interleaved: K = {k} is not a multiple of {PACK}; pad it with zeros")
    return np.ascontiguousarray(
        values.reshape(PACK, k // PACK, f).transpose(1, 2, 0).reshape(k // PACK, f * PACK)
    )


def separated(values: np.ndarray) -> np.ndarray:
    """Rows of a dequantized tile in their order: the reverse of `interleaved`.

    Args:
        values: [K / 4, F, 4]
    Returns:
        [K, F]
    """
    p, f, _ = values.shape
    return values.transpose(2, 0, 1).reshape(PACK * p, f)


def _element(dtype: str) -> NumberFormat:
    if dtype not in ELEMENTS:
        raise ValueError(f"quantize: {dtype!r} is not one of {', '.join(ELEMENTS)}")
    return ELEMENTS[dtype]

"""What storing results in a narrower dtype does: one rounding, on write."""

import numpy as np

from trnlab.numerics.dtypes import FORMATS


def stored(values: np.ndarray, dtype: str) -> np.ndarray:
    """Values as `dtype` stores them.

    Floats round to nearest, ties to even; what is too large becomes what the format has for it:
    infinity, or NaN in float8_e4m3fn. From float to integer rounds to nearest even and saturates,
    NaN becomes 0 (the device does not document NaN; assumed). Integers to integers keep the low
    bits.

    Args:
        values: any shape, float32 or integers
        dtype: NKI dtype name
    Returns:
        array of the dtype's storage type, same shape
    """
    format = FORMATS[dtype]
    if format.kind in ("int", "uint") and values.dtype.kind == "f":
        return _to_integer(values, format.storage)
    if dtype == "tfloat32":
        return _tfloat32(values.astype(np.float32, copy=False))
    return values.astype(format.storage, copy=False)


def _to_integer(values: np.ndarray, storage: np.dtype) -> np.ndarray:
    """Round to nearest even and saturate; float64 holds every limit of 32-bit integers."""
    limits = np.iinfo(storage)
    rounded = np.rint(values.astype(np.float64) if storage.itemsize == 4 else values)
    inside = np.clip(rounded, limits.min, limits.max)
    return np.where(np.isnan(rounded), 0, inside).astype(storage)


def _tfloat32(values: np.ndarray) -> np.ndarray:
    """Keep 10 mantissa bits: add half of the dropped part, ties to even, clear the rest."""
    bits = values.view(np.uint32)
    rounded = bits + np.uint32(0x0FFF) + ((bits >> np.uint32(13)) & np.uint32(1))
    kept = (rounded & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(values), kept, values)

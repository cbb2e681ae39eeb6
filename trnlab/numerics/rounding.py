"""What storing float32 results in a narrower dtype does: one rounding, on write."""

import numpy as np

from trnlab.numerics.dtypes import FORMATS


def stored(values: np.ndarray, dtype: str) -> np.ndarray:
    """Values as `dtype` stores them.

    Floats round to nearest even; from float to integer rounds to nearest even and saturates, NaN
    becomes 0 (the device does not document NaN; assumed).

    Args:
        values: any shape, float32 or integers
        dtype: NKI dtype name
    Returns:
        array of the dtype's storage type, same shape
    """
    format = FORMATS[dtype]
    if format.kind in ("int", "uint") and values.dtype.kind == "f":
        limits = np.iinfo(format.storage)
        rounded = np.rint(values.astype(np.float64))
        return np.nan_to_num(rounded).clip(limits.min, limits.max).astype(format.storage)
    if dtype == "tfloat32":
        return _tfloat32(values.astype(np.float32, copy=False))
    return values.astype(format.storage, copy=False)


def _tfloat32(values: np.ndarray) -> np.ndarray:
    """Keep 10 mantissa bits: add half of the dropped part, ties to even, clear the rest."""
    bits = values.view(np.uint32)
    rounded = bits + np.uint32(0x0FFF) + ((bits >> np.uint32(13)) & np.uint32(1))
    kept = (rounded & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(values), kept, values)

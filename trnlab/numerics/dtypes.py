"""NKI's dtypes by name: how one element is stored in memory.

NKI names dtypes by plain strings. Each maps to a NumPy storage type (`ml_dtypes` has the narrow
floats). The packed `_x4` types hold four elements in one item; only DMA, memset(0), quantize_mx and
nc_matmul_mx understand them, so their storage is an opaque unsigned integer.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ml_dtypes
import numpy as np

from trnlab.errors import KernelError


@dataclass(frozen=True)
class Format:
    """One dtype."""

    name: str
    storage: np.dtype  # what an element is stored as
    kind: str  # "float" | "int" | "uint" | "bool" | "packed"
    max_finite: float  # largest finite magnitude; 0 for packed types

    @property
    def itemsize(self) -> int:
        """Bytes of one stored item."""
        return self.storage.itemsize


def _float(name: str, storage: Any) -> Format:
    kind = np.dtype(storage)
    return Format(name, kind, "float", float(ml_dtypes.finfo(kind).max))


def _int(name: str) -> Format:
    kind = np.dtype(name)
    return Format(name, kind, "uint" if name[0] == "u" else "int", float(np.iinfo(kind).max))


_ALL = (
    _float("float32", np.float32),
    # 10 mantissa bits and float32's range, kept in a float32 whose low bits are zero
    Format("tfloat32", np.dtype(np.float32), "float", float(np.finfo(np.float32).max)),
    _float("bfloat16", ml_dtypes.bfloat16),
    _float("float16", np.float16),
    _float("float8_e4m3", ml_dtypes.float8_e4m3),
    _float("float8_e4m3fn", ml_dtypes.float8_e4m3fn),
    _float("float8_e5m2", ml_dtypes.float8_e5m2),
    _float("float8_e8m0fnu", ml_dtypes.float8_e8m0fnu),
    *(_int(name) for name in ("int8", "int16", "int32", "uint8", "uint16", "uint32")),
    Format("bool", np.dtype(np.bool_), "bool", 1.0),
    Format("float8_e5m2_x4", np.dtype(np.uint32), "packed", 0.0),
    Format("float8_e4m3fn_x4", np.dtype(np.uint32), "packed", 0.0),
    Format("float4_e2m1fn_x4", np.dtype(np.uint16), "packed", 0.0),
)

FORMATS = {format.name: format for format in _ALL}

_ALIASES = {
    "bool_": "bool",
    "float8e4": "float8_e4m3",
    "float8e5": "float8_e5m2",
    "fp32": "float32",
    "bf16": "bfloat16",
    "fp16": "float16",
}


def dtype_name(dtype: Any) -> str:
    """NKI's name of a dtype given as a name, a NumPy dtype or a NumPy scalar type.

    Raises:
        KernelError: NKI has no such dtype
    """
    try:
        name = _name(dtype)
    except (TypeError, ValueError):
        name = None
    if name is None:
        raise KernelError(f"dtype: {dtype!r} is not one of NKI's: {', '.join(FORMATS)}")
    return name


@lru_cache(maxsize=256)
def _name(dtype: Any) -> str | None:
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    name = _ALIASES.get(name, name)
    return name if name in FORMATS else None


def format_of(name: str) -> Format:
    """The format of an NKI dtype name."""
    return FORMATS[name]


def storage(name: str) -> np.dtype:
    """NumPy dtype that stores one element."""
    return FORMATS[name].storage


def itemsize(name: str) -> int:
    """Bytes of one stored item."""
    return FORMATS[name].storage.itemsize


def is_float(name: str) -> bool:
    """True for every floating-point dtype that arithmetic understands."""
    return FORMATS[name].kind == "float"

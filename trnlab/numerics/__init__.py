"""Numbers: dtypes by NKI name, and what storing a value in one of them does to it."""

from trnlab.numerics.dtypes import (
    FORMATS,
    Format,
    dtype_name,
    format_of,
    is_float,
    itemsize,
    storage,
)
from trnlab.numerics.rounding import stored

__all__ = [
    "FORMATS",
    "Format",
    "dtype_name",
    "format_of",
    "is_float",
    "itemsize",
    "storage",
    "stored",
]

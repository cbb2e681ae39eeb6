"""`nki.tensor` of NKI 0.2: constants that are known while a kernel is traced.

They are NumPy arrays here, so arithmetic on them works; nl.shared_constant puts them into HBM.
"""

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from trnlab.numerics import dtype_name, storage


def identity(n: int, dtype: Any) -> np.ndarray:
    """The n x n identity."""
    return np.eye(index(n)).astype(storage(dtype_name(dtype)))


def zeros(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """Zeros of a shape."""
    return np.zeros(tuple(shape), storage(dtype_name(dtype)))


def arange(start: int, stop: int, step: int = 1, *, dtype: Any) -> np.ndarray:
    """start, start + step, ... below stop."""
    return np.arange(start, stop, step).astype(storage(dtype_name(dtype)))

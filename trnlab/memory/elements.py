"""Whether two views of one tensor have a byte in common: exactly, with gaps and gathered rows.

In: patterns. It knows no trace and no time.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Elements(NamedTuple):
    """The elements that a view names, counted in elements of its dtype over the storage."""

    itemsize: int
    shape: Sequence[int]
    strides: Sequence[int]
    offset: int
    rows: np.ndarray | None = None  # run-time index of each row; None: as the strides say
    valid: np.ndarray | None = None  # which of the rows are there; None: all
    fills: bool = False  # known to have no gaps in the rectangle that it spans


def meet(a: Elements, b: Elements) -> bool:
    """Whether two views, the rectangles of which overlap, share a byte."""
    if a.fills and b.fills:
        return True
    unit = math.gcd(a.itemsize, b.itemsize)
    return bool(np.intersect1d(units(a, unit), units(b, unit)).size)


def units(view: Elements, unit: int) -> np.ndarray:
    """Positions of a view's bytes, in units of so many bytes."""
    if view.rows is None:
        first = np.arange(view.shape[0]) * view.strides[0]
    else:
        rows = view.rows if view.valid is None else view.rows[view.valid]
        first = rows * view.strides[0]
    at = first + view.offset
    for size, stride in zip(view.shape[1:], view.strides[1:], strict=True):
        at = np.add.outer(at, np.arange(size if stride else 1) * stride).reshape(-1)
    parts = view.itemsize // unit
    return np.unique(np.add.outer(at * parts, np.arange(parts)))

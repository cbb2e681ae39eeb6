"""Whether two views of one tensor have a byte in common: exactly, with gaps and gathered rows.

In: patterns. It knows no trace and no time.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from trnlab.memory.layout import ascending, last_offset


class Elements(NamedTuple):
    """The elements that a view names, counted in elements of its dtype over the storage."""

    itemsize: int
    shape: Sequence[int]
    strides: Sequence[int]
    offset: int
    rows: np.ndarray | None = None  # run-time index of each row; None: as the strides say
    valid: np.ndarray | None = None  # which of the rows are there; None: all


def meet(a: Elements, b: Elements) -> bool:
    """Whether two views share a byte."""
    unit = math.gcd(a.itemsize, b.itemsize)
    ours, theirs = list(_parts(a, unit)), list(_parts(b, unit))
    if not ours or not theirs:
        return False
    start = max(min(_first(part) for part in side) for side in (ours, theirs))
    end = min(max(_last(part) for part in side) for side in (ours, theirs))
    if end < start:
        return False
    low = min(_first(part) for part in (*ours, *theirs))
    marks = np.zeros(max(_last(part) for part in (*ours, *theirs)) - low + 1, np.bool_)
    for part in ours:
        _seen(marks, part, low)[...] = True
    return any(_seen(marks, part, low).any() for part in theirs)


def _parts(view: Elements, unit: int) -> Iterator[Elements]:
    """A view in units of so many bytes; row by row if rows have run-time indices."""
    parts = view.itemsize // unit
    shape = (*view.shape, parts)
    strides = (*(stride * parts for stride in view.strides), 1)
    if view.rows is None:
        steps, first = ascending(shape, strides, view.offset * parts)
        yield Elements(unit, shape, steps, first)
        return
    rows = view.rows if view.valid is None else view.rows[view.valid]
    steps, first = ascending(shape[1:], strides[1:], view.offset * parts)
    for row in np.unique(rows).tolist():
        yield Elements(unit, shape[1:], steps, first + row * strides[0])


def _first(part: Elements) -> int:
    return part.offset


def _last(part: Elements) -> int:
    return part.offset + last_offset(part.shape, part.strides)


def _seen(marks: np.ndarray, part: Elements, low: int) -> np.ndarray:
    return np.ndarray(part.shape, np.bool_, marks, part.offset - low, tuple(part.strides))

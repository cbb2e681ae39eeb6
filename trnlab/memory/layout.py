"""Shapes and strides as plain tuples: what a view may become without a copy."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

Sizes = tuple[int, ...]


class Extents(tuple[int, ...]):
    """The shape of a whole tensor. NKI's own pages compare it with lists, so those may be equal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return tuple.__eq__(self, tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__


class Region(NamedTuple):
    """A rectangle of a storage: rows [row, row_end), bytes [byte, byte_end) of each."""

    row: int
    row_end: int
    byte: int
    byte_end: int


def overlap(a: Region, b: Region) -> bool:
    """Whether two regions of one memory share bytes."""
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def covers(a: Region, b: Region) -> bool:
    """Whether a region holds all of another one."""
    return a[0] <= b[0] and b[1] <= a[1] and a[2] <= b[2] and b[3] <= a[3]


@lru_cache(maxsize=4096)
def extents(shape: Sizes) -> Extents:
    """The same one for equal shapes, so that comparing two of them is mostly one look."""
    return Extents(shape)


@lru_cache(maxsize=4096)
def row_major(shape: Sizes) -> Sizes:
    """Strides of a dense tensor."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def is_dense(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether elements lie next to each other in row-major order."""
    dense = row_major(tuple(shape))
    return all(size == 1 or at == due for size, at, due in zip(shape, strides, dense, strict=True))


def regroup(shape: Sequence[int], strides: Sequence[int], new: Sequence[int]) -> Sizes | None:
    """Strides that show the same elements, in the same order, under another shape.

    Args:
        new: as many elements as `shape`
    Returns:
        None if no strides can
    """
    old = [(size, step) for size, step in zip(shape, strides, strict=True) if size > 1]
    result = [1] * len(new)
    i = j = 0
    while i < len(old) or j < len(new):
        first_old, first_new = i, j
        have = want = 1
        while have != want or have == 1:
            if have <= want and i < len(old):
                have *= old[i][0]
                i += 1
            elif j < len(new):
                want *= new[j]
                j += 1
            else:
                break
        group = old[first_old:i]
        for (_, outer), (size, inner) in zip(group, group[1:], strict=False):
            if outer != size * inner:
                return None
        step = group[-1][1] if group else 1
        for axis in range(j - 1, first_new - 1, -1):
            result[axis] = step
            step *= new[axis]
    return tuple(result)


def region_of(
    pitch_bytes: int, itemsize: int, shape: Sequence[int], strides: Sequence[int], offset: int
) -> Region:
    """The rectangle of rows and bytes that an access pattern spans."""
    if min(strides, default=0) < 0:
        strides, offset = ascending(shape, strides, offset)
    row, byte = divmod(offset * itemsize, pitch_bytes)
    rows, span = 1, itemsize
    for size, stride in zip(shape, strides, strict=True):
        step = stride * itemsize
        if step and step % pitch_bytes == 0:
            rows += (size - 1) * (step // pitch_bytes)
        else:
            span += (size - 1) * step
    if byte + span <= pitch_bytes:
        return Region(row, row + rows, byte, byte + span)
    extra = (byte + span - 1) // pitch_bytes
    return Region(row, row + rows + extra, 0, pitch_bytes)


def ascending(shape: Sequence[int], strides: Sequence[int], offset: int) -> tuple[Sizes, int]:
    """Strides of 0 or more, and an offset, that reach the same elements."""
    back = sum((size - 1) * step for size, step in zip(shape, strides, strict=True) if step < 0)
    return tuple(map(abs, strides)), offset + back


class Columns(NamedTuple):
    """A part of a row."""

    begin: int
    end: int
    width: int  # of the row


class Row(NamedTuple):
    """A row of a block of tiles, or a window of a long one, and where in it a view lies."""

    offset: int
    shape: Sizes
    strides: Sizes
    columns: Columns | None  # None: the view is all of it


@lru_cache(maxsize=4096)
def row_of(block: Sizes, shape: Sizes, strides: Sizes, offset: int, longest: int) -> Row:
    """The row of a block [P, tiles, columns] that a view [P, free] lies in; else the view itself.

    Args:
        longest: elements of a window
    """
    own = Row(offset, shape, strides, None)
    if len(block) < 3 or len(shape) != 2 or strides[1] != 1:
        return own
    column, width = offset % block[-1], shape[1]
    first = column // longest * longest
    last = min(block[-1], first + longest)
    if width == last - first or column + width > last:
        return own
    begin = column - first
    columns = Columns(begin, begin + width, last - first)
    return Row(offset - begin, (shape[0], last - first), strides, columns)


def is_apart(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether a pattern reaches no element twice: a step leads beyond what smaller ones reach."""
    reach = 0
    for step, size in sorted((abs(step), n) for step, n in zip(strides, shape, strict=True)):
        if size > 1 and step <= reach:
            return False
        reach += (size - 1) * step
    return True


def last_offset(shape: Sequence[int], strides: Sequence[int]) -> int:
    """Distance from the first to the last element of a pattern."""
    return sum((size - 1) * step for size, step in zip(shape, strides, strict=True))


def completed(sizes: Sequence[int], total: int) -> Sizes | None:
    """Sizes with one -1 filled in; None if they do not make `total` elements."""
    known = math.prod(size for size in sizes if size != -1)
    if list(sizes).count(-1) == 1 and known > 0 and total % known == 0:
        sizes = [total // known if size == -1 else size for size in sizes]
    if math.prod(sizes) != total or min(sizes, default=0) < 1:
        return None
    return tuple(sizes)

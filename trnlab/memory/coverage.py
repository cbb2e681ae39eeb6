"""Which bytes of an allocation have been written, while that is not yet all of them.

In: views in the order in which they are written. Out: what of a view that is read lacks. Views
that fill a rectangle of rows and bytes are kept as rectangles, merged where they touch; views with
gaps as they are. Only a read that no rectangles cover is looked at byte by byte. What cannot be
known counts as written: nothing is reported that may be there.
"""

import numpy as np

from trnlab.memory.layout import Region
from trnlab.memory.storage import Allocation
from trnlab.memory.tensor import Tensor
from trnlab.numerics import itemsize

MAX_RECTANGLES = 64  # more of them are taken for all of the allocation
MAX_MASK_BYTES = 64 * 2**20  # larger allocations are not looked at byte by byte

Seen = tuple[str, tuple[int, ...], tuple[int, ...], int]


def note_write(view: Tensor) -> None:
    """A view of an allocation has been written that was not known to be filled."""
    allocation = view.storage.allocation
    allocation.mark_mutated()
    if (
        not tuple.__eq__(view.shape, allocation.shape)
        and not (allocation.argument or allocation.slot or allocation.memory == "engine")
        and not _is_filled_with(allocation, view)
    ):
        return
    allocation.filled = True
    allocation.coverage = None


def _is_filled_with(allocation: Allocation, view: Tensor) -> bool:
    """Whether a view is the last part of an allocation that was missing."""
    if allocation.coverage is None:
        allocation.coverage = Coverage(allocation)
    allocation.coverage.add(view)
    return allocation.coverage.is_full()


class Coverage:
    """The written parts of an allocation."""

    __slots__ = ("allocation", "gaps", "rectangles", "seen")

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        self.rectangles: list[Region] = []
        self.gaps: list[Seen] = []  # views with gaps
        self.seen: set[Seen] = set()

    def add(self, view: Tensor) -> None:
        """A view has been written."""
        key = (view.dtype, view.shape, view.strides, view.offset)
        if view.path is None:
            if key in self.seen:
                return
            self.seen.add(key)
        region = view.region
        if view.path is not None or view.size * itemsize(view.dtype) == _area(region):
            self._merge(region)
        else:
            self.gaps.append(key)

    def is_full(self) -> bool:
        """Whether rectangles cover the allocation, or have become too many to say."""
        first = self.rectangles[0] if self.rectangles else Region(0, 0, 0, 0)
        return _area(first) == self.allocation.nbytes or len(self.rectangles) > MAX_RECTANGLES

    def missing(self, view: Tensor) -> Region | None:
        """The rectangle around what a view reads and nothing has written; None: nothing is known
        to be missing. It is reported once: from then on it counts as written."""
        if view.path is not None:
            return None
        if (view.dtype, view.shape, view.strides, view.offset) in self.seen:
            return None
        region = view.region
        if not _rest(region, self.rectangles) or self.allocation.nbytes > MAX_MASK_BYTES:
            return None
        unset = ~self._mask()
        part = np.zeros_like(unset)
        _mark(part, (view.dtype, view.shape, view.strides, view.offset))
        self._merge(region)
        rows, columns = np.nonzero((unset & part).reshape(-1, self.allocation.pitch_bytes))
        if not len(rows):
            return None
        ends = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        return Region(*map(int, ends))

    def _mask(self) -> np.ndarray:
        mask = np.zeros(self.allocation.nbytes, np.bool_)
        rows = mask.reshape(-1, self.allocation.pitch_bytes)
        for row, row_end, byte, byte_end in self.rectangles:
            rows[row:row_end, byte:byte_end] = True
        for view in self.gaps:
            _mark(mask, view)
        return mask

    def _merge(self, region: Region) -> None:
        """Add a rectangle, joined with those that make a larger rectangle with it."""
        kept = self.rectangles
        at = len(kept) - 1
        while at >= 0:
            joined = _joined(kept[at], region)
            if joined is not None:
                del kept[at]
                region, at = joined, len(kept)
            at -= 1
        kept.append(region)


def _area(region: Region) -> int:
    return (region[1] - region[0]) * (region[3] - region[2])


def _joined(a: Region, b: Region) -> Region | None:
    """One rectangle that is two; None if they do not make one."""
    same_rows = a[0] == b[0] and a[1] == b[1] and a[2] <= b[3] and b[2] <= a[3]
    same_bytes = a[2] == b[2] and a[3] == b[3] and a[0] <= b[1] and b[0] <= a[1]
    hull = Region(min(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), max(a[3], b[3]))
    return hull if same_rows or same_bytes or hull in (a, b) else None


def _rest(region: Region, covers: list[Region]) -> list[Region]:
    """What of a rectangle others leave uncovered."""
    rest = [region]
    for cover in covers:
        rest = [piece for part in rest for piece in _without(part, cover)]
    return rest


def _without(part: Region, cover: Region) -> list[Region]:
    row, row_end = max(part[0], cover[0]), min(part[1], cover[1])
    byte, byte_end = max(part[2], cover[2]), min(part[3], cover[3])
    if row >= row_end or byte >= byte_end:
        return [part]
    pieces = (
        Region(part[0], row, part[2], part[3]),
        Region(row_end, part[1], part[2], part[3]),
        Region(row, row_end, part[2], byte),
        Region(row, row_end, byte_end, part[3]),
    )
    return [piece for piece in pieces if piece[0] < piece[1] and piece[2] < piece[3]]


def _mark(mask: np.ndarray, view: Seen) -> None:
    """Set the bytes of a view in a flat mask."""
    dtype, shape, strides, offset = view
    size = itemsize(dtype)
    steps = (*(stride * size for stride in strides), 1)
    np.ndarray((*shape, size), np.bool_, mask, offset * size, steps)[...] = True

"""Which bytes of an allocation have been written, while that is not yet all of them.

In: views in the order in which they are written. Out: what of a view that is read lacks. Views
that fill a rectangle of rows and bytes are kept as rectangles, merged where they touch; views with
gaps as they are. Only a read that no rectangles cover is looked at byte by byte. What cannot be
known counts as written: nothing is reported that may be there.
"""

import numpy as np

from trnlab.memory.layout import Region, region_of
from trnlab.memory.storage import Allocation
from trnlab.memory.tensor import Tensor
from trnlab.numerics import itemsize

MAX_RECTANGLES = 64  # more of them are taken for all of the allocation
MAX_MASK_BYTES = 64 * 2**20  # larger allocations are not looked at byte by byte

Pattern = tuple[str, tuple[int, ...], tuple[int, ...], int]


def note_write(view: Tensor) -> None:
    """A view of an allocation has been written that was not known to be filled."""
    allocation = view.storage.allocation
    allocation.mark_mutated()
    is_whole = tuple.__eq__(view.shape, allocation.shape)
    if allocation.slot is not None:
        allocation.slot.note_write(view, is_whole)
        allocation.filled = allocation.slot.coverage is None
        return
    if (
        not is_whole
        and not (allocation.argument or allocation.memory == "engine")
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

    __slots__ = ("allocation", "gaps", "rectangles")

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        self.rectangles: list[Region] = []
        self.gaps: dict[Pattern, None] = {}  # views with gaps, in order

    def add(self, view: Tensor) -> None:
        """A view has been written."""
        _, region, fills = view.footprint
        if fills or view.path is not None:
            self.add_region(region)
        else:
            self.gaps[_pattern(view)] = None

    def regions(self) -> list[Region]:
        """Rectangles around all that has been written."""
        pitch = self.allocation.pitch_bytes
        spans = [region_of(pitch, itemsize(gap[0]), gap[1], gap[2], gap[3]) for gap in self.gaps]
        return self.rectangles + spans

    def is_full(self) -> bool:
        """Whether rectangles cover the allocation, or have become too many to say."""
        first = self.rectangles[0] if self.rectangles else Region(0, 0, 0, 0)
        return _area(first) == self.allocation.nbytes or len(self.rectangles) > MAX_RECTANGLES

    def meets(self, view: Tensor) -> bool:
        """Whether any of a view may have been written."""
        if view.path is not None:
            return True
        region = view.region
        return any(_without(region, written) != [region] for written in self.regions())

    def holds(self, view: Tensor) -> bool:
        """Whether all of a view has been written, as far as is seen without looking at bytes."""
        return (
            view.path is not None
            or self.allocation.nbytes > MAX_MASK_BYTES
            or _pattern(view) in self.gaps
            or not _rest(view.region, self.rectangles)
        )

    def missing(self, view: Tensor) -> Region | None:
        """The rectangle around what of a view nothing has written; None: all of it is there."""
        if self.holds(view):
            return None
        part = np.zeros(self.allocation.nbytes, np.bool_)
        _mark(part, _pattern(view))
        part &= ~self._mask()
        rows, columns = np.nonzero(part.reshape(-1, self.allocation.pitch_bytes))
        if not len(rows):
            self.add(view)
            return None
        ends = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        return Region(*map(int, ends))

    def _mask(self) -> np.ndarray:
        mask = np.zeros(self.allocation.nbytes, np.bool_)
        rows = mask.reshape(-1, self.allocation.pitch_bytes)
        for row, row_end, byte, byte_end in self.rectangles:
            rows[row:row_end, byte:byte_end] = True
        for pattern in self.gaps:
            _mark(mask, pattern)
        return mask

    def add_region(self, region: Region) -> None:
        """A rectangle has been written; it is joined with those that make a larger one with it."""
        kept = self.rectangles
        at = len(kept) - 1
        while at >= 0:
            joined = _joined(kept[at], region)
            if joined is not None:
                del kept[at]
                region, at = joined, len(kept)
            at -= 1
        kept.append(region)


def _pattern(view: Tensor) -> Pattern:
    return view.dtype, view.shape, view.strides, view.offset


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


def _mark(mask: np.ndarray, pattern: Pattern) -> None:
    """Set the bytes of a pattern in a flat mask."""
    dtype, shape, strides, offset = pattern
    size = itemsize(dtype)
    steps = (*(stride * size for stride in strides), 1)
    np.ndarray((*shape, size), np.bool_, mask, offset * size, steps)[...] = True

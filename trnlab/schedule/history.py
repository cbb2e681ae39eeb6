"""Past accesses to one memory of its own: which of them may touch a region.

In: accesses in program order. While they are few they stand in one list; when they become many,
in buckets of rows, and the buckets of long rows in cells, so that neighbors are not looked at.
"""

from collections.abc import Sequence

from trnlab.memory import Allocation
from trnlab.memory.layout import Region, covers

FEW = 24
ROWS_PER_BUCKET = 128
BYTES_PER_BUCKET = 8192  # of a memory that the kernel addresses itself
LONG_ROW_BYTES = 1024  # rows from here on are kept in cells
CELLS = 256  # of a long row
NARROW = 4  # cells: an access over more of them is kept beside the cells
WIDE = -1  # the cell of those


Access = tuple[Region, int, str]  # to what, by which call, of which stream


class Cell:
    """The last access of each stream to each region."""

    __slots__ = ("reads", "writes")

    def __init__(self) -> None:
        self.reads: dict[tuple[Region, str], Access] = {}
        self.writes: list[Access] = []

    def is_crowded(self) -> bool:
        """Whether looking at each of them takes long."""
        return len(self.reads) + len(self.writes) >= FEW

    def forget(self, region: Region) -> None:
        """Drop accesses to what is overwritten whole."""
        covered = [key for key in self.reads if covers(region, key[0])]
        for key in covered:
            del self.reads[key]
        if self.writes:
            self.writes = [write for write in self.writes if not covers(region, write[0])]


Cells = Sequence[Cell]


class History:
    """All past accesses to a tensor, or to a memory that the kernel addresses itself."""

    __slots__ = ("allocation", "buckets", "by_bytes", "cell_bytes", "few")

    def __init__(self, allocation: Allocation) -> None:
        self.allocation = allocation
        self.few: tuple[Cell, ...] = (Cell(),)

    def around(self, region: Region) -> tuple[Cells, Cells]:
        """Cells that may hold accesses to a region, and those that will hold the next one to it."""
        if self.few:
            if not self.few[0].is_crowded():
                return self.few, self.few
            self._spread(self.few[0])
        near: list[Cell] = []
        own: list[Cell] = []
        numbers = self._cells(region)
        for part in self._parts(region):
            bucket = self.buckets.setdefault(part, {})
            for number in numbers:
                cell = bucket.get(number) or bucket.setdefault(number, Cell())
                own.append(cell)
                near.append(cell)
            if numbers[0] == WIDE:
                near += [cell for number, cell in bucket.items() if number != WIDE]
            elif WIDE in bucket:
                near.append(bucket[WIDE])
        return near, own

    def _spread(self, crowded: Cell) -> None:
        """They have become many: put each where it belongs."""
        pitch_bytes = self.allocation.pitch_bytes
        self.by_bytes = self.allocation.slot is not None
        long_rows = not self.by_bytes and pitch_bytes >= LONG_ROW_BYTES
        self.cell_bytes = pitch_bytes // CELLS if long_rows else 0
        self.buckets: dict[int, dict[int, Cell]] = {}
        self.few = ()
        for key, read in crowded.reads.items():
            for cell in self.around(read[0])[1]:
                cell.reads[key] = read
        for write in crowded.writes:
            for cell in self.around(write[0])[1]:
                cell.writes.append(write)

    def _parts(self, region: Region) -> range:
        """Numbers of the buckets that a region lies in."""
        if self.by_bytes:
            last = (region.byte_end - 1) // BYTES_PER_BUCKET
            return range(region.byte // BYTES_PER_BUCKET, last + 1)
        last = (region.row_end - 1) // ROWS_PER_BUCKET
        return range(region.row // ROWS_PER_BUCKET, last + 1)

    def _cells(self, region: Region) -> Sequence[int]:
        """Numbers of the cells of a bucket that an access is kept in."""
        if not self.cell_bytes:
            return (0,)
        first = region.byte // self.cell_bytes
        last = (region.byte_end - 1) // self.cell_bytes
        return range(first, last + 1) if last - first < NARROW else (WIDE,)

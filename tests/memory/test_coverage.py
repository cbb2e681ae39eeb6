"""What of a tile has been written, against a mask of its bytes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trnlab.memory import Allocation, Storage, Tensor
from trnlab.memory.coverage import Coverage, note_write

ROWS, COLUMNS = 6, 12


@st.composite
def views(draw: st.DrawFn) -> tuple[str, slice, slice]:
    """A dtype, and the rows and columns of a part."""
    dtype = draw(st.sampled_from(["uint8", "int16", "float32"]))
    row = draw(st.integers(0, ROWS - 1))
    column = draw(st.integers(0, COLUMNS - 1))
    return (
        dtype,
        slice(row, draw(st.integers(row + 1, ROWS))),
        slice(column, draw(st.integers(column + 1, COLUMNS)), draw(st.integers(1, 3))),
    )


def fresh(shape: tuple[int, ...] = (ROWS, COLUMNS), dtype: str = "float32") -> Tensor:
    return Tensor.whole(Storage(Allocation(0, "tile", "sbuf", shape, dtype)))


def part(tensor: Tensor, dtype: str, rows: slice, columns: slice) -> Tensor:
    return tensor.view(dtype)[rows, columns]


def bytes_of(dtype: str, rows: slice, columns: slice) -> np.ndarray:
    """The bytes of a part, found by setting their bits in an array."""
    size = np.dtype(dtype).itemsize
    data = np.zeros((ROWS, COLUMNS * 4), np.uint8)
    data.view(f"u{size}")[rows, columns] = 2 ** (8 * size) - 1
    return data != 0


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(views(), max_size=6), views())
def test_what_is_missing_is_what_no_write_touched(writes: list, read: tuple) -> None:
    tensor = fresh()
    coverage = Coverage(tensor.storage.allocation)
    written = np.zeros((ROWS, COLUMNS * 4), np.bool_)
    for write in writes:
        coverage.add(part(tensor, *write))
        written |= bytes_of(*write)
    rows, columns = np.nonzero(bytes_of(*read) & ~written)
    view = part(tensor, *read)
    assert not coverage.holds(view) or not len(rows)
    assert coverage.missing(view) == (
        (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) if len(rows) else None
    )
    assert written.all() or not coverage.is_full()


def test_parts_that_make_the_whole_fill_it() -> None:
    tensor = fresh()
    for row in range(0, ROWS, 2):
        for column in range(0, COLUMNS, 4):
            assert not tensor.storage.allocation.filled
            note_write(tensor[row : row + 2, column : column + 4])
    assert tensor.storage.allocation.filled and tensor.storage.allocation.coverage is None


def test_a_write_of_the_whole_fills_it_whatever_came_before() -> None:
    tensor = fresh()
    note_write(tensor[:2])
    note_write(tensor)
    assert tensor.storage.allocation.filled


def test_more_pieces_than_are_kept_count_as_all() -> None:
    tensor = fresh((128, 4), "uint8")
    for row in range(0, 126, 2):
        note_write(tensor[row : row + 1])
        assert not tensor.storage.allocation.filled
    note_write(tensor[127:, :1])
    note_write(tensor[127:, 2:3])
    assert tensor.storage.allocation.filled

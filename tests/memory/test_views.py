"""Views: slicing and reshaping pick the elements that NumPy picks, and never copy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trnlab import KernelError
from trnlab.memory import Allocation, Storage, Tensor
from trnlab.memory.indexing import DynamicSlice

some = settings(max_examples=150, deadline=None, derandomize=True)


def tensor(shape: tuple[int, ...], buffer: str = "private_hbm", dtype: str = "int32") -> Tensor:
    """A tensor whose elements are numbered in order."""
    whole = Tensor.whole(Storage(Allocation(0, "t", buffer, shape, dtype, 0)))
    whole.put(numbers(shape))
    return whole


def numbers(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(math.prod(shape), dtype=np.int32).reshape(shape)


def slices(size: int) -> st.SearchStrategy[slice]:
    """Non-empty slices within `size`, counted from either end, with steps."""

    def make(start: int, count: int, step: int, from_end: bool) -> slice:
        start = start % size
        stop = min(size, start + count)
        if from_end and stop < size:
            return slice(start - size, stop - size, step)
        return slice(start, stop, step if step > 1 else None)

    numbers = st.integers(0, 99)
    return st.builds(make, numbers, st.integers(1, 9), st.integers(1, 4), st.booleans())


shapes = st.lists(st.integers(1, 7), min_size=2, max_size=4).map(tuple)


@some
@given(st.data(), shapes, st.sampled_from(["private_hbm", "sbuf", "psum"]))
def test_slices_of_slices_are_numpys(data: st.DataObject, shape: tuple, buffer: str) -> None:
    view, array = tensor(shape, buffer), numbers(shape)
    for _ in range(2):
        key = tuple(data.draw(slices(size)) for size in array.shape)
        view, array = view[key], array[key]
        assert view.shape == array.shape
        np.testing.assert_array_equal(view.array, array)


@some
@given(st.data(), shapes, st.sampled_from(["private_hbm", "sbuf"]))
def test_a_write_through_a_view_lands_where_numpys_does(
    data: st.DataObject, shape: tuple, buffer: str
) -> None:
    whole, array = tensor(shape, buffer), numbers(shape)
    key = tuple(data.draw(slices(size)) for size in shape)
    array[key] = -1
    whole[key].put(np.full(array[key].shape, -1, np.int32))
    np.testing.assert_array_equal(whole.array, array)


@some
@given(st.data(), shapes, st.sampled_from(["private_hbm", "sbuf"]))
def test_the_region_of_a_view_holds_its_bytes_and_no_row_or_byte_more(
    data: st.DataObject, shape: tuple, buffer: str
) -> None:
    whole = tensor(shape, buffer)
    key = tuple(data.draw(slices(size)) for size in shape)
    free = shape[-1] if buffer == "private_hbm" else math.prod(shape[1:])
    found = numbers(shape)[key].ravel()
    rows, cols = found // free, found % free
    row, row_end, byte, byte_end = whole[key].region
    assert (row, row_end) == (rows.min(), rows.max() + 1)
    assert (byte, byte_end) == (4 * cols.min(), 4 * cols.max() + 4)


@pytest.mark.parametrize(
    "key",
    [
        3,
        -1,
        (2, 5),
        (slice(None), 3),
        ...,
        (..., 2),
        (1, ...),
        slice(2, 5),
        (slice(-3, None), slice(None, -1)),
        (slice(np.int64(1), np.int64(3)),),
    ],
)
def test_integers_and_ellipsis_are_numpys_in_hbm(key: Any) -> None:
    array = numbers((6, 8))
    np.testing.assert_array_equal(tensor((6, 8))[key].array, np.atleast_1d(array[key]))


def test_dynamic_slices_and_ranges_are_slices() -> None:
    array, view = numbers((6, 9)), tensor((6, 9))
    picked = view[DynamicSlice(2, 3), range(1, 9, 3)]
    np.testing.assert_array_equal(picked.array, array[2:5, 1:9:3])


def test_an_integer_on_the_partition_axis_keeps_it_on_chip() -> None:
    tile, array = tensor((8, 4, 6), "sbuf"), numbers((8, 4, 6))
    assert tile[3].shape == (1, 4, 6)
    np.testing.assert_array_equal(tile[3].array, array[3:4])
    np.testing.assert_array_equal(tile[:, 2].array, array[:, 2])
    assert tensor((8, 5), "sbuf")[:, 2].shape == (8, 1)
    assert tensor((8, 5), "sbuf")[7, 2].shape == (1, 1)
    assert tensor((5,))[2].shape == (1,)


@pytest.mark.parametrize(
    "key, sentence",
    [
        (
            slice(0, 9),
            "index: [0:9] on dimension 0 of t, which has size 8; "
            "handle the last, smaller tile with min()",
        ),
        (
            slice(4, 3),
            "index: [4:3] on dimension 0 of t, which has size 8; "
            "handle the last, smaller tile with min()",
        ),
        (8, "index: 8 on dimension 0 of t, which has size 8"),
        ((0, -7), "index: -7 on dimension 1 of t, which has size 6"),
        (slice(None, None, -1), "index: step -1 on dimension 0 of t; use 1 up"),
        ((0, 0, 0), "index: 3 indices for t, which has 2 dimensions"),
        (
            (0, slice(0, 6 / 2)),
            "index: 3.0 on dimension 1 of t is not a whole number; divide with //",
        ),
        (
            "x",
            "index: 'x' on dimension 0 of t; use an integer, a slice or nl.ds(start, size)",
        ),
    ],
)
def test_an_index_that_leaves_the_tensor_is_refused(key: Any, sentence: str) -> None:
    with pytest.raises(KernelError) as refused:
        tensor((8, 6))[key]
    assert str(refused.value) == sentence


@pytest.mark.parametrize("key", [slice(3, 3), slice(8, 8), range(0), DynamicSlice(8, 0)])
def test_an_empty_view_may_be_made_but_no_instruction_takes_it(key: Any) -> None:
    """A program that gets no rows of a tensor still cuts its share out."""
    empty = tensor((8, 6))[key]
    assert empty.shape == (0, 6)
    with pytest.raises(KernelError, match=r"this view of t is empty, \[0, 6\]; handle the last"):
        _ = empty.signature


def test_a_view_knows_what_it_is_a_view_of() -> None:
    whole = tensor((8, 6))
    for view in (whole, whole[2:4, ::2], whole.view("uint8"), whole.reshape((48,))):
        base = view.base_tensor
        assert (base.storage, base.shape, base.dtype) == (whole.storage, (8, 6), "int32")


def test_the_shape_of_a_whole_tensor_equals_a_list_of_the_same_sizes() -> None:
    shape = tensor((8, 6)).shape
    assert shape == (8, 6) and shape == [8, 6] and [8, 6] == shape
    assert shape != [6, 8] and shape != [8] and not shape != [8, 6]
    assert isinstance(shape, tuple) and {shape: 1}[8, 6] == 1


@some
@given(st.data(), st.permutations([2, 3, 4, 5]), st.booleans())
def test_reshape_of_whole_rows_is_numpys(
    data: st.DataObject, sizes: list[int], on_chip: bool
) -> None:
    shape = (4, 120)
    new = (4, *sizes) if on_chip else (2, 2, *sizes)
    view, array = tensor(shape, "sbuf" if on_chip else "private_hbm"), numbers(shape)
    np.testing.assert_array_equal(view.reshape(new).array, array.reshape(new))
    key = tuple(data.draw(slices(size)) for size in new)
    np.testing.assert_array_equal(view.reshape(*new)[key].array, array.reshape(new)[key])


def test_reshape_completes_one_size_and_takes_lists() -> None:
    view, array = tensor((4, 6)), numbers((4, 6))
    np.testing.assert_array_equal(view.reshape([2, -1]).array, array.reshape(2, -1))
    np.testing.assert_array_equal(view.reshape(-1).array, array.ravel())
    np.testing.assert_array_equal(view[1:3].reshape(3, 4).array, array[1:3].reshape(3, 4))


def test_reshape_on_chip_takes_a_part_of_the_partitions() -> None:
    tile, array = tensor((8, 6), "sbuf"), numbers((8, 6))
    np.testing.assert_array_equal(tile[2:4].reshape(2, 3, 2).array, array[2:4].reshape(2, 3, 2))


@pytest.mark.parametrize(
    "buffer, key, new, sentence",
    [
        (
            "sbuf",
            ...,
            (4, 12),
            "reshape: [8, 6] to [4, 12] changes the partition dimension; "
            "keep dimension 0 at 8 and reshape the free dimensions",
        ),
        (
            "private_hbm",
            (slice(None), slice(0, 4)),
            (4, 8),
            "reshape: the view [8, 4] of t is not contiguous; copy it into a tile of its own first",
        ),
        (
            "private_hbm",
            ...,
            (7, -1),
            "reshape: [8, 6] has 48 elements, [7, -1] does not have the same number",
        ),
        (
            "private_hbm",
            ...,
            (-1, -1),
            "reshape: [8, 6] has 48 elements, [-1, -1] does not have the same number",
        ),
    ],
)
def test_a_reshape_that_would_have_to_copy_is_refused(
    buffer: str, key: Any, new: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(KernelError) as refused:
        tensor((8, 6), buffer)[key].reshape(new)
    assert str(refused.value) == sentence


def test_a_tensor_is_no_none() -> None:
    t = tensor((2, 2))
    assert (t == None) is False and (t != None) is True  # noqa: E711


def test_a_part_that_is_asked_for_again_is_the_same_view_and_sees_new_values():
    whole = tensor((4, 6))
    part = whole[1:3, 2]
    whole[1:3, 2].put(np.array([7, 8], np.int32))
    assert whole[1:3, 2] is part
    assert part.array.tolist() == [7, 8]
    assert whole[1:3, 2:3] is not part
    assert whole[np.int64(1), 2].array.tolist() == whole[1, 2].array.tolist()


def test_an_index_that_is_refused_is_refused_each_time():
    whole = tensor((4, 6))
    for _ in range(2):
        with pytest.raises(KernelError, match="size 6"):
            whole[0, 6]

"""Views against a plain interpreter: element by element over the flattened storage."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trnlab.errors import KernelError
from trnlab.memory import Allocation, Storage, Tensor
from trnlab.numerics import storage as numpy_dtype


def tensor(shape, dtype="float32", buffer="sbuf"):
    whole = Tensor.whole(Storage(Allocation(0, "t", buffer, shape, dtype)))
    count = math.prod(shape)
    whole.array[...] = np.arange(count).reshape(shape).astype(numpy_dtype(dtype))
    return whole


def interpreted(flat, pattern, offset):
    """The documented meaning of an access pattern."""
    shape = [count for _, count in pattern]
    result = np.empty(shape, flat.dtype)
    for index in itertools.product(*map(range, shape)):
        at = offset + sum(i * step for i, (step, _) in zip(index, pattern, strict=True))
        result[index] = flat[at]
    return result


def used(view):
    """What an instruction asks of an operand first."""
    return view.signature


def turned(draw, pattern, offset):
    """The same elements, some dimensions from their last one to their first."""
    for dimension in pattern:
        if draw(st.booleans()):
            step, size = dimension
            dimension[0], offset = -step, offset + (size - 1) * step
    return offset


@st.composite
def patterns(draw, partitions=8, free=24):
    """A legal on-chip pattern and its offset."""
    count = draw(st.integers(1, partitions))
    row = draw(st.integers(0, partitions - count))
    pattern, room = [[free, count]], free - 1
    for _ in range(draw(st.integers(1, 3))):
        step = draw(st.integers(0, 6))
        size = draw(st.integers(1, 5 if step == 0 else 1 + room // step))
        room -= (size - 1) * step
        pattern.append([step, size])
    offset = row * free + draw(st.integers(0, room))
    return pattern, turned(draw, pattern[1:], offset)


@given(patterns())
def test_a_legal_pattern_reads_what_the_plain_interpreter_reads(case):
    pattern, offset = case
    t = tensor((8, 24))
    view = t.ap(pattern, offset)
    assert np.array_equal(view.array, interpreted(t.array.ravel(), pattern, offset))
    assert view.get_pattern() == pattern
    assert view.offset == offset


@given(patterns())
@example(([[24, 8], [3, 2], [0, 2]], 0))  # as many elements as its hull, two of them twice
def test_a_pattern_fills_its_region_if_it_touches_all_of_it(case):
    pattern, offset = case
    t = tensor((8, 24))
    touched = np.zeros((8, 24), bool)
    touched.ravel()[interpreted(np.arange(8 * 24), pattern, offset).ravel()] = True
    _, (row, row_end, byte, byte_end), fills = t.ap(pattern, offset).footprint
    region = touched[row:row_end, byte // 4 : byte_end // 4]
    assert touched.sum() == region.sum()
    elements = math.prod(count for _, count in pattern)
    assert fills == bool(region.all() and elements == region.size)


@given(patterns(), st.sampled_from(["free", "rows", "stride"]))
def test_a_pattern_that_leaves_the_tile_is_refused(case, how):
    pattern, offset = case
    if how == "free":
        pattern = [*pattern, [24, 2]]
    elif how == "rows":
        pattern = [[24, 9], *pattern[1:]]
        offset %= 24
    else:
        pattern = [[48, 2], *pattern[1:]]
        offset %= 24
    with pytest.raises(KernelError, match="^ap: pattern"):
        used(tensor((8, 24)).ap(pattern, offset))


@given(st.data())
def test_any_hbm_pattern_within_the_tensor_is_legal(data):
    t = tensor((6, 10), buffer="private_hbm")
    pattern, room = [], 59
    for _ in range(data.draw(st.integers(1, 4))):
        step = data.draw(st.integers(0, 20))
        size = data.draw(st.integers(1, 4 if step == 0 else 1 + room // step))
        room -= (size - 1) * step
        pattern.append([step, size])
    offset = turned(data.draw, pattern, data.draw(st.integers(0, room)))
    assert np.array_equal(
        t.ap(pattern, offset).array, interpreted(t.array.ravel(), pattern, offset)
    )
    outside = t.ap(pattern, 60 + offset)  # may be made
    with pytest.raises(KernelError, match="reaches element"):
        used(outside[..., :1])
    with pytest.raises(KernelError, match="reaches element"):
        _ = outside.array


@settings(max_examples=200)
@given(st.data())
def test_chains_of_views_equal_the_same_chain_in_numpy(data):
    t = tensor((4, 2, 3, 4))
    reference = t.array.copy()
    for _ in range(data.draw(st.integers(1, 4))):
        t, reference = data.draw(steps(t, reference))
        assert t.shape == reference.shape
        assert np.array_equal(t.array, reference)


@st.composite
def steps(draw, t, x):
    """One view method and what NumPy does in its place."""
    name = draw(st.sampled_from(["slice", "permute", "expand", "split", "flatten", "index"]))
    free = st.integers(1, t.ndim - 1)
    if name == "permute":
        order = (0, *draw(st.permutations(range(1, t.ndim))))
        return t.permute(order), x.transpose(order)
    if name == "expand":
        dim = draw(st.integers(1, t.ndim))
        return t.expand_dim(dim), np.expand_dims(x, dim)
    dim = draw(st.integers(0, t.ndim - 1)) if name == "slice" else draw(free)
    size = t.shape[dim]
    if name == "slice":
        start = draw(st.integers(0, size - 1))
        end, step = draw(st.integers(start + 1, size)), draw(st.integers(1, 3))
        key = (slice(None),) * dim + (slice(start, end, step),)
        return t.slice(dim, start, end, step), x[key]
    if name == "split":
        parts = draw(st.sampled_from([(n, size // n) for n in range(1, size + 1) if size % n == 0]))
        return t.reshape_dim(dim, (parts[0], -1)), x.reshape(
            *x.shape[:dim], *parts, *x.shape[dim + 1 :]
        )
    if name == "index" and t.ndim > 2:
        at = draw(st.integers(0, size - 1))
        key = (slice(None),) * dim + (at,)
        return t[key], x[key]
    merged = x.reshape(*x.shape[:dim], *x.shape[dim:])
    return t.flatten_dims(dim, dim), merged


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (lambda t: t.reshape((2, 48)), "changes the partition dimension"),
        (lambda t: t.reshape((4, 23)), "does not have the same number"),
        (lambda t: t.permute((0, 2, 1)).reshape((4, 24)), "is not contiguous"),
        (lambda t: t.permute((1, 0, 2)), "is the partition dimension and must stay"),
        (lambda t: t.permute((0, 1)), "is no order of 3 dimensions"),
        (lambda t: t.reshape_dim(1, (4, 2)), "does not split into"),
        (lambda t: t.reshape_dim(0, (2, 2)), "is the partition dimension and must stay"),
        (lambda t: t.permute((0, 2, 1)).flatten_dims(1, 2), "do not lie next to each other"),
        (lambda t: t.flatten_dims(0, 1), "is the partition dimension and must stay"),
        (lambda t: t.expand_dim(0), "is the partition dimension and must stay"),
        (lambda t: t.squeeze_dim(1), "has size 6, not 1"),
        (lambda t: t.broadcast(1, 2), "has size 6, not 1"),
        (lambda t: t[0:1].broadcast(0, 2), "each partition has memory of its own"),
        (lambda t: t.slice(1, 2, 9), "0 <= start < end <= 6"),
        (lambda t: t.slice(1, 2, 2), "0 <= start < end <= 6"),
        (lambda t: t.select(1, 6), "which has size 6"),
        (lambda t: t.vector_select(0, t), "along dimension 0 of a tensor in HBM"),
        (lambda t: t[:, :, 1:3].view("bfloat16").view("float32")[:, :, ::1].permute((0, 2, 1))
         .view("uint8"), "must lie in one piece"),
        (lambda t: t[:, :, 0:1].view("int8")[:, :, 1:2].view("float32"), "must divide by 4"),
        (lambda t: t.rearrange(("p", "a"), ("a", "p")), "names 2 dimensions"),
        (lambda t: t.rearrange(("p", "a", "b"), ("p", "a", "c")), "differ in their names"),
        (lambda t: t.ap([[24, 4], [1, 25]]), "reaches element 24 of a partition that has 24"),
        (lambda t: t.ap([[24, 4], [-1, 2]]), "reaches element -1 of a partition that has 24"),
        (lambda t: t.ap([[-24, 4], [1, 24]], 72), "the partition stride is -24"),
        (lambda t: t.ap([[24, 4], [1, 0]]), "needs counts of 1 or more"),
        (lambda t: t.ap([24, 4]), "should be"),
        (lambda t: t.ap([[24, 4], [1, 2]], scalar_offset=t, vector_offset=t), "takes one of them"),
        (lambda t: t.ap([[24, 4], [1, 2]], scalar_offset=t, indirect_dim=1), "indices are int32"),
        (lambda t: t[4:5], "has size 4"),
        (lambda t: t[0, 0, 0, 0], "4 indices"),
        (lambda t: t[:, 1.5], "use an integer"),
        (lambda t: t[:, 0 : 2.5], "not a whole number"),
        (lambda t: t[:, ::-1], "use 1 up"),
        (lambda t: t[:, range(5, 0, -1)], "has size 6; handle the last"),
    ],
)  # fmt: skip
def test_what_no_view_can_be_is_refused(method, message):
    with pytest.raises(KernelError, match=message):
        used(method(tensor((4, 6, 4))))


def test_select_drops_its_dimension_and_keeps_the_partition():
    t = tensor((4, 6, 4))
    assert np.array_equal(t.select(1, 2).array, t.array[:, 2])
    assert t.select(0, 2).shape == (1, 6, 4)
    assert tensor((4, 6), buffer="private_hbm").select(0, 2).shape == (6,)


def test_an_integer_on_dimension_0_keeps_it_on_chip_and_drops_it_in_hbm():
    assert tensor((4, 6))[2].shape == (1, 6)
    assert tensor((4, 6))[2, 3].shape == (1, 1)
    assert tensor((4, 6), buffer="shared_hbm")[2].shape == (6,)
    assert tensor((4, 6), buffer="shared_hbm")[2, 3].shape == (1,)


def test_rearrange_splits_reorders_and_merges_by_name():
    t = tensor((4, 24))
    view = t.rearrange(("b", ("h", "w")), ("b", "w", "h"), {"h": 4})
    assert np.array_equal(view.array, t.array.reshape(4, 4, 6).transpose(0, 2, 1))
    with pytest.raises(KernelError, match="do not lie next to each other"):
        view.rearrange(("b", "w", "h"), ("b", ("w", "h")))


def test_view_reads_the_same_bytes_as_another_dtype():
    t = tensor((4, 6))
    assert np.array_equal(t.view("uint8").array, t.array.view(np.uint8))
    assert np.array_equal(t.view("bfloat16").view("float32").array, t.array)
    assert t.reinterpret_cast("int32").shape == (4, 6)
    assert t.ap([[12, 4], [1, 12]], dtype="bfloat16").shape == (4, 12)


def test_offsets_of_patterns_add_to_the_views_own_and_strides_do_not_compose():
    t = tensor((4, 24))
    part = t[:, 8:16]
    assert np.array_equal(part.ap([[24, 4], [1, 4]]).array, t.array[:, 8:12])
    assert np.array_equal(part.ap([[24, 4], [1, 4]], offset=2).array, t.array[:, 10:14])
    every_second = t.ap([[24, 4], [2, 12]])
    assert np.array_equal(every_second.ap([[24, 4], [1, 6]]).array, t.array[:, :6])


def test_strides_are_elements_with_the_free_size_between_partitions():
    t = tensor((4, 6, 4), "bfloat16")
    assert t.strides == (24, 4, 1)
    assert t[1:, 2:4].offset == 32
    assert t.view("uint8").strides == (48, 8, 1)


def test_contiguity_is_per_partition_on_chip():
    t = tensor((4, 6, 4))
    assert t.is_contiguous() and t[1:3].is_contiguous()
    assert not t[:, :, 0:2].is_contiguous()
    assert not tensor((4, 6), buffer="shared_hbm")[:, 0:3].is_contiguous()


def test_a_tensor_compares_with_none_as_a_plain_object_and_hashes():
    t = tensor((4, 6))
    assert (t == None) is False  # noqa: E711
    assert (t != None) is True  # noqa: E711
    assert {t: 1}[t] == 1


def test_a_broadcast_dimension_repeats_by_stride_0():
    t = tensor((4, 1, 6))
    view = t.broadcast(1, 5)
    assert view.strides == (6, 0, 1)
    assert np.array_equal(view.array, np.repeat(t.array, 5, 1))
    assert np.array_equal(t.squeeze_dim(1).array, t.array[:, 0])


def test_a_pattern_that_fits_one_tile_is_refused_on_a_shorter_one():
    pattern = [[24, 8], [1, 24]]
    assert used(tensor((8, 24)).ap(pattern)).shape == (8, 24)
    with pytest.raises(KernelError, match="partitions 0 to 7, but the tile has 4"):
        used(tensor((4, 24)).ap(pattern))

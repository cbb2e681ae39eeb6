"""`.ap`: an explicit access pattern over the storage of a tensor, and what makes it legal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trnlab.errors import KernelError
from trnlab.memory.dynamic import INDEX_DTYPES, Beyond, Indirect
from trnlab.memory.layout import Sizes, ascending, is_dense, last_offset
from trnlab.memory.register import Register
from trnlab.numerics import dtype_name, format_of

if TYPE_CHECKING:
    from trnlab.memory.tensor import Tensor


def access(
    tensor: Tensor,
    pattern: Sequence[Sequence[int]],
    offset: int | None,
    scalar_offset: Any,
    vector_offset: Any,
    indirect_dim: int,
    dtype: Any,
) -> tuple[str, Sizes, Sizes, int, Indirect | Beyond | None]:
    """dtype, shape, strides, offset and run-time index of an explicit pattern.

    Strides and offsets count elements of `dtype` over the storage; the offset adds to the view's
    own.

    Raises:
        KernelError: a pattern that no engine can walk
    """
    name = dtype_name(dtype) if dtype is not None else tensor.dtype
    shape, strides = _sizes(tensor, pattern)
    strides, added = _on_rows(tensor, name, shape, strides, int(offset) if offset else 0)
    start = _scaled(tensor, tensor.offset, name, "offset") + added
    if tensor.path is not None:
        raise KernelError(f"ap: {tensor.name} is addressed at run time already; a view takes one")
    path = _indirect(
        tensor, name, shape, strides, start, scalar_offset, vector_offset, indirect_dim
    )
    if isinstance(path, int):
        start, path = start + path, None
    if path is not None and path.kind == "rows":
        strides = (path.stride, *strides[1:])
    outside = check(tensor, name, shape, strides, start, path is not None and path.kind == "rows")
    return name, shape, strides, start, Beyond(outside) if outside else path


def _on_rows(
    tensor: Tensor, dtype: str, shape: Sizes, strides: Sizes, offset: int
) -> tuple[Sizes, int]:
    """Strides and offset over the storage of a pattern that counts the rows of a slice as dense.

    The kernel library makes such patterns of slices. Their stride over partitions is the free size
    of the slice, which no pattern over the storage may have.
    """
    allocation = tensor.storage.allocation
    itemsize = format_of(dtype).itemsize
    row_elements = allocation.pitch_bytes // itemsize
    own_elements = tensor.size // tensor.shape[0] * format_of(tensor.dtype).itemsize // itemsize
    if not tensor.on_chip or shape[0] == 1 or strides[0] in (row_elements, 0):
        return strides, offset
    if strides[0] != own_elements or not is_dense(tensor.shape[1:], tensor.strides[1:]):
        return strides, offset
    row, element = divmod(offset, own_elements)
    return (row_elements, *strides[1:]), row * row_elements + element


def check(
    tensor: Tensor, dtype: str, shape: Sizes, strides: Sizes, start: int, is_gather: bool
) -> str:
    """What to say of a pattern that leaves the storage, or on chip its row; "" if it does not.

    Such a pattern may be made, not used: loops compute the one after their last.

    Raises:
        KernelError: rows or a stride over partitions that no pattern may have
    """
    allocation = tensor.storage.allocation
    itemsize = format_of(dtype).itemsize
    if allocation.pitch_bytes % itemsize:
        raise KernelError(
            f"ap: rows of {tensor.name} have {allocation.pitch_bytes} bytes, which {dtype} of "
            f"{itemsize} does not divide"
        )
    if tensor.on_chip:
        return _check_on_chip(tensor, shape, strides, start, allocation.pitch_bytes // itemsize)
    count = allocation.nbytes // itemsize
    sizes, steps = (shape[1:], strides[1:]) if is_gather else (shape, strides)
    steps, first = ascending(sizes, steps, start)
    last = first + last_offset(sizes, steps)
    if 0 <= first and last < count:
        return ""
    return (
        f"ap: pattern {_text(shape, strides)} at offset {start} reaches element "
        f"{first if first < 0 else last} of {tensor.name} {list(allocation.shape)}, which has "
        f"{count}"
    )


def _check_on_chip(
    tensor: Tensor, shape: Sizes, strides: Sizes, start: int, row_elements: int
) -> str:
    allocation = tensor.storage.allocation
    text = f"ap: pattern {_text(shape, strides)} at offset {start} of {tensor.name}"
    if shape[0] > 1 and strides[0] != row_elements:
        raise KernelError(
            f"{text}: the partition stride is {strides[0]}; partitions are walked one by one, so "
            f"it must be the free size, {row_elements}"
        )
    row, begin = divmod(start, row_elements)
    if start < 0 or row + shape[0] > allocation.rows:
        return (
            f"{text}: partitions {row} to {row + shape[0] - 1}, but the tile has {allocation.rows}"
        )
    steps, first = ascending(shape[1:], strides[1:], begin)
    last = first + last_offset(shape[1:], steps)
    if 0 <= first and last < row_elements:
        return ""
    return (
        f"{text}: it reaches element {first if first < 0 else last} of a partition that has "
        f"{row_elements}"
    )


def _sizes(tensor: Tensor, pattern: Sequence[Sequence[int]]) -> tuple[Sizes, Sizes]:
    try:
        strides, shape = zip(*((int(step), int(count)) for step, count in pattern), strict=True)
    except (TypeError, ValueError):
        raise KernelError(
            f"ap: pattern {pattern!r} of {tensor.name} should be [[stride, count], ...]"
        ) from None
    if min(shape) < 1:
        raise KernelError(
            f"ap: pattern {_text(shape, strides)} of {tensor.name} needs counts of 1 or more"
        )
    if len(shape) == 1 and tensor.on_chip:
        return (*shape, 1), (*strides, 1)
    return shape, strides


def _scaled(tensor: Tensor, elements: int, dtype: str, what: str) -> int:
    """Elements of the view's dtype as elements of another one."""
    size = elements * format_of(tensor.dtype).itemsize
    itemsize = format_of(dtype).itemsize
    if size % itemsize:
        raise KernelError(
            f"ap: {what} {elements} of {tensor.name} in {tensor.dtype} is not a whole number of "
            f"{dtype} elements"
        )
    return size // itemsize


def _indirect(
    tensor: Tensor,
    dtype: str,
    shape: Sizes,
    strides: Sizes,
    start: int,
    scalar_offset: Any,
    vector_offset: Any,
    indirect_dim: int,
) -> Indirect | int | None:
    """The run-time index; an int for an offset that is a plain number."""
    if scalar_offset is None and vector_offset is None:
        return None
    if scalar_offset is not None and vector_offset is not None:
        raise KernelError(
            f"ap: {tensor.name} got scalar_offset and vector_offset; a view takes one of them"
        )
    if not -tensor.ndim <= indirect_dim < tensor.ndim:
        raise KernelError(
            f"ap: indirect_dim {indirect_dim} of {tensor.name}, which has {tensor.ndim} dimensions"
        )
    axis = indirect_dim % tensor.ndim
    stride = _scaled(tensor, tensor.strides[axis], dtype, "stride")
    if isinstance(scalar_offset, int):
        return scalar_offset * stride
    if tensor.on_chip and axis == 0:
        raise KernelError(
            f"ap: run-time address on the partition dimension of {tensor.name}; partitions are "
            "fixed when the kernel is compiled, so use indirect_dim=1 or more, or HBM"
        )
    size = tensor.shape[axis]
    if vector_offset is None:
        check_index("scalar_offset", scalar_offset, 1)
        limit = min(size, _room(tensor, dtype, shape, strides, start, stride))
        starts = 0 if tensor.on_chip else min(size, _room(tensor, dtype, (), (), start, stride))
        return Indirect("scalar", scalar_offset, stride, limit, starts)
    if tensor.on_chip:
        raise KernelError(f"ap: vector_offset into {tensor.name}, which is on chip; it gathers HBM")
    check_index("vector_offset", vector_offset, shape[0])
    limit = min(size, _room(tensor, dtype, shape[1:], strides[1:], start, stride))
    starts = min(size, _room(tensor, dtype, (), (), start, stride))
    return Indirect("rows", vector_offset, stride, limit, starts)


def _room(tensor: Tensor, dtype: str, shape: Sizes, strides: Sizes, start: int, stride: int) -> int:
    """Indices from 0 for which the whole pattern stays within the storage."""
    allocation = tensor.storage.allocation
    itemsize = format_of(dtype).itemsize
    if tensor.on_chip:
        room = allocation.pitch_bytes // itemsize
        start, shape, strides = start % room, shape[1:], strides[1:]
    else:
        room = allocation.nbytes // itemsize
    steps, first = ascending(shape, strides, start)
    left = room - first - last_offset(shape, steps)
    return max(1, -(-left // stride)) if stride else 1


def check_index(role: str, index: Any, count: int) -> None:
    """A run-time index is a register or a tile of whole numbers."""
    if isinstance(index, Register) and role == "scalar_offset":
        return
    if not hasattr(index, "storage"):
        raise KernelError(f"{role}: {index!r} should be a tile of int32 or uint32 in SBUF")
    if index.dtype not in INDEX_DTYPES:
        raise KernelError(f"{role}: {index.name} is {index.dtype}; indices are int32 or uint32")
    if index.size < count or (role == "scalar_offset" and index.size != 1):
        raise KernelError(
            f"{role}: {index.name} {list(index.shape)} holds {index.size} indices, {count} needed"
        )


def _text(shape: Sequence[int], strides: Sequence[int]) -> str:
    return str([[step, size] for size, step in zip(shape, strides, strict=True)])

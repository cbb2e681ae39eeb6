"""Indexing a tensor as NKI does: like NumPy, with strict bounds, and views only.

On chip an integer on dimension 0 keeps that dimension at size 1 and the result has at least two
dimensions; in HBM an integer drops its dimension and the result has at least one.
"""

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from trnlab.errors import KernelError
from trnlab.memory.register import Register

if TYPE_CHECKING:
    from trnlab.memory.tensor import Tensor

ENDS = (int, type(None))  # types of the ends of a slice that is known


class DynamicSlice:
    """`nl.ds(start, size)`: a slice given by its start, a number or a register, and its size."""

    __slots__ = ("size", "start")

    def __init__(self, start: Any, size: int) -> None:
        self.start = start
        self.size = size

    def __repr__(self) -> str:
        return f"nl.ds({self.start}, {self.size})"


class Dynamic(NamedTuple):
    """An index that is known only at run time."""

    index: Any  # Register or 1 x 1 tile
    stride: int  # elements of the view from one index to the next
    limit: int  # indices from 0 that are legal


Pattern = tuple[tuple[int, ...], tuple[int, ...], int, Dynamic | None]


def fixed(key: Any) -> tuple[Any, ...] | None:
    """An index of whole numbers and slices, as something to look up by; None if it is another."""
    if type(key) is not tuple:
        return None
    known: list[Any] = []
    for item in key:
        if type(item) is int:
            known.append(item)
        elif type(item) is slice and type(item.start) in ENDS and type(item.stop) in ENDS:
            known.append((item.start, item.stop, item.step))
        else:
            return None
    return tuple(known)


def index(tensor: "Tensor", key: Any) -> Pattern:
    """Shape, strides, offset and dynamic part of `tensor[key]`.

    Raises:
        KernelError: too many indices, or one that leaves the tensor
    """
    if type(key) is not tuple:
        key = (key,)
    shape, strides, offset = tensor.shape, tensor.strides, tensor.offset
    if len(key) != len(shape) or Ellipsis in key:
        key = _expand(tensor, key)
    on_chip = tensor.storage.memory != "hbm"
    new_shape: list[int] = []
    new_strides: list[int] = []
    dynamic = None
    for axis, item in enumerate(key):
        size, stride = shape[axis], strides[axis]
        if type(item) is slice and item.step is None:
            start = 0 if item.start is None else item.start
            stop = size if item.stop is None else item.stop
            if type(start) is not int or type(stop) is not int or not 0 <= start < stop <= size:
                start, stop = _bounds(tensor, axis, start, stop)
            offset += start * stride
            new_shape.append(stop - start)
            new_strides.append(stride)
            continue
        if type(item) is int and 0 <= item < size and (axis or not on_chip):
            offset += item * stride
            continue
        start, count, step = _resolve(tensor, axis, item)
        if type(start) is not int:
            if dynamic is not None:
                raise KernelError(f"index: two dynamic indices on {tensor.name}; a view takes one")
            dynamic = Dynamic(start, stride, size - abs(count) + 1)
            start = 0
        offset += start * stride
        if count >= 0:
            new_shape.append(count)
            new_strides.append(stride * step)
        elif on_chip and axis == 0:
            new_shape.append(1)
            new_strides.append(stride)
    least = 2 if on_chip else 1
    while len(new_shape) < least:
        new_shape.append(1)
        new_strides.append(1)
    return tuple(new_shape), tuple(new_strides), offset, dynamic


def _expand(tensor: "Tensor", key: Sequence[Any]) -> tuple[Any, ...]:
    """One item per dimension: fill `...` and missing trailing ones."""
    given = sum(item is not Ellipsis for item in key)
    if given > tensor.ndim:
        raise KernelError(
            f"index: {given} indices for {tensor.name}, which has {tensor.ndim} dimensions"
        )
    at = next((i for i, item in enumerate(key) if item is Ellipsis), len(key))
    missing = (slice(None),) * (tensor.ndim - given)
    return (*key[:at], *missing, *key[at + 1 :])


def _resolve(tensor: "Tensor", axis: int, item: Any) -> tuple[Any, int, int]:
    """Start, count (-1: a single element, drop the dimension) and step."""
    size = tensor.shape[axis]
    if isinstance(item, slice):
        return _strided(tensor, axis, item)
    if isinstance(item, DynamicSlice):
        if _is_dynamic(item.start):
            return _dynamic(tensor, axis, item.start), item.size, 1
        start, stop = _bounds(tensor, axis, item.start, item.start + item.size)
        return start, stop - start, 1
    if isinstance(item, range):
        last = item[-1] if item else item.start - 1
        start, stop = _bounds(tensor, axis, item.start, last + 1)
        return start, len(item), item.step
    if _is_dynamic(item):
        return _dynamic(tensor, axis, item), -1, 1
    position = item.__index__() if hasattr(item, "__index__") else None
    if position is None:
        raise KernelError(
            f"index: {item!r} on dimension {axis} of {tensor.name}; "
            "use an integer, a slice or nl.ds(start, size)"
        )
    at = position + size if position < 0 else position
    if not 0 <= at < size:
        raise KernelError(
            f"index: {position} on dimension {axis} of {tensor.name}, which has size {size}"
        )
    return at, -1, 1


def _strided(tensor: "Tensor", axis: int, item: slice) -> tuple[int, int, int]:
    step = 1 if item.step is None else _whole(tensor, axis, item.step)
    if step < 1:
        raise KernelError(f"index: step {step} on dimension {axis} of {tensor.name}; use 1 up")
    start = 0 if item.start is None else item.start
    stop = tensor.shape[axis] if item.stop is None else item.stop
    start, stop = _bounds(tensor, axis, start, stop)
    return start, -(-(stop - start) // step), step


def _is_dynamic(item: Any) -> bool:
    return isinstance(item, Register) or hasattr(item, "storage")


def _dynamic(tensor: "Tensor", axis: int, index: Any) -> Any:
    if tensor.on_chip and axis == 0:
        raise KernelError(
            f"index: a dynamic index on the partition dimension of {tensor.name}; partitions are "
            "fixed when the kernel is compiled, so index a free dimension or HBM"
        )
    return index


def _whole(tensor: "Tensor", axis: int, number: Any) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise KernelError(
            f"index: {number!r} on dimension {axis} of {tensor.name} is not a whole number; "
            "divide with //"
        ) from None


def _bounds(tensor: "Tensor", axis: int, start: Any, stop: Any) -> tuple[int, int]:
    size = tensor.shape[axis]
    start, stop = _whole(tensor, axis, start), _whole(tensor, axis, stop)
    first = start + size if start < 0 else start
    last = stop + size if stop < 0 else stop
    if not 0 <= first <= last <= size:  # an empty view may be made, not used
        raise KernelError(
            f"index: [{start}:{stop}] on dimension {axis} of {tensor.name}, which has size {size}; "
            "handle the last, smaller tile with min()"
        )
    return first, last

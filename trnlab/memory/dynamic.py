"""Views whose address is known only at run time: one index, an index per row, or columns.

A kernel makes such a view before the index has its value. An instruction resolves it when it is
issued: with values it becomes an ordinary view or a gather; on shapes alone it stays at index 0.
Either way it may reach any legal index, and that is what dependencies see, as a compiler would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from trnlab.errors import KernelError
from trnlab.memory.layout import Region, region_of
from trnlab.memory.register import Register
from trnlab.numerics import format_of

if TYPE_CHECKING:
    from trnlab.memory.tensor import Tensor

INDEX_DTYPES = ("int32", "uint32", "int16", "uint16", "int8", "uint8")
GROUP = 16  # partitions whose indices lie together, for tensor indirection
TENSOR_GROUP = 32  # the same where the Tensor engine gathers or scatters


class Indirect(NamedTuple):
    """A run-time index of a view, not looked up yet."""

    kind: str  # "scalar": one index; "rows": one per row; "columns": of the free axis
    index: Any  # Register or tile
    stride: int  # elements of the view from one index to the next
    limit: int  # indices from 0 that are legal
    starts: int = 0  # those whose first element exists, if more: oob_mode.skip drops the rest


class Beyond(NamedTuple):
    """A view that leaves its storage: it may be made, not used."""

    text: str  # what to say to who uses it
    kind: str = ""


class Reach(NamedTuple):
    """A run-time index that was looked up."""

    kind: str  # as of Indirect, or "elements" if some of a row are dropped
    region: Region  # all that the index might reach
    limit: int
    at: np.ndarray | None  # rows, free offsets [P, n], or elements; None: one index, or no values
    valid: np.ndarray | None  # which of them are legal; None: all


def index_tiles(tensor: Tensor) -> tuple[Tensor, ...]:
    """Tiles that hold the run-time index of a view."""
    path = tensor.path
    if isinstance(path, Indirect) and not isinstance(path.index, Register):
        return (path.index,)
    return ()


def index_call(tensor: Tensor) -> int:
    """The call that wrote the register which addresses a view; -1 if none does."""
    path = tensor.path
    return (
        path.index.call if isinstance(path, Indirect) and isinstance(path.index, Register) else -1
    )


def resolve(
    name: str, tensor: Tensor, has_values: bool, skips: bool, group: int = GROUP
) -> Tensor | None:
    """The view with its index looked up.

    Args:
        name: the instruction, for messages
        skips: indices out of range are dropped instead of refused
        group: partitions whose indices lie together, if columns are chosen
    Returns:
        None if its only index is out of range and is skipped
    Raises:
        KernelError: an index is out of range
    """
    path = tensor.path
    if not isinstance(path, Indirect):
        return tensor
    if path.kind == "columns":
        _check_held(name, tensor, path.index, group)
    region = _reach(tensor, path)
    if not has_values:
        return tensor.at(tensor.offset, Reach(path.kind, region, path.limit, None, None))
    if path.kind == "scalar":
        index = _scalar(name, path.index)
        if not 0 <= index < path.limit:
            if skips and 0 <= index < path.starts:
                return _cut(tensor, path, region, np.array([index]))
            if skips:
                return None
            raise _out_of_range(name, tensor, index, path.limit)
        reach = Reach(path.kind, region, path.limit, None, None)
        return tensor.at(tensor.offset + index * path.stride, reach)
    is_rows = path.kind == "rows"
    at = _rows(tensor, path.index) if is_rows else _columns(tensor, path.index, group)
    valid: np.ndarray | None = (at >= 0) & (at < path.limit)
    assert valid is not None
    if valid.all():
        valid = None
    elif not skips:
        raise _out_of_range(name, tensor, int(at[~valid][0]), path.limit)
    elif (at[~valid] < path.starts).any():
        return _cut(tensor, path, region, at)
    reach = Reach(
        path.kind, region, path.limit, at if valid is None else at.clip(0, path.limit - 1), valid
    )
    return tensor.at(tensor.offset, reach)


def _cut(tensor: Tensor, path: Indirect, region: Region, indices: np.ndarray) -> Tensor:
    """The elements that exist, of rows that may begin within the storage and end beyond it.

    The pages drop an index that is out of range and are silent about such a row. Kernels that were
    measured on the device need what is there of it.

    Args:
        indices: one for each row, or one for all
    """
    strides = (0, *tensor.strides[1:]) if path.kind == "rows" else tensor.strides
    start = tensor.offset + indices * path.stride
    at = start.reshape(-1, *[1] * (tensor.ndim - 1))
    for grid, step in zip(np.indices(tensor.shape, sparse=True), strides, strict=True):
        at = at + grid * step
    count = tensor.storage.allocation.nbytes // format_of(tensor.dtype).itemsize
    is_index = (indices >= 0) & (indices < path.starts)
    valid = is_index.reshape(-1, *[1] * (tensor.ndim - 1)) & (at >= 0) & (at < count)
    reach = Reach("elements", region, path.limit, at.clip(0, count - 1), valid)
    return tensor.at(tensor.offset, reach)


def gathered(tensor: Tensor, reach: Reach) -> np.ndarray:
    """A copy of the elements that a resolved view names."""
    return _source(tensor, reach)[_places(tensor, reach)]


def scatter(tensor: Tensor, reach: Reach, values: np.ndarray) -> None:
    """Write them; of equal indices the last one wins."""
    places = _places(tensor, reach)
    if reach.valid is not None:
        if reach.kind == "columns":
            valid, shape = reach.valid, reach.at.shape  # type: ignore[union-attr]
            places = tuple(np.broadcast_to(part, shape)[valid] for part in places)
        else:
            places = reach.at[reach.valid]  # type: ignore[index]
        values = values[reach.valid]
    _source(tensor, reach)[places] = values


def _source(tensor: Tensor, reach: Reach) -> np.ndarray:
    """A view of everything that the index may choose from."""
    if reach.kind == "elements":
        storage = tensor.storage
        count = storage.allocation.nbytes // format_of(tensor.dtype).itemsize
        return type(tensor)(storage, tensor.dtype, (count,), (1,), 0).array
    if reach.kind == "rows":
        shape = (reach.limit, *tensor.shape[1:])
    else:
        shape = (tensor.shape[0], reach.limit)
    return tensor.spread(shape).array


def _places(tensor: Tensor, reach: Reach) -> Any:
    assert reach.at is not None
    if reach.kind != "columns":
        return reach.at
    return np.arange(tensor.shape[0])[:, None], reach.at


def _reach(tensor: Tensor, path: Indirect) -> Region:
    storage, limit = tensor.storage.allocation, max(path.limit, path.starts)
    shape, strides = tensor.shape, tensor.strides
    if path.kind == "columns":
        shape, strides = (tensor.shape[0], path.limit), strides
    elif path.kind == "rows":
        shape, strides = (limit, *shape[1:]), (path.stride, *strides[1:])
    else:
        shape, strides = (limit, *shape), (path.stride, *strides)
    itemsize = format_of(tensor.dtype).itemsize
    region = region_of(storage.pitch_bytes, itemsize, shape, strides, tensor.offset)
    return region._replace(row_end=min(region.row_end, storage.rows))


def _scalar(name: str, index: Any) -> int:
    if isinstance(index, Register):
        return index.known(f"{name}: address")
    return int(index.array.reshape(-1)[0])


def _rows(tensor: Tensor, index: Tensor) -> np.ndarray:
    """One index per row; a tile of several columns is read column by column."""
    flat = index.array.reshape(index.shape[0], -1).T.reshape(-1)
    return flat[: tensor.shape[0]].astype(np.int64)


def held_offsets(index: Tensor, group: int = GROUP) -> int:
    """How many offsets an index tile holds for each group of partitions."""
    return min(group, index.shape[0]) * (index.size // index.shape[0])


def _check_held(name: str, tensor: Tensor, index: Tensor, group: int) -> None:
    held, count = held_offsets(index, group), tensor.shape[1]
    if count > held:
        raise KernelError(
            f"{name}: {count} offsets of {tensor.name}.indirect(), but index {list(index.shape)} "
            f"holds {held} for each {group} partitions, which the engine reads together; give it "
            f"{-(-count // group)} columns"
        )


def _columns(tensor: Tensor, index: Tensor, group: int) -> np.ndarray:
    """Offset i of a group of partitions is its index[i % group, i // group]."""
    partitions, count = tensor.shape
    offsets = index.array.reshape(index.shape[0], -1).astype(np.int64)
    rows = []
    for first in range(0, partitions, group):
        snake = offsets[first : first + group].T.reshape(-1)[:count]
        rows.extend([snake] * min(group, partitions - first))
    return np.stack(rows)


def _out_of_range(name: str, tensor: Tensor, index: int, limit: int) -> KernelError:
    return KernelError(
        f"{name}: index {index} into {tensor.name} {list(tensor.storage.allocation.shape)} is out "
        f"of range; legal are 0 to {limit - 1}. With oob_mode.skip a DMA drops such rows"
    )

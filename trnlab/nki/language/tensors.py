"""Allocation: `nl.ndarray` and the tensors that are filled when they are made."""

from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.language.regions import is_on_chip, sbuf
from trnlab.nki.launch import current


class _TensorType(type):
    """`nl.ndarray(...)` allocates; `isinstance(t, nl.ndarray)` holds for every tensor."""

    def __call__(
        cls, shape: Any, dtype: Any, buffer: str = sbuf, name: str = "", address: Any = None
    ) -> Tensor:
        if isinstance(shape, (tuple, list)) and PartitionSize in map(type, shape):
            _check_partition_first(shape)
        return current().allocate(shape, dtype, buffer, name or "", address)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor)


class PartitionSize(int):
    """A size that a kernel marks as that of the partition dimension."""


def par_dim(size: int) -> PartitionSize:
    """Mark the partition dimension of a shape: an older spelling, of no effect on dimension 0."""
    return PartitionSize(size)


def _check_partition_first(shape: Any) -> None:
    if type(shape[0]) is not PartitionSize or sum(type(n) is PartitionSize for n in shape) > 1:
        raise KernelError(
            f"nl.ndarray: {list(shape)} has block dimensions before nl.par_dim, which belong to "
            "NKI 0.1; since 0.2 the partition dimension comes first: "
            "put the blocks behind it, or make a list of tiles"
        )


def fresh(shape: Any, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """What `nl.ndarray` makes, for compositions."""
    return current().allocate(shape, dtype, buffer, name)


class ndarray(metaclass=_TensorType):  # noqa: N801
    """Allocate an uninitialized tensor; also the type of every tensor, for annotations.

    Args:
        shape: [partition, free...] on chip; any in HBM
        dtype: NKI dtype
        buffer: nl.sbuf, nl.psum, nl.private_hbm (nl.hbm) or nl.shared_hbm
        name: for the reader, and for `with_schedule`
        address: (first partition, byte within the partition) on chip; tensors that overlap share
            their bytes. None: placed for you
    """


def full(shape: Any, fill_value: float, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """A tensor filled with a constant; in HBM by way of an SBUF tile."""
    tensor = fresh(shape, dtype, buffer, name)
    fill(tensor, fill_value)
    return tensor


def fill(tensor: Tensor, value: float) -> None:
    """Set all elements; those in HBM by way of an SBUF tile, 128 rows at a time."""
    from trnlab.nki import isa as nisa

    if is_on_chip(tensor.buffer):
        nisa.memset(tensor, value)
        return
    flat = tensor.reshape((-1, tensor.shape[-1]))
    pmax = current().core.sbuf.partitions
    tile = full((min(pmax, flat.shape[0]), flat.shape[1]), value, tensor.dtype)
    for first in range(0, flat.shape[0], pmax):
        part = flat[first : min(first + pmax, flat.shape[0])]
        nisa.dma_copy(dst=part, src=tile[: part.shape[0]])


def zeros(shape: Any, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """A tensor filled with zeros."""
    return full(shape, 0, dtype, buffer, name)


def ones(shape: Any, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """A tensor filled with ones."""
    return full(shape, 1, dtype, buffer, name)


def zeros_like(x: Tensor, dtype: Any = None, buffer: str | None = None, name: str = "") -> Tensor:
    """Zeros of the shape of x, and of its dtype and buffer unless given."""
    return zeros(x.shape, dtype or x.dtype, buffer or x.buffer, name)


def empty_like(x: Tensor, dtype: Any = None, buffer: str | None = None, name: str = "") -> Tensor:
    """Uninitialized, of the shape of x, and of its dtype and buffer unless given."""
    return fresh(x.shape, dtype or x.dtype, buffer or x.buffer, name)

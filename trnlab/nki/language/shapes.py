"""Tiles of different shapes brought to one: views where they do, copies where they must."""

from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.language.regions import private_hbm
from trnlab.nki.language.tensors import fresh


def common_shape(name: str, x: Tensor, y: Tensor) -> tuple[int, ...]:
    """The shape that both broadcast to, by NumPy's rule for equal numbers of dimensions."""
    if x.ndim != y.ndim or any(
        a != b and 1 not in (a, b) for a, b in zip(x.shape, y.shape, strict=True)
    ):
        raise KernelError(
            f"{name}: {list(x.shape)} and {list(y.shape)} do not broadcast; sizes must be equal "
            "or 1, in the same number of dimensions"
        )
    return tuple(max(a, b) for a, b in zip(x.shape, y.shape, strict=True))


def spread(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x seen in a shape that it broadcasts to; only the partition dimension costs a copy."""
    if x.shape[0] != shape[0]:
        x = _spread_partitions(x, shape[0])
    for dim, size in enumerate(shape):
        if x.shape[dim] != size:
            x = x.broadcast(dim, size)
    return x


def _spread_partitions(x: Tensor, count: int) -> Tensor:
    """One partition copied to many: through HBM, since partitions share no memory."""
    from trnlab.nki import isa as nisa

    source = in_sbuf(x)
    row = fresh(x.shape, x.dtype, private_hbm)
    nisa.dma_copy(dst=row, src=source)
    free = x.size
    copies = fresh((count, *x.shape[1:]), x.dtype)
    nisa.dma_copy(dst=copies.reshape((count, free)), src=row.ap([[0, count], [1, free]]))
    return copies


def in_sbuf(x: Tensor) -> Tensor:
    """x, or a copy of it in SBUF."""
    from trnlab.nki import isa as nisa

    if x.buffer == "sbuf":
        return x
    copy = fresh(x.shape, x.dtype)
    nisa.tensor_copy(dst=copy, src=x)
    return copy


def cast(x: Tensor, dtype: Any) -> Tensor:
    """x, or a copy of it in SBUF in another dtype."""
    from trnlab.nki import isa as nisa

    if x.dtype == dtype:
        return x
    result = fresh(x.shape, dtype)
    nisa.tensor_copy(dst=result, src=x)
    return result

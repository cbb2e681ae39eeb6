"""Allocation: memory regions and `nl.ndarray`."""

from typing import Any

from trnlab.memory import Tensor
from trnlab.nki.launch import current

sbuf = "sbuf"
psum = "psum"
private_hbm = "private_hbm"
hbm = private_hbm
shared_hbm = "shared_hbm"


class ndarray(Tensor):  # noqa: N801
    """Allocate an uninitialized tensor; also the type of every tensor, for annotations.

    Args:
        shape: [partition, free...] on chip; any in HBM
        dtype: NKI dtype
        buffer: nl.sbuf, nl.psum, nl.private_hbm (nl.hbm) or nl.shared_hbm
    """

    def __new__(  # type: ignore[misc]
        cls, shape: Any, dtype: Any, buffer: str = sbuf, name: str = ""
    ) -> Tensor:
        return current().allocate(shape, dtype, buffer, name)


def full(shape: Any, fill_value: float, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """An on-chip tensor filled with a constant."""
    from trnlab.nki import isa

    tensor = current().allocate(shape, dtype, buffer, name)
    isa.memset(tensor, fill_value)
    return tensor


def zeros(shape: Any, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """An on-chip tensor filled with zeros."""
    return full(shape, 0, dtype, buffer, name)


def ones(shape: Any, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """An on-chip tensor filled with ones."""
    return full(shape, 1, dtype, buffer, name)

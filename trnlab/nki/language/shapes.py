"""Tiles of different shapes brought to one: views where they do, copies where they must."""

from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.language.regions import private_hbm, psum
from trnlab.nki.language.tensors import fresh

MULTIPLIED = ("float32", "bfloat16", "float16", "float8_e4m3", "float8_e5m2")
BANK_WORDS = 512  # of a PSUM bank


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
    """One partition copied to many: by TensorE, or through HBM what it cannot multiply."""
    source = in_sbuf(x)
    copies = fresh((count, *x.shape[1:]), x.dtype)
    rows = copies.reshape((count, x.size))
    if x.dtype in MULTIPLIED and source.signature.partition == 0:
        _multiply_by_ones(rows, source.reshape((1, x.size)))
    else:
        _through_hbm(rows, source)
    return copies


def _multiply_by_ones(copies: Tensor, row: Tensor) -> None:
    """A column of ones times the row, a PSUM bank at a time, copied to SBUF by ScalarE.

    Source: nki/guides/tutorials/fused_mamba.rst, where nl.broadcast_to is an instruction of TensorE
    """
    from trnlab.nki import isa as nisa
    from trnlab.nki.language.operators import copy

    count, size = copies.shape
    ones = fresh((1, count), row.dtype)
    nisa.memset(dst=ones, value=1, engine=nisa.gpsimd_engine)
    for first in range(0, size, BANK_WORDS):
        columns = slice(first, min(first + BANK_WORDS, size))
        product = fresh((count, columns.stop - first), "float32", psum)
        nisa.nc_matmul(dst=product, stationary=ones, moving=row[:, columns])
        nisa.activation(dst=copies[:, columns], op=copy, data=product)


def _through_hbm(copies: Tensor, source: Tensor) -> None:
    from trnlab.nki import isa as nisa

    count, size = copies.shape
    row = fresh(source.shape, source.dtype, private_hbm)
    nisa.dma_copy(dst=row, src=source)
    nisa.dma_copy(dst=copies, src=row.ap([[0, count], [1, size]]))


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

"""Tile-returning conveniences that move data: each a short composition of instructions."""

from collections.abc import Sequence
from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.language.operators import copy, multiply, not_equal, right_shift
from trnlab.nki.language.regions import psum, sbuf
from trnlab.nki.language.shapes import cast, common_shape, in_sbuf, spread
from trnlab.nki.language.tensors import fresh
from trnlab.numerics import dtype_name


def load(src: Tensor, dtype: Any = None) -> Tensor:
    """A new SBUF tile with the values of an HBM tensor; at most 128 rows."""
    from trnlab.nki import isa as nisa

    tile = fresh(src.shape, dtype or src.dtype)
    nisa.dma_copy(dst=tile, src=src)
    return tile


def store(dst: Tensor, value: Tensor) -> None:
    """Write a tile to an HBM tensor."""
    from trnlab.nki import isa as nisa

    nisa.dma_copy(dst=dst, src=in_sbuf(value))


def load_transpose2d(src: Tensor, dtype: Any = None) -> Tensor:
    """A new SBUF tile [F, P] with the transpose of an HBM tensor [P, F]."""
    from trnlab.nki import isa as nisa

    tile = fresh((src.shape[1], src.shape[0]), src.dtype)
    nisa.dma_transpose(dst=tile, src=src, axes=(1, 0))
    return cast(tile, dtype_name(dtype or src.dtype))


def transpose(x: Tensor, dtype: Any = None) -> Tensor:
    """The transpose [F, P] of a tile [P, F], by TensorE, in PSUM."""
    from trnlab.nki import isa as nisa

    tile = fresh((x.shape[1], x.shape[0]), x.dtype, psum)
    nisa.nc_transpose(dst=tile, data=in_sbuf(x))
    return cast(tile, dtype_name(dtype or x.dtype))


def matmul(x: Tensor, y: Tensor, transpose_x: bool = False) -> Tensor:
    """x @ y, or x^T @ y if transpose_x, in PSUM as float32.

    Args:
        x: [M, K], or [K, M] if transpose_x; at most 128 x 128
        y: [K, N], N at most 512
    """
    from trnlab.nki import isa as nisa

    stationary = in_sbuf(x) if transpose_x else in_sbuf(transpose(x))
    product = fresh((stationary.shape[1], y.shape[1]), "float32", psum)
    nisa.nc_matmul(dst=product, stationary=stationary, moving=in_sbuf(y))
    return product


def expand_dims(x: Tensor, axis: int) -> Tensor:
    """The tile with a new dimension of size 1; a view."""
    return x.expand_dim(axis)


def broadcast_to(x: Tensor, shape: Sequence[int], dtype: Any = None) -> Tensor:
    """x repeated to a shape of the same number of dimensions, the partition dimension included."""
    sizes = tuple(int(size) for size in shape)
    name = dtype_name(dtype or x.dtype)
    if sizes == x.shape:
        return cast(x, name)
    fits = len(sizes) == x.ndim and all(
        old in (1, new) for old, new in zip(x.shape, sizes, strict=True)
    )
    if not fits:
        raise KernelError(
            f"nl.broadcast_to: {list(x.shape)} to {list(sizes)}; each size must stay, or grow "
            "from 1, in the same number of dimensions"
        )
    if x.shape[0] != sizes[0] and x.shape[1:] == sizes[1:]:
        return cast(spread(x, sizes), name)  # new already
    return copy(spread(x, sizes), dtype=name)


def where(condition: Tensor, x: Tensor | float, y: Tensor | float, dtype: Any = None) -> Tensor:
    """x where the condition is not 0, else y; x and y are tiles or constants."""
    from trnlab.nki import isa as nisa

    shape = condition.shape
    for operand in (x, y):
        if isinstance(operand, Tensor):
            shape = common_shape("nl.where", operand, condition)
    tile = next((operand for operand in (x, y) if isinstance(operand, Tensor)), condition)
    dst = fresh(shape, dtype or tile.dtype)
    if isinstance(y, Tensor):
        nisa.tensor_copy(dst=dst, src=spread(y, shape))
    else:
        nisa.memset(dst=dst, value=y)
    chosen = spread(cast(x, dst.dtype), shape) if isinstance(x, Tensor) else x
    mask = not_equal(spread(condition, shape), 0, dtype="uint8")
    nisa.tensor_copy_predicated(dst=dst, src=chosen, predicate=mask)
    return dst


def gather_flattened(data: Tensor, indices: Tensor, axis: int = 0, dtype: Any = None) -> Tensor:
    """result[p, i] = data[p, indices[p, i]], the free dimensions of data flattened."""
    from trnlab.nki import isa as nisa

    if axis != 0:
        raise KernelError(f"nl.gather_flattened: axis {axis}; it gathers with axis=0 only")
    whole = indices.view("uint32") if indices.dtype == "int32" else cast(indices, "uint32")
    dst = fresh(indices.shape, data.dtype)
    nisa.nc_n_gather(dst=dst, data=data, indices=whole)
    return cast(dst, dtype_name(dtype or data.dtype))


def rand(shape: Any, dtype: Any, buffer: str = sbuf, name: str = "") -> Tensor:
    """Uniform numbers in [0, 1): 24 random bits over 2^24."""
    from trnlab.nki import isa as nisa

    bits = fresh(shape, "uint32")
    nisa.rng(dst=bits)
    tile = multiply(right_shift(bits, 8), 2.0**-24, dtype=dtype)
    if buffer == sbuf:
        return tile
    result = fresh(shape, dtype, buffer, name)
    if buffer == psum:
        nisa.tensor_copy(dst=result, src=tile)
    else:
        nisa.dma_copy(dst=result, src=tile)
    return result


def random_seed(seed: Tensor) -> None:
    """Seed the generator of the Vector engine from a [1, 1] tile."""
    from trnlab.nki import isa as nisa

    nisa.set_rng_seed(src_seeds=seed)


def dropout(x: Tensor, rate: Tensor | float, dtype: Any = None) -> Tensor:
    """x with elements set to zero at random.

    Args:
        rate: probability of zero: a constant, or a (P, 1) tile
    """
    from trnlab.nki import isa as nisa

    dst = fresh(x.shape, x.dtype)
    nisa.dropout(dst=dst, data=x, prob=rate)
    return cast(dst, dtype or x.dtype)

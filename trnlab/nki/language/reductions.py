"""Reductions over trailing free axes, and what is built from them.

Sums and means are kept in float32 until the result is written.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.language import operators as ops
from trnlab.nki.language.shapes import cast
from trnlab.nki.language.tensors import fresh
from trnlab.numerics import dtype_name

Axes = int | Sequence[int]


def _reduction(name: str, operator: str, text: str) -> Callable[..., Tensor]:
    def reduce(x: Tensor, axis: Axes, dtype: Any = None, keepdims: bool = False) -> Tensor:
        return _reduced(name, getattr(ops, operator), x, axis, dtype or x.dtype, keepdims)

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = f"{text} along trailing free axes."
    return reduce


sum = _reduction("sum", "add", "Sum")
prod = _reduction("prod", "multiply", "Product")
max = _reduction("max", "maximum", "Maximum")
min = _reduction("min", "minimum", "Minimum")


def all(x: Tensor, axis: Axes, dtype: Any = None) -> Tensor:
    """1 where all elements along trailing free axes are not 0, else 0."""
    return _reduced("all", ops.logical_and, x, axis, dtype or x.dtype, False)


def mean(x: Tensor, axis: Axes, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Mean along trailing free axes, float32 inside."""
    total = sum(x, axis, "float32", keepdims)
    return ops.multiply(total, 1 / _count(x, "mean", axis), dtype=dtype or x.dtype)


def var(x: Tensor, axis: Axes, dtype: Any = None, keepdims: bool = True) -> Tensor:
    """Variance along trailing free axes; the axes always stay, with size 1."""
    center = ops.subtract(x, mean(x, axis, "float32", keepdims=True), dtype="float32")
    squares = ops.multiply(center, center)
    return mean(squares, axis, dtype or x.dtype, keepdims=True)


def softmax(x: Tensor, axis: Axes = -1, dtype: Any = None) -> Tensor:
    """exp(x - max) / sum(exp(x - max)) along trailing free axes."""
    shifted = ops.subtract(x, max(x, axis, "float32", keepdims=True), dtype="float32")
    powers = ops.exp(shifted)
    total = sum(powers, axis, "float32", keepdims=True)
    inverse = ops.reciprocal(total)
    return ops.multiply(powers, inverse, dtype=dtype or x.dtype)


def rms_norm(
    x: Tensor,
    w: Tensor,
    axis: Axes,
    n: int,
    epsilon: float = 1e-6,
    dtype: Any = None,
    compute_dtype: Any = None,
) -> Tensor:
    """x / sqrt(sum(x^2) / n + epsilon) * w.

    Args:
        axis: trailing free axes of the sum
        n: values in the sum
        compute_dtype: dtype of intermediate tiles; default float32
    """
    inside = dtype_name(compute_dtype or "float32")
    values = cast(x, inside)
    total = sum(ops.multiply(values, values), axis, "float32", keepdims=True)
    power = ops.add(ops.multiply(total, 1 / n), epsilon)
    scale = ops.rsqrt(power)
    return ops.multiply(ops.multiply(values, scale), w, dtype=dtype or x.dtype)


def _reduced(name: str, operator: Any, x: Tensor, axis: Axes, dtype: Any, keepdims: bool) -> Tensor:
    from trnlab.nki import isa as nisa

    first = _first_axis(x, name, axis)
    shape = x.shape[:first] + (1,) * (x.ndim - first if keepdims else 0)
    dst = fresh(shape if len(shape) > 1 else (*shape, 1), dtype)
    nisa.tensor_reduce(
        dst=dst, op=operator, data=x, axis=tuple(range(first, x.ndim)), keepdims=keepdims
    )
    return dst


def _first_axis(x: Tensor, name: str, axis: Axes) -> int:
    """First of the axes, which must be the last ones and not the partition axis."""
    given = [axis] if isinstance(axis, int) else list(axis)
    axes = sorted(a + x.ndim if a < 0 else a for a in given)
    if not axes or axes[0] < 1 or axes != list(range(axes[0], x.ndim)):
        raise KernelError(
            f"nl.{name}: axis {axis} of {list(x.shape)}; it reduces trailing free axes only, such "
            f"as {x.ndim - 1}, and never the partition axis 0"
        )
    return axes[0]


def _count(x: Tensor, name: str, axis: Axes) -> int:
    return math.prod(x.shape[_first_axis(x, name, axis) :])

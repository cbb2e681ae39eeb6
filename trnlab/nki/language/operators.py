"""Operators: passed as values to instructions, and callable on tiles.

Called on tiles, an operator is one instruction into a new SBUF tile of the first input's dtype.
"""

from collections.abc import Callable
from typing import Any

from trnlab.isa.activations import FUNCTIONS
from trnlab.isa.operators import ARITHMETIC, BITWISE, UNARY
from trnlab.memory import Tensor
from trnlab.nki.launch import current


def _binary(name: str) -> Callable[..., Tensor]:
    def operator(x: Any, y: Any, dtype: Any = None) -> Tensor:
        from trnlab.nki import isa

        tile = x if isinstance(x, Tensor) else y
        dst = current().allocate(tile.shape, dtype or tile.dtype, "sbuf")
        if isinstance(x, Tensor) and isinstance(y, Tensor):
            isa.tensor_tensor(dst, x, y, operator)
        elif isinstance(x, Tensor):
            isa.tensor_scalar(dst, x, operator, y)
        else:
            isa.tensor_scalar(dst, y, operator, x, reverse0=True)
        return dst

    operator.__name__ = operator.__qualname__ = name
    operator.__doc__ = f"{name} of two tiles, or of a tile and a constant, element by element."
    return operator


def _unary(name: str) -> Callable[..., Tensor]:
    def operator(x: Tensor, dtype: Any = None) -> Tensor:
        from trnlab.nki import isa

        dst = current().allocate(x.shape, dtype or x.dtype, "sbuf")
        isa.activation(dst, operator, x)
        return dst

    operator.__name__ = operator.__qualname__ = name
    operator.__doc__ = f"{name} of a tile, element by element, on the Scalar engine."
    return operator


_binaries = {name: _binary(name) for name in (*ARITHMETIC, *BITWISE)}
_unaries = {name: _unary(name) for name in (*FUNCTIONS, *UNARY)}
globals().update(_binaries | _unaries)

__all__ = [*_binaries, *_unaries]  # noqa: PLE0604

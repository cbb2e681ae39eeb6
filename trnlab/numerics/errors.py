"""How far a rounded array is from the exact one."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Errors:
    """Measures of one comparison; over values where both arrays are finite."""

    sqnr_db: float  # 10 log10(sum of squares / sum of squared errors); inf if there is no error
    max_relative: float  # |error| / |exact|, over exact values that are not 0
    mean_relative: float
    max_absolute: float
    vanished: int  # values that became 0 and were not
    not_finite: int  # values that are, or became, infinite or NaN


def errors(exact: np.ndarray, approximate: np.ndarray) -> Errors:
    """Compare an approximation with the exact values.

    Raises:
        ValueError: arrays of different shapes, or without a value
    """
    exact, approximate = _as_pair("errors", exact, approximate)
    is_finite = np.isfinite(exact) & np.isfinite(approximate)
    x, y = exact[is_finite], approximate[is_finite]
    difference = np.abs(y - x)
    relative = difference[x != 0] / np.abs(x[x != 0])
    return Errors(
        sqnr_db=_decibel(float(np.square(x).sum()), float(np.square(difference).sum())),
        max_relative=float(relative.max(initial=0)),
        mean_relative=float(relative.mean()) if relative.size else 0.0,
        max_absolute=float(difference.max(initial=0)),
        vanished=int(((y == 0) & (x != 0)).sum()),
        not_finite=int((~is_finite).sum()),
    )


def sqnr_db(exact: np.ndarray, approximate: np.ndarray) -> float:
    """Signal to quantization noise in dB; `Errors.sqnr_db` alone."""
    return errors(exact, approximate).sqnr_db


def _decibel(signal: float, noise: float) -> float:
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def error_histogram(
    exact: np.ndarray, approximate: np.ndarray, bins: int = 41
) -> tuple[np.ndarray, np.ndarray]:
    """Signed errors in bins of equal width around zero.

    Returns:
        counts [bins] and edges [bins + 1]; what is not finite is left out
    Raises:
        ValueError: arrays of different shapes or without a value, or no bins
    """
    if bins < 1:
        raise ValueError(f"error_histogram: {bins} bins; ask for 1 or more")
    exact, approximate = _as_pair("error_histogram", exact, approximate)
    with np.errstate(invalid="ignore"):
        difference = approximate - exact
    difference = difference[np.isfinite(difference)]
    limit = float(np.abs(difference).max(initial=0)) or 1.0
    counts, edges = np.histogram(difference, bins=bins, range=(-limit, limit))
    return counts, edges


def _as_pair(
    name: str, exact: np.ndarray, approximate: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    exact, approximate = np.asarray(exact, np.float64), np.asarray(approximate, np.float64)
    if exact.shape != approximate.shape or exact.size == 0:
        raise ValueError(
            f"{name}: shapes {list(exact.shape)} and {list(approximate.shape)}; compare two arrays "
            "of one shape that hold something"
        )
    return exact, approximate

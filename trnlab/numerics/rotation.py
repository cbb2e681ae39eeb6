"""Two ways to tame outliers before rounding; both leave the exact product as it was.

Rotation: X R times R^T W, R orthogonal, spreads an outlier over its row. Smoothing: X / s times
s W, moves the size of a channel from activations into weights.
"""

import numpy as np


def hadamard(size: int) -> np.ndarray:
    """The orthonormal Hadamard matrix, its own inverse; float32 [size, size].

    Raises:
        ValueError: a size that is not a power of two
    """
    if size < 1 or size & (size - 1):
        raise ValueError(f"hadamard: size {size} is not a power of two; 1, 2, 4, 8, ... are")
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return (matrix / np.sqrt(size)).astype(np.float32)


def rotated(values: np.ndarray, axis: int = -1, block: int | None = None) -> np.ndarray:
    """Values with pieces of an axis multiplied by a Hadamard matrix; twice gives them back.

    Args:
        values: float32, any shape
        axis: the one that a product sums over
        block: elements of a piece; None: the largest power of two that divides the axis
    Raises:
        ValueError: a block that is no power of two, or does not divide the axis
    """
    moved = np.moveaxis(np.asarray(values, np.float32), axis, -1)
    length = moved.shape[-1]
    if block is None:
        block = length & -length
    if block < 1 or length % block:
        raise ValueError(f"rotated: an axis of {length} is not made of blocks of {block}")
    pieces = moved.reshape(*moved.shape[:-1], length // block, block) @ hadamard(block)
    return np.moveaxis(pieces.reshape(moved.shape), -1, axis)


def smoothing_factors(
    activations: np.ndarray, weights: np.ndarray, strength: float = 0.5
) -> np.ndarray:
    """s of each channel: max|X|^strength / max|W|^(1 - strength); divide X by it, multiply W.

    Source: SmoothQuant, arXiv 2211.10438; factors are 1 where either side is all zeros

    Args:
        activations: [T, K]
        weights: [K, N]
        strength: 0: all outliers stay in X, 1: all go to W
    Returns:
        float32 [K]
    Raises:
        ValueError: shapes that do not multiply, or a strength outside 0 to 1
    """
    x, w = np.asarray(activations, np.float32), np.asarray(weights, np.float32)
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[0]:
        raise ValueError(
            f"smoothing_factors: activations {list(x.shape)} and weights {list(w.shape)}; "
            "they should be [T, K] and [K, N]"
        )
    if not 0 <= strength <= 1:
        raise ValueError(f"smoothing_factors: strength {strength} lies outside 0 to 1")
    of_x = np.abs(x).max(axis=0, initial=0)
    of_w = np.abs(w).max(axis=1, initial=0)
    is_used = (of_x > 0) & (of_w > 0)
    of_x, of_w = np.where(is_used, of_x, 1), np.where(is_used, of_w, 1)
    return (of_x**strength / of_w ** (1 - strength)).astype(np.float32)

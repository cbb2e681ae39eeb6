"""Rotation and smoothing keep products, and tame outliers."""

import numpy as np
import pytest

from trnlab.numerics.errors import sqnr_db
from trnlab.numerics.formats import number_format
from trnlab.numerics.rotation import hadamard, rotated, smoothing_factors
from trnlab.numerics.round_trip import mx_round_trip
from trnlab.numerics.scaling import quantize_scaled

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 96)).astype(np.float32)
W = RNG.normal(size=(96, 20)).astype(np.float32)
OUTLIERS = X * np.where(np.arange(96) == 17, np.float32(60), np.float32(1))
INT8, FP4 = number_format("int8"), number_format("float4_e2m1fn")


@pytest.mark.parametrize("size", [1, 2, 16, 128])
def test_the_hadamard_matrix_is_its_own_inverse(size):
    h = hadamard(size)
    np.testing.assert_allclose(h @ h, np.eye(size), atol=1e-5)
    assert np.allclose(np.abs(h), size**-0.5)


@pytest.mark.parametrize("axis, block", [(-1, None), (1, 32), (0, 2), (1, 1)])
def test_rotating_twice_gives_the_values_back(axis, block):
    np.testing.assert_allclose(rotated(rotated(X, axis, block), axis, block), X, atol=1e-5)


def test_rotation_keeps_a_product():
    np.testing.assert_allclose(rotated(X) @ rotated(W, axis=0), X @ W, atol=1e-3)


def test_rotation_spreads_an_outlier_channel():
    plain = sqnr_db(OUTLIERS, mx_round_trip(OUTLIERS, FP4))
    turned = sqnr_db(OUTLIERS, rotated(mx_round_trip(rotated(OUTLIERS), FP4)))
    others = np.arange(96) != 17
    vanished = (mx_round_trip(OUTLIERS, FP4)[:, others] == 0).mean()
    spread = (rotated(mx_round_trip(rotated(OUTLIERS), FP4))[:, others] == 0).mean()
    assert spread < 0.1 < vanished and turned > plain - 6


def test_smoothing_keeps_a_product_and_shrinks_the_outlier():
    s = smoothing_factors(OUTLIERS, W)
    np.testing.assert_allclose((OUTLIERS / s) @ (W * s[:, np.newaxis]), OUTLIERS @ W, rtol=1e-3)
    ratio = np.abs(OUTLIERS).max(axis=0)
    smoothed = np.abs(OUTLIERS / s).max(axis=0)
    assert smoothed.max() / np.median(smoothed) < ratio.max() / np.median(ratio) / 5


def test_smoothing_improves_a_product_of_int8_tensors():
    def product(x, w):
        return quantize_scaled(x, INT8).values() @ quantize_scaled(w, INT8, 1).values()

    s = smoothing_factors(OUTLIERS, W)
    exact = OUTLIERS @ W
    better = sqnr_db(exact, product(OUTLIERS / s, W * s[:, np.newaxis]))
    assert better > sqnr_db(exact, product(OUTLIERS, W)) + 3


def test_channels_of_zeros_are_left_alone():
    x, w = X.copy(), W.copy()
    x[:, 3], w[5] = 0, 0
    s = smoothing_factors(x, w)
    assert s[3] == s[5] == 1 and np.isfinite(s).all() and (s > 0).all()


@pytest.mark.parametrize("strength, side", [(0.0, "weights"), (1.0, "activations")])
def test_the_ends_of_strength_level_one_side(strength, side):
    s = smoothing_factors(OUTLIERS, W, strength)
    leveled = np.abs(OUTLIERS / s).max(axis=0) if side == "activations" else None
    leveled = np.abs(W * s[:, np.newaxis]).max(axis=1) if leveled is None else leveled
    np.testing.assert_allclose(leveled, 1, rtol=1e-5)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="size 12 is not a power of two"):
        hadamard(12)
    with pytest.raises(ValueError, match="an axis of 96 is not made of blocks of 64"):
        rotated(X, block=64)
    with pytest.raises(ValueError, match=r"activations \[50, 96\] and weights \[20, 96\]"):
        smoothing_factors(X, W.T)
    with pytest.raises(ValueError, match="strength 1.5 lies outside 0 to 1"):
        smoothing_factors(X, W, 1.5)

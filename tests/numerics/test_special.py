"""erf in float32."""

import math

import numpy as np

from trnlab.numerics.special import erf


def exact(x):
    return np.array([math.erf(float(value)) for value in x])


def test_erf_is_within_half_a_unit_in_the_last_place_almost_everywhere():
    x = np.random.default_rng(0).uniform(-5, 5, 50_000).astype(np.float32)
    x = np.concatenate([x, np.float32(2.0) ** -np.arange(1, 140, dtype=np.float32)])
    found, expected = erf(x).astype(np.float64), exact(x)
    unit = np.spacing(np.abs(expected).astype(np.float32)).astype(np.float64)
    assert (np.abs(found - expected) / unit).max() < 0.51


def test_erf_of_special_values():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 4.0, 100.0], np.float32)
    found = erf(x)
    assert found[:4].tolist() == [0, 0, 1, -1] and np.signbit(found[1])
    assert np.isnan(found[4]) and found[5:].tolist() == [1, 1]


def test_erf_is_odd_and_grows():
    x = np.linspace(0, 4.5, 20_000, dtype=np.float32)
    assert np.array_equal(erf(-x), -erf(x))
    assert (np.diff(erf(x)) >= 0).all()


def test_erf_keeps_shapes():
    assert erf(np.zeros((3, 1, 2), np.float32)).shape == (3, 1, 2)

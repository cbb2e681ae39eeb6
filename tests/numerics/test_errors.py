"""Measures of rounding errors, by hand."""

import math

import numpy as np
import pytest

from trnlab.numerics.arrays import rounded
from trnlab.numerics.errors import error_histogram, errors, sqnr_db
from trnlab.numerics.formats import number_format


def test_measures_by_hand():
    found = errors(np.array([3.0, -4.0, 0.0, 2.0]), np.array([3.0, -5.0, 1.0, 0.0]))
    assert found.sqnr_db == pytest.approx(10 * math.log10(29 / 6))
    assert found.max_relative == 1.0 and found.mean_relative == pytest.approx(1.25 / 3)
    assert found.max_absolute == 2.0 and found.vanished == 1 and found.not_finite == 0


def test_no_error_is_infinitely_good():
    x = np.arange(5.0)
    assert errors(x, x).sqnr_db == math.inf and errors(x, x).max_relative == 0


def test_what_is_not_finite_is_counted_and_left_out():
    found = errors(np.array([1.0, np.nan, np.inf]), np.array([1.5, 1.0, np.inf]))
    assert found.not_finite == 2 and found.max_absolute == 0.5


def test_noise_without_a_signal():
    assert sqnr_db(np.zeros(3), np.ones(3)) == -math.inf


@pytest.mark.parametrize("name, bits", [("float16", 10), ("bfloat16", 7), ("float8_e4m3fn", 3)])
def test_one_more_mantissa_bit_is_worth_six_decibels(name, bits):
    x = np.random.default_rng(0).uniform(1, 2, 100_000).astype(np.float32)
    step = 2.0**-bits  # the error is uniform within half a step: variance step^2 / 12
    expected = 10 * math.log10(float(np.square(x).mean()) / (step**2 / 12))
    assert sqnr_db(x, rounded(x, number_format(name))) == pytest.approx(expected, abs=0.1)


def test_a_histogram_counts_every_error_around_zero():
    x = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    y = rounded(x, number_format("float8_e5m2"))
    counts, edges = error_histogram(x, y, 11)
    assert counts.sum() == x.size and len(edges) == 12
    assert edges[0] == -edges[-1] == -np.abs(y - x).max()
    assert counts[5] == (np.abs(y - x) < edges[6]).sum()


def test_a_histogram_of_no_error_is_one_bar():
    counts, _ = error_histogram(np.ones(7), np.ones(7), 3)
    assert counts.tolist() == [0, 7, 0]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"errors: shapes \[2\] and \[3\]"):
        errors(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="compare two arrays"):
        errors(np.zeros(0), np.zeros(0))
    with pytest.raises(ValueError, match="0 bins; ask for 1 or more"):
        error_histogram(np.zeros(2), np.zeros(2), 0)

"""Whole matrices through MX against an oracle of NumPy's own functions and `ml_dtypes`."""

import threading
import tracemalloc

import numpy as np
import pytest

import trnlab.numerics.round_trip as module
from tests.numerics.mx_oracle import ALL_BFLOAT16, round_trip_of_blocks
from trnlab.numerics.formats import NUMBER_FORMATS, number_format
from trnlab.numerics.round_trip import mx_round_trip

NAMES = ["float8_e4m3fn", "float8_e5m2", "float4_e2m1fn"]
FN = number_format("float8_e4m3fn")
formats = pytest.mark.parametrize("name", NAMES)
offsets = pytest.mark.parametrize("offset", [0, 1])


def same_bits(found, expected):
    """Equal, zeros with their sign; NaN as NaN."""
    is_nan = np.isnan(expected)
    assert np.array_equal(np.isnan(found), is_nan)
    assert np.array_equal(found.view(np.uint32)[~is_nan], expected.view(np.uint32)[~is_nan])


@formats
@offsets
def test_every_bfloat16_value_beside_others_of_every_size(name, offset):
    rng = np.random.default_rng(0)
    values = rng.permutation(ALL_BFLOAT16).reshape(-1, 32)
    same_bits(
        mx_round_trip(values, number_format(name), offset),
        round_trip_of_blocks(values, name, offset),
    )


@formats
@offsets
def test_every_bfloat16_value_in_blocks_of_its_own_size(name, offset):
    finite = ALL_BFLOAT16[np.isfinite(ALL_BFLOAT16)].reshape(-1, 32)  # neighbors share a binade
    same_bits(
        mx_round_trip(finite, number_format(name), offset),
        round_trip_of_blocks(finite, name, offset),
    )


@formats
@offsets
def test_float32_values_of_all_sizes(name, offset):
    rng = np.random.default_rng(1)
    sizes = np.exp2(rng.uniform(-140, 120, (3000, 1)))
    values = (rng.normal(size=(3000, 32)) * sizes).astype(np.float32)
    values[::7] *= np.exp2(-rng.uniform(0, 30, (len(values[::7]), 32))).astype(np.float32)
    same_bits(
        mx_round_trip(values, number_format(name), offset),
        round_trip_of_blocks(values, name, offset),
    )


@pytest.mark.parametrize("shape, axis", [((64, 96), 0), ((64, 96), 1), ((3, 64, 5), 1), ((32,), 0)])
def test_blocks_lie_along_the_axis(shape, axis):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    rows = np.ascontiguousarray(np.moveaxis(x, axis, -1)).reshape(-1, 32)
    expected = round_trip_of_blocks(rows, "float8_e4m3fn", 1)
    expected = np.moveaxis(expected.reshape(np.moveaxis(x, axis, -1).shape), -1, axis)
    assert np.array_equal(mx_round_trip(x, FN, axis=axis), expected)


def test_a_shorter_last_block_counts_as_filled_with_zeros():
    x = np.random.default_rng(0).normal(size=(5, 45)).astype(np.float32)
    padded = np.pad(x, ((0, 0), (0, 19)))
    assert np.array_equal(mx_round_trip(x, FN), mx_round_trip(padded, FN)[:, :45])


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_workers_gives_the_same(monkeypatch, workers):
    monkeypatch.setattr(module, "WORKERS", workers)
    monkeypatch.setattr(module, "PIECE", 64)
    x = np.random.default_rng(0).normal(size=(40, 32)).astype(np.float32)
    before = threading.active_count()
    assert np.array_equal(mx_round_trip(x, FN), round_trip_of_blocks(x, "float8_e4m3fn", 1))
    assert threading.active_count() == before


def test_memory_stays_below_three_times_the_array():
    x = np.ones((2048, 1024), np.float32)
    tracemalloc.start()
    mx_round_trip(x, FN)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert x.nbytes + peak <= 3 * x.nbytes


def test_the_argument_is_left_as_it_was():
    x = np.random.default_rng(0).normal(size=(40, 32)).astype(np.float32)
    copy = x.copy()
    mx_round_trip(x, FN)
    assert np.array_equal(x, copy)


def test_an_empty_array_stays_empty():
    assert mx_round_trip(np.empty((0, 32), np.float32), FN).shape == (0, 32)


@pytest.mark.parametrize("name", ["int8", "bfloat16", "float8_e8m0fnu"])
def test_elements_are_narrow_floats(name):
    with pytest.raises(ValueError, match=f"elements of {name}; MX blocks hold float8"):
        mx_round_trip(np.zeros(32, np.float32), NUMBER_FORMATS[name])

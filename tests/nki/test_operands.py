"""Operands that are neither tiles nor constants, or not there, are refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, refusal, small_integers, stored, written
from trnlab import nki

SHAPE = (64, 8)


def test_an_array_is_no_tile() -> None:
    def kernel():
        nisa.dma_copy(nl.ndarray(SHAPE, nl.float32), np.zeros(SHAPE))

    assert refusal(kernel) == (
        "dma_copy: src is of type ndarray, not a tensor; "
        "pass arrays as arguments of the kernel, and allocate tiles with nl.ndarray"
    )


@pytest.mark.parametrize("operand", [np.ones(8), [1.0, 2.0], (1.0,), "1"])
def test_a_constant_is_one_number(operand: Any) -> None:
    def kernel():
        tile = written(SHAPE)
        nisa.tensor_scalar(tile, tile, nl.add, operand)

    assert refusal(kernel) == (
        f"tensor_scalar: operand0 is of type {type(operand).__name__}; give it a constant or a "
        "[P, 1] tile"
    )


def test_an_operator_of_two_inputs_needs_both() -> None:
    def first():
        tile = written(SHAPE)
        nisa.tensor_scalar(tile, tile, nl.multiply, None)

    def second():
        tile = written(SHAPE)
        nisa.tensor_scalar(tile, tile, nl.multiply, 2.0, op1=nl.add)

    assert refusal(first) == (
        "tensor_scalar: multiply needs an operand; give it a constant or a [P, 1] tile"
    )
    assert refusal(second) == (
        "tensor_scalar: add needs an operand; give it a constant or a [P, 1] tile"
    )


@pytest.mark.parametrize("name", ["abs", "square", "relu", "reciprocal"])
def test_an_operator_of_one_input_needs_none(name: str) -> None:
    def kernel(x):
        tile = loaded(x)
        nisa.tensor_scalar(tile, tile, getattr(nl, name), None)
        return stored(tile)

    assert nki.simulate(kernel)(np.ones(SHAPE, np.float32)).tolist() == np.ones(SHAPE).tolist()


def test_no_scale_is_a_scale_of_1() -> None:
    def kernel(x):
        tile = loaded(x)
        nisa.activation(tile, nl.square, tile, scale=None)
        return stored(tile)

    x = small_integers(*SHAPE)
    np.testing.assert_array_equal(nki.simulate(kernel)(x), x**2)


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_a_vector_broadcasts_over_every_free_dimension(dtype: Any) -> None:
    op = nl.add if dtype == np.float32 else nl.bitwise_xor

    def kernel(a, v):
        x, vector = loaded(a), loaded(v)
        nisa.tensor_scalar(out := nl.ndarray(x.shape, x.dtype), x, op, vector)
        return stored(out)

    a = np.arange(4 * 4 * 6).reshape(4, 4, 6).astype(dtype)
    v = np.array([[1], [2], [4], [8]], dtype)
    wide = v.reshape(4, 1, 1)
    expected = a + wide if dtype == np.float32 else a ^ wide
    np.testing.assert_array_equal(nki.simulate(kernel)(a, v), expected)


def test_overlapping_operands_are_read_before_they_are_written() -> None:
    def kernel(x):
        tile = loaded(x)
        nisa.tensor_copy(tile[:, 1:], tile[:, :-1])
        nisa.tensor_scalar(tile[:, :-1], tile[:, 1:], nl.add, 1.0)
        return stored(tile)

    x = small_integers(*SHAPE)
    expected = x.copy()
    expected[:, 1:] = x[:, :-1]
    expected[:, :-1] = expected[:, 1:].copy() + 1
    np.testing.assert_array_equal(nki.simulate(kernel)(x), expected)


@pytest.mark.parametrize("is_used", [False, True])
def test_the_pattern_after_the_last_may_be_made_but_not_used(is_used: bool) -> None:
    def kernel(x):
        tile, out = loaded(x), nl.ndarray(x.shape, x.dtype)
        for first in range(0, 24, 8):
            part = tile.ap([[16, 8], [1, 8]], offset=first)
            if first < 16 or is_used:
                nisa.tensor_copy(out[:, first % 16 : first % 16 + 8], part)
        return stored(out)

    x = small_integers(8, 16)
    if is_used:
        assert refusal(kernel, x).endswith("partitions 1 to 8, but the tile has 8")
    else:
        assert np.array_equal(nki.simulate(kernel)(x), x)

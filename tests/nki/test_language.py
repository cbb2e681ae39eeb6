"""`nki.language`: dtypes are strings, sizes are the running core's, operators work on tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trnlab
import trnlab.nki.language as nl
from tests.kit import loaded, stored
from trnlab import nki
from trnlab.numerics import FORMATS

A = np.linspace(0.5, 2, 32 * 16).reshape(32, 16).astype(np.float32)


def test_dtypes_are_strings_that_name_their_format() -> None:
    for name in FORMATS:
        assert getattr(nl, "bool_" if name == "bool" else name) == name


def test_tile_sizes_are_those_of_the_core_that_runs() -> None:
    def kernel():
        size = nl.tile_size
        seen.append(
            (
                size.pmax,
                size.psum_bank_fmax,
                size.gemm_moving_fmax,
                size.gemm_stationary_fmax,
                size.psum_num_banks,
                size.total_available_sbuf_size,
            )
        )

    seen: list[Any] = []
    for chip in ("trn1", "trn2", "trn3"):
        trnlab.profile(kernel, chip=chip)
    usable = [196_608, 229_376, 262_144]
    assert seen == [(128, 512, 512, 128, 8, bytes) for bytes in usable]


@pytest.mark.parametrize("loop", [nl.affine_range, nl.sequential_range, nl.static_range])
def test_loops_count_as_range_does(loop: Any) -> None:
    assert list(loop(3)) == [0, 1, 2]
    assert list(loop(2, 9, 3)) == [2, 5, 8]


@pytest.mark.parametrize("fill, value", [(nl.zeros, 0), (nl.ones, 1)])
def test_filled_tiles_hold_what_they_say(fill: Any, value: int) -> None:
    result = nki.simulate(lambda: stored(fill((64, 8), nl.bfloat16)))()
    assert (result.astype(np.float32) == value).all()
    assert (nki.simulate(lambda: stored(nl.full((64, 8), 2.5, nl.float32)))() == 2.5).all()


def test_operators_may_be_called_on_tiles_and_constants() -> None:
    def kernel(x):
        tile = loaded(x)
        return stored(nl.subtract(nl.add(tile, tile), 1.0)), stored(nl.divide(2.0, tile))

    twice, inverse = nki.simulate(kernel)(A)
    np.testing.assert_array_equal(twice, A + A - 1)
    np.testing.assert_array_equal(inverse, np.float32(2) / A)


def test_functions_may_be_called_on_tiles() -> None:
    result = nki.simulate(lambda x: stored(nl.exp(loaded(x))))(A)
    np.testing.assert_allclose(result, np.exp(A.astype(float)), rtol=1e-6)


def test_an_unnamed_tensor_is_named_by_its_memory_and_number() -> None:
    def kernel(x):
        nl.ndarray((4, 4), nl.float32)
        nl.ndarray((4, 4), nl.float32, nl.psum)
        nl.ndarray((4, 4), nl.float32, name="mine")

    trace = trnlab.profile(kernel, A).trace
    assert [trace.tensor(i).name for i in range(4)] == ["x", "sbuf_1", "psum_2", "mine"]


def test_a_shape_may_be_one_number_or_a_list() -> None:
    def kernel():
        assert nl.ndarray(7, nl.float32, nl.shared_hbm).shape == (7,)
        assert nl.ndarray([4, 5], nl.float32).shape == (4, 5)
        assert nl.ndarray((4,), nl.float32).shape == (4, 1)  # on chip: a column

    nki.simulate(kernel)()

"""Inputs that are kept for looking at values later: copied, or checked if they are large."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest

import trnlab
from tests.nki.kernels import loaded, normal, stored
from trnlab.nki import kept_inputs
from trnlab.nki.kept_inputs import MAX_COPIED_BYTES, KeptInputs

X = normal(8, 16)
LARGE = MAX_COPIED_BYTES // 4 + 1  # float32 values


def kept(array: np.ndarray, is_callers: bool = True) -> KeptInputs:
    inputs = KeptInputs()
    inputs.keep(3, "x", array, is_callers)
    return inputs


def test_a_small_array_is_copied_if_it_is_the_callers() -> None:
    given = X.copy()
    inputs, own = kept(given), kept(given, is_callers=False)
    given[...] = 0
    assert np.array_equal(inputs.arrays()[3], X)
    assert own.arrays()[3] is given


def test_a_large_array_is_kept_as_it_is_and_told_as_long_as_nobody_changes_it() -> None:
    given = np.ones(LARGE, np.float32)
    inputs = kept(given)
    assert inputs.arrays()[3] is given
    given[LARGE // 2] = 2
    sentence = (
        "values: input x was changed after the run, and arrays of more than 16,777,216 bytes are "
        "not copied; profile again, or pass a copy"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        inputs.arrays()
    given[LARGE // 2] = 1
    assert inputs.arrays()[3] is given


def test_a_profile_of_large_inputs_says_when_they_were_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_inputs, "MAX_COPIED_BYTES", 8)

    def kernel(x):
        return stored(loaded(x))

    given = X.copy()
    prof = trnlab.profile(kernel, given)
    assert np.array_equal(prof.values(0, "src"), X)
    given += 1
    with pytest.raises(ValueError, match="input x was changed after the run"):
        prof.values(0, "src")


def test_a_profile_holds_large_inputs_once() -> None:
    x = np.ones((2**13, 1024), np.float32)

    def kernel(x):
        return stored(loaded(x[:128]))

    tracemalloc.start()
    prof = trnlab.profile(kernel, x)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < x.nbytes / 2 and prof.output.shape == (128, 1024)

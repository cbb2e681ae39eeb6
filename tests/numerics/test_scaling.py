"""Float32 scales for a tensor or a channel."""

import numpy as np
import pytest

from trnlab.numerics.formats import number_format
from trnlab.numerics.scaling import quantize_scaled

INT8, FN, FP4 = (number_format(name) for name in ("int8", "float8_e4m3fn", "float4_e2m1fn"))
X = np.random.default_rng(0).normal(size=(7, 33)).astype(np.float32)


@pytest.mark.parametrize("format", [INT8, FN, FP4], ids=lambda format: format.name)
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_the_largest_value_becomes_the_largest_of_the_format(format, axis):
    scaled = quantize_scaled(X, format, axis)
    kept = () if axis is None else (axis % 2,)
    others = tuple(a for a in (0, 1) if a not in kept)
    largest = np.abs(X).max(axis=others)
    np.testing.assert_allclose(np.abs(scaled.values()).max(axis=others), largest, rtol=1e-6)
    assert scaled.scale.size == (1 if axis is None else X.shape[axis])


@pytest.mark.parametrize("axis", [None, 0])
def test_an_integer_is_off_by_half_a_step_at_most(axis):
    scaled = quantize_scaled(X, INT8, axis)
    assert (np.abs(scaled.values() - X) <= scaled.scale * 0.5001).all()


def test_channels_of_different_size_are_better_off_with_scales_of_their_own():
    x = X * np.float32(10.0) ** np.arange(7, dtype=np.float32)[:, np.newaxis]
    whole, own = (
        np.abs(quantize_scaled(x, INT8, axis).values() - x)[0].max() for axis in (None, 0)
    )
    assert whole > 1 and own < 0.02


def test_zeros_and_values_that_are_not_finite_leave_a_scale_of_one():
    x = np.array([[0, 0], [np.inf, 1], [np.nan, 2], [1, 2]], np.float32)
    scaled = quantize_scaled(x, FN, 0)
    assert scaled.scale[:3].ravel().tolist() == [1, 1, 1]
    assert scaled.values()[0].tolist() == [0, 0] and scaled.values()[1].tolist() == [448, 1]


def test_bytes_count_codes_and_scales():
    assert quantize_scaled(X, INT8).nbytes == X.size + 4
    assert quantize_scaled(X, FP4, 0).nbytes == (X.size + 1) // 2 + 4 * 7


def test_tiny_values_do_not_divide_by_zero():
    x = np.full((2, 2), 1e-44, np.float32)
    assert np.isfinite(quantize_scaled(x, INT8).values()).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="float8_e8m0fnu holds scales"):
        quantize_scaled(X, number_format("float8_e8m0fnu"))
    with pytest.raises(ValueError, match=r"channel_axis 2 of an array of shape \[7, 33\]"):
        quantize_scaled(X, INT8, 2)

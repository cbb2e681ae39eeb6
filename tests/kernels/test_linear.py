"""A linear layer in every format against NumPy on the values that the format keeps."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
from tests.kernels.mixed_reference import product
from trnlab.kernels.layer_formats import LAYER_FORMATS, pieces, prepare, unfilled
from trnlab.kernels.linear import linear, reference
from trnlab.numerics import dtype_name, storage
from trnlab.numerics.errors import sqnr_db

SHAPES = [(512, 256, 40), (256, 130, 20), (64, 128, 35), (128, 10, 7), (100, 6, 33), (384, 2, 520)]
formats = pytest.mark.parametrize("format", LAYER_FORMATS)
rng = np.random.default_rng


def operands(K, M, T, seed=0):
    x = rng(seed).normal(size=(K, T)).astype(np.float32)
    weights = rng(seed + 1).normal(size=(K, M)).astype(np.float32)
    return x, weights


def run(x, weights, format):
    scale = float(np.abs(x).max() / 448)
    given = x if format == "float32" else x.astype(ml_dtypes.bfloat16)
    return trnlab.profile(linear, given, prepare(weights, format, scale))


@formats
@pytest.mark.parametrize("shape", SHAPES)
def test_the_core_multiplies_what_the_format_keeps(format, shape):
    x, weights = operands(*shape)
    found = run(x, weights, format).output
    expected = product(x, weights, format, float(np.abs(x).max() / 448))
    assert found.shape == (shape[1], shape[2])
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.sqrt(shape[0]) * 10)


@pytest.mark.parametrize(
    "format, at_least", [("float32", 120), ("bfloat16", 48), ("float8", 26), ("mxfp8", 26)]
)
def test_wider_formats_are_nearer_to_the_exact_product(format, at_least):
    x, weights = operands(512, 64, 64)
    assert sqnr_db(reference(x, weights), run(x, weights, format).output) > at_least
    assert sqnr_db(reference(x, weights), run(x, weights, "mxfp4").output) < 22


@formats
def test_bytes_are_those_of_weights_and_scales(format):
    x, weights = operands(512, 256, 16)
    bits = {"float32": 32, "bfloat16": 16, "float8": 8, "mxfp8": 8.25, "mxfp4": 4.25}[format]
    scales = 4 * 256 if format == "float8" else 0
    layer = prepare(weights, format)
    assert layer.nbytes == 512 * 256 * bits / 8 + scales
    width = 4 if format == "float32" else 2
    assert run(x, weights, format).hbm_bytes == layer.nbytes + width * x.size + 4 * 256 * 16


def test_each_format_uses_its_instructions():
    x, weights = operands(512, 128, 64)
    names = {
        format: [call.kind.instruction.name for call in run(x, weights, format).trace.calls]
        for format in LAYER_FORMATS
    }
    assert names["float32"].count("nc_matmul") == names["bfloat16"].count("nc_matmul") == 4
    assert names["float8"].count("nc_matmul") == 2
    for format in ("mxfp8", "mxfp4"):
        assert names[format].count("nc_matmul_mx") == names[format].count("quantize_mx") == 1


def test_an_activation_beyond_the_expected_largest_is_clipped_not_nan():
    x, weights = operands(128, 8, 5)
    x[3, 2] *= 1000
    layer = prepare(weights, "float8", 4 / 448)
    found = trnlab.profile(linear, x.astype(ml_dtypes.bfloat16), layer).output
    assert np.isfinite(found).all()
    clipped = np.clip(x, -4, 4)
    assert sqnr_db(reference(clipped, weights), found) > 20


@pytest.mark.parametrize(
    "inputs, fold, expected",
    [
        (512, 4, [(0, 128)]),
        (896, 4, [(0, 128), (512, 64), (768, 32)]),
        (100, 4, [(0, 32)]),
        (256, 2, [(0, 128)]),
        (64, 2, [(0, 32)]),
        (200, 1, [(0, 128), (128, 64), (192, 32)]),
    ],
)
def test_pieces_are_as_large_as_fits(inputs, fold, expected):
    assert [(piece.first, piece.partitions) for piece in pieces(inputs, fold)] == expected


@formats
@pytest.mark.parametrize("shape", [(896, 130), (100, 6)])
def test_a_layer_without_values_has_the_sizes_and_the_time_of_one_with(format, shape):
    x, weights = operands(*shape, 40)
    filled, empty = prepare(weights, format, 0.01), unfilled(*shape, format)
    for one, other in zip(
        (*filled.tiles, *filled.scales), (*empty.tiles, *empty.scales), strict=True
    ):
        assert one.shape == other.shape and dtype_name(one.dtype) == other.dtype
    assert filled.nbytes == empty.nbytes
    dtype = "float32" if format == "float32" else "bfloat16"
    timed = trnlab.profile(linear, trnlab.shape(x.shape, dtype), empty)
    ran = trnlab.profile(linear, x.astype(storage(dtype)), filled)
    assert timed.total_s == ran.total_s and timed.output is None


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="prepare: 'fp6' is not one of float32, bfloat16"):
        prepare(np.zeros((4, 4), np.float32), "fp6")
    with pytest.raises(ValueError, match=r"weights \[8, 3\] in mxfp8; .* the outputs even"):
        prepare(np.zeros((8, 3), np.float32), "mxfp8")
    with pytest.raises(ValueError, match=r"weights \[0, 4\] in bfloat16"):
        prepare(np.zeros((0, 4), np.float32), "bfloat16")
    layer = prepare(np.zeros((8, 4), np.float32), "bfloat16")
    with pytest.raises(trnlab.KernelError, match="x has 9 features, the layer takes 8"):
        trnlab.profile(linear, np.zeros((9, 4), ml_dtypes.bfloat16), layer)

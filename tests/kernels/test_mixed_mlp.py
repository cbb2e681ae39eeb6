"""The digits network with a format for each layer."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
from tests.kernels.mixed_reference import product
from trnlab.data import digits, digits_mlp, pixels
from trnlab.kernels.layer_formats import LAYER_FORMATS, prepare
from trnlab.kernels.mixed_mlp import mixed_mlp
from trnlab.kernels.mlp import mlp, operands

IMAGES = digits().images[:530]  # more than one group of columns
NET = digits_mlp()
SCALES = (16 / 448, 40 / 448)


def run(formats):
    layers = [
        prepare(w, format, scale)
        for w, format, scale in zip((NET.w1, NET.w2), formats, SCALES, strict=True)
    ]
    dtype = np.float32 if formats[0] == "float32" else ml_dtypes.bfloat16
    x = np.ascontiguousarray(pixels(IMAGES).T).astype(dtype)
    return trnlab.profile(mixed_mlp, x, layers, [NET.b1[:, None], NET.b2[:, None]])


def expected(formats):
    hidden = product(pixels(IMAGES).T, NET.w1, formats[0], SCALES[0]) + NET.b1[:, None]
    return product(np.maximum(hidden, 0), NET.w2, formats[1], SCALES[1]) + NET.b2[:, None]


@pytest.mark.parametrize("first", LAYER_FORMATS)
@pytest.mark.parametrize("second", LAYER_FORMATS)
def test_every_mix_computes_what_its_formats_keep(first, second):
    found, wanted = run((first, second)).output, expected((first, second))
    off = np.abs(found - wanted)  # a hidden value on a rounding boundary may fall either way
    assert np.median(off) < 1e-4 and off.max() < 0.5


def test_in_one_format_it_is_the_plain_kernel():
    for dtype in ("float32", "bfloat16"):
        plain = trnlab.profile(mlp, *operands(NET, IMAGES, dtype))
        mixed = run((dtype, dtype))
        np.testing.assert_allclose(mixed.output, plain.output, atol=1e-4)
        assert mixed.hbm_bytes == plain.hbm_bytes

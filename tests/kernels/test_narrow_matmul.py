"""Products in FP8 and MX: values against NumPy on the same rounded operands, layouts, refusals."""

import ml_dtypes
import numpy as np
import pytest

import trnlab
from tests.kit import refusal
from trnlab import KernelError
from trnlab.kernels.matmul import blocked
from trnlab.kernels.narrow_matmul import (
    INTERLEAVE,
    MXFP4,
    MXFP8,
    double_row,
    in_tiles,
    mx,
    mx_operand,
    mx_quantizing,
)
from trnlab.numerics.formats import number_format
from trnlab.numerics.mx import ELEMENTS
from trnlab.numerics.round_trip import mx_round_trip

BF16 = ml_dtypes.bfloat16
K, M, N = 2560, 128, 512  # five tiles of K: one more than share a scale tile
OFFSET = {MXFP8: 1, MXFP4: 0}


@pytest.fixture(scope="module")
def operands():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(K, M)).astype(np.float32)
    weights[::97] *= 30
    return weights, rng.normal(size=(K, N)).astype(BF16)


def as_stored(matrix, dtype):
    """What MX keeps of a matrix whose groups are 8 rows x 4 that lie 128 apart."""
    tiles = np.asarray(matrix, np.float32).reshape(-1, 4, 16, 8, matrix.shape[1])
    groups = tiles.transpose(0, 2, 4, 3, 1).reshape(-1, 32)
    kept = mx_round_trip(groups, ELEMENTS[dtype], OFFSET[dtype])
    back = kept.reshape(len(tiles), 16, matrix.shape[1], 8, 4)
    return back.transpose(0, 4, 1, 3, 2).reshape(matrix.shape)


def near(found, expected):
    """Equal but for the order of sums and the rounding of the result to BF16."""
    limit = 2.0**-8 * np.abs(expected) + 1e-5 * np.abs(expected).max()
    return (np.abs(np.asarray(found, np.float64) - expected) <= limit).all()


def test_double_row_is_the_product_of_the_fp8_operands(operands):
    weights, x = (np.asarray(part, np.float32) for part in operands)
    fp8 = number_format("float8_e4m3fn").storage
    w, a = (weights * 4).astype(fp8), (x * 16).astype(fp8)
    found = trnlab.profile(double_row, w, a, 1 / 64, m_block=1).output
    assert near(found, w.astype(np.float64).T @ a.astype(np.float64) / 64)


@pytest.mark.parametrize("dtypes", [(MXFP8, MXFP8), (MXFP4, MXFP4), (MXFP4, MXFP8)])
def test_mx_is_the_product_of_what_mx_stores(operands, dtypes):
    both = [mx_operand(part, d, OFFSET[d]) for part, d in zip(operands, dtypes, strict=True)]
    found = trnlab.profile(mx, *both[0], *both[1], dtypes, m_block=1).output
    w, x = (as_stored(part, d).astype(np.float64) for part, d in zip(operands, dtypes, strict=True))
    assert near(found, w.T @ x)


@pytest.mark.parametrize("interleave", INTERLEAVE)
def test_quantizing_on_the_core_gives_what_quantizing_before_gives(operands, interleave):
    weights, x = operands
    w = mx_operand(weights, MXFP8)
    before = trnlab.profile(mx, *w, *mx_operand(x, MXFP8), m_block=1).output
    given = in_tiles(x) if interleave == "ready" else x
    found = trnlab.profile(mx_quantizing, *w, given, interleave=interleave, m_block=1).output
    assert np.array_equal(found, before)


def test_blocks_change_the_order_and_not_the_result(operands):
    weights, x = (np.concatenate([part, part], axis=1) for part in operands)
    both = [part for matrix in (weights, x) for part in mx_operand(matrix, MXFP8)]
    once = trnlab.profile(mx, *both, m_block=1, n_block=1).output
    assert np.array_equal(trnlab.profile(mx, *both, m_block=2, n_block=2).output, once)


def test_scales_of_four_tiles_share_a_scale_tile(operands):
    scales = mx_operand(operands[0], MXFP8)[1].reshape(2, 4, 8, 4, M)
    assert (scales[0, :, :4] > 0).all() and not scales[0, :, 4:].any()
    assert (scales[1, :, :1] > 0).all() and not scales[1, :, 1:].any()


def test_each_narrower_format_multiplies_in_fewer_steps():
    def multiplies(kernel, *operands, **options):
        run = trnlab.profile(kernel, *operands, **options)
        return sum(name.startswith("nc_matmul") for name in ops(run))

    def ops(run):
        return [call.kind.instruction.name for call in run.trace.calls]

    def wide(dtype):
        return [trnlab.shape((2048, size), dtype) for size in (512, 512)]

    packed = [
        trnlab.shape(sizes, dtype)
        for sizes, dtype in [((512, 512), "uint32"), ((128, 512), "uint8")] * 2
    ]
    counts = (
        multiplies(blocked, *wide("bfloat16"), n_block=1),
        multiplies(double_row, *wide("float8_e4m3fn")),
        multiplies(mx, *packed),
    )
    assert counts == (64, 32, 16)


@pytest.mark.parametrize(
    "kernel, operands, options, sentence",
    [
        (
            double_row,
            [np.zeros((128, 128), ml_dtypes.float8_e4m3fn)] * 2,
            {},
            "matmul: K = 128 is not a multiple of 256; pad it to 256",
        ),
        (
            mx,
            [np.zeros((128, 96), np.uint32), np.zeros((128, 96), np.uint8)] * 2,
            {"m_block": 1},
            "matmul: M = 96 is not a multiple of 128; pad it to 128",
        ),
        (
            mx_quantizing,
            [
                np.zeros((128, 128), np.uint32),
                np.zeros((128, 128), np.uint8),
                np.zeros((512, 512), BF16),
            ],
            {"interleave": "tensor"},
            "mx_quantizing: interleave 'tensor'; use scalar, vector, gpsimd, dma, ready",
        ),
    ],
)
def test_what_does_not_fit_is_refused(kernel, operands, options, sentence):
    assert sentence in refusal(lambda *given: kernel(*given, **options), *operands)


def test_operands_that_do_not_fit_are_refused():
    with pytest.raises(KernelError, match="K = 500 is not a multiple of 512; pad it with zeros"):
        mx_operand(np.zeros((500, 4)))
    with pytest.raises(KernelError, match="'int8' is none of float8_e4m3fn_x4"):
        mx_operand(np.zeros((512, 4)), "int8")

"""The digits network on the modelled core reads what NumPy reads."""

import numpy as np
import pytest

import trnlab
from trnlab import nki
from trnlab.data import digits, digits_mlp, pixels
from trnlab.kernels.matmul import LADDER
from trnlab.kernels.mlp import TILE_N, mlp, operands

BATCHES = (1, 7, TILE_N, TILE_N + 1, 1797)
ROUNDOFF = {"float32": 2.0**-24, "bfloat16": 2.0**-8}  # half the spacing of numbers just above 1


def logits(images: np.ndarray, dtype: str = "float32") -> np.ndarray:
    return nki.simulate(mlp)(*operands(digits_mlp(), images, dtype)).T


def accuracy(dtype: str) -> float:
    data = digits()
    read = logits(data.images[data.test], dtype).argmax(axis=1)
    return float((read == data.labels[data.test]).mean())


def error_bound(images: np.ndarray, dtype: str) -> np.ndarray:
    """Largest distance of logits from exact ones, [batch, 10].

    Stored values are off by `u` relative; float32 sums of n products by n times float32's own.
    Pixels are whole numbers up to 16, exact in both.
    """
    net, x = digits_mlp(), pixels(images).astype(float)
    w1, w2 = np.abs(net.w1).astype(float), np.abs(net.w2).astype(float)
    u, fp32 = ROUNDOFF[dtype], ROUNDOFF["float32"]
    hidden = np.maximum(x @ net.w1 + net.b1, 0)
    d_sums = (u + (len(w1) + 1) * fp32) * (x @ w1 + np.abs(net.b1))
    d_hidden = d_sums + u * (hidden + d_sums)
    d_products = d_hidden @ w2 * (1 + u) + u * hidden @ w2
    return d_products + (len(w2) + 1) * fp32 * ((hidden + d_hidden) @ w2 * (1 + u) + abs(net.b2))


def through(rung: str, lhsT: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """lhsT^T @ rhs by a kernel of the ladder, on operands padded with zeros to whole tiles."""
    kernel, _, blocks, _ = LADDER[rung]
    padded = [padded_to(lhsT, 128, 128), padded_to(rhs, 128, TILE_N)]
    product = nki.simulate(kernel)(*padded, **dict.fromkeys(blocks, 1))
    return product[: lhsT.shape[1], : rhs.shape[1]]


def padded_to(matrix: np.ndarray, row_tile: int, col_tile: int) -> np.ndarray:
    rows, cols = matrix.shape
    return np.pad(matrix, ((0, -rows % row_tile), (0, -cols % col_tile)))


@pytest.mark.parametrize("batch", BATCHES)
def test_the_core_reads_every_image_as_numpy_does(batch: int):
    images = digits().images[:batch]
    np.testing.assert_array_equal(logits(images).argmax(axis=1), digits_mlp().predict(images))


@pytest.mark.parametrize("dtype", ROUNDOFF)
@pytest.mark.parametrize("batch", BATCHES)
def test_logits_are_within_the_bound_that_the_format_gives(batch: int, dtype: str):
    images, net = digits().images[:batch], digits_mlp()
    hidden = np.maximum(pixels(images).astype(float) @ net.w1 + net.b1, 0)
    exact = hidden @ net.w2.astype(float) + net.b2
    assert (np.abs(logits(images, dtype) - exact) <= error_bound(images, dtype)).all()


def test_float32_on_the_core_has_the_accuracy_that_training_recorded():
    assert accuracy("float32") == digits_mlp().test_accuracy


def test_bfloat16_reads_every_image_as_float32_does_although_its_logits_differ():
    images = digits().images
    narrow, wide = logits(images, "bfloat16"), logits(images)
    np.testing.assert_array_equal(narrow.argmax(axis=1), wide.argmax(axis=1))
    assert np.abs(narrow - wide).max() > 0.01
    assert accuracy("bfloat16") == digits_mlp().test_accuracy


@pytest.mark.parametrize("rung", [name for name in LADDER if name != "one_tile"])
def test_both_layers_through_the_ladder_read_every_image_as_numpy_does(rung: str):
    net, images = digits_mlp(), digits().images
    hidden = np.maximum(through(rung, net.w1, pixels(images).T) + net.b1[:, None], 0)
    scores = through(rung, net.w2, hidden) + net.b2[:, None]
    np.testing.assert_array_equal(scores.argmax(axis=0), net.predict(images))


@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
def test_every_chip_reads_the_same_digits(chip: str):
    images = digits().images
    run = trnlab.profile(mlp, *operands(digits_mlp(), images), chip=chip)
    np.testing.assert_array_equal(run.output.argmax(axis=0), digits_mlp().predict(images))


def test_weights_are_loaded_once_and_nothing_is_transposed():
    run = trnlab.profile(mlp, *operands(digits_mlp(), digits().images))
    ops = [run.trace.call(i).op for i in range(len(run.trace))]
    groups = -(-1797 // TILE_N)
    assert {op: ops.count(op) for op in ops} == {
        "dma_copy": 4 + 2 * groups,
        "nc_matmul": 2 * groups,
        "activation": groups,
        "tensor_scalar": groups,
    }


def test_hidden_values_never_leave_the_chip():
    run = trnlab.profile(mlp, *operands(digits_mlp(), digits().images))
    weights = 64 * 128 + 128 + 128 * 10 + 10
    assert run.hbm_bytes == 4 * (weights + 64 * 1797 + 10 * 1797)


def test_flops_are_those_of_the_two_products():
    run = trnlab.profile(mlp, *operands(digits_mlp(), digits().images))
    assert run.flops == 2 * 1797 * (64 * 128 + 128 * 10)


def test_bfloat16_is_faster_than_float32():
    wide, narrow = (
        trnlab.profile(mlp, *operands(digits_mlp(), digits().images, dtype)).total_s
        for dtype in ("float32", "bfloat16")
    )
    assert narrow < wide


def test_one_image_costs_far_more_than_its_share_of_a_batch():
    one, many = (
        trnlab.profile(mlp, *operands(digits_mlp(), digits().images[:batch])).total_s
        for batch in (1, TILE_N)
    )
    assert many < 2 * one


def test_weights_of_another_input_size_are_refused():
    x, w1, *rest = operands(digits_mlp(), digits().images[:5])
    with pytest.raises(trnlab.KernelError, match="nc_matmul: stationary has 32 partitions"):
        nki.simulate(mlp)(x, w1[:32], *rest)


def test_more_hidden_values_than_partitions_are_refused():
    x = np.zeros((64, 3), np.float32)
    w1, b1 = np.zeros((64, 129), np.float32), np.zeros((129, 1), np.float32)
    w2, b2 = np.zeros((129, 10), np.float32), np.zeros((10, 1), np.float32)
    with pytest.raises(trnlab.KernelError, match="129 partitions, at most 128"):
        nki.simulate(mlp)(x, w1, b1, w2, b2)


def test_an_unknown_dtype_is_refused_by_name():
    with pytest.raises(ValueError, match="'float7' is not one of NKI's"):
        operands(digits_mlp(), digits().images[:1], "float7")

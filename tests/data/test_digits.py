"""The digits and the network that ship with the package are what their records say."""

import numpy as np
import pytest

from trnlab.data import HERE, digits, digits_mlp, pixels
from trnlab.data.train_digits import SEED, train

WEIGHTS = ("w1", "b1", "w2", "b2")


def accuracy(part: str) -> float:
    data = digits()
    rows = getattr(data, part)
    return (digits_mlp().predict(data.images[rows]) == data.labels[rows]).mean()


def test_there_are_1797_images_of_8_by_8_pixels_from_0_to_16():
    data = digits()
    assert data.images.shape == (1797, 8, 8)
    assert data.images.dtype == data.labels.dtype == np.uint8
    assert (data.images.min(), data.images.max()) == (0, 16)


def test_every_digit_appears_as_often_as_the_published_counts_say():
    published = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # UCI, optdigits.names
    assert np.bincount(digits().labels).tolist() == published


def test_the_first_image_is_a_zero():
    assert digits().labels[0] == 0
    assert digits().images[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_the_split_uses_every_image_once():
    data = digits()
    assert np.sort(np.concatenate([data.train, data.test])).tolist() == list(range(1797))
    assert (len(data.train), len(data.test)) == (1442, 355)


def test_a_fifth_of_each_digit_is_held_out():
    data = digits()
    held_out = np.bincount(data.labels[data.test])
    assert held_out.tolist() == (np.bincount(data.labels) // 5).tolist()


def test_the_network_has_one_hidden_layer_as_wide_as_the_tensor_engine():
    shapes = {name: getattr(digits_mlp(), name).shape for name in WEIGHTS}
    assert shapes == {"w1": (64, 128), "b1": (128,), "w2": (128, 10), "b2": (10,)}
    assert {getattr(digits_mlp(), name).dtype for name in WEIGHTS} == {np.dtype(np.float32)}


@pytest.mark.parametrize("part", ["train", "test"])
def test_the_recorded_accuracy_is_the_accuracy(part: str):
    assert getattr(digits_mlp(), f"{part}_accuracy") == accuracy(part)


def test_at_least_96_percent_of_the_held_out_digits_are_read():
    assert accuracy("test") >= 0.96


def test_training_again_gives_the_shipped_weights_bit_for_bit():
    again = train(digits(), np.random.default_rng(SEED))
    for name in WEIGHTS:
        np.testing.assert_array_equal(getattr(again, name), getattr(digits_mlp(), name))
    assert again.test_accuracy == digits_mlp().test_accuracy


def test_the_first_layer_is_exact_in_float32():
    x, mlp = pixels(digits().images), digits_mlp()
    exact = x.astype(float) @ mlp.w1.astype(float) + mlp.b1
    np.testing.assert_array_equal(x @ mlp.w1 + mlp.b1, exact)


def test_float64_reads_every_image_as_float32_does():
    mlp = digits_mlp()
    hidden = np.maximum(pixels(digits().images).astype(float) @ mlp.w1 + mlp.b1, 0)
    predicted = (hidden @ mlp.w2 + mlp.b2).argmax(axis=1)
    np.testing.assert_array_equal(predicted, mlp.predict(digits().images))


def test_an_empty_batch_gives_no_predictions():
    assert digits_mlp().predict(digits().images[:0]).shape == (0,)


@pytest.mark.parametrize("shape", [(8, 8), (1, 64), (3, 8, 9), ()])
def test_images_of_another_shape_are_refused_with_the_way_out(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"must be \[batch, 8, 8\]; a single image is images\[i"):
        digits_mlp().forward(np.zeros(shape))


def test_the_arrays_are_read_only():
    arrays = [*vars(digits()).values(), *(getattr(digits_mlp(), name) for name in WEIGHTS)]
    assert not any(array.flags.writeable for array in arrays)


def test_the_licence_and_the_citation_ship_with_the_data():
    text = (HERE / "DIGITS.md").read_text()
    assert "CC BY 4.0" in text
    assert "Alpaydin" in text
    assert "10.24432/C50P49" in text


@pytest.mark.parametrize("name", ["digits.npz", "digits_mlp.npz"])
def test_the_files_stay_small(name: str):
    assert (HERE / name).stat().st_size < 200_000

"""The digit reader without a browser: the core reads what NumPy reads."""

import pytest

import trnlab
from trnlab.data import digits, digits_mlp
from trnlab.kernels.mlp import mlp, operands
from widgets.digit_reader import DigitReader
from widgets.digit_reader.reader import BATCHES, DTYPES


@pytest.mark.parametrize("digit", range(10))
def test_the_ten_images_are_the_ten_digits(digit):
    result = DigitReader(index=digit).result
    assert result["label"] == digit
    assert result["same"] == 1
    assert result["core"] == pytest.approx(result["numpy"], abs=2e-3)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_image_of_a_batch_is_read_as_numpy_reads_it(batch, dtype):
    result = DigitReader(batch=batch, dtype=dtype).result
    assert (result["images"], result["same"]) == (batch, batch)


def test_the_whole_batch_is_every_image_that_was_held_out():
    data, reader = digits(), DigitReader(batch=BATCHES[-1])
    assert reader.result["images"] == len(data.test)
    assert reader.result["right"] / len(data.test) == digits_mlp().test_accuracy


def test_the_time_is_the_engines():
    reader = DigitReader(index=7)
    images = digits().images[[reader._shown[7]]]
    run = trnlab.profile(mlp, *operands(digits_mlp(), images), chip="trn3")
    assert reader.result["total_us"] == run.total_us


def test_each_change_reads_once():
    reader, fired = DigitReader(), []
    reader.observe(fired.append, "result")
    reader.index = 5
    assert len(fired) == 1

"""Real inputs, shipped with the package: handwritten digits and a small network that reads them.

In: two .npz files beside this module. Out: records of read-only NumPy arrays.
Nothing here knows the chip. Where the files come from, and their licence: `DIGITS.md`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Digits:
    """1,797 handwritten digits and the split every lesson uses."""

    images: np.ndarray  # [1797, 8, 8] uint8, ink per pixel, 0 to 16
    labels: np.ndarray  # [1797] uint8, 0 to 9
    train: np.ndarray  # [1442] positions of the images to learn from
    test: np.ndarray  # [355] positions of the images held out


@dataclass(frozen=True)
class DigitsMlp:
    """The network: logits = relu(x @ w1 + b1) @ w2 + b2, for pixels x from 0 to 16."""

    w1: np.ndarray  # [64, 128] float32
    b1: np.ndarray  # [128] float32
    w2: np.ndarray  # [128, 10] float32
    b2: np.ndarray  # [10] float32
    train_accuracy: float  # fraction of `Digits.train` read correctly, measured after training
    test_accuracy: float  # fraction of `Digits.test` read correctly

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Logits in float32, the reference that the modelled core is compared with.

        Args:
            images: [batch, 8, 8], pixels from 0 to 16
        Returns:
            [batch, 10] float32
        Raises:
            ValueError: images of another shape
        """
        hidden = np.maximum(pixels(images) @ self.w1 + self.b1, 0)
        return hidden @ self.w2 + self.b2

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The digit read in each of images [batch, 8, 8]: [batch], 0 to 9."""
        return self.forward(images).argmax(axis=1)


def pixels(images: np.ndarray) -> np.ndarray:
    """Images [batch, 8, 8] as rows of pixels [batch, 64], float32.

    Raises:
        ValueError: images of another shape
    """
    shape = np.shape(images)
    if len(shape) != 3 or shape[1:] != (8, 8):
        raise ValueError(
            f"digits: images have shape {shape}, but must be [batch, 8, 8]; "
            "a single image is images[i : i + 1]"
        )
    return np.asarray(images, np.float32).reshape(shape[0], 64)


@cache
def digits() -> Digits:
    """The UCI handwritten digits; every fifth image of each digit, in file order, is held out."""
    arrays = _read("digits.npz")
    held_out = _every_fifth_of_each(arrays["labels"])
    train, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    return Digits(**arrays, train=_fixed(train), test=_fixed(test))


@cache
def digits_mlp() -> DigitsMlp:
    """The weights that `train_digits.py` found, and the accuracy it measured."""
    arrays = _read("digits_mlp.npz")
    return DigitsMlp(
        w1=arrays["w1"],
        b1=arrays["b1"],
        w2=arrays["w2"],
        b2=arrays["b2"],
        train_accuracy=float(arrays["train_accuracy"]),
        test_accuracy=float(arrays["test_accuracy"]),
    )


def _every_fifth_of_each(labels: np.ndarray) -> np.ndarray:
    held_out = np.zeros(len(labels), bool)
    for digit in range(10):
        held_out[np.flatnonzero(labels == digit)[4::5]] = True
    return held_out


def _read(name: str) -> dict[str, np.ndarray]:
    with np.load(HERE / name, allow_pickle=False) as file:
        return {key: _fixed(file[key]) for key in file.files}


def _fixed(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array

"""Matrices to quantize: drawn, or real ones of two networks. X [T, K] times W [K, N]."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from trnlab.data import digits, digits_mlp, pixels
from trnlab.data.text import alice, text_model

T = K = N = 256
OUTLIER_CHANNELS = (17, 90, 91, 200)
OUTLIER_SIZE = 40.0
MOST_WEIGHTS = 256_000  # of a matrix of the learner's own


class Pair(NamedTuple):
    """A matrix, and what it is multiplied by."""

    x: np.ndarray  # float32 [T, K]
    w: np.ndarray  # float32 [K, N]
    words: str  # what the two are


def _weights(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(K, N)).astype(np.float32) / np.float32(K**0.5)


def _normal() -> Pair:
    x = np.random.default_rng(1).normal(size=(T, K)).astype(np.float32)
    return Pair(x, _weights(2), "Normal values, times normal weights.")


def _heavy() -> Pair:
    x = np.random.default_rng(3).standard_t(2, size=(T, K)).astype(np.float32)
    words = "Student's t with 2 degrees of freedom: now and then a value is huge, anywhere."
    return Pair(x, _weights(4), words)


def _outliers() -> Pair:
    x = np.random.default_rng(5).normal(size=(T, K)).astype(np.float32)
    x[:, OUTLIER_CHANNELS] *= OUTLIER_SIZE
    channels = ", ".join(map(str, OUTLIER_CHANNELS))
    words = f"Normal, but channels {channels} are {OUTLIER_SIZE:.0f} times larger, as in "
    return Pair(x, _weights(6), words + "language models.")


def _ink() -> Pair:
    images = digits().images[digits().test[:T]]
    return Pair(pixels(images), digits_mlp().w1, "Real: ink of 256 digits, times the first layer.")


def _hidden() -> Pair:
    net, (x, _, _) = digits_mlp(), _ink()
    hidden = np.maximum(x @ net.w1 + net.b1, 0)
    return Pair(hidden, net.w2, "Real: hidden activations of 256 digits, times the second layer.")


def _text(layer: str, words: str) -> Pair:
    text, model = alice(), text_model()
    seen: dict[str, np.ndarray] = {}
    model.forward(text.windows(2)[0], seen)
    x = seen[layer].reshape(-1, seen[layer].shape[-1])[:T]
    return Pair(x, model.layers[layer], words)


def _attention() -> Pair:
    return _text("qkv0", "Real: a transformer reading Alice, what enters its first attention.")


def _mlp() -> Pair:
    return _text("down0", "Real: a transformer reading Alice, inside its first MLP.")


def _first_weights() -> Pair:
    x, w, _ = _ink()
    return Pair(np.ascontiguousarray(w.T), np.ascontiguousarray(x.T), "Real: first-layer weights.")


MATRICES: Mapping[str, tuple[str, Callable[[], Pair]]] = {
    "normal": ("Normal", _normal),
    "heavy": ("Heavy-tailed", _heavy),
    "outliers": ("Outlier channels", _outliers),
    "ink": ("Digits: pixels", _ink),
    "hidden": ("Digits: hidden activations", _hidden),
    "weights": ("Digits: weights", _first_weights),
    "attention": ("Transformer: attention input", _attention),
    "mlp": ("Transformer: MLP activations", _mlp),
}


@cache
def pair(name: str) -> Pair:
    """One of `MATRICES`."""
    return MATRICES[name][1]()


def with_weights(x: np.ndarray, words: str) -> Pair:
    """A matrix of the learner's own, with normal weights to multiply it by: of a wide one fewer."""
    columns = x.shape[1]
    width = min(columns, N, max(1, MOST_WEIGHTS // columns))
    w = np.random.default_rng(7).normal(size=(columns, width)).astype(np.float32)
    return Pair(x, w / np.float32(columns**0.5), words)

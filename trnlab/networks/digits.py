"""The digits network in any mix of formats."""

from functools import lru_cache

import numpy as np

from trnlab.data import digits, digits_mlp, pixels
from trnlab.kernels.layer_formats import Layer
from trnlab.kernels.mixed_mlp import mixed_mlp
from trnlab.metrics.profile import Profile, profile
from trnlab.networks.network import Network
from trnlab.numerics import storage

CHIP = "trn3"


@lru_cache(maxsize=4)
def digits_network(images: int = 355) -> Network:
    """Two layers, reading the first held-out images.

    Raises:
        ValueError: more images than were held out
    """
    data, network = digits(), digits_mlp()
    if not 1 <= images <= len(data.test):
        raise ValueError(
            f"digits_network: {images} images; 1 to {len(data.test)} were held out from training"
        )
    learned = pixels(data.images[data.train])
    hidden = np.maximum(learned @ network.w1 + network.b1, 0)
    shown = data.test[:images]
    x = pixels(data.images[shown]).T
    biases = [network.b1[:, np.newaxis], network.b2[:, np.newaxis]]

    def run(layers: dict[str, Layer]) -> Profile:
        first = next(iter(layers.values()))
        dtype = storage("float32" if first.format == "float32" else "bfloat16")
        given = np.array(x, dtype, order="C")
        return profile(mixed_mlp, given, list(layers.values()), biases, chip=CHIP)

    return Network(
        "digits",
        {"hidden": network.w1, "logits": network.w2},
        {"hidden": float(learned.max()), "logits": float(hidden.max())},
        data.labels[shown],
        run,
    )

"""The text model in any mix of formats."""

from functools import lru_cache

import numpy as np

from trnlab.data.text import CONTEXT, HEADS, alice, text_model
from trnlab.kernels.layer_formats import Layer
from trnlab.kernels.transformer import causal_mask, transformer
from trnlab.metrics.profile import Profile, profile
from trnlab.networks.network import Network

CHIP = "trn3"
CALIBRATION = 16  # sequences of the training part whose largest activations set FP8 scales


@lru_cache(maxsize=4)
def text_network(sequences: int = 16) -> Network:
    """Two transformer blocks and a head, predicting the next character of held-out text.

    Embeddings are looked up on the host; all else runs on the core.

    Args:
        sequences: of 128 characters each
    Raises:
        ValueError: more sequences than the held-out part has
    """
    text, model = alice(), text_model()
    tokens, targets = text.windows(sequences)
    x = model.embed(tokens).reshape(tokens.size, -1).T
    given, mask = np.ascontiguousarray(x), causal_mask()
    seen: dict[str, np.ndarray] = {}
    model.forward(text.train[: CALIBRATION * CONTEXT].reshape(CALIBRATION, CONTEXT), seen)

    def run(layers: dict[str, Layer]) -> Profile:
        return profile(transformer, given, mask, layers, HEADS, chip=CHIP)

    return Network(
        "text",
        model.layers,
        {name: float(np.abs(inputs).max()) for name, inputs in seen.items()},
        targets,
        run,
    )

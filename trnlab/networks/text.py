"""The text model in any mix of formats."""

from functools import lru_cache

import numpy as np

from trnlab.data.text import CONTEXT, HEADS, alice, text_model
from trnlab.kernels.layer_formats import LAYER_FORMATS, Layer, unfilled
from trnlab.kernels.transformer import causal_mask, transformer
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.networks.network import Network

CHIP = "trn3"
HEAD_SIZE = 64
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


def wider_text(width: int, format: str, sequences: int = 8) -> Profile:
    """One block of the same network with more features, and the head, timed on shapes alone.

    Heads of 64 features, twice the width in hidden values, all layers in one format.

    Args:
        width: features, a multiple of 128; the weights must fit into SBUF, up to 1,024 in BF16
        sequences: of 128 tokens each
    Raises:
        ValueError: no such format, or no features or sequences
        KernelError: a width that 128 does not divide, or too large for SBUF
    """
    if format not in LAYER_FORMATS:
        raise ValueError(f"wider_text: {format!r} is not one of {', '.join(LAYER_FORMATS)}")
    if width < 1 or sequences < 1:
        raise ValueError(
            f"wider_text: {width} features of {sequences} sequences; ask for 1 or more of both"
        )
    sizes = {
        "qkv0": (width, 3 * width),
        "out0": (width, width),
        "up0": (width, 2 * width),
        "down0": (2 * width, width),
        "head": (width, len(alice().characters)),
    }
    layers = {name: unfilled(*size, format) for name, size in sizes.items()}
    x, mask = shape((width, sequences * CONTEXT)), shape((CONTEXT, CONTEXT))
    return profile(transformer, x, mask, layers, max(1, width // HEAD_SIZE), chip=CHIP)

"""The transformer on the core against NumPy, in every format and in mixes."""

import numpy as np
import pytest

import trnlab
from tests.kernels.mixed_reference import text_logits
from trnlab.data.text import CONTEXT, HEADS, alice, text_model
from trnlab.kernels.layer_formats import LAYER_FORMATS, prepare
from trnlab.kernels.transformer import causal_mask, transformer
from trnlab.numerics.errors import sqnr_db

MODEL = text_model()
TOKENS = alice().windows(5)[0]  # more than one group of 512 columns
MIXED = dict(zip(MODEL.layers, [*LAYER_FORMATS, *LAYER_FORMATS], strict=False))


def scales(tokens):
    seen = {}
    MODEL.forward(tokens, seen)
    return {name: float(np.abs(inputs).max() / 448) for name, inputs in seen.items()}


def run(tokens, mix):
    input_scales = scales(tokens)
    layers = {name: prepare(w, mix[name], input_scales[name]) for name, w in MODEL.layers.items()}
    x = np.ascontiguousarray(MODEL.embed(tokens).reshape(tokens.size, -1).T)
    return trnlab.profile(transformer, x, causal_mask(), layers, HEADS)


def logits(ran, tokens):
    return ran.output.T.reshape(*tokens.shape, -1)


def test_in_float32_the_core_computes_what_numpy_does():
    found = logits(run(TOKENS, dict.fromkeys(MODEL.layers, "float32")), TOKENS)
    np.testing.assert_allclose(found, MODEL.forward(TOKENS), atol=2e-3)


@pytest.mark.parametrize("format", [*LAYER_FORMATS, "mixed"])
def test_every_layer_multiplies_what_its_format_keeps(format):
    tokens = TOKENS[:1]
    mix = MIXED if format == "mixed" else dict.fromkeys(MODEL.layers, format)
    found = logits(run(tokens, mix), tokens)
    expected = text_logits(MODEL, tokens, mix, scales(tokens))
    near, far = sqnr_db(expected, found), sqnr_db(MODEL.forward(tokens), found)
    assert near > {"float32": 100, "bfloat16": 55}.get(format, far + 15)  # sums in another order


def test_no_position_sees_a_later_one():
    other = TOKENS[:1].copy()
    other[0, 90] = (other[0, 90] + 1) % 70
    mix = dict.fromkeys(MODEL.layers, "bfloat16")
    one, two = (logits(run(tokens, mix), tokens)[0] for tokens in (TOKENS[:1], other))
    assert np.array_equal(one[:90], two[:90]) and np.abs(one[90:] - two[90:]).max() > 0.1


def test_sequences_do_not_see_each_other():
    mix = dict.fromkeys(MODEL.layers, "mxfp8")
    together, alone = logits(run(TOKENS, mix), TOKENS), logits(run(TOKENS[4:], mix), TOKENS[4:])
    np.testing.assert_allclose(together[4], alone[0], atol=1e-3)


def test_weights_are_read_once_whatever_the_number_of_sequences():
    mix = dict.fromkeys(MODEL.layers, "bfloat16")
    ran = run(TOKENS, mix)
    weights = 2 * sum(weight.size for weight in MODEL.layers.values())
    moved = 4 * TOKENS.size * (256 + 70) + 4 * CONTEXT**2
    assert ran.hbm_bytes == weights + moved


def test_formats_change_the_work_of_tensor_and_vector_engine():
    busy = {
        format: run(TOKENS[:2], dict.fromkeys(MODEL.layers, format)) for format in LAYER_FORMATS
    }
    tensor = {format: ran.busy["tensor"] * ran.total_s for format, ran in busy.items()}
    vector = {format: ran.busy["vector"] * ran.total_s for format, ran in busy.items()}
    assert tensor["float32"] > tensor["bfloat16"] > tensor["float8"] > tensor["mxfp8"]
    assert vector["mxfp8"] > vector["bfloat16"]


def test_sizes_that_tiles_do_not_divide_are_refused():
    layers = {name: prepare(w, "bfloat16") for name, w in MODEL.layers.items()}
    x = np.zeros((256, 100), np.float32)
    with pytest.raises(trnlab.KernelError, match="256 features of 100 tokens"):
        trnlab.profile(transformer, x, causal_mask(), layers, HEADS)
    with pytest.raises(trnlab.KernelError, match="256 features in 3 heads"):
        trnlab.profile(transformer, np.zeros((256, 128), np.float32), causal_mask(), layers, 3)

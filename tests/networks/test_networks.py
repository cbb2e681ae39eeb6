"""Networks in mixes of formats: loss, accuracy, time and bytes."""

import numpy as np
import pytest

import trnlab
from trnlab.data import digits, digits_mlp
from trnlab.data.text import alice, cross_entropy, text_model
from trnlab.kernels.layer_formats import LAYER_FORMATS
from trnlab.networks import digits_network, text_network, wider_text

DIGITS = digits_network()
TEXT = text_network(2)


def test_in_float32_digits_are_read_as_numpy_reads_them():
    outcome = DIGITS.run(DIGITS.uniform("float32"))
    data = digits()
    assert outcome.accuracy == digits_mlp().test_accuracy
    reference = digits_mlp().forward(data.images[data.test])
    np.testing.assert_allclose(outcome.logits, reference, atol=1e-3)
    assert outcome.loss == pytest.approx(cross_entropy(reference, data.labels[data.test]), rel=1e-4)


def test_in_float32_the_text_has_numpys_loss():
    tokens, targets = alice().windows(2)
    outcome = TEXT.run(TEXT.uniform("float32"))
    reference = text_model().forward(tokens)
    assert outcome.loss == pytest.approx(cross_entropy(reference, targets), rel=1e-4)
    right = reference.argmax(-1) == targets
    assert outcome.accuracy == pytest.approx(right.mean(), abs=2 / targets.size)


@pytest.mark.parametrize("network", [DIGITS, TEXT], ids=["digits", "text"])
def test_wide_formats_cost_no_accuracy_and_fp4_costs_some(network):
    loss = {format: network.run(network.uniform(format)).loss for format in LAYER_FORMATS}
    assert loss["bfloat16"] == pytest.approx(loss["float32"], abs=0.002)
    for format in ("float8", "mxfp8"):
        assert loss[format] == pytest.approx(loss["float32"], abs=0.02)
    assert loss["mxfp4"] > loss["mxfp8"] + 0.003


@pytest.mark.parametrize("network", [DIGITS, TEXT], ids=["digits", "text"])
def test_bytes_add_up_over_layers(network):
    mix = [*LAYER_FORMATS, *LAYER_FORMATS][: len(network.layers)]
    outcome = network.run(mix)
    layers = zip(network.layers, mix, strict=True)
    assert outcome.weight_bytes == sum(
        network.layer(name, format).nbytes for name, format in layers
    )
    assert outcome.weight_bytes < network.run(network.uniform("float32")).weight_bytes


def test_an_outcome_is_that_of_its_own_profile():
    mix = {"hidden": "mxfp8", "logits": "bfloat16"}
    outcome, ran = DIGITS.run(mix), DIGITS.profile(mix)
    assert (outcome.total_s, outcome.hbm_bytes) == (ran.total_s, ran.hbm_bytes)
    assert np.array_equal(outcome.logits, ran.output.T)


def test_outcomes_are_kept():
    mix = DIGITS.uniform("float8")
    assert DIGITS.run(mix) is DIGITS.run(list(mix)) and DIGITS.has_run(mix)
    assert not digits_network(3).has_run(mix)


def test_a_mix_by_name_is_a_mix_by_order():
    assert DIGITS.mix({"logits": "mxfp4", "hidden": "float8"}) == ("float8", "mxfp4")


@pytest.mark.parametrize(
    "mix, message",
    [
        (["bfloat16"], "mix: 1 formats; digits has 2 layers: hidden, logits"),
        (["bfloat16", "fp6"], "mix: 'fp6' is not one of float32, bfloat16, float8, mxfp8, mxfp4"),
        ({"hidden": "mxfp8"}, "formats for hidden; digits has the layers hidden, logits"),
    ],
)
def test_a_mix_that_fits_no_network_is_refused(mix, message):
    with pytest.raises(ValueError, match=message):
        DIGITS.run(mix)


def test_more_samples_than_were_held_out_are_refused():
    with pytest.raises(ValueError, match="digits_network: 356 images; 1 to 355"):
        digits_network(356)
    with pytest.raises(ValueError, match="the held-out part has 1 to"):
        text_network(10_000)


def test_narrow_formats_pay_in_time_once_the_layers_are_wide():
    total = {
        (width, format): wider_text(width, format).total_s
        for width in (256, 1024)
        for format in ("bfloat16", "mxfp8")
    }
    assert total[256, "mxfp8"] > total[256, "bfloat16"]
    assert total[1024, "mxfp8"] < 0.8 * total[1024, "bfloat16"]


def test_widths_that_fit_no_tile_or_no_memory_are_refused():
    with pytest.raises(trnlab.KernelError, match="200 features of 1024 tokens"):
        wider_text(200, "mxfp8")
    with pytest.raises(trnlab.CapacityError):
        wider_text(4096, "bfloat16", 4)
    with pytest.raises(ValueError, match="'fp6' is not one of"):
        wider_text(256, "fp6")
    with pytest.raises(ValueError, match="0 features of 8 sequences"):
        wider_text(0, "mxfp8")

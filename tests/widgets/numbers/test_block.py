"""A block: values and counts against the scalar specification of MX and plain arithmetic."""

import numpy as np
import pytest

from tests.widgets.numbers.harness import change
from trnlab.numerics.blocks import dequantize_block, quantize_block
from trnlab.numerics.formats import number_format
from widgets.numbers.block import (
    CHANNEL,
    ELEMENTS,
    LARGEST,
    PLACE,
    WAYS,
    BlockPart,
    presets,
    surroundings,
)

FLOATS = [name for name in ELEMENTS if name != "int8"]


@pytest.fixture
def block():
    return BlockPart()


def way(block, name):
    return next(way for way in block.scene["ways"] if way["name"] == name)


@pytest.mark.parametrize("element", FLOATS)
@pytest.mark.parametrize("preset", presets())
@pytest.mark.parametrize("name", ["ocp", "hardware"])
def test_mx_is_the_specification_of_one_block(block, element, preset, name):
    values = presets()[preset]
    change(block, values=values, element=element)
    offset, shown = WAYS[name].exponent_offset, way(block, name)
    format = number_format(element)
    inputs = np.array(values, np.float32).tolist()
    quantized = quantize_block(inputs, format, offset)
    kept = dequantize_block(quantized, format)
    assert shown["block"] == kept
    assert f"(E8M0 code {quantized.scale})" in shown["scale"]
    assert shown["vanished"] == sum(k == 0 and v != 0 for k, v in zip(kept, inputs, strict=True))


@pytest.mark.parametrize("name, axis", [("tensor", None), ("channel", 1)])
def test_int8_is_rounding_to_steps_of_the_largest(block, name, axis):
    values = presets()["An outlier"]
    change(block, values=values, element="int8")
    tensor = surroundings().astype(np.float64)
    own = slice(PLACE * 32, (PLACE + 1) * 32)
    tensor[CHANNEL, own] = values
    step = np.abs(tensor).max(axis=axis, keepdims=True) / 127
    expected = (np.rint(tensor / step) * step)[CHANNEL, own]
    assert way(block, name)["block"] == pytest.approx(expected, rel=1e-6)


def test_the_hardware_has_no_mx_of_integers(block):
    change(block, element="int8")
    assert way(block, "hardware")["problem"] == "Trainium3 has no MX blocks of INT8."


def test_an_outlier_moves_the_scale_and_the_small_ones_vanish(block):
    few = way(block, "ocp")["vanished"]
    change(block, values=presets()["An outlier"])
    assert way(block, "ocp")["vanished"] > 25 > few
    others = [way(block, name)["tensor_vanished"] for name in ("tensor", "channel", "ocp")]
    assert others == sorted(others, reverse=True)  # the fewer share a scale, the fewer suffer


def test_ocps_rule_clips_what_the_hardwares_rule_rounds(block):
    change(block, values=presets()["Just below a power of two"], element="float8_e4m3fn")
    assert way(block, "ocp")["clipped"] == [8] and way(block, "hardware")["clipped"] == []
    assert way(block, "ocp")["block"][8] == 3.5
    assert way(block, "hardware")["block"][8] == 4.0


def test_the_map_shows_every_value_of_the_tensor(block):
    for shown in block.scene["ways"]:
        assert len(shown["map"]) == surroundings().size
        assert shown["map"].count("5") == shown["tensor_vanished"]


def test_a_block_of_zeros_is_shown(block):
    change(block, values=[0.0] * 32)
    assert block.problem == "" and "All 32 are zero" in block.scene["words"]
    assert way(block, "hardware")["scale"].startswith("scale 2^-127")


@pytest.mark.parametrize(
    "value, sentence",
    [
        ("NaN", "Value 3 is 'NaN': type a number such as 0.5."),
        ("", "Value 3 is '': type a number"),
        (None, "Value 3 is 'None': type a number"),
        (True, "Value 3 is 'True': type a number"),
        (float("nan"), "Value 3 is NaN: a block here holds numbers from -1024 to 1024."),
        (float("inf"), "Value 3 is ∞: a block here holds"),
        (1025, "Value 3 is 1025: a block here holds"),
    ],
)
def test_a_value_that_is_none_is_refused_and_the_block_stays(block, value, sentence):
    before = block.scene
    change(block, values=[1.0, 2.0, value, *[1.0] * 29])
    assert sentence in block.problem and block.scene == before


@pytest.mark.parametrize("values", [[], [1.0] * 31, "1" * 32, 7, None])
def test_a_block_is_32_numbers(block, values):
    change(block, values=values)
    assert block.problem == "A block holds 32 numbers."


def test_the_largest_that_can_be_dragged_is_allowed(block):
    change(block, values=[LARGEST, *[-LARGEST] * 31])
    assert block.problem == ""


def test_an_unknown_element_is_refused(block):
    change(block, element="float6")
    assert block.problem.startswith("element: 'float6' is not one of float4_e2m1fn")

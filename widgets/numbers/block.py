"""A block of 32 values with one shared scale, beside a scale for a channel and for a tensor."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from trnlab.numerics.blocks import BLOCK, SCALE, block_scale
from trnlab.numerics.codes import decode
from trnlab.numerics.errors import errors
from trnlab.numerics.formats import NumberFormat, number_format
from trnlab.numerics.round_trip import mx_round_trip
from trnlab.numerics.scaling import quantize_scaled
from widgets.lesson.amounts import percent
from widgets.numbers import bundle
from widgets.numbers.choices import one_of
from widgets.numbers.part import Part
from widgets.numbers.words import decibel, plain

CHANNELS, BLOCKS = 8, 4  # of the tensor around the block
CHANNEL, PLACE = 3, 1  # of the learner's block in it
ELEMENTS = ("float4_e2m1fn", "float8_e4m3fn", "float8_e5m2", "int8")
LARGEST = 2.0**10  # of a value that can be set
SMALLEST = 2.0**-9  # what a bar shows; less is drawn as nothing
STEPS = (0.02, 0.06, 0.15, 0.5)  # relative errors between the shades of the map
GONE = "5"  # in the map: became 0


class Way(NamedTuple):
    """One way to choose scales."""

    title: str
    shares: str  # who shares one scale
    exponent_offset: int | None  # of an MX scale; None: a float32 scale


WAYS = {
    "tensor": Way("One for the tensor", "all values share a float32 scale", None),
    "channel": Way("One for each channel", "a row shares a float32 scale", None),
    "ocp": Way("MX, OCP's rule", f"{BLOCK} values share a power of two", 0),
    "hardware": Way("MX, the hardware's rule", f"{BLOCK} values share a power of two", 1),
}


@cache
def surroundings() -> np.ndarray:
    """The tensor that the block is part of: normal values, float32 [8, 128], read-only."""
    values = np.random.default_rng(3).normal(size=(CHANNELS, BLOCKS * BLOCK))
    rounded = np.array([[float(f"{value:.3g}") for value in row] for row in values], np.float32)
    rounded.flags.writeable = False
    return rounded


def _own() -> slice:
    return slice(PLACE * BLOCK, (PLACE + 1) * BLOCK)


def presets() -> dict[str, list[float]]:
    """Blocks worth a look, by what to call them."""
    even = [float(f"{value:.3g}") for value in surroundings()[CHANNEL, _own()]]
    ramp = [float(f"{2.0 ** (-8 + i / 2):.3g}") for i in range(BLOCK)]
    below = [*even]
    below[8] = 3.9
    return {
        "Even": even,
        "An outlier": [*even[:12], 40.0, *even[13:]],
        "A huge outlier": [*even[:12], 900.0, *even[13:]],
        "Just below a power of two": below,
        "Every size": ramp,
        "All zero": [0.0] * BLOCK,
    }


class BlockPart(Part):
    """32 values to drag; four ways to scale them side by side."""

    _esm = bundle.module("block")
    name = "block"
    first = {"values": presets()["Even"], "element": "float4_e2m1fn"}

    def __init__(self, *args: Any, **options: Any) -> None:
        self.fixed = {
            "elements": [[name, number_format(name).label.partition(" (")[0]] for name in ELEMENTS],
            "presets": list(presets().items()),
            "range": [SMALLEST, LARGEST],
            "ways": [way.title for way in WAYS.values()],
            "steps": [
                f"{'' if step > STEPS[0] else 'exact to '}{100 * step:g} %" for step in STEPS
            ],
            "map": [CHANNELS, BLOCKS * BLOCK],
            "own": [CHANNEL, PLACE * BLOCK, BLOCK],
        }
        super().__init__(*args, **options)

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The block and its tensor under each way."""
        values = checked(params["values"])
        format = number_format(one_of("element", params["element"], ELEMENTS))
        tensor = surroundings().copy()
        tensor[CHANNEL, _own()] = values
        shown = [self._way(name, way, tensor, format) for name, way in WAYS.items()]
        return {
            "values": values,
            "element": format.name,
            "ways": shown,
            "words": _summary(values, {way["name"]: way for way in shown}),
        }

    def _way(self, name: str, way: Way, tensor: np.ndarray, format: NumberFormat) -> dict[str, Any]:
        start = {"name": name, "title": way.title, "shares": way.shares}
        if way.exponent_offset is not None and not format.is_float:
            return {**start, "problem": "Trainium3 has no MX blocks of INT8."}
        stored, scale, words = scaled(tensor, format, name)
        block, kept = tensor[CHANNEL, _own()], stored[CHANNEL, _own()]
        found, around = errors(block, kept), errors(tensor, stored)
        top = scale * format.max_finite
        return {
            **start,
            "scale": words,
            "block": [float(value) for value in kept],
            "window": [scale * format.min_subnormal, top],
            "vanished": found.vanished,
            "clipped": np.flatnonzero(np.abs(block) > np.float32(top)).tolist(),
            "db": decibel(found.sqnr_db) if block.any() else "nothing to lose",
            "tensor_db": decibel(around.sqnr_db),
            "tensor_vanished": around.vanished,
            "map": _map(tensor, stored),
            "note": _note(way, format),
        }


def scaled(tensor: np.ndarray, format: NumberFormat, way: str) -> tuple[np.ndarray, float, str]:
    """The tensor as it comes back, the scale of the learner's block, and the scale in words."""
    offset = WAYS[way].exponent_offset
    if offset is None:
        axis = 0 if way == "channel" else None
        quantized = quantize_scaled(tensor, format, axis)
        scale = float(np.broadcast_to(quantized.scale, tensor.shape)[CHANNEL, PLACE * BLOCK])
        return quantized.values(), scale, f"scale {plain(scale, 4)}"
    code = block_scale(tensor[CHANNEL, _own()].tolist(), format, offset)
    scale = decode(SCALE, code)
    words = f"scale 2^{code - SCALE.bias} = {plain(scale, 4)} (E8M0 code {code})"
    return mx_round_trip(tensor, format, offset), scale, words


def checked(values: Any) -> list[float]:
    """32 numbers as a learner set them.

    Raises:
        ValueError: not 32 finite numbers of a size that can be drawn
    """
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != BLOCK:
        raise ValueError(f"A block holds {BLOCK} numbers.")
    found = []
    for place, value in enumerate(values, 1):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"Value {place} is {str(value)[:20]!r}: type a number such as 0.5.")
        if not abs(value) <= LARGEST:
            raise ValueError(
                f"Value {place} is {plain(value)}: a block here holds numbers from "
                f"-{LARGEST:.0f} to {LARGEST:.0f}."
            )
        found.append(float(np.float32(value)))
    return found


def _map(exact: np.ndarray, stored: np.ndarray) -> str:
    """Relative error of each value of the tensor as a digit, row by row."""
    size = np.abs(exact)
    relative = np.divide(np.abs(stored - exact), size, out=np.zeros_like(size), where=size > 0)
    levels = np.searchsorted(STEPS, relative.reshape(-1), side="right")
    levels[((stored == 0) & (exact != 0)).reshape(-1)] = int(GONE)
    return "".join(map(str, levels))


def _note(way: Way, format: NumberFormat) -> str:
    if way.exponent_offset == 1 and format.bits < 8:
        return "quantize_mx writes no FP4; this is its rule applied to FP4."
    if way.exponent_offset == 0 and format.bits < 8:
        return "How FP4 weights are made, on the host."
    return ""


def _summary(values: list[float], ways: Mapping[str, Mapping[str, Any]]) -> str:
    """What decides, and what it costs, in two sentences."""
    place = int(np.abs(values).argmax())
    if not values[place]:
        return "All 32 are zero: the scale is the smallest there is, and nothing is lost."
    own = ways["ocp"]
    lost = ways["tensor"].get("tensor_vanished", 0)
    start = f"Value {place + 1}, {plain(values[place], 4)}, is the largest and sets the scale"
    if "problem" in own:
        step = percent(1 / 127)
        return f"{start}. INT8 has equal steps: each is {step} of the largest value that shares it."
    gone, clipped = own["vanished"], bool(own["clipped"])
    words = f"{start} of its block: {gone} of the 32 become 0"
    words += " and the largest is clipped" if clipped else ""
    near = own["tensor_vanished"]
    return f"{words}. In the whole tensor {near} become 0 with MX, {lost} with one scale for all."

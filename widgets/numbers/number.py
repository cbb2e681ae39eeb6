"""One number in every format: its bits, its neighbors, what rounding does to it."""

import math
from collections.abc import Mapping
from typing import Any

from trnlab.numerics.codes import decode, encode, neighbors
from trnlab.numerics.formats import NUMBER_FORMATS, NumberFormat
from widgets.lesson.amounts import percent
from widgets.numbers import bundle
from widgets.numbers.choices import one_of
from widgets.numbers.part import Part
from widgets.numbers.words import plain

EXAMPLES = ("0.1", "1/3", "17", "300", "448", "0.002", "1e-6", "70000", "-2.5")
LONGEST = 40  # characters of a typed number
AROUND = 4  # neighbors to either side


class Number(Part):
    """A number to type, to drag, or to make of bits."""

    _esm = bundle.module("number")
    name = "number"
    first = {"text": "0.1", "format": "float8_e4m3fn", "code": -1}

    def __init__(self, *args: Any, **options: Any) -> None:
        self.fixed = {
            "formats": [_described(format) for format in NUMBER_FORMATS.values()],
            "examples": EXAMPLES,
        }
        super().__init__(*args, **options)

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The number as each format stores it, and its neighborhood in one of them."""
        chosen = NUMBER_FORMATS[one_of("format", params["format"], NUMBER_FORMATS)]
        code = params["code"]
        if isinstance(code, int) and code >= 0:
            value = decode(chosen, code)
            text = plain(value, 17)
        else:
            text = params["text"]
            value = parsed(text)
        rows = [_row(format, value) for format in NUMBER_FORMATS.values()]
        if isinstance(code, int) and code >= 0:
            place = list(NUMBER_FORMATS).index(chosen.name)
            rows[place] |= {"code": code, "bits": f"{code:0{chosen.bits}b}"}
        return {
            "text": text,
            "value": value if math.isfinite(value) else None,
            "format": chosen.name,
            "rows": rows,
            "line": _line(chosen, value),
        }


def parsed(text: Any) -> float:
    """The number that a learner typed, such as "0.1", "-3e-5" or "1/3".

    Raises:
        ValueError: it is none
    """
    shown = str(text)[:LONGEST]
    ask = "type a number such as 0.1, -3e-5 or 1/3"
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"Here stands no number: {ask}.")
    parts = text[: LONGEST + 1].split("/")
    try:
        numbers = [float(part) for part in parts]
        value = numbers[0] / numbers[1] if len(parts) == 2 else numbers[0]
    except (ValueError, OverflowError):
        raise ValueError(f"“{shown}” is not a number: {ask}.") from None
    except ZeroDivisionError:
        raise ValueError(f"“{shown}” divides by zero: {ask}.") from None
    if len(parts) > 2 or len(text) > LONGEST:
        raise ValueError(f"“{shown}” is not a number: {ask}.")
    if math.isnan(value):
        raise ValueError(
            "NaN is no number and cannot be rounded: type a finite one. To see a format's NaN, "
            "set all bits of its exponent and one of its mantissa."
        )
    if math.isinf(value):
        raise ValueError(f"“{shown}” is beyond 1.8e308: type a smaller number.")
    return value


def _described(format: NumberFormat) -> dict[str, Any]:
    label, _, note = format.label.partition(" (")
    return {
        "name": format.name,
        "label": label,
        "note": note.rstrip(")"),
        "fields": [format.sign_bits, format.exponent_bits, format.mantissa_bits],
        "facts": _facts(format),
        "source": f"{format.source}. {_assumed(format)}".strip(),
    }


def _facts(format: NumberFormat) -> str:
    if format.family == "integer":
        return f"{format.bits} bits, two's complement: {plain(format.min_finite)} to 127, no NaN."
    if format.family == "scale":
        return "8 bits of exponent, bias 127: powers of two, 2^-127 to 2^127. No sign, no zero."
    special = {
        "ieee": "Exponent bits all set: infinity or NaN.",
        "fn": "No infinity; all bits set is NaN.",
        "finite": "Neither infinity nor NaN.",
    }[format.family]
    return (
        f"1 sign, {format.exponent_bits} exponent and {format.mantissa_bits} mantissa bits, bias "
        f"{format.bias}. Largest {plain(format.max_finite)}, smallest with all digits "
        f"{plain(format.min_normal)}, smallest {plain(format.min_subnormal)}. {special}"
    )


def _assumed(format: NumberFormat) -> str:
    cores = ", ".join(f"NeuronCore-{generation}" for generation in format.generations)
    return f"On {cores}." + (f" Assumed: {format.assumed}." if format.assumed else "")


def _row(format: NumberFormat, value: float) -> dict[str, Any]:
    code = encode(format, value)
    stored = decode(format, code)
    kind = fate(format, value, stored)
    relative = abs(stored / value - 1) if kind in ("rounded", "exact", "subnormal") and value else 0
    return {
        "name": format.name,
        "code": code,
        "bits": f"{code:0{format.bits}b}",
        "stored": plain(stored, 9),
        "fate": kind,
        "relative": relative,
        "words": _fate_words(format, value, stored, kind),
    }


def fate(format: NumberFormat, value: float, stored: float) -> str:
    """What becomes of a value: a word that the page has a mark for."""
    if not math.isfinite(value):
        return "special"
    if not math.isfinite(stored):
        is_number = format.family != "scale" or value > 0
        return "overflow" if is_number else "special"
    if stored == value:
        return "exact"
    if not format.min_finite <= value <= format.max_finite and format.family != "ieee":
        inside = abs(abs(value) - abs(stored)) <= format.spacing(stored) / 2
        return "rounded" if inside and format.family != "scale" else "saturates"
    if stored == 0:
        return "underflow"
    return "subnormal" if format.is_float and abs(stored) < format.min_normal else "rounded"


def _fate_words(format: NumberFormat, value: float, stored: float, kind: str) -> str:
    if kind == "special":
        if format.family == "scale":
            return "a scale has no sign and no zero"
        return "" if math.isinf(stored) or math.isnan(stored) else "nothing to hold it"
    if kind == "overflow":
        return f"overflow: it ends at {plain(format.max_finite)}"
    if kind == "saturates":
        return f"held at the end, {plain(stored)}"
    if kind == "underflow":
        return f"underflow: the smallest is {plain(format.min_subnormal)}"
    if kind == "exact":
        return "exact"
    side = "large" if abs(stored) > abs(value) else "small"
    words = f"{percent(abs(stored / value - 1))} too {side}"
    return f"{words}, subnormal" if kind == "subnormal" else words


def _line(format: NumberFormat, value: float) -> dict[str, Any]:
    """The neighborhood of a value: ticks, where it goes, and a sentence."""
    if not math.isfinite(value):
        name = "NaN, not a number" if math.isnan(value) else "infinity"
        return {"ticks": [], "words": f"This pattern stands for {name}. Flip a bit to come back."}
    below, above = neighbors(format, value, AROUND + 1)
    if below and below[-1] == value:  # as many on either side of a value that is its own neighbor
        above = above[:AROUND]
    else:
        below, above = below[-AROUND:], above[:AROUND]
    ticks = [*below, *above]
    stored = decode(format, encode(format, value))
    target = ticks.index(stored) if stored in ticks else -1
    return {
        "ticks": ticks,
        "texts": [plain(tick) for tick in ticks],
        "bits": [f"{encode(format, tick):0{format.bits}b}" for tick in ticks],
        "distances": [plain(tick - value, 6) for tick in ticks],
        "value": value,
        "target": target,
        "stored": plain(stored),
        "is_low_end": ticks[0] == format.min_finite,
        "is_high_end": ticks[-1] == format.max_finite,
        "words": _line_words(format, value, stored, (below, above)),
    }


def _line_words(
    format: NumberFormat, value: float, stored: float, around: tuple[list[float], list[float]]
) -> str:
    label = format.label.partition(" (")[0]
    below, above = around
    shown = plain(value, 9)
    if below and below[-1] == value:
        step = f"; the next value is {plain(above[0])}" if above else ""
        return f"{shown} is a value of {label}{step}."
    if not below or not above:
        end = above[0] if above else below[-1]
        return f"{shown} lies beyond the last value of {label}, {plain(end)}. It becomes " + (
            f"{plain(stored)}."
        )
    low, high = below[-1], above[0]
    share = (value - low) / (high - low)
    tie = " Exactly half-way: the code that ends in 0 wins." if share == 0.5 else ""
    up = f"{percent(share)} up, {percent(1 - share)} down"
    return (
        f"In {label}, {shown} lies between {plain(low)} and {plain(high)}, which are "
        f"{plain(high - low)} apart. Rounded to nearest it is {plain(stored)}.{tie} Rounded at "
        f"random it would go {up}, so that the mean of many is right."
    )

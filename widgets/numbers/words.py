"""Numbers as short text, the same in every part."""

import math


def plain(value: float, digits: int = 7) -> str:
    """A number with up to `digits` significant digits: "0.1", "1.5e-07", "NaN", "−∞"."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def decibel(value: float) -> str:
    """ "28.5 dB"; "exact" if there is no error."""
    return "exact" if value == math.inf else f"{value:.1f} dB"

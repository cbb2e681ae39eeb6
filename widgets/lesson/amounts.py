"""Amounts as text: `amount(2.4e9, "Hz")` is "2.4 GHz". Units are those of `trnlab.spec`."""

PREFIXES = ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
BINARY = ((2**50, "PiB"), (2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def amount(value: float, unit: str = "", digits: int = 4) -> str:
    """A value with its unit, in the prefix that reads best, with `digits` significant digits.

    Memory sizes that are whole KiB, MiB or GiB are written so; rates have decimal prefixes.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if unit == "B":
        return _size(value, digits)
    if unit == "s":
        return _time(value, digits)
    if unit in ("B/s", "FLOP/s", "Hz"):
        factor, prefix = next(((f, p) for f, p in PREFIXES if value >= f), (1.0, ""))
        return f"{number(value / factor, digits)} {prefix}{unit}"
    return f"{number(value, digits)} {unit}".rstrip()


def number(value: float, digits: int = 4) -> str:
    """A number with thousands separated: whole numbers in full, others to `digits` digits."""
    if float(value).is_integer():
        return f"{value:,.0f}"
    decimals = max(digits - len(f"{abs(value):.0f}"), 0) if abs(value) >= 1 else digits
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(fraction: float) -> str:
    """A share as every dashboard writes it: "46.4 %", and two digits below one: "0.032 %"."""
    share = 100 * fraction
    digits = f"{share:.1f}" if abs(share) >= 1 or not share else f"{share:.2g}"
    return f"{digits} %"


def _size(value: float, digits: int) -> str:
    for factor, unit in BINARY:
        if value >= factor and value * 4 % factor == 0:
            return f"{number(value / factor, digits)} {unit}"
    return f"{number(value, digits)} B"


def _time(value: float, digits: int) -> str:
    factor, unit = next(((f, u) for f, u in TIMES if value >= f), TIMES[-1])
    return f"{number(value / factor, digits)} {unit}"

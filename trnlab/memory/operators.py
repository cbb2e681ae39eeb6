"""What Python's operators say to a tile: it has no values yet when a kernel is written down."""

from collections.abc import Callable
from typing import Any

from trnlab.errors import KernelError

# Python's method: its sign, and the function of nki.language that computes it
ARITHMETIC = {
    "add": ("+", "add"),
    "sub": ("-", "subtract"),
    "mul": ("*", "multiply"),
    "truediv": ("/", "divide"),
    "floordiv": ("//", "divide"),
    "mod": ("%", "mod"),
    "pow": ("**", "power"),
    "matmul": ("@", "matmul"),
    "and": ("&", "bitwise_and"),
    "or": ("|", "bitwise_or"),
    "xor": ("^", "bitwise_xor"),
    "lshift": ("<<", "left_shift"),
    "rshift": (">>", "right_shift"),
}
COMPARISONS = {
    "lt": ("<", "less"),
    "le": ("<=", "less_equal"),
    "gt": (">", "greater"),
    "ge": (">=", "greater_equal"),
}


class NoOperators:
    """Refuses Python's operators, and says what to call instead."""

    __slots__ = ()


def _refusal(sign: str, function: str, more: str) -> Callable[[Any, Any], Any]:
    def refuse(self: Any, other: Any) -> Any:
        raise KernelError(
            f"{sign}: {self.name} {list(self.shape)} is a tile, whose values are not there yet "
            f"when Python runs the kernel; call nl.{function}(a, b){more}"
        )

    return refuse


def _define() -> None:
    for method, (sign, function) in ARITHMETIC.items():
        refuse = _refusal(sign, function, " or the instruction of nisa that writes into a tile")
        setattr(NoOperators, f"__{method}__", refuse)
        setattr(NoOperators, f"__r{method}__", refuse)
    for method, (sign, function) in COMPARISONS.items():
        more = " for a mask, or nisa.register_load to decide by one value"
        setattr(NoOperators, f"__{method}__", _refusal(sign, function, more))


_define()

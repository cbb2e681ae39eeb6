"""Operators: passed as values to instructions, and callable on tiles.

Called on tiles, an operator is one instruction into a new SBUF tile of the first tile's dtype, or a
short composition of a few.
"""

import math
from collections.abc import Callable
from typing import Any

from trnlab.errors import KernelError
from trnlab.memory import Tensor
from trnlab.nki.language.shapes import common_shape, in_sbuf, spread
from trnlab.nki.language.tensors import fresh
from trnlab.numerics import FORMATS

TURN = 2 * math.pi


def _binary(name: str) -> Callable[..., Tensor]:
    def operator(x: Tensor | float, y: Tensor | float, dtype: Any = None) -> Tensor:
        from trnlab.nki import isa as nisa

        tiles = [operand for operand in (x, y) if isinstance(operand, Tensor)]
        if not tiles:
            raise KernelError(f"nl.{name}: {x!r} and {y!r}; at least one must be a tile")
        if len(tiles) == 1:
            dst = fresh(tiles[0].shape, dtype or tiles[0].dtype)
            constant = y if tiles[0] is x else x
            nisa.tensor_scalar(
                dst=dst, data=tiles[0], op0=operator, operand0=constant, reverse0=tiles[0] is y
            )
            return dst
        first, second = tiles
        shape = common_shape(f"nl.{name}", first, second)
        dst = fresh(shape, dtype or first.dtype)
        if first.buffer == second.buffer == "psum":
            second = in_sbuf(second)
        nisa.tensor_tensor(
            dst=dst, data1=spread(first, shape), data2=spread(second, shape), op=operator
        )
        return dst

    return _named(
        operator, name, f"{name} of two tiles, or of a tile and a constant, element by element."
    )


def _activation(name: str) -> Callable[..., Tensor]:
    def operator(x: Tensor, dtype: Any = None) -> Tensor:
        from trnlab.nki import isa as nisa

        dst = fresh(x.shape, dtype or x.dtype)
        nisa.activation(dst=dst, op=operator, data=x)
        return dst

    return _named(operator, name, f"{name} of a tile, element by element, on the Scalar engine.")


def _instruction_only(name: str) -> Callable[..., Any]:
    def operator(*_operands: Any) -> Any:
        raise KernelError(f"nl.{name}: it is an operator for instructions, not for tiles")

    return _named(operator, name, f"{name}, as an operator of instructions.")


def _named(function: Any, name: str, text: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


add = _binary("add")
subtract = _binary("subtract")
multiply = _binary("multiply")
divide = _binary("divide")
maximum = _binary("maximum")
minimum = _binary("minimum")
power = _binary("power")
mod = _binary("mod")
fmod = _binary("fmod")
abs_max = _binary("abs_max")
abs_min = _binary("abs_min")
equal = _binary("equal")
not_equal = _binary("not_equal")
greater = _binary("greater")
greater_equal = _binary("greater_equal")
less = _binary("less")
less_equal = _binary("less_equal")
logical_and = _binary("logical_and")
logical_or = _binary("logical_or")
logical_xor = _binary("logical_xor")
bitwise_and = _binary("bitwise_and")
bitwise_or = _binary("bitwise_or")
bitwise_xor = _binary("bitwise_xor")
left_shift = _binary("left_shift")
right_shift = _binary("right_shift")

exp = _activation("exp")
log = _activation("log")
sqrt = _activation("sqrt")
rsqrt = _activation("rsqrt")
tanh = _activation("tanh")
sigmoid = _activation("sigmoid")
relu = _activation("relu")
gelu = _activation("gelu")
gelu_apprx_sigmoid = _activation("gelu_apprx_sigmoid")
gelu_apprx_tanh = _activation("gelu_apprx_tanh")
gelu_dx = _activation("gelu_dx")
gelu_apprx_sigmoid_dx = _activation("gelu_apprx_sigmoid_dx")
silu = _activation("silu")
silu_dx = _activation("silu_dx")
softplus = _activation("softplus")
mish = _activation("mish")
erf = _activation("erf")
erf_dx = _activation("erf_dx")
reciprocal = _activation("reciprocal")
arctan = _activation("arctan")
sign = _activation("sign")
abs = _activation("abs")
square = _activation("square")

prelu = _instruction_only("prelu")
bypass = _instruction_only("bypass")
average = _instruction_only("average")


def copy(x: Tensor, dtype: Any = None) -> Tensor:
    """A copy of a tile in SBUF; also the identity among the activation functions."""
    from trnlab.nki import isa as nisa

    dst = fresh(x.shape, dtype or x.dtype)
    nisa.tensor_copy(dst=dst, src=x)
    return dst


def negative(x: Tensor, dtype: Any = None) -> Tensor:
    """-x, element by element."""
    return multiply(x, -1.0, dtype=dtype)


def invert(x: Tensor, dtype: Any = None) -> Tensor:
    """Bitwise not of integers: exclusive or with all ones."""
    format = FORMATS[x.dtype]
    ones = -1 if format.kind == "int" else 2 ** (8 * format.itemsize) - 1
    return bitwise_xor(x, ones, dtype=dtype)


def logical_not(x: Tensor, dtype: Any = None) -> Tensor:
    """1 where x is 0, else 0."""
    return logical_xor(x, 1.0, dtype=dtype)


def floor(x: Tensor, dtype: Any = None) -> Tensor:
    """Largest whole number up to x: x - (x mod 1)."""
    return subtract(x, mod(x, 1.0, dtype="float32"), dtype=dtype)


def ceil(x: Tensor, dtype: Any = None) -> Tensor:
    """Smallest whole number from x on: -floor(-x)."""
    return negative(floor(negative(x, dtype="float32")), dtype=dtype or x.dtype)


def trunc(x: Tensor, dtype: Any = None) -> Tensor:
    """x without its fraction: x - (x fmod 1)."""
    return subtract(x, fmod(x, 1.0, dtype="float32"), dtype=dtype)


def sin(x: Tensor, dtype: Any = None) -> Tensor:
    """Sine of any x: whole turns are taken off before the activation, which knows +-pi."""
    from trnlab.nki import isa as nisa

    turns = multiply(x, 1 / TURN, dtype="int32")  # rounds to the nearest
    angle = fresh(x.shape, "float32")
    nisa.scalar_tensor_tensor(
        dst=angle, data=turns, op0=multiply, operand0=-TURN, op1=add, operand1=x
    )
    within = minimum(maximum(angle, -math.pi), math.pi)
    dst = fresh(x.shape, dtype or x.dtype)
    nisa.activation(dst=dst, op=sin, data=within)
    return dst


def cos(x: Tensor, dtype: Any = None) -> Tensor:
    """Cosine of any x: the sine a quarter turn on."""
    return sin(add(x, TURN / 4, dtype="float32"), dtype=dtype or x.dtype)


def tan(x: Tensor, dtype: Any = None) -> Tensor:
    """Tangent of any x: sine / cosine."""
    return divide(sin(x, dtype="float32"), cos(x, dtype="float32"), dtype=dtype or x.dtype)


__all__ = [
    "abs", "abs_max", "abs_min", "add", "arctan", "average", "bitwise_and", "bitwise_or",
    "bitwise_xor", "bypass", "ceil", "copy", "cos", "divide", "equal", "erf", "erf_dx", "exp",
    "floor", "fmod", "gelu", "gelu_apprx_sigmoid", "gelu_apprx_sigmoid_dx", "gelu_apprx_tanh",
    "gelu_dx", "greater", "greater_equal", "invert", "left_shift", "less", "less_equal",
    "log", "logical_and", "logical_not", "logical_or", "logical_xor", "maximum", "minimum",
    "mish", "mod", "multiply", "negative", "not_equal", "power", "prelu", "reciprocal",
    "relu", "right_shift", "rsqrt", "sigmoid", "sign", "silu", "silu_dx", "sin", "softplus",
    "sqrt", "square", "subtract", "tan", "tanh", "trunc",
]  # fmt: skip

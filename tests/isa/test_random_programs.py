"""Random legal programs of element-wise instructions, against a plain interpreter of the same.

The interpreter below knows nothing of the engine: it holds one float32 or integer array per tile
and works element by element in Python's own order of evaluation, with the rounding of `stored`.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import run, tile
from trnlab import KernelError
from trnlab.numerics import storage, stored

SHAPES = ((4, 6), (4, 2, 3), (4, 6, 1))
FLOATS = ("float32", "bfloat16", "float16", "float8_e4m3", "float8_e5m2", "tfloat32")
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32")
DTYPES = FLOATS + INTEGERS
BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "greater": lambda x, y: (x > y) * np.float32(1),
    "equal": lambda x, y: (x == y) * np.float32(1),
    "logical_and": lambda x, y: ((x != 0) & (y != 0)) * np.float32(1),
}
BITS = {
    "bitwise_and": lambda x, y: x & y,
    "bitwise_or": lambda x, y: x | y,
    "bitwise_xor": lambda x, y: x ^ y,
}
FUNCTIONS = {
    "copy": lambda x: x,
    "square": lambda x: x * x,
    "relu": lambda x: np.maximum(x, 0),
    "abs": np.abs,
    "exp": np.exp,
    "tanh": np.tanh,
}

Step = tuple[Any, ...]

values = st.integers(-8, 8).map(float)
slots = st.integers(0, 3)
targets = st.tuples(st.sampled_from(SHAPES), st.sampled_from(DTYPES))
float_targets = st.tuples(st.sampled_from(SHAPES), st.sampled_from(FLOATS))

steps = st.one_of(
    st.tuples(st.just("memset"), targets, values),
    st.tuples(st.just("copy"), targets, slots),
    st.tuples(st.just("binary"), targets, slots, slots, st.sampled_from(sorted(BINARY))),
    st.tuples(
        st.just("scalar"), targets, slots, st.sampled_from(sorted(BINARY)), values, st.booleans(),
        st.sampled_from(sorted(BINARY)), values, st.booleans(),
    ),
    st.tuples(
        st.just("fused"), targets, slots, st.sampled_from(sorted(BINARY)), values,
        st.sampled_from(sorted(BINARY)), slots, st.booleans(), st.booleans(),
    ),
    st.tuples(
        st.just("activation"), float_targets, slots, st.sampled_from(sorted(FUNCTIONS)), values,
        values,
    ),
)  # fmt: skip


class Interpreter:
    """Tiles as arrays of 24 elements, the last four of which can be operands."""

    def __init__(self, arrays: list[np.ndarray]) -> None:
        self.tiles = [(array.reshape(4, 6), "float32") for array in arrays]

    def widened(self, slot: int) -> np.ndarray:
        array, dtype = self.tiles[slot - 4]
        return array.astype(np.float32)

    def run(self, step: Step) -> None:
        kind, (_, dtype), *rest = step
        with np.errstate(all="ignore"):
            result = getattr(self, kind)(dtype, *rest)
            if result.dtype != storage(dtype) or dtype == "tfloat32":
                result = np.array(
                    [[stored(np.asarray(value), dtype)[()] for value in row] for row in result]
                )
        self.tiles.append((result, dtype))

    def memset(self, dtype: str, value: float) -> np.ndarray:
        return np.full((4, 6), np.float32(value))

    def copy(self, dtype: str, slot: int) -> np.ndarray:
        array, source = self.tiles[slot - 4]
        return array if source == dtype else array.astype(np.float32)

    def binary(self, dtype: str, a: int, b: int, op: str) -> np.ndarray:
        (x, x_dtype), (y, y_dtype) = self.tiles[a - 4], self.tiles[b - 4]
        if {x_dtype, y_dtype, dtype} <= {"int32", "uint32"}:
            return BINARY[op](x, y)  # exact on GpSimd
        return BINARY[op](x.astype(np.float32), y.astype(np.float32))

    def scalar(self, dtype, slot, op0, a, reverse0, op1, b, reverse1) -> np.ndarray:
        x = self.widened(slot)
        for op, operand, is_reversed in ((op0, a, reverse0), (op1, b, reverse1)):
            operand = np.full_like(x, operand)
            x = BINARY[op](operand, x) if is_reversed else BINARY[op](x, operand)
        return x

    def fused(self, dtype, slot, op0, a, op1, other, reverse0, reverse1) -> np.ndarray:
        x, y = self.widened(slot), self.widened(other)
        a = np.full_like(x, a)
        x = BINARY[op0](a, x) if reverse0 else BINARY[op0](x, a)
        return BINARY[op1](y, x) if reverse1 else BINARY[op1](x, y)

    def activation(self, dtype, slot, function, scale, bias) -> np.ndarray:
        return FUNCTIONS[function](self.widened(slot) * np.float32(scale) + np.float32(bias))


def issue(tiles: list[Any], step: Step) -> None:
    """The same step by NKI instructions."""
    kind, (shape, dtype), *rest = step
    out = tile(shape, dtype)

    def at(slot: int) -> Any:
        return tiles[slot - 4]

    if kind == "memset":
        nisa.memset(dst=out, value=rest[0])
    elif kind == "copy":
        nisa.tensor_copy(dst=out, src=at(rest[0]))
    elif kind == "binary":
        nisa.tensor_tensor(out, at(rest[0]), at(rest[1]), getattr(nl, rest[2]))
    elif kind == "scalar":
        slot, op0, a, reverse0, op1, b, reverse1 = rest
        nisa.tensor_scalar(
            out, at(slot), getattr(nl, op0), a, reverse0, getattr(nl, op1), b, reverse1
        )
    elif kind == "fused":
        slot, op0, a, op1, other, reverse0, reverse1 = rest
        nisa.scalar_tensor_tensor(
            out, at(slot), getattr(nl, op0), a, getattr(nl, op1), at(other), reverse0, reverse1
        )
    else:
        slot, function, scale, bias = rest
        nisa.activation(out, getattr(nl, function), at(slot), bias=bias, scale=scale)
    tiles.append(out)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**16), st.lists(steps, min_size=1, max_size=12))
def test_a_random_program_equals_its_interpretation_value_for_value(seed, program):
    arrays = [
        np.random.default_rng(seed + i).integers(-4, 5, (4, 6)).astype(np.float32) / 2
        for i in range(4)
    ]
    interpreter = Interpreter(arrays)
    for step in program:
        interpreter.run(step)

    def body(*inputs: Any) -> Any:
        tiles = list(inputs)
        for step in program:
            issue(tiles, step)
        return tuple(tiles[4:])

    found = run(body, *arrays)
    found = found if isinstance(found, tuple) else (found,)
    for result, (expected, dtype) in zip(found, interpreter.tiles[4:], strict=True):
        result = result.reshape(4, 6)
        assert result.dtype == storage(dtype)
        both_nan = (result != result) & (expected != expected)
        assert ((result == expected) | both_nan).all()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**16), st.sampled_from(sorted(BITS)), st.sampled_from(sorted(BITS)),
    st.sampled_from(INTEGERS), st.integers(0, 127), st.integers(0, 127),
)  # fmt: skip
def test_random_bit_programs_equal_numpy_s(seed, op0, op1, dtype, a, b):
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(seed)
    x, y = (
        rng.integers(limits.min, limits.max + 1, (4, 6), np.int64).astype(dtype) for _ in range(2)
    )

    def body(left: Any, right: Any) -> Any:
        out, both = tile((4, 6), dtype), tile((4, 6), dtype)
        nisa.tensor_scalar(out, left, getattr(nl, op0), a, op1=getattr(nl, op1), operand1=b)
        nisa.tensor_tensor(both, out, right, getattr(nl, op0))
        return out, both

    out, both = run(body, x, y)
    kind = np.dtype(dtype).type
    expected = BITS[op1](BITS[op0](x, kind(a)), kind(b))
    assert np.array_equal(out, expected) and np.array_equal(both, BITS[op0](expected, y))


BREAKS = {
    "another partition count": lambda x: nisa.tensor_copy(tile((3, 6), "float32"), x),
    "another element count": lambda x: nisa.tensor_copy(tile((4, 5), "float32"), x),
    "a start partition off the grain": lambda x: nisa.tensor_copy(
        tile((64, 6), "float32")[8:12], x
    ),
    "HBM": lambda x: nisa.tensor_copy(nl.ndarray((4, 6), "float32", nl.shared_hbm), x),
    "bits of floats": lambda x: nisa.tensor_scalar(tile((4, 6), "float32"), x, nl.invert, None),
    "two families": lambda x: nisa.tensor_scalar(
        tile((4, 6), "float32"), x, nl.add, 1.0, op1=nl.bitwise_or, operand1=1
    ),
    "a wide operand": lambda x: nisa.tensor_scalar(tile((4, 6), "float32"), x, nl.add, x),
    "a packed type": lambda x: nisa.activation(tile((4, 6), "float8_e5m2_x4"), nl.exp, x),
    "no such engine": lambda x: nisa.tensor_copy(tile((4, 6), "float32"), x, engine="warp"),
    "memory never written": lambda x: nisa.tensor_copy(x, tile((4, 6), "float32")),
    "a product into SBUF": lambda x: nisa.nc_matmul(tile((6, 6), "float32"), x, x),
    "a product of other rows": lambda x: nisa.nc_matmul(tile((6, 6), "float32", "psum"), x[:3], x),
    "mixed widths": lambda x: nisa.nc_matmul(
        tile((6, 6), "float32", "psum"), x, tile((4, 6), "bfloat16")
    ),
    "sums that never began": lambda x: nisa.nc_matmul(
        tile((6, 6), "float32", "psum"), x, x, accumulate=True
    ),
    "the partition axis": lambda x: nisa.tensor_reduce(tile((1, 6), "float32"), nl.add, x, 0),
    "PSUM by DMA": lambda x: nisa.dma_copy(tile((4, 6), "float32", "psum"), x),
    "a transfer of other size": lambda x: nisa.dma_copy(tile((4, 5), "float32"), x),
    "a pattern beyond the tile": lambda x: nisa.tensor_copy(
        tile((4, 6), "float32"), x.ap([[6, 4], [2, 6]])
    ),
    "an index beyond the tile": lambda x: x[:, 6],
    "PSUM by GpSimd": lambda x: nisa.iota(tile((4, 6), "int32", "psum"), [[1, 6]]),
    "too few numbers": lambda x: nisa.max8(tile((4, 8), "float32"), x),
    "129 partitions": lambda x: tile((129, 6), "float32"),
    "more than SBUF": lambda x: nisa.memset(tile((4, 2**20), "float32"), 0),
}


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=5), st.sampled_from(sorted(BREAKS)))
@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
def test_one_illegal_step_makes_a_program_illegal(chip, program, broken):
    def body(*inputs: Any) -> Any:
        tiles = list(inputs)
        for step in program:
            if chip == "trn1" and step[0] == "activation":
                continue  # its constant bias is another step that trn1 refuses
            issue(tiles, step)
        BREAKS[broken](inputs[0])
        return tiles[0]

    with pytest.raises(KernelError, match=": "):
        run(body, *[np.ones((4, 6), np.float32)] * 4, chip=chip)

"""Random programs on tiles that overlap, seen through any access pattern and any dtype.

The interpreter has one block of bytes and no tiles: each element is put together from its bytes and
taken apart again. PSUM is one block of numbers with a mark for what was written.
"""

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import profile, run, tile

# random programs read what they have not written, too
pytestmark = pytest.mark.filterwarnings("ignore::trnlab.UnwrittenWarning")

PARTITIONS, BYTES = 8, 96
SIZES = {"uint8": 1, "uint16": 2, "int32": 4, "float32": 4, "bfloat16": 2}
INTEGERS = ("uint8", "uint16", "int32")


class View(NamedTuple):
    """Elements of every partition: where the tile lies, and a pattern of elements over it."""

    byte: int  # of the tile
    width: int  # bytes of the tile per partition
    dtype: str
    offset: int
    steps: tuple[tuple[int, int], ...]  # [stride, count], of the free axis

    def bytes_of(self) -> list[int]:
        """First byte of each element, in order."""
        size = SIZES[self.dtype]
        turns = itertools.product(*(range(count) for _, count in self.steps))
        strides = [stride for stride, _ in self.steps]
        return [
            self.byte
            + size * (self.offset + sum(i * s for i, s in zip(turn, strides, strict=True)))
            for turn in turns
        ]

    def tensor(self) -> Any:
        whole = nl.ndarray((PARTITIONS, self.width), "uint8", nl.sbuf, address=(0, self.byte))
        row = self.width // SIZES[self.dtype]
        pattern = [[row, PARTITIONS], *map(list, self.steps)]
        return whole.ap(pattern, self.offset, dtype=self.dtype)


class Step(NamedTuple):
    op: str
    dst: View
    srcs: tuple[View, ...]


@st.composite
def views(draw, dtype: str, steps: tuple[tuple[int, int], ...]) -> View:
    """A view of some dtype that fits a tile somewhere in the block."""
    size = SIZES[dtype]
    reach = 1 + sum((count - 1) * stride for stride, count in steps)
    width = draw(st.integers(reach, BYTES // size)) * size
    byte = draw(st.integers(0, (BYTES - width) // 4)) * 4
    offset = draw(st.integers(0, width // size - reach))
    turned = []
    for stride, count in steps:
        backward = draw(st.booleans())
        turned.append((-stride if backward else stride, count))
        offset += (count - 1) * stride if backward else 0
    return View(byte, width, dtype, offset, tuple(turned))


@st.composite
def calls(draw) -> Step:
    op = draw(st.sampled_from(["copy", "xor", "add"]))
    dtypes = {"copy": tuple(SIZES), "xor": INTEGERS, "add": ("uint8", "uint16")}[op]
    dtype = draw(st.sampled_from(dtypes))
    outer, inner = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    apart = ((inner * 2, outer), (draw(st.integers(1, 2)), inner))  # no element twice
    srcs = tuple(
        draw(views(dtype, tuple((draw(st.integers(0, 3)), count) for count in (outer, inner))))
        for _ in range(1 if op == "copy" else 2)
    )
    return Step(op, draw(views(dtype, apart)), srcs)


class Block:
    """The bytes of all partitions."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data.copy()

    def read(self, view: View) -> np.ndarray:
        """Elements as unsigned integers, [partition, element]."""
        size = SIZES[view.dtype]
        return np.array(
            [
                [int.from_bytes(row[at : at + size].tobytes(), "little") for at in view.bytes_of()]
                for row in self.data
            ],
            np.int64,
        )

    def write(self, view: View, values: np.ndarray) -> None:
        size = SIZES[view.dtype]
        for row, line in zip(self.data, values.tolist(), strict=True):
            for at, value in zip(view.bytes_of(), line, strict=True):
                row[at : at + size] = np.frombuffer(value.to_bytes(size, "little"), np.uint8)

    def run(self, step: Step) -> None:
        given = [self.read(view) for view in step.srcs]
        if step.op == "copy":
            self.write(step.dst, given[0])
        elif step.op == "xor":
            self.write(step.dst, given[0] ^ given[1])
        else:
            self.write(step.dst, np.minimum(given[0] + given[1], 256 ** SIZES[step.dst.dtype] - 1))


def issue(step: Step) -> None:
    dst, srcs = step.dst.tensor(), [view.tensor() for view in step.srcs]
    if step.op == "copy":
        nisa.tensor_copy(dst, srcs[0])
    else:
        op = nl.bitwise_xor if step.op == "xor" else nl.add
        nisa.tensor_tensor(dst, *srcs, op)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.integers(0, 2**16), st.lists(calls(), min_size=1, max_size=8), st.data())
def test_tiles_that_share_bytes_show_what_the_bytes_hold(seed, program, data):
    start = np.random.default_rng(seed).integers(0, 256, (PARTITIONS, BYTES)).astype(np.uint8)
    block = Block(start)

    def body(x: Any) -> Any:
        whole = nl.ndarray(x.shape, "uint8", nl.sbuf, address=(0, 0))
        nisa.tensor_copy(whole, x)
        for step in program:
            issue(step)
        return whole

    ran = profile(body, start)
    seen = data.draw(st.integers(0, len(program) - 1))
    for number, step in enumerate(program):
        block.run(step)
        if number == seen:  # values at a call are found by executing again what they depend on
            found = ran.values(2 + number, "dst").reshape(PARTITIONS, -1)
            bits = found.view(f"u{SIZES[step.dst.dtype]}")
            assert np.array_equal(bits, block.read(step.dst))
    assert np.array_equal(ran.output[0], block.data)


ROWS, COLUMNS = 64, 24


class Product(NamedTuple):
    """One write to a window of PSUM."""

    kind: str  # "matmul", "memset" or "copy"
    row: int
    column: int
    size: tuple[int, int]
    accumulate: bool | None
    seed: int


products = st.builds(
    Product,
    st.sampled_from(["matmul", "matmul", "matmul", "memset", "copy"]),
    st.sampled_from([0, 32]),
    st.integers(0, 16),
    st.tuples(st.integers(1, 32), st.integers(1, 8)),
    st.sampled_from([None, None, True, False]),
    st.integers(0, 99),
)


def operands(product: Product) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(product.seed)
    return tuple(rng.integers(-3, 4, (16, size)).astype(np.float32) for size in product.size)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(products, min_size=1, max_size=7), st.sampled_from(["trn2", "trn3"]))
@example(
    [Product("matmul", 0, 0, (8, 8), None, 1), Product("matmul", 0, 4, (8, 8), None, 2)], "trn3"
)
@example(
    [Product("memset", 0, 0, (8, 8), None, 1), Product("matmul", 0, 4, (9, 8), None, 2)], "trn3"
)
def test_products_add_to_what_was_written_and_overwrite_the_rest(program, chip):
    values = np.full((ROWS, COLUMNS), np.nan, np.float32)
    written = np.zeros((ROWS, COLUMNS), np.bool_)
    for i, p in enumerate(program):
        place = slice(p.row, p.row + p.size[0]), slice(p.column, p.column + p.size[1])
        if p.kind != "matmul":
            values[place] = p.seed
        else:
            a, b = operands(p)
            if p.accumulate and not written[place].any():  # nothing to add to is refused
                p = program[i] = p._replace(accumulate=None)
            adds = written[place] if p.accumulate is None else np.full(p.size, p.accumulate)
            values[place] = np.where(adds, values[place] + a.T @ b, a.T @ b)
        written[place] = True

    def body(*loaded: Any) -> Any:
        acc = tile((ROWS, COLUMNS), "float32", "psum")
        for number, p in enumerate(program):
            part = acc[p.row : p.row + p.size[0], p.column : p.column + p.size[1]]
            if p.kind == "memset":
                nisa.memset(part, p.seed)
            elif p.kind == "copy":
                constant = tile(p.size, "float32")
                nisa.memset(constant, p.seed)
                nisa.tensor_copy(part, constant)
            else:
                a, b = loaded[2 * number : 2 * number + 2]
                nisa.nc_matmul(part, a, b, accumulate=p.accumulate)
        return acc

    found = run(body, *[array for p in program for array in operands(p)], chip=chip)
    assert np.array_equal(found, values, equal_nan=True)

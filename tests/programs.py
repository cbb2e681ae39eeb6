"""Random small kernels, with what they should compute and touch, worked out apart from the engine.

A program is a list of steps. `Run` interprets it twice at once: as NKI calls, and on NumPy arrays.
What a call touches is noted element by element, with gaps and odd strides, so that it can be
checked without asking the engine for its regions.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl

DTYPES = {"float32": np.dtype(np.float32), "bfloat16": np.dtype(ml_dtypes.bfloat16)}
INPUT_SHAPE = (160, 300)  # rows long enough to be kept in cells
Key = tuple[slice, ...]


class Step(NamedTuple):
    """One call; the numbers are reduced to what is legal when it is interpreted."""

    op: str
    tiles: tuple[int, int, int]  # which tiles it takes; a new one if there are too few
    partition: int
    size: tuple[int, int]  # of a new tile
    cols: tuple[int, int, int]  # start, count, step of the columns
    flag: int


OPS = ("load", "store", "reload", "copy", "add", "scale", "relu", "fill", "matmul")


def programs(max_steps: int = 12) -> st.SearchStrategy[list[Step]]:
    """Programs of any mix of steps."""
    small = st.integers(0, 7)
    step = st.builds(
        Step,
        st.sampled_from(OPS),
        st.tuples(small, small, small),
        st.integers(0, 3),
        st.tuples(st.integers(0, 2), st.integers(0, 3)),
        st.tuples(st.integers(0, 120), st.integers(1, 120), st.integers(1, 3)),
        st.integers(0, 5),
    )
    return st.lists(step, min_size=1, max_size=max_steps)


class Piece:
    """A tensor in the engine, and its values in NumPy."""

    def __init__(self, tensor: Any, values: np.ndarray) -> None:
        self.tensor = tensor
        self.values = values
        self.is_written = False


class Touched(NamedTuple):
    """Elements of a storage, one bit each."""

    storage: int
    bits: int

    def overlaps(self, other: "Touched") -> bool:
        """Whether an element is in both."""
        return self.storage == other.storage and bool(self.bits & other.bits)


class View(NamedTuple):
    """A part of a piece."""

    piece: Piece
    key: Key

    @property
    def tensor(self) -> Any:
        return self.piece.tensor[self.key]

    @property
    def values(self) -> np.ndarray:
        return self.piece.values[self.key]

    @property
    def touched(self) -> Touched:
        mask = np.zeros(self.piece.values.shape, np.bool_)
        mask[self.key] = True
        bits = int.from_bytes(np.packbits(mask).tobytes())
        return Touched(self.piece.tensor.storage.id, bits)


class Touch(NamedTuple):
    """What one call reads and writes."""

    reads: tuple[Touched, ...]
    write: Touched
    after: np.ndarray  # values of the destination right after the call


class Run:
    """Interprets one program."""

    def __init__(self, program: list[Step], x: np.ndarray, y: np.ndarray) -> None:
        self.program = program
        self.given = (x, y)
        self.touches: list[Touch] = []

    def kernel(self) -> Callable[[Any, Any], Any]:
        """The program as a kernel of two inputs."""

        def random_kernel(x: Any, y: Any) -> Any:
            self.touches = []
            self.tiles: list[Piece] = []
            self.inputs = [Piece(t, a.copy()) for t, a in zip((x, y), self.given, strict=True)]
            for piece in self.inputs:
                piece.is_written = True
            output = nl.ndarray(INPUT_SHAPE, nl.float32, nl.shared_hbm, name="output")
            self.output = Piece(output, np.full(INPUT_SHAPE, np.nan, np.float32))
            for step in self.program:
                getattr(self, "_" + step.op)(step)
            self._store(Step("store", (0, 0, 0), 0, (0, 0), (0, 8, 1), 0))
            return output

        return random_kernel

    # tiles

    def _new(self, step: Step, buffer: str = nl.sbuf, dtype: str = "") -> Piece:
        shape = ((32, 64, 128)[step.size[0]], (1, 8, 40, 300)[step.size[1]])
        dtype = dtype or ("float32", "bfloat16")[step.flag % 2]
        tensor = nl.ndarray(shape, dtype, buffer)
        piece = Piece(tensor, np.full(shape, np.nan, DTYPES[dtype]))
        if buffer == nl.sbuf:
            self.tiles.append(piece)
        return piece

    def _any(self, step: Step, position: int) -> Piece:
        choice = step.tiles[position]
        return self.tiles[choice] if choice < len(self.tiles) else self._new(step)

    def _filled(self, step: Step, position: int) -> Piece:
        tiles = [tile for tile in self.tiles if tile.is_written]
        if not tiles:
            self._load(step)
            tiles = [tile for tile in self.tiles if tile.is_written]
        return tiles[step.tiles[position] % len(tiles)]

    # steps

    def _load(self, step: Step) -> None:
        dst, src = self._same(step, self._any(step, 0), self.inputs[step.flag % 2])
        nisa.dma_copy(dst.tensor, src.tensor)
        self._done(dst, (src,), src.values)

    def _reload(self, step: Step) -> None:
        dst, src = self._same(step, self._any(step, 0), self.inputs[step.flag % 2])
        if step.flag < 3:
            nisa.dma_copy(dst.tensor, src.tensor)
        else:
            nisa.dma_copy(dst=dst.tensor, src=src.tensor)  # another line is another queue
        self._done(dst, (src,), src.values)

    def _store(self, step: Step) -> None:
        src, dst = self._same(step, self._filled(step, 0), self.output)
        nisa.dma_copy(dst.tensor, src.tensor)
        self._done(dst, (src,), src.values)

    def _copy(self, step: Step) -> None:
        dst, src = self._same(step, self._any(step, 0), self._filled(step, 1))
        engine = (nisa.engine.vector, nisa.engine.gpsimd)[step.flag % 2]
        nisa.tensor_copy(dst.tensor, src.tensor, engine=engine)
        self._done(dst, (src,), src.values)

    def _add(self, step: Step) -> None:
        dst, a, b = self._same(
            step, self._any(step, 0), self._filled(step, 1), self._filled(step, 2)
        )
        nisa.tensor_tensor(dst.tensor, a.tensor, b.tensor, nl.add)
        self._done(dst, (a, b), a.values.astype(np.float32) + b.values.astype(np.float32))

    def _scale(self, step: Step) -> None:
        dst, a = self._same(step, self._any(step, 0), self._filled(step, 1))
        nisa.tensor_scalar(dst.tensor, a.tensor, nl.multiply, 0.5)
        self._done(dst, (a,), a.values.astype(np.float32) * np.float32(0.5))

    def _relu(self, step: Step) -> None:
        dst, a = self._same(step, self._any(step, 0), self._filled(step, 1))
        nisa.activation(dst.tensor, nl.relu, a.tensor)
        self._done(dst, (a,), np.maximum(a.values.astype(np.float32), 0))

    def _fill(self, step: Step) -> None:
        (dst,) = self._same(step, self._any(step, 0))
        nisa.memset(dst.tensor, step.flag)
        self._done(dst, (), np.full(dst.values.shape, step.flag, np.float32))

    def _matmul(self, step: Step) -> None:
        """A product of parts of tiles into PSUM, twice, and a copy of a part back."""
        found = [tile for tile in self.tiles if tile.is_written]
        pairs = [(a, b) for a in found for b in found if a.values.dtype == b.values.dtype]
        if not pairs:
            return
        a, b = pairs[(step.tiles[0] * 8 + step.tiles[1]) % len(pairs)]
        k = min(len(a.values), len(b.values))
        m, n = min(a.values.shape[1], 32), b.values.shape[1]
        left, right = View(a, _key(0, k, 0, m)), View(b, _key(0, k, 0, n))
        tensor = nl.ndarray((m, n), nl.float32, nl.psum)
        acc = Piece(tensor, np.full((m, n), np.nan, np.float32))
        whole = View(acc, _key(0, m, 0, n))
        product = left.values.astype(np.float32).T @ right.values.astype(np.float32)
        nisa.nc_matmul(whole.tensor, left.tensor, right.tensor)
        self._done(whole, (left, right), product)
        again = (None, True, False)[step.flag % 3]
        nisa.nc_matmul(whole.tensor, left.tensor, right.tensor, accumulate=again)
        total = product if again is False else product + product
        self._done(whole, (left, right), total)
        dst, src = self._same(step, self._any(step, 2), acc)
        nisa.tensor_copy(dst.tensor, src.tensor)
        self._done(dst, (src,), src.values)

    # helpers

    def _same(self, step: Step, *pieces: Piece) -> list[View]:
        """Parts of equal size, each at a place of its own."""
        rows = min(32 if step.partition else 128, *(len(piece.values) for piece in pieces))
        width = min(piece.values.shape[1] for piece in pieces)
        start, count, stride = step.cols
        count = max(1, min(count, -(-width // stride)))
        views = []
        for turn, piece in enumerate(pieces):
            height, cols = piece.values.shape
            slots = (height - rows) // 32 + 1
            row = 32 * ((step.partition + turn) % slots) if rows == 32 else 0
            room = cols - ((count - 1) * stride + 1)
            first = (start + 5 * turn) % (room + 1)
            views.append(View(piece, _key(row, rows, first, count, stride)))
        return views

    def _done(self, dst: View, reads: tuple[View, ...], values: np.ndarray) -> None:
        dst.piece.values[dst.key] = values.astype(dst.values.dtype)
        dst.piece.is_written = True
        touched = tuple(read.touched for read in reads)
        self.touches.append(Touch(touched, dst.touched, dst.values.copy()))


def _key(row: int, rows: int, col: int, cols: int, step: int = 1) -> Key:
    last = col + (cols - 1) * step + 1
    return (slice(row, row + rows), slice(col, last, step) if step > 1 else slice(col, last))


def integers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two inputs of small integers."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-3, 4, (2, *INPUT_SHAPE)).astype(np.float32)
    return x, y

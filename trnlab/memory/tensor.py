"""A tensor is a view: storage, dtype and an access pattern. Views never copy.

Shapes are [partition, free...] on chip. Strides and the offset count elements of the view's own
dtype; the partition stride is the storage's row pitch.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from trnlab.errors import KernelError
from trnlab.memory.indexing import index
from trnlab.memory.storage import Storage
from trnlab.numerics import format_of, stored

PSUM_BANK_BYTES = 2048


class Signature(NamedTuple):
    """All of an operand that legality and cost depend on."""

    memory: str  # "hbm" | "sbuf" | "psum" | "engine"
    dtype: str
    shape: tuple[int, ...]
    partition: int  # first partition; 0 in HBM
    run: int  # elements that lie next to each other within a row
    banks: int  # PSUM banks touched; 0 elsewhere

    @property
    def partitions(self) -> int:
        """Size of dimension 0."""
        return self.shape[0]

    @property
    def free(self) -> int:
        """Elements per partition."""
        return math.prod(self.shape[1:])

    @property
    def size(self) -> int:
        """All elements."""
        return math.prod(self.shape)


class Region(NamedTuple):
    """A rectangle of a storage: rows [row, row_end), bytes [byte, byte_end) of each."""

    row: int
    row_end: int
    byte: int
    byte_end: int


class Tensor:
    """A view on a storage."""

    __slots__ = ("_array", "_signature", "dtype", "offset", "shape", "storage", "strides")

    def __init__(
        self,
        storage: Storage,
        dtype: str,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        offset: int,
    ) -> None:
        self.storage = storage
        self.dtype = dtype
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self._array: np.ndarray | None = None
        self._signature: Signature | None = None

    @classmethod
    def whole(cls, storage: Storage) -> "Tensor":
        """The view of all of a storage, row-major."""
        strides = []
        step = 1
        shape = storage.allocation.shape
        for size in reversed(shape):
            strides.append(step)
            step *= size
        return cls(storage, storage.allocation.dtype, shape, tuple(reversed(strides)), 0)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def name(self) -> str:
        """Name of the allocation."""
        return self.storage.allocation.name

    @property
    def buffer(self) -> str:
        """The memory region, as NKI names it."""
        return self.storage.allocation.buffer

    @property
    def on_chip(self) -> bool:
        """In SBUF or PSUM."""
        return self.storage.memory != "hbm"

    def __getitem__(self, key: Any) -> "Tensor":
        shape, strides, offset = index(self, key)
        return Tensor(self.storage, self.dtype, shape, strides, offset)

    def __repr__(self) -> str:
        return f"Tensor({self.name}, {list(self.shape)} {self.dtype} in {self.storage.memory})"

    def reshape(self, *shape: Any) -> "Tensor":
        """Same elements under another shape, without a copy.

        Raises:
            KernelError: another element count, another partition count on chip, or a view that
                is not contiguous
        """
        sizes = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        new = _complete(tuple(sizes), self)
        if self.on_chip and new[0] != self.shape[0]:
            raise KernelError(
                f"reshape: {list(self.shape)} to {list(new)} changes the partition dimension; "
                f"keep dimension 0 at {self.shape[0]} and reshape the free dimensions"
            )
        first = 1 if self.on_chip else 0
        if self.run != math.prod(self.shape[first:]):
            raise KernelError(
                f"reshape: the view {list(self.shape)} of {self.name} is not contiguous; "
                "copy it into a tile of its own first"
            )
        strides = _row_major(new[first:])
        return Tensor(self.storage, self.dtype, new, self.strides[:first] + strides, self.offset)

    @property
    def run(self) -> int:
        """Elements that lie next to each other: trailing dimensions, within a partition."""
        run = 1
        for axis in range(len(self.shape) - 1, 0 if self.on_chip else -1, -1):
            size = self.shape[axis]
            if size == 1:
                continue
            if self.strides[axis] != run:
                break
            run *= size
        return run

    @property
    def region(self) -> Region:
        """The rectangle of its storage that it touches (the hull, if it has gaps)."""
        return region_of(
            self.storage.pitch_bytes,
            format_of(self.dtype).itemsize,
            self.shape,
            self.strides,
            self.offset,
        )

    @property
    def signature(self) -> Signature:
        """What legality and cost see of it."""
        if self._signature is None:
            self._signature = self._sign()
        return self._signature

    def _sign(self) -> Signature:
        memory = self.storage.memory
        if memory == "hbm":
            return Signature(memory, self.dtype, self.shape, 0, self.run, 0)
        region = self.region
        banks = 0
        if memory == "psum":
            banks = (region.byte_end - 1) // PSUM_BANK_BYTES - region.byte // PSUM_BANK_BYTES + 1
        return Signature(memory, self.dtype, self.shape, region.row, self.run, banks)

    @property
    def array(self) -> np.ndarray:
        """Its values in the storage dtype: a NumPy view that can be written."""
        if self.storage.pending is not None:
            self.storage.pending.finish()
        if self._array is None:
            self._array = self._view()
        return self._array

    def _view(self) -> np.ndarray:
        storage = self.storage
        data = storage.data if storage.data is not None else storage.fill_fresh()
        return self._on(data, format_of(self.dtype).storage)

    def _on(self, data: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """The view's elements within an array that is as long as the storage."""
        size = format_of(self.dtype).itemsize
        return np.ndarray(
            self.shape,
            dtype,
            data,
            self.offset * size,
            tuple(stride * size for stride in self.strides),
        )

    def fp32(self) -> np.ndarray:
        """Its values as float32; kept until the storage is written, since tiles are re-read."""
        if self.dtype == "float32":
            return self.array
        cache = self.storage.fp32
        key = (self.dtype, self.offset, self.shape, self.strides)
        values = cache.get(key)
        if values is None:
            values = cache[key] = self.array.astype(np.float32)
        return values

    def put(self, values: np.ndarray) -> None:
        """Write values of the same element count, rounded once to the dtype."""
        storage = self.storage
        if storage.data is None and self._covers_all():
            storage.reserve()
        array = self.array
        if values.dtype != array.dtype or self.dtype == "tfloat32":
            values = stored(values, self.dtype)
        array[...] = values if values.shape == array.shape else values.reshape(array.shape)
        if storage.fp32:
            storage.fp32.clear()

    def _covers_all(self) -> bool:
        return self.size * format_of(self.dtype).itemsize == self.storage.allocation.nbytes

    def written(self) -> np.ndarray | bool:
        """Which elements anything has written: all (True), none (False) or a mask."""
        storage = self.storage
        key = (self.dtype, self.offset, self.shape, self.strides)
        if key in storage.written_parts:
            return True
        if storage.written_mask is None:
            return False
        return self._on(storage.written_mask, np.dtype(np.bool_))

    def mark_written(self) -> None:
        """Remember that these elements have been written."""
        storage = self.storage
        key = (self.dtype, self.offset, self.shape, self.strides)
        if key in storage.written_parts:
            return
        storage.written_parts.add(key)
        if storage.written_mask is None:
            storage.written_mask = np.zeros(storage.allocation.nbytes, np.bool_)
        self._on(storage.written_mask, np.dtype(np.bool_))[...] = True


def region_of(
    pitch_bytes: int, itemsize: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> Region:
    """The rectangle of rows and bytes that an access pattern spans."""
    row, byte = divmod(offset * itemsize, pitch_bytes)
    rows, span = 1, itemsize
    for size, stride in zip(shape, strides, strict=True):
        step = stride * itemsize
        if step and step % pitch_bytes == 0:
            rows += (size - 1) * (step // pitch_bytes)
        else:
            span += (size - 1) * step
    if byte + span <= pitch_bytes:
        return Region(row, row + rows, byte, byte + span)
    extra = (byte + span - 1) // pitch_bytes
    return Region(row, row + rows + extra, 0, pitch_bytes)


def _row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def _complete(shape: tuple[int, ...], tensor: Tensor) -> tuple[int, ...]:
    """Fill in one -1, and check the element count."""
    known = math.prod(size for size in shape if size != -1)
    if shape.count(-1) == 1 and known and tensor.size % known == 0:
        shape = tuple(tensor.size // known if size == -1 else size for size in shape)
    if math.prod(shape) != tensor.size or min(shape, default=0) < 1:
        raise KernelError(
            f"reshape: {list(tensor.shape)} has {tensor.size} elements, "
            f"{list(shape)} does not have the same number"
        )
    return shape

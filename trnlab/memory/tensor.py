"""A tensor is a view: storage, dtype and an access pattern. Views never copy.

Shapes are [partition, free...] on chip. Strides and the offset count elements of the view's own
dtype; the partition stride is the storage's row pitch.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.memory.dynamic import Beyond, Indirect, Reach, gathered, resolve, scatter
from trnlab.memory.footprint import Footprint, Signature, View
from trnlab.memory.indexing import fixed, index
from trnlab.memory.layout import Region, Row, Sizes, extents, is_apart, region_of, row_major, row_of
from trnlab.memory.operators import NoOperators
from trnlab.memory.storage import Storage, copy_version
from trnlab.memory.views import Views
from trnlab.numerics import format_of, stored

PSUM_BANK_BYTES = 2048
MAX_FOOTPRINTS = 50_000
MAX_PARTS = 4096  # of one tensor that are kept to be asked for again
LONGEST_ROW = 1024  # elements that are looked at together

_footprints: dict[tuple, Footprint] = {}  # of tensors without run-time or explicit address


class Tensor(Views, NoOperators):
    """A view on a storage."""

    assign: Callable[["Tensor", Any], None]  # what t[...] = value does: the language's to say

    __slots__ = (
        "_array",
        "_footprint",
        "_detached",
        "_parts",
        "_row",
        "dtype",
        "offset",
        "path",
        "shape",
        "storage",
        "strides",
    )

    def __init__(
        self,
        storage: Storage,
        dtype: str,
        shape: Sizes,
        strides: Sizes,
        offset: int,
        path: Indirect | Reach | Beyond | None = None,
    ) -> None:
        self.storage = storage
        self.dtype = dtype
        self.shape = shape
        self.strides = strides
        self.offset = offset
        self.path = path  # run-time address, before and after it is looked up
        self._array: np.ndarray | None = None
        self._footprint: Footprint | None = None
        self._detached: View | None = None
        self._parts: dict[tuple, Tensor] | None = None  # what indexing gave, by the index
        self._row: Row | None = None

    @classmethod
    def whole(cls, storage: Storage) -> "Tensor":
        """The view of all of a storage, row-major."""
        allocation = storage.allocation
        shape = allocation.shape
        return cls(storage, allocation.dtype, extents(shape), row_major(shape), 0)

    def seen(
        self, dtype: str, shape: Sizes, strides: Sizes, offset: int, path: Any = None
    ) -> "Tensor":
        """Another view of the same storage."""
        return Tensor(self.storage, dtype, shape, strides, offset, path)

    def at(self, offset: int, path: Any) -> "Tensor":
        """The same pattern from another offset."""
        return Tensor(self.storage, self.dtype, self.shape, self.strides, offset, path)

    def spread(self, shape: Sizes) -> "Tensor":
        """The same strides over other sizes."""
        return Tensor(self.storage, self.dtype, shape, self.strides, self.offset)

    def _replaced(self, first: int, last: int, sizes: Sizes, strides: Sizes) -> "Tensor":
        """Dimensions first to last (excluded) replaced by others."""
        shape = self.shape[:first] + sizes + self.shape[last:]
        steps = self.strides[:first] + strides + self.strides[last:]
        return Tensor(self.storage, self.dtype, shape, steps, self.offset, self.path)

    def _part(self, dim: int, item: Any) -> "Tensor":
        """Indexed along one dimension."""
        return self[(slice(None),) * dim + (item,)]

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
    def address(self) -> tuple[int, int] | None:
        """Where the kernel put the allocation: (partition, byte); None: it is placed for you."""
        slot = self.storage.allocation.slot
        return None if slot is None else (slot.region.row, slot.region.byte)

    @property
    def base_tensor(self) -> "Tensor":
        """All of its allocation, in the dtype of the allocation: what it is a view of."""
        return Tensor.whole(self.storage)

    @property
    def on_chip(self) -> bool:
        """In SBUF or PSUM."""
        return self.storage.memory != "hbm"

    @property
    def gathers_rows(self) -> bool:
        """Each row has a run-time index of its own."""
        return self.path is not None and self.path.kind == "rows"

    def __getitem__(self, key: Any) -> "Tensor":
        """A part; loops ask for the same ones again and again."""
        known = fixed(key)
        parts = self._parts
        if parts is None:
            parts = self._parts = {}
        elif known in parts:
            return parts[known]
        part = self._part_at(key)
        if known is not None and len(parts) < MAX_PARTS:
            parts[known] = part
        return part

    def _part_at(self, key: Any) -> "Tensor":
        shape, strides, offset, dynamic = index(self, key)
        if self.path is None and dynamic is None:
            return Tensor(self.storage, self.dtype, shape, strides, offset)
        return self._indirect_part(key, shape, strides, offset, dynamic)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.assign(self[key], value)

    def _indirect_part(
        self, key: Any, shape: Sizes, strides: Sizes, offset: int, dynamic: Any
    ) -> "Tensor":
        if dynamic is not None and self.path is not None:
            raise KernelError(
                f"index: {self.name} is addressed at run time already; a view takes one"
            )
        fixed = {"rows": 1, "columns": 2}.get(self.path.kind, 0) if self.path is not None else 0
        if fixed and (shape[:fixed] != self.shape[:fixed] or len(shape) < fixed):
            raise KernelError(
                f"index: the first {fixed} dimensions of this view of {self.name} are addressed at "
                "run time; index the others, or select fewer indices"
            )
        path = Indirect("scalar", *dynamic) if dynamic is not None else self.path
        return Tensor(self.storage, self.dtype, shape, strides, offset, path)

    def __repr__(self) -> str:
        return f"Tensor({self.name}, {list(self.shape)} {self.dtype} in {self.storage.memory})"

    @property
    def run(self) -> int:
        """Elements that lie next to each other: trailing dimensions, within a partition."""
        run = 1
        last = 0 if self.on_chip or self.gathers_rows else -1
        for axis in range(len(self.shape) - 1, last, -1):
            size = self.shape[axis]
            if size == 1:
                continue
            if self.strides[axis] != run:
                break
            run *= size
        return run

    @property
    def row(self) -> Row:
        """The row of its block that it lies in, and its columns there; itself if it is gathered."""
        if self._row is None:
            allocation = self.storage.allocation
            is_part = self.path is None and self.dtype == allocation.dtype
            block = allocation.shape if is_part else ()
            self._row = row_of(block, self.shape, self.strides, self.offset, LONGEST_ROW)
        return self._row

    @property
    def region(self) -> Region:
        """The rectangle of its storage that it touches (the hull, if it has gaps)."""
        return self.footprint.region

    @property
    def signature(self) -> Signature:
        """What legality and cost see of it."""
        return self.footprint.signature

    @property
    def detached(self) -> View:
        """Itself without its storage."""
        if self._detached is None:
            _, region, fills = self.footprint
            self._detached = (
                self.storage.id, self.dtype, self.shape, self.strides, self.offset, self.path,
                region, fills,
            )  # fmt: skip
        return self._detached

    @property
    def footprint(self) -> Footprint:
        """What follows from its pattern."""
        if self._footprint is None:
            self._footprint = self._known_footprint()
        return self._footprint

    def _known_footprint(self) -> Footprint:
        """From the patterns seen before: kernels make the same few over and over."""
        allocation = self.storage.allocation
        if self.path is not None or allocation.slot is not None:
            return self._found_footprint()
        key = (
            allocation.memory, allocation.pitch_bytes,
            self.dtype, self.shape, self.strides, self.offset,
        )  # fmt: skip
        found = _footprints.get(key)
        if found is None:
            if len(_footprints) >= MAX_FOOTPRINTS:
                _footprints.clear()
            found = _footprints[key] = self._found_footprint()
        return found

    def _found_footprint(self) -> Footprint:
        if 0 in self.shape:
            raise KernelError(
                f"index: this view of {self.name} is empty, {list(self.shape)}; handle the last, "
                "smaller tile with min(), and skip an instruction that has nothing to do"
            )
        path, size = self.path, format_of(self.dtype).itemsize
        if isinstance(path, Beyond):
            raise KernelError(path.text)
        if isinstance(path, Reach):
            return Footprint(self._sign(path.region), path.region, False)
        pitch = self.storage.allocation.pitch_bytes
        region = region_of(pitch, size, self.shape, self.strides, self.offset)
        area = (region.row_end - region.row) * (region.byte_end - region.byte)
        fills = path is None and self.size * size == area and is_apart(self.shape, self.strides)
        return Footprint(self._sign(region), region, fills)

    def _sign(self, region: Region) -> Signature:
        memory = self.storage.memory
        path = self.path.kind if self.path is not None else ""
        if memory == "hbm":
            return Signature(memory, self.dtype, self.shape, 0, self.run, 0, path)
        slot = self.storage.allocation.slot
        partition = region.row if slot is None else region.row + slot.region.row
        banks = 0
        if memory == "psum":
            banks = (region.byte_end - 1) // PSUM_BANK_BYTES - region.byte // PSUM_BANK_BYTES + 1
        run = 1 if path == "columns" else self.run
        return Signature(memory, self.dtype, self.shape, partition, run, banks, path)

    @property
    def array(self) -> np.ndarray:
        """Its values in the storage dtype: a NumPy view that can be written.

        A view with run-time indices of its rows or columns gives a copy instead.
        """
        if self.path is not None:
            return self._looked_up()
        if self.storage.pending is not None:
            self.storage.pending.finish()
        if self._array is None:
            self._array = self._view()
        return self._array

    def _looked_up(self) -> np.ndarray:
        path = self.path
        if isinstance(path, Beyond):
            raise KernelError(path.text)
        if isinstance(path, Indirect):
            resolved = resolve("array", self, True, False)
            assert resolved is not None
            return resolved.array
        if path is not None and path.at is not None:
            return gathered(self, path)
        return self.at(self.offset, None).array

    def _view(self) -> np.ndarray:
        storage = self.storage
        data = storage.data if storage.data is not None else storage.fill_fresh()
        if storage.allocation.slot is not None:
            return self._within_memory(data)
        return self._on(data, format_of(self.dtype).storage)

    def _on(self, data: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """The view's elements within an array that is as long as the allocation."""
        size = format_of(self.dtype).itemsize
        steps = tuple([stride * size for stride in self.strides])
        return np.ndarray(self.shape, dtype, data, self.offset * size, steps)

    def _within_memory(self, data: np.ndarray) -> np.ndarray:
        """The view's elements within the bytes of a whole memory, whose rows are longer."""
        storage = self.storage
        format = format_of(self.dtype)
        size = format.itemsize
        partition = self.strides[0] * size // storage.allocation.pitch_bytes * storage.pitch_bytes
        steps = (partition, *(stride * size for stride in self.strides[1:]))
        start = storage.locate(self.offset * size)
        return np.ndarray(self.shape, format.storage, data, start, steps)

    def fp32(self) -> np.ndarray:
        """Its values as float32; kept until the storage is written, since tiles are re-read."""
        if self.dtype == "float32" or self.path is not None:
            return self.array.astype(np.float32, copy=False)
        cache = self.storage.fp32
        key = self._pattern()
        values = cache.get(key)
        if values is None:
            values = cache[key] = self.array.astype(np.float32)
        return values

    def put(self, values: np.ndarray) -> None:
        """Write values of the same element count, rounded once to the dtype."""
        storage = self.storage
        if self.path is not None:
            self._put_indirect(values)
            return
        array = self._to_write()
        if values.dtype != array.dtype or self.dtype == "tfloat32":
            values = stored(values, self.dtype)
        array[...] = values if values.shape == array.shape else values.reshape(array.shape)
        storage.forget()

    def put_computed(self, function: Callable[..., Any], x: np.ndarray, y: np.ndarray) -> None:
        """Write function(x, y), element by element; in place where nothing is to be rounded."""
        is_plain = self.path is None and self.dtype == "float32" and x.shape == self.shape
        if is_plain and isinstance(function, np.ufunc) and x.dtype == y.dtype == np.float32:
            function(x, y, out=self._to_write())
            self.storage.forget()
            return
        self.put(function(x, y))

    def _to_write(self) -> np.ndarray:
        """Its elements; memory that is written whole need not look fresh before."""
        if self.storage.data is None and self._covers_all():
            self.storage.reserve()
        return self.array

    def put_copy(self, src: "Tensor") -> None:
        """Write the elements of another view of the same dtype, which may have another shape."""
        self.put(src.array.reshape(self.shape))
        if self.path is None and self._covers_all():
            read = (src.offset, src.shape, src.strides)
            how = (src.storage.version, self.dtype, *read, self.shape, self.strides)
            self.storage.version = copy_version(how)

    def _put_indirect(self, values: np.ndarray) -> None:
        path = self.path
        if not isinstance(path, Reach) or path.at is None:
            self.at(self.offset, None).put(values)
            return
        scatter(self, path, stored(values, self.dtype).reshape(self.shape))
        self.storage.forget()

    def _covers_all(self) -> bool:
        nbytes = self.size * format_of(self.dtype).itemsize
        return nbytes == self.storage.allocation.nbytes and self.footprint.fills

    @property
    def valid(self) -> np.ndarray | None:
        """Which elements its run-time indices do find, of its shape; None: all."""
        found = self.path.valid if isinstance(self.path, Reach) else None
        if found is None or found.ndim == self.ndim:
            return found
        return np.broadcast_to(found.reshape(-1, *[1] * (self.ndim - 1)), self.shape)

    def written(self) -> np.ndarray | bool:
        """Which elements anything has written: all (True), none (False) or a mask."""
        storage = self.storage
        if storage.is_written or self._pattern() in storage.written_parts:
            return True
        if storage.written_mask is None:
            return False
        return self._on(storage.written_mask, np.dtype(np.bool_))

    def mark_written(self) -> None:
        """Remember that these elements have been written."""
        storage = self.storage
        if storage.is_written:
            return
        pattern = self._pattern()
        if pattern in storage.written_parts:
            return
        if self._covers_all():
            storage.is_written = True
            return
        storage.written_parts.add(pattern)
        if storage.written_mask is None:
            storage.written_mask = np.zeros(storage.allocation.nbytes, np.bool_)
        self._on(storage.written_mask, np.dtype(np.bool_))[...] = True

    def _pattern(self) -> tuple[str, int, Sizes, Sizes]:
        return (self.dtype, self.offset, self.shape, self.strides)

"""Sums of products in PSUM, computed many at a time.

A matmul of one tile is too small to keep a CPU busy. Products that accumulate into the same PSUM
tile are therefore collected, their operands stacked along K, and multiplied at once when the tile
is looked at. The sum is the same float32 sum in another order. Blocked kernels multiply the same
operands again and again, so stacks are kept and found by what was put on them. What lies beside an
operand in the rows of its block will be multiplied soon: it is stacked with it, and the product of
whole rows is kept for the tiles that are parts of it.
"""

import math
from itertools import count
from typing import Any

import numpy as np

from trnlab.memory import Tensor
from trnlab.memory.layout import Columns, Row

MAX_K = 2048  # rows that are stacked before they are multiplied
MIN_K = 512  # rows from which on whole rows are multiplied
MAX_PRODUCTS = 4  # that are kept
MAX_KEPT_BYTES = 32 * 2**20  # of stacks that may be found again
MAX_FREE_BYTES = 16 * 2**20  # of arrays to be used again: fresh pages cost more than the copy


def matmul(stationary: Tensor, moving: Tensor) -> np.ndarray:
    """stationary[K, M]^T @ moving[K, N] in float32."""
    k = stationary.shape[0]
    return stationary.fp32().reshape(k, -1).T @ moving.fp32().reshape(k, -1)


def accumulate(dst: Tensor, stationary: Tensor, moving: Tensor, adds: bool) -> None:
    """dst (+)= stationary^T @ moving, put off until dst is looked at.

    Args:
        dst: float32
        adds: add to what dst holds; False: overwrite it
    """
    storage = dst.storage
    sums = storage.pending
    left, right = stationary.row, moving.row
    if not (isinstance(sums, _Sums) and sums.takes(dst, left, right, adds)):
        if sums is not None:
            sums.finish()
        sums = storage.pending = _Sums(dst, adds, left, right)
    sums.stationary.add(stationary, left, sums.k)
    sums.moving.add(moving, right, sums.k)
    sums.k += stationary.shape[0]


def write_product(dst: Tensor, product: np.ndarray, adds: bool | None) -> None:
    """dst (+)= product now.

    Args:
        product: float32 [M, N]
        adds: None: overwrite what nothing has written, else add
    """
    written = dst.written() if adds is None else adds
    product = product.reshape(dst.shape)
    if written is False:
        dst.put(product)
        return
    total = dst.array.astype(np.float32) + product
    dst.put(total if written is True else np.where(written, total, product))


class _Sums:
    """Operands of products that add up to one tile."""

    __slots__ = ("adds", "dst", "k", "key", "moving", "stationary")

    def __init__(self, dst: Tensor, adds: bool, left: Row, right: Row) -> None:
        self.dst = Tensor(dst.storage, dst.dtype, dst.shape, dst.strides, dst.offset)
        self.key = (dst.offset, dst.shape, dst.strides)
        self.adds = adds
        self.k = 0
        self.stationary, self.moving = _Side(left.columns), _Side(right.columns)

    def takes(self, dst: Tensor, left: Row, right: Row, adds: bool) -> bool:
        """Whether one more product fits: same tile, same columns, added, and K left."""
        return (
            adds
            and self.key == (dst.offset, dst.shape, dst.strides)
            and self.k + left.shape[0] <= MAX_K
            and self.stationary.columns == left.columns
            and self.moving.columns == right.columns
        )

    def finish(self) -> None:
        """Multiply, and write the tile."""
        dst = self.dst
        dst.storage.pending = None
        product = self._product()
        self.stationary.leave()
        self.moving.leave()
        product = product.reshape(dst.shape)
        if self.adds:
            array = dst.array
            np.add(array, product, out=array)
            dst.storage.forget()
        else:
            dst.put(product)

    def _product(self) -> np.ndarray:
        left, right, k = self.stationary, self.moving, self.k
        whole = None
        if k >= MIN_K and (left.columns or right.columns):
            assert left.stack and right.stack
            whole = _kept.product(left.stack, right.stack, k)
        if whole is None:
            return left.rows(k)[:, left.within].T @ right.rows(k)[:, right.within]
        return whole[left.within, right.within]


_numbers = count()


class _Stack:
    """Float32 operands below each other. It only grows: whoever uses it knows how far."""

    __slots__ = ("array", "keys", "made", "number", "users")

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.keys: list[Any] = []  # what was put on it, in order
        self.number = next(_numbers)
        self.made: set[tuple[int, int, int]] = set()  # products of its whole rows
        self.users = 0


class _Side:
    """The operands of one side of some products: a stack, and how many of its keys are theirs."""

    __slots__ = ("columns", "count", "stack")

    def __init__(self, columns: Columns | None) -> None:
        self.columns = columns  # of the stack, that are multiplied; None: all
        self.count = 0
        self.stack: _Stack | None = None

    def add(self, tensor: Tensor, row: Row, k: int) -> None:
        """Put the row of a tensor at row k, unless it is there already."""
        key = _key(tensor, row)
        stack = self.stack
        if stack is None:
            stack = self.stack = _kept.find(key) or _kept.new(key, row)
            stack.users += 1
        known = stack.keys
        if self.count < len(known):
            if known[self.count] == key:
                self.count += 1
                return
            stack = self._fork(stack, row, k)
        if row.columns:
            tensor = tensor.seen(tensor.dtype, row.shape, row.strides, row.offset)
        end = k + tensor.shape[0]
        stack.array[k:end] = tensor.array.reshape(end - k, -1)
        stack.keys.append(key)
        self.count += 1

    def _fork(self, stack: _Stack, row: Row, k: int) -> _Stack:
        """A stack with the same beginning."""
        self.leave()
        fork = self.stack = _kept.new(stack.keys[0], row)
        fork.users += 1
        fork.keys.extend(stack.keys[: self.count])
        fork.array[:k] = stack.array[:k]
        return fork

    @property
    def within(self) -> slice:
        return slice(*self.columns[:2]) if self.columns else slice(None)

    def rows(self, k: int) -> np.ndarray:
        assert self.stack is not None
        return self.stack.array[:k]

    def leave(self) -> None:
        """The stack is not needed any more."""
        assert self.stack is not None
        self.stack.users -= 1


def _key(tensor: Tensor, row: Row) -> Any:
    """Equal only for equal values: the same rows of bytes that nothing has written since."""
    if tensor.path is not None:
        return object()
    return (tensor.storage.version, tensor.dtype, *row[:3])


class _Kept:
    """Stacks by their first key, those looked for last at the end; arrays without a stack."""

    def __init__(self) -> None:
        self.stacks: dict[Any, _Stack] = {}
        self.held_bytes = 0  # in stacks
        self.free: dict[int, list[np.ndarray]] = {}  # by width
        self.free_bytes = 0
        self.products: dict[tuple[int, int, int], np.ndarray] = {}  # of whole rows

    def product(self, left: _Stack, right: _Stack, k: int) -> np.ndarray | None:
        """Of the first k rows of two stacks; None if it was made before and is not kept."""
        key = (left.number, right.number, k)
        if key in left.made:
            return self.products.get(key)
        left.made.add(key)
        found = self.products[key] = self._make(left.array[:k], right.array[:k])
        return found

    def _make(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """left^T @ right, in the place of the oldest product if there are enough."""
        shape = (left.shape[1], right.shape[1])
        out = None
        if len(self.products) >= MAX_PRODUCTS:
            out = self.products.pop(next(iter(self.products)))
        if out is None or out.shape != shape:
            out = np.empty(shape, np.float32)
        return np.matmul(left.T, right, out=out)

    def find(self, key: Any) -> _Stack | None:
        stack = self.stacks.pop(key, None)
        if stack is not None:
            self.stacks[key] = stack
        return stack

    def new(self, key: Any, row: Row) -> _Stack:
        """An empty stack for rows like this one, to be found by the key from now on."""
        self._drop(key)
        stack = self.stacks[key] = _Stack(self._array(math.prod(row.shape[1:])))
        self.held_bytes += stack.array.nbytes
        while self.held_bytes > MAX_KEPT_BYTES and len(self.stacks) > 1:
            self._drop(next(iter(self.stacks)))
        return stack

    def _drop(self, key: Any) -> None:
        stack = self.stacks.pop(key, None)
        if stack is None:
            return
        array = stack.array
        self.held_bytes -= array.nbytes
        if not stack.users and self.free_bytes + array.nbytes <= MAX_FREE_BYTES:
            self.free_bytes += array.nbytes
            self.free.setdefault(array.shape[1], []).append(array)

    def _array(self, width: int) -> np.ndarray:
        free = self.free.get(width)
        if not free:
            return np.empty((MAX_K, width), np.float32)
        self.free_bytes -= free[-1].nbytes
        return free.pop()


_kept = _Kept()

"""Sums of products in PSUM, computed many at a time.

A matmul of one tile is too small to keep a CPU busy. Products that accumulate into the same PSUM
tile are therefore collected, their operands stacked along K, and multiplied at once when the tile
is looked at. The sum is the same float32 sum in another order.
"""

import numpy as np

from trnlab.memory import Tensor

MAX_K = 2048  # rows that are stacked before they are multiplied

_stacks: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] = {}  # free ones, by (M, N)


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
    if not (isinstance(sums, _Sums) and sums.takes(dst, stationary, adds)):
        if sums is not None:
            sums.finish()
        sums = storage.pending = _Sums(dst, stationary, moving, adds)
    sums.add(stationary, moving)


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

    def __init__(self, dst: Tensor, stationary: Tensor, moving: Tensor, adds: bool) -> None:
        m = stationary.size // stationary.shape[0]
        n = moving.size // moving.shape[0]
        self.dst = Tensor(dst.storage, dst.dtype, dst.shape, dst.strides, dst.offset)
        self.key = (dst.offset, dst.shape, dst.strides)
        self.adds = adds
        self.k = 0
        free = _stacks.get((m, n))
        self.stationary, self.moving = free.pop() if free else _stack(m, n)

    def takes(self, dst: Tensor, stationary: Tensor, adds: bool) -> bool:
        """Whether one more product fits: same tile, added, and K left."""
        same = self.key == (dst.offset, dst.shape, dst.strides)
        return adds and same and self.k + stationary.shape[0] <= MAX_K

    def add(self, stationary: Tensor, moving: Tensor) -> None:
        k, end = self.k, self.k + stationary.shape[0]
        self.stationary[k:end] = stationary.array.reshape(end - k, -1)
        self.moving[k:end] = moving.array.reshape(end - k, -1)
        self.k = end

    def finish(self) -> None:
        """Multiply, and write the tile."""
        dst = self.dst
        dst.storage.pending = None
        product = (self.stationary[: self.k].T @ self.moving[: self.k]).reshape(dst.shape)
        if self.adds:
            array = dst.array
            np.add(array, product, out=array)
        else:
            dst.put(product)
        m, n = self.stationary.shape[1], self.moving.shape[1]
        _stacks.setdefault((m, n), []).append((self.stationary, self.moving))


def _stack(m: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((MAX_K, m), np.float32), np.empty((MAX_K, n), np.float32)

"""Storages: fresh memory shows, bytes come back when a tile dies, rows and pitches."""

from __future__ import annotations

import numpy as np
import pytest

from trnlab.memory import Allocation, Storage, Tensor
from trnlab.numerics import FORMATS, is_float


def fresh(shape: tuple[int, ...], dtype: str, buffer: str = "sbuf") -> Tensor:
    return Tensor.whole(Storage(Allocation(0, "t", buffer, shape, dtype, 0)))


@pytest.mark.parametrize("dtype", [name for name in FORMATS if is_float(name)])
def test_fresh_floats_are_nan(dtype: str) -> None:
    assert np.isnan(fresh((4, 8), dtype).array.astype(np.float32)).all()


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32"])
def test_fresh_integers_are_4(dtype: str) -> None:
    assert (fresh((4, 8), dtype).array == 4).all()


def test_memory_of_a_dead_tile_is_fresh_for_the_next() -> None:
    for _ in range(3):
        tile = fresh((128, 77), "float32")
        assert np.isnan(tile.array).all()
        tile.put(np.ones((128, 77), np.float32))
        del tile


def test_values_that_a_reader_holds_outlive_the_tile() -> None:
    tile = fresh((128, 33), "float32")
    tile.put(np.full((128, 33), 5.0, np.float32))
    held = tile.array
    del tile
    other = fresh((128, 33), "float32")
    other.put(np.full((128, 33), 6.0, np.float32))
    assert (held == 5.0).all()


def test_a_part_that_is_written_leaves_the_rest_fresh() -> None:
    tile = fresh((4, 6), "bfloat16")
    tile[:2, ::2].put(np.ones((2, 3), np.float32))
    assert np.isnan(tile.array.astype(np.float32)).sum() == 24 - 6


def test_the_float32_form_follows_writes_through_other_views() -> None:
    tile = fresh((4, 6), "bfloat16")
    tile.put(np.zeros((4, 6), np.float32))
    assert (tile.fp32() == 0).all()
    tile[:, 1:2].put(np.ones((4, 1), np.float32))
    assert tile.fp32().sum() == 4
    assert tile[:, 1:3].fp32().sum() == 4


@pytest.mark.parametrize(
    "shape, buffer, rows, pitch_bytes",
    [
        ((128, 512), "sbuf", 128, 2048),
        ((64, 4, 8), "psum", 64, 128),
        ((6, 5, 7), "private_hbm", 30, 28),
        ((9,), "shared_hbm", 1, 36),
    ],
)
def test_a_row_is_a_partition_on_chip_and_an_innermost_run_in_hbm(
    shape: tuple[int, ...], buffer: str, rows: int, pitch_bytes: int
) -> None:
    allocation = Allocation(0, "t", buffer, shape, "float32", 0)
    assert (allocation.rows, allocation.pitch_bytes) == (rows, pitch_bytes)
    assert allocation.nbytes == rows * pitch_bytes


def test_two_copies_of_the_same_bytes_are_known_to_be_equal_until_either_is_written() -> None:
    source = fresh((128, 64), "bfloat16", "private_hbm")
    source.put(np.arange(128 * 64, dtype=np.float32).reshape(128, 64))

    def copy(columns: slice) -> Tensor:
        tile = fresh((128, 32), "bfloat16")
        tile.put_copy(source[:, columns])
        return tile

    first, again, other = copy(slice(0, 32)), copy(slice(0, 32)), copy(slice(32, 64))
    assert first.storage.version == again.storage.version != other.storage.version
    again[:, 0:1].put(np.zeros((128, 1), np.float32))
    assert first.storage.version != again.storage.version
    source[0:1].put(np.zeros((1, 64), np.float32))
    assert copy(slice(0, 32)).storage.version != first.storage.version


def test_a_copy_into_a_part_or_in_another_order_is_not_mistaken_for_the_whole() -> None:
    source = fresh((4, 4), "float32", "private_hbm")
    source.put(np.arange(16, dtype=np.float32).reshape(4, 4))
    straight, turned, part = (fresh(s, "float32") for s in ((4, 4), (4, 4), (4, 8)))
    straight.put_copy(source)
    turned.put_copy(source.permute((1, 0)))
    part[:, 0:4].put_copy(source)
    assert len({tile.storage.version for tile in (straight, turned, part)}) == 3

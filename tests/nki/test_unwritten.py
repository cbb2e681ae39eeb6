"""Reading, or returning, memory of which only a part has been written."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, stored
from trnlab import KernelError, UnwrittenWarning, nki

X = normal(100, 64)
ALONE = trnlab.shape(X.shape)


def said(kernel: Callable[..., Any], *arrays: Any, lnc: int = 1) -> list[str]:
    """The warnings of a run."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        trnlab.profile(nki.jit(kernel)[lnc], *arrays, chip="trn3")
    return [str(w.message) for w in found if w.category is UnwrittenWarning]


def half_loaded(x: Any) -> Any:
    """A tile of 128 partitions with 100 loaded rows."""
    tile = nl.ndarray((128, 64), x.dtype, name="half")
    nisa.dma_copy(tile[:100], x)
    return tile


@pytest.mark.parametrize("x", [X, ALONE], ids=["values", "shapes alone"])
def test_a_read_beyond_what_was_written_names_tile_place_line_and_way_out(x: Any) -> None:
    def kernel(x):
        tile = half_loaded(x)
        out = nl.ndarray((128, 64), x.dtype)
        nisa.tensor_scalar(out, tile, nl.add, 1.0)
        return stored(out)

    line = kernel.__code__.co_firstlineno
    allocated = half_loaded.__code__.co_firstlineno + 2
    assert said(kernel, x) == [
        f"tensor_scalar in line {line + 3}: half [128, 64] (allocated in line {allocated}) is "
        "read, but nothing has written partitions 100 to 127: NaN here (4 in integers), on the "
        "device whatever was there before. Write them first, for example with nisa.memset, or "
        "read only what was written"
    ]


def test_the_values_are_as_they_were() -> None:
    def kernel(x):
        return stored(half_loaded(x))

    with pytest.warns(UnwrittenWarning):
        out = nki.simulate(kernel)(X)
    assert np.array_equal(out[:100], X) and np.isnan(out[100:]).all()


@pytest.mark.parametrize(
    "read",
    [
        lambda tile: tile[:100],
        lambda tile: tile[64:90, 5:60],
        lambda tile: tile[:100].reshape((100, 8, 8))[:, ::2, 1::3],
        lambda tile: tile.ap([[64, 100], [1, 32]], offset=16),
    ],
    ids=["all of it", "a rectangle", "with gaps", "a pattern"],
)
def test_a_read_of_what_was_written_says_nothing(read: Callable[[Any], Any]) -> None:
    def kernel(x):
        part = read(half_loaded(x))
        out = nl.ndarray(part.shape, x.dtype)
        nisa.tensor_copy(out, part)
        return stored(out)

    assert said(kernel, X) == []


def test_columns_that_were_written_one_by_one_make_the_whole() -> None:
    def kernel(x):
        tile, out = nl.ndarray((100, 64), x.dtype), nl.ndarray((100, 64), x.dtype)
        for first in (1, 0):
            nisa.tensor_copy(tile[:, first::2], loaded(x)[:, first::2])
        nisa.tensor_copy(out, tile)
        return stored(out)

    assert said(kernel, X) == []


def test_one_column_that_is_missing_between_others_is_named() -> None:
    def kernel(x):
        tile, out = nl.ndarray((100, 64), x.dtype), nl.ndarray((100, 64), x.dtype)
        nisa.dma_copy(tile[:, :10], x[:, :10])
        nisa.dma_copy(tile[:, 11:], x[:, 11:])
        nisa.tensor_copy(out, tile)
        return stored(out)

    (text,) = said(kernel, X)
    assert "nothing has written element 10 of partitions 0 to 99:" in text


def test_a_place_in_the_kernel_is_named_once() -> None:
    def kernel(x):
        for _ in range(3):
            tile, out = half_loaded(x), nl.ndarray((128, 64), x.dtype)
            nisa.tensor_copy(out, tile)
        return stored(out)

    assert len(said(kernel, X)) == 1


def test_nothing_written_at_all_is_refused() -> None:
    def kernel(x):
        nisa.dma_copy(x[:100], nl.ndarray((100, 64), x.dtype))

    with pytest.raises(KernelError, match="is read, but nothing has written it"):
        trnlab.profile(kernel, X.copy())


def test_operands_of_which_a_part_matters_may_be_written_in_part() -> None:
    def kernel(x):
        out = nl.ndarray((128, 64), x.dtype)
        nisa.memset(out, 0)
        nisa.affine_select(out, [[0, 64]], -1, half_loaded(x), 0.0, cmp_op=nl.less_equal)
        return stored(out)

    assert said(kernel, X) == []


def test_inputs_that_the_kernel_writes_in_part_are_written() -> None:
    def kernel(x):
        nisa.dma_copy(x[:10], loaded(x)[:10])
        return stored(loaded(x))

    assert said(kernel, X.copy()) == []


def test_a_result_with_rows_that_nothing_stored_is_named() -> None:
    def kernel(x):
        out = nl.ndarray((128, 64), x.dtype, nl.shared_hbm, name="out")
        nisa.dma_copy(out[:100], loaded(x))
        return out

    line = kernel.__code__.co_firstlineno
    assert said(kernel, X) == [
        f"kernel: out [128, 64] (allocated in line {line + 1}) is returned, but nothing has "
        "written rows 100 to 127: NaN here (4 in integers), on the device whatever was there "
        "before. Store into all of it"
    ]


def test_a_result_that_nothing_stored_is_named() -> None:
    def kernel(x):
        return nl.ndarray((128, 64), x.dtype, nl.shared_hbm)

    (text,) = said(kernel, X)
    assert "is returned, but nothing has written any of it:" in text


def test_two_cores_that_each_store_their_half_fill_a_result() -> None:
    def kernel(x):
        out = nl.ndarray((100, 64), x.dtype, nl.shared_hbm)
        rows = slice(50 * nl.program_id(), 50 * nl.program_id() + 50)
        nisa.dma_copy(out[rows], loaded(x[rows]))
        nisa.core_barrier(out, (0, 1))
        again = loaded(out)
        if nl.program_id() == 0:
            nisa.dma_copy(out, again)
        return out

    assert said(kernel, X, lnc=2) == []


def test_tiles_at_addresses_count_as_written_once_their_bytes_are() -> None:
    def kernel(x):
        whole = nl.ndarray((100, 64), x.dtype, address=(0, 0))
        nisa.dma_copy(nl.ndarray((100, 32), x.dtype, address=(0, 0)), x[:, :32])
        nisa.dma_copy(nl.ndarray((100, 32), x.dtype, address=(0, 128)), x[:, 32:])
        return stored(whole)

    assert said(kernel, X) == []


def test_a_part_of_a_tile_at_an_address_that_nothing_wrote_is_named() -> None:
    def kernel(x):
        tile = nl.ndarray((128, 64), x.dtype, address=(0, 256), name="placed")
        nisa.dma_copy(tile[:100], x)
        out = nl.ndarray((128, 64), x.dtype)
        nisa.tensor_copy(out, tile)
        return stored(out)

    (text,) = said(kernel, X)
    assert "placed [128, 64]" in text and "nothing has written partitions 100 to 127" in text


@pytest.mark.parametrize("missing", range(3))
@pytest.mark.parametrize("is_late", [False, True], ids=["placed first", "placed last"])
def test_what_other_tiles_at_its_address_wrote_counts(missing: int, is_late: bool) -> None:
    """Three tiles, one of which is left out, cover a fourth that is placed before or after."""

    def place(x):
        return nl.ndarray((100, 48), x.dtype, address=(0, 64), name="over")

    def kernel(x):
        over = None if is_late else place(x)
        for part in range(3):
            tile = nl.ndarray((100, 32), x.dtype, address=(0, 128 * part))
            if part != missing:
                nisa.dma_copy(tile, x[:, :32])
        return stored(place(x) if over is None else over)

    place_of_the_hole = ("0 to 15", "16 to 47", None)[missing]
    found = said(kernel, X)
    if place_of_the_hole is None:
        assert found == []
    else:
        assert len(found) == 1 and f"written elements {place_of_the_hole} of part" in found[0]


def test_tiles_that_take_turns_at_an_address_count_as_one() -> None:
    def kernel(x):
        out = nl.ndarray((100, 64), x.dtype)
        for half in range(2):
            columns = slice(32 * half, 32 * half + 32)
            turn = nl.ndarray((100, 64), x.dtype, address=(0, 0))
            nisa.dma_copy(turn[:, columns], x[:, columns])
        nisa.tensor_copy(out, nl.ndarray((100, 64), x.dtype, address=(0, 0)))
        return stored(out)

    assert said(kernel, X) == [] == said(kernel, ALONE)

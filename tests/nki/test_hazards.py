"""What only luck decides within one DMA, and arguments that are one array."""

import warnings

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, run, stored
from trnlab import KernelError, RaceWarning, nki

X = normal(8, 16)


def test_a_warning_points_to_the_kernel_and_comes_once_for_each_place():
    def kernel(x):
        for _ in range(3):
            nisa.dma_copy(x[1:], x[:-1])
        return x

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        run(kernel, X.copy())
    assert [(w.filename, w.lineno) for w in found] == [
        (__file__, kernel.__code__.co_firstlineno + 2)
    ]


def column(*rows):
    return np.array(rows, np.int32).reshape(-1, 1)


def scattered(x, index, **options):
    out = nl.ndarray((8, 16), nl.float32, nl.shared_hbm)
    nisa.dma_copy(out, loaded(x))
    place = out.ap([[16, 4], [1, 16]], vector_offset=loaded(index), indirect_dim=0)
    nisa.dma_copy(place, loaded(x[4:]), **options)
    return out


def test_rows_scattered_to_one_place_are_warned_of_and_the_last_one_stays():
    line = scattered.__code__.co_firstlineno + 4
    with pytest.warns(RaceWarning) as found:
        out = run(scattered, X, column(0, 2, 2, 2))
    assert str(found[0].message) == (
        f"dma_copy in line {line}: vector_offset names row 2 of shared_hbm_2 3 times; which of "
        "them stays is luck, since a DMA moves its pieces in no order (here the last one does). "
        "Give each row an index of its own, or drop rows with oob_mode.skip"
    )
    assert np.array_equal(out[2], X[7]) and np.array_equal(out[0], X[4])


@pytest.mark.parametrize("rows", [(0, 1, 2, 3), (7, 9, 9, -1)])
def test_rows_of_their_own_and_dropped_ones_are_not(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(lambda x, i: scattered(x, i, oob_mode=nisa.oob_mode.skip), X, column(*rows))


def test_gathering_a_row_twice_is_no_race():
    def kernel(x, index):
        tile = nl.ndarray((4, 16), nl.float32)
        nisa.dma_copy(tile, x.ap([[16, 4], [1, 16]], vector_offset=loaded(index), indirect_dim=0))
        return stored(tile)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(run(kernel, X, column(3, 3, 0, 3)), X[[3, 3, 0, 3]])


def test_sums_that_scatter_to_one_row_are_refused():
    def kernel(x, index):
        place = x.ap([[16, 4], [1, 16]], vector_offset=loaded(index), indirect_dim=0)
        nisa.dma_compute(place, [place, loaded(x[4:])], nl.add)
        return x

    with pytest.raises(KernelError) as refused:
        run(kernel, X.copy(), column(1, 0, 1, 2))
    assert str(refused.value).startswith(
        "dma_compute: vector_offset names row 1 of x 2 times; pieces that add to one row at once "
        "lose sums, so indices must be unique: "
    )
    assert np.array_equal(run(kernel, X.copy(), column(1, 0, 3, 2))[:4], X[:4] + X[[5, 4, 7, 6]])


def moved(copy):
    """A kernel with one DMA within a tensor in HBM."""

    def kernel(x):
        copy(x)
        return x

    return kernel


@pytest.mark.parametrize(
    "copy",
    [
        lambda x: nisa.dma_copy(x[1:], x[:-1]),
        lambda x: nisa.dma_copy(x[:, 1:9], x[:, 0:8]),
        lambda x: nisa.dma_copy(x[:, 0:8:2], x[:, 1:5]),
        lambda x: nisa.dma_compute(x[1:5], [x[2:6], x[1:5]], nl.add),
    ],
)
def test_a_dma_between_parts_that_overlap_is_warned_of_and_reads_before_it_writes(copy):
    with pytest.warns(RaceWarning, match=r"in line \d+: dst and src overlap in x \[8, 16\]; a DMA"):
        run(moved(copy), X.copy())


@pytest.mark.parametrize(
    "copy",
    [
        lambda x: nisa.dma_copy(x, x),
        lambda x: nisa.dma_copy(x[:4], x[4:]),
        lambda x: nisa.dma_copy(x[:, 0:16:2], x[:, 1:16:2]),
        lambda x: nisa.dma_compute(x[:4], [x[:4], x[4:]], nl.add),
    ],
)
def test_a_dma_in_place_or_between_parts_apart_is_not(copy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(moved(copy), X.copy())


def test_a_transpose_onto_itself_is_warned_of():
    def kernel(x):
        tile = loaded(x)
        nisa.dma_transpose(tile, tile)
        return stored(tile)

    with pytest.warns(RaceWarning, match="dma_transpose"):
        assert np.array_equal(run(kernel, X[:, :8]), X[:, :8].T)


def added(a, b):
    tile = loaded(a)
    nisa.tensor_scalar(tile, tile, nl.add, 1.0)
    nisa.dma_copy(a, tile)
    return stored(loaded(b))


def test_arguments_that_are_one_array_are_refused_if_the_kernel_writes_it():
    x = X.copy()
    with pytest.raises(KernelError, match="^inputs a and b are one array, and the kernel writes a"):
        run(added, x, x[:])
    assert np.array_equal(x, X)
    parts = np.concatenate([X, X])
    assert np.array_equal(run(added, parts[:8], parts[8:]), X)
    assert np.array_equal(parts[:8], X + 1)
    assert np.array_equal(run(lambda a, b: stored(loaded(b)), x, x), x)


def test_ranks_have_memories_of_their_own_whatever_arrays_they_get():
    def kernel(a):
        tile = loaded(a)
        nisa.tensor_scalar(tile, tile, nl.add, 1.0)
        nisa.dma_copy(a, tile)
        return a

    x = X.copy()
    with pytest.raises(KernelError, match="^input a: ranks 0, 1, 2 got one array, and the kernel"):
        trnlab.launch(nki.jit(kernel), [((x,), {})] * 3)
    assert np.array_equal(x, X)
    apart = [X.copy() for _ in range(3)]
    for out in trnlab.launch(nki.jit(kernel), [((each,), {}) for each in apart]):
        assert np.array_equal(out, X + 1)


def test_an_error_ends_with_the_line_of_the_kernel():
    def helper(tile):
        nisa.tensor_copy(tile, tile[:, :2])

    def kernel(x):
        helper(loaded(x))

    with pytest.raises(KernelError, match=rf" \(line {helper.__code__.co_firstlineno + 1}\)$"):
        run(kernel, X)

"""Tensors with addresses: shared bytes, waits, places, and what is refused."""

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, run, stored
from trnlab.errors import CapacityError, KernelError

pytestmark = pytest.mark.filterwarnings("ignore::trnlab.UnwrittenWarning")

X = normal(128, 64)


def at(shape, dtype, address, buffer=nl.sbuf):
    return nl.ndarray(shape, dtype, buffer, address=address)


def test_overlapping_tensors_share_their_bytes():
    def kernel(x):
        tile = at((128, 64), nl.float32, (0, 1024))
        nisa.dma_copy(dst=tile, src=x)
        corner = at((64, 32), nl.float32, (64, 1024 + 128))
        before = stored(corner)
        nisa.memset(dst=corner, value=1)
        return before, stored(tile), stored(at((128, 128), nl.bfloat16, (0, 1024)))

    before, after, as_bf16 = run(kernel, X)
    expected = X.copy()
    expected[64:, 32:] = 1
    assert np.array_equal(before, X[64:, 32:])
    assert np.array_equal(after, expected)
    assert np.array_equal(as_bf16.view(np.float32), expected)


def test_a_tensor_says_where_the_kernel_put_it():
    def kernel(x):
        tile = at((64, 64), nl.float32, (32, 512))
        nisa.dma_copy(dst=tile, src=x[0:64, :])
        assert tile.address == (32, 512) and tile[:, 0:8].address == (32, 512)
        bank = at((64, 64), nl.float32, (0, 2048), nl.psum)
        assert bank.address == (0, 2048)
        assert nl.ndarray((64, 64), nl.float32).address is None and x.address is None
        return stored(tile)

    assert np.array_equal(run(kernel, X), X[:64])


def test_an_aliased_write_is_waited_for():
    def kernel(x, second):
        tile = at((128, 64), nl.float32, (0, 0))
        nisa.dma_copy(dst=tile, src=x)
        return stored(at((128, 64), nl.float32, (0, second)))

    def reads_after_write(second):
        trace = trnlab.profile(kernel, trnlab.shape((128, 64)), second=second).timeline
        starts = trace["start_s"][trace["bytes"] > 0]
        return starts[1] > starts[0] + 1e-6

    assert reads_after_write(128)
    with pytest.raises(KernelError, match="nothing has written it"):
        reads_after_write(256)


def test_values_of_aliased_tensors_are_computed_again():
    def kernel(x):
        tile = at((128, 64), nl.float32, (0, 0))
        nisa.dma_copy(dst=tile, src=x)
        half = at((128, 32), nl.float32, (0, 128))
        nisa.memset(dst=half, value=2)
        return stored(tile)

    expected = X.copy()
    expected[:, 32:] = 2
    assert np.array_equal(trnlab.profile(kernel, X).values(2, "dst"), expected)


def test_cached_float32_values_do_not_outlive_an_aliased_write():
    def kernel(x):
        tile = at((128, 64), nl.bfloat16, (0, 0))
        nisa.dma_copy(dst=tile, src=x)
        first, second = (nl.ndarray((128, 64), nl.float32) for _ in range(2))
        nisa.tensor_copy(dst=first, src=tile)
        nisa.memset(dst=at((128, 32), nl.float32, (0, 0)), value=0)
        nisa.tensor_copy(dst=second, src=tile)
        return stored(second)

    assert not run(kernel, X).any()


def test_a_new_psum_tensor_at_an_old_address_is_overwritten_by_its_first_matmul():
    def kernel(a, b):
        left, right = loaded(a), loaded(b)
        outs = []
        for _ in range(2):
            acc = at((64, 64), nl.float32, (0, 2048), nl.psum)
            for _ in range(2):
                nisa.nc_matmul(dst=acc, stationary=left, moving=right)
            outs.append(stored(acc))
        return tuple(outs)

    a, b = normal(32, 64), normal(32, 64)
    first, second = run(kernel, a, b)
    assert np.array_equal(first, second)
    assert np.allclose(first, 2 * a.T @ b, atol=1e-4)


def test_fresh_bytes_are_nan_or_4_and_written_ones_stay():
    def kernel(x):
        tile = at((128, 32), nl.float32, (0, 0))
        nisa.dma_copy(dst=tile, src=x[:, 0:32])
        wide = at((128, 64), nl.float32, (0, 0))
        whole = at((128, 4), nl.int32, (0, 4096))
        nisa.memset(dst=whole[:, 0:1], value=9)
        return stored(wide), stored(whole)

    floats, integers = run(kernel, X)
    assert np.array_equal(floats[:, :32], X[:, :32])
    assert np.isnan(floats[:, 32:]).all()
    assert np.array_equal(integers[0], [9, 4, 4, 4])


def places(kernel, *shapes):
    prof = trnlab.profile(kernel, *map(trnlab.shape, shapes))
    names = prof.trace.allocations
    return {names[id].name: place for id, place in prof.timeline.places.items()}


def test_a_tile_without_an_address_avoids_those_that_have_one_while_both_live():
    def kernel(x):
        fixed = nl.ndarray((128, 64), nl.float32, name="fixed", address=(0, 0))
        nisa.dma_copy(dst=fixed, src=x)
        free = nl.ndarray((128, 64), nl.float32, name="free")
        nisa.tensor_copy(dst=free, src=fixed)
        later = nl.ndarray((128, 64), nl.float32, name="later", address=(0, 256))
        nisa.tensor_copy(dst=later, src=free)
        return stored(later)

    found = places(kernel, (128, 64))
    assert found["fixed"].address_bytes == 0 and found["later"].address_bytes == 256
    assert found["free"].address_bytes >= 512


def test_tiles_with_and_without_addresses_live_in_one_memory():
    def kernel(x):
        fixed = at((128, 50_000), nl.float32, (0, 0))
        nisa.memset(dst=fixed, value=0)
        free = nl.ndarray((128, 20_000), nl.float32)
        nisa.memset(dst=free, value=0)
        nisa.memset(dst=fixed, value=1)

    with pytest.raises(CapacityError, match="needs 80000 bytes per partition, but 1 live tiles"):
        run(kernel, X)


@pytest.mark.parametrize(
    ("shape", "address", "buffer", "error", "message"),
    [
        ((128, 4), (0, 100), nl.psum, KernelError, "must start at a PSUM bank: multiples of 2048"),
        ((128, 4), (0, 8 * 2048), nl.psum, CapacityError, "ends beyond 16384"),
        ((128, 4), (1, 0), nl.sbuf, KernelError, "128 partitions from 1 end beyond 128"),
        ((128, 4), (0, 2**18 - 8), nl.sbuf, CapacityError, "ends beyond 262144"),
        ((128, 4), (-1, 0), nl.sbuf, KernelError, "must start at"),
        ((128, 4), 7, nl.sbuf, KernelError, "should be .partition, byte offset."),
    ],
)
def test_an_address_that_no_tensor_may_have_is_refused(shape, address, buffer, error, message):
    with pytest.raises(error, match=message):
        run(lambda x: nl.ndarray(shape, nl.float32, buffer, address=address), X)


def test_start_partitions_count_for_the_engines():
    def kernel(x):
        tile = at((32, 64), nl.float32, (16, 0))
        nisa.memset(dst=tile, value=0)

    with pytest.raises(KernelError, match="32 partitions from partition 16"):
        run(kernel, X)

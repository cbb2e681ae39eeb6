"""Products are collected and operands kept: values are those of one product after the other."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trnlab.nki.isa as nisa
from tests.isa.harness import run, tile
from trnlab.isa import accumulation
from trnlab.memory import tensor

K, M, N = 8, 4, 6


def whole(*shape, seed=0, dtype=ml_dtypes.bfloat16):
    """Small whole numbers: their sums are exact in any order."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


def product(a, b):
    return a.astype(np.float32).T @ b.astype(np.float32)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float32])
def test_an_operand_that_was_written_between_two_sums_counts_with_its_new_values(dtype):
    def body(a, b, later):
        first, second = tile((M, N), "float32", "psum"), tile((M, N), "float32", "psum")
        nisa.nc_matmul(first, a, b)
        nisa.tensor_copy(a, later)
        nisa.nc_matmul(second, a, b)
        return first, second

    a, b, later = (
        whole(K, M, dtype=dtype), whole(K, N, seed=1, dtype=dtype), whole(K, M, seed=2, dtype=dtype)
    )  # fmt: skip
    first, second = run(body, a, b, later)
    assert np.array_equal(first, product(a, b))
    assert np.array_equal(second, product(later, b))


def test_a_tile_at_an_address_that_another_name_overwrites_counts_with_its_new_values():
    import trnlab.nki.language as nl

    def body(a, b):
        place = nl.ndarray((K, M), a.dtype, nl.sbuf, address=(0, 0))
        wider = nl.ndarray((K, 2 * M), a.dtype, nl.sbuf, address=(0, 0))
        nisa.tensor_copy(place, a)
        first, second = tile((M, N), "float32", "psum"), tile((M, N), "float32", "psum")
        nisa.nc_matmul(first, place, b)
        nisa.memset(wider, 1)
        nisa.nc_matmul(second, place, b)
        return first, second

    a, b = whole(K, M), whole(K, N, seed=1)
    first, second = run(body, a, b)
    assert np.array_equal(first, product(a, b))
    assert np.array_equal(second, product(np.ones_like(a), b))


ORDERS = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=6),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(orders=ORDERS, limit=st.sampled_from([8, 24, 2048]), kept=st.sampled_from([0, 2**25]))
def test_any_sums_that_begin_alike_and_part_later_are_those_of_numpy(orders, limit, kept):
    """Each list is one PSUM tile; its products come in turn with those of the others."""

    def body(*tiles):
        left, right = tiles[:3], tiles[3:]
        sums = [tile((M, N), "float32", "psum") for _ in orders]
        for turn in range(6):
            for acc, order in zip(sums, orders, strict=True):
                if turn < len(order):
                    i, j = order[turn]
                    nisa.nc_matmul(acc, left[i], right[j], accumulate=turn > 0)
        return tuple(sums)

    left, right = (
        [whole(K, M, seed=i) for i in range(3)],
        [whole(K, N, seed=9 + i) for i in (0, 1, 2)],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accumulation, "MAX_K", limit)
        patch.setattr(accumulation, "MAX_KEPT_BYTES", kept)
        patch.setattr(accumulation, "_kept", accumulation._Kept())
        found = run(body, *left, *right)
    found = found if isinstance(found, tuple) else (found,)
    for values, order in zip(found, orders, strict=True):
        assert np.array_equal(values, sum(product(left[i], right[j]) for i, j in order))


PARTS = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 1),  # which left and which right block
            st.integers(0, 1),  # which tile of it
            st.integers(0, 8 - M),  # from which column on
            st.integers(0, 12 - N),
            st.booleans(),  # whether something is written beside it before
        ),
        min_size=1,
        max_size=5,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    orders=PARTS,
    longest=st.sampled_from([4, 8, 1024]),
    least=st.sampled_from([1, 12, 512]),
    products=st.sampled_from([1, 4]),
    limit=st.sampled_from([16, 2048]),
)
def test_parts_of_blocks_that_are_multiplied_as_whole_rows_give_the_values_of_numpy(
    orders, longest, least, products, limit
):
    widths = ((8, 6), (12, 16))  # of the blocks of each side
    lefts = [whole(K, 2, width, seed=width) for width in widths[0]]
    rights = [whole(K, 2, width, seed=9 + width) for width in widths[1]]

    def steps():
        """What each product takes: tile to add to, blocks, columns, and whether one is written."""
        for turn in range(5):
            for number, order in enumerate(orders):
                if turn < len(order):
                    block, at, left, right, writes = order[turn]
                    left = min(left, widths[0][block] - M)
                    yield number, turn, block, at, left, right, writes

    def body(*blocks):
        sums = [tile((M, N), "float32", "psum") for _ in orders]
        for number, turn, block, at, left, right, writes in steps():
            a, b = blocks[block], blocks[2 + block]
            if writes:
                nisa.memset(a[:, at, 0:3], turn - 2)
            nisa.nc_matmul(
                sums[number], a[:, at, left : left + M], b[:, at, right : right + N],
                accumulate=turn > 0,
            )  # fmt: skip
        return tuple(sums)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tensor, "LONGEST_ROW", longest)
        patch.setattr(accumulation, "MAX_K", limit)
        patch.setattr(accumulation, "MIN_K", least)
        patch.setattr(accumulation, "MAX_PRODUCTS", products)
        patch.setattr(accumulation, "_kept", accumulation._Kept())
        found = run(body, *lefts, *rights)
    expected = [np.zeros((M, N), np.float32) for _ in orders]
    lefts = [block.copy() for block in lefts]
    for number, turn, block, at, left, right, writes in steps():
        if writes:
            lefts[block][:, at, 0:3] = turn - 2
        a, b = lefts[block][:, at], rights[block][:, at]
        expected[number] += product(a[:, left : left + M], b[:, right : right + N])
    for values, due in zip(found if isinstance(found, tuple) else (found,), expected, strict=True):
        assert np.array_equal(values, due)


def test_an_operand_that_is_gathered_from_a_block_is_no_row_of_it():
    offsets = np.arange(16)[::-1] * 2  # in the block, flat: in both of its tiles

    def body(a, block, index):
        acc = tile((M, 16), "float32", "psum")
        nisa.nc_matmul(acc, a, block.indirect(index, 16))
        return acc

    a, block = whole(32, M), whole(32, 2, 20, seed=1)
    index = np.zeros((32, 1), np.uint16)
    index[:16, 0] = offsets
    due = product(a, block.reshape(32, -1)[:, offsets])
    assert np.array_equal(run(body, a, block, index), due)


def test_a_product_of_whole_rows_that_was_not_kept_is_made_in_parts_from_then_on():
    made = []

    def body(a, b):
        sums = [tile((M, N), "float32", "psum") for _ in range(2)]
        for column, acc in zip((0, M), sums, strict=True):
            for turn in range(3):
                part = a[:, turn, column : column + M]
                nisa.nc_matmul(acc, part, b[:, turn, :], accumulate=turn > 0)
        return tuple(sums)

    class Counted(accumulation._Kept):
        def _make(self, left, right):
            made.append(left.shape)
            return super()._make(left, right)

    a, b = whole(K, 3, 2 * M), whole(K, 3, N, seed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accumulation, "MAX_K", K)
        patch.setattr(accumulation, "MIN_K", 1)
        patch.setattr(accumulation, "MAX_PRODUCTS", 1)
        patch.setattr(accumulation, "_kept", Counted())
        found = run(body, a, b)
    due = sum(product(a[:, turn], b[:, turn]) for turn in range(3))
    assert np.array_equal(np.concatenate(found), due)
    assert made == [(K, 2 * M)] * 3


def test_kept_operands_stay_within_their_limit():
    def body(*tiles):
        sums = []
        for a in tiles[:-1]:
            sums.append(tile((M, N), "float32", "psum"))
            nisa.nc_matmul(sums[-1], a, tiles[-1])
        return tuple(sums)

    run(body, *[whole(K, M, seed=i) for i in range(40)], whole(K, N))
    kept = accumulation._kept
    assert kept.held_bytes == sum(stack.array.nbytes for stack in kept.stacks.values())
    assert kept.held_bytes <= accumulation.MAX_KEPT_BYTES
    assert kept.free_bytes <= accumulation.MAX_FREE_BYTES

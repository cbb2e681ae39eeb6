"""iota, affine_select, gathers and what goes across partitions."""

import ml_dtypes
import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import in_psum, like, normal, run, tile
from trnlab import KernelError


def counted(shape, dtype="int32", **options):
    def body():
        out = tile(shape, dtype)
        nisa.iota(dst=out, **options)
        return out

    return body


def test_iota_adds_partition_and_index_steps():
    found = run(counted((4, 2, 3), pattern=[[10, 2], [1, 3]], offset=5, channel_multiplier=100))
    p, i, j = np.ix_(range(4), range(2), range(3))
    assert np.array_equal(found, 5 + 100 * p + 10 * i + j)


def test_iota_wraps_around_in_32_bits_and_casts():
    assert run(counted((1, 2), pattern=[[1, 2]], offset=2**31 - 1)).tolist() == [
        [2**31 - 1, -(2**31)]
    ]
    assert run(counted((1, 3), "float32", pattern=[[-1, 3]])).tolist() == [[0, -1, -2]]
    assert run(counted((1, 3), "bfloat16", pattern=[[0, 3]], offset=257)).astype(int).tolist() == [
        [256, 256, 256]
    ]


def test_iota_counts_need_not_be_dst_s_dimensions():
    assert np.array_equal(run(counted((2, 6), pattern=[[3, 2], [1, 3]])), [range(6)] * 2)


@pytest.mark.parametrize(
    "pattern, message",
    [
        ([[1, 5]], r"pattern \[\[1, 5\]\] counts 5 elements per partition, dst \[2, 6\] has 6"),
        ([[1, 1]] * 5, r"has 5 \[step, count\] pairs, allowed are 1 to 4"),
    ],
)
def test_iota_refuses_patterns(pattern, message):
    with pytest.raises(KernelError, match=message):
        run(counted((2, 6), pattern=pattern))


def test_iota_writes_sbuf_only():
    with pytest.raises(KernelError, match="iota: dst is in PSUM, allowed is SBUF"):
        run(lambda: nisa.iota(tile((2, 6), "int32", "psum"), [[1, 6]]))


@pytest.mark.parametrize(
    "op, test",
    [
        (nl.equal, np.equal),
        (nl.not_equal, np.not_equal),
        (nl.greater, np.greater),
        (nl.greater_equal, np.greater_equal),
        (nl.less, np.less),
        (nl.less_equal, np.less_equal),
    ],
)
def test_affine_select_masks_by_position(op, test):
    def body(x):
        out = like(x)
        nisa.affine_select(
            dst=out,
            pattern=[[-1, 8]],
            channel_multiplier=1,
            on_true_tile=x,
            on_false_value=-9984.0,
            cmp_op=op,
            offset=1,
        )
        return out

    x = normal(6, 8)
    position = 1 + np.arange(6)[:, None] - np.arange(8)
    assert np.array_equal(run(body, x), np.where(test(position, 0), x, np.float32(-9984)))


def test_affine_select_compares_for_equality_by_default_and_casts():
    def body(x):
        out = like(x, "bfloat16")
        nisa.affine_select(out, [[-1, 4]], 1, x, 0.1)
        return out

    x = normal(4, 4)
    expected = np.where(np.eye(4), x, np.float32(0.1)).astype(ml_dtypes.bfloat16)
    assert np.array_equal(run(body, x), expected)


def test_affine_select_stays_in_sbuf_and_compares():
    def from_psum(x):
        nisa.affine_select(like(x), [[1, 4]], 1, in_psum(x), 0.0)

    with pytest.raises(KernelError, match="on_true_tile is in PSUM, allowed is SBUF"):
        run(from_psum, normal(4, 4))

    def adds(x):
        nisa.affine_select(like(x), [[1, 4]], 1, x, 0.0, nl.add)

    with pytest.raises(KernelError, match="cmp_op add is no comparison"):
        run(adds, normal(4, 4))


@pytest.mark.parametrize(
    "op, reference",
    [
        (nl.add, np.sum),
        (nl.average, np.mean),
        (nl.maximum, np.max),
        (np.max, np.max),
    ],
)
def test_reductions_over_partitions(op, reference):
    def body(x):
        out = tile((1, x.shape[1]), "float32")
        nisa.tensor_partition_reduce(dst=out, op=op, data=x)
        return out

    x = normal(48, 5)
    assert np.allclose(run(body, x)[0], reference(x, axis=0), rtol=1e-5, atol=1e-6)


def test_bit_reductions_over_partitions():
    def body(op):
        def reduce(x):
            out = tile((1, x.shape[1]), "int32")
            nisa.tensor_partition_reduce(out, op, x)
            return out

        return reduce

    x = np.array([[6, 1], [3, 9]], np.int32)
    assert run(body(nl.bitwise_or), x).tolist() == [[7, 9]]
    assert run(body(nl.bitwise_and), x).tolist() == [[2, 1]]
    with pytest.raises(KernelError, match="multiply is none of nl.add, nl.average"):
        run(body(nl.multiply), x)


def gathered(count, elements, valid=None):
    def body(src, index):
        out = tile((src.shape[0], count * elements), src.dtype)
        nisa.local_gather(out, src, index, elements, valid)
        return out

    return body


@pytest.mark.parametrize("elements", [1, 4])
def test_local_gather_reads_its_indices_column_by_column(elements):
    rng = np.random.default_rng(0)
    src = normal(32, 64)
    index = rng.integers(0, 64 - elements, (32, 2)).astype(np.uint16)
    found = run(gathered(20, elements, 20), src, index)
    for p in range(32):
        first = p // 16 * 16
        flat = index[first : first + 16].flatten(order="F")[:20].astype(int)
        expected = [src[p, i + e] for i in flat for e in range(elements)]
        assert np.array_equal(found[p], expected)


def test_local_gather_takes_all_indices_by_default():
    src, index = normal(16, 8), np.arange(16, dtype=np.uint16).reshape(16, 1) % 8
    assert np.array_equal(run(gathered(16, 1), src, index), src[:, index[:, 0]])


@pytest.mark.parametrize(
    "shape, dtype, elements, message",
    [
        ((16, 1), "uint32", 1, "index is uint32, allowed is uint16"),
        ((16, 1), "uint16", 3, "num_elem_per_idx is 3, allowed are"),
        ((17, 1), "uint16", 1, "both need the same multiple of 16"),
    ],
)
def test_local_gather_refuses(shape, dtype, elements, message):
    with pytest.raises(KernelError, match=message):
        run(gathered(16, elements), normal(16 if shape[0] == 16 else 17, 8), np.zeros(shape, dtype))


def test_an_index_out_of_range_is_an_error():
    with pytest.raises(KernelError, match="local_gather: index 8 leaves the 8 elements"):
        run(gathered(16, 1), normal(16, 8), np.full((16, 1), 8, np.uint16))


def test_nc_n_gather_works_within_partitions():
    def body(x, i):
        out = tile(i.shape, x.dtype)
        nisa.nc_n_gather(dst=out, data=x, indices=i)
        return out

    x = normal(8, 3, 5).astype(ml_dtypes.bfloat16)
    index = np.random.default_rng(0).integers(0, 15, (8, 600)).astype(np.uint32)
    expected = np.take_along_axis(x.reshape(8, 15), index.astype(np.int64), axis=1)
    assert np.array_equal(run(body, x, index), expected)
    with pytest.raises(KernelError, match="indices is int32, allowed is uint32"):
        run(body, x, index.astype(np.int32))
    with pytest.raises(KernelError, match="nc_n_gather: index 15 leaves the 15 elements"):
        run(body, x, np.full((8, 1), 15, np.uint32))


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_sequence_bounds_mark_each_segment(dtype):
    def body(ids):
        out = tile((1, 2, ids.shape[1]), ids.dtype)
        nisa.sequence_bounds(dst=out, segment_ids=ids)
        return out

    ids = np.array([[0, 3, 3, 3, 5, 7, 7, 0]], dtype)
    assert run(body, ids)[0].tolist() == [[8, 1, 1, 1, 4, 5, 5, 8], [-1, 4, 4, 4, 5, 7, 7, -1]]
    with pytest.raises(KernelError, match="segment_ids .* has 2 partitions, allowed is 1"):
        run(body, np.ones((2, 4), dtype))


def test_nonzero_with_count_touches_every_sixteenth_partition():
    def body(x):
        out = tile((32, 9), "int32")
        nisa.memset(out, 77)
        nisa.nonzero_with_count(dst=out, src=x, index_offset=16, padding_val=-1)
        return out

    x = np.zeros((32, 8), np.float32)
    x[0, [1, 2, 5]] = 1
    x[1] = 1  # not read
    found = run(body, x)
    assert found[0].tolist() == [17, 18, 21, -1, -1, -1, -1, -1, 3]
    assert found[16].tolist() == [-1] * 8 + [0]
    assert (found[1:16] == 77).all() and (found[17:] == 77).all()


def test_nonzero_with_count_refuses():
    def body(x):
        nisa.nonzero_with_count(tile((16, 9), "int32"), x)

    with pytest.raises(KernelError, match="src is bfloat16, allowed is float32 or int32"):
        run(body, normal(16, 8).astype(ml_dtypes.bfloat16))
    with pytest.raises(KernelError, match=r"dst \[16, 9\] should be \[16, 8\]"):
        run(body, normal(16, 7))
    with pytest.raises(KernelError, match="nonzero_with_count: exists from NeuronCore-v3"):
        run(body, normal(16, 8), chip="trn1")


def topk(k, n):
    def body(x):
        values, indices = tile((x.shape[0], k), "bfloat16"), tile((x.shape[0], k), "uint32")
        nisa.topk(val_dst=values, idx_dst=indices, src=x, n=n)
        return values, indices

    return body


def test_topk_of_numbers_that_snake_over_sixteen_partitions():
    rng = np.random.default_rng(0)
    x = rng.permutation(96).astype(ml_dtypes.bfloat16).reshape(32, 3)
    values, indices = run(topk(8, 42), x)
    for first in (0, 16):
        snake = x[first : first + 16].T.reshape(-1)[:42].astype(np.float32)
        order = np.argsort(snake)[-8:]
        assert np.array_equal(indices[first], order)
        assert np.array_equal(values[first].astype(np.float32), snake[order])
        assert (indices[first : first + 16] == order).all()


@pytest.mark.parametrize(
    "k, n, message",
    [
        (8, 7, "n is 7, allowed is 8 to 65535"),
        (43, 42, "val_dst asks for 43 of 42 numbers"),
        (8, 49, "src .* holds 48 numbers in each group of 16 partitions, n is 49"),
    ],
)
def test_topk_refuses(k, n, message):
    with pytest.raises(KernelError, match=message):
        run(topk(k, n), normal(16, 3).astype(ml_dtypes.bfloat16))


def test_topk_takes_bf16():
    with pytest.raises(KernelError, match="src is float32, allowed is bfloat16"):
        run(topk(8, 42), normal(16, 3))

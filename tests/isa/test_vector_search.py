"""max8, nc_find_index8, nc_match_replace8."""

import numpy as np
import pytest

import trnlab.nki.isa as nisa
from tests.isa.harness import normal, run, tile
from trnlab import KernelError

NONE = 0xFFFFFFFF


def largest(x):
    out = tile((x.shape[0], 8), "float32")
    nisa.max8(dst=out, src=x)
    return out


def found(dtype="uint32"):
    def body(data, vals):
        out = tile((data.shape[0], 8), dtype)
        nisa.nc_find_index8(dst=out, data=data, vals=vals)
        return out

    return body


def replaced(data, vals):
    out, at = tile(data.shape, "float32"), tile((data.shape[0], 8), "uint32")
    nisa.nc_match_replace8(dst=out, data=data, vals=vals, imm=-1.0, dst_idx=at)
    return out, at


@pytest.mark.parametrize("count", [8, 9, 500])
def test_the_eight_largest_come_in_descending_order(count):
    x = normal(6, count)
    assert np.array_equal(run(largest, x), -np.sort(-x, axis=1)[:, :8])


def test_equal_numbers_are_all_found():
    x = np.array([[3, 3, 1, 3, 0, 0, 2, 2, 1]], np.float32)
    assert run(largest, x).tolist() == [[3, 3, 3, 2, 2, 1, 1, 0]]


@pytest.mark.parametrize("count", [7, 16385])
def test_the_number_of_elements_is_limited(count):
    with pytest.raises(
        KernelError, match=f"src has {count} elements per partition, allowed are 8 to"
    ):
        run(largest, normal(1, count))


def test_more_than_three_dimensions_are_refused():
    with pytest.raises(KernelError, match="has 4 dimensions, at most 3 fit"):
        run(largest, normal(2, 2, 2, 4))


def test_an_index_is_that_of_the_first_occurrence():
    data = np.array([[5, 1, 7, 1, 7, 7, 0, 2, 3]], np.float32)
    vals = np.array([[7, 1, 5, 0, 9, 2, 3, 8]], np.float32)
    assert run(found(), data, vals).tolist() == [[2, 1, 0, 6, NONE, 7, 8, NONE]]
    assert run(found("uint16"), data, vals).tolist() == [[2, 1, 0, 6, 65535, 7, 8, 65535]]


def test_equal_values_take_positions_upward():
    data = np.array([[1, 2, 3, 4, 8, 8, 8, 8, 8, 8, 8]], np.float32)
    vals = np.array([[3, 8, 8, 8, 8, 8, 8, 8]], np.float32)
    assert run(found(), data, vals).tolist() == [[2, 4, 5, 6, 7, 8, 9, 10]]


def test_replacing_serves_equal_values_downward():
    data = np.array([[1, 2, 3, 4, 8, 8, 8, 8, 8, 8, 8]], np.float32)
    vals = np.array([[3, 8, 8, 8, 8, 8, 8, 8]], np.float32)
    out, at = run(replaced, data, vals)
    assert at.tolist() == [[2, 10, 9, 8, 7, 6, 5, 4]]
    assert out.tolist() == [[1, 2, -1, 4, -1, -1, -1, -1, -1, -1, -1]]


def test_a_value_that_runs_out_leaves_the_low_slots_without_index():
    data = np.array([[8, 1, 8, 0, 0, 0, 0, 0]], np.float32)
    vals = np.array([[8, 8, 8, 5, 1, 9, 9, 9]], np.float32)
    out, at = run(replaced, data, vals)
    assert at.tolist() == [[NONE, 2, 0, NONE, 1, NONE, NONE, NONE]]
    assert out.tolist() == [[-1, -1, -1, 0, 0, 0, 0, 0]]


def test_rows_are_independent_and_the_index_tile_is_optional():
    def body(data, vals):
        nisa.nc_match_replace8(dst=data, data=data, vals=vals, imm=0.0)
        return data

    x = normal(16, 40)
    vals = -np.sort(-x, axis=1)[:, :8]
    expected = np.where(x >= vals[:, 7:], 0, x)
    assert np.array_equal(run(body, x, vals), expected)


def test_topk_by_max8_and_match_replace8():
    def body(x):
        first, second = tile((4, 8), "float32"), tile((4, 8), "float32")
        rest = tile(x.shape, "float32")
        nisa.max8(dst=first, src=x)
        nisa.nc_match_replace8(dst=rest, data=x, vals=first, imm=-1e30)
        nisa.max8(dst=second, src=rest)
        return first, second

    x = np.random.default_rng(0).integers(0, 20, (4, 64)).astype(np.float32)
    expected = -np.sort(-x, axis=1)[:, :16]
    assert np.array_equal(np.concatenate(run(body, x), axis=1), expected)


def test_slots_are_eight_and_indices_unsigned():
    with pytest.raises(KernelError, match=r"vals \[1, 7\] should be \[1, 8\]: eight values"):
        run(found(), normal(1, 9), normal(1, 7))
    with pytest.raises(KernelError, match="dst is int32, allowed is uint16 or uint32"):
        run(found("int32"), normal(1, 9), normal(1, 8))

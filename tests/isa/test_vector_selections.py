"""range_select and select_reduce."""

import ml_dtypes
import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import in_psum, like, normal, run, tile
from trnlab import KernelError

LOWEST = np.finfo(np.float32).min
CMD = nisa.reduce_cmd


def in_range(dtype=None, op0=nl.greater_equal, op1=nl.less, **options):
    def body(x, low, high):
        out, result = like(x, dtype), tile((x.shape[0], 1), "float32")
        nisa.range_select(out, x, op0, op1, low, high, reduce_res=result, **options)
        return out, result

    return body


def bounds(*values):
    return np.array(values, np.float32).reshape(-1, 1)


@pytest.mark.parametrize("start", [0, 5])
def test_elements_are_kept_by_their_index(start):
    x = normal(3, 10)
    low, high = bounds(0, 3, 9), bounds(4, 12, 9)
    out, result = run(in_range(range_start=start), x, low, high)
    index = np.arange(10) + start
    expected = np.where((index >= low) & (index < high), x, LOWEST)
    assert np.array_equal(out, expected)
    assert np.array_equal(result, expected.max(1, keepdims=True))


@pytest.mark.parametrize(
    "op, test",
    [
        (nl.equal, np.equal),
        (nl.less, np.less),
        (nl.less_equal, np.less_equal),
        (nl.greater, np.greater),
        (nl.greater_equal, np.greater_equal),
    ],
)
def test_all_five_comparisons(op, test):
    x = normal(2, 6)
    out = run(in_range(op0=op, op1=op), x, bounds(2, 3), bounds(2, 3))[0]
    assert np.array_equal(out, np.where(test(np.arange(6), bounds(2, 3)), x, LOWEST))


def test_the_fill_becomes_infinite_in_bf16_but_not_in_the_maximum():
    out, result = run(in_range("bfloat16"), normal(1, 4), bounds(9), bounds(9))
    assert np.isneginf(out.astype(np.float32)).all() and result == LOWEST


def test_the_maximum_goes_on_over_calls():
    def body(x, low, high):
        out, result = like(x), tile((2, 1), "float32")
        nisa.range_select(out, x, nl.greater_equal, nl.less, low, high)
        nisa.range_select(
            out, x, nl.less, nl.less, low, high, CMD.reduce, result, on_false_value=float(LOWEST)
        )
        return result

    x = normal(2, 6)
    assert np.array_equal(run(body, x, bounds(3, 3), bounds(6, 6)), x.max(1, keepdims=True))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"op0": nl.not_equal}, "comp_op0 is not_equal, allowed are nl.equal"),
        ({"on_false_value": 0.0}, "on_false_value must be the lowest float32"),
        ({"reduce_op": nl.add}, "reduce_op add is not among maximum"),
        ({"range_start": 2**24}, "leave 2.24, up to which float32 is exact"),
    ],
)
def test_range_select_refuses(options, message):
    with pytest.raises(KernelError, match=message):
        run(in_range(**options), normal(1, 4), bounds(0), bounds(1))


def test_range_select_exists_from_neuroncore_v3_on():
    with pytest.raises(KernelError, match="range_select: exists from NeuronCore-v3 .trn2. on"):
        run(in_range(), normal(1, 4), bounds(0), bounds(1), chip="trn1")


def test_bounds_are_float32_vectors():
    with pytest.raises(KernelError, match="bound0 is int32, allowed is float32"):
        run(in_range(), normal(1, 4), np.zeros((1, 1), np.int32), bounds(1))


def picked(**options):
    def body(p, x, *vectors):
        out = like(x)
        false = vectors[0] if vectors else -2.0
        nisa.select_reduce(dst=out, predicate=p, on_true=x, on_false=false, **options)
        return out

    return body


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
@pytest.mark.parametrize("reverse", [False, True])
def test_select_reduce_picks_by_a_predicate(dtype, reverse):
    x, p = normal(4, 8), np.eye(4, 8).astype(dtype)
    expected = np.where((p != 0) != reverse, x, np.float32(-2))
    assert np.array_equal(run(picked(reverse_pred=reverse), p, x), expected)


def test_select_reduce_takes_a_vector_and_gives_the_maximum():
    def body(p, x, v):
        out, result = like(x), tile((4, 1), "float32")
        nisa.select_reduce(out, p, x, v, result, CMD.reset_reduce)
        return out, result

    x, v, p = normal(4, 8), normal(4, 1, seed=1), np.eye(4, 8).astype(np.uint8)
    out, result = run(body, p, x, v)
    assert np.array_equal(out, np.where(p, x, v))
    assert np.array_equal(result, out.max(1, keepdims=True))


def test_select_reduce_refuses():
    x, p = normal(4, 8), np.ones((4, 8), np.uint8)
    with pytest.raises(KernelError, match="predicate is int32, allowed is int8 or uint8"):
        run(picked(), p.astype(np.int32), x)
    with pytest.raises(KernelError, match="on_true is int32; it takes any other dtype"):
        run(picked(), p, x.astype(np.int32))
    with pytest.raises(KernelError, match="predicate and on_true are both in PSUM"):
        run(lambda p, x: nisa.select_reduce(like(x), in_psum(p), in_psum(x), 0.0), p, x)
    with pytest.raises(KernelError, match="reduce_res is int32; use a float"):
        run(
            lambda p, x: nisa.select_reduce(
                like(x), p, x, 0.0, tile((4, 1), "int32"), CMD.reset_reduce
            ),
            p,
            x,
        )


def test_bf16_passes_through_float32():
    x, p = normal(4, 8).astype(ml_dtypes.bfloat16), np.eye(4, 8).astype(np.uint8)
    assert np.array_equal(run(picked(), p, x), np.where(p, x, ml_dtypes.bfloat16(-2)))

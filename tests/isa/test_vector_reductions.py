"""Reductions, scans, and the accumulators of the Vector engine."""

import ml_dtypes
import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import like, normal, profile, run, tile
from trnlab import KernelError

CMD = nisa.reduce_cmd


def reduced(op, axis, shape, dtype="float32", negate=False):
    def body(x):
        out = tile(shape, dtype)
        nisa.tensor_reduce(dst=out, op=op, data=x, axis=axis, negate=negate)
        return out

    return body


@pytest.mark.parametrize(
    "op, reference",
    [
        (nl.add, np.sum),
        (np.add, np.sum),
        (nl.multiply, np.prod),
        (nl.maximum, np.max),
        (np.max, np.max),
        (nl.max, np.max),
        (nl.minimum, np.min),
        (nl.logical_and, np.all),
        (nl.logical_or, np.any),
    ],
)
def test_reductions_of_the_last_axes(op, reference):
    x = normal(4, 3, 5)
    expected = reference(x, axis=(1, 2)).astype(np.float32).reshape(4, 1)
    assert np.allclose(run(reduced(op, (1, 2), (4, 1)), x), expected, rtol=1e-6)
    expected = reference(x, axis=2).astype(np.float32)
    assert np.allclose(run(reduced(op, 2, (4, 3)), x), expected, rtol=1e-6)
    assert np.allclose(run(reduced(op, [-1], (4, 3, 1)), x)[..., 0], expected, rtol=1e-6)


def test_negate_is_free_of_cost_and_of_rounding():
    x = normal(4, 5)
    assert np.array_equal(
        run(reduced(nl.maximum, 1, (4, 1), negate=True), x), -x.max(1, keepdims=True)
    )


def test_sums_are_float32_and_rounded_once():
    x = np.full((1, 512), 1 + 2**-7, ml_dtypes.bfloat16)
    assert run(reduced(nl.add, 1, (1, 1), "bfloat16"), x).astype(np.float32) == 516.0


def test_bit_reductions_take_integers():
    x = np.array([[6, 3, 2], [12, 8, 9]], np.int32)
    assert run(reduced(nl.bitwise_and, 1, (2, 1), "int32"), x).tolist() == [[2], [8]]
    with pytest.raises(KernelError, match="bitwise_or works on integers"):
        run(reduced(nl.bitwise_or, 1, (2, 1)), normal(2, 3))
    with pytest.raises(KernelError, match="negate goes with arithmetic operators"):
        run(reduced(nl.bitwise_or, 1, (2, 1), "int32", negate=True), x)


@pytest.mark.parametrize("axis", [0, (0, 1), 1, (), (2, 1, 0)])
def test_only_the_last_free_axes_can_be_reduced(axis):
    with pytest.raises(KernelError, match=r"tensor_reduce: axis .* it reduces the last free axes"):
        run(reduced(nl.add, axis, (4, 1)), normal(4, 3, 5))


def test_the_destination_has_what_is_left():
    with pytest.raises(KernelError, match=r"dst \[4, 1\] should be \[4, 3\]: data is \[4, 3, 5\]"):
        run(reduced(nl.add, 2, (4, 1)), normal(4, 3, 5))


@pytest.mark.parametrize("op", [nl.equal, nl.divide, nl.abs_max])
def test_element_operators_are_no_reductions(op):
    with pytest.raises(KernelError, match="is not a reduction; use one of nl.add"):
        run(reduced(op, 1, (4, 1)), normal(4, 4))


def scalar_reduced(*calls, **fixed):
    """Calls in a row, each with its own options; the last writes reduce_res."""

    def body(x, *vectors):
        out, result = like(x), tile((x.shape[0], 1), "float32")
        for i, options in enumerate(calls):
            given = {"op0": nl.multiply, "operand0": 2.0, "reduce_op": nl.add} | fixed | options
            if given.get("reduce_init") == "vector":
                given["reduce_init"] = vectors[0]
            last = {"reduce_res": result} if i == len(calls) - 1 else {}
            nisa.tensor_scalar_reduce(dst=out, data=x, **given, **last)
        return out, result

    return body


def test_tensor_scalar_reduce():
    x = normal(4, 2, 6)
    out, result = run(scalar_reduced({}), x)
    assert np.array_equal(out, x * 2)
    assert np.allclose(result[:, 0], (x * 2).sum((1, 2)), rtol=1e-6)


@pytest.mark.parametrize(
    "op, reference", [(nl.maximum, np.max), (nl.minimum, np.min), (nl.multiply, np.prod)]
)
def test_its_other_reductions(op, reference):
    x = normal(4, 6)
    result = run(scalar_reduced({}, reduce_op=op), x)[1]
    assert np.allclose(result[:, 0], reference(x * 2, axis=1), rtol=1e-6)


def test_accumulators_persist_from_one_instruction_to_the_next():
    x = normal(4, 6)
    result = run(scalar_reduced({}, {"reduce_cmd": CMD.reduce}, {"reduce_cmd": CMD.reduce}), x)[1]
    assert np.allclose(result[:, 0], 3 * (x * 2).sum(1), rtol=1e-5)


def test_load_reduce_starts_from_a_value_or_a_vector():
    x, v = normal(4, 6), normal(4, 1, seed=3)
    options = {"reduce_cmd": CMD.load_reduce}
    constant = run(scalar_reduced(options | {"reduce_init": 100.0}), x)[1]
    assert np.allclose(constant[:, 0], 100 + (x * 2).sum(1), rtol=1e-6)
    vector = run(scalar_reduced(options | {"reduce_init": "vector"}), x, v)[1]
    assert np.allclose(vector, v + (x * 2).sum(1, keepdims=True), rtol=1e-5)


def test_the_negated_result_leaves_the_accumulators_as_they_are():
    x = normal(4, 6)
    calls = ({"reduce_res_negate": True}, {"reduce_cmd": CMD.reduce})
    assert np.allclose(run(scalar_reduced(*calls), x)[1][:, 0], 2 * (x * 2).sum(1), rtol=1e-5)
    assert np.allclose(run(scalar_reduced(calls[0]), x)[1][:, 0], -(x * 2).sum(1), rtol=1e-6)


def test_accumulators_that_nothing_has_set_cannot_be_continued():
    with pytest.raises(
        KernelError, match="goes on with the accumulators of the vector engine, but"
    ):
        run(scalar_reduced({"reduce_cmd": CMD.reduce}), normal(4, 4))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"reduce_cmd": CMD.reset}, "reduce_cmd.reset is not among"),
        (
            {"reduce_op": nl.abs_max},
            "reduce_op abs_max is not among add, multiply, maximum, minimum",
        ),
        ({"reduce_init": 1.0}, "an initial value with reduce_cmd.reset_reduce"),
        ({"reduce_cmd": CMD.load_reduce}, "load_reduce needs a value to load"),
        ({"op0": nl.bitwise_and}, "bitwise_and is a bit operator"),
    ],
)
def test_tensor_scalar_reduce_refuses(options, message):
    with pytest.raises(KernelError, match=message):
        run(scalar_reduced(options), normal(4, 4))


def test_the_accumulators_hold_float32_before_dst_rounds():
    def body(x):
        out, result = like(x, "bfloat16"), tile((1, 1), "float32")
        nisa.tensor_scalar_reduce(out, x, nl.add, 1.0, nl.add, result)
        return result

    x = np.full((1, 4), 2.0**-12, np.float32)
    assert run(body, x) == 4 + 4 * 2.0**-12


def test_a_result_that_aliases_dst_keeps_the_reduction():
    def body(x):
        nisa.tensor_scalar_reduce(x, x, nl.add, 0.0, nl.add, x[:, 0:1])
        return x

    x = normal(4, 6)
    assert np.allclose(run(body, x)[:, 0], x.sum(1), rtol=1e-6)


def exponentials(*calls):
    def body(x, m):
        out, result = like(x), tile((x.shape[0], 1), "float32")
        for options in calls:
            given = {key: result if value is result else value for key, value in options.items()}
            given = {
                key: {"m": m, "result": result}.get(value, value)
                if isinstance(value, str)
                else value
                for key, value in given.items()
            }
            nisa.exponential(dst=out, src=x, **given)
        return out, result

    return body


def test_exponential_subtracts_and_sums():
    x = normal(4, 6)
    m = x.max(1, keepdims=True)
    out, result = run(
        exponentials({"max_value": "m", "reduce_cmd": CMD.reset_reduce, "reduce_res": "result"}),
        x,
        m,
    )
    assert np.array_equal(out, np.exp(x - m))
    assert np.allclose(result, np.exp(x - m).sum(1, keepdims=True), rtol=1e-6)


def test_idle_leaves_the_vector_accumulators_unknown():
    calls = (
        {"reduce_cmd": CMD.reset_reduce},
        {},  # idle
        {"reduce_cmd": CMD.reduce, "reduce_res": "result"},
    )
    assert np.isnan(run(exponentials(*calls), normal(4, 6), normal(4, 1))[1]).all()


def test_reading_idle_accumulators_is_refused():
    with pytest.raises(KernelError, match="that reduce_cmd.idle leaves unset"):
        run(exponentials({"reduce_res": "result"}), normal(4, 6), normal(4, 1))


def test_exponential_exists_from_neuroncore_v4_on():
    with pytest.raises(KernelError, match="exponential: exists from NeuronCore-v4 .trn3. on, this"):
        run(exponentials({}), normal(4, 6), normal(4, 1), chip="trn2")


def test_vector_accumulators_are_shared():
    def body(x):
        out, result = like(x), tile((x.shape[0], 1), "float32")
        nisa.tensor_scalar_reduce(out, x, nl.add, 0.0, nl.add)
        nisa.exponential(out, x, reduce_cmd=CMD.reduce, reduce_res=result)
        return result

    x = normal(4, 6)
    assert np.allclose(run(body, x)[:, 0], x.sum(1) + np.exp(x).sum(1), rtol=1e-5)


def test_lanes_of_other_partitions_have_accumulators_of_their_own():
    def body(x):
        out, result = like(x), tile((64, 1), "float32")
        for half in (slice(0, 32), slice(32, 64)):
            nisa.tensor_scalar_reduce(out[half], x[half], nl.add, 0.0, nl.add)
        nisa.tensor_scalar_reduce(
            out[0:32], x[0:32], nl.multiply, 0.0, nl.add, result[0:32], reduce_cmd=CMD.reduce
        )
        nisa.memset(result[32:64], 0)
        return result

    x = normal(64, 6)
    assert np.allclose(run(body, x)[:32, 0], x[:32].sum(1), rtol=1e-5)


@pytest.mark.parametrize(
    "op, accumulate",
    [
        (nl.add, np.add.accumulate),
        (nl.multiply, np.multiply.accumulate),
        (nl.maximum, np.maximum.accumulate),
        (nl.minimum, np.minimum.accumulate),
    ],
)
def test_cumulative_reductions(op, accumulate):
    def body(x):
        out = like(x)
        nisa.tensor_scalar_cumulative(dst=out, src=x, op0=nl.add, op1=op, imm0=1.0)
        return out

    x = normal(4, 9)
    assert np.array_equal(run(body, x), accumulate(x + np.float32(1), axis=1))


def test_cumulative_subtraction_alternates_and_goes_on():
    def body(x):
        out, again = like(x), like(x)
        load = {"imm1": 5.0, "reduce_cmd": CMD.load_reduce}
        nisa.tensor_scalar_cumulative(out, x, nl.multiply, nl.subtract, 1.0, **load)
        nisa.tensor_scalar_cumulative(
            again, x, nl.multiply, nl.subtract, 1.0, reduce_cmd=CMD.reduce
        )
        return out, again

    x = np.arange(1, 6, dtype=np.float32).reshape(1, 5)
    expected, state = [], 5.0
    for value in [*x[0], *x[0]]:
        state = value - state
        expected.append(state)
    assert np.concatenate(run(body, x), axis=1)[0].tolist() == expected


def test_cumulative_refuses_32_bit_integers():
    def body(x):
        nisa.tensor_scalar_cumulative(like(x), x, nl.add, nl.add, 0.0)

    with pytest.raises(KernelError, match="dst is int32, allowed is bfloat16 or"):
        run(body, np.ones((2, 4), np.int32))


@pytest.mark.parametrize("reverse0", [False, True])
@pytest.mark.parametrize("reverse1", [False, True])
@pytest.mark.parametrize("op0, op1", [(nl.multiply, nl.add), (nl.subtract, nl.divide)])
def test_a_scan_runs_element_by_element(op0, op1, reverse0, reverse1):
    def body(a, b, start):
        out = like(a)
        nisa.tensor_tensor_scan(out, a, b, start, op0, op1, reverse0, reverse1)
        return out

    a, b, state = normal(4, 7), normal(4, 7, seed=1), normal(4, 1, seed=2)
    functions = {
        nl.multiply: np.multiply,
        nl.add: np.add,
        nl.subtract: np.subtract,
        nl.divide: np.divide,
    }
    expected, r = np.empty_like(a), state[:, 0]
    for i in range(7):
        first = (r, a[:, i]) if reverse0 else (a[:, i], r)
        t = functions[op0](*first)
        r = functions[op1](*((b[:, i], t) if reverse1 else (t, b[:, i])))
        expected[:, i] = r
    assert np.array_equal(run(body, a, b, state), expected)


def test_a_scan_starts_from_a_constant_too():
    def body(a, b):
        out = like(a)
        nisa.tensor_tensor_scan(out, a, b, 2.0, nl.multiply, nl.add)
        return out

    assert run(body, np.full((1, 3), 2, np.float32), np.ones((1, 3), np.float32)).tolist() == [
        [5, 11, 23]
    ]


def test_bn_stats_and_bn_aggr_give_mean_and_variance():
    def body(x):
        stats, result = tile((8, 2, 6), "float32"), tile((8, 2), "float32")
        nisa.bn_stats(dst=stats[:, 0, :], data=x[:, 0:300])
        nisa.bn_stats(dst=stats[:, 1, :], data=x[:, 300:401])
        nisa.bn_aggr(dst=result, data=stats)
        return stats, result

    x = normal(8, 401) + 3
    stats, result = run(body, x)
    assert stats[0, 1, [0, 3]].tolist() == [51, 50]
    assert np.allclose(stats[:, 0, 1], x[:, 0:300:2].mean(1), rtol=1e-5)
    assert np.allclose(stats[:, 0, 5], x[:, 1:300:2].var(1) * 150, rtol=1e-4)
    assert np.allclose(result[:, 0], x.mean(1), rtol=1e-5)
    assert np.allclose(result[:, 1], x.var(1), rtol=1e-4)


def test_bn_stats_takes_up_to_512_elements():
    with pytest.raises(KernelError, match="data has 513 elements per partition, at most 512"):
        run(lambda x: nisa.bn_stats(dst=tile((4, 6), "float32"), data=x), normal(4, 513))


def test_bn_aggr_takes_triples():
    with pytest.raises(KernelError, match="data has 4 elements per partition, it needs a multiple"):
        run(lambda x: nisa.bn_aggr(dst=tile((4, 2), "float32"), data=x), normal(4, 4))


def test_values_in_the_middle_of_a_chain_are_computed_again():
    calls = ({}, {"reduce_cmd": CMD.reduce}, {"reduce_cmd": CMD.reduce})
    x = normal(4, 6)
    ran = profile(scalar_reduced(*calls), x)
    last = max(i for i in range(len(ran.trace)) if ran.trace.call(i).op == "tensor_scalar_reduce")
    assert np.array_equal(ran.values(last, "reduce_res"), ran.output[1])

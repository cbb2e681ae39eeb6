"""tensor_tensor, tensor_scalar, scalar_tensor_tensor, reciprocal."""

import ml_dtypes
import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import in_psum, like, normal, profile, run, tile
from trnlab import KernelError
from trnlab.isa.operators import ARITHMETIC, UNARY

BINARY = [name for name in ARITHMETIC if name != "power"]


def binary(op, dtype=None, **options):
    def body(x, y):
        out = like(x, dtype)
        nisa.tensor_tensor(dst=out, data1=x, data2=y, op=op, **options)
        return out

    return body


@pytest.mark.parametrize("name", BINARY)
def test_every_arithmetic_operator_works_in_float32(name):
    x, y = normal(8, 16), normal(8, 16, seed=1)
    y[0] = x[0]
    expected = ARITHMETIC[name](x, y).astype(np.float32)
    assert np.array_equal(run(binary(getattr(nl, name)), x, y), expected)


def test_low_precision_inputs_are_widened_and_rounded_once():
    x, y = (normal(8, 16, seed=s).astype(ml_dtypes.bfloat16) for s in (0, 1))
    expected = (x.astype(np.float32) * y.astype(np.float32)).astype(ml_dtypes.bfloat16)
    assert np.array_equal(run(binary(nl.multiply), x, y), expected)


def test_numpy_functions_and_max_are_operators_too():
    x, y = normal(4, 4), normal(4, 4, seed=1)
    assert np.array_equal(run(binary(np.add), x, y), x + y)
    assert np.array_equal(run(binary(nl.max), x, y), np.maximum(x, y))


def test_32_bit_integers_are_exact_on_gpsimd_and_not_on_vector():
    x = np.array([[2**24 + 1, 2**30 + 1]], np.int32)
    y = np.array([[1, 1]], np.int32)
    assert run(binary(nl.add), x, y).tolist() == [[2**24 + 2, 2**30 + 2]]
    on_vector = run(binary(nl.subtract, engine=nisa.engine.vector), x, y)
    assert on_vector.tolist() == [[2**24 - 1, 2**30 - 0]]
    assert profile(binary(nl.add), x, y).trace.call(2).engine == "gpsimd"


def test_power_runs_on_gpsimd_alone():
    x, y = np.abs(normal(4, 4)), normal(4, 4, seed=1)
    assert np.array_equal(run(binary(nl.power), x, y), np.power(x, y))
    with pytest.raises(KernelError, match="with power: runs on gpsimd"):
        run(binary(nl.power, engine=nisa.engine.vector), x, y)


def test_power_cannot_reach_psum():
    def body(x):
        nisa.tensor_tensor(dst=like(x), data1=in_psum(x), data2=x, op=nl.power)

    with pytest.raises(KernelError, match="with power: an operand .* is in PSUM, and GpSimd "):
        run(body, normal(4, 4))


def test_two_inputs_in_psum_are_refused():
    def body(x):
        nisa.tensor_tensor(dst=like(x), data1=in_psum(x), data2=in_psum(x), op=nl.add)

    with pytest.raises(KernelError, match="data1 and data2 are both in PSUM, at most one may be"):
        run(body, normal(4, 4))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_bit_operators_take_raw_integers(dtype):
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, 100, (4, 8)).astype(dtype) for _ in range(2))
    assert np.array_equal(run(binary(nl.bitwise_xor), x, y), x ^ y)
    assert np.array_equal(run(binary(nl.bitwise_and), x, y), x & y)
    assert np.array_equal(run(binary(nl.bitwise_or), x, y), x | y)


def test_right_shift_is_logical_and_long_shifts_give_zero():
    x = np.array([[-8, -1, 5, -8]], np.int32)
    y = np.array([[1, 28, 1, 40]], np.int32)
    assert run(binary(nl.right_shift), x, y).tolist() == [[2**31 - 4, 15, 2, 0]]
    assert run(binary(nl.left_shift), x, y).tolist() == [[-16, -(2**28), 10, 0]]


def test_bit_operators_refuse_floats():
    x = normal(4, 4)
    with pytest.raises(KernelError, match="bitwise_and works on integers, dst is float32"):
        run(binary(nl.bitwise_and), x, x)


def test_a_unary_operator_is_not_a_binary_one():
    with pytest.raises(KernelError, match="rsqrt takes one input"):
        run(binary(nl.rsqrt), normal(4, 4), normal(4, 4))


def test_an_unknown_operator_is_refused_with_the_list():
    with pytest.raises(KernelError, match="op 'exp' is not an ALU operator; pass one of nl.abs"):
        run(binary(nl.exp), normal(4, 4), normal(4, 4))


@pytest.mark.parametrize("name", ["abs_max", "abs_min"])
def test_abs_max_and_abs_min_exist_from_neuroncore_v4_on(name):
    x, y = normal(4, 4), normal(4, 4, seed=1)
    with pytest.raises(KernelError, match=rf"with {name}: exists from NeuronCore-v4 \(trn3\) on"):
        run(binary(getattr(nl, name)), x, y, chip="trn2")


def scaled(op0, a, op1=None, b=None, **options):
    def body(x, *vectors):
        out = like(x, options.get("dtype"))
        operands = [vectors[o] if isinstance(o, int) and vectors else o for o in (a, b)]
        rest = {key: value for key, value in options.items() if key != "dtype"}
        nisa.tensor_scalar(out, x, op0, operands[0], op1=op1, operand1=operands[1], **rest)
        return out

    return body


@pytest.mark.parametrize("reverse0", [False, True])
@pytest.mark.parametrize("reverse1", [False, True])
def test_two_operators_and_their_reversals(reverse0, reverse1):
    x = normal(4, 2, 8)
    first = np.float32(3) - x if reverse0 else x - np.float32(3)
    expected = np.float32(2) / first if reverse1 else first / np.float32(2)
    body = scaled(nl.subtract, 3.0, nl.divide, 2.0, reverse0=reverse0, reverse1=reverse1)
    assert np.array_equal(run(body, x), expected)


@pytest.mark.parametrize("lower", [None, 0.5])
@pytest.mark.parametrize("upper", [None, 1.5])
def test_an_operator_that_is_none_leaves_its_stage_out(upper, lower):
    """Kernels clamp to limits that may not be given."""

    def kernel(x):
        out = like(x)
        op0 = nl.minimum if upper is not None else None
        op1 = nl.maximum if lower is not None else None
        nisa.tensor_scalar(out, x, op0, upper, op1=op1, operand1=lower)
        return out

    x = normal(8, 16)
    assert np.array_equal(run(kernel, x), x if upper is lower else np.clip(x, lower, upper))


def test_operands_may_be_one_value_per_partition():
    x, a, b = normal(8, 4, 4), normal(8, 1, seed=1), normal(8, 1, seed=2)
    expected = x * a.reshape(8, 1, 1) + b.reshape(8, 1, 1)
    assert np.array_equal(run(scaled(nl.multiply, 0, nl.add, 1), x, a, b), expected)


@pytest.mark.parametrize("name", [name for name in UNARY if name != "rsqrt"])
def test_unary_operators(name):
    x = normal(4, 8)
    assert np.array_equal(run(scaled(getattr(nl, name), None), x), UNARY[name](x))


def test_a_unary_operator_has_no_operand():
    with pytest.raises(
        KernelError, match="tensor_scalar: abs takes no operand, here is 2.0; leave"
    ):
        run(scaled(nl.abs, 2.0), normal(4, 4))


def test_rsqrt_runs_on_gpsimd():
    x = np.abs(normal(4, 8))
    ran = profile(scaled(nl.rsqrt, 0.0), x)
    assert np.array_equal(ran.output[0], 1 / np.sqrt(x))
    assert ran.trace.call(1).engine == "gpsimd"
    with pytest.raises(KernelError, match="with rsqrt: runs on gpsimd of NeuronCore-v4"):
        run(scaled(nl.rsqrt, 0.0, engine=nisa.engine.vector), x)


def test_bit_operators_take_integer_constants_and_vectors():
    x = np.arange(32, dtype=np.int32).reshape(4, 8)
    shift = np.array([[0], [1], [2], [3]], np.int32)
    assert np.array_equal(run(scaled(nl.right_shift, 0), x, shift), x >> shift)
    both = run(scaled(nl.bitwise_and, 6, nl.left_shift, 1), x)
    assert np.array_equal(both, (x & 6) << 1)
    assert np.array_equal(run(scaled(nl.invert, None), x), ~x)


def test_families_do_not_mix():
    with pytest.raises(KernelError, match="op0 add and op1 bitwise_and are of different families"):
        run(scaled(nl.add, 1, nl.bitwise_and, 1), np.ones((4, 4), np.int32))


def test_a_vector_operand_is_float32_and_one_value_per_partition():
    x = normal(4, 8)
    with pytest.raises(KernelError, match="operand0 is bfloat16, allowed is float32"):
        run(scaled(nl.add, 0), x, normal(4, 1).astype(ml_dtypes.bfloat16))
    with pytest.raises(KernelError, match=r"operand0 \[4, 8\] should be a constant or \[4, 1\]"):
        run(scaled(nl.add, 0), x, x)


@pytest.mark.parametrize(
    "chip, ops, legal",
    [
        ("trn1", (nl.multiply, None), False),
        ("trn2", (nl.multiply, None), True),
        ("trn2", (nl.multiply, nl.add), True),
        ("trn2", (nl.add, nl.multiply), False),
        ("trn3", (nl.add, nl.multiply), True),
    ],
)
def test_what_the_scalar_engine_takes_depends_on_the_generation(chip, ops, legal):
    body = scaled(ops[0], 2.0, ops[1], 1.0 if ops[1] else None, engine=nisa.engine.scalar)
    x = normal(4, 8)
    if legal:
        assert run(body, x, chip=chip).shape == x.shape
    else:
        with pytest.raises(KernelError, match="tensor_scalar with .*: runs on vector of"):
            run(body, x, chip=chip)


def test_square_and_relu_exist_from_neuroncore_v4_on():
    with pytest.raises(KernelError, match="tensor_scalar with square: exists from NeuronCore-v4"):
        run(scaled(nl.square, None), normal(4, 4), chip="trn2")


def test_arithmetic_refuses_packed_types():
    def body():
        packed = tile((32, 4), "float8_e4m3fn_x4")
        nisa.memset(packed, 0)
        nisa.tensor_scalar(dst=tile((32, 4), "float32"), data=packed, op0=nl.add, operand0=1.0)

    with pytest.raises(KernelError, match="data is float8_e4m3fn_x4; only dma_copy, memset to 0"):
        run(body)


@pytest.mark.parametrize("reverse0", [False, True])
@pytest.mark.parametrize("reverse1", [False, True])
def test_scalar_tensor_tensor(reverse0, reverse1):
    def body(x, v, y):
        out = like(x)
        nisa.scalar_tensor_tensor(out, x, nl.subtract, v, nl.divide, y, reverse0, reverse1)
        return out

    x, v, y = normal(4, 8), normal(4, 1, seed=1), normal(4, 8, seed=2)
    first = v - x if reverse0 else x - v
    assert np.array_equal(run(body, x, v, y), y / first if reverse1 else first / y)


def test_scalar_tensor_tensor_refuses_bit_operators_and_two_psum_inputs():
    def bits(x):
        nisa.scalar_tensor_tensor(like(x), x, nl.bitwise_and, 1, nl.add, x)

    with pytest.raises(KernelError, match="bitwise_and is a bit operator, it takes arithmetic"):
        run(bits, np.ones((4, 4), np.int32))

    def both(x):
        nisa.scalar_tensor_tensor(like(x), in_psum(x), nl.add, 1.0, nl.add, in_psum(x))

    with pytest.raises(KernelError, match="data and operand1 are both in PSUM"):
        run(both, normal(4, 4))


def test_reciprocal_of_zero_is_infinite():
    def body(x):
        out = like(x)
        nisa.reciprocal(dst=out, data=x)
        return out

    x = np.array([[2.0, -4.0, 0.0]], np.float32)
    assert run(body, x).tolist() == [[0.5, -0.25, np.inf]]

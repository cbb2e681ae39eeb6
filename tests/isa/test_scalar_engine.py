"""activation, activation_reduce, activate2."""

import math

import ml_dtypes
import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import like, normal, run, tile
from trnlab import KernelError
from trnlab.isa.activations import FUNCTIONS

CMD = nisa.reduce_cmd


def activated(op, **options):
    def body(x, *vectors):
        out = like(x, options.get("dtype"))
        given = {
            key: vectors[value[0]] if isinstance(value, list) else value
            for key, value in options.items()
            if key != "dtype"
        }
        nisa.activation(dst=out, op=op, data=x, **given)
        return out

    return body


REFERENCES = {  # in float64
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "gelu_apprx_tanh": lambda x: (
        x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    ),
    "gelu_apprx_sigmoid": lambda x: x / (1 + math.exp(-1.702 * x)),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "mish": lambda x: x * math.tanh(math.log1p(math.exp(x))),
    "erf": math.erf,
    "erf_dx": lambda x: 2 / math.sqrt(math.pi) * math.exp(-x * x),
    "tanh": math.tanh,
    "exp": math.exp,
    "square": lambda x: x * x,
    "relu": lambda x: max(x, 0),
    "copy": lambda x: x,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "arctan": math.atan,
    "sin": math.sin,
}


@pytest.mark.parametrize("name", REFERENCES)
def test_functions_are_exact_to_a_few_units_in_the_last_place(name):
    x = np.clip(normal(8, 64), -3, 3)  # sin is a sine up to pi only
    expected = [[REFERENCES[name](float(value)) for value in row] for row in x]
    assert np.allclose(run(activated(getattr(nl, name)), x), expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["log", "sqrt", "rsqrt", "reciprocal"])
def test_functions_of_positive_numbers(name):
    reference = {
        "log": np.log,
        "sqrt": np.sqrt,
        "rsqrt": lambda x: x**-0.5,
        "reciprocal": lambda x: 1 / x,
    }[name]
    x = np.abs(normal(8, 64)) + 0.01
    expected = reference(x.astype(np.float64))
    assert np.allclose(run(activated(getattr(nl, name)), x), expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize(
    "name, of",
    [
        ("silu_dx", "silu"),
        ("gelu_dx", "gelu"),
        ("gelu_apprx_sigmoid_dx", "gelu_apprx_sigmoid"),
        ("erf_dx", "erf"),
    ],
)
def test_derivatives_are_those_of_their_functions(name, of):
    x = normal(4, 32)
    function = REFERENCES[of]
    h = 1e-5
    slope = [
        [(function(float(v) + h) - function(float(v) - h)) / (2 * h) for v in row] for row in x
    ]
    assert np.allclose(run(activated(getattr(nl, name)), x), slope, rtol=1e-4, atol=1e-5)


def test_every_function_is_tested():
    assert set(FUNCTIONS) == {
        *REFERENCES,
        "log",
        "sqrt",
        "rsqrt",
        "reciprocal",
        "silu_dx",
        "gelu_dx",
        "gelu_apprx_sigmoid_dx",
    }


def test_sin_goes_on_as_a_cubic_beyond_pi():
    x = np.array([[9.0, -9.0, 3.0, math.pi]], np.float32)
    found = run(activated(nl.sin), x)[0]
    assert found[0] == pytest.approx(27.65, abs=0.005) and found[1] == -found[0]
    assert found[2] == pytest.approx(math.sin(3.0), rel=1e-6)


def test_scale_and_bias_are_constants_or_vectors():
    x, s, b = normal(4, 2, 8), normal(4, 1, seed=1), normal(4, 1, seed=2)
    column = (4, 1, 1)
    assert np.array_equal(run(activated(nl.copy, scale=2.0, bias=1.0), x), x * 2 + 1)
    assert np.array_equal(
        run(activated(nl.copy, scale=[0], bias=[1]), x, s, b),
        x * s.reshape(column) + b.reshape(column),
    )


def test_results_are_rounded_once():
    x = normal(4, 8).astype(ml_dtypes.bfloat16)
    expected = np.exp(x.astype(np.float32)).astype(np.float16)
    assert np.array_equal(run(activated(nl.exp, dtype="float16"), x), expected)


def test_a_bf16_bias_is_legal_and_a_bf16_scale_is_not():
    x, v = normal(4, 8), normal(4, 1).astype(ml_dtypes.bfloat16)
    assert np.array_equal(run(activated(nl.copy, bias=[0]), x, v), x + v.astype(np.float32))
    with pytest.raises(KernelError, match="scale is bfloat16, allowed is float32"):
        run(activated(nl.copy, scale=[0]), x, v)


def test_neuroncore_v2_takes_no_constant_bias():
    x = normal(4, 8)
    with pytest.raises(KernelError, match=r"bias is a constant; on NeuronCore-v2 it must be a"):
        run(activated(nl.exp, bias=1.0), x, chip="trn1")
    assert run(activated(nl.exp, bias=[0]), x, normal(4, 1), chip="trn1").shape == (4, 8)
    with pytest.raises(KernelError, match="reciprocal takes no bias on NeuronCore-v2"):
        run(activated(nl.reciprocal, bias=[0]), x, normal(4, 1), chip="trn1")


def test_what_is_no_function_is_refused():
    with pytest.raises(KernelError, match="op 'add' is not a Scalar engine function; pass one of"):
        run(activated(nl.add), normal(4, 4))
    with pytest.raises(KernelError, match="prelu needs relu_param; use nisa.activate2"):
        run(activated(nl.prelu), normal(4, 4))


def chained(*calls):
    def body(x):
        out, result = like(x), tile((x.shape[0], 1), "float32")
        for options in calls:
            given = {key: result if value == "result" else value for key, value in options.items()}
            nisa.activation(dst=out, op=nl.square, data=x, reduce_op=nl.add, **given)
        return out, result

    return body


def test_the_running_sum_is_kept_over_instructions():
    x = normal(4, 8)
    calls = (
        {"reduce_cmd": CMD.reset_reduce},
        {"reduce_cmd": CMD.idle},
        {"reduce_cmd": CMD.reduce, "reduce_res": "result"},
    )
    out, result = run(chained(*calls), x)
    assert np.array_equal(out, x * x)
    assert np.allclose(result[:, 0], 2 * (x * x).sum(1), rtol=1e-6)


def test_idle_reads_the_sum_without_changing_it():
    x = normal(4, 8)
    calls = ({"reduce_cmd": CMD.reset_reduce}, {"reduce_res": "result"})
    assert np.allclose(run(chained(*calls), x)[1][:, 0], (x * x).sum(1), rtol=1e-6)


def test_a_sum_without_a_command_is_the_sum_and_warned_of():
    x, y = normal(4, 8), normal(4, 8, seed=1)

    def body(x, y):
        results = [tile((4, 1), "float32") for _ in range(2)]
        for data, result in zip((x, y), results, strict=True):
            nisa.activation(like(x), nl.square, data, reduce_op=nl.add, reduce_res=result)
        return tuple(results)

    with pytest.warns(UserWarning, match="Taken as reduce_cmd.reset_reduce here"):
        found = run(body, x, y)
    for data, result in zip((x, y), found, strict=True):
        assert np.allclose(result[:, 0], (data * data).sum(1), rtol=1e-6)


def test_reset_alone_sets_zero():
    calls = ({"reduce_cmd": CMD.reset_reduce}, {"reduce_cmd": CMD.reset, "reduce_res": "result"})
    assert (run(chained(*calls), normal(4, 8))[1] == 0).all()


def test_commands_are_taken_as_integers():
    x = normal(4, 8)
    result = run(chained({"reduce_cmd": 3, "reduce_res": "result"}), x)[1]
    assert np.allclose(result[:, 0], (x * x).sum(1), rtol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"reduce_cmd": CMD.load_reduce}, "reduce_cmd.load_reduce is not among"),
        ({"reduce_cmd": CMD.reduce}, "goes on with the accumulators of the scalar engine"),
    ],
)
def test_activation_refuses(options, message):
    with pytest.raises(KernelError, match=message):
        run(chained(options), normal(4, 8))


def test_activation_adds_up_only():
    def body(x):
        nisa.activation_reduce(like(x), nl.exp, x, nl.maximum, tile((4, 1), "float32"))

    with pytest.raises(KernelError, match="reduce_op maximum is not among add"):
        run(body, normal(4, 8))


def test_activation_reduce_resets_sums_and_reads():
    def body(x, b):
        out, result = like(x), tile((4, 1), "float32")
        nisa.activation_reduce(out, nl.exp, x, nl.add, result, b, 0.5)
        return out, result

    x, b = normal(4, 8), normal(4, 1, seed=1)
    out, result = run(body, x, b)
    assert np.array_equal(out, np.exp(x * np.float32(0.5) + b))
    assert np.allclose(result, out.sum(1, keepdims=True), rtol=1e-6)


def prepared(op0, op1, imm0=2.0, imm1=0.5, op=nl.copy, **options):
    def body(x, *vectors):
        out, result = like(x), tile((x.shape[0], 1), "float32")
        given = {"op0": op0, "op1": op1, "imm0": imm0, "imm1": imm1} | options
        given = {
            key: vectors[value[0]] if isinstance(value, list) else value
            for key, value in given.items()
        }
        if given.get("reduce_cmd"):
            given["reduce_res"] = result
        else:
            nisa.memset(result, 0)
        nisa.activate2(dst=out, op=op, data=x, **given)
        return out, result

    return body


X = normal(4, 8)


@pytest.mark.parametrize(
    "op0, op1, expected",
    [
        (nl.multiply, nl.add, X * 2 + np.float32(0.5)),
        (nl.multiply, nl.subtract, X * 2 - np.float32(0.5)),
        (nl.multiply, nl.bypass, X * 2),
        (nl.add, nl.bypass, X + 2),
        (nl.subtract, nl.bypass, X - 2),
        (nl.bypass, nl.bypass, X),
    ],
)
def test_the_six_preparations_of_activate2(op0, op1, expected):
    assert np.array_equal(run(prepared(op0, op1), X)[0], expected)


def test_other_preparations_are_refused():
    with pytest.raises(KernelError, match=r"\(op0, op1\) = \(nl.add, nl.add\) is none of"):
        run(prepared(nl.add, nl.add), X)


def test_reversed_preparations():
    both = prepared(nl.multiply, nl.subtract, reverse1=True)
    assert np.array_equal(run(both, X)[0], np.float32(0.5) - X * 2)
    first = prepared(nl.subtract, nl.bypass, reverse0=True)
    assert np.array_equal(run(first, X)[0], 2 - X)
    with pytest.raises(KernelError, match="reverse1 without op1"):
        run(prepared(nl.multiply, nl.bypass, reverse1=True), X)


def test_prelu_has_its_parameter_here():
    assert np.array_equal(
        run(prepared(nl.bypass, nl.bypass, op=nl.prelu, relu_param=0.25), X)[0],
        np.where(X > 0, X, X * np.float32(0.25)),
    )
    v = normal(4, 1, seed=1)
    assert np.array_equal(
        run(prepared(nl.bypass, nl.bypass, op=nl.prelu, relu_param=[0]), X, v)[0],
        np.where(X > 0, X, X * v),
    )


@pytest.mark.parametrize(
    "op, expected",
    [
        (nl.add, X.sum(1)),
        (nl.maximum, X.max(1)),
        (nl.minimum, X.min(1)),
        (nl.abs_max, np.abs(X).max(1)),
        (nl.abs_min, np.abs(X).min(1)),
    ],
)
def test_the_reductions_of_activate2(op, expected):
    body = prepared(nl.bypass, nl.bypass, reduce_op=op, reduce_cmd=CMD.reset_reduce)
    assert np.allclose(run(body, X)[1][:, 0], expected, rtol=1e-6)


def test_activate2_exists_from_neuroncore_v4_on():
    with pytest.raises(
        KernelError, match="activate2: exists from NeuronCore-v4 .trn3. on, this is"
    ):
        run(prepared(nl.multiply, nl.add), X, chip="trn2")


def test_immediates_share_a_dtype():
    v, w = normal(4, 1), normal(4, 1).astype(ml_dtypes.bfloat16)
    with pytest.raises(KernelError, match="imm0 is float32 and imm1 is bfloat16; give both one"):
        run(prepared(nl.multiply, nl.add, imm0=[0], imm1=[1]), X, v, w)

"""activation: every function against NumPy in double precision, operands, limits and time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, refusal, stored, written
from trnlab import nki
from trnlab.isa.activations import FUNCTIONS

X = np.linspace(-3, 3, 64 * 25).reshape(64, 25).astype(np.float32)  # holds 0
POSITIVE = np.abs(X) + np.float32(0.25)

erf = np.vectorize(math.erf)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def cdf(x: np.ndarray) -> np.ndarray:
    return (1 + erf(x / math.sqrt(2))) / 2


def slope(function: Any) -> Any:
    """Derivative by central differences."""
    return lambda x: (function(x + 1e-5) - function(x - 1e-5)) / 2e-5


def gelu_sigmoid(x: np.ndarray) -> np.ndarray:
    return x * sigmoid(1.702 * x)


ORACLES: dict[str, Any] = {
    "copy": lambda x: x,
    "square": np.square,
    "sigmoid": sigmoid,
    "relu": lambda x: np.where(x > 0, x, 0),
    "gelu": lambda x: x * cdf(x),
    "gelu_dx": slope(lambda x: x * cdf(x)),
    "gelu_apprx_tanh": lambda x: (
        x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    ),
    "gelu_apprx_sigmoid": gelu_sigmoid,
    "gelu_apprx_sigmoid_dx": slope(gelu_sigmoid),
    "silu": lambda x: x * sigmoid(x),
    "silu_dx": slope(lambda x: x * sigmoid(x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "erf": erf,
    "erf_dx": slope(erf),
    "exp": np.exp,
    "sign": np.sign,
    "abs": np.abs,
    "log": np.log,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: x**-0.5,
    "reciprocal": lambda x: 1 / x,
    "arctan": np.arctan,
    "sin": np.sin,
}
OF_POSITIVES = ("log", "sqrt", "rsqrt", "reciprocal")


def of_one(op: Any, **operands: Any) -> Any:
    def kernel(a):
        x = loaded(a)
        nisa.activation(out := nl.ndarray(x.shape, nl.float32), op, x, **operands)
        return stored(out)

    return kernel


def test_every_function_of_the_engine_has_an_oracle() -> None:
    assert set(ORACLES) == set(FUNCTIONS)


@pytest.mark.parametrize("name", ORACLES)
def test_a_function_is_its_definition_within_float32(name: str) -> None:
    x = POSITIVE if name in OF_POSITIVES else X
    exact = ORACLES[name](x.astype(np.float64))
    found = nki.simulate(of_one(getattr(nl, name)))(x)
    np.testing.assert_allclose(found, exact, rtol=4e-6, atol=2e-6)


def test_scale_and_bias_are_applied_before_the_function() -> None:
    found = nki.simulate(of_one(nl.square, scale=2.0, bias=1.0))(X)
    np.testing.assert_array_equal(found, (X * np.float32(2) + 1) ** 2)


def test_scale_and_bias_may_be_vectors_with_one_value_per_partition() -> None:
    def kernel(a, s, b):
        x = loaded(a)
        nisa.activation(
            out := nl.ndarray(x.shape, nl.float32), nl.copy, x, bias=loaded(b), scale=loaded(s)
        )
        nisa.activation(out, nl.relu, out, bias=loaded(b))
        return stored(out)

    s, b = X[:, 1:2].copy(), X[:, 7:8].copy()
    np.testing.assert_array_equal(nki.simulate(kernel)(X, s, b), np.maximum(X * s + b + b, 0))


def test_a_vector_is_refused_unless_it_has_one_value_per_partition_on_chip() -> None:
    def wide(a):
        x = loaded(a)
        nisa.activation(x, nl.exp, x, bias=written((64, 2)))

    def in_hbm(a, b):
        x = loaded(a)
        nisa.activation(x, nl.exp, x, scale=b)

    shape = trnlab.shape(X.shape)
    assert refusal(wide, shape) == (
        "activation: scale or bias [64, 2] should be a constant or [64, 1]: one value per partition"
    )
    assert refusal(in_hbm, shape, trnlab.shape((64, 1))) == (
        "activation: scale or bias is in HBM, allowed is SBUF or PSUM; "
        "bring it there with nisa.dma_copy first"
    )


def test_a_function_that_the_engine_lacks_is_refused_with_those_it_has() -> None:
    sentence = refusal(of_one(nl.add), trnlab.shape((64, 8)))
    assert sentence.startswith(
        "activation: op 'add' is not a Scalar engine function; pass one of nl.abs, nl.arctan, "
    )


@pytest.mark.parametrize("free, cycles", [(4096, 4096), (128, 128), (1, 64)])
def test_an_activation_occupies_n_cycles_and_is_readable_350_later(free: int, cycles: int) -> None:
    prof = trnlab.profile(of_one(nl.square), trnlab.shape((128, free)), chip="trn2")
    line, clock_hz = prof.timeline, prof.core.scalar.clock_hz
    row = int(np.flatnonzero(line["engine"] == line.engines.index("scalar"))[0])
    assert line["busy_s"][row] * clock_hz == pytest.approx(cycles)
    latency_s = line["end_s"][row] - line["start_s"][row] - line["busy_s"][row]
    assert latency_s * clock_hz == pytest.approx(350)


def test_16384_elements_take_what_aws_measured() -> None:
    prof = trnlab.profile(of_one(nl.square), trnlab.shape((128, 16384)), chip="trn2")
    line = prof.timeline
    row = int(np.flatnonzero(line["engine"] == line.engines.index("scalar"))[0])
    assert (line["end_s"] - line["start_s"])[row] == pytest.approx(13.954e-6, rel=0.01)

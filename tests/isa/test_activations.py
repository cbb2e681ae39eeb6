"""Functions of ScalarE at the ends of what AWS calls their valid inputs."""

from __future__ import annotations

import numpy as np
import pytest

import trnlab.nki.isa as nisa
from tests.isa.harness import like, run
from trnlab.isa.activations import FUNCTIONS, VALID_INPUTS

inf = np.inf

LIMITS = {  # at minus and at plus infinity
    "copy": (-inf, inf), "square": (inf, inf), "sigmoid": (0, 1), "relu": (0, inf),
    "gelu": (0, inf), "gelu_dx": (0, 1), "gelu_apprx_tanh": (0, inf),
    "gelu_apprx_sigmoid": (0, inf), "gelu_apprx_sigmoid_dx": (0, 1), "silu": (0, inf),
    "silu_dx": (0, 1), "tanh": (-1, 1), "softplus": (0, inf), "mish": (0, inf), "erf": (-1, 1),
    "erf_dx": (0, 0), "exp": (0, inf), "sign": (-1, 1), "abs": (inf, inf),
}  # fmt: skip


def test_every_function_whose_inputs_are_all_valid_has_limits() -> None:
    assert LIMITS.keys() | VALID_INPUTS.keys() == FUNCTIONS.keys()


@pytest.mark.parametrize("op", LIMITS)
def test_infinities_give_the_limit_and_nan_stays(op: str) -> None:
    x = np.tile(np.array([-inf, inf, np.nan], np.float32), (2, 1))

    def body(t):
        out = like(t)
        nisa.activation(out, op, t)
        return out

    assert np.array_equal(run(body, x), [[*LIMITS[op], np.nan]] * 2, equal_nan=True)


@pytest.mark.parametrize("op", ["gelu", "gelu_apprx_tanh", "gelu_apprx_sigmoid", "silu", "mish"])
def test_the_largest_numbers_come_through(op: str) -> None:
    largest = np.finfo(np.float32).max
    with np.errstate(over="ignore"):
        ends = FUNCTIONS[op](np.array([-largest, largest], np.float32))
    assert np.array_equal(ends, np.array([0, largest], np.float32))

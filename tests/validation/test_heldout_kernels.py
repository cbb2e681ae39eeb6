"""Kernels of held-out rows that compute something of their own, against NumPy."""

import numpy as np
import pytest

import trnlab
from trnlab.numerics.dtypes import storage
from trnlab.validation.heldout.attention import attention
from trnlab.validation.heldout.mlps import decode


def fp32(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize(("tokens", "hidden", "width"), [(1, 256, 96), (3, 2560, 400)])
def test_a_decode_is_a_gated_mlp(cores: int, tokens: int, hidden: int, width: int) -> None:
    rng = np.random.default_rng(0)
    x, gate, up = (fp32(rng, hidden, n) / hidden**0.5 for n in (tokens, width, width))
    down = fp32(rng, width, hidden)
    narrow = [a.astype(storage("bfloat16")) for a in (x, gate, up, down)]
    run = trnlab.profile(decode[cores], *narrow, chip="trn2")
    x, gate, up, down = (a.astype(np.float32) for a in narrow)
    g = x.T @ gate
    expected = (g / (1 + np.exp(-g)) * (x.T @ up)) @ down
    error = np.abs(run.output.astype(np.float32) - expected).max()
    assert error < 0.02 * np.abs(expected).max()  # BF16 keeps 8 bits; hidden values are rounded too


@pytest.mark.parametrize("length", [512, 1024])
def test_attention_is_softmax_times_values(length: int) -> None:
    rng = np.random.default_rng(1)
    q, k, v = (fp32(rng, 128, length) * 0.2 for _ in range(3))
    scores = q.T @ k
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = powers / powers.sum(axis=1, keepdims=True) @ v.T
    run = trnlab.profile(attention, q, k, v, chip="trn2")
    assert run.output == pytest.approx(expected, rel=1e-4, abs=1e-6)

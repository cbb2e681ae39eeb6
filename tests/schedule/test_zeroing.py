"""A memset of PSUM that a matmul makes needless takes no time; any other one does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import trnlab
import trnlab.nki.language as nl
from trnlab import nki
from trnlab.nki import isa as nisa


def product(between: Callable[..., Any]) -> Any:
    """Two tiles of a product, each cleared and then added to."""

    @nki.jit
    def kernel(lhsT, rhs):
        a, b = (nl.ndarray(x.shape, x.dtype, nl.sbuf) for x in (lhsT, rhs))
        nisa.dma_copy(a, lhsT)
        nisa.dma_copy(b, rhs)
        result = nl.ndarray((2, 128, 512), nl.float32, nl.shared_hbm)
        for turn in range(2):
            acc = nl.ndarray((128, 512), nl.float32, nl.psum)
            between(acc, a, b)
            out = nl.ndarray((128, 512), nl.float32, nl.sbuf)
            nisa.tensor_copy(out, acc)
            nisa.dma_copy(result[turn], out)
        return result

    return kernel


def cleared(acc: Any, a: Any, b: Any) -> None:
    nisa.memset(acc, 0.0)
    for _ in range(3):
        nisa.nc_matmul(acc, a, b)


def cleared_and_added_to(acc: Any, a: Any, b: Any) -> None:
    nisa.memset(acc, 0.0)
    for _ in range(3):
        nisa.nc_matmul(acc, a, b, accumulate=True)


def overwritten(acc: Any, a: Any, b: Any) -> None:
    for k in range(3):
        nisa.nc_matmul(acc, a, b, accumulate=k > 0)


def set_to_one(acc: Any, a: Any, b: Any) -> None:
    nisa.memset(acc, 1.0)
    nisa.nc_matmul(acc, a, b)


def cleared_in_halves(acc: Any, a: Any, b: Any) -> None:
    nisa.memset(acc[:, :256], 0.0)
    nisa.memset(acc[:, 256:], 0.0)
    nisa.nc_matmul(acc, a, b)


def changed_in_between(acc: Any, a: Any, b: Any) -> None:
    nisa.memset(acc, 0.0)
    nisa.memset(acc[:, :8], 2.0)
    nisa.nc_matmul(acc, a, b)


def read_in_between(acc: Any, a: Any, b: Any) -> None:
    nisa.memset(acc, 0.0)
    seen = nl.ndarray((128, 512), nl.float32, nl.sbuf)
    nisa.tensor_copy(seen, acc)
    nisa.nc_matmul(acc, a, b)


def another_matmul_in_between(acc: Any, a: Any, b: Any) -> None:
    nisa.memset(acc, 0.0)
    other = nl.ndarray((128, 512), nl.float32, nl.psum)
    nisa.nc_matmul(other, a, b)
    nisa.nc_matmul(acc, a, b)


def told_to_follow(acc: Any, a: Any, b: Any) -> None:
    first = nisa.memset(nl.ndarray((128, 8), nl.float32, nl.sbuf), 0.0)
    zero = nisa.memset(acc, 0.0)
    zero.depends_on(first)
    nisa.nc_matmul(acc, a, b)


def run(between: Callable[..., Any]) -> Any:
    rng = np.random.default_rng(0)
    a = rng.integers(-4, 5, (128, 128)).astype(np.float32)
    b = rng.integers(-4, 5, (128, 512)).astype(np.float32)
    return a, b, trnlab.profile(product(between), a, b, chip="trn2")


def memset_s(profile: Any) -> np.ndarray:
    line = profile.timeline
    return line["busy_s"][line["op"] == line.ops.index("memset")]


@pytest.mark.parametrize("between", [cleared, cleared_and_added_to])
def test_clearing_what_matmuls_add_to_costs_as_much_as_overwriting_it(between) -> None:
    a, b, zeroed = run(between)
    assert np.array_equal(zeroed.output[1], 3 * a.T @ b)
    assert np.all(memset_s(zeroed) == 0)
    assert zeroed.total_s == run(overwritten)[2].total_s


@pytest.mark.parametrize(
    ("between", "sum_of"),
    [
        (set_to_one, lambda c: c + 1),
        (cleared_in_halves, lambda c: c),
        (changed_in_between, lambda c: c + 2.0 * (np.arange(512) < 8)),
        (read_in_between, lambda c: c),
        (another_matmul_in_between, lambda c: c),
    ],
)
def test_any_other_memset_takes_its_time(between, sum_of) -> None:
    a, b, kept = run(between)
    assert np.array_equal(kept.output[1], sum_of(a.T @ b))
    assert np.all(memset_s(kept) > 0)


def test_a_memset_that_was_told_what_to_follow_stays() -> None:
    assert np.all(memset_s(run(told_to_follow)[2]) > 0)

"""Kernels with values and on shapes alone: products, attention, and what one call costs."""

from __future__ import annotations

import functools
import statistics
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.bench.row import Row, best_s
from trnlab import nki
from trnlab.kernels.attention import attention
from trnlab.nki.kernel import record

CORE = trnlab.spec.TRN3.core
VALUES_GOAL_S, SHAPES_GOAL_S = 30e-6, 15e-6  # of one call, beyond its NumPy work
P, F = 128, 64


def product(size: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((size, size), np.float32) for _ in range(2))
    return a.astype(ml_dtypes.bfloat16), b.astype(ml_dtypes.bfloat16)


def with_values(kernel: Any, name: str, size: int, repeat: int, goal: str, **blocks: int) -> Row:
    """A product on values against NumPy's float32 product of the same size, taking turns."""
    a, b = product(size)
    x, y = a.astype(np.float32), b.astype(np.float32)
    numpy_s = ours_s = float("inf")
    for _ in range(repeat):
        numpy_s = min(numpy_s, best_s(lambda: x.T @ y, 1))
        ours_s = min(ours_s, best_s(lambda: nki.simulate(kernel)(a, b, **blocks), 1))
    against = f"NumPy float32, {numpy_s:.3f} s"
    return Row(f"{name} {size}^3 bfloat16 with values", ours_s, against, ours_s / numpy_s, goal)


def memory(kernel: Any, name: str, size: int, goal: str, **blocks: int) -> Iterator[Row]:
    """The most memory that a product on values holds, against its operands and its result."""
    a, b = product(size)
    own = 3 * a.nbytes
    for how in (nki.simulate(kernel), functools.partial(trnlab.profile, kernel)):
        tracemalloc.start()
        seconds = best_s(lambda run=how: run(a, b, **blocks), 1)
        peak = tracemalloc.get_traced_memory()[1] + a.nbytes + b.nbytes
        tracemalloc.stop()
        what = "profiled" if isinstance(how, functools.partial) else "simulated"
        text = f"  memory of {name} {size}^3, {what}"
        yield Row(text, seconds, f"{own / 1e6:.0f} MB", peak / own, goal)


def attending(length: int = 4096, width: int = 128, repeat: int = 3) -> Iterator[Row]:
    """Attention over a sequence, BF16, with values and on shapes alone."""
    rng = np.random.default_rng(0)
    shapes = ((width, length), (width, length), (length, width))
    arrays = [rng.standard_normal(s, np.float32).astype(ml_dtypes.bfloat16) for s in shapes]
    alone = [trnlab.shape(s, "bfloat16") for s in shapes]
    values_s = best_s(lambda: nki.simulate(attention)(*arrays), repeat)
    shapes_s = best_s(lambda: trnlab.profile(attention, *alone), repeat)
    name = f"attention {length} x {width} bfloat16"
    yield Row(f"{name} with values", values_s, "3 s", values_s / 3, "< 1")
    yield Row(f"{name}, time on shapes alone", shapes_s, "0.3 s", shapes_s / 0.3, "< 1")


Body = Callable[[dict[str, Any]], Any]

# what a kernel does with its tiles, and the same in NumPy
CALLS: dict[str, tuple[Body, Body]] = {
    "dma_copy": (
        lambda t: nisa.dma_copy(t["a"], t["hbm"][0:P, 0:F]),
        lambda t: np.copyto(t["a"], t["hbm"]),
    ),
    "tensor_copy": (
        lambda t: nisa.tensor_copy(t["b"], t["a"]),
        lambda t: np.copyto(t["b"], t["a"]),
    ),
    "tensor_tensor": (
        lambda t: nisa.tensor_tensor(t["c"], t["a"], t["b"], nl.add),
        lambda t: np.add(t["a"], t["b"], out=t["c"]),
    ),
    "memset": (lambda t: nisa.memset(t["c"], 1.0), lambda t: t["c"].fill(1)),
    "tensor_scalar": (
        lambda t: nisa.tensor_scalar(t["b"], t["a"], op0=nl.multiply, operand0=2.0),
        lambda t: np.multiply(t["a"], 2, out=t["b"]),
    ),
    "nc_matmul": (
        lambda t: nisa.nc_matmul(t["sums"], stationary=t["a"], moving=t["b"]),
        lambda t: t["a"].T @ t["b"],
    ),
    "activation": (
        lambda t: nisa.activation(t["b"], op=nl.relu, data=t["a"]),
        lambda t: np.maximum(t["a"], 0, out=t["b"]),
    ),
    "nc_transpose": (
        lambda t: nisa.nc_transpose(t["turned"], t["a"]),
        lambda t: np.copyto(t["turned"], t["a"].T),
    ),
    "tensor_reduce": (
        lambda t: nisa.tensor_reduce(t["c"][:, 0:1], op=nl.add, data=t["a"], axis=1),
        lambda t: np.sum(t["a"], axis=1, keepdims=True),
    ),
    "reciprocal": (
        lambda t: nisa.reciprocal(t["c"], t["a"]),
        lambda t: np.divide(1, t["a"], out=t["c"]),
    ),
}


def overhead(calls: int = 400, repeat: int = 3) -> Iterator[Row]:
    """What one call costs beyond its NumPy work: the median over the kinds of a mixed kernel."""
    x = np.ones((P, F), np.float32)
    plain_s = {name: _plain_s(name, x, calls, repeat) for name in CALLS}
    for given, mode, goal_s in (
        (x, "with values", VALUES_GOAL_S),
        (trnlab.shape(x.shape), "shapes alone", SHAPES_GOAL_S),
    ):
        less = [plain_s[name] if given is x else 0.0 for name in CALLS]
        ours = [_ours_s(name, given, calls, repeat) for name in CALLS]
        beyond_s = statistics.median(a - b for a, b in zip(ours, less, strict=True))
        what = f"one call beyond its NumPy work, {mode}"
        yield Row(what, beyond_s, f"{goal_s * 1e6:.0f} us", beyond_s / goal_s, "<= 1")


def _plain_s(name: str, x: np.ndarray, calls: int, repeat: int) -> float:
    tiles = {"hbm": x, "a": x.copy(), "b": x.copy(), "c": x.copy(), "turned": x.T.copy()}

    def plain() -> None:
        for _ in range(calls):
            CALLS[name][1](tiles)

    return best_s(plain, repeat) / calls


def _ours_s(name: str, given: Any, calls: int, repeat: int) -> float:
    def kernel(hbm: Any, times: int) -> None:
        tiles = {"hbm": hbm} | {key: nl.ndarray((P, F), nl.float32) for key in "abc"}
        tiles["sums"] = nl.ndarray((F, F), nl.float32, nl.psum)
        tiles["turned"] = nl.ndarray((F, P), nl.float32, nl.psum)
        for key in "abc":
            nisa.dma_copy(tiles[key], hbm)
        for _ in range(times):
            CALLS[name][0](tiles)

    empty_s = best_s(lambda: record(kernel, (given, 0), {}, CORE), repeat)
    return (best_s(lambda: record(kernel, (given, calls), {}, CORE), repeat) - empty_s) / calls

"""Random masks and reductions, of any dtype and shape, against loops over elements.

Numbers are small integers, so sums in float32 are exact in any order.
"""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.isa.harness import run, tile
from trnlab.numerics import stored

DTYPES = ("float32", "bfloat16", "float16", "float8_e5m2", "int8", "uint16", "int32")
FLOATS = DTYPES[:4]
COMPARE = {
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: x != y,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
}
REDUCE = {
    "add": (0.0, lambda a, b: a + b),
    "multiply": (1.0, lambda a, b: a * b),
    "maximum": (-np.inf, max),
    "minimum": (np.inf, min),
}
LOWEST = np.finfo(np.float32).min
P = 5

some = settings(max_examples=60, deadline=None, derandomize=True)
seeds = st.integers(0, 999)
bounds_tests = st.sampled_from(sorted(set(COMPARE) - {"not_equal"}))
shapes = st.sampled_from([(P, 6), (P, 2, 3), (P, 3, 2, 2), (P, 1)])


def small(seed: int, shape: tuple[int, ...], low: int = -3) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, 4, shape).astype(np.float32)


def typed(x: Any, dtype: str) -> Any:
    """A copy of a tile in another dtype."""
    copy = tile(x.shape, dtype)
    nisa.tensor_copy(copy, x)
    return copy


def seen(values: np.ndarray, dtype: str) -> np.ndarray:
    """Numbers as a tile of a dtype holds them."""
    return stored(values.astype(np.float32), dtype).astype(np.float32)


@some
@given(seeds, shapes, st.sampled_from(DTYPES), st.sampled_from(DTYPES),
       st.sampled_from(sorted(COMPARE)), st.integers(-4, 4), st.integers(-3, 3),
       st.lists(st.integers(-3, 3), min_size=3, max_size=3))  # fmt: skip
def test_affine_masks(seed, shape, source, target, comparison, offset, multiplier, strides):
    x = small(seed, shape, low=0)
    pattern = [[step, size] for step, size in zip(strides, shape[1:], strict=False)]

    def body(given: Any) -> Any:
        out = tile(shape, target)
        op = getattr(nl, comparison)
        nisa.affine_select(out, pattern, multiplier, typed(given, source), 2.0, op, offset)
        return out

    expected = np.empty(shape, np.float32)
    for at in np.ndindex(*shape):
        steps = sum(i * step for i, (step, _) in zip(at[1:], pattern, strict=True))
        chosen = COMPARE[comparison](offset + at[0] * multiplier + steps, 0)
        expected[at] = seen(x, source)[at] if chosen else 2.0
    assert np.array_equal(run(body, x).astype(np.float32), seen(expected, target))


@some
@given(seeds, shapes, st.sampled_from(DTYPES), st.sampled_from(["uint8", "uint16", "uint32"]),
       st.booleans(), st.booleans())  # fmt: skip
def test_predicated_copies(seed, shape, dtype, mask, is_reversed, is_constant):
    x, old, chosen = (small(seed + i, shape, low=0) for i in range(3))

    def body(given: Any, before: Any, predicate: Any) -> Any:
        out = typed(before, dtype)
        src = 3.0 if is_constant else typed(given, dtype)
        nisa.tensor_copy_predicated(out, src, typed(predicate, mask), is_reversed)
        return out

    source = np.full(shape, 3.0) if is_constant else x
    expected = np.where((chosen != 0) != is_reversed, source, old)
    assert np.array_equal(run(body, x, old, chosen).astype(np.float32), seen(expected, dtype))


@some
@given(seeds, st.sampled_from(FLOATS), st.sampled_from(["trn2", "trn3"]), st.integers(-3, 9),
       st.tuples(bounds_tests, bounds_tests))  # fmt: skip
def test_ranges_of_indices(seed, dtype, chip, start, comparisons):
    x, bounds = small(seed, (P, 12)), small(seed, (P, 2)) * 3 + start

    def body(given: Any, limits: Any) -> Any:
        out, top = tile((P, 12), "float32"), tile((P, 1), "float32")
        ops = [getattr(nl, name) for name in comparisons]
        nisa.range_select(
            out, typed(given, dtype), *ops, limits[:, 0:1], limits[:, 1:2], reduce_res=top,
            range_start=start,
        )  # fmt: skip
        return out, top

    expected = np.empty_like(x)
    for p, i in np.ndindex(*x.shape):
        both = [COMPARE[op](i + start, bounds[p, k]) for k, op in enumerate(comparisons)]
        expected[p, i] = x[p, i] if all(both) else LOWEST
    out, top = run(body, x, bounds, chip=chip)
    assert np.array_equal(out, expected)
    assert np.array_equal(top[:, 0], [max(row) for row in expected])


@some
@given(seeds, shapes, st.sampled_from(DTYPES), st.sampled_from(DTYPES),
       st.sampled_from(sorted(REDUCE)), st.integers(1, 3), st.booleans())  # fmt: skip
def test_reductions_of_the_last_axes(seed, shape, source, target, operator, count, negates):
    count = min(count, len(shape) - 1)
    x, kept = small(seed, shape, low=0), shape[: len(shape) - count]

    def body(given: Any) -> Any:
        out = tile(kept if len(kept) > 1 else (P, 1), target)
        axes = tuple(range(len(kept), len(shape)))
        nisa.tensor_reduce(out, getattr(nl, operator), typed(given, source), axes, negates)
        return out

    start, fold = REDUCE[operator]
    expected = np.empty(kept, np.float32)
    for at in np.ndindex(*kept):
        total = start
        for value in seen(x, source)[at].reshape(-1).tolist():
            total = fold(total, value)
        expected[at] = -total if negates else total
    found = run(body, x).astype(np.float32).reshape(kept)
    assert np.array_equal(found, seen(expected, target))


kinds = st.sampled_from(["reduce", "cumulative"])
commands = st.sampled_from(["reset_reduce", "reduce", "load_reduce", "reduce"])


@some
@given(seeds, st.sampled_from(sorted(REDUCE)),
       st.lists(st.tuples(commands, kinds), min_size=1, max_size=6))  # fmt: skip
def test_accumulators_persist_through_a_chain_of_instructions(seed, operator, chain):
    """tensor_scalar_reduce and tensor_scalar_cumulative share Vector's accumulators."""
    x = small(seed, (P, 4), low=1)
    chain = [("reset_reduce", chain[0][1]), *chain[1:]]
    start, fold = REDUCE[operator]

    def body(given: Any) -> Any:
        results = []
        for command, kind in chain:
            out, how = tile((P, 4), "float32"), nisa.reduce_cmd[command]
            initial = 2.0 if command == "load_reduce" else None
            op = getattr(nl, operator)
            if kind == "cumulative":
                nisa.tensor_scalar_cumulative(out, given, nl.add, op, 1.0, initial, how)
            else:
                end = tile((P, 1), "float32")
                nisa.tensor_scalar_reduce(
                    out, given, nl.add, 1.0, op, end, reduce_cmd=how, reduce_init=initial
                )
                results.append(end)
            results.append(out)
        return tuple(results)

    expected = []
    held = np.zeros(P)
    for command, kind in chain:
        outs = np.empty_like(x)
        for p in range(P):
            total = {"reset_reduce": start, "load_reduce": 2.0, "reduce": held[p]}[command]
            for i in range(4):
                total = fold(total, x[p, i] + 1)
                outs[p, i] = total if kind == "cumulative" else x[p, i] + 1
            held[p] = total
        if kind == "reduce":
            expected.append(held.copy().reshape(P, 1))
        expected.append(outs)
    found = run(body, x)
    for a, b in zip(found if isinstance(found, tuple) else (found,), expected, strict=True):
        assert np.allclose(a, b, rtol=1e-6)

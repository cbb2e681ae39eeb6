"""Edges that a kernel adds to the order: they move the timeline, never the values."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, run, stored
from trnlab import KernelError, nki

X = normal(32, 64)
ENGINES = ("vector", "scalar", "gpsimd", "dma")

programs = st.lists(st.tuples(st.sampled_from(ENGINES), st.integers(0, 9)), min_size=2, max_size=8)
edges = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=6)


def kernel_of(program):
    """Instructions on some engines, each on a tile that one before it wrote."""

    @nki.jit
    def kernel(x):
        tiles = [loaded(x)]
        for number, (engine, source) in enumerate(program):
            out, data = nl.ndarray(x.shape, x.dtype), tiles[source % len(tiles)]
            if engine == "dma":
                nisa.dma_copy(out, data, name=f"i{number}")
            else:
                nisa.tensor_copy(out, data, engine=engine, name=f"i{number}")
            nisa.tensor_scalar(out, out, nl.add, float(number))
            tiles.append(out)
        return tuple(stored(tile) for tile in tiles)

    return kernel


def has_cycle(program, pairs):
    """Whether an instruction would wait for what needs its own result."""
    needs = {i: {c for c in [source % (i + 1) - 1] if c >= 0} for i, (_, source) in
             enumerate(program)}  # fmt: skip
    for consumer, producer in pairs:
        if consumer != producer:
            needs[consumer].add(producer)
    done: set[int] = set()
    while ready := [i for i, wanted in needs.items() if i not in done and wanted <= done]:
        done.update(ready)
    return len(done) < len(needs)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(programs, edges)
@example([("vector", 0), ("vector", 0)], [(0, 1)])
@example([("vector", 0), ("scalar", 1)], [(0, 1)])
def test_any_edges_are_kept_or_refused_and_leave_values_alone(program, pairs):
    pairs = [(a % len(program), b % len(program)) for a, b in pairs]
    kernel = kernel_of(program)
    plain = trnlab.profile(kernel, X)
    told = kernel.with_schedule([(f"i{a}", f"i{b}") for a, b in pairs])
    if has_cycle(program, pairs):
        with pytest.raises(KernelError, match="must wait for an instruction that needs its own"):
            trnlab.profile(told, X)
        return
    prof = trnlab.profile(told, X)
    assert all(np.array_equal(a, b) for a, b in zip(prof.output, plain.output, strict=True))
    line, named = prof.timeline, prof.trace.named
    for consumer, producer in pairs:
        if consumer == producer:
            continue
        after, before = (line["call"] == named[f"i{number}"][0] for number in (consumer, producer))
        in_order = program[consumer][0] == program[producer][0] != "dma"  # no wait is needed
        ends = (line["start_s"] + line["busy_s"]) if in_order else line["end_s"]
        assert line["start_s"][after].min() >= ends[before].max() - 1e-12


@pytest.mark.parametrize("loop", ["fori_loop", "dynamic_range", "while_loop"])
def test_no_edge_leads_out_of_a_dynamic_loop(loop):
    def kernel(x, leads_out):
        tile, inside = loaded(x), []
        first = nisa.tensor_copy(tile, tile)

        def body(register):
            inside.append(nisa.tensor_copy(tile, tile).depends_on(first))
            nisa.register_move(zero, 0)
            return zero

        zero, one = nisa.register_alloc(0), nisa.register_alloc(1)
        if loop == "dynamic_range":
            for register in nl.dynamic_range(one):
                body(register)
        elif loop == "fori_loop":
            nl.fori_loop(0, one, body)
        else:
            nl.while_loop(one, body)
        last = nisa.tensor_copy(tile, tile)
        if leads_out:
            last.depends_on(*inside)
        return stored(tile)

    assert np.array_equal(run(lambda x: kernel(x, False), X), X)
    with pytest.raises(KernelError, match="lies in a dynamic loop that NkiInstruction"):
        run(lambda x: kernel(x, True), X)


def test_no_named_edge_leads_out_of_a_dynamic_loop():
    @nki.jit
    def kernel(x):
        tile = loaded(x)
        nl.fori_loop(0, 2, lambda _: nisa.tensor_copy(tile, tile, name="inside"))
        nisa.tensor_copy(tile, tile, name="after")
        return stored(tile)

    assert np.array_equal(nki.simulate(kernel.with_schedule([("inside", "inside")]))(X), X)
    with pytest.raises(KernelError, match="'after' cannot wait for 'inside' in line"):
        nki.simulate(kernel.with_schedule([("after", "inside")]))(X)


def test_in_a_dynamic_loop_each_turn_waits_for_its_own():
    @nki.jit
    def kernel(x):
        tile, copy = loaded(x), nl.ndarray(x.shape, x.dtype)
        nisa.memset(copy, 0)

        def body(_):
            nisa.tensor_copy(copy, tile, engine="gpsimd", name="slow")
            nisa.activation(tile, nl.copy, tile, name="next")

        nl.fori_loop(0, 3, body)
        return stored(copy)

    trace = trnlab.profile(kernel.with_schedule([("next", "slow")]), X).trace
    pairs = list(zip(trace.named["next"], trace.named["slow"], strict=True))
    assert [trace.after[call] for call, _ in pairs] == [(slow,) for _, slow in pairs]


def test_each_core_waits_for_its_own_instructions():
    @nki.jit
    def kernel(x):
        tile = loaded(x)
        nisa.tensor_copy(tile, tile, engine="gpsimd", name="first")
        other = loaded(x)
        nisa.activation(other, nl.exp, other, name="second")
        return stored(tile)

    prof = trnlab.profile(kernel.with_schedule([("second", "first")])[2], X)
    for call in prof.trace.named["second"]:
        (producer,) = prof.trace.after[call]
        assert prof.trace.calls[producer].core == prof.trace.calls[call].core

"""Running kernels: what goes in, what comes out, and what is left behind."""

from __future__ import annotations

import functools
import tracemalloc
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import loaded, refusal, sentence, stored, written
from trnlab import KernelError, LimitError, nki
from trnlab.nki.launch import is_running

A = np.arange(128 * 64, dtype=np.float32).reshape(128, 64)


def same(x):
    """Copy an input to an output."""
    return stored(loaded(x))


def add_one(x):
    """Add 1 to an input, in place."""
    tile = loaded(x)
    nisa.tensor_scalar(tile, tile, nl.add, 1.0)
    nisa.dma_copy(x, tile)


def read_only(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = {
    "contiguous": A,
    "Fortran-ordered": np.asfortranarray(A),
    "every other column": np.repeat(A, 2, axis=1)[:, ::2],
    "reversed": A[::-1, ::-1],
    "transposed": A.T.copy().T,
    "broadcast": np.broadcast_to(A[:1], (128, 64)),
    "read-only": read_only(A),
    "big-endian": A.astype(">f4"),
    "bfloat16 in steps": A.astype(ml_dtypes.bfloat16)[:, ::3],
    "one element": np.ones((1, 1), np.float32),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_array_of_any_layout_is_read_as_numpy_reads_it(layout: str) -> None:
    given = LAYOUTS[layout]
    prof = trnlab.profile(same, given)
    expected = np.asarray(given, np.float32)
    np.testing.assert_array_equal(np.asarray(prof.output, np.float32), expected)
    np.testing.assert_array_equal(np.asarray(prof.values(0, "src"), np.float32), expected)


@pytest.mark.parametrize(
    "layout", ["contiguous", "Fortran-ordered", "every other column", "reversed", "big-endian"]
)
def test_an_input_that_the_kernel_writes_is_updated_in_place(layout: str) -> None:
    given = LAYOUTS[layout]
    base = np.zeros((128, 128), given.dtype)
    mine = base[:, ::2] if layout == "every other column" else given.copy(order="K")
    mine[...] = given
    nki.simulate(add_one)(mine)
    np.testing.assert_array_equal(mine, np.asarray(given, np.float32) + 1)


def test_an_input_that_the_kernel_only_reads_may_be_read_only_and_is_not_changed() -> None:
    before = A.copy()
    np.testing.assert_array_equal(nki.simulate(same)(read_only(A)), A)
    np.testing.assert_array_equal(A, before)


def test_writing_a_read_only_array_is_refused() -> None:
    assert refusal(add_one, read_only(A)) == (
        "input x: the kernel writes it, but the array is read-only; pass a copy"
    )


def test_a_kernel_carries_its_function_under_the_names_that_tools_look_for() -> None:
    kernel = nki.jit(same)
    assert kernel.func is same and kernel.__wrapped__ is same
    assert kernel[2].func is same and kernel.__name__ == "same"


def test_a_profile_shows_its_values_whatever_becomes_of_the_callers_arrays() -> None:
    given, expected = A.copy(), A + 1
    prof = trnlab.profile(add_one, given)
    assert np.array_equal(given, expected)
    given[...] = 7
    assert np.array_equal(prof.values(0, "src"), A)
    assert np.array_equal(prof.values(2, "dst"), expected)
    only_read = A.copy()
    prof = trnlab.profile(same, only_read)
    only_read[...] = 7
    assert np.array_equal(prof.values(0, "src"), A)


def test_what_comes_out_is_nobody_elses() -> None:
    def both(x):
        return x, stored(loaded(x))

    given = A.copy()
    first, second = nki.simulate(both)(given)
    assert not np.shares_memory(first, given) and not np.shares_memory(second, given)
    second[...] = 0
    assert np.array_equal(first, A) and np.array_equal(given, A)
    assert np.array_equal(nki.simulate(both)(given)[1], A)


def test_a_run_with_values_copies_no_input_that_it_only_reads() -> None:
    wide = np.zeros((128, 1 << 14), np.float32)

    def corner(x):
        return stored(loaded(x[:, :4]))

    nki.simulate(corner)(wide)
    tracemalloc.start()
    nki.simulate(corner)(wide)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < wide.nbytes / 4


def test_a_zero_dimensional_input_is_one_element() -> None:
    assert nki.simulate(same)(np.array(3.0, np.float32)).tolist() == [[3.0]]
    zero = np.zeros((), np.float32)
    nki.simulate(add_one)(zero)
    assert zero == 1.0


@pytest.mark.parametrize("wide, narrow", [("float64", "float32"), ("int64", "int32")])
def test_64_bit_inputs_are_refused_with_the_cast_that_helps(wide: str, narrow: str) -> None:
    assert refusal(same, A.astype(wide)) == (
        f"input x: NKI has no {wide}; pass x.astype(np.{narrow})"
    )


@pytest.mark.parametrize("dtype", [np.complex64, object, "U3"])
def test_other_dtypes_are_refused_by_the_inputs_name(dtype: Any) -> None:
    assert refusal(same, A.astype(dtype)).startswith("input x: dtype: dtype(")


def test_an_empty_array_is_refused() -> None:
    assert refusal(same, A[:0]) == "nl.ndarray: shape [0, 64] needs sizes of 1 or more"


# Results


class Pair(NamedTuple):
    first: Any
    second: Any


def test_a_kernel_may_return_one_tensor_several_an_input_or_nothing() -> None:
    assert nki.simulate(lambda x: None)(A) is None
    one = nki.simulate(lambda x: x)(A)
    np.testing.assert_array_equal(one, A)
    assert not np.shares_memory(one, A)
    two = nki.simulate(lambda x: (same(x), x))(A)
    assert isinstance(two, tuple) and len(two) == 2
    assert isinstance(nki.simulate(lambda x: [same(x)])(A), list)
    pair = nki.simulate(lambda x: Pair(same(x), 7))(A)
    assert isinstance(pair, Pair) and pair.second == 7
    np.testing.assert_array_equal(pair.first, A)


def test_a_result_is_the_callers_own() -> None:
    first = nki.simulate(same)(A)
    first[...] = -1
    np.testing.assert_array_equal(nki.simulate(same)(A), A)


def test_a_result_has_the_dtype_of_its_tensor() -> None:
    result = nki.simulate(same)(A.astype(ml_dtypes.float8_e5m2))
    assert result.dtype == ml_dtypes.float8_e5m2


def test_a_part_of_a_tensor_may_be_returned() -> None:
    np.testing.assert_array_equal(nki.simulate(lambda x: same(x)[3:5, ::2])(A), A[3:5, ::2])


# Arguments


def test_arguments_that_are_no_arrays_are_passed_on() -> None:
    seen: list[Any] = []

    def kernel(x, count, name="n", scale=None):
        seen.extend([count, name, scale])
        return same(x)

    nki.simulate(kernel)(A, 3, scale=np.float32(2))
    assert seen == [3, "n", np.float32(2)]


def test_inputs_are_hbm_tensors_named_after_their_parameters() -> None:
    def kernel(a, *rest, b):
        assert a.buffer == nl.hbm and a.dtype == "float32" and a.shape == (128, 64)
        return same(b)

    prof = trnlab.profile(kernel, A, A, A, b=A)
    arguments = [prof.trace.tensor(id) for id in range(4)]
    assert [t.name for t in arguments] == ["a", "argument_1", "argument_2", "b"]
    assert all(t.argument and not t.output for t in arguments)


def test_the_same_array_may_be_passed_twice() -> None:
    def kernel(x, y):
        tile = loaded(x)
        nisa.tensor_tensor(tile, tile, loaded(y), nl.add)
        return stored(tile)

    np.testing.assert_array_equal(nki.simulate(kernel)(A, A), 2 * A)


def test_one_shape_is_enough_to_run_without_values() -> None:
    def kernel(x, y):
        nisa.dma_copy(x, loaded(y))
        return x

    mine = A.copy()
    prof = trnlab.profile(kernel, mine, trnlab.shape((128, 64)))
    assert prof.output is None and prof.total_s > 0
    np.testing.assert_array_equal(mine, A)


# Kernels


def test_a_kernel_keeps_its_name_and_documentation() -> None:
    kernel = nki.jit(same)
    assert kernel.__name__ == "same" and kernel.__doc__ == "Copy an input to an output."
    np.testing.assert_array_equal(kernel(A), A)


def test_jit_takes_and_ignores_compiler_options() -> None:
    kernel = nki.jit(mode="trace", platform_target="trn2")(same)
    np.testing.assert_array_equal(kernel(A), A)


class Callable:
    def __call__(self, x):
        return same(x)


@pytest.mark.parametrize(
    "kernel",
    [
        same,
        nki.jit(same),
        nki.simulate(same),
        functools.partial(same),
        functools.partial(nki.jit(same)),
        functools.partial(functools.partial(same)),
        Callable(),
        Callable().__call__,
        lambda x: same(x),
    ],
    ids=str,
)
def test_anything_callable_is_a_kernel(kernel: Any) -> None:
    prof = trnlab.profile(kernel, A)
    np.testing.assert_array_equal(prof.output, A)
    assert len(prof.trace) == 2 and prof.total_s > 0
    assert prof.name and prof.source[1]


def test_a_kernel_called_inside_a_kernel_is_inlined() -> None:
    @nki.jit
    def outer(x):
        return nki.jit(same)(x)

    prof = trnlab.profile(outer, A)
    np.testing.assert_array_equal(prof.output, A)
    assert len(prof.trace) == 2


def test_a_wrapped_kernel_takes_the_same_time() -> None:
    from trnlab.kernels.matmul import tiled

    a = trnlab.shape((512, 512), "bfloat16")
    alone = trnlab.profile(tiled, a, a)
    wrapped = trnlab.profile(lambda x, y: tiled(x, y), a, a)
    np.testing.assert_array_equal(alone.timeline["end_s"], wrapped.timeline["end_s"])


def test_nothing_is_left_of_a_kernel_that_raises() -> None:
    def broken(x):
        nisa.dma_copy(x[0:64], written((64, 64)))
        raise RuntimeError("no")

    mine = A.copy()
    for run in (nki.simulate(broken), functools.partial(trnlab.profile, broken)):
        with pytest.raises(RuntimeError):
            run(mine)
        assert not is_running()
        np.testing.assert_array_equal(mine, A)
    np.testing.assert_array_equal(nki.simulate(same)(mine), A)


def test_a_refused_call_leaves_the_engine_ready_for_the_next_kernel() -> None:
    def illegal(x):
        return same(x[0:200])

    for _ in range(2):
        with pytest.raises(KernelError, match="^index: "):
            nki.simulate(illegal)(A)
    np.testing.assert_array_equal(nki.simulate(same)(A), A)


def test_a_kernel_that_catches_a_refusal_goes_on() -> None:
    def kernel(x):
        try:
            nl.ndarray((129, 4), nl.float32)
        except KernelError:
            return same(x)

    np.testing.assert_array_equal(nki.simulate(kernel)(A), A)


# Lines


def helper(x):
    nisa.memset(x, 0)  # two lines below `def`: a call in a helper of the same file


def test_a_call_has_the_line_it_is_written_on_even_in_nested_helpers() -> None:
    def kernel(x):
        tile = nl.ndarray(x.shape, x.dtype)

        def inner():
            helper(tile)
            nisa.tensor_copy(
                dst=tile,
                src=tile,
            )

        inner()
        nl.zeros((128, 8), nl.float32)

    prof = trnlab.profile(kernel, A)
    first = kernel.__code__.co_firstlineno
    lines = [prof.trace.call(i).line for i in range(3)]
    assert lines == [helper.__code__.co_firstlineno + 1, first + 5, first + 11]
    assert prof.trace.tensor(1).line == first + 1
    assert prof.source[0] == first
    assert prof.source[1][0].strip() == "def kernel(x):"


def test_a_call_in_another_files_helper_has_the_line_that_calls_the_helper() -> None:
    def kernel(x):
        tile = loaded(x)
        return stored(tile)

    prof = trnlab.profile(kernel, A)
    first = kernel.__code__.co_firstlineno
    assert sorted(set(prof.timeline["line"].tolist())) == [first + 1, first + 2]
    assert prof.trace.call(0).queue != prof.trace.call(1).queue


# Bad calls


def test_memory_that_nothing_has_written_may_not_be_read() -> None:
    def kernel(x):
        tile = nl.ndarray((128, 64), nl.float32, name="acc")
        nisa.tensor_copy(loaded(x), tile)

    line = kernel.__code__.co_firstlineno + 1
    assert refusal(kernel, A) == (
        f"tensor_copy: acc [128, 64] in SBUF (allocated in line {line}) is read, "
        "but nothing has written it; load or compute it first"
    )


@pytest.mark.filterwarnings("ignore::trnlab.UnwrittenWarning")
def test_what_is_not_written_of_a_written_tile_reads_as_nan() -> None:
    def kernel():
        tile = nl.ndarray((64, 8), nl.float32)
        nisa.memset(tile[:, :4], 1)
        return stored(tile)

    result = nki.simulate(kernel)()
    assert (result[:, :4] == 1).all() and np.isnan(result[:, 4:]).all()


def test_calls_outside_a_kernel_say_how_to_run_one() -> None:
    with pytest.raises(KernelError) as refused:
        nl.ndarray((128, 64), nl.float32)
    assert str(refused.value) == (
        "nl and nisa calls work inside a kernel only; decorate the function with nki.jit and "
        "run it with nki.simulate(kernel)(...) or trnlab.profile(kernel, ...)"
    )


@pytest.mark.parametrize(
    "arguments, said",
    [
        (
            ((129, 4), "float32"),
            "nl.ndarray: [129, 4] in SBUF has 129 partitions, at most 128 exist; "
            "tile dimension 0 by nl.tile_size.pmax (128)",
        ),
        (
            ((128, 0), "float32"),
            "nl.ndarray: shape [128, 0] needs sizes of 1 or more",
        ),
        (
            ((128, 64 / 2), "float32"),
            "nl.ndarray: shape (128, 32.0) needs whole numbers; divide with //",
        ),
        (
            ((128, 4), "float32", "cache"),
            "nl.ndarray: buffer 'cache' is none of nl.sbuf, nl.psum, nl.private_hbm, nl.shared_hbm",
        ),
    ],
)
def test_a_tensor_that_cannot_be_is_refused(arguments: tuple[Any, ...], said: str) -> None:
    assert refusal(lambda: nl.ndarray(*arguments)) == said


def test_tensors_too_large_for_values_are_refused_with_the_limit_and_run_as_shapes() -> None:
    def kernel(x):
        big = nl.ndarray((1 << 15, 1 << 16), nl.float32, nl.shared_hbm, name="big")
        nisa.dma_copy(big[:128, :64], loaded(x))
        return big

    with pytest.raises(LimitError, match="^big .* a run with values may hold 4,294,967,296; use"):
        nki.simulate(kernel)(A)
    assert trnlab.profile(kernel, trnlab.shape(A.shape)).total_s > 0


def test_a_kernel_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trnlab.nki.launch.MAX_CALLS", 100)

    def kernel():
        tile = written((128, 4))
        while True:
            nisa.memset(tile, 0)

    with pytest.raises(LimitError) as refused:
        nki.simulate(kernel)()
    assert sentence(refused.value) == (
        "This kernel makes more than 100 NKI calls, the most that one run may record; "
        "use smaller inputs, larger tiles or fewer repetitions"
    )

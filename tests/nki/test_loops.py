"""Loops on the device: trip counts, counters, and what a run on shapes alone cannot know."""

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, run, stored
from trnlab.errors import KernelError


def count(value):
    return np.array([[value]], np.int32)


def bound(tile):
    register = nisa.register_alloc()
    nisa.register_load(register, tile)
    return register


def marks(loop):
    """A kernel that writes 1 at every index that the loop gives."""

    def kernel(n):
        out = nl.zeros((1, 16), nl.float32, buffer=nl.shared_hbm)
        one = nl.ones((1, 1), nl.float32)

        def body(i):
            nisa.dma_copy(dst=out.ap([[1, 1], [1, 1]], scalar_offset=i, indirect_dim=1), src=one)

        loop(bound(loaded(n)), body)
        return out

    return kernel


def each(register, body):
    for i in nl.dynamic_range(register):
        body(i)


@pytest.mark.parametrize("trips", [0, 1, 5])
@pytest.mark.parametrize("loop", [each, lambda n, body: nl.fori_loop(0, n, body)])
def test_a_loop_runs_as_often_as_its_register_says(loop, trips):
    found = run(marks(loop), count(trips))
    assert np.array_equal(np.flatnonzero(found), np.arange(trips))


@pytest.mark.parametrize("step", [1, 2, 3])
def test_steps_and_lower_bounds(step):
    found = run(marks(lambda n, body: nl.fori_loop(2, n, body, step)), count(11))
    assert np.array_equal(np.flatnonzero(found), np.arange(2, 11, step))


def test_writing_the_counter_of_a_fori_loop_has_no_effect():
    def loop(n, body):
        def turn(i):
            body(i)
            nisa.register_move(i, 12)

        nl.fori_loop(0, n, turn)

    assert np.array_equal(np.flatnonzero(run(marks(loop), count(3))), np.arange(3))


def counted_down(how):
    def kernel(n):
        left, one = loaded(n), nl.ones((1, 1), nl.int32)
        turns = nl.zeros((1, 1), nl.int32)
        register = bound(left)

        def body(r):
            nisa.tensor_tensor(dst=turns, data1=turns, data2=one, op=nl.add)
            nisa.tensor_tensor(dst=left, data1=left, data2=one, op=nl.subtract)
            nisa.register_load(r, left)
            return r

        how(register, body)
        return stored(turns)

    return kernel


def bare_while(register, body):
    while register:
        body(register)


@pytest.mark.parametrize("trips", [0, 1, 4])
@pytest.mark.parametrize("how", [nl.while_loop, bare_while])
def test_a_while_loop_checks_before_every_turn(how, trips):
    assert run(counted_down(how), count(trips)).item() == trips


def test_a_loaded_bound_is_unknown_on_shapes_alone():
    with pytest.raises(
        KernelError, match="fori_loop: loop bound: the value of a register is missing"
    ):
        trnlab.profile(
            marks(lambda n, body: nl.fori_loop(0, n, body)), trnlab.shape((1, 1), "int32")
        )


def test_a_bound_that_is_moved_is_known_on_shapes_alone():
    def kernel(x):
        tile = loaded(x)
        nl.fori_loop(0, nisa.register_alloc(3), lambda i: nisa.memset(dst=tile, value=0))
        return stored(tile)

    assert len(trnlab.profile(kernel, trnlab.shape((1, 8))).trace) == 5


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        (lambda: nl.fori_loop(0, 2, print, 0), "step 0 must be a positive int"),
        (lambda: nl.fori_loop(0, 2, print, nisa.register_alloc(1)), "must be a positive int"),
        (lambda: nl.while_loop(3, print), "should be a register"),
        (
            lambda: nl.fori_loop(0, nisa.register_alloc(), print),
            "no register_move or register_load",
        ),
    ],
)
def test_what_no_device_loop_can_be_is_refused(loop, message):
    with pytest.raises(KernelError, match=message):
        run(lambda x: loop(), count(0))


def test_a_device_loop_inside_no_reorder_is_refused():
    def kernel(x):
        with nl.no_reorder():
            nl.fori_loop(0, 2, print)

    with pytest.raises(KernelError, match="put no_reorder into the loop's body"):
        run(kernel, count(0))


@pytest.mark.parametrize("name", ["affine_range", "sequential_range", "static_range"])
def test_static_loops_are_plain_ranges(name):
    assert list(getattr(nl, name)(2, 9, 3)) == [2, 5, 8]
    assert list(getattr(nl, name)(3)) == [0, 1, 2]

"""Races between the two cores of a launch: found where nothing orders two accesses, and only there.

The random programs are judged apart from the engine: between two barriers on the whole tensor the
two cores go on in every order there is, and all of them must end the same.
"""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import trnlab
import trnlab.nki.collectives as ncc
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal
from trnlab import RaceError, nki
from trnlab.errors import RaceWarning
from trnlab.nki.kernel import record_ranks
from trnlab.schedule.races import find_races
from trnlab.spec import TRN3

pytestmark = pytest.mark.filterwarnings("ignore::trnlab.UnwrittenWarning")

X = normal(256, 64)


def run(body, *arrays, cores=1):
    return nki.simulate(nki.jit(body)[cores])(*arrays)


def shared(shape=(256, 64), dtype=nl.float32, name=""):
    return nl.ndarray(shape, dtype, nl.shared_hbm, name=name)


def half(tensor, core):
    return tensor[128 * core : 128 * core + 128]


def exchanged(x, meet):
    """Each core writes its half of a tensor and reads the other one's; `meet` comes between."""
    core = nl.program_id()
    between, out = shared(name="between"), shared()
    nisa.dma_copy(half(between, core), loaded(half(x, core)))
    meet(between)
    nisa.dma_copy(half(out, core), loaded(half(between, 1 - core)))
    return out


def refused(body, *arrays):
    with pytest.raises(RaceError) as race:
        run(body, *arrays, cores=2)
    return str(race.value)


def test_a_race_names_both_calls_their_lines_the_bytes_and_the_way_out():
    @nki.jit
    def kernel(x):
        core = nl.program_id()
        between = nl.ndarray((256, 64), nl.float32, nl.shared_hbm, name="between")
        tile = nl.ndarray((128, 64), nl.float32)
        nisa.dma_copy(tile, half(x, core))
        nisa.dma_copy(half(between, core), tile)
        nisa.dma_copy(tile[:, 8:16], half(between, 1 - core)[:, 8:16])
        return between

    first = kernel.function.__code__.co_firstlineno
    with pytest.raises(RaceError) as race:
        nki.simulate(kernel[2])(X)
    assert str(race.value) == (
        f"race: core 0 reads (dma_copy in line {first + 7}) and core 1 writes (dma_copy in line "
        f"{first + 6}) between [256, 64] (allocated in line {first + 3}), both rows 128 to 255, "
        "elements 8 to 15, and nothing orders them: only luck of the schedule decides which comes "
        "first. Put nisa.core_barrier(data, (0, 1)) on that tensor between the two, or give each "
        "core a part of its own; 1 more such pair(s) of lines"
    )


def test_a_barrier_on_the_tensor_orders_its_accesses():
    out = run(lambda x: exchanged(x, lambda data: nisa.core_barrier(data, (0, 1))), X, cores=2)
    assert np.array_equal(out, np.concatenate([X[128:], X[:128]]))


def test_a_barrier_on_another_tensor_does_not():
    def kernel(x):
        other = shared((4, 4))
        return exchanged(x, lambda _: nisa.core_barrier(other, (0, 1)))

    assert "between [256, 64]" in refused(kernel, X)


def test_shapes_alone_show_the_same_race():
    kernel = nki.jit(lambda x: exchanged(x, lambda _: None))
    with pytest.raises(RaceError, match=r"core 0 reads .* core 1 writes"):
        trnlab.profile(kernel[2], trnlab.shape(X.shape))


def cached(x, cache, weights):
    """Core 0 puts a row into a cache; core 1 reads all of it and weighs that row."""
    out = shared((1, 64))
    if nl.program_id() == 0:
        nisa.dma_copy(cache[7:8], loaded(x[0:1]))
    else:
        sums = nl.ndarray((1, 64), nl.float32, nl.psum)
        nisa.nc_matmul(sums, stationary=loaded(weights), moving=loaded(cache))
        tile = nl.ndarray((1, 64), nl.float32)
        nisa.tensor_copy(tile, sums)
        nisa.dma_copy(out, tile)
    return out


def test_a_race_on_an_input_whose_other_order_ends_the_same_is_warned_of():
    weights = np.ones((8, 1), np.float32)
    weights[7] = 0
    cache, expected = X[:8].copy(), weights.T @ X[:8]
    with pytest.warns(RaceWarning, match="cache .* another order of the cores ends with the same"):
        out = run(cached, X[100:], cache, weights, cores=2)
    assert np.allclose(out, expected, atol=1e-5)
    assert np.array_equal(cache[7], X[100]) and np.array_equal(cache[:7], X[:7])


def test_a_race_on_an_input_that_shows_in_the_values_is_refused_and_leaves_the_input_alone():
    cache = X[:8].copy()
    with pytest.raises(RaceError, match="cache"):
        run(cached, X[100:], cache, np.ones((8, 1), np.float32), cores=2)
    assert np.array_equal(cache, X[:8])


def cleared(x, exchanges):
    """Both cores clear a tensor, may exchange a tile, and store into halves that overlap or not."""
    core, out = nl.program_id(), shared(name="sums")
    zero, tile = nl.ndarray((128, 64), nl.float32), loaded(half(x, core))
    nisa.memset(zero, 0.0)
    for part in range(2):
        nisa.dma_copy(half(out, part), zero)
    if exchanges:
        nisa.sendrecv(src=tile, dst=zero, send_to_rank=1 - core, recv_from_rank=1 - core, pipe_id=0)
        nisa.dma_copy(half(out, core), zero)
    else:
        nisa.dma_copy(half(out, core), tile)
    return out


def test_results_that_follow_what_the_other_core_clears_only_by_a_message_are_warned_of():
    with pytest.warns(RaceWarning, match="sums .* another order of the cores ends with the same"):
        out = run(lambda x: cleared(x, True), X, cores=2)
    assert np.array_equal(out, np.concatenate([X[128:], X[:128]]))


def test_results_that_the_other_core_may_clear_are_refused():
    assert "sums [256, 64]" in refused(lambda x: cleared(x, False), X)


def test_one_core_never_races():
    def kernel(x):
        out = shared()
        for half_of_it in range(2):
            nisa.dma_copy(half(out, half_of_it), loaded(half(x, half_of_it)))
            nisa.dma_copy(half(x, half_of_it), loaded(half(out, half_of_it)))
        return out

    assert np.array_equal(run(kernel, X.copy()), X) and find(kernel, X, lnc=1) == []


def test_what_both_cores_read_before_one_overwrites_it_needs_a_barrier_too():
    def kernel(x, meets):
        tile = loaded(x[:128])
        if meets:
            nisa.core_barrier(x, (0, 1))
        out = shared((128, 64))
        if nl.program_id() == 1:
            nisa.dma_copy(x[:128], loaded(x[128:]))
        else:
            nisa.dma_copy(out, tile)
        return x, out

    assert "core 0 reads" in refused(lambda x: kernel(x, False), X.copy())
    assert np.array_equal(run(lambda x: kernel(x, True), X.copy(), cores=2)[1], X[:128])


def test_both_cores_may_write_the_same_values_and_read_them_back():
    def kernel(x):
        double, out = shared((128, 64)), shared((128, 64))
        tile = loaded(x[:128])
        nisa.tensor_tensor(tile, tile, tile, nl.add)
        nisa.dma_copy(double, tile)
        nisa.dma_copy(out, loaded(double))
        return out

    assert np.array_equal(run(kernel, X, cores=2), 2 * X[:128])
    assert trnlab.profile(nki.jit(kernel)[2], trnlab.shape(X.shape)).total_s > 0


def test_other_values_at_the_same_place_are_a_race():
    def kernel(x):
        out = shared((128, 64))
        nisa.dma_copy(out, loaded(half(x, nl.program_id())))
        return out

    assert "core 0 writes" in refused(kernel, X) and "core 1 writes" in refused(kernel, X)


@pytest.mark.parametrize("start, races", [(0, False), (1, True)])
def test_columns_between_each_other_do_not_meet(start, races):
    def kernel(x):
        core, out = nl.program_id(), shared((128, 64))
        columns = slice(core * (1 - start), None, 2)
        nisa.dma_copy(out[:, columns], loaded(half(x, core))[:, columns])
        return out

    assert (find(kernel, X) != []) == races


def find(body, *arrays, lnc=2):
    """Races that a kernel has, without being refused for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trnlab.nki.kernel.require_no_race", lambda *_: None)
        arguments = [(tuple(array.copy() for array in arrays), {})]
        trace, _, _ = record_ranks(nki.jit(body), arguments, TRN3.core, lnc)
    return find_races(trace, True)


@pytest.mark.parametrize("holds_it", [True, False])
def test_a_message_orders_what_it_holds_with_what_the_receiver_does_with_it(holds_it):
    def kernel(x):
        core, out = nl.program_id(), shared()
        tile, token = loaded(half(x, core)), nl.ndarray((128, 64), nl.float32)
        if core == 0:
            nisa.dma_copy(out[:128], tile)
            if holds_it:
                nisa.dma_copy(tile, out[:128])  # so that it leaves after the write
        nisa.sendrecv(tile, token, 1 - core, 1 - core, 0)
        if core == 1:
            nisa.tensor_scalar(token, token, nl.add, 1.0)
            nisa.dma_copy(out[:128], token)
        return out

    assert (find(kernel, X) == []) == holds_it


def test_a_collective_orders_both_cores_around_its_operands():
    def kernel(x):
        core, sent, got, out = nl.program_id(), shared((8, 16)), shared((8, 16)), shared((8, 16))
        mine = slice(4 * core, 4 * core + 4)
        nisa.dma_copy(sent[mine], loaded(x[mine]))
        ncc.all_reduce(sent, got, [[0, 1]], nl.add)
        nisa.dma_copy(out[mine], loaded(got[slice(4 - 4 * core, 8 - 4 * core)]))
        nisa.dma_copy(sent[slice(4 - 4 * core, 8 - 4 * core)], loaded(x[mine]))
        return out

    xs = [normal(8, 16) for _ in range(2)]
    found = trnlab.launch(nki.jit(kernel), [((x,), {}) for x in xs], lnc=2)
    total = xs[0] + xs[1]
    assert np.allclose(found[1], np.concatenate([total[4:], total[:4]]))


def test_ranks_are_named():
    def kernel(x):
        return exchanged(x, lambda _: None)

    with pytest.raises(RaceError, match="core 0 of rank 0 reads .* core 1 of rank 0 writes"):
        trnlab.launch(nki.jit(kernel), [((X.copy(),), {}) for _ in range(2)], lnc=2)


@pytest.mark.parametrize("rows, races", [([0, 2, 4, 6], False), ([1, 3, 6, 7], True)])
def test_scattered_rows_meet_where_their_indices_do(rows, races):
    def kernel(x, index):
        core, out = nl.program_id(), shared((8, 64))
        at = loaded(index[4 * core : 4 * core + 4])
        place = out.ap([[64, 4], [1, 64]], vector_offset=at, indirect_dim=0)
        nisa.dma_copy(place, loaded(half(x, core)[:4]))
        return out

    other = [1, 3, 5, 7]
    index = np.array([*other, *rows], np.int32).reshape(8, 1)
    assert (find(kernel, X, index) != []) == races


@pytest.mark.parametrize("row, races", [(3, False), (0, True)])
def test_a_run_time_address_is_where_it_turns_out_to_be(row, races):
    def kernel(x, index):
        core, out = nl.program_id(), shared((8, 64))
        if core == 0:
            nisa.dma_copy(out[0:1], loaded(x[0:1]))
        else:
            place = out.ap([[64, 1], [1, 64]], scalar_offset=loaded(index), indirect_dim=0)
            nisa.dma_copy(place, loaded(x[1:2]))
        return out

    assert (find(kernel, X, np.array([[row]], np.int32)) != []) == races
    shapes = trnlab.shape(X.shape), trnlab.shape((1, 1), "int32")
    assert trnlab.profile(nki.jit(kernel)[2], *shapes).total_s > 0  # it may lie anywhere


class Step(NamedTuple):
    core: int
    phase: int
    writes: bool
    rows: tuple[int, int]  # first, how many
    columns: tuple[int, int, int]  # first, step, how many
    value: int

    @property
    def place(self):
        (row, rows), (first, step, count) = self.rows, self.columns
        return slice(row, row + rows), slice(first, first + step * (count - 1) + 1, step)

    def meets(self, other):
        """Whether both touch an element, one writes, and no order keeps them apart."""
        mask = np.zeros(SHAPE, np.int8)
        mask[self.place] += 1
        mask[other.place] += 1
        apart = self.core == other.core or self.phase != other.phase
        return not apart and (self.writes or other.writes) and (mask == 2).any()


SHAPE = (80, 40)
steps = st.builds(
    Step,
    st.integers(0, 1),
    st.integers(0, 1),
    st.booleans(),
    st.tuples(st.sampled_from([0, 3, 64]), st.sampled_from([1, 2, 10])),
    st.tuples(st.integers(0, 7), st.integers(1, 3), st.integers(1, 8)),
    st.integers(0, 2),
)


def interleavings(a, b):
    """All orders of two lists that keep the order within each."""
    if not a or not b:
        return [a + b]
    return [[a[0], *rest] for rest in interleavings(a[1:], b)] + [
        [b[0], *rest] for rest in interleavings(a, b[1:])
    ]


def outcomes(program):
    """All that memory and reads may hold in the end, over every order that barriers allow."""
    states = {(np.zeros(SHAPE, np.float32).tobytes(), ())}
    for phase in range(2):
        sides = [[s for s in program if (s.core, s.phase) == (core, phase)] for core in range(2)]
        after = set()
        for memory, reads in states:
            for order in interleavings(*sides):
                data, seen = np.frombuffer(memory, np.float32).reshape(SHAPE).copy(), []
                for step in order:
                    if step.writes:
                        data[step.place] = step.value
                    else:
                        seen.append((step, data[step.place].tobytes()))
                after.add((data.tobytes(), reads + tuple(sorted(seen))))
        states = after
    return states


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(steps, min_size=2, max_size=7, unique=True))
@example([Step(0, 0, True, (0, 1), (0, 1, 1), 1), Step(1, 0, False, (0, 1), (0, 1, 1), 0)])
@example([Step(0, 0, True, (0, 10), (0, 2, 4), 1), Step(1, 0, True, (0, 10), (1, 2, 4), 1)])
@example([Step(0, 0, True, (0, 1), (0, 1, 1), 1), Step(1, 1, False, (0, 1), (0, 1, 1), 0)])
@example([Step(0, 0, True, (0, 1), (0, 1, 8), 1), Step(1, 0, True, (0, 1), (2, 1, 2), 1)])
@example([Step(0, 0, True, (0, 1), (0, 1, 1), 0), Step(1, 0, True, (0, 1), (0, 1, 1), 1)])
def test_without_a_race_every_order_that_barriers_allow_ends_the_same(program):
    def kernel(x):
        for phase in range(2):
            for step in program:
                if (step.core, step.phase) == (nl.program_id(), phase):
                    tile = nl.ndarray((step.rows[1], step.columns[2]), nl.float32)
                    nisa.memset(tile, step.value)
                    part = x[step.place]
                    nisa.dma_copy(*((part, tile) if step.writes else (tile, part)))
            nisa.core_barrier(x, (0, 1))
        return x

    found = find(kernel, np.zeros(SHAPE, np.float32))
    if found:
        assert any(a.meets(b) for i, a in enumerate(program) for b in program[i + 1 :])
    else:
        assert len(outcomes(program)) == 1


def test_both_cores_may_copy_a_result_of_both_onto_itself():
    def kernel(x):
        out, tile = shared((128, 64)), loaded(x[:128])
        nisa.dma_copy(out, tile)
        nisa.dma_copy(out, out)
        return out

    assert np.array_equal(run(kernel, X, cores=2), X[:128])
    assert trnlab.profile(nki.jit(kernel)[2], trnlab.shape(X.shape)).total_s > 0

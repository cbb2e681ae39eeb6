"""Launches: arguments and outputs, two cores, order, platforms."""

import dataclasses
from typing import NamedTuple

import ml_dtypes
import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.nki.kernels import loaded, normal, run, stored
from trnlab import nki
from trnlab.errors import KernelError

X = normal(256, 64)


@nki.jit
def halves(x):
    """Each core adds what the other one sent to its own half, then copies the other's result."""
    core, other = nl.program_id(0), 1 - nl.program_id(0)
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    swapped = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    mine = loaded(x[core * 128 : core * 128 + 128])
    theirs = nl.ndarray((128, 64), x.dtype)
    nisa.sendrecv(src=mine, dst=theirs, send_to_rank=other, recv_from_rank=other, pipe_id=0)
    nisa.tensor_tensor(dst=mine, data1=mine, data2=theirs, op=nl.add)
    nisa.dma_copy(dst=out[core * 128 : core * 128 + 128], src=mine)
    nisa.core_barrier(out, (0, 1))
    nisa.dma_copy(
        dst=swapped[core * 128 : core * 128 + 128], src=loaded(out[other * 128 : other * 128 + 128])
    )
    return out, swapped


def test_two_cores_exchange_tiles_and_share_hbm():
    out, swapped = nki.simulate(halves[2])(X)
    assert np.array_equal(out[:128], X[:128] + X[128:])
    assert np.array_equal(swapped, out)


def test_two_cores_run_the_same_twice_and_in_the_same_time_on_shapes_alone():
    first, second = (trnlab.profile(halves[2], X) for _ in range(2))
    alone = trnlab.profile(halves[2], trnlab.shape(X.shape))
    for name in first.timeline:
        assert np.array_equal(first.timeline[name], second.timeline[name])
        assert np.array_equal(first.timeline[name], alone.timeline[name])


def test_a_barrier_holds_both_cores_until_the_later_one_comes():
    @nki.jit
    def kernel(x):
        if nl.program_id() == 0:
            tile = loaded(x[:128])
            for _ in range(50):
                nisa.tensor_copy(dst=tile, src=tile)
            nisa.dma_copy(dst=x[:128], src=tile)
        nisa.core_barrier(x, (0, 1))
        return stored(loaded(x[:128]))

    line = trnlab.profile(kernel[2], trnlab.shape(X.shape)).timeline
    op = np.array(line.ops)[line["op"]]
    signals = line["end_s"][op == "core_barrier_signal"]
    waits = line["start_s"][op == "core_barrier_wait"]
    assert len(signals) == len(waits) == 2
    assert waits.min() >= signals.max() > 5e-6
    assert set(line["core"]) == {0, 1}


def test_messages_of_one_pipe_pair_up_in_order_and_pipes_are_independent():
    @nki.jit
    def kernel(x):
        core, other = nl.program_id(), 1 - nl.program_id()
        tiles = [nl.ndarray((32, 4), nl.float32) for _ in range(6)]
        for i, tile in enumerate(tiles[:3]):
            nisa.memset(dst=tile, value=10 * core + i)
        for source, target, pipe in ((0, 3, "a"), (1, 4, "b"), (2, 5, "a")):
            nisa.sendrecv(tiles[source], tiles[target], other, other, pipe)
        out = nl.ndarray((2, 3), nl.float32, nl.shared_hbm)
        for i, tile in enumerate(tiles[3:]):
            nisa.dma_copy(dst=out[core, i : i + 1], src=tile[0:1, 0:1])
        return out

    assert np.array_equal(nki.simulate(kernel[2])(X), [[10, 11, 12], [0, 1, 2]])


def test_a_deadlock_says_who_waits_for_whom():
    @nki.jit
    def kernel(x):
        tile = loaded(x[:128])
        if nl.program_id() == 0:
            nisa.sendrecv(tile, tile, 1, 1, 3)
        else:
            nisa.core_barrier(x, (0, 1))

    with pytest.raises(KernelError) as error:
        nki.simulate(kernel[2])(X)
    assert "core 0 waits at sendrecv (pipe 3) in line" in str(error.value)
    assert "core 1 waits at core_barrier in line" in str(error.value)


def test_an_error_on_one_core_ends_the_launch():
    @nki.jit
    def kernel(x):
        if nl.program_id() == 1:
            raise LookupError("on core 1")
        nisa.core_barrier(x, (0, 1))

    with pytest.raises(LookupError, match="on core 1"):
        nki.simulate(kernel[2])(X)


def test_the_ith_shared_allocation_is_common_and_must_agree():
    @nki.jit
    def kernel(x):
        nl.ndarray((4, 4 + nl.program_id()), nl.float32, nl.shared_hbm)

    with pytest.raises(KernelError, match="both cores must allocate the same ones"):
        nki.simulate(kernel[2])(X)


@pytest.mark.parametrize(
    ("launch", "expected"),
    [(lambda k: k, (0, 1, 0, "private_hbm")), (lambda k: k[1], (0, 1, 1, "private_hbm")),
     (lambda k: k[(1,)], (0, 1, 1, "private_hbm")), (lambda k: k[2], (1, 2, 1, "shared_hbm"))],
)  # fmt: skip
def test_programs_know_their_launch(launch, expected):
    seen = []

    @nki.jit
    def kernel(x):
        seen.append((nl.program_id(), nl.num_programs(), nl.program_ndim(), x.buffer))

    launch(kernel)(X)
    assert seen[-1] == expected


@pytest.mark.parametrize("cores", [0, 3, 8, (1, 2), "2"])
def test_a_logical_core_has_one_or_two_physical_ones(cores):
    with pytest.raises(KernelError, match="1 or 2 physical cores"):
        halves[cores]


@pytest.mark.parametrize("name", ["core_barrier", "sendrecv"])
def test_meeting_another_core_needs_one(name):
    calls = {
        "core_barrier": lambda x: nisa.core_barrier(x, (0, 1)),
        "sendrecv": lambda x: nisa.sendrecv(loaded(x[:128]), loaded(x[:128]), 1, 1, 0),
    }
    with pytest.raises(KernelError, match=f"{name}: .* kernel\\[2\\]"):
        run(calls[name], X)


@pytest.mark.parametrize(
    ("src", "dst", "engine", "message"),
    [
        ((128, 64), (128, 32), nisa.dma_engine.dma, "must have the same dtype and shape"),
        ((128, 512), (128, 512), nisa.dma_engine.gpsimd_dma, "which moves at most 1024"),
    ],
)
def test_messages_that_no_core_can_send(src, dst, engine, message):
    @nki.jit
    def kernel(x):
        tiles = [nl.zeros(shape, nl.float32) for shape in (src, dst)]
        nisa.sendrecv(*tiles, 1 - nl.program_id(), 1 - nl.program_id(), 0, engine)

    with pytest.raises(KernelError, match=message):
        nki.simulate(kernel[2])(X)


class Pair(NamedTuple):
    a: object
    b: object


@dataclasses.dataclass
class Weights(nl.NKIObject):
    scale: object
    name: str = "w"


def test_arrays_inside_containers_and_records_become_tensors_and_come_back():
    def kernel(tensors, weights, table):
        assert weights.name == "w" and table["flag"] is True
        return Pair(stored(loaded(tensors[0])), [stored(loaded(weights.scale)), table["x"]])

    a, b, c = normal(4, 8), normal(8, 4), normal(2, 2)
    found = run(kernel, [a], Weights(b), {"x": c, "flag": True})
    assert isinstance(found, Pair)
    for array, expected in zip((found.a, *found.b), (a, b, c), strict=True):
        assert np.array_equal(array, expected)


def test_other_arguments_pass_through_and_nothing_may_be_returned():
    seen = []
    given = ("text", 3, None, nl.exp, nisa.engine.vector)
    assert run(lambda *args: seen.extend(args), *given) is None
    assert tuple(seen) == given


def test_inputs_that_the_kernel_writes_are_updated_in_place():
    def kernel(x):
        tile = loaded(x)
        nisa.tensor_scalar(dst=tile, data=tile, op0=nl.multiply, operand0=2.0)
        nisa.dma_copy(dst=x, src=tile)
        return x

    x = normal(16, 8)
    view = np.zeros((16, 16), np.float32)[:, ::2]
    view[...] = x
    expected = x * 2
    assert np.array_equal(run(kernel, view), expected)
    assert np.array_equal(view, expected)


def test_a_kernel_that_fails_leaves_its_inputs_alone():
    def kernel(x):
        nisa.dma_copy(dst=x, src=nl.zeros(x.shape, x.dtype))
        raise LookupError

    x = normal(4, 4)
    before = x.copy()
    with pytest.raises(LookupError):
        run(kernel, x)
    assert np.array_equal(x, before)


def test_a_kernel_called_in_a_kernel_is_inlined():
    inner = nki.jit(lambda x: loaded(x))
    assert np.array_equal(run(lambda x: stored(inner[2](x)), X[:128]), X[:128])


def test_jit_takes_any_option_and_keeps_the_function():
    @nki.jit(mode="trace", platform_target="trn2", debug_kernel=True, experimental_flags="x")
    def kernel(x):
        """Text."""

    assert kernel.__name__ == "kernel" and kernel.__doc__ == "Text." and kernel.__wrapped__
    assert nki.jit()(kernel) is kernel


@pytest.mark.parametrize(
    ("name", "version"),
    [
        *(("trn1", 2), ("inf2", 2), ("gen2", 2), ("trn2", 3), ("gen3", 3)),
        *(("trn3", 4), ("trn3pre", 4), ("gen4", 4)),
    ],
)
def test_the_platform_override_chooses_the_generation(monkeypatch, name, version):
    monkeypatch.setenv("NEURON_PLATFORM_TARGET_OVERRIDE", name)
    seen = []
    run(lambda x: seen.append(nisa.get_nc_version()), X)
    assert seen[0] == version and seen[0] >= nisa.nc_version.gen2


def test_an_unknown_platform_is_refused(monkeypatch):
    monkeypatch.setenv("NEURON_PLATFORM_TARGET_OVERRIDE", "trn9")
    with pytest.raises(KernelError, match="'trn9' is no platform"):
        run(lambda x: x, X)


def test_wide_narrow_types_are_refused(monkeypatch):
    monkeypatch.setenv("NKI_PRECISE_FP", "0")
    with pytest.raises(KernelError, match="NKI_PRECISE_FP=0 is not modelled"):
        run(lambda x: x, X)


def two_engines(x):
    tile = loaded(x)
    a, b, c = (nl.ndarray((128, 64), nl.float32) for _ in range(3))
    nisa.activation(dst=a, op=nl.exp, data=tile, name="exp")
    nisa.tensor_scalar(dst=b, data=tile, op0=nl.add, operand0=1.0, name="plus1")
    nisa.reciprocal(dst=c, data=tile, name="recip")
    return stored(a), stored(b), stored(c)


def starts(kernel):
    prof = trnlab.profile(kernel, trnlab.shape((128, 64)))
    first = {
        prof.trace.call(c).op: prof.timeline["start_s"][prof.timeline["call"] == c][0]
        for c in range(1, 4)
    }
    return first["activation"], first["tensor_scalar"], first["reciprocal"]


def test_edges_by_name_change_the_timeline_and_not_the_values():
    kernel = nki.jit(two_engines)
    exp, plus1, recip = starts(kernel)
    assert exp == plus1 < recip
    exp, plus1, _ = starts(kernel.with_schedule([("plus1", ["exp"])]))
    assert plus1 > exp
    _, plus1, recip = starts(kernel.with_schedule([("plus1", "recip")]))
    assert plus1 > recip
    plain, edged = (
        nki.simulate(k)(X[:128]) for k in (kernel, kernel.with_schedule([("plus1", "recip")]))
    )
    assert all(np.array_equal(a, b) for a, b in zip(plain, edged, strict=True))


def test_edges_that_close_a_circle_are_refused():
    kernel = nki.jit(two_engines).with_schedule([("plus1", "recip"), ("recip", "plus1")])
    with pytest.raises(KernelError, match="must wait for an instruction that needs its own result"):
        trnlab.profile(kernel, trnlab.shape((128, 64)))


def test_an_edge_to_no_instruction_is_refused():
    with pytest.raises(KernelError, match="no instruction is named 'nobody'; .* exp, plus1, recip"):
        trnlab.profile(
            nki.jit(two_engines).with_schedule([("exp", "nobody")]), trnlab.shape((128, 64))
        )


def test_depends_on_makes_an_instruction_wait():
    def kernel(x):
        tile = loaded(x)
        a, b = (nl.ndarray((128, 64), nl.float32) for _ in range(2))
        first = nisa.activation(dst=a, op=nl.exp, data=tile)
        second = nisa.tensor_scalar(dst=b, data=tile, op0=nl.add, operand0=1.0)
        assert second.depends_on(first) is second
        return stored(a), stored(b)

    line = trnlab.profile(kernel, trnlab.shape((128, 64))).timeline
    row = np.flatnonzero(line["call"] == 2)[-1]
    assert "which it was told to follow" in line.wait_text(row)
    with pytest.raises(KernelError, match="is not an instruction of this kernel"):
        run(lambda x: nisa.memset(loaded(x), 0).depends_on(3), X[:128])


def test_no_reorder_keeps_program_order():
    def kernel(x):
        with nl.no_reorder():
            return two_engines(x)

    found = starts(kernel)
    assert list(found) == sorted(found) and len(set(found)) == 3


def test_bfloat16_outputs_keep_their_dtype():
    x = normal(8, 8, dtype=ml_dtypes.bfloat16)
    assert run(lambda x: stored(loaded(x)), x).dtype == ml_dtypes.bfloat16


def test_each_argument_is_a_tensor_of_its_own_even_if_the_array_is_the_same():
    x = normal(4, 8)

    def kernel(a, pair, b):
        assert len({id(t.storage) for t in (a, *pair, b)}) == 4
        return stored(loaded(b))

    prof = trnlab.profile(nki.jit(kernel)[2], x, [x, x], x)
    assert np.array_equal(prof.output, x)
    assert [t.name for t in prof.trace.allocations if t.argument] == ["a", "pair_0", "pair_1", "b"]


def test_a_kernel_without_instructions_takes_no_time():
    assert trnlab.profile(lambda x: None, X).total_s == 0


def test_simulate_inside_a_kernel_runs_inline():
    inner = nki.simulate(nki.jit(lambda x: loaded(x)))
    assert np.array_equal(run(lambda x: stored(inner(x)), X[:128]), X[:128])

"""Launches on two cores: what they demand, determinism, and who waits for whom."""

import signal
import threading

import numpy as np
import pytest

import trnlab
import trnlab.nki.collectives as ncc
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import sentence
from tests.nki.kernels import loaded, normal, stored
from trnlab import KernelError, nki

X = normal(32, 16)


def refused(body, *arrays, cores=2):
    with pytest.raises(KernelError) as error:
        nki.simulate(nki.jit(body)[cores])(*(arrays or (X.copy(),)))
    return sentence(error.value)


def test_trainium1_has_no_logical_core_of_two(monkeypatch):
    monkeypatch.setenv("NEURON_PLATFORM_TARGET_OVERRIDE", "trn1")
    assert refused(lambda x: x) == (
        "kernel[2]: NeuronCore-v2 has no logical cores of several physical ones; launch "
        "kernel[1](...), or run on trn2 or trn3"
    )
    assert np.array_equal(nki.simulate(nki.jit(lambda x: stored(loaded(x)))[1])(X), X)


@pytest.mark.parametrize("cores", [0, (0,), [0]])
def test_a_barrier_of_the_only_core_waits_for_nobody(cores):
    def kernel(x):
        nisa.core_barrier(x, cores)
        return stored(loaded(x))

    assert np.array_equal(nki.simulate(nki.jit(kernel)[1])(X), X)
    assert "joins cores (0, 1)" in refused(kernel)


def test_messages_take_the_two_movers_there_are():
    def kernel(x):
        tile = loaded(x)
        nisa.sendrecv(tile, tile, 0, 0, 0, "warp")

    assert refused(kernel) == "sendrecv: dma_engine: 'warp' is none of dma, gpsimd_dma"


def test_the_runtime_places_tensors_in_hbm():
    def kernel(x):
        return nl.ndarray((4, 4), nl.float32, nl.shared_hbm, address=(0, 0))

    assert refused(kernel, cores=1) == (
        "nl.ndarray: address (0, 0) in HBM, which the runtime places; leave it out, or allocate in "
        "nl.sbuf or nl.psum"
    )


@nki.jit
def turns(x):
    """Messages, barriers and shared results in every phase."""
    core, other = nl.program_id(), 1 - nl.program_id()
    data, tile = nl.ndarray((64, 16), nl.float32, nl.shared_hbm), loaded(x)
    for turn in range(4):
        nisa.tensor_scalar(tile, tile, nl.multiply, float(core + turn + 1))
        nisa.dma_copy(data[32 * core : 32 * core + 32], tile)
        nisa.core_barrier(data, (0, 1))
        back = loaded(data[32 * other : 32 * other + 32])
        nisa.core_barrier(data, (0, 1))
        nisa.sendrecv(back, tile, other, other, pipe_id=turn)
    nisa.dma_copy(data[32 * core : 32 * core + 32], tile)
    return data


def test_two_cores_give_the_same_values_and_the_same_time_again_and_again():
    runs = [trnlab.profile(turns[2], X) for _ in range(3)]
    for again in runs[1:]:
        assert again.output.tobytes() == runs[0].output.tobytes()
        for name in again.timeline:
            assert np.array_equal(again.timeline[name], runs[0].timeline[name])


def test_a_message_leaves_once_the_receiver_is_done_with_the_tile_it_goes_to():
    def kernel(x):
        core = nl.program_id()
        mine, theirs = loaded(x), loaded(x)
        for _ in range(20 * core):  # core 1 still needs what lies where the message goes
            nisa.tensor_scalar(theirs, theirs, nl.add, 1.0)
        nisa.sendrecv(mine, theirs, 1 - core, 1 - core, 0)
        return stored(theirs)

    prof = trnlab.profile(nki.jit(kernel)[2], X)
    line, calls = prof.timeline, prof.trace.calls
    rows = {
        (calls[call].core, calls[call].kind.instruction.name): (start, end)
        for call, start, end in zip(line["call"], line["start_s"], line["end_s"], strict=True)
    }
    used_until = rows[1, "tensor_scalar"][1]
    assert rows[0, "sendrecv_send"][0] > used_until > rows[1, "sendrecv_send"][1]
    assert rows[1, "sendrecv_receive"][0] >= rows[0, "sendrecv_send"][1]


def test_a_deadlock_of_ranks_names_each_rank_and_its_line():
    def kernel(x):
        out = nl.ndarray((64, 16), nl.float32, nl.shared_hbm)
        rank = 0 if x.shape[1] == 16 else 1
        if rank == 0:
            ncc.all_gather(x, out, [[0, 1]], 0)
        else:
            first = loaded(x)
            ncc.all_reduce(first, first, [[0, 1]], nl.add)

    first = kernel.__code__.co_firstlineno
    with pytest.raises(KernelError) as error:
        trnlab.launch(nki.jit(kernel), [((X.copy(),), {}), ((normal(32, 8),), {})])
    said = str(error.value)
    assert f"rank 0 core 0 waits at all_gather in line {first + 4} for rank 1" in said
    assert f"rank 1 core 0 waits at all_reduce in line {first + 7} for rank 0" in said


def test_a_rank_that_ended_is_named_by_those_that_wait_for_it():
    def kernel(x):
        out = nl.ndarray((64, 16), nl.float32, nl.shared_hbm)
        if x.shape[1] == 16:
            ncc.all_gather(x, out, [[0, 1]], 0)

    with pytest.raises(KernelError, match="rank 0 core 0 waits at .*; rank 1 core 0 has ended"):
        trnlab.launch(nki.jit(kernel), [((X.copy(),), {}), ((normal(32, 8),), {})])


@pytest.mark.parametrize("lnc", [0, 3, "2"])
def test_a_launch_has_one_or_two_cores_for_each_rank(lnc):
    with pytest.raises(KernelError, match="^launch: lnc .*; a logical core has 1 or 2 physical"):
        trnlab.launch(nki.jit(lambda x: x), [((X,), {})], lnc=lnc)


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda x, out: ncc.collective_permute(x, out, [(0, 5)]),
         "collective_permute: pair (0, 5) in a launch of 2 rank(s); ranks are 0 to 1"),
        (lambda x, out: ncc.all_reduce(x, out, [[0, 1]], nl.add, priority=4),
         "all_reduce: priority 4, allowed is 0 (first) to 3"),
        (lambda x, out: ncc.all_gather(x, out, [[0, 1]], 0, priority=-1),
         "all_gather: priority -1, allowed is 0 (first) to 3"),
    ],
)  # fmt: skip
def test_collectives_refuse_ranks_and_priorities_that_are_not_there(call, said):
    def kernel(x):
        call(x, nl.ndarray((32, 16), nl.float32, nl.shared_hbm))

    with pytest.raises(KernelError) as error:
        trnlab.launch(nki.jit(kernel), [((X.copy(),), {}) for _ in range(2)])
    assert sentence(error.value) == said


def test_priorities_exist_on_trainium3_only(monkeypatch):
    monkeypatch.setenv("NEURON_PLATFORM_TARGET_OVERRIDE", "trn2")

    def kernel(x):
        ncc.all_reduce(x, x, [[0, 1]], nl.add, priority=0)

    with pytest.raises(KernelError, match="all_reduce with priority: exists from NeuronCore-v4"):
        trnlab.launch(nki.jit(kernel), [((X.copy(),), {}) for _ in range(2)])


@pytest.mark.parametrize("endless", [0, 1])
def test_a_core_that_never_ends_is_stopped_with_the_run(endless):
    def kernel(x):
        out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
        while nl.program_id(0) == endless:
            pass
        nisa.core_barrier(out, (0, 1))

    main, threads = threading.main_thread().ident, threading.active_count()
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            nki.jit(kernel)[2](X)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, old)
    assert threading.active_count() == threads

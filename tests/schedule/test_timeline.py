"""Hand-computed timelines of a few instructions on Trainium2."""

import numpy as np
import pytest

import trnlab.nki.language as nl
from trnlab import nki, spec
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.nki import isa as nisa

CORE = spec.chip("trn2").core


def starts_us(run: Profile, op: str) -> list[float]:
    line = run.timeline
    return (line["start_s"][line["op"] == line.ops.index(op)] * 1e6).tolist()


def with_core(run: Profile, changes: dict[str, float]) -> Profile:
    return run.on(run.core.with_(changes))


@nki.jit
def two_loads(data, dge_mode=nisa.dge_mode.unknown):
    """Two loads of one tensor, and a copy of what the second brought."""
    a = nl.ndarray(data.shape, data.dtype, nl.sbuf)
    b = nl.ndarray(data.shape, data.dtype, nl.sbuf)
    out = nl.ndarray(data.shape, data.dtype, nl.sbuf)
    for tile in (a, b):
        nisa.dma_copy(dst=tile, src=data, dge_mode=dge_mode)
    nisa.tensor_copy(dst=out, src=b)


def test_prepared_transfers_of_a_queue_keep_their_distance() -> None:
    small = shape((128, 64), "bfloat16")
    run = profile(two_loads, small, chip="trn2", dge_mode=nisa.dge_mode.none)
    assert np.diff(starts_us(run, "dma_copy")) == pytest.approx([0.795])
    written = profile(two_loads, small, chip="trn2")  # by GpSimd, one after the other
    assert np.diff(starts_us(written, "dma_copy")) == pytest.approx([0.6])


def test_calls_that_are_written_apart_have_queues_of_their_own() -> None:
    @nki.jit
    def apart(data):
        a, b = (nl.ndarray(data.shape, data.dtype, nl.sbuf) for _ in range(2))
        nisa.dma_copy(dst=a, src=data)
        nisa.dma_copy(dst=b, src=data)

    def queues(kernel):
        trace = profile(kernel, shape((128, 64), "bfloat16"), chip="trn1").trace
        return [recorded.queue for recorded in trace.calls if recorded.kind.engine == "dma"]

    assert queues(apart) == [0, 1]
    assert queues(two_loads) == [0, 0]


def test_transfers_that_wait_for_the_engines_go_in_program_order() -> None:
    """A queue of few large transfers does not run ahead of one with many small ones."""

    @nki.jit
    def uneven(data):
        for _ in range(6):
            large = nl.ndarray((128, 8192), data.dtype, nl.sbuf)
            nisa.dma_copy(dst=large, src=data)
            for part in range(3):
                small = nl.ndarray((128, 2048), data.dtype, nl.sbuf)
                nisa.dma_copy(dst=small, src=data[:, part * 2048 : (part + 1) * 2048])

    run = profile(uneven, shape((128, 8192), "bfloat16"), chip="trn2")
    rows = np.flatnonzero(run.timeline["op"] == run.timeline.ops.index("dma_copy"))
    assert np.all(np.diff(run.timeline["start_s"][rows]) > 0)


def test_a_load_is_trigger_then_start_then_engines_one_after_another() -> None:
    run = profile(two_loads, shape((128, 1024), "bfloat16"), chip="trn2")
    assert starts_us(run, "DmaTrigger") == pytest.approx([0.0, 0.6])
    # 0.739 from the trigger; the second when the engines are done with the first
    share = 0.014 + 4 * (0.0047 + 4096 / 27.2e3)  # rows that follow each other in HBM
    second = 0.739 + share
    assert starts_us(run, "dma_copy") == pytest.approx([0.739, second])
    end = second + 15 * 0.0247 + share
    assert starts_us(run, "tensor_copy") == pytest.approx([end + 0.3])


@nki.jit
def matmuls(count):
    """Matmuls into one bank, one after the other."""
    stationary = nl.ndarray((128, 128), nl.bfloat16, nl.sbuf)
    moving = nl.ndarray((128, 512), nl.bfloat16, nl.sbuf)
    dst = nl.ndarray((128, 512), nl.float32, nl.psum)
    nisa.memset(dst=stationary, value=0)
    nisa.memset(dst=moving, value=0)
    for _ in range(count):
        nisa.nc_matmul(dst=dst, stationary=stationary, moving=moving)


def test_matmuls_run_at_half_the_rate_for_three_microseconds() -> None:
    run = profile(matmuls, 12, chip="trn2")
    full = 512 * 1.0085 / 2.4e3
    distances = np.diff(starts_us(run, "MultiplyMoving"))
    slow = int(np.ceil(3.0 / (2 * full)))
    assert distances[:slow] == pytest.approx([2 * full] * slow)
    assert distances[slow:] == pytest.approx([full] * (len(distances) - slow))


def test_without_a_ramp_matmuls_follow_each_other_at_the_full_rate() -> None:
    run = with_core(profile(matmuls, 12, chip="trn2"), {"tensor.ramp_s": 0.0})
    assert np.diff(starts_us(run, "MultiplyMoving")) == pytest.approx([512 * 1.0085 / 2.4e3] * 11)


@nki.jit
def functions(names):
    """Activations of several functions."""
    tile = nl.ndarray((128, 512), nl.bfloat16, nl.sbuf)
    nisa.memset(dst=tile, value=0)
    for name in names:
        nisa.activation(dst=tile, op=getattr(nl, name), data=tile)


@pytest.mark.parametrize(
    ("names", "loads"),
    [
        (("exp", "exp"), 1),
        (("exp", "tanh", "exp"), 3),
        (("exp", "square", "exp"), 1),
        (("square", "relu"), 0),
    ],
)
def test_a_table_is_loaded_whenever_the_function_set_changes(
    names: tuple[str, ...], loads: int
) -> None:
    line = profile(functions, names, chip="trn2").timeline
    found = (line["op"] == line.ops.index("LoadTable")).sum() if "LoadTable" in line.ops else 0
    assert found == loads


@nki.jit
def copies(count, dependent):
    """Copies on VectorE, each from the one before or from one tile."""
    tiles = [nl.ndarray((128, 512), nl.float32, nl.sbuf) for _ in range(count + 1)]
    nisa.memset(dst=tiles[0], value=0)
    for turn in range(count):
        source = tiles[turn] if dependent else tiles[0]
        nisa.tensor_copy(dst=tiles[turn + 1], src=source)


@pytest.mark.parametrize(("dependent", "cycles"), [(False, 64), (True, 186)])
def test_a_dependent_instruction_waits_longer_than_an_independent_one(
    dependent: bool, cycles: int
) -> None:
    run = profile(copies, 4, dependent, chip="trn2")
    distances = np.diff(starts_us(run, "tensor_copy"))
    assert distances == pytest.approx([(512 / 2 + cycles) / 0.96e3] * 3)

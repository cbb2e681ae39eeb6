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
def two_loads(data):
    """Two loads of one tensor, and a copy of what the second brought."""
    a = nl.ndarray(data.shape, data.dtype, nl.sbuf)
    b = nl.ndarray(data.shape, data.dtype, nl.sbuf)
    out = nl.ndarray(data.shape, data.dtype, nl.sbuf)
    nisa.dma_copy(dst=a, src=data)
    nisa.dma_copy(dst=b, src=data)
    nisa.tensor_copy(dst=out, src=b)


def test_a_load_is_trigger_then_start_then_engines_one_after_another() -> None:
    run = profile(two_loads, shape((128, 1024), "bfloat16"), chip="trn2")
    assert starts_us(run, "DmaTrigger") == pytest.approx([0.0, 0.6])
    # 0.739 from the trigger; the second of the queue 0.85 after the first
    assert starts_us(run, "dma_copy") == pytest.approx([0.739, 1.589])
    share = 0.010 + 8 * (0.015 + 2048 / 27.2e3)
    end = 1.589 + 15 * 0.0247 + share
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

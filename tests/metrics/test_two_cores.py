"""What a run on two cores is read as: the mean of both, never more than their peaks."""

import json
from pathlib import Path

import pytest

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.metrics.explain import explain
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.nki import isa as nisa


@nki.jit
def products(lhsT, rhs, count):
    """The same work on each core: `count` matmuls of two tiles, then an exchange."""
    core, cores = nl.program_id(0), nl.num_programs()
    result = nl.ndarray((cores, 128, 512), nl.float32, buffer=nl.shared_hbm)
    stationary, moving = (nl.ndarray(x.shape, x.dtype, nl.sbuf) for x in (lhsT, rhs))
    nisa.dma_copy(stationary, lhsT)
    nisa.dma_copy(moving, rhs)
    acc = nl.ndarray((128, 512), nl.float32, nl.psum)
    for _ in range(count):
        nisa.nc_matmul(acc, stationary=stationary, moving=moving)
    out, other = (nl.ndarray((128, 512), nl.float32, nl.sbuf) for _ in range(2))
    nisa.tensor_copy(out, acc)
    if cores == 2:
        nisa.sendrecv(out, other, 1 - core, 1 - core, pipe_id=0)
        nisa.core_barrier(data=result, cores=(0, 1))
    nisa.dma_copy(result[core], out)
    return result


def run(cores: int, count: int = 400) -> Profile:
    operands = shape((128, 128), "bfloat16"), shape((128, 512), "bfloat16")
    return profile(products[cores], *operands, count, chip="trn2")


def test_twice_the_work_on_two_cores_is_the_same_utilization() -> None:
    one, two = run(1), run(2)
    assert two.flops == 2 * one.flops
    assert two.mfu == pytest.approx(one.mfu, rel=0.1) and two.mfu < 1
    assert two.busy["tensor"] == pytest.approx(one.busy["tensor"], rel=0.1)
    assert two.roofline.peak_flops_per_s == 2 * one.roofline.peak_flops_per_s
    assert two.roofline.hbm_bytes_per_s == two.core.hbm_bytes_per_s  # one stack serves both


def test_idle_time_of_two_cores_is_their_mean() -> None:
    two = run(2, count=100)
    found = explain(two.timeline)
    assert found.engine == "tensor"
    assert sum(gap.seconds for gap in found.gaps) <= (1 - found.busy) * two.total_s
    assert all(0 < cause.saved_s < two.total_s for cause in found.causes)


def test_both_cores_have_tracks_in_perfetto(tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    run(2, count=3).to_perfetto(path)
    events = json.loads(path.read_text())["traceEvents"]
    names = [event["args"]["name"] for event in events if event["name"] == "thread_name"]
    assert "TensorE" in names and "TensorE of core 1" in names

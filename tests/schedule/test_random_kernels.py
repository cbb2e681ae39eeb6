"""What holds for every schedule, whatever the kernel."""

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.schedule.kernels import programs, run
from trnlab import spec
from trnlab.schedule.dependencies import DATA, READ, dependencies
from trnlab.schedule.timeline import Timeline
from trnlab.spec import Core

chips = st.sampled_from(("trn1", "trn2", "trn3"))
few = settings(max_examples=60, deadline=None)
ROUNDING_S = 1e-13
# larger is faster; of everything else in seconds and cycles, smaller is
FASTER_IF_LARGER = ("clock_hz", "_bytes_per_s", "speedup", "load_speedup", "elements_per_cycle")
ELSEWHERE = ("ramp_window_s",)  # decides the plan anew


def lane_rows(line: Timeline, lane: int) -> tuple[np.ndarray, np.ndarray]:
    rows = line["lane"] == lane
    start = line["start_s"][rows]
    order = np.argsort(start, kind="stable")
    return start[order], (start + line["busy_s"][rows])[order]


@few
@given(programs, chips)
def test_no_engine_runs_two_instructions_at_once(program: tuple, chip: str) -> None:
    line = run(program, chip).timeline
    for lane, name in enumerate(line.lanes):
        if not name.startswith("dma"):
            start, end = lane_rows(line, lane)
            assert (start[1:] >= end[:-1] - ROUNDING_S).all(), name


@few
@given(programs, chips)
def test_no_dependency_is_broken(program: tuple, chip: str) -> None:
    found = run(program, chip)
    line, edges = found.timeline, dependencies(found.trace)
    last = np.searchsorted(line["call"], np.arange(len(found.trace)), side="right") - 1
    released = line["start_s"] + line["busy_s"]
    for call, producers in enumerate(edges.late):
        for producer, reason in producers.items():
            same = found.trace.calls[producer].kind.engine == found.trace.calls[call].kind.engine
            before = line["end_s"] if reason == DATA and not same else released
            begins = line["start_s"][last[call]]
            if reason in (DATA, READ):
                assert begins >= before[last[producer]] - ROUNDING_S


@few
@given(programs, chips)
def test_no_memory_delivers_more_than_its_peak(program: tuple, chip: str) -> None:
    found = run(program, chip)
    assert found.mbu <= 1
    assert found.mfu <= 1


@few
@given(programs, chips)
def test_the_total_is_at_least_every_engines_work(program: tuple, chip: str) -> None:
    found = run(program, chip)
    assert max(found.busy.values()) <= 1 + 1e-9
    line = found.timeline
    for lane in range(len(line.lanes)):
        start, end = lane_rows(line, lane)
        if not line.lanes[lane].startswith("dma"):
            assert found.total_s >= (end - start).sum() - ROUNDING_S


@few
@given(programs, chips)
def test_two_runs_are_equal(program: tuple, chip: str) -> None:
    first, second = run(program, chip).timeline, run(program, chip).timeline
    for name in first:
        assert np.array_equal(first[name], second[name]), name


def constants(core: Core) -> list[str]:
    """Times and rates that the schedule may depend on."""
    found = []
    for fact in core.facts():
        name = fact.field
        is_time = fact.unit in ("s", "cycles") or name.endswith(FASTER_IF_LARGER)
        if fact.status != "derived" and is_time and not name.endswith(ELSEWHERE):
            found.append(name)
    return found


def faster(name: str, value: float) -> float:
    if name.endswith(FASTER_IF_LARGER):
        return value * 1.5
    return type(value)(value / 2)


@settings(max_examples=150, deadline=None)
@given(programs, chips, st.data())
def test_faster_hardware_is_never_later(program: tuple, chip: str, data: st.DataObject) -> None:
    core = spec.chip(chip).core
    name = data.draw(st.sampled_from(constants(core)))
    found = run(program, chip)
    changed = core.with_({name: faster(name, core.fact(name).value)})
    assert found.on(changed).total_s <= found.total_s + ROUNDING_S, name


def test_time_on_shapes_alone_is_time_with_values() -> None:
    from trnlab.kernels.matmul import LADDER
    from trnlab.metrics.profile import profile, shape

    a = np.ones((256, 256), np.float32)
    b = np.ones((256, 1024), np.float32)
    kernel: Callable = LADDER["blocked"].kernel
    blocks = {"m_block": 2, "n_block": 2}
    with_values = profile(kernel, a, b, chip="trn3", **blocks)
    alone = profile(kernel, shape(a.shape), shape(b.shape), chip="trn3", **blocks)
    for name in with_values.timeline:
        assert np.array_equal(with_values.timeline[name], alone.timeline[name]), name

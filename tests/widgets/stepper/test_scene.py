"""The columns that the browser draws from: those of the run."""

import numpy as np
import pytest

from tests.widgets.stepper.harness import RUNGS, SMALL, change, column, opened
from trnlab.metrics import Profile, Run
from widgets.stepper import Stepper, scene


@pytest.fixture(params=RUNGS)
def stepper(request: pytest.FixtureRequest) -> Stepper:
    return opened({"kernel": request.param, **SMALL})


def test_rows_are_the_timelines_columns(stepper: Stepper):
    rows, line = stepper.scene["rows"], stepper.profile.timeline
    for name in scene.CODES:
        assert (column(rows, name) == line[name]).all(), name
    for name in scene.TIMES:
        found = column(rows, f"{name}_us")
        np.testing.assert_allclose(found, line[f"{name}_s"] * 1e6, rtol=1e-6)


def test_operands_are_the_traces_operands(stepper: Stepper):
    shown, trace = stepper.program, stepper.profile.trace
    first = column(shown["calls"], "first").tolist()
    ends = [*first[1:], len(column(shown["operands"], "role"))]
    columns = [
        column(shown["operands"], name).tolist()
        for name in ("role", "tensor", "r0", "r1", "c0", "c1")
    ]
    for call, (start, end) in enumerate(zip(first, ends, strict=True)):
        expected = [(o.role, o.tensor.id, *o.rows, *o.cols) for o in trace.call(call).operands]
        found = [tuple(c[i] for c in columns) for i in range(start, end)]
        assert [(shown["codes"]["roles"][role], *rest) for role, *rest in found] == expected


def test_tiles_are_the_profiles_tiles(stepper: Stepper):
    shown, tiles = stepper.scene["tiles"], stepper.profile.tiles
    for name in ("tensor", "address_bytes", "bytes_per_partition", "partitions", "bank"):
        assert (column(shown, name) == tiles[name]).all(), name


def test_the_summary_is_the_profiles(stepper: Stepper):
    run, shown = stepper.profile, stepper.scene["summary"]
    assert shown["total_us"] == run.total_us
    assert (shown["mfu"], shown["mbu"], shown["hbm_bytes"]) == (run.mfu, run.mbu, run.hbm_bytes)
    assert shown["intensity"] == run.roofline.intensity
    assert (shown["rows"], shown["calls"]) == (run.timeline.rows, len(run.trace))


def test_the_least_traffic_reads_each_operand_once_and_writes_the_result_once():
    M, N, K = SMALL.values()
    shown = Stepper({"kernel": "tiled", **SMALL}).scene["summary"]
    assert shown["least_bytes"] == 2 * (K * M + K * N + M * N)
    assert shown["hbm_bytes"] > shown["least_bytes"]


def test_every_line_that_issued_an_instruction_is_in_the_source_shown(stepper: Stepper):
    listed = {
        part["first"] + i for part in stepper.program["source"] for i in range(len(part["lines"]))
    }
    assert set(stepper.profile.timeline["line"].tolist()) <= listed


def test_every_row_that_waited_has_its_sentence(stepper: Stepper):
    line, waits = stepper.profile.timeline, stepper.waits
    told = dict(zip(np.frombuffer(waits["rows"], np.int32).tolist(), waits["texts"], strict=True))
    waited = np.flatnonzero((line["wait_s"] > 0) & (line["wait_kind"] > 0)).tolist()
    assert sorted(told) == waited
    for row in waited[::17]:
        assert told[row] == line.wait_text(row).replace(" us", " µs")


def test_what_ran_is_told_before_its_time_is_known(monkeypatch):
    stepper, timed, told = Stepper(SMALL), Run.timed, []

    def slow(run: Run) -> Profile:
        told.append(len(column(stepper.program["calls"], "op")) == len(run.trace))
        return timed(run)

    monkeypatch.setattr(Run, "timed", slow)
    change(stepper, K=512)
    assert told == [True]
    assert stepper.program["id"] == stepper.scene["id"]


def test_what_ran_but_did_not_fit_is_taken_back():
    stepper = Stepper(SMALL)
    before = stepper.program
    change(stepper, kernel="blocked", M=1024, N=4096, K=4096, n_block=8, dtype="float32")
    assert "SBUF" in stepper.problem["text"]
    assert stepper.program == before
    assert stepper.program["id"] == stepper.scene["id"]

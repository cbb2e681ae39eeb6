"""The timeline's columns, and a sentence for every wait."""

from __future__ import annotations

import numpy as np
import pytest

import trnlab
import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.kit import written
from trnlab import nki
from trnlab.kernels.matmul import LADDER, tiled
from trnlab.schedule import Timeline

COLUMNS = {
    "call": np.int32,
    "lane": np.int16,
    "engine": np.int8,
    "op": np.int16,
    "start_s": np.float64,
    "busy_s": np.float64,
    "end_s": np.float64,
    "wait_s": np.float64,
    "wait_on": np.int32,
    "wait_kind": np.int8,
    "line": np.int32,
    "bytes": np.int64,
    "flops": np.int64,
}


@pytest.fixture(scope="module")
def line() -> Timeline:
    a = trnlab.shape((512, 512), "float32")
    return trnlab.profile(tiled, a, a, chip="trn2").timeline


def test_columns_have_the_types_that_views_rely_on(line: Timeline) -> None:
    assert {name: line[name].dtype for name in line} == {
        name: np.dtype(kind) for name, kind in COLUMNS.items()
    }
    assert {len(line[name]) for name in line} == {line.rows}


def test_rows_are_in_program_order(line: Timeline) -> None:
    assert (np.diff(line["call"]) >= 0).all()
    assert set(line["call"].tolist()) == set(range(len(line.trace)))


def test_codes_name_lanes_engines_operations_and_waits(line: Timeline) -> None:
    for name, names in (
        ("lane", line.lanes),
        ("engine", line.engines),
        ("op", line.ops),
        ("wait_kind", line.wait_kinds),
    ):
        assert 0 <= line[name].min() and line[name].max() < len(names)
    for lane, engine in zip(line["lane"].tolist(), line["engine"].tolist(), strict=True):
        assert line.lanes[lane].startswith(line.engines[engine])


def test_a_row_ends_after_it_has_started_and_waits_on_an_earlier_call(line: Timeline) -> None:
    assert (line["end_s"] >= line["start_s"] + line["busy_s"]).all()
    assert (line["wait_s"] >= 0).all()
    waits = np.flatnonzero(line["wait_on"] >= 0)
    assert len(waits)
    assert (line["call"][line["wait_on"][waits]] < line["call"][waits]).all()


def test_a_row_that_waits_for_data_starts_when_they_can_be_read_or_a_hop_later(
    line: Timeline,
) -> None:
    vector = line.engines.index("vector")
    rows = np.flatnonzero((line["engine"] == vector) & (line["wait_on"] >= 0))
    assert len(rows)
    hop_s = line.core.semaphore_s
    ready_s = line["end_s"][line["wait_on"][rows]] + hop_s
    np.testing.assert_allclose(line["start_s"][rows], ready_s, rtol=1e-12)


def test_bytes_and_flops_add_up(line: Timeline) -> None:
    assert line["flops"].sum() == 2 * 512**3
    loads = 4 * (512 // 128) * (128 * 128 + 128 * 512) * 4
    assert line["bytes"].sum() == loads + 512 * 512 * 4


def test_every_row_has_a_sentence(line: Timeline) -> None:
    sentences = [line.wait_text(row) for row in range(line.rows)]
    assert all(sentence.endswith(".") for sentence in sentences)
    kinds = {line.wait_kinds[code] for code in line["wait_kind"]}
    assert {"none", "data", "dma engines"} <= kinds


@pytest.mark.parametrize("rung", ["tiled", "hoisted", "blocked", "pipelined"])
@pytest.mark.parametrize("chip", ["trn1", "trn2", "trn3"])
def test_waits_on_compute_lanes_are_the_gaps_between_rows(rung: str, chip: str) -> None:
    a = trnlab.shape((1024, 1024), "bfloat16")
    line = trnlab.profile(LADDER[rung].kernel, a, a, chip=chip).timeline
    for name in ("tensor", "vector"):
        rows = line["lane"] == line.lanes.index(name)
        start, end = line["start_s"][rows], (line["start_s"] + line["busy_s"])[rows]
        gaps = start - np.concatenate(([0.0], end[:-1]))
        np.testing.assert_allclose(line["wait_s"][rows], gaps, atol=1e-15)
        waited = line["wait_s"][rows] > 1e-15
        assert (line["wait_kind"][rows][waited] > 0).all()


def test_waits_are_told_in_words() -> None:
    def kernel(x):
        tile = nl.ndarray(x.shape, x.dtype, name="tile")
        nisa.dma_copy(tile, x)
        nisa.tensor_scalar(tile, tile, nl.add, 1.0)
        nisa.memset(tile, 0, engine=nisa.engine.gpsimd)
        nisa.dma_copy(nl.ndarray(x.shape, x.dtype), x)

    prof = trnlab.profile(kernel, trnlab.shape((128, 128)), chip="trn2")
    line = prof.timeline
    first = kernel.__code__.co_firstlineno
    assert [line.wait_text(row) for row in range(4)] == [
        "DMA queue 0 runs this as soon as the one before it allows.",
        f"VectorE waits 1.54 us for DMA queue 0: dma_copy that writes tile (line {first + 2}).",
        "GpSimdE waits 1.88 us for VectorE: tensor_scalar that writes the same place "
        f"(line {first + 3}).",
        "DMA queue 1 waits 1.19 us: all its DMA engines are busy.",
    ]


def test_an_empty_kernel_takes_no_time() -> None:
    prof = trnlab.profile(lambda: None)
    assert prof.total_s == 0.0 and prof.timeline.rows == 0
    assert prof.mfu == 0.0 and prof.mbu == 0.0
    assert set(prof.busy.values()) == {0.0}
    assert len(prof.tiles["tensor"]) == 0


def test_tiles_that_nothing_touches_take_no_place() -> None:
    def kernel():
        nl.ndarray((128, 60_000), nl.float32)
        nl.ndarray((128, 60_000), nl.float32)
        written((128, 8))

    assert len(trnlab.profile(kernel).tiles["tensor"]) == 1
    nki.simulate(kernel)()

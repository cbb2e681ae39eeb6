"""Predictions are held to published runs; constants belong to a system, never to a run."""

import pytest

from trnlab.cluster.validation import (
    RUNS,
    largest_error,
    mean_error,
    memory_rows,
    predicted,
    table,
    text,
    training_rows,
)


def test_eight_runs_of_megatron_on_a100() -> None:
    rows = training_rows(RUNS["A100"])
    assert len(rows) == 8
    assert mean_error(rows) < 0.02
    assert largest_error(rows) < 0.04


def test_trainium1_and_tpu_runs() -> None:
    trainium, tpu = training_rows(RUNS["Trainium1"]), training_rows(RUNS["TPU v5p"])
    assert (len(trainium), len(tpu)) == (5, 6)
    assert mean_error(trainium) < 0.07
    assert mean_error(tpu) < 0.09
    assert mean_error(trainium + tpu) < 0.08
    assert largest_error(trainium + tpu) < 0.14


def test_runs_that_chose_no_constant() -> None:
    """A100 of 2021, TPU v5e with constants of v5p; one rate of H100 was set on three runs."""
    assert mean_error(training_rows(RUNS["A100, 2021"])) < 0.08
    assert mean_error(training_rows(RUNS["TPU v5e"])) < 0.08
    assert mean_error(training_rows(RUNS["H100"])) < 0.08


def test_memory_of_four_models() -> None:
    rows = memory_rows()
    assert len(rows) == 12
    assert mean_error(rows) < 0.03
    activations = [row for row in rows if row.quantity != "state, GiB"]
    assert largest_error(activations) < 0.001


def test_inference_on_trainium2() -> None:
    rows = {row.quantity: row for row in table()["Trainium2 inference"]}
    assert rows["time per token, ms"].error == pytest.approx(0, abs=0.1)
    assert rows["first token, ms"].error == pytest.approx(0, abs=0.35)


def test_collectives() -> None:
    assert largest_error(table()["Collectives"]) < 0.08


@pytest.mark.parametrize("name", RUNS)
def test_runs_that_happened_fit(name: str) -> None:
    """But one: MaxText saves products alone, and the 64B run would lack memory otherwise."""
    lacking = [run.model.name for run in RUNS[name] if not predicted(run).fits]
    assert lacking == (["64B"] if name == "TPU v5p" else [])


def test_the_table_names_a_source_for_every_row() -> None:
    rows = [row for rows in table().values() for row in rows]
    assert all(row.source and row.published > 0 and row.predicted > 0 for row in rows)
    shown = text()
    assert all(row.workload in shown for row in rows)

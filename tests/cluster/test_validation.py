"""Predictions are held to published runs; constants belong to a system, never to a run."""

from pathlib import Path

import pytest

from trnlab.cluster import validation_report
from trnlab.cluster.compared import Section, largest_error, mean_error
from trnlab.cluster.published import GROUPS, TRN2_REQUESTS
from trnlab.cluster.validation import (
    RUNS,
    memory_rows,
    predicted,
    sections,
    table,
    training_rows,
)
from trnlab.spec.systems import SYSTEMS

PAGE = Path(__file__).parents[2] / "docs" / "cluster-validation.md"


@pytest.fixture(scope="module")
def found() -> list[Section]:
    return sections()


def rows_of(found: list[Section], name: str) -> tuple:
    return next(section.rows for section in found if section.name == name)


def test_the_page_is_what_the_command_writes(found: list[Section]) -> None:
    """If not: `trnlab validate --cluster --write docs/cluster-validation.md`."""
    assert PAGE.read_text(encoding="utf-8") == validation_report.page(found)


def test_the_readme_quotes_the_table(found: list[Section]) -> None:
    quoted = " ".join((PAGE.parents[1] / "README.md").read_text(encoding="utf-8").split())
    a100, trainium1 = (
        next(section for section in found if section.name == name) for name in ("A100", "Trainium1")
    )
    assert f"{100 * a100.mean:.1f} % mean error, {100 * a100.largest:.1f} % at most" in quoted
    assert f"Trainium1: {100 * trainium1.mean:.1f} %." in quoted


def test_eight_runs_of_megatron_on_a100() -> None:
    rows = training_rows(RUNS["A100"])
    assert len(rows) == 8
    assert mean_error(rows) < 0.02
    assert largest_error(rows) < 0.045


def test_trainium1_and_tpu_runs() -> None:
    trainium, tpu = training_rows(RUNS["Trainium1"]), training_rows(RUNS["TPU v5p"])
    assert (len(trainium), len(tpu)) == (5, 6)
    assert mean_error(trainium) < 0.07
    assert mean_error(tpu) < 0.09
    assert mean_error(trainium + tpu) < 0.08
    assert largest_error(trainium + tpu) < 0.14


@pytest.mark.parametrize(
    ("name", "mean", "largest"),
    [
        ("A100, 2021", 0.07, 0.09),
        ("A100, 2021, weak scaling", 0.04, 0.08),
        ("A100, eight replicas", 0.05, 0.05),
        ("A100, DeepSpeed, 2021", 0.25, 0.27),
        ("Trainium1, later", 0.03, 0.03),
        ("Trainium1, other sizes", 0.08, 0.13),
        ("TPU v5p, other sizes", 0.08, 0.16),
        ("TPU v5e", 0.06, 0.10),
        ("TPU v4", 0.17, 0.17),
        ("TPU v5p, recipes", 0.03, 0.05),
        ("Ironwood, other runs", 0.06, 0.15),
        ("Trillium, other runs", 0.04, 0.10),
        ("H100, FP8, 2024", 0.07, 0.17),
        ("A100 and H100, MPT", 0.14, 0.60),
        ("H100, FP8, 2026", 0.07, 0.11),
    ],
)
def test_runs_that_chose_no_constant(name: str, mean: float, largest: float) -> None:
    assert GROUPS[name].chose == ""
    rows = training_rows(RUNS[name])
    assert mean_error(rows) < mean
    assert largest_error(rows) < largest


@pytest.mark.parametrize(
    ("name", "mean"),
    [
        ("TPU v5e, 2 to 32 pods", 0.08),
        ("A100, weights sharded over 64", 0.16),
        ("H100 and B200, FP8", 0.06),
        ("B200, a mixture that waits for its host", 0.03),
        ("H100", 0.06),
        ("Ironwood", 0.03),
        ("Trillium", 0.03),
        ("Ironwood, mixtures", 0.13),
    ],
)
def test_runs_that_chose_a_constant_say_which(name: str, mean: float) -> None:
    assert GROUPS[name].chose
    assert mean_error(training_rows(RUNS[name])) < mean


def test_mixtures_on_gpus() -> None:
    """Releases differ by a factor of two on the same GPUs: the page says so beside the errors."""
    group = GROUPS["H100 and B200, mixtures"]
    rows = training_rows(group.runs)
    assert group.chose == "" and mean_error(rows) < 0.13
    assert sorted(abs(row.error) for row in rows)[len(rows) // 2] < 0.12
    assert largest_error(rows) < 0.31
    assert group.note in PAGE.read_text(encoding="utf-8")


def test_mixtures_on_tpus() -> None:
    """What the model leaves out of GPT-OSS there is said beside its errors."""
    group = GROUPS["TPU, other mixtures"]
    rows = training_rows(group.runs)
    others = [row for row in rows if not row.workload.startswith("gpt-oss")]
    assert group.chose == "" and len(others) == len(rows) - 2
    assert mean_error(others) < 0.16 and largest_error(others) < 0.29
    assert "GPT-OSS is predicted much too fast" in group.note
    assert group.note in PAGE.read_text(encoding="utf-8")


def test_one_layer_on_a100(found: list[Section]) -> None:
    rows = rows_of(found, "One layer, A100")
    forward = [row for row in rows if row.quantity == "forward, ms"]
    assert len(rows) == 2 * len(forward) == 10
    assert largest_error(forward) < 0.06
    assert largest_error(rows) < 0.12


def test_memory_of_four_models() -> None:
    rows = memory_rows()
    assert len(rows) == 12
    assert mean_error(rows) < 0.03
    activations = [row for row in rows if row.quantity != "state, GiB"]
    assert largest_error(activations) < 0.001


def test_requests_on_trainium2(found: list[Section]) -> None:
    rows = rows_of(found, "Trainium2 inference")
    assert len(rows) == 2 * len(TRN2_REQUESTS)
    assert mean_error(rows) < 0.15
    assert largest_error(rows) < 0.26
    later, earlier = (row for row in rows[:4] if row.quantity == "first token, ms")
    assert earlier.published < later.predicted == earlier.predicted < later.published


def test_requests_on_trainium1(found: list[Section]) -> None:
    rows = rows_of(found, "Trainium1 inference")
    tokens = [row for row in rows if row.quantity == "time per token, ms"]
    assert len(tokens) == 16
    assert mean_error(tokens) < 0.11
    assert largest_error(tokens) < 0.36
    assert mean_error(rows) < 0.16
    late = [row for row in rows if row.workload.startswith("llama-3.1-8b")]
    assert len(late) == 3 and largest_error(late) < 0.19  # whatever the prompt


def test_requests_that_fill_the_memory_of_h100(found: list[Section]) -> None:
    """No constant was chosen on any request."""
    section = next(each for each in found if each.name == "H100 inference, full memory")
    assert len(section.rows) == 30 and section.chose == ""
    assert section.mean < 0.13 and section.largest < 0.32
    largest = [row for row in section.rows if row.workload.startswith("llama-3.1-405b")]
    assert mean_error(largest) < 0.06


def test_collectives(found: list[Section]) -> None:
    rows = rows_of(found, "Collectives")
    assert len(rows) == 8
    assert largest_error(rows) < 0.08


@pytest.mark.parametrize("name", RUNS)
def test_runs_that_happened_fit(name: str) -> None:
    """But those that saved memory in ways that a plan here cannot say."""
    lacking = [run.model.name for run in RUNS[name] if not predicted(run).fits]
    known = {
        "TPU v5p": ["64B"],
        "TPU v5p, other sizes": ["32B"],
        "TPU v5p, recipes": ["llama-3.1-405b"],
        "Ironwood, mixtures": ["deepseek-v3", "qwen3-235b-a22b"],
        "Ironwood, other runs": ["llama-3.1-405b"],  # layer inputs wait on the host
        "TPU, other mixtures": ["deepseek-v3", "gpt-oss-120b", "qwen3-235b-a22b"],
        "Trillium": ["llama-3.1-70b", "llama-3.1-8b"],
        "Trillium, other runs": [
            "llama-3.1-405b",
            "llama-3.1-70b",
            "llama-3.1-8b",
            "mistral-7b",
        ],
        "H100, FP8, 2024": ["175B", "GPT3-20B"],  # gradients in 16 bits
        "H100 and B200, mixtures": [
            "deepseek-v3",
            "gpt-oss-120b",  # 4-bit experts, scores computed again
            "gpt-oss-20b",
            "qwen3-30b-a3b",  # ZeRO 3 of all but the experts
        ],
    }
    assert sorted(set(lacking)) == known.get(name, [])


def test_the_table_names_a_source_for_every_row() -> None:
    rows = [row for rows in table().values() for row in rows]
    assert all(row.source and row.published > 0 and row.predicted > 0 for row in rows)
    shown = validation_report.text(sections())
    assert all(row.workload in shown for row in rows)


def test_every_run_uses_a_system_as_it_stands() -> None:
    """No run brings a constant of its own: it names a system."""
    for group in GROUPS.values():
        assert all(run.system in SYSTEMS for run in group.runs)


def test_limits_are_kept_and_a_broken_one_is_said(found: list[Section]) -> None:
    lines = validation_report.limits_text(found)
    assert len(lines) == 3 and all(line.endswith("kept.") for line in lines)
    worse = [
        section._replace(
            rows=tuple(row._replace(predicted=2 * row.published) for row in section.rows)
        )
        for section in found
    ]
    assert all(line.endswith("BROKEN.") for line in validation_report.limits_text(worse))
    assert not any(limit.is_kept(worse) for limit in validation_report.LIMITS)

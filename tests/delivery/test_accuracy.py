"""How right the model is, in a few numbers, from the generated page."""

import pytest

from trnlab.serve.accuracy import PAGE, Figure, figures, summary


def _figure(error, workload="a", chip="trn2"):
    return Figure(workload, chip, "time", "us", 1.0, 1.0, error, "a paper")


def test_figures_are_those_of_the_page():
    rows = figures()
    assert len(rows) == PAGE.read_text(encoding="utf-8").count("\n| ") - 2  # two heads
    first = rows[0]
    assert (first.workload, first.chip) == ("FP32 matmul, tiled", "trn2")
    assert sum(row.is_held_out for row in rows) >= 18
    assert all(row.published > 0 and row.predicted > 0 for row in rows)


def test_the_summary_knows_the_middle_and_the_worst():
    errors = [f"{sign}{size} %" for sign, size in zip("+-" * 6, range(11), strict=False)]
    rows = [_figure(error, chip=f"trn{1 + i % 2}") for i, error in enumerate(errors)]
    found = summary(rows)
    assert (found.figures, found.chips) == (11, ("trn1", "trn2"))
    assert (found.half_below, found.most_below) == (5, 9)
    assert found.worst.error == "+10 %"


def test_a_page_without_a_table_is_refused(tmp_path):
    (tmp_path / "page.md").write_text("nothing\n")
    assert figures(tmp_path / "page.md") == []
    with pytest.raises(IndexError):
        summary([])

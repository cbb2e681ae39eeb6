"""The model reproduces what was measured, and the page that says so is up to date."""

from pathlib import Path

import pytest

from trnlab.validation import Row, page, text
from trnlab.validation.heldout import SCOREBOARD

pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[2] / "docs" / "validation.md"


def predicted(rows: list[Row], workload: str, quantity: str) -> float:
    return next(
        row.predicted for row in rows if row.workload == workload and row.quantity == quantity
    )


def test_every_figure_is_within_its_limit(rows: list[Row]) -> None:
    outside = [row for row in rows if not row.is_within]
    assert not outside, text(outside)


def test_no_limit_of_the_calibration_set_is_wider_than_five(rows: list[Row]) -> None:
    found = [row for row in rows if not row.is_held_out]
    assert len(found) >= 69
    assert all(row.limit == 5 for row in found)


def test_every_limit_of_what_was_held_out_is_close_to_its_error(rows: list[Row]) -> None:
    found = [row for row in rows if row.is_held_out]
    assert len(found) >= 34
    assert all(row.limit == 5 or row.limit <= abs(row.error) + 5 for row in found)


def test_most_of_what_was_held_out_is_within_five(rows: list[Row]) -> None:
    errors = [abs(row.error) for row in rows if row.is_held_out]
    assert sum(error <= 5 for error in errors) >= 0.6 * len(errors)


def test_the_published_ladder_of_sizes_is_reached_where_the_launch_is_small(
    rows: list[Row],
) -> None:
    large = [row for row in rows if row.source == SCOREBOARD and row.published > 700]
    assert len(large) == 3
    assert all(abs(row.error) < 3 for row in large)


def test_the_matmul_ladder_is_in_the_published_order(rows: list[Row]) -> None:
    rungs = ("loads in the inner loop", "one PSUM bank", "two PSUM banks", "K in two stages")
    mfu = [predicted(rows, f"BF16 matmul, {rung}", "MFU") for rung in rungs]
    assert mfu == sorted(mfu)


def test_blocking_makes_the_fp32_product_faster(rows: list[Row]) -> None:
    tiled = predicted(rows, "FP32 matmul, tiled", "total time")
    assert predicted(rows, "FP32 matmul, fully blocked", "total time") < tiled


def test_larger_transfers_are_never_slower(rows: list[Row]) -> None:
    rates = [row.predicted for row in rows if row.workload.startswith("DMA bandwidth")]
    assert rates == sorted(rates)
    assert len(rates) == 11


def test_every_figure_names_its_source(rows: list[Row]) -> None:
    assert all(row.source for row in rows)


def test_the_page_shows_the_table_of_today(rows: list[Row]) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(rows)

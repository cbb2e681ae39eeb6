"""What a run under load prints: numbers, goals beside them, and which are missed."""

import pytest

from tests.load.report import Row, growth, quantile, table, times


def test_a_quantile_is_a_value_that_was_seen():
    assert [quantile([3, 1, 2, 4], share) for share in (0, 0.5, 0.95, 1)] == [1, 3, 4, 4]


def test_goals_are_held_against_their_own_quantile():
    values = [0.1] * 95 + [0.2] * 4 + [9.0]
    (row,) = times("answered", values, "ms", at_95=300, last=1000)
    assert row.what == "answered: median, 95 %, largest of 100"
    assert row.seen == "100, 200, 9000 ms" and row.goal == "300 ms at 95 %; 1000 ms the last"
    assert not row.is_met
    assert times("answered", values, "ms", at_95=300)[0].is_met
    assert not times("answered", values, "ms", at_95=150)[0].is_met
    assert times("answered", values)[0].is_met and times("answered", []) == []


def test_growth_compares_the_ends():
    assert growth([100, 102, 98, 500, 1, 300, 110, 110, 110]) == pytest.approx(0.1)
    assert growth([100.0]) == 0


def test_what_is_missed_is_marked():
    text = table([Row("a", "1", "2", False), Row("b", "3")])
    assert text.splitlines()[2:] == ["| a | 2 | 1 (MISSED) |", "| b |  | 3 |"]

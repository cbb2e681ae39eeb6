"""Errors of one row."""

from trnlab.validation import Row


def row(unit: str, published: float, predicted: float, limit: float = 5.0) -> Row:
    return Row("a kernel", "trn2", "a quantity", unit, published, predicted, "a page", limit)


def test_shares_are_compared_in_points() -> None:
    found = row("%", 80.0, 76.0)
    assert found.error == -4.0
    assert found.error_text == "-4.0 points"
    assert found.is_within


def test_times_are_compared_in_percent_of_the_published_one() -> None:
    found = row("us", 200.0, 212.0)
    assert found.error == 6.0
    assert found.error_text == "+6.0 %"
    assert not found.is_within
